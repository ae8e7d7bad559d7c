"""What a TF2 program computes by functions instead of layers.

In a tf.Module, or with bare variables."""

import numpy as np

from dcgan_v1.migration.recordings.port_recorder.draws import patched
from dcgan_v1.migration.recordings.port_recorder.leaky_relus import AT_ZERO, leaky_relu_of
from dcgan_v1.migration.recordings.port_recorder.made_kernels import OpKernels
from dcgan_v1.migration.recordings.port_recorder.tensorflow_draws import is_eager
from dcgan_v1.migration.recordings.port_recorder.tensorflow_layers import LIBRARIES
from dcgan_v1.migration.recordings.port_recorder.torch_layers import flat

OPS = {  # type of an op -> the kind of layer that it makes
    "Conv2D": "conv",
    "Conv3D": "conv",
    "DepthwiseConv2dNative": "conv",
    "Conv2DBackpropInput": "deconv",
    "Conv3DBackpropInputV2": "deconv",
    "MatMul": "dense",
    "BatchMatMul": "dense",
    "BatchMatMulV2": "dense",
    "Einsum": "dense",
    "FusedBatchNorm": "norm",
    "FusedBatchNormV2": "norm",
    "FusedBatchNormV3": "norm",
    "LRN": "norm",
    "Relu": "activation",
    "Relu6": "activation",
    "LeakyRelu": "activation",
    "Elu": "activation",
    "Selu": "activation",
    "Tanh": "activation",
    "Sigmoid": "activation",
    "Softplus": "activation",
    "Softsign": "activation",
    "Softmax": "activation",
    "LogSoftmax": "activation",
    "Maximum": "activation",
    "SelectV2": "activation",
    "MaxPool": "pool",
    "MaxPoolV2": "pool",
    "AvgPool": "pool",
    "ResizeBilinear": "resize",
    "ResizeNearestNeighbor": "resize",
    "ResizeBicubic": "resize",
    "BiasAdd": "bias",
    "AddV2": "bias",
}
OF_WEIGHTS = ("conv", "deconv", "dense", "bias")  # that are no layers without
GIVEN = {"SelectV2": 1, "Conv2DBackpropInput": 2}  # place of what an op is given, if not the first
TWO = {"Maximum": 0, "SelectV2": 1}  # what chooses between two tensors, which begin there
ATTRIBUTES = ("alpha", "epsilon")
OF_WHOLE_LABELS = "SparseSoftmaxCrossEntropyWithLogits"  # that takes whole numbers for labels


def place_of_input(op, own, inputs):
    """Which of an op's inputs is no weight.

    Args:
      op: its type.
      own: places of weights.
      inputs: all that it is given.
    """
    place = GIVEN.get(op, 0)
    if place in own:  # b + x @ w, say
        place = next((i for i in range(len(inputs)) if i not in own), 0)
    return place


def chosen_of_two(op, inputs, y):
    """Returns (which input is x, what a leaky ReLU of two tensors says of itself).

    Args:
      op: one of TWO.
      inputs: of the op; y: what it makes of them.
    """
    first = TWO[op]
    both = [np.asarray(t) for t in inputs[first : first + 2]]
    leaky = leaky_relu_of(both[0], both[1], np.asarray(y))
    if leaky is None:
        whole = (i for i, array in enumerate(both) if array.shape == tuple(y.shape))
        return first + next(whole, 0), {}
    place, slope = leaky
    settings = {"slope": slope}
    if op == "Maximum":  # its gradient goes to the first of equals
        settings[AT_ZERO] = 1.0 if place == 0 else slope
    return first + place, settings


class TensorFlowFunctions:
    """Notes what ops give where no layer of Keras's runs.

    Args:
      tf: the module.
      recorder: is told.
      layers: `TensorFlowLayers`: whether a layer runs.

    Attributes:
      is_backward: whether gradients are taken, or an optimiser moves its variables.
    """

    def __init__(self, tf, recorder, layers):
        self.tf, self.recorder, self.layers = tf, recorder, layers
        self.is_backward = False
        self.root, self.calls = None, 0
        self.handles, self.reads = {}, {}  # id of a handle, of what was read -> its variable
        self.kernels = OpKernels(self.reads)
        self.classes = set()
        self.uses = {}  # id of a variable -> how often it was told of equal ones
        self.outputs = set()  # ids of what noted ops gave

    def install(self):
        """Has every op and every call of a tf.Module pass here."""
        from tensorflow.python.framework import op_callbacks
        from tensorflow.python.ops.resource_variable_ops import BaseResourceVariable

        op_callbacks.add_op_callback(self._op)
        patched(BaseResourceVariable, "__init__", self._making)
        patched(self.tf.Module, "__init__", self._beginning)

    def _making(self, plain):
        def init(variable, *args, **kwargs):
            plain(variable, *args, **kwargs)
            if hasattr(variable.handle, "_id"):
                # the first of a handle: what an assignment gives is another variable of it
                self.handles.setdefault(variable.handle._id, variable)

        return init

    def _beginning(self, plain):
        def init(module, *args, **kwargs):
            plain(module, *args, **kwargs)
            for cls in type(module).__mro__:
                is_own = cls.__module__.partition(".")[0] not in LIBRARIES
                if is_own and "__call__" in vars(cls) and cls not in self.classes:
                    self.classes.add(cls)
                    patched(cls, "__call__", self._calling)

        return init

    def _calling(self, plain):
        def call(module, *args, **kwargs):
            if self.root is not None or not isinstance(module, self.tf.Module):
                return plain(module, *args, **kwargs)
            self.root, self.calls = module, self.calls + 1
            arguments = flat(list(args) + list(kwargs.values()))
            recorder = self.recorder
            if recorder.is_here() and not (recorder.done or recorder.is_busy):
                self.layers.note_inputs([x for x in arguments if is_eager(x)])
            try:
                return plain(module, *args, **kwargs)
            finally:
                self.root = None

        return call

    def _op(self, op_type, inputs, attrs, outputs, op_name=None, graph=None):
        """Called after every op."""
        recorder = self.recorder
        is_noted = recorder.is_here() and not (recorder.done or recorder.is_busy)
        if graph is not None or not is_noted or self.is_backward or not outputs:
            return
        op = op_type.decode() if isinstance(op_type, bytes) else op_type
        self._derive(op, inputs, outputs[0])
        self.kernels.add(op, inputs, outputs[0])
        if op == "ReadVariableOp":
            if inputs[0]._id in self.handles:
                self.reads[outputs[0]._id] = self.handles[inputs[0]._id]
                recorder.update.alive.append(outputs[0])
        elif not outputs[0].dtype.is_floating:
            pass
        elif self.layers.depth:
            model = self.layers.open_model()
            if model is not None and OPS.get(op) == "activation":
                self._note_inside(model, op, inputs, attrs, outputs[0])
        elif op not in OPS or not self._note(op, inputs, attrs, outputs[0]):
            self._follow(inputs, outputs[0])

    def _note(self, op, inputs, attrs, y):
        """Notes an op that makes a layer. Returns whether it does."""
        own = self._weights(op, inputs)
        if OPS[op] in OF_WEIGHTS and not own:
            return False
        chains = self.recorder.update.chains
        before = [chains[t._id] for t in inputs if t._id in chains]
        if self.root is None and not own and not before:
            return False
        place = place_of_input(op, own, inputs)
        values = dict(zip(attrs[::2], attrs[1::2]))
        settings = {key: float(values[key]) for key in ATTRIBUTES if key in values}
        if op in TWO:
            place, more = chosen_of_two(op, inputs, y)
            settings.update(more)
        function = {"name": op, "call": self.calls, "root": self.root, "parts": own}
        function["after"] = next(iter(before), None)
        self.layers.add(function, settings, inputs[place], y)
        self.recorder.update.alive += [inputs[place], y]
        self.outputs.add(y._id)
        if self.root is None:
            chains[y._id] = function
        return True

    def _derive(self, op, inputs, y):
        """Follows what is computed of variables, and notes what else the program holds against
        that: labels that it computes of a batch, say, and TF1 is fed."""
        derived = self.recorder.update.derived
        others = [x for x in inputs if x._id not in derived and x._id not in self.reads]
        if len(others) == len(inputs) or op in ("StopGradient", "ReadVariableOp"):
            return
        derived.add(y._id)  # a number that no other tensor is given
        is_of_loss = not self.layers.depth and self.root is None
        for x in others if is_of_loss and self.recorder.sees() else ():
            if x.dtype.is_floating or (op == OF_WHOLE_LABELS and x.dtype.is_integer):
                self._note_computed(x)

    def _note_computed(self, x):
        """Notes an array that no step is given. A constant counts that the program itself holds:
        what a loss is written with are many."""
        array = self.layers.array(x)
        if array.size < 2 or (np.ptp(array) == 0 and not self.recorder.places.held_as(x)):
            return
        arrays = self.recorder.update.arrays
        known = [arrays[key] for key in arrays if "item/" in key]
        known += [entry["output"] for entry in self.recorder.update.layers]
        known += [v.numpy() for v in self.handles.values() if v.shape == x.shape]
        if not any(np.array_equal(array, other) for other in known):
            self.recorder.item("computed", "computed", array, x)

    def _note_inside(self, model, op, inputs, attrs, y):
        """Notes an activation between the layers of a model of Keras's."""
        values = dict(zip(attrs[::2], attrs[1::2]))
        settings = {key: float(values[key]) for key in ATTRIBUTES if key in values}
        place = place_of_input(op, {}, inputs)
        if op in TWO:
            place, more = chosen_of_two(op, inputs, y)
            settings.update(more)
        function = {"name": op, "call": self.layers.calls, "root": model, "parts": {}}
        function["after"] = None
        self.layers.add(function, settings, inputs[place], y)
        self.recorder.update.alive.append(inputs[place])

    def _weights(self, op, inputs):
        """Place of an input -> the variables that it may be: TensorFlow reads some by itself."""
        own = {i: [v] for i, v in self.kernels.among(OPS[op], inputs).items()}
        if own or OPS[op] not in OF_WEIGHTS:
            return own
        trained = [v for v in self.handles.values() if v.trainable and v.shape.rank]
        for i, t in enumerate(inputs):
            alike = [v for v in trained if v.shape == t.shape and v.dtype == t.dtype]
            equal = [v for v in alike if np.array_equal(v.numpy(), t.numpy())]
            if equal and t._id not in self.outputs:
                equal.sort(key=lambda v: self.uses.get(id(v), 0))  # the one that is used least
                self.uses[id(equal[0])] = self.uses.get(id(equal[0]), 0) + 1
                return {i: equal}
        return {}

    def _follow(self, inputs, y):
        """What is made of a bare network's output by a reshape, say, is still its."""
        chains = self.recorder.update.chains
        for x in inputs if self.root is None else ():
            if x._id in chains:
                chains.setdefault(y._id, chains[x._id])
