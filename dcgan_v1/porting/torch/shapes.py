"""Ops that reorder or reshape, as PyTorch says them.

In TF1's order of axes, whatever is held channels first."""

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from dcgan_v1.porting import description as d
from dcgan_v1.porting.text.printing import constants, in_brackets, rank_of
from dcgan_v1.porting.text.slicing import index_of
from dcgan_v1.porting.torch import layout

if TYPE_CHECKING:
    from dcgan_v1.porting.torch.ops import Printer


def reshape(p: "Printer", node: d.Node, shape: Sequence[int]) -> str:
    """Returns a value in another shape of TF1's.

    Args:
      p: that prints; node: the reshape.
      shape: TF1's, -1 for what is left.
    """
    x = node.inputs[0]
    before, after = x.shape, node.value.shape
    text = in_brackets(p.operand(x) if layout.is_same_order(before) else p.as_tf(x))
    if len(shape) == 2 and shape[0] == -1 and _are_rows(before, shape[1]):
        return f"{text}.flatten(1)"
    if len(shape) == 4 and layout.is_same_order(after) and after is not None:
        n, h, w, c = shape
        return f"{text}.reshape({n}, {c}, {h}, {w})"
    return layout.from_tf(f"{text}.reshape({', '.join(map(str, shape))})", node.value)


def _are_rows(shape: Sequence[int | None] | None, size: int) -> bool:
    """Whether maps of a shape have so many elements each."""
    if shape is None or len(shape) != 4 or None in shape[1:]:
        return False
    return math.prod(side or 0 for side in shape[1:]) == size


def concat(p: "Printer", node: d.Node, inputs: Sequence[d.Operand], axis: int) -> str:
    """Returns values side by side along an axis of TF1's.

    Args:
      p: that prints; node: the op; inputs: the values.
      axis: TF1's, from the end where it is negative.
    """
    rank = rank_of(node.value)
    if rank == 4:
        axis = layout.AXIS[axis % 4]
    words = ", ".join(layout.broadcast(p.operand(x), x, rank) for x in inputs)
    return f"torch.cat(({words}), {axis})"


def of_op(p: "Printer", node: d.Node) -> str | None:
    """Returns the expression of an op that moves elements, None for any other op."""
    function = OPS.get(node.settings["type"])
    return None if function is None else function(p, node)


def numbers(x: d.Operand, node: d.Node) -> list[int]:
    """Returns the whole numbers that an op is told.

    Raises:
      Refused: they are computed.
    """
    known = constants(x)
    if known is None:
        raise d.Refused(f"{node.settings['type']} by numbers that are computed")
    return known


def _in_tf(p: "Printer", node: d.Node, how: str) -> str:
    """An op of one value that acts on TF1's order of axes."""
    return layout.from_tf(f"{in_brackets(p.as_tf(node.inputs[0]))}{how}", node.value)


def _sizes(p: "Printer", x: d.Operand) -> str:
    """A shape as the words of a call: '2, 3', or '*shape'."""
    known = constants(x)
    if known is not None:
        return ", ".join(map(str, known))
    text = p.operand(x)
    return text[1:-1] if text.startswith("[") and text.endswith("]") else f"*{in_brackets(text)}"


def _reshape(p: "Printer", node: d.Node) -> str:
    known = constants(node.inputs[1])
    if known is not None:
        return reshape(p, node, known)
    return _in_tf(p, node, f".reshape({_sizes(p, node.inputs[1])})")


def _shape(p: "Printer", node: d.Node) -> str:
    return f"{in_brackets(p.as_tf(node.inputs[0]))}.shape"


def _pack(p: "Printer", node: d.Node) -> str:
    words = ", ".join(p.operand(x) for x in node.inputs)
    if node.value.dtype.startswith("int"):
        return f"[{words}]"  # sizes
    words = ", ".join(p.as_tf(x) for x in node.inputs)
    return layout.from_tf(f"torch.stack(({words}), {node.settings.get('axis', 0)})", node.value)


def _strided_slice(p: "Printer", node: d.Node) -> str:
    x = node.inputs[0]
    source = p.nodes.get(x.name) if isinstance(x, d.Value) else None
    if source is not None and source.settings.get("type") == "Shape":
        begin = numbers(node.inputs[1], node)
        return _side(p, source.inputs[0], begin[0], node.settings)
    index, steps = index_of(node), numbers(node.inputs[3], node)
    if index is None or min(steps) < 0:
        raise d.Refused("a slice that goes backwards, or between places that are computed")
    return _in_tf(p, node, f"[{index}]")


def _side(p: "Printer", x: d.Operand, axis: int, s: dict[str, object]) -> str:
    """tf.shape(x)[axis]."""
    if s.get("shrink_axis_mask") != 1:
        raise d.Refused("a part of a shape")
    if rank_of(x) == 4:
        axis = layout.AXIS[axis % 4]
    return f"{in_brackets(p.operand(x))}.shape[{axis}]"


def _slice(p: "Printer", node: d.Node) -> str:
    index = index_of(node)
    if index is None:
        raise d.Refused("a slice between places that are computed")
    return _in_tf(p, node, f"[{index}]")


def _squeeze(p: "Printer", node: d.Node) -> str:
    axes = sorted(node.settings.get("squeeze_dims") or node.settings.get("axis") or [])
    inner = "" if not axes else str(axes[0]) if len(axes) == 1 else str(tuple(axes))
    return _in_tf(p, node, f".squeeze({inner})")


def _pad(p: "Printer", node: d.Node) -> str:
    words = numbers(node.inputs[1], node)
    pairs = [words[i : i + 2] for i in range(0, len(words), 2)]
    x, value = node.inputs[0], "0.0" if len(node.inputs) < 3 else p.operand(node.inputs[2])
    if rank_of(x) == 4:
        pairs = [pairs[i] for i in (0, 3, 1, 2)]
    while pairs and not any(pairs[0]):
        pairs = pairs[1:]  # torch begins with the last axis
    flat = tuple(n for pair in reversed(pairs) for n in pair)
    return f"F.pad({p.operand(x)}, {flat}, value={value})"


def _gather(p: "Printer", node: d.Node) -> str:
    x, index, *axis = node.inputs
    if axis and numbers(axis[0], node) != [0]:
        raise d.Refused("GatherV2 along another axis than the first")
    return layout.from_tf(f"{in_brackets(p.as_tf(x))}[{p.operand(index)}]", node.value)


def _one_hot(p: "Printer", node: d.Node) -> str:
    index, depth, on, off = node.inputs
    (count,) = numbers(depth, node)
    if not (isinstance(on, d.Constant) and isinstance(off, d.Constant)):
        raise d.Refused("OneHot of computed values")
    if (on.number, off.number) != (1, 0) or node.settings.get("axis", -1) != -1:
        raise d.Refused("OneHot of other values than 1 and 0")
    text = f"F.one_hot({in_brackets(p.operand(index))}.long(), {count})"
    is_float = node.value.dtype.startswith("float")
    return f"{text}.to(torch.get_default_dtype())" if is_float else text


def _fill(p: "Printer", node: d.Node) -> str:
    size, value = node.inputs
    text = p.operand(value)
    return layout.from_tf(f"torch.full(({_sizes(p, size)},), {text})", node.value)


def _tile(p: "Printer", node: d.Node) -> str:
    x, times = node.inputs[0], constants(node.inputs[1])
    if times is not None and rank_of(x) == 4:
        words = ", ".join(str(times[i]) for i in (0, 3, 1, 2))
        return f"{in_brackets(p.operand(x))}.repeat({words})"
    return _in_tf(p, node, f".repeat({_sizes(p, node.inputs[1])})")


def _split(p: "Printer", node: d.Node) -> str:
    """The parts of a value along an axis; maps are cut as they are held."""
    x, numbers_of = _split_words(node)
    axis = numbers_of[0] % max(rank_of(x), 1)
    if rank_of(x) == 4:
        axis = layout.AXIS[axis]
    how = "chunk" if node.settings["type"] == "Split" else "split"
    size = len(node.values) if how == "chunk" else numbers_of[1:]
    return f"{in_brackets(p.operand(x))}.{how}({size}, {axis})"


def _split_words(node: d.Node) -> tuple[d.Operand, list[int]]:
    """What is split, and [axis, sizes]."""
    if node.settings["type"] == "Split":
        return node.inputs[1], numbers(node.inputs[0], node)
    x, sizes, axis = node.inputs
    return x, [*numbers(axis, node), *numbers(sizes, node)]


def _unpack(p: "Printer", node: d.Node) -> str:
    if rank_of(node.value) == 4:
        raise d.Refused("Unpack into maps")
    axis = node.settings.get("axis", 0)
    return f"{in_brackets(p.as_tf(node.inputs[0]))}.unbind({axis})"


PARTS = ("Split", "SplitV", "Unpack")  # ops that give several values
OPS: dict[str, Callable[["Printer", d.Node], str]] = {
    "Reshape": _reshape,
    "Shape": _shape,
    "Pack": _pack,
    "StridedSlice": _strided_slice,
    "Slice": _slice,
    "Squeeze": _squeeze,
    "ExpandDims": lambda p, n: _in_tf(p, n, f".unsqueeze({numbers(n.inputs[1], n)[0]})"),
    "Transpose": lambda p, n: _in_tf(
        p, n, f".permute({', '.join(map(str, numbers(n.inputs[1], n)))})"
    ),
    "ConcatV2": lambda p, n: concat(p, n, n.inputs[:-1], numbers(n.inputs[-1], n)[0]),
    "Tile": _tile,
    "Pad": _pad,
    "PadV2": _pad,
    "GatherV2": _gather,
    "Gather": _gather,
    "OneHot": _one_hot,
    "ArgMax": lambda p, n: _in_tf(p, n, f".argmax({numbers(n.inputs[1], n)[0]})"),
    "Fill": _fill,
    "Split": _split,
    "SplitV": _split,
    "Unpack": _unpack,
}
