"""How dense and convolution layers, reshapes and pooling look in a TF1 graph.

A pattern takes a tensor and returns the `Match` that it is the result of, or None. The first of
PATTERNS that matches counts; what none matches is spelled out op by op.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from dcgan_v1.porting.graphs.graph import Tensor, through, variable_of
from dcgan_v1.porting.graphs.matching import ADD, ANY, Match, any_of, match, number_of
from dcgan_v1.porting.patterns.activations import activation, dropout, leaky_relu
from dcgan_v1.porting.patterns.losses import mean_loss, sigmoid_cross_entropy
from dcgan_v1.porting.patterns.norms import batch_norm, fused_batch_norm, layer_norm
from dcgan_v1.porting.patterns.recurrent import lstm
from dcgan_v1.porting.patterns.resizing import columns_deconv, resized_conv, subpixel_deconv

KERNELS = ("MatMul", "Conv2D", "Conv2DBackpropInput")


Pattern = Callable[[Tensor], Match | None]


# ---- layers with weights ----


def kernel_layer(y: Tensor) -> Match | None:
    """dense, conv, deconv: a product with a kernel, and the bias that is added to it."""
    bound = match(y, (f"{ADD}|BiasAdd", "x", "b"))
    if bound and y.op.type in ("Add", "AddV2", "BiasAdd"):
        bias = variable_of(bound["b"])
        x = bound["x"]
        if bias is None and y.op.type != "BiasAdd":
            bias, x = variable_of(bound["x"]), bound["b"]
        found = _kernel(through(x)) if bias else None
        of_bias = bound["x"] if variable_of(bound["x"]) else bound["b"]
        width = found and (found.settings.get("units") or found.settings["filters"])
        if found and bias and of_bias.shape == (width,):
            found.variables["bias"] = bias
            return found
    return _kernel(y)


def dense_of_sequences(y: Tensor) -> Match | None:
    """A dense layer on the last axis of [N, T, features], as tf.tensordot has it."""
    product = ("Reshape", ("MatMul", ("Reshape", "x", ANY), "kernel"), ANY)
    bound = any_of(y, ("BiasAdd", product, "bias"), product)
    kernel = bound and variable_of(bound["kernel"])
    if not bound or kernel is None or y.shape is None or bound["x"].shape is None:
        return None
    x, bias = bound["x"], variable_of(bound["bias"]) if "bias" in bound else None
    if len(y.shape) < 3 or x.shape[:-1] != y.shape[:-1] or ("bias" in bound and bias is None):
        return None
    variables = {part: v for part, v in (("kernel", kernel), ("bias", bias)) if v}
    return Match("dense", [x], {"units": y.shape[-1]}, variables)


def _kernel(y: Tensor) -> Match | None:
    op = y.op
    if op.type in ("Add", "AddV2"):
        return resized_conv(y)
    if op.type == "DepthToSpace":
        return subpixel_deconv(y)
    if op.type == "Reshape":
        return columns_deconv(y)
    if op.type not in KERNELS or y.index:
        return None
    attributes = op.attributes
    if op.type == "MatMul":
        kernel = variable_of(op.inputs[1])
        if kernel is None or attributes.get("transpose_a") or attributes.get("transpose_b"):
            return None
        units = (y.shape or (None,))[-1]
        return Match("dense", [op.inputs[0]], {"units": units}, {"kernel": kernel})
    kernel = variable_of(op.inputs[1])
    if kernel is None or attributes.get("data_format", "NHWC") != "NHWC":
        return None
    if attributes["padding"] not in ("SAME", "VALID") or y.shape is None:
        return None
    shape = op.inputs[1].shape
    if shape is None or None in shape:
        return None
    strides, dilations = attributes["strides"][1:3], attributes.get("dilations", [1] * 4)[1:3]
    is_up = op.type == "Conv2DBackpropInput"
    x = op.inputs[2 if is_up else 0]
    settings = {
        "filters": shape[2 if is_up else 3],
        "size": tuple(shape[:2]),
        "strides": tuple(strides),
        "padding": attributes["padding"].lower(),
        "dilations": tuple(dilations),
    }
    if is_up and not _is_plain_deconv(x, y, settings):
        return None
    return Match("deconv" if is_up else "conv", [x], settings, {"kernel": kernel})


def conv_of_patches(y: Tensor) -> Match | None:
    """A convolution as a product of patches with the kernel as a matrix."""
    rows = ("MatMul", ("Reshape", "patches", ANY), ("Reshape", "kernel", ANY))
    bound = match(y, ("Reshape", rows, ANY))
    patches = bound["patches"].op if bound else None
    kernel = variable_of(bound["kernel"]) if bound else None
    if not bound or patches is None or patches.type != "ExtractImagePatches" or kernel is None:
        return None
    shape, attributes = bound["kernel"].shape, patches.attributes
    if shape is None or len(shape) != 4 or list(attributes["ksizes"][1:3]) != list(shape[:2]):
        return None
    maps = patches.output.shape
    if y.shape is None or maps is None or (*maps[:3], shape[3]) != y.shape:
        return None
    settings = {
        "filters": shape[3],
        "size": tuple(shape[:2]),
        "strides": tuple(attributes["strides"][1:3]),
        "padding": attributes["padding"].lower(),
        "dilations": tuple(attributes["rates"][1:3]),
    }
    return Match("conv", [patches.inputs[0]], settings, {"kernel": kernel})


def _is_plain_deconv(x: Tensor, y: Tensor, settings: dict[str, Any]) -> bool:
    """Whether the output has the size that a framework's own layer gives it."""
    if x.shape is None or y.shape is None:
        return False
    for i in (0, 1):
        side, stride, size = x.shape[1 + i], settings["strides"][i], settings["size"][i]
        if side is None or settings["dilations"][i] != 1:
            return False
        more = max(size - stride, 0) if settings["padding"] == "valid" else 0
        if y.shape[1 + i] != side * stride + more:
            return False
    return True


# ---- shapes ----


def reshape(y: Tensor) -> Match | None:
    """Reshapes that keep the batch; axes of one that are put in are such, two or more."""
    op = y.op
    if op.type == "ExpandDims":
        return _expanded(y)
    if op.type != "Reshape" or y.shape is None or op.inputs[0].shape is None:
        return None
    before, after = op.inputs[0].shape, y.shape
    if not before or not after or None in after[1:] or None in before[1:]:
        return None
    sizes = (math.prod(n or 0 for n in shape[1:]) for shape in (before, after))
    if before[0] != after[0] and (None not in (before[0], after[0]) or len({*sizes}) > 1):
        return None  # where one leaves the batch open, it is the other's
    kind = "flatten" if len(after) == 2 and len(before) > 2 else "reshape"
    return Match(kind, [op.inputs[0]], {"shape": tuple(after[1:])})


def _expanded(y: Tensor) -> Match | None:
    """z[:, None, None]: rows as maps of one pixel."""
    x, count = y, 0
    while x.op.type == "ExpandDims" and x.op.inputs[1].number is not None and x.shape:
        if int(x.op.inputs[1].number) % len(x.shape) == 0:
            return None
        x, count = through(x.op.inputs[0]), count + 1
    if count < 2 or not y.shape or not x.shape or None in (*x.shape[1:], *y.shape[1:]):
        return None
    return Match("reshape", [x], {"shape": tuple(y.shape[1:])})


def concatenation(y: Tensor) -> Match | None:
    """tf.concat."""
    if y.op.type != "ConcatV2" or y.op.inputs[-1].number is None or y.shape is None:
        return None
    axis = int(y.op.inputs[-1].number) % len(y.shape)
    axis = -1 if axis == len(y.shape) - 1 else axis
    return Match("concat", y.op.inputs[:-1], {"axis": axis})


def tile(y: Tensor) -> Match | None:
    """A product with ones of a larger shape: what it is multiplied with is repeated."""
    if y.op.type != "Mul" or y.shape is None:
        return None
    for x, ones in (y.op.inputs, y.op.inputs[::-1]):
        if number_of(ones) != 1 or x.shape is None or len(x.shape) != len(y.shape):
            continue
        pairs = list(zip(x.shape, y.shape, strict=True))
        if any(a != b and (a != 1 or b is None) for a, b in pairs):
            continue
        times = [1 if a == b else b for a, b in pairs]
        return Match("op", [x], {"type": "Tile", "constants": [np.asarray(times, np.int32)]})
    return None


def pooling(y: Tensor) -> Match | None:
    """Max and average pooling."""
    op = y.op
    if op.type not in ("MaxPool", "AvgPool") or op.attributes["data_format"] != "NHWC":
        return None
    settings = {
        "size": tuple(op.attributes["ksize"][1:3]),
        "strides": tuple(op.attributes["strides"][1:3]),
        "padding": op.attributes["padding"].lower(),
    }
    return Match("max_pool" if op.type == "MaxPool" else "avg_pool", [op.inputs[0]], settings)


PATTERNS: dict[str, Pattern] = {
    "mean_loss": mean_loss,
    "sigmoid_cross_entropy": sigmoid_cross_entropy,
    "kernel_layer": kernel_layer,
    "dense_of_sequences": dense_of_sequences,
    "conv_of_patches": conv_of_patches,
    "lstm": lstm,
    "batch_norm": batch_norm,
    "fused_batch_norm": fused_batch_norm,
    "layer_norm": layer_norm,
    "leaky_relu": leaky_relu,
    "activation": activation,
    "dropout": dropout,
    "reshape": reshape,
    "concatenation": concatenation,
    "tile": tile,
    "pooling": pooling,
}


IS_A = {"binary_crossentropy": "sigmoid_cross_entropy"}  # kind -> a pattern that it goes by


def recognise(y: Tensor, switched_off: frozenset[str] = frozenset()) -> Match | None:
    """Returns what the first pattern says that matches a tensor."""
    for name, pattern in PATTERNS.items():
        found = None if name in switched_off else pattern(y)
        if found is not None and IS_A.get(found.kind) not in switched_off:
            return found
    return None
