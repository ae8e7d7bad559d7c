"""ELU and SELU to the last place, where TensorFlow's kernels take 1 from exp(x).

That is all rounding where x is small.
Clevert, Unterthiner & Hochreiter 2015, alpha 1; Klambauer et al. 2017.
"""

import sys

SELU_SCALE, SELU_ALPHA = 1.0507009873554804934, 1.6732632423543772848  # as the kernels have them


def exact_elu(x):
    """Returns x where it is not below 0, else exp(x) - 1; of x's shape and type."""
    import tensorflow as tf

    return tf.where(x >= 0, x, tf.math.expm1(tf.minimum(x, 0)))  # no exponent of what is not taken


def exact_selu(x):
    """Returns SELU_SCALE times x where that is not below 0, else times SELU_ALPHA (exp(x) - 1)."""
    import tensorflow as tf

    low = SELU_SCALE * SELU_ALPHA * tf.math.expm1(tf.minimum(x, 0))
    return tf.where(x >= 0, SELU_SCALE * x, low)


def spell_elus_out(tell):
    """Has float64 go through these in place of the ops' functions, wherever these have been
    imported: `tf.nn`, `tf.compat.v1.nn` and Keras 2's TensorFlow each have a name for them.

    Args:
      tell: is called with a sentence each time one of them is used.
    """
    for name, exact in (("elu", exact_elu), ("selu", exact_selu)):
        _put_in_place(name, exact, tell)


def _put_in_place(name, exact, tell):
    import tensorflow as tf
    from tensorflow.python.ops import gen_nn_ops

    plain = getattr(gen_nn_ops, name)
    sentence = f"tf.nn.{name} is spelled out: of a small x the op leaves rounding alone"

    def spelled(features, name=None):
        x = tf.convert_to_tensor(features)
        if x.dtype != tf.float64:
            return plain(x, name)
        tell(sentence)
        return exact(x)

    for held in (name, name.capitalize()):  # the second in `tf.raw_ops`
        function = getattr(gen_nn_ops, held)
        for module in list(sys.modules.values()):
            if getattr(module, "__dict__", {}).get(held) is function:
                setattr(module, held, spelled)
