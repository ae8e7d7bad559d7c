"""PyTorch: a file of plain layers that can be read, and its weights as safetensors."""

import inspect

import numpy as np

from dcgan_v1.errors import UserError
from dcgan_v1.export import chain

TITLE = "a PyTorch module"
BOUND = 2e-5
NEEDS = ("torch", "safetensors")
NOTE = "Inside, images are [N, C, H, W], as PyTorch has them."
_IMPORTS = """\
import torch
from safetensors.torch import load_file
from {name} import {name}
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


def write(network, folder):
    """Writes `folder`/NAME.py and NAME.safetensors."""
    from safetensors.numpy import save_file

    from dcgan_v1.export import torch_layers

    lines, arrays = [], {}
    for link in chain.read(network):
        for text, weights in _layers(link):
            for name, array in weights.items():
                arrays[f"{len(lines)}.{name}"] = np.asarray(array, order="C")
            lines.append(text)
    text = HEAD.format(
        title=network.system.name, name=network.name, x=network.x.op.name, y=network.y.op.name
    )
    for layer in (torch_layers.Permute, torch_layers.Grow):
        if any(line.startswith(f"{layer.__name__}(") for line in lines):
            text += f"\n\n{inspect.getsource(layer)}"
    body = "".join(f"    {line},\n" for line in lines)
    text += f"\n\n{network.name} = nn.Sequential(\n{body}).eval()\n"
    path = folder / f"{network.name}.py"
    path.write_text(text)
    save_file(arrays, folder / f"{network.name}.safetensors")
    return {path.name: (LOAD[network.name], BOUND)}


def _layers(link):
    """Returns [(a layer's text, its weights by their names in the state dict)]."""
    settings, w = link.settings, link.weights
    if link.kind == "linear":
        inside, outside = w["w"].shape
        text = f"nn.Linear({inside}, {outside}, bias={'b' in w})"
        return [(text, _named(w["w"].T, w))]
    if link.kind == "conv2d":
        return _conv(link, settings["stride"], settings["padding"])
    if link.kind == "resize_conv2d":
        # SAME on the large map, whose sides are even: one row of zeros below
        grown = [("Grow()", {}), ("nn.ZeroPad2d((0, 1, 0, 1))", {})]
        return [*grown, *_conv(link, 2, "VALID")]
    if link.kind == "conv2d_transpose":
        return _conv_transpose(link)
    if link.kind == "batch_norm":
        return [_batch_norm(link)]
    if link.kind == "reshape" and len(link.above) == 3:
        unflatten = f"nn.Unflatten(1, {link.above})"
        return [(unflatten, {}), ("Permute(0, 3, 1, 2)", {})]
    if link.kind == "reshape" and len(link.above) == 1:
        return [("Permute(0, 2, 3, 1)", {}), ("nn.Flatten()", {})]
    if link.kind == "avg_pool":
        return [(f"nn.AvgPool2d({settings['size']}, ceil_mode=True)", {})]
    if link.kind == "leaky_relu":
        return [(f"nn.LeakyReLU({settings['slope']})", {})]
    plain = {"relu": "nn.ReLU()", "tanh": "nn.Tanh()", "sigmoid": "nn.Sigmoid()"}
    if link.kind in plain:
        return [(plain[link.kind], {})]
    raise UserError(f"--to torch has no layer for {link.kind}; --to savedmodel can")


def _named(weight, w):
    """The state of a layer with a weight and, if there is one, a bias."""
    return {"weight": weight} | ({"bias": w["b"]} if "b" in w else {})


def _conv(link, stride, padding):
    size, _, inside, outside = link.weights["w"].shape
    layers = []
    if padding == "SAME":
        pads = [
            (above - 1) * stride + size - below
            for below, above in zip(link.below[:2], link.above[:2], strict=True)
        ]
        layers += _pad(pads)
    conv = f"nn.Conv2d({inside}, {outside}, {size}, {stride}, bias={'b' in link.weights})"
    weight = link.weights["w"].transpose(3, 2, 0, 1)
    return [*layers, (conv, _named(weight, link.weights))]


def _conv_transpose(link):
    size, _, outside, inside = link.weights["w"].shape
    stride = link.settings["stride"]
    conv = f"nn.ConvTranspose2d({inside}, {outside}, {size}, {stride}, bias={'b' in link.weights})"
    weight = link.weights["w"].transpose(3, 2, 0, 1)
    layers = [(conv, _named(weight, link.weights))]
    if link.settings["padding"] == "SAME":  # cut off what SAME would have padded
        layers += _pad([stride - size] * 2)
    return layers


def _pad(totals):
    """Zeros (or, below 0, cuts) as SAME places them: the odd one last."""
    if not any(totals):
        return []
    height, width = ((int(t / 2), t - int(t / 2)) for t in totals)
    return [(f"nn.ZeroPad2d({(*width, *height)})", {})]


def _batch_norm(link):
    w, features = link.weights, len(link.weights["beta"])
    by_batch = link.settings["is_training"]
    kind = f"nn.BatchNorm{len(link.above) - 1 or 1}d"
    text = f"{kind}({features}, eps={link.settings['epsilon']}"
    state = {"weight": w.get("gamma", np.ones_like(w["beta"])), "bias": w["beta"]}
    if by_batch:
        return text + ", track_running_stats=False)", state
    state["running_mean"] = w["moving_mean"]
    state["running_var"] = w["moving_variance"]
    state["num_batches_tracked"] = np.array(0)
    return text + ")", state
