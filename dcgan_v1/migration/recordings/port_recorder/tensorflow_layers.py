"""Calls of Keras's layers."""

import functools

import numpy as np

from dcgan_v1.migration.recordings.port_recorder.draws import patched
from dcgan_v1.migration.recordings.port_recorder.layer_calls import LayerCalls
from dcgan_v1.migration.recordings.port_recorder.tensorflow_draws import is_eager
from dcgan_v1.migration.recordings.port_recorder.tensorflow_names import parts_of, weights_of
from dcgan_v1.migration.recordings.port_recorder.tensorflow_optimizers import key_of
from dcgan_v1.migration.recordings.port_recorder.torch_layers import flat
from dcgan_v1.migration.recordings.port_recorder.torch_names import layer_settings

LIBRARIES = ("tensorflow", "keras", "tf_keras")
KERAS_LAYER = (
    "negative_slope alpha max_value epsilon momentum rate strides padding unbiased axis "
    "pool_size size interpolation"
).split()


class TensorFlowLayers(LayerCalls):
    """Notes what layers are given and give; variables are told by `key_of`.

    Args:
      tf: the module.
      recorder, array: see `LayerCalls`.
    """

    def __init__(self, tf, recorder, array):
        LayerCalls.__init__(self, recorder, array)
        self.tf = tf
        self.running = []  # layers, the outermost first
        self.calls = 0  # of such as the program calls itself

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
            arguments = list(flat(list(args) + list(kwargs.values())))
            tensors = [x for x in arguments if is_eager(x) or isinstance(x, np.ndarray)]
            is_noted = recorder.is_here() and not (recorder.done or recorder.is_busy)
            if not is_noted or not tensors or not self.tf.executing_eagerly():
                return plain(layer, *args, **kwargs)
            is_root = not self.depth
            if is_root:
                self._enter(layer, plain, args, kwargs, tensors)
                self.calls += 1
            y = self._running(layer, lambda: plain(layer, *args, **kwargs))
            if is_root or not parts_of(layer):
                self.note(layer, tensors[0], y)
            return y

        return call

    def _running(self, layer, call):
        self.running.append(layer)
        try:
            return self.inside(call)
        finally:
            self.running.pop()

    def open_model(self):
        """The model of the program's own class that runs and whose ops are its layers: `tf.nn.relu`
        of a `call`. None where a layer of Keras's is at work."""
        if not self.running or not parts_of(self.running[-1]):
            return None
        own = type(self.running[-1]).__module__.partition(".")[0]
        return None if own in LIBRARIES else self.running[0]

    def _enter(self, layer, plain, args, kwargs, tensors):
        """A layer that the program calls itself: what it is given, how it begins."""
        recorder = self.recorder
        recorder.event()
        self.note_inputs(tensors)
        if not any(layer is other for other in self.roots):
            self.roots.append(layer)
        if recorder.kinds:
            return
        if all(layer is not other[0] for other in self.inference):
            self._infer(layer, plain, args, kwargs, tensors)
        for variable in weights_of(layer):
            self.first_values.setdefault(key_of(variable), self.array(variable))

    def note_inputs(self, tensors):
        """Notes what a network is called with, but for what another one gave."""
        for x in tensors:
            if self.recorder.sees() and not self._is_output(x) and not self._is_variable(x):
                self.recorder.item("call", "input", self.array(x), x)

    def _is_variable(self, x):
        return isinstance(x, self.tf.Variable) or hasattr(x, "_value")

    def _is_output(self, x):
        """Whether an array is what a layer gave, cut off from its gradient."""
        array = self.array(x)
        return any(
            array.shape == entry["output"].shape and np.array_equal(array, entry["output"])
            for entry in self.recorder.update.layers
        )

    def _infer(self, layer, plain, args, kwargs, tensors):
        """See `infer`; variables are put back, too. It stays built."""
        before = [(v, self.array(v)) for v in variables_of(layer)]
        words = dict(kwargs)
        if takes_training(layer):
            words["training"] = False
            args = tuple(a for a in args if not isinstance(a, bool))
        call = functools.partial(plain, layer, *args, **words)
        self.infer(layer, tensors, lambda: self.inside(call))
        for variable, array in before:
            if not np.array_equal(self.array(variable), array):
                variable.assign(array)

    def note(self, layer, x, y):
        """Notes the call of a layer that was given `x` first.

        Args:
          layer: Keras's, or a tf.Module.
          x: what it was given first.
          y: what it gave.
        """
        y = next((one for one in flat(y) if is_eager(one)), None)
        if y is None:
            return
        settings = layer_settings(layer, KERAS_LAYER)
        function = getattr(layer, "activation", None)
        if function is not None:
            settings["activation"] = getattr(function, "__name__", "")
        self.add((layer, not parts_of(layer), not self.depth), settings, x, y)


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
