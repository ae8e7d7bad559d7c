"""Sees what a torch port computes by functions instead of layers.

`F.relu(self.conv(x))` in a module's forward, or a network of bare tensors that has no module at
all."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from dcgan_v1.migration.recordings.port_recorder.made_kernels import WITH_KERNELS, MadeKernels
from dcgan_v1.migration.recordings.port_recorder.torch_functions import (
    FUNCTIONS,
    OF_TWO,
    WITH_WEIGHTS,
    arguments_of,
    numbers_of,
    of_two,
)
from dcgan_v1.migration.records import LayerOutput, Settings
from dcgan_v1.migration.runners.layer_names import Pass
from dcgan_v1.migration.runners.torch import function_names


@dataclass(frozen=True)
class Call:
    """A call of a function that makes a layer.

    Attributes:
      name: the function's; model: the port's that it belongs to.
      x: what it is given, y: what it gives.
      parts: part -> variable of the port's; shapes: of these variables.
      settings: of the call.
    """

    name: str
    model: str
    x: torch.Tensor | None
    y: torch.Tensor
    parts: dict[str, str]
    settings: Settings
    shapes: dict[str, list[int]]

    @property
    def kind(self) -> str:
        """What kind of layer it makes."""
        return FUNCTIONS[self.name]


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
        self._made = MadeKernels()
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
        if name not in FUNCTIONS or FUNCTIONS[name] == "dropout":  # which draws by itself here
            self._follow(args, y)
            self._made.add(name, args, y, self._kernel)
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
        arguments = arguments_of(name, args, kwargs)
        tensors = {k: v for k, v in arguments.items() if isinstance(v, torch.Tensor)}
        own = {k: self.names[id(v)] for k, v in tensors.items() if id(v) in self.names}
        if FUNCTIONS[name] in WITH_KERNELS:
            kernels = {k: self._kernel(v) for k, v in tensors.items()}
            own |= {k: kernel for k, kernel in kernels.items() if kernel is not None}
        if FUNCTIONS[name] in WITH_WEIGHTS and not own:
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
        x, numbers = next(iter(inputs), None), numbers_of(arguments)
        if name in OF_TWO and len(inputs) == 2:
            x, more = of_two(name, inputs, y, lambda t: t.numpy(force=True))
            numbers |= more
        parts = {function_names.part(name, k): variable for k, variable in own.items()}
        shapes = {variable: list(tensors[k].shape) for k, variable in own.items()}
        return Call(name, model, x, y, parts, function_names.settings(name, numbers), shapes)

    def _model(self, own: Iterable[str], tensors: Iterable[torch.Tensor]) -> str | None:
        if self.inside:
            return self.inside[-1]
        for variable in own:
            return variable.partition("/")[0]
        return next((self._chains[id(t)] for t in tensors if id(t) in self._chains), None)

    def _kernel(self, tensor: torch.Tensor) -> str | None:
        """The variable that a tensor is or was made of."""
        made: str | None = self._made.of(tensor)
        return self.names.get(id(tensor), made)

    def _follow(self, args: tuple[Any, ...], y: torch.Tensor) -> None:
        """What is made of a bare model's output by a reshape, say, is still its."""
        for x in args if not self.inside else ():
            if isinstance(x, torch.Tensor) and id(x) in self._chains:
                self._chains.setdefault(id(y), self._chains[id(x)])
                self._alive.append(y)


def layout_of(call: Call) -> dict[str, str]:
    """Returns variable -> layout, one of `matching.layouts.AXES`, of a call's kernel."""
    kernel = call.parts.get("kernel")
    if kernel is None or call.kind not in ("conv", "deconv", "dense"):
        return {}
    groups = call.settings.get("groups", 1)
    assert isinstance(groups, int | float)
    return {kernel: function_names.layout(call.name, call.shapes[kernel], groups)}


def output_of(
    call: Call, name: str, arrays: tuple[Any, Any], applied: int, given: tuple[int, ...]
) -> LayerOutput:
    """Returns what a call gave, as a layer's output.

    Args:
      name: of the layer.
      arrays: what it gives, and what it is given where no layer before gave it.
      applied: how many updates of the step came before.
      given: shape of what it is given.
    """
    return LayerOutput(
        name,
        call.kind,
        call.settings,
        arrays[0],
        arrays[1],
        applied,
        reads=tuple(sorted(call.parts.values())),
        parts=call.parts,
        given=given,
    )
