"""Matches a piece of a graph with a form written down as nested tuples.

    bound = match(y, ("Add|AddV2", ("MatMul", "x", "w"), "b"))

A form is a tuple of op types and the forms of the op's inputs; a name, which binds a tensor (the
same one wherever it stands); a number, which a tensor of equal elements must be; `Number("eps")`,
which binds such a number; or ANY. Sums, products and maxima are tried both ways round.
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from dcgan_v1.porting.graphs.graph import Tensor, through

COMMUTATIVE = ("Add", "AddV2", "Mul", "Maximum", "Minimum", "SquaredDifference", "Equal")
ANY = object()
Form = Any
Bound = dict[str, Any]
NEAR = 1e-6  # relative, of numbers in float32


ADD = "Add|AddV2"
DIVIDE = "RealDiv|Div"
SELECT = "Select|SelectV2"


@dataclass
class Match:
    """What a pattern saw.

    Attributes:
      inputs: the tensors that it is made of, weights aside.
      variables: part -> variable; settings: see `description.Node`.
      moments: of a batch norm by the batch, the tensors of its mean and variance.
      before: an op that its input goes through first: settings, second input, shape.
    """

    kind: str
    inputs: list[Tensor]
    settings: dict[str, Any] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    moments: tuple[Tensor, ...] = ()
    before: tuple[dict[str, Any], np.ndarray, tuple[int | None, ...]] | None = None


class Number(NamedTuple):
    """Binds a number."""

    name: str


def match(tensor: Tensor, form: Form) -> Bound | None:
    """Returns what the names in a form stand for, or None where the tensor is not of that form."""
    return next(iter(_matches(tensor, form, {})), None)


def any_of(tensor: Tensor, *forms: Form) -> Bound | None:
    """Returns what the first form binds that a tensor has."""
    for form in forms:
        bound = match(tensor, form)
        if bound is not None:
            return bound
    return None


def number_of(tensor: Tensor) -> float | None:
    """Returns the number that all elements of a tensor are, else None."""
    tensor = through(tensor)
    if tensor.number is not None:
        return float(tensor.number)
    if tensor.op.type in ("OnesLike", "ZerosLike"):
        return float(tensor.op.type == "OnesLike")
    if tensor.op.type == "Fill" and tensor.op.inputs[1].number is not None:
        return float(tensor.op.inputs[1].number)
    if tensor.op.type in ("Mul", "Add", "AddV2", "Sub"):
        numbers = [number_of(t) for t in tensor.op.inputs]
        if None not in numbers:
            a, b = (float(n) for n in numbers if n is not None)
            return {"Mul": a * b, "Sub": a - b}.get(tensor.op.type, a + b)
    return None


def _matches(tensor: Tensor, form: Form, bound: Bound) -> list[Bound]:
    if form is ANY:
        return [bound]
    if isinstance(form, str):
        tensor = through(tensor)
        if form in bound:
            return [bound] if bound[form] is tensor else []
        return [{**bound, form: tensor}]
    if isinstance(form, Number | int | float):
        number = number_of(tensor)
        if number is None:
            return []
        if isinstance(form, Number):
            return [{**bound, form.name: float(f"{number:.7g}")}]
        return [bound] if abs(number - form) <= NEAR * abs(form) else []
    tensor = through(tensor)
    types, *forms = form
    op = tensor.op
    if op.type not in types.split("|") or tensor.array is not None or len(op.inputs) < len(forms):
        return []
    orders = [op.inputs[: len(forms)]]
    if op.type in COMMUTATIVE and len(forms) == 2:
        orders.append(op.inputs[1::-1])
    results: list[Bound] = []
    for inputs in orders:
        here = [bound]
        for t, inner in zip(inputs, forms, strict=True):
            here = [after for before in here for after in _matches(t, inner, before)]
        results += here
    return results
