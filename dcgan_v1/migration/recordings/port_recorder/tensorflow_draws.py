"""What a TensorFlow or Keras program draws: every random op, and what functions make of it."""

import sys

from dcgan_v1.migration.recordings.port_recorder.draws import OTHER, RAW, patched

RANDOM_OPS = (
    "RandomUniform RandomUniformInt RandomStandardNormal TruncatedNormal RandomGamma RandomPoisson "
    "RandomShuffle Multinomial ParameterizedTruncatedNormal"
).split()
DRAWS = (
    "normal uniform truncated_normal stateless_normal stateless_uniform gamma poisson shuffle "
    "stateless_truncated_normal categorical stateless_categorical binomial randint beta"
).split()
OF_DROPOUT = 12  # frames above a random op that are searched for a dropout
PLAIN = {  # what an op without a state of its own draws, by the name of the one that has
    "StatelessRandomUniform": "RandomUniform",
    "StatelessRandomNormal": "RandomStandardNormal",
    "StatelessTruncatedNormal": "TruncatedNormal",
    "StatelessRandomUniformInt": "RandomUniformInt",
    "StatelessMultinomial": "Multinomial",
}


def is_eager(x):
    """Whether something is a tensor with a value."""
    return hasattr(x, "numpy") and hasattr(x, "dtype") and hasattr(x, "shape")


class TensorFlowDraws:
    """Notes draws.

    Args:
      tf: the module.
      kerases: every Keras that the program uses.
      recorder: is told.
    """

    def __init__(self, tf, kerases, recorder):
        self.tf, self.kerases, self.recorder = tf, kerases, recorder
        self.depth = 0

    def install(self):
        """Has every draw pass here: the op itself, and the function that the program calls."""
        from tensorflow.python.framework import op_callbacks

        op_callbacks.add_op_callback(self._op)
        holders = [self.tf.random, self.tf.random.Generator]
        holders += [keras.random for keras in self.kerases if hasattr(keras, "random")]
        for holder in holders:
            for name in DRAWS:
                patched(holder, name, self._function(holder, name))

    def _op(self, op_type, inputs, attrs, outputs, op_name=None, graph=None):
        """Called after every op."""
        if graph is not None or not self.recorder.sees():
            return
        name = op_type.decode() if isinstance(op_type, bytes) else op_type
        plain = name[:-2] if name.endswith(("V2", "V3")) else name
        plain = PLAIN.get(plain, plain)
        if plain not in RANDOM_OPS:
            return
        array = outputs[0].numpy()
        if _is_of_dropout():
            self.recorder.item("draw", "dropout", array, law=RAW)
        else:
            self.recorder.item("raw", plain, array)

    def _function(self, holder, name):
        text = "%s.%s" % (getattr(holder, "__name__", "Generator").rpartition(".")[2], name)

        def make(plain):
            def call(*args, **kwargs):
                self.depth += 1
                try:
                    value = plain(*args, **kwargs)
                finally:
                    self.depth -= 1
                if not self.depth and self.recorder.sees() and is_eager(value):
                    self.recorder.item("draw", text, value.numpy(), law=OTHER)
                return value

            return call

        return make


def _is_of_dropout():
    frame = sys._getframe(2)
    for _ in range(OF_DROPOUT):
        if frame is None:
            return False
        if "dropout" in frame.f_code.co_name:
            return True
        frame = frame.f_back
    return False
