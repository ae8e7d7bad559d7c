"""Looks into a step of a torch port: layers, gradients, what draws and what is fed."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import torch

from dcgan_v1.migration.records import OPEN, Arrays, GradientKey, LayerOutput, Settings
from dcgan_v1.migration.runners import ports
from dcgan_v1.migration.runners.torch import functional, torch_layers, torch_optimizers

Layers = dict[int, tuple[str, torch.nn.Module]]  # id of a module -> its path, itself


@dataclass
class Applied:
    """How many updates a step has applied so far, and whether one is under way."""

    count: int = 0
    is_updating: bool = False


@contextlib.contextmanager
def recording_gradients(
    optimizers: dict[str, torch.optim.Optimizer],
    names: dict[int, str],
    gradients: dict[GradientKey, np.ndarray],
    before: Callable[[int], object],
    settings: dict[str, Settings],
) -> Iterator[Applied]:
    """Adds every gradient that an optimiser follows to `gradients`.

    Args:
      optimizers: by name.
      names: id of a parameter -> its name.
      gradients: what they are added to; settings: the same of what optimisers have in their first
        update, before a schedule goes on.
      before: called with the number of each update before it is done.
    """
    applied = Applied()
    plain = {name: optimizer.step for name, optimizer in optimizers.items()}

    def recorded(name: str, optimizer: torch.optim.Optimizer) -> Callable[..., Any]:
        def step(*args: Any, **kwargs: Any) -> Any:
            before(applied.count)
            applied.count += 1
            settings.setdefault(name, torch_optimizers.settings(optimizer))
            for parameter in torch_optimizers.parameters(optimizer):
                if parameter.grad is not None:
                    key = GradientKey(applied.count - 1, name, names.get(id(parameter), ""))
                    gradients[key] = torch_optimizers.gradient(optimizer, parameter)
            applied.is_updating = True
            try:
                return plain[name](*args, **kwargs)
            finally:
                applied.is_updating = False

        return step

    for name, optimizer in optimizers.items():
        optimizer.step = recorded(name, optimizer)
    try:
        yield applied
    finally:
        for name, optimizer in optimizers.items():
            optimizer.step = plain[name]


@dataclass
class Recorder:
    """Notes what layers give, of modules and of functions.

    Attributes:
      parts: of the port.
      applied: counts the updates of the step.
      outputs: what layers gave, in the order of their calls.
      layouts: what is learned of bare tensors.
    """

    parts: "Parts"
    applied: Applied
    outputs: list[LayerOutput]
    layouts: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._calls: dict[str, int] = {}
        self._outputs: set[int] = set()
        self._alive: list[Any] = []
        self.functions = functional.Functions(self.parts.names, self.of_function)

    def of_module(self, module: torch.nn.Module, args: Any, y: Any) -> None:
        """Takes the call of a layer of torch's, or of a user's own.

        Args:
          module: which was called.
          args: what it was given.
          y: what it gave.
        """
        path, _ = self.parts.layers[id(module)]
        y = y[0] if isinstance(y, tuple) else y
        if not isinstance(y, torch.Tensor):
            return
        x = args[0] if args and isinstance(args[0], torch.Tensor) else None
        kind, settings = torch_layers.kind_of(module), torch_layers.settings(module)
        self._calls[path] = self._calls.get(path, 0) + 1
        name = path if self._calls[path] == 1 else f"{path}#{self._calls[path]}"
        self.outputs.append(
            LayerOutput(
                name,
                kind,
                settings,
                array_of(y),
                self._new(x, y),
                self.applied.count,
                given=shape_of(x),
            )
        )

    def of_function(self, call: functional.Call) -> None:
        """Takes the call of a function that makes a layer."""
        if self.applied.is_updating:
            return
        for name, layout in functional.layout_of(call).items():
            first = self.layouts.setdefault(name, layout)
            if first != layout:  # tied weights: one call has them as a kernel, one transposed
                self.layouts[name] = OPEN
        name = self.functions.name(call)
        arrays = array_of(call.y), self._new(call.x, call.y)
        self.outputs.append(
            functional.output_of(call, name, arrays, self.applied.count, shape_of(call.x))
        )

    def _new(self, x: torch.Tensor | None, y: torch.Tensor) -> np.ndarray | None:
        """What a layer is given, where no layer before gave it."""
        is_new = x is not None and id(x) not in self._outputs
        self._outputs.add(id(y))
        self._alive.append((x, y))  # or an id might be another's
        return array_of(x) if is_new else None


@dataclass(frozen=True)
class Parts:
    """A port's parts.

    Attributes:
      models: by name; layers: id of a module -> its path, itself.
      names: id of a variable -> its name; places: name of a variable -> path of its layer.
    """

    models: dict[str, torch.nn.Module]
    layers: Layers
    names: dict[int, str]
    places: dict[str, str]


@contextlib.contextmanager
def recording_layers(recorder: Recorder) -> Iterator[None]:
    """Tells a recorder of what every layer gives."""
    functions, handles = recorder.functions, []
    for name, model in recorder.parts.models.items():
        enter = partial(_enter, functions, name)
        handles += [
            model.register_forward_pre_hook(enter),
            model.register_forward_hook(lambda *_: _leave(functions), always_call=True),
        ]
    for _, module in recorder.parts.layers.values():
        if torch_layers.kind_of(module) != "other":
            handles += [
                module.register_forward_pre_hook(lambda *_: _count(functions, 1)),
                module.register_forward_hook(lambda *_: _count(functions, -1), always_call=True),
            ]
        handles.append(module.register_forward_hook(recorder.of_module))
    try:
        with functions:
            yield
    finally:
        for handle in handles:
            handle.remove()


def _enter(functions: functional.Functions, name: str, *_: object) -> None:
    functions.enter(name)


def _leave(functions: functional.Functions) -> None:
    functions.inside.pop()


def _count(functions: functional.Functions, by: int) -> None:
    functions.in_layers += by


@contextlib.contextmanager
def drawing(layers: Layers, draws: ports.Draws) -> Iterator[None]:
    """Dropout layers take the old program's uniform numbers."""
    dropouts: list[Any] = [m for _, m in layers.values() if torch_layers.kind_of(m) == "dropout"]

    def forward(layer: Any) -> Callable[[torch.Tensor], torch.Tensor]:
        def call(x: torch.Tensor) -> torch.Tensor:
            if not layer.training or not layer.p:
                return x
            uniform = tensor_of(draws.take(array_of(x).shape))
            return x * (uniform >= layer.p).to(x.dtype) / (1 - layer.p)

        return call

    for layer in dropouts:
        layer.forward = forward(layer)
    try:
        yield
    finally:
        for layer in dropouts:
            del layer.forward


@contextlib.contextmanager
def noting_inputs(
    models: dict[str, torch.nn.Module], forward: dict[str, list[list[str]]], inputs: Arrays
) -> Iterator[None]:
    """Works out which of the step's inputs each model is called with.

    Args:
      models: of the port by name.
      forward: model -> choices of names, to which it is added.
      inputs: of the step.
    """

    def noting(name: str) -> Callable[..., None]:
        def hook(module: torch.nn.Module, args: Any) -> None:
            tensors = [x for x in args if isinstance(x, torch.Tensor)]
            ports.note_inputs(forward.setdefault(name, []), tensors, inputs, array_of)

        return hook

    pairs = [(name, model) for name, model in models.items() if name not in forward]
    handles = [model.register_forward_pre_hook(noting(name)) for name, model in pairs]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def tensor_of(array: np.ndarray) -> torch.Tensor:
    """numpy [N, H, W, C] or [N, K] -> torch [N, C, H, W] or [N, K].

    Always with the strides of a tensor that PyTorch made: those of a transposed array of one
    channel read as channels_last, and a port's `view` fails on what follows.
    """
    if array.ndim == 4:
        array = array.transpose(0, 3, 1, 2)
    return torch.from_numpy(np.array(array, order="C", copy=True))


def shape_of(tensor: torch.Tensor | None) -> tuple[int, ...]:
    """The shape of what `array_of` makes; () of None."""
    shape = () if tensor is None else tuple(tensor.shape)
    return tuple(shape[axis] for axis in (0, 2, 3, 1)) if len(shape) == 4 else shape


def array_of(tensor: Any) -> np.ndarray:
    """torch [N, C, H, W] or [N, K] -> numpy [N, H, W, C] or [N, K]."""
    array: np.ndarray = tensor.numpy(force=True)
    return array.transpose(0, 2, 3, 1).copy() if array.ndim == 4 else array.copy()
