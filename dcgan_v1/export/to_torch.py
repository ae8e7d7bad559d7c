"""PyTorch: a file of plain layers that can be read, and its weights as safetensors."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from dcgan_v1.errors import UserError
from dcgan_v1.export import Recipes
from dcgan_v1.export.layers import Layer, read_layers
from dcgan_v1.export.networks import Network

TITLE = "a PyTorch module"
BOUND = 2e-5
NEEDS = ("torch", "safetensors")
NOTE = (
    "Inside, images are [N, C, H, W], as PyTorch has them. Several exports go into one program: "
    "load each by its path, as here, or import each from its folder "
    "(`from FOLDER.generator import generator`)."
)
_IMPORTS = """\
import runpy
import torch
from safetensors.torch import load_file
{name} = runpy.run_path("{name}.py")["{name}"]
{name}.load_state_dict(load_file("{name}.safetensors"))
"""
LOAD = {  # PyTorch's own images are [N, C, H, W]
    "generator": _IMPORTS
    + "{y} = {name}(torch.from_numpy({x})).permute(0, 2, 3, 1).detach().numpy()\n",
    "discriminator": _IMPORTS
    + "{y} = {name}(torch.from_numpy({x}).permute(0, 3, 1, 2)).detach().numpy()\n",
}
HEAD = '''\
"""{title}'s {name} in PyTorch; {name}.safetensors has its weights.

Input: {x}. Output: {y}. Images are [N, C, H, W].
"""

import torch
from torch import nn
'''


# a layer's text, and its weights by their names in the state dict
TorchLayer = tuple[str, dict[str, np.ndarray]]


def write(network: Network, folder: Path) -> Recipes:
    """Writes `folder`/NAME.py and NAME.safetensors."""
    from safetensors.numpy import save_file

    from dcgan_v1.export import torch_layers

    lines: list[str] = []
    arrays: dict[str, np.ndarray] = {}
    for layer in read_layers(network):
        for text, weights in _layers(layer):
            for name, array in weights.items():
                arrays[f"{len(lines)}.{name}"] = np.asarray(array, order="C")
            lines.append(text)
    text = HEAD.format(
        title=network.system.name, name=network.name, x=network.x.op.name, y=network.y.op.name
    )
    for cls in (torch_layers.Permute, torch_layers.Grow):
        if any(line.startswith(f"{cls.__name__}(") for line in lines):
            text += f"\n\n{inspect.getsource(cls)}"
    body = "".join(f"    {line},\n" for line in lines)
    text += f"\n\n{network.name} = nn.Sequential(\n{body}).eval()\n"
    path = folder / f"{network.name}.py"
    path.write_text(text)
    save_file(arrays, folder / f"{network.name}.safetensors")
    return {path.name: (LOAD[network.name], BOUND)}


def _layers(layer: Layer) -> list[TorchLayer]:
    """Returns PyTorch's layers for one of ours."""
    settings, w = layer.settings, layer.weights
    if layer.kind == "linear":
        inside, outside = w["w"].shape
        text = f"nn.Linear({inside}, {outside}, bias={'b' in w})"
        return [(text, _state(w["w"].T, w))]
    if layer.kind == "conv2d":
        return _conv(layer, settings["stride"], settings["padding"])
    if layer.kind == "resize_conv2d":
        # SAME on the large map, whose sides are even: one row of zeros below
        grown: list[TorchLayer] = [("Grow()", {}), ("nn.ZeroPad2d((0, 1, 0, 1))", {})]
        return [*grown, *_conv(layer, 2, "VALID")]
    if layer.kind == "conv2d_transpose":
        return _conv_transpose(layer)
    if layer.kind == "batch_norm":
        return [_batch_norm(layer)]
    if layer.kind == "reshape" and len(layer.output_shape) == 3:
        unflatten = f"nn.Unflatten(1, {layer.output_shape})"
        return [(unflatten, {}), ("Permute(0, 3, 1, 2)", {})]
    if layer.kind == "reshape" and len(layer.output_shape) == 1:
        return [("Permute(0, 2, 3, 1)", {}), ("nn.Flatten()", {})]
    if layer.kind == "avg_pool":
        return [(f"nn.AvgPool2d({settings['size']}, ceil_mode=True)", {})]
    if layer.kind == "leaky_relu":
        return [(f"nn.LeakyReLU({settings['slope']})", {})]
    plain = {"relu": "nn.ReLU()", "tanh": "nn.Tanh()", "sigmoid": "nn.Sigmoid()"}
    if layer.kind in plain:
        return [(plain[layer.kind], {})]
    raise UserError(f"--to torch has no layer for {layer.kind}; --to savedmodel can")


def _state(weight: np.ndarray, w: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The state of a layer with a weight and, if there is one, a bias."""
    return {"weight": weight} | ({"bias": w["b"]} if "b" in w else {})


def _conv(layer: Layer, stride: int, padding: str) -> list[TorchLayer]:
    size, _, inside, outside = layer.weights["w"].shape
    layers: list[TorchLayer] = []
    if padding == "SAME":
        pads = [
            (outside - 1) * stride + size - inside
            for inside, outside in zip(layer.input_shape[:2], layer.output_shape[:2], strict=True)
        ]
        layers += _pad(pads)
    conv = f"nn.Conv2d({inside}, {outside}, {size}, {stride}, bias={'b' in layer.weights})"
    weight = layer.weights["w"].transpose(3, 2, 0, 1)
    return [*layers, (conv, _state(weight, layer.weights))]


def _conv_transpose(layer: Layer) -> list[TorchLayer]:
    size, _, outside, inside = layer.weights["w"].shape
    stride = layer.settings["stride"]
    conv = f"nn.ConvTranspose2d({inside}, {outside}, {size}, {stride}, bias={'b' in layer.weights})"
    weight = layer.weights["w"].transpose(3, 2, 0, 1)
    layers: list[TorchLayer] = [(conv, _state(weight, layer.weights))]
    if layer.settings["padding"] == "SAME":  # cut off what SAME would have padded
        layers += _pad([stride - size] * 2)
    return layers


def _pad(totals: Sequence[int]) -> list[TorchLayer]:
    """Zeros (or, below 0, cuts) as SAME places them: the odd one last."""
    if not any(totals):
        return []
    height, width = ((int(t / 2), t - int(t / 2)) for t in totals)
    return [(f"nn.ZeroPad2d({(*width, *height)})", {})]


def _batch_norm(layer: Layer) -> TorchLayer:
    w, features = layer.weights, len(layer.weights["beta"])
    by_batch = layer.settings["is_training"]
    kind = f"nn.BatchNorm{len(layer.output_shape) - 1 or 1}d"
    text = f"{kind}({features}, eps={layer.settings['epsilon']}"
    state = {"weight": w.get("gamma", np.ones_like(w["beta"])), "bias": w["beta"]}
    if by_batch:
        return text + ", track_running_stats=False)", state
    state["running_mean"] = w["moving_mean"]
    state["running_var"] = w["moving_variance"]
    state["num_batches_tracked"] = np.array(0)
    return text + ")", state
