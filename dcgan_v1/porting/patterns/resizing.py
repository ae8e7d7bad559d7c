"""How convolutions look that are computed on a small map in place of a large one.

Of a resized map; transposed ones to few channels, and as a product of columns; see `patterns`."""

from typing import Any

import numpy as np

from dcgan_v1.porting.graphs import folding
from dcgan_v1.porting.graphs.graph import Tensor, through, variable_of
from dcgan_v1.porting.graphs.matching import ADD, ANY, DIVIDE, Match, match


def _inner(w: Any) -> Any:
    """The two taps that all rows but the last have."""
    part = ("Split", ANY, w)
    half = (DIVIDE, part, 2)
    return ("ConcatV2", (ADD, part, half), (ADD, half, part), ANY)


def _edge(w: Any) -> Any:
    """The tap that only the last row has beside them."""
    return (DIVIDE, ("Split", ANY, w), 2)


BOTTOM = RIGHT = ("StridedSlice", "x")
ROW = (
    ADD,
    ("Conv2D", BOTTOM, _inner(_edge("w"))),
    ("Pad", ("Conv2D", ("StridedSlice", BOTTOM), _edge(_edge("w"))), ANY),
)
COLUMN = ("Conv2D", RIGHT, _edge(_inner("w")))
FORM = (ADD, ("Conv2D", "x", _inner(_inner("w"))), (ADD, ("Pad", ROW, ANY), ("Pad", COLUMN, ANY)))


def resized_conv(y: Tensor) -> Match | None:
    """TF1's bilinear resize to twice the size and a 3x3 convolution of stride 2, as four
    convolutions of the small map: `nn.resizing` has it so."""
    bound = match(y, FORM)
    kernel = variable_of(bound["w"]) if bound else None
    shape = bound["x"].shape if bound else None
    if not bound or kernel is None or shape is None or y.shape is None or y.shape[:3] != shape[:3]:
        return None
    large = (shape[0], *(2 * (n or 0) for n in shape[1:3]), shape[3])
    resize = {"type": "ResizeBilinear", "align_corners": False, "half_pixel_centers": False}
    size = np.asarray(large[1:3], np.int32)
    settings = _settings(y.shape[3], 3, 2)
    return Match("conv", [bound["x"]], settings, {"kernel": kernel}, before=(resize, size, large))


def _settings(filters: int | None, size: int, stride: int) -> dict[str, Any]:
    """Of a square kernel; padding is SAME in all that is here."""
    return {
        "filters": filters,
        "size": (size, size),
        "strides": (stride, stride),
        "padding": "same",
        "dilations": (1, 1),
    }


def _reach(size: int, stride: int) -> tuple[int, list[int]]:
    """How many blocks of `stride` pixels a pixel of the small map reaches, on either side of its
    own, and how many empty taps on both sides make a kernel of `size` taps as wide as these."""
    before = max(size - stride, 0) // 2
    half = max((size - 1 - before) // stride, (stride - 1 + before) // stride)
    front = stride * half - before
    return half, [front, stride * (2 * half + 1) - size - front]


BLOCKS = (
    "Reshape",
    ("Transpose", ("ReverseV2", ("Reshape", ("Pad", "w", ANY), ANY), ANY), ANY),
    ANY,
)


def subpixel_deconv(y: Tensor) -> Match | None:
    """A transposed convolution as one of stride 1, whose channels are the places of a block:
    `nn.subpixel` has it so."""
    bound = match(y, ("DepthToSpace", ("Conv2D", "x", BLOCKS)))
    kernel = variable_of(bound["w"]) if bound else None
    if not bound or kernel is None or bound["x"].shape is None or bound["w"].shape is None:
        return None
    stride, (size, width, filters, channels) = y.op.attributes["block_size"], bound["w"].shape
    _, height, *_ = bound["x"].shape
    if y.shape is None or height is None or y.shape[1] != stride * height or size != width:
        return None
    if not _is_blocks(y.op.inputs[0].op.inputs[1], size, stride, filters, channels):
        return None
    return Match("deconv", [bound["x"]], _settings(filters, size, stride), {"kernel": kernel})


def _is_blocks(small: Tensor, size: int, stride: int, filters: int, channels: int) -> bool:
    """Whether the kernel of the small map holds each tap where it belongs."""
    half, margin = _reach(size, stride)
    taps = 2 * half + 1
    constants = []
    for kind in ("Reshape", "Transpose", "ReverseV2", "Reshape", "Pad"):
        op = through(small).op
        if op.type != kind or op.inputs[1].array is None:
            return False
        constants.append(op.inputs[1].array.tolist())
        small = op.inputs[0]
    return constants == [
        [taps, taps, channels, stride * stride * filters],
        [0, 2, 5, 1, 3, 4],
        [0, 2],
        [taps, stride, taps, stride, filters, channels],
        [margin, margin, [0, 0], [0, 0]],
    ]


PRODUCT = ("Reshape", ("Einsum", ("Reshape", "x", ANY), ("Reshape", "w", ANY)), ANY)
COLUMNS = ("Pad", ("Reshape", ("Pad", PRODUCT, ANY), ANY), ANY)
IMAGE = ("Reshape", ("Transpose", ("AddN", ("StridedSlice", "columns")), ANY), ANY)


def columns_deconv(y: Tensor) -> Match | None:
    """A transposed convolution as a product of the map's pixels with the kernel, whose columns
    overlap in the image: `nn.columns` has it so."""
    image = match(y, IMAGE)
    bound = match(image["columns"], COLUMNS) if image else None
    kernel = variable_of(bound["w"]) if bound else None
    if not image or not bound or kernel is None or bound["w"].shape is None:
        return None
    x, (size, width, filters, channels) = bound["x"].shape, bound["w"].shape
    if x is None or y.shape is None or None in x[1:] or size != width or x[3] != channels:
        return None
    stride = (y.shape[1] or 0) // (x[1] or 1)
    large = (stride * (x[1] or 0), stride * (x[2] or 0), filters)
    if not stride or y.shape[1:] != large or not _are_columns(y, image["columns"], x, size, stride):
        return None
    return Match("deconv", [bound["x"]], _settings(filters, size, stride), {"kernel": kernel})


def _are_columns(
    y: Tensor, columns: Tensor, x: tuple[int | None, ...], size: int, stride: int
) -> bool:
    """Whether each tap's columns are added where they belong.

    Args:
      y: the image; columns: those of all taps, with zeros around.
      x: shape of the small map.
      size, stride: of the kernel.
    """
    height, width = x[1] or 0, x[2] or 0
    half, margin = _reach(size, stride)
    blocks = 2 * half + 1
    around = through(columns).op
    widened = through(around.inputs[0]).op
    inner = through(widened.inputs[0]).op
    product = through(through(inner.inputs[0]).op.inputs[0]).op
    turned = through(y.op.inputs[0]).op
    constants = [op.inputs[1].array for op in (around, inner, turned)]
    none = [0, 0]
    wanted = [
        [none, [half, half], [half, half], none, none, none, none],
        [none, none, none, margin, margin, none],
        [0, 1, 3, 2, 4],
    ]
    if product.attributes.get("equation") != "nc,tc->nt":
        return False
    if any(a is None or a.tolist() != b for a, b in zip(constants, wanted, strict=True)):
        return False
    shape = (widened.output.shape or ())[1:6]
    if shape != (height, width, blocks, stride, blocks):
        return False
    places = [1, height + 2 * half, width + 2 * half, blocks, stride, blocks, 1]
    number = np.arange(np.prod(places)).reshape(places)
    parts = {
        number[:, i : i + height, j : j + width, -1 - i, :, -1 - j, :].tobytes()
        for i in range(blocks)
        for j in range(blocks)
    }
    added = [through(t) for t in through(turned.inputs[0]).op.inputs]
    found = [_part(t, columns, number) for t in added]
    return len(found) == len(parts) and set(found) == parts


def _part(t: Tensor, columns: Tensor, number: np.ndarray) -> bytes:
    """What a slice of the columns takes of these numbers."""
    if t.op.type != "StridedSlice" or through(t.op.inputs[0]) is not through(columns):
        return b""
    limits = [limit.array for limit in t.op.inputs[1:]]
    if any(limit is None for limit in limits):
        return b""
    taken: np.ndarray = folding.FUNCTIONS["StridedSlice"](t.op.attributes, number, *limits)
    return taken.tobytes()
