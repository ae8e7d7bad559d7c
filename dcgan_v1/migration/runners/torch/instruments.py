"""Looks into a step of a torch port: layers, gradients, what draws and what is fed."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from dcgan_v1.migration.records import Arrays, GradientKey, LayerOutput
from dcgan_v1.migration.runners import ports
from dcgan_v1.migration.runners.torch import torch_layers, torch_optimizers
from dcgan_v1.migration.runners.torch.flattening import Flattening, Pixels

Layers = dict[int, tuple[str, torch.nn.Module]]  # id of a module -> its path, itself


@dataclass
class Applied:
    """How many updates a step has applied so far."""

    count: int = 0


@contextlib.contextmanager
def recording_gradients(
    optimizers: dict[str, torch.optim.Optimizer],
    names: dict[int, str],
    gradients: dict[GradientKey, np.ndarray],
    before: Callable[[int], object],
) -> Iterator[Applied]:
    """Adds every gradient that an optimiser follows to `gradients`.

    Args:
      optimizers: by name.
      names: id of a parameter -> its name.
      gradients: what they are added to.
      before: called with the number of each update before it is done.
    """
    applied = Applied()
    plain = {name: optimizer.step for name, optimizer in optimizers.items()}

    def recorded(name: str, optimizer: torch.optim.Optimizer) -> Callable[..., Any]:
        def step(*args: Any, **kwargs: Any) -> Any:
            before(applied.count)
            applied.count += 1
            for parameter in torch_optimizers.parameters(optimizer):
                if parameter.grad is not None:
                    key = GradientKey(applied.count - 1, name, names.get(id(parameter), ""))
                    gradients[key] = torch_optimizers.gradient(optimizer, parameter)
            return plain[name](*args, **kwargs)

        return step

    for name, optimizer in optimizers.items():
        optimizer.step = recorded(name, optimizer)
    try:
        yield applied
    finally:
        for name, optimizer in optimizers.items():
            optimizer.step = plain[name]


@contextlib.contextmanager
def recording_layers(
    layers: Layers, outputs: list[LayerOutput], applied: Applied, pixels: Pixels
) -> Iterator[None]:
    """Appends what every call of a layer gives to `outputs`.

    Args:
      layers: those that are looked into.
      outputs: what is appended to.
      applied: counts the updates of the step.
      pixels: what is learned of layers that meet feature maps is added to it.
    """
    calls: dict[str, int] = {}
    known: set[int] = set()
    alive: list[Any] = []
    flat = Flattening()

    def hook(module: torch.nn.Module, args: Any, y: Any) -> None:
        path, _ = layers[id(module)]
        y = y[0] if isinstance(y, tuple) else y
        if not isinstance(y, torch.Tensor):
            return
        x = args[0] if args and isinstance(args[0], torch.Tensor) else None
        if x is not None:
            flat.note(pixels, path, tuple(x.shape), tuple(y.shape))
        calls[path] = calls.get(path, 0) + 1
        name = path if calls[path] == 1 else f"{path}#{calls[path]}"
        is_new = x is not None and id(x) not in known
        known.add(id(y))
        alive.append((x, y))  # or an id might be another's
        outputs.append(
            LayerOutput(
                name,
                torch_layers.kind_of(module),
                torch_layers.settings(module),
                array_of(y),
                array_of(x) if x is not None and is_new else None,
                applied.count,
            )
        )

    hooks = [m.register_forward_hook(hook) for _, m in layers.values()]
    try:
        yield
    finally:
        for handle in hooks:
            handle.remove()


@contextlib.contextmanager
def drawing(layers: Layers, draws: ports.Draws) -> Iterator[None]:
    """Dropout layers take the old program's uniform numbers."""
    dropouts: list[Any] = [m for _, m in layers.values() if torch_layers.kind_of(m) == "dropout"]

    def forward(layer: Any) -> Callable[[torch.Tensor], torch.Tensor]:
        def call(x: torch.Tensor) -> torch.Tensor:
            if not layer.training or not layer.p:
                return x
            drawn = tensor_of(draws.take(array_of(x).shape))
            return x * (drawn >= layer.p).to(x.dtype) / (1 - layer.p)

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
    """Works out which of the step's inputs each model is called with, and adds it to `forward`."""

    def noting(name: str) -> Callable[..., None]:
        def hook(module: torch.nn.Module, args: Any) -> None:
            tensors = [x for x in args if isinstance(x, torch.Tensor)]
            ports.note_inputs(forward.setdefault(name, []), tensors, inputs, array_of)

        return hook

    wanted = [(name, model) for name, model in models.items() if name not in forward]
    handles = [model.register_forward_pre_hook(noting(name)) for name, model in wanted]
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


def array_of(tensor: Any) -> np.ndarray:
    """torch [N, C, H, W] or [N, K] -> numpy [N, H, W, C] or [N, K]."""
    array: np.ndarray = tensor.numpy(force=True)
    return array.transpose(0, 2, 3, 1).copy() if array.ndim == 4 else array.copy()
