"""Layers of torch.nn.Modules: their kinds, what their tensors are, their settings."""

from typing import Any

import torch
from torch import nn

from dcgan_v1.migration.records import Settings, Variable

CONVOLUTIONS = {1: "torch conv1d", 2: "torch conv", 3: "torch conv3d"}
DECONVOLUTIONS = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
KINDS = (
    (DECONVOLUTIONS, "deconv"),
    ((nn.Conv1d, nn.Conv2d, nn.Conv3d), "conv"),
    (nn.Linear, "dense"),
    (nn.modules.batchnorm._BatchNorm, "norm"),
    ((nn.LayerNorm, nn.GroupNorm), "norm"),
    (
        (
            nn.LeakyReLU,
            nn.ReLU,
            nn.ELU,
            nn.PReLU,
            nn.Tanh,
            nn.Sigmoid,
            nn.Softplus,
            nn.Softmax,
            nn.SELU,
            nn.ReLU6,
        ),
        "activation",
    ),
    ((nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d), "pool"),
    ((nn.Upsample,), "resize"),
    ((nn.Dropout, nn.Dropout2d), "dropout"),
    ((nn.RNNBase, nn.LSTMCell, nn.GRUCell, nn.RNNCell), "recurrent"),
)
NO_LAYERS = (nn.Flatten, nn.Unflatten, nn.Identity, nn.Sequential, nn.ModuleList, nn.ModuleDict)
PARTS = {
    "weight": "kernel",
    "bias": "bias",
    "running_mean": "mean",
    "running_var": "variance",
    "weight_ih": "kernel",
    "weight_hh": "recurrent",
}
NORM_PARTS = {"weight": "gamma", "bias": "beta"}
LAYER_SETTINGS = {
    "negative_slope": "slope",
    "eps": "epsilon",
    "p": "rate",
    "stride": "strides",
    "padding": "padding",
    "scale_factor": "scale",
    "mode": "mode",
    "align_corners": "align_corners",
    "unbiased": "unbiased",
}


def describe(place: str, module: Any, attribute: str, tensor: torch.Tensor) -> Variable:
    """Describes a parameter or a buffer.

    Args:
      place: path of the module.
      module: what holds it, as `attribute`.
      attribute: its name there.
      tensor: itself.
    """
    kind = kind_of(module)
    layout, part = "plain", attribute.removesuffix("_l0")
    if attribute == "weight" and kind in ("conv", "deconv"):
        layout = CONVOLUTIONS[tensor.ndim - 2]
    elif tensor.ndim == 2 and kind in ("dense", "recurrent"):
        layout = "torch dense"
    weight = getattr(module, "weight", None)  # of one axis: no kernel
    scales = kind == "norm" or getattr(weight, "ndim", 0) == 1
    named = NORM_PARTS if scales else {}
    is_lstm = isinstance(module, nn.LSTM | nn.LSTMCell)
    return Variable(
        shape=list(tensor.shape),
        dtype=str(tensor.dtype).removeprefix("torch."),
        trainable=tensor.requires_grad,
        part=named.get(part) or PARTS.get(part, _ending(part)),
        layer=place,
        layout=layout,
        gates="ifjo" if is_lstm else "",
    )


def _ending(part: str) -> str:
    """fake_running_mean -> 'mean'."""
    return next((p for ending, p in PARTS.items() if part.endswith(f"_{ending}")), "")


def kind_of(module: Any) -> str:
    """Returns one of `records.LAYER_KINDS`."""
    known = next((kind for cls, kind in KINDS if isinstance(module, cls)), None)
    if known:
        return known
    averages = any(b.is_floating_point() for b in module.buffers(recurse=False))
    scales = getattr(getattr(module, "weight", None), "ndim", 0) == 1
    return "norm" if averages and scales else "other"


def settings(module: Any) -> Settings:
    """Returns what a TF1 program must have alike."""
    values: Settings = {"class": type(module).__name__}
    for attribute, name in LAYER_SETTINGS.items():
        value = getattr(module, attribute, None)
        if isinstance(value, bool | str):
            values[name] = value
        elif isinstance(value, int | float):
            values[name] = float(f"{value:.6g}")
        elif isinstance(value, tuple) and all(isinstance(v, int) for v in value):
            values[name] = "x".join(map(str, value))
    momentum = getattr(module, "momentum", None)
    if isinstance(momentum, float):
        values["decay"] = float(f"{1 - momentum:.6g}")
    return values
