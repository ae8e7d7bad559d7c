"""Looks into a step of a torch port: layers, gradients, what draws and what is fed."""

import contextlib
import math

import numpy as np
import torch

from dcgan_v1.migration.runners import port
from dcgan_v1.migration.runners.torch import torch_layers, torch_optimizers


@contextlib.contextmanager
def recording_gradients(side, gradients):
    plain = {k: o.step for k, o in side.optimizers.items()}

    def recorded(name, optimizer):
        def step(*args, **kwargs):
            side.applied += 1
            for parameter in torch_optimizers.parameters(optimizer):
                if parameter.grad is not None:
                    of = side.names.get(id(parameter), "")
                    key = f"{side.applied - 1}|{name}|{of}"
                    gradients[key] = torch_optimizers.gradient(optimizer, parameter)
            return plain[name](*args, **kwargs)

        return step

    for name, optimizer in side.optimizers.items():
        optimizer.step = recorded(name, optimizer)
    try:
        yield
    finally:
        for name, optimizer in side.optimizers.items():
            optimizer.step = plain[name]


@contextlib.contextmanager
def recording(side, found):
    calls, outputs, kept, flat = {}, set(), [], []

    def hook(module, args, y):
        path, _ = side.layers[id(module)]
        y = y[0] if isinstance(y, tuple) else y
        if not isinstance(y, torch.Tensor):
            return
        _note_pixels(side, path, args[0] if args else None, y, flat)
        calls[path] = calls.get(path, 0) + 1
        name = path if calls[path] == 1 else f"{path}#{calls[path]}"
        x = args[0] if args and isinstance(args[0], torch.Tensor) else None
        fresh = x is not None and id(x) not in outputs
        outputs.add(id(y))
        kept.append((x, y))
        row = (name, torch_layers.kind_of(module), array_of(y), array_of(x) if fresh else None)
        found.append((*row, {**torch_layers.settings(module), "applied": side.applied}))

    hooks = [m.register_forward_hook(hook) for _, m in side.layers.values()]
    try:
        yield
    finally:
        for handle in hooks:
            handle.remove()


def _note_pixels(side, path, x, y, flat):
    """Notes where a layer without pixels follows feature maps, or makes them.

    Args:
      flat: [shape of the last maps, paths of layers whose outputs may become maps,
        number of their features]; kept from call to call.
    """
    if not (isinstance(x, torch.Tensor) and isinstance(y, torch.Tensor)):
        return
    flat.extend([None, [], 0][len(flat) :])
    if x.ndim == 4:
        if flat[1] and math.prod(x.shape[1:]) == flat[2] and _pixels(x.shape):
            for earlier in flat[1]:
                side.maps.setdefault(earlier, {})["columns"] = _pixels(x.shape)
        flat[1] = []
    if x.ndim == 2 and y.ndim == 2:
        last = flat[0]
        if last and math.prod(last[1:]) == x.shape[1] and _pixels(last):
            side.maps.setdefault(path, {})["rows"] = _pixels(last)
        flat[1] = flat[1] if y.shape[1] == flat[2] else []
        flat[1], flat[2], flat[0] = [*flat[1], path], y.shape[1], None
    if y.ndim == 4:
        flat[0] = tuple(y.shape)


@contextlib.contextmanager
def drawing(side):
    """Dropout layers take the old program's uniform numbers."""
    found = [m for _, m in side.layers.values() if torch_layers.kind_of(m) == "dropout"]

    def forward(layer):
        def call(x):
            if not layer.training or not layer.p:
                return x
            shape = array_of(x).shape
            drawn = tensor_of(side.draws.take(shape))
            return x * (drawn >= layer.p).to(x.dtype) / (1 - layer.p)

        return call

    for layer in found:
        layer.forward = forward(layer)
    try:
        yield
    finally:
        for layer in found:
            del layer.forward


@contextlib.contextmanager
def noting_inputs(side, batch):
    handles = []

    def noting(name):
        def hook(module, args):
            tensors = [x for x in args if isinstance(x, torch.Tensor)]
            known = side.forward.setdefault(name, [])
            port.note_inputs(known, tensors, batch, array_of)

        return hook

    for name, model in side.models.items():
        if name not in side.port.forward:
            handles.append(model.register_forward_pre_hook(noting(name)))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def tensor_of(array):
    """numpy [N, H, W, C] or [N, K] -> torch [N, C, H, W] or [N, K]."""
    if array.ndim == 4:
        array = array.transpose(0, 3, 1, 2)
    return torch.from_numpy(np.ascontiguousarray(array))


def array_of(tensor):
    """torch [N, C, H, W] or [N, K] -> numpy [N, H, W, C] or [N, K]."""
    array = tensor.numpy(force=True)
    return array.transpose(0, 2, 3, 1).copy() if array.ndim == 4 else array.copy()


def _pixels(shape):
    """(C, H, W) of a map's shape, where it is one that can be flattened."""
    return tuple(shape[1:]) if len(shape) == 4 and math.prod(shape[2:]) > 1 else None
