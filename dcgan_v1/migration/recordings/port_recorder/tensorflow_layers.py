"""Calls of Keras's layers."""

import numpy as np

from dcgan_v1.migration.recordings.port_recorder.draws import patched
from dcgan_v1.migration.recordings.port_recorder.tensorflow_draws import is_eager
from dcgan_v1.migration.recordings.port_recorder.tensorflow_names import parts_of, weights_of
from dcgan_v1.migration.recordings.port_recorder.tensorflow_optimizers import key_of
from dcgan_v1.migration.recordings.port_recorder.torch_layers import flat
from dcgan_v1.migration.recordings.port_recorder.torch_names import layer_settings

KERAS_LAYER = (
    "negative_slope alpha max_value epsilon momentum rate strides padding unbiased axis "
    "pool_size size interpolation"
).split()


class TensorFlowLayers:
    """Notes what layers are given and give.

    Args:
      tf: the module.
      recorder: is told.
      array: makes an array of a tensor or variable.

    Attributes:
      roots: layers that the program calls itself.
      first_values: `key_of` a variable -> array before the first step.
      inference: (layer, arrays, layers) of what it gave.
    """

    def __init__(self, tf, recorder, array):
        self.tf, self.recorder, self.array = tf, recorder, array
        self.roots, self.first_values, self.inference = [], {}, []
        self.depth = 0

    def install(self, classes):
        """Has every call of a layer pass here.

        Args:
          classes: bases of all layers.
        """
        for cls in classes:
            patched(cls, "__call__", self._calling)

    def _calling(self, plain):
        recorder = self.recorder

        def call(layer, *args, **kwargs):
            if recorder.done and not self.depth:
                recorder.insist()
            given = list(flat(list(args) + list(kwargs.values())))
            tensors = [x for x in given if is_eager(x) or isinstance(x, np.ndarray)]
            is_noted = recorder.is_here() and not (recorder.done or recorder.is_busy)
            if not is_noted or not tensors or not self.tf.executing_eagerly():
                return plain(layer, *args, **kwargs)
            is_root = not self.depth
            if is_root:
                self._enter(layer, plain, args, kwargs, tensors)
            self.depth += 1
            try:
                y = plain(layer, *args, **kwargs)
            finally:
                self.depth -= 1
            if is_root or not parts_of(layer):
                self._note(layer, tensors[0], y)
            return y

        return call

    def _enter(self, layer, plain, args, kwargs, tensors):
        """A layer that the program calls itself: what it is given, how it begins."""
        recorder = self.recorder
        recorder.event()
        for x in tensors:
            if recorder.sees() and not self._is_output(x) and not self._is_variable(x):
                recorder.item("call", "input", self.array(x), x)
        if not any(layer is known for known in self.roots):
            self.roots.append(layer)
        if recorder.kinds:
            return
        if all(layer is not known[0] for known in self.inference):
            self._infer(layer, plain, args, kwargs, tensors)
        for variable in weights_of(layer):
            self.first_values.setdefault(key_of(variable), self.array(variable))

    def _is_variable(self, x):
        return isinstance(x, self.tf.Variable) or hasattr(x, "_value")

    def _is_output(self, x):
        """Whether an array is what a layer gave, cut off from its gradient."""
        array = self.array(x)
        return any(
            array.shape == known["output"].shape and np.array_equal(array, known["output"])
            for known in self.recorder.update.layers
        )

    def _infer(self, layer, plain, args, kwargs, tensors):
        """What its parts give in inference, before anything has moved. Nothing stays of it, but
        that it is built."""
        recorder = self.recorder
        layers, recorder.update.layers = recorder.update.layers, []
        states = recorder.generator_states()
        before = [(v, self.array(v)) for v in variables_of(layer)]
        arrays = [self.array(x) for x in tensors]
        words = dict(kwargs)
        if takes_training(layer):
            words["training"] = False
            args = tuple(a for a in args if not isinstance(a, bool))
        recorder.is_muted = True
        self.depth += 1
        try:
            y = plain(layer, *args, **words)
            self.depth -= 1
            self._note(layer, tensors[0], y)
            self.depth += 1
            self.inference.append((layer, arrays, list(recorder.update.layers)))
        except Exception as error:
            recorder.note("a model was not called in inference: %s" % str(error)[:200])
        finally:
            self.depth -= 1
            recorder.is_muted = False
            recorder.update.layers = layers
            recorder.put_back(states)
            for variable, array in before:
                if not np.array_equal(self.array(variable), array):
                    variable.assign(array)

    def _note(self, layer, x, y):
        y = next((one for one in flat(y) if is_eager(one)), None)
        if y is None:
            return
        recorder = self.recorder
        recorder.update.alive.append(y)
        is_new = not any(x is known for known in recorder.update.alive[:-1])
        settings = layer_settings(layer, KERAS_LAYER)
        function = getattr(layer, "activation", None)
        if function is not None:
            settings["activation"] = getattr(function, "__name__", "")
        recorder.update.layers.append(
            {
                "of": (layer, not parts_of(layer), not self.depth),
                "settings": settings,
                "output": self.array(y),
                "input": self.array(x) if is_new else None,
                "given": [int(n) for n in x.shape],
            }
        )


def variables_of(layer):
    """All that a layer holds: Keras 3 has seeds among its variables."""
    try:
        return list(layer.variables)
    except ValueError:  # Keras 2: before it is built
        return []


def takes_training(layer):
    """Whether a layer can be called with `training=False`."""
    for name in ("_call_has_training_arg", "_expects_training_arg"):
        if hasattr(layer, name):
            return bool(getattr(layer, name))
    return False
