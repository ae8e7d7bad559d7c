"""TF1's ops that PyTorch has a function for, or a few words: a function each."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dcgan_v1.porting import description as d
from dcgan_v1.porting.text.printing import binary, constants, in_brackets, rank_of, square
from dcgan_v1.porting.torch import layout

if TYPE_CHECKING:
    from dcgan_v1.porting.torch.ops import Printer

DTYPES = {"float32": "torch.get_default_dtype()", "float64": "torch.get_default_dtype()"}


def _l2(p: "Printer", node: d.Node) -> str:
    x = node.inputs[0]
    text = p.operand(x)
    if isinstance(x, d.Weight):
        text = text.partition(".permute(")[0].removesuffix(".T")  # a sum has no order
    return f"{in_brackets(text)}.square().sum() / 2"


def _extreme(p: "Printer", node: d.Node, function: str, bound: str) -> str:
    a, b = node.inputs
    if isinstance(a, d.Constant) and not a.shape:
        a, b = b, a
    rank = rank_of(node.value)
    x = layout.broadcast(p.operand(a), a, rank)
    if isinstance(b, d.Constant) and not b.shape:
        return f"{in_brackets(x)}.clamp({bound}={b.number})"
    return f"torch.{function}({x}, {layout.broadcast(p.operand(b), b, rank)})"


def _squared_difference(p: "Printer", node: d.Node) -> str:
    a, b = (layout.broadcast(p.operand(x), x, rank_of(node.value)) for x in node.inputs)
    return f"torch.square({binary(a, '-', b)})"


def _safe_quotient(p: "Printer", node: d.Node) -> str:
    """DivNoNan: zero where it is divided by zero."""
    a, b = (layout.broadcast(p.operand(x), x, rank_of(node.value)) for x in node.inputs)
    if isinstance(node.inputs[1], d.Constant) and node.inputs[1].number:
        return binary(a, "/", b)
    return f"torch.where({in_brackets(b)} == 0, 0.0, {binary(a, '/', b)})"


def _select(p: "Printer", node: d.Node) -> str:
    condition, *rest = node.inputs
    if node.settings["type"] == "Select":
        raise d.Refused("Select by a vector")
    rank = rank_of(node.value)
    words = [layout.broadcast(p.operand(x), x, rank) for x in (condition, *rest)]
    return f"torch.where({', '.join(words)})"


def _product(p: "Printer", node: d.Node) -> str:
    s = node.settings
    words = []
    for x, names in zip(
        node.inputs, (("transpose_a", "adj_x"), ("transpose_b", "adj_y")), strict=True
    ):
        turned = ".mT" if any(s.get(n) for n in names) else ""
        words.append(f"{in_brackets(p.as_tf(x))}{turned}")
    return layout.from_tf(" @ ".join(words), node.value)


def _conv2d(p: "Printer", node: d.Node) -> str:
    x, kernel = node.inputs
    s = settings_of(node, kernel)
    inside = layout.with_pads(p.operand(x), layout.pads(x.shape, s))
    words = [inside, layout.permuted(p.as_tf(kernel), (3, 2, 0, 1))]
    words += [f"stride={square(s['strides'])}"] if set(s["strides"]) != {1} else []
    words += [f"dilation={square(s['dilations'])}"] if set(s["dilations"]) != {1} else []
    return f"F.conv2d({', '.join(words)})"


def _conv_transpose2d(p: "Printer", node: d.Node) -> str:
    _, kernel, x = node.inputs
    s = settings_of(node, kernel)
    pad, out, crop = transposed_sizes(x.shape, node.value.shape, s)
    words = [p.operand(x), layout.permuted(p.as_tf(kernel), (3, 2, 0, 1))]
    words += [f"stride={square(s['strides'])}"] if set(s["strides"]) != {1} else []
    words += [f"padding={square(pad)}"] if set(pad) != {0} else []
    words += [f"output_padding={square(out)}"] if set(out) != {0} else []
    return f"F.conv_transpose2d({', '.join(words)}){crop}"


def settings_of(node: d.Node, kernel: d.Operand) -> dict[str, Any]:
    """Returns a convolution's settings, as layers have them."""
    s, shape = node.settings, kernel.shape
    if s.get("data_format", "NHWC") != "NHWC" or s["padding"] == "EXPLICIT" or not shape:
        raise d.Refused(f"{s['type']} of another layout or padding")
    return {
        "size": tuple(shape[:2]),
        "strides": tuple(s["strides"][1:3]),
        "padding": s["padding"].lower(),
        "dilations": tuple(s.get("dilations", [1] * 4)[1:3]),
    }


def transposed_sizes(
    before: tuple[int | None, ...] | None, after: tuple[int | None, ...] | None, s: dict[str, Any]
) -> tuple[layout.Sides, layout.Sides, str]:
    """Returns (padding, output_padding, what is cut off then) of a transposed convolution.

    Args:
      before, after: TF1's shapes of what it is given and gives.
      s: size, strides, padding.

    Raises:
      Refused: sizes that are not known.
    """
    pad, out, cut = [0, 0], [0, 0], [0, 0]
    for i in (0, 1):
        side = before[1 + i] if before else None
        wanted = after[1 + i] if after else None
        if side is None or wanted is None:
            raise d.Refused("a transposed convolution of maps whose size is not known")
        if s["padding"] == "same":
            pad[i] = layout.same_padding(wanted, s["size"][i], s["strides"][i])[0]
        whole = (side - 1) * s["strides"][i] - 2 * pad[i] + s["size"][i]
        out[i], cut[i] = max(wanted - whole, 0), max(whole - wanted, 0)
        if out[i] >= s["strides"][i] and out[i]:
            raise d.Refused("a transposed convolution of an unusual size")
    ends = [f":-{n}" if n else ":" for n in cut]
    crop = f"[:, :, {ends[0]}, {ends[1]}]" if any(cut) else ""
    return (pad[0], pad[1]), (out[0], out[1]), crop


def _bias(p: "Printer", node: d.Node) -> str:
    x, bias = node.inputs
    aligned = layout.broadcast(p.operand(bias), bias, rank_of(node.value))
    return binary(p.operand(x), "+", aligned)


def _pool2d(p: "Printer", node: d.Node) -> str:
    s = node.settings
    if s.get("data_format", "NHWC") != "NHWC":
        raise d.Refused(f"{s['type']} of another layout")
    own = {"size": tuple(s["ksize"][1:3]), "strides": tuple(s["strides"][1:3])}
    own["padding"] = s["padding"].lower()
    return p.pool(node, "max_pool" if s["type"] == "MaxPool" else "avg_pool", own)


def _cast(p: "Printer", node: d.Node) -> str:
    to = node.settings["DstT"]
    return f"{in_brackets(p.operand(node.inputs[0]))}.to({DTYPES.get(to, f'torch.{to}')})"


def _resize(p: "Printer", node: d.Node) -> str:
    s, size = node.settings, constants(node.inputs[1])
    if size is None:
        raise d.Refused(f"{s['type']} to a size that is no number")
    x = p.operand(node.inputs[0])
    nearest = s["type"] == "ResizeNearestNeighbor"
    if not s.get("align_corners") and (nearest or not s.get("half_pixel_centers")):
        if nearest and not s.get("half_pixel_centers"):
            return f"F.interpolate({x}, {tuple(size)})"
        if not nearest:
            return f"resize_bilinear({x}, {tuple(size)})"
    if nearest:
        raise d.Refused(f"{s['type']} by corners or centres")
    corners = bool(s.get("align_corners"))
    return f'F.interpolate({x}, {tuple(size)}, mode="bilinear", align_corners={corners})'


def _entropy(p: "Printer", node: d.Node) -> str:
    logits, labels = (p.operand(x) for x in node.inputs)
    is_sparse = node.settings["type"].startswith("Sparse")
    more = ".long()" if is_sparse and getattr(node.inputs[1], "dtype", "int64") != "int64" else ""
    return f'F.cross_entropy({logits}, {in_brackets(labels)}{more}, reduction="none")'


OPS: dict[str, Callable[["Printer", d.Node], str]] = {
    "Neg": lambda p, n: f"-{in_brackets(p.operand(n.inputs[0]))}",
    "L2Loss": _l2,
    "StopGradient": lambda p, n: f"{in_brackets(p.operand(n.inputs[0]))}.detach()",
    "Maximum": lambda p, n: _extreme(p, n, "maximum", "min"),
    "Minimum": lambda p, n: _extreme(p, n, "minimum", "max"),
    "ClipByValue": lambda p, n: (
        f"{in_brackets(p.operand(n.inputs[0]))}.clamp({', '.join(map(p.operand, n.inputs[1:]))})"
    ),
    "SquaredDifference": _squared_difference,
    "DivNoNan": _safe_quotient,
    "Select": _select,
    "SelectV2": _select,
    "AddN": lambda p, n: " + ".join(in_brackets(p.operand(x)) for x in n.inputs),
    "MatMul": _product,
    "BatchMatMul": _product,
    "BatchMatMulV2": _product,
    "BiasAdd": _bias,
    "Conv2D": _conv2d,
    "Conv2DBackpropInput": _conv_transpose2d,
    "MaxPool": _pool2d,
    "AvgPool": _pool2d,
    "LeakyRelu": lambda p, n: f"F.leaky_relu({p.operand(n.inputs[0])}, {n.settings['alpha']:.6g})",
    "Cast": _cast,
    "ResizeBilinear": _resize,
    "ResizeNearestNeighbor": _resize,
    "SoftmaxCrossEntropyWithLogits": _entropy,
    "SparseSoftmaxCrossEntropyWithLogits": _entropy,
}
