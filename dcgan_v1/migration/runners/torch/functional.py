"""Sees what a torch port computes by functions instead of layers.

`F.relu(self.conv(x))` in a module's forward, or a network of bare tensors that has no module at
all."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from dcgan_v1.migration.records import LayerOutput, Settings
from dcgan_v1.migration.runners.passes import Pass

KINDS = {  # name of a function -> one of `records.LAYER_KINDS`
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
}
WITH_WEIGHTS = ("conv", "deconv", "dense", "bias")  # that are no layers without
PARTS = {  # name of an argument -> what a variable given there is to its layer
    "batch_norm": {"running_mean": "mean", "running_var": "variance"}
}
ARGUMENTS = {  # where functions take them by their place
    "batch_norm": ("input", "running_mean", "running_var", "weight", "bias"),
    "layer_norm": ("input", "normalized_shape", "weight", "bias"),
    "addmm": ("bias", "input", "weight"),
    "leaky_relu": ("input", "negative_slope"),
}
USUAL = ("input", "weight", "bias")
SETTINGS = {"negative_slope": "slope", "eps": "epsilon", "padding": "padding", "stride": "strides"}
LAYOUTS = {"linear": "torch dense", "matmul": "plain", "__matmul__": "plain", "mm": "plain"}
CONVOLUTIONS = {3: "torch conv1d", 4: "torch conv", 5: "torch conv3d"}


@dataclass(frozen=True)
class Call:
    """A call of a function that makes a layer.

    Attributes:
      name: the function's; model: the port's that it belongs to.
      x: what it is given, y: what it gives.
      parts: part -> variable of the port's.
      settings: of the call.
    """

    name: str
    model: str
    x: torch.Tensor | None
    y: torch.Tensor
    parts: dict[str, str]
    settings: Settings

    @property
    def kind(self) -> str:
        """What kind of layer it makes."""
        return KINDS[self.name]


class Functions(TorchFunctionMode):
    """Tells of every call of a function that makes a layer, where no layer of torch's makes it.

    Attributes:
      names: id of a variable -> its name, '<model>/…'.
      tell: is told of each call.
      inside: models whose forward runs, the innermost last.
      in_layers: how many of torch's own layers are running.
    """

    def __init__(self, names: Mapping[int, str], tell: Callable[[Call], None]) -> None:
        super().__init__()
        self.names, self.tell = names, tell
        self.inside: list[str] = []
        self.in_layers = 0
        self.passes: dict[str, Pass] = {}
        self._chains: dict[int, str] = {}  # id of what a model of bare tensors gave -> the model
        self._alive: list[torch.Tensor] = []  # or an id might be another's

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        del types
        kwargs = kwargs or {}
        y = func(*args, **kwargs)
        name = getattr(func, "__name__", "")
        if self.in_layers or not isinstance(y, torch.Tensor) or not y.is_floating_point():
            return y
        if name not in KINDS:
            self._follow(args, y)
            return y
        call = self._call(name, args, kwargs, y)
        if call is not None:
            self.tell(call)
        return y

    def name(self, call: Call) -> str:
        """Returns the name of a call's layer."""
        own = self.passes.setdefault(call.model, Pass())
        return own.name(call.model, call.name, call.parts.values(), call.kind)

    def enter(self, model: str) -> None:
        """A model's forward begins."""
        self.passes.setdefault(model, Pass()).begin()
        self.inside.append(model)

    def _call(
        self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], y: torch.Tensor
    ) -> Call | None:
        given = {**dict(zip(ARGUMENTS.get(name, USUAL), args, strict=False)), **kwargs}
        tensors = {k: v for k, v in given.items() if isinstance(v, torch.Tensor)}
        own = {k: self.names[id(v)] for k, v in tensors.items() if id(v) in self.names}
        if KINDS[name] in WITH_WEIGHTS and not own:
            self._follow(args, y)
            return None
        if id(y) in self.names:
            return None  # a weight is moved
        model = self._model(own.values(), tensors.values())
        if model is None:
            return None
        if not self.inside:
            self._chains[id(y)] = model
            self._alive.append(y)
        inputs = [v for k, v in tensors.items() if k not in own and v.is_floating_point()]
        x = next(iter(inputs), None)
        parts = {_part(name, k): variable for k, variable in own.items()}
        settings: Settings = {
            SETTINGS[k]: float(v)
            for k, v in given.items()
            if k in SETTINGS and isinstance(v, int | float) and not isinstance(v, bool)
        }
        return Call(name, model, x, y, parts, settings)

    def _model(self, own: Iterable[str], tensors: Iterable[torch.Tensor]) -> str | None:
        if self.inside:
            return self.inside[-1]
        for variable in own:
            return variable.partition("/")[0]
        return next((self._chains[id(t)] for t in tensors if id(t) in self._chains), None)

    def _follow(self, args: tuple[Any, ...], y: torch.Tensor) -> None:
        """What is made of a bare model's output by a reshape, say, is still its."""
        for x in args if not self.inside else ():
            if isinstance(x, torch.Tensor) and id(x) in self._chains:
                self._chains.setdefault(id(y), self._chains[id(x)])
                self._alive.append(y)


def _part(name: str, argument: str) -> str:
    """What a variable is to the layer that a function makes, by the argument it is given as."""
    if name in PARTS and argument in PARTS[name]:
        return PARTS[name][argument]
    if KINDS[name] == "norm":
        return {"weight": "gamma", "bias": "beta"}.get(argument, argument)
    if KINDS[name] == "bias":
        return "bias"
    return "bias" if argument == "bias" else "kernel"


def layout_of(call: Call) -> dict[str, str]:
    """Returns variable -> layout, one of `matching.layouts.AXES`, of a call's kernel."""
    kernel = call.parts.get("kernel")
    if kernel is None or call.kind not in ("conv", "deconv", "dense"):
        return {}
    if call.kind == "dense":
        return {kernel: LAYOUTS.get(call.name, "plain")}
    return {kernel: CONVOLUTIONS[call.y.ndim]}


def output_of(call: Call, name: str, arrays: tuple[Any, Any], applied: int) -> LayerOutput:
    """Returns what a call gave, as a layer's output.

    Args:
      name: of the layer.
      arrays: what it gives, and what it is given where no layer before gave it.
      applied: how many updates of the step came before.
    """
    return LayerOutput(
        name,
        call.kind,
        {"class": call.name, **call.settings},
        arrays[0],
        arrays[1],
        applied,
        reads=tuple(sorted(call.parts.values())),
        parts=call.parts,
    )
