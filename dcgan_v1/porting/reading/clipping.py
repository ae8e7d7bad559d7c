"""Reads how a program clips gradients before an update: by value, by norm, by the norm of all."""

import math
import re
from collections.abc import Sequence

from dcgan_v1.porting.graphs.graph import Op, Tensor, through
from dcgan_v1.porting.graphs.matching import Number, any_of, match, number_of
from dcgan_v1.porting.reading.gradients import GRADIENTS

OWN = r"(AddN|Fill|zeros_like|ones_like)(_\d+)?"  # what tf.gradients puts right under its scope
Clipped = tuple[Tensor, dict[str, float], Tensor | None]  # gradient, settings, factor of all


def of(gradients: Sequence[Tensor]) -> dict[str, float] | None:
    """Returns what is done to the gradients that an update is given: {} for nothing, None for what
    is of no known kind, or not the same for all."""
    clipped = [_clipped(through(t)) for t in gradients]
    known = [c for c in clipped if c is not None]
    if len(known) < len(clipped) or any(c[1] != known[0][1] for c in known):
        return None
    scales = {scale for _, _, scale in known if scale is not None}
    if scales and _measured(scales) != {g for g, _, _ in known}:
        return None  # the norm is of others, too, or of some
    return known[0][1] if known else {}


def _measured(scales: set[Tensor]) -> set[Tensor]:
    """The tensors whose norm a factor goes by."""
    return {through(op.inputs[0]) for op in _within(scales) if op.type == "L2Loss"}


def _within(scales: set[Tensor]) -> list[Op]:
    """The ops that work a factor out, down to the squares that it goes by."""
    reached: dict[Op, None] = {}
    stack = [scale.op for scale in scales]
    while stack:
        op = stack.pop()
        if op not in reached:
            reached[op] = None
            stack += [t.op for t in op.inputs if t is not None and op.type != "L2Loss"]
    return list(reached)


def _is_gradient(tensor: Tensor) -> bool:
    """Whether tf.gradients made it, and nothing was done to it."""
    inner = GRADIENTS.match(tensor.op.name)
    if inner is None and tensor.op.type in ("Add", "AddV2"):  # of the sum of two losses
        return all(_is_gradient(through(t)) for t in tensor.op.inputs)
    return (
        tensor.array is None
        and inner is not None
        and ("_grad/" in inner[2] or re.fullmatch(OWN, inner[2]) is not None)
    )


def _clipped(tensor: Tensor) -> Clipped | None:
    """One gradient, and what is done to it."""
    if _is_gradient(tensor):
        return tensor, {}, None
    by_value = any_of(
        tensor,
        ("Maximum", ("Minimum", "g", Number("high")), Number("low")),
        ("Minimum", ("Maximum", "g", Number("low")), Number("high")),
        ("ClipByValue", "g", Number("low"), Number("high")),
    )
    if by_value:
        is_even = by_value["low"] == -by_value["high"] and _is_gradient(by_value["g"])
        return (by_value["g"], {"clip value": by_value["high"]}, None) if is_even else None
    by_norm = match(
        tensor, ("RealDiv", ("Mul", "g", Number("norm")), ("Maximum", "length", Number("norm")))
    )
    if by_norm:
        is_whole = math.prod(n or 0 for n in by_norm["length"].shape or ()) == 1
        if is_whole and _is_gradient(by_norm["g"]) and _is_length(by_norm["length"], by_norm["g"]):
            return by_norm["g"], {"clip norm": by_norm["norm"]}, None
        return None
    return _by_all(tensor)


def _is_length(length: Tensor, g: Tensor) -> bool:
    """Whether a tensor is worked out of a gradient's own squares."""
    squares = [op for op in _within({length}) if op.type in ("Mul", "Square")]
    return any(all(through(t) is g for t in op.inputs) for op in squares)


def _by_all(tensor: Tensor) -> Clipped | None:
    bound = match(tensor, ("Mul", "g", "scale"))
    if bound is None:
        return None
    g, scale = bound["g"], bound["scale"]
    if scale.shape:
        g, scale = scale, g
    if not _is_gradient(g):
        return None
    numbers = {
        number
        for op in _within({scale})
        if op.type == "Mul" and any(through(t).op.type == "Minimum" for t in op.inputs)
        for number in map(number_of, op.inputs)
        if number is not None
    }
    if len(numbers) != 1:
        return None
    return g, {"clip global norm": float(f"{numbers.pop():.7g}")}, scale
