"""What a PyTorch program computes by functions instead of modules.

`F.relu(self.conv(x))`, networks of bare tensors."""

import numpy as np

from dcgan_v1.migration.recordings.port_recorder.leaky_relus import AT_ZERO, leaky_relu_of
from dcgan_v1.migration.recordings.port_recorder.made_kernels import WITH_KERNELS, MadeKernels

FUNCTIONS = {  # name of a function -> the kind of layer that it makes
    "conv1d": "conv",
    "conv2d": "conv",
    "conv3d": "conv",
    "conv_transpose1d": "deconv",
    "conv_transpose2d": "deconv",
    "conv_transpose3d": "deconv",
    "linear": "dense",
    "matmul": "dense",
    "__matmul__": "dense",
    "mm": "dense",
    "addmm": "dense",
    "add": "bias",
    "__add__": "bias",
    "__radd__": "bias",
    "add_": "bias",
    "__iadd__": "bias",
    "batch_norm": "norm",
    "layer_norm": "norm",
    "max_pool2d": "pool",
    "avg_pool2d": "pool",
    "interpolate": "resize",
    "relu": "activation",
    "relu_": "activation",
    "leaky_relu": "activation",
    "leaky_relu_": "activation",
    "relu6": "activation",
    "elu": "activation",
    "selu": "activation",
    "prelu": "activation",
    "tanh": "activation",
    "sigmoid": "activation",
    "softplus": "activation",
    "softmax": "activation",
    "log_softmax": "activation",
    "maximum": "activation",
    "where": "activation",
    "dropout": "dropout",
}
CONVOLUTIONS = ("conv1d", "conv2d", "conv3d")
TRANSPOSED = ("conv_transpose1d", "conv_transpose2d", "conv_transpose3d")
WITH_WEIGHTS = ("conv", "deconv", "dense", "bias")  # that are no layers without
ARGUMENTS = {  # what functions call their arguments, where they are given by their place
    "batch_norm": ("input", "running_mean", "running_var", "weight", "bias", "training")
    + ("momentum", "eps"),
    "layer_norm": ("input", "normalized_shape", "weight", "bias"),
    "addmm": ("bias", "input", "weight"),
    "leaky_relu": ("input", "negative_slope"),
    "leaky_relu_": ("input", "negative_slope"),
    "where": ("condition", "input", "other"),
    "dropout": ("input", "p"),
}
USUAL = ("input", "weight", "bias")
ARGUMENTS.update(
    dict.fromkeys(CONVOLUTIONS, USUAL + ("stride", "padding", "dilation", "groups")),
    **dict.fromkeys(TRANSPOSED, USUAL + ("stride", "padding", "output_padding", "groups")),
)
TIMES = ("mul", "__mul__", "__rmul__", "div", "__truediv__")  # a loss by a number
OF_TWO = ("maximum", "where")  # what chooses between two tensors
NUMBERS = ("negative_slope", "eps", "p", "momentum", "padding", "stride", "groups")


def arguments_of(name, args, kwargs):
    """What a function is given, by the names of its arguments.

    Args:
      name: of the function.
      args, kwargs: what it was called with.
    """
    return dict(zip(ARGUMENTS.get(name, USUAL), args), **kwargs)


def numbers_of(arguments):
    """The numbers that a function is given and that set something."""
    return {
        key: value
        for key, value in arguments.items()
        if key in NUMBERS and isinstance(value, (int, float)) and not isinstance(value, bool)
    }


def of_two(name, inputs, y, array):
    """Returns (which of two tensors is x, what a leaky ReLU of them says of itself).

    Args:
      name: one of OF_TWO.
      inputs: the two; y: what is made of them.
      array: makes an array of a tensor.
    """
    leaky = leaky_relu_of(*[array(t) for t in inputs + [y]])
    if leaky is None:
        return next((t for t in inputs if t.shape == y.shape), inputs[0]), {}
    place, slope = leaky
    settings = {"slope": slope}
    if name == "maximum":  # each of equals has half of its gradient
        settings[AT_ZERO] = (1 + slope) / 2
    return inputs[place], settings


class TorchFunctions:
    """Notes what functions give where no module of PyTorch's own calls them (from 1.13 on).

    Args:
      torch: the module.
      recorder: is told.
      layers: `TorchLayers`: which module runs.
      optimizers: the program's, as it makes them.

    Attributes:
      is_updating: whether an optimiser moves its variables.
    """

    def __init__(self, torch, recorder, layers, optimizers):
        self.torch, self.recorder, self.layers = torch, recorder, layers
        self.optimizers = optimizers
        self.is_updating = False
        self.made = MadeKernels()

    def install(self):
        """Has every call of a function pass here."""
        base = getattr(self.torch.overrides, "TorchFunctionMode", None)
        if base is None:
            return
        functions = self

        class Noting(base):
            def __torch_function__(self, func, types, args=(), kwargs=None):
                y = func(*args, **(kwargs or {}))
                functions.called(getattr(func, "__name__", ""), args, kwargs or {}, y)
                return y

        Noting().__enter__()

    def called(self, name, args, kwargs, y):
        """Takes a call of a function.

        Args:
          name: of the function.
          args, kwargs: what it was called with.
          y: what it gave.
        """
        recorder = self.recorder
        is_noted = recorder.is_here() and not (recorder.done or recorder.is_busy)
        if not is_noted or self.is_updating or self.layers.in_layers:
            return
        if isinstance(y, self.torch.Tensor) and y.is_floating_point():
            if y.requires_grad:
                self._note_computed([*args, *kwargs.values()])
                if name in TIMES and not y.dim() and self.layers.root is None:
                    self._note_numbers(args)
            if name not in FUNCTIONS or not self._note(name, args, kwargs, y):
                self._follow(args, y)
            self.made.add(name, args, y, self._kernel)

    def _note_numbers(self, values):
        """Notes what a term of a loss is multiplied by: a number that the program keeps itself may
        change from step to step."""
        if self.recorder.is_pending:
            return  # what is told of a step that is done
        for x in values:
            is_tensor = isinstance(x, self.torch.Tensor) and not x.dim() and not x.requires_grad
            if is_tensor or isinstance(x, float):
                self.recorder.item("number", "number", self.layers.array(x), x)

    def _note_computed(self, values):
        """Notes what the program computes of a batch and holds against its networks' output:
        labels, say, that TF1 is fed."""
        root, items = self.layers.root, self.recorder.update.arrays
        if root is not None and next(root.parameters(), None) is not None:
            return
        for x in values:
            is_tensor = isinstance(x, self.torch.Tensor) and x.dim() and x.numel() > 1
            if not is_tensor or x.requires_grad or self._is_own(x) or self.layers.is_output(x):
                continue
            array = self.layers.array(x)
            if not any(np.array_equal(array, items[key]) for key in items if "item/" in key):
                self.recorder.item("computed", "computed", array, x)

    def _note(self, name, args, kwargs, y):
        """Notes a call that makes a layer. Returns whether it does."""
        arguments = arguments_of(name, args, kwargs)
        tensors = {k: v for k, v in arguments.items() if isinstance(v, self.torch.Tensor)}
        own = {k: v for k, v in tensors.items() if self._is_own(v)}
        if FUNCTIONS[name] in WITH_KERNELS:
            made = {k: self.made.of(v) for k, v in tensors.items()}
            own.update({k: v for k, v in made.items() if v is not None})
        if FUNCTIONS[name] in WITH_WEIGHTS and not own:
            return False
        if any(y is v for v in own.values()):
            return True  # a weight is moved
        if own and FUNCTIONS[name] in WITH_WEIGHTS:
            self.recorder.event()  # the first that a new update may do
        root, chains = self.layers.root, self.recorder.update.chains
        before = [chains[id(t)] for t in tensors.values() if id(t) in chains]
        if root is None and not own and not before:
            return False
        if root is not None and next(root.parameters(), None) is None:
            return False  # a loss
        inputs = [v for k, v in tensors.items() if k not in own and v.is_floating_point()]
        x, settings = next(iter(inputs), None), numbers_of(arguments)
        if name in OF_TWO and len(inputs) == 2:
            x, more = of_two(name, inputs, y, self.layers.array)
            settings.update(more)
        function = {"name": name, "call": self.layers.calls, "root": root, "parts": own}
        function["after"] = next(iter(before), None)
        self.layers.add(function, settings, x, y)
        if root is None:
            chains[id(y)] = function
        return True

    def _kernel(self, tensor):
        """The weight that a tensor is or was made of, or None."""
        return tensor if self._is_own(tensor) else self.made.of(tensor)

    def _is_own(self, tensor):
        """Whether a tensor is a weight, or an average."""
        if isinstance(tensor, self.torch.nn.Parameter) or id(tensor) in self.layers.buffers:
            return True
        # else a bare one; what a penalty takes a gradient by is a leaf that nobody trains
        return tensor.is_leaf and tensor.requires_grad and self._is_trained(tensor)

    def _is_trained(self, tensor):
        groups = [group for own in self.optimizers for group in own.param_groups]
        return not groups or any(tensor is p for group in groups for p in group["params"])

    def _follow(self, args, y):
        """What is made of a bare network's output by a reshape, say, is still its."""
        chains = self.recorder.update.chains
        for x in args if self.layers.root is None else ():
            if isinstance(x, self.torch.Tensor) and id(x) in chains:
                chains.setdefault(id(y), chains[id(x)])
                self.recorder.update.alive.append(y)
