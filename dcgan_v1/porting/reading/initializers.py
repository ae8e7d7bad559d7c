"""How a program gives its variables their first values, by kind and numbers."""

from typing import Any

from dcgan_v1.porting.graphs.graph import Graph, Tensor, through
from dcgan_v1.porting.graphs.matching import ADD, Number, any_of, number_of

DRAWS = {
    "RandomUniform": "uniform",
    "RandomStandardNormal": "normal",
    "TruncatedNormal": "truncated_normal",
}


def of(graph: Graph, name: str, known: dict[str, str]) -> tuple[str, dict[str, Any]]:
    """Returns (kind, numbers) of a variable's initialiser, ('', {}) where it is of no known kind.

    Args:
      graph: that holds the variable.
      name: the variable's.
      known: variable -> op that gives it its first value.
    """
    assign = graph.ops.get(known.get(name) or f"{name}/Assign")
    if assign is None or len(assign.inputs) < 2:
        return "", {}
    return _kind(through(assign.inputs[1]))


def _kind(value: Tensor) -> tuple[str, dict[str, Any]]:
    number = number_of(value)
    if number is not None:
        return {0.0: "zeros", 1.0: "ones"}.get(number, "constant"), {"value": number}
    bound = any_of(
        value,
        (ADD, ("Mul", "draw", Number("scale")), Number("shift")),
        ("Mul", "draw", Number("scale")),
        (ADD, "draw", Number("shift")),
        "draw",
    )
    kind = DRAWS.get(bound["draw"].op.type) if bound else None
    if bound is None or kind is None:
        return "", {}
    scale, shift = bound.get("scale", 1.0), bound.get("shift", 0.0)
    if kind == "uniform":
        return kind, {"low": shift, "high": float(f"{shift + scale:.7g}")}
    return kind, {"mean": shift, "stddev": scale}
