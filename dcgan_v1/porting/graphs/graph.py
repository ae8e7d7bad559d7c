"""A TF1 graph without TensorFlow, in one mode.

Branches that the mode settles are gone, and what depends on constants alone is a constant."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dcgan_v1.porting.graphs import folding, shapes

VARIABLES = ("Variable", "VariableV2", "VarHandleOp")
ALIASES = ("Identity", "ReadVariableOp", "Snapshot", "EnsureShape", "CheckNumerics")
LARGEST_CONSTANT = 20000  # elements of what is computed from constants


@dataclass(eq=False, repr=False)
class Tensor:
    """A tensor; `array` is its value where it is a constant."""

    op: "Op"
    index: int
    shape: tuple[int | None, ...] | None
    dtype: str
    array: np.ndarray | None = None
    users: "list[Op]" = field(default_factory=list)

    @property
    def number(self) -> Any:
        """The Python number of a constant whose elements are all equal, else None."""
        if self.array is None or not self.array.size:
            return None
        flat = self.array.reshape(-1)
        return flat[0].item() if np.all(flat == flat[0]) else None


@dataclass(eq=False, repr=False)
class Op:
    """An operation."""

    name: str
    type: str
    attributes: dict[str, Any]
    inputs: list[Tensor] = field(default_factory=list)
    controls: "list[Op]" = field(default_factory=list)
    outputs: list[Tensor] = field(default_factory=list)
    index: int = 0

    @property
    def output(self) -> Tensor:
        """Its first output."""
        return self.outputs[0]


@dataclass
class Graph:
    """A graph: ops by name in the order in which they were made."""

    ops: dict[str, Op] = field(default_factory=dict)

    def tensor(self, name: str) -> Tensor:
        """Returns 'x' or 'x:1'."""
        op, _, index = name.partition(":")
        return self.ops[op].outputs[int(index or 0)]


RawOp = tuple[str, str, dict[str, Any], list[str], list[str], list[tuple[Any, str]]]
# name, type, attributes, inputs 'x:0', controls, outputs (shape, dtype)


def build(raw: Iterable[RawOp], values: Mapping[str, np.ndarray]) -> Graph:
    """Returns the graph in one mode.

    Args:
      raw: ops, each after what it needs but for what comes round in a loop.
      values: placeholder -> what it is fed in this mode.
    """
    graph = Graph()
    raw = list(raw)
    tensors: dict[str, Tensor | None] = {}  # None: it has no value in this mode
    late: list[tuple[Op, int, str]] = []
    for name, type_, attributes, inputs, controls, outputs in raw:
        op = Op(name, type_, attributes, index=len(graph.ops))
        dead = [t for t in inputs if tensors.get(t, op) is None]
        is_dead = any(c in graph.ops and graph.ops[c].type == "Dead" for c in controls)
        if type_ in ("Merge", "RefMerge"):
            living = [t for t in inputs if t not in dead]
            if dead and len(living) == 1:
                op.type, inputs = "Identity", living
            is_dead = is_dead or not living
        elif dead or is_dead:
            is_dead = True
        for i, t in enumerate(inputs):
            tensor = tensors.get(t)
            if tensor is None and not is_dead:
                late.append((op, i, t))
            op.inputs.append(tensor)  # type: ignore[arg-type]  # wired below
        op.controls = [graph.ops[c] for c in controls if c in graph.ops]
        if type_ == "VarHandleOp":
            outputs = [(attributes["shape"], attributes["dtype"])]  # what it holds, no handle's
        op.outputs = [Tensor(op, i, shape, dtype) for i, (shape, dtype) in enumerate(outputs)]
        graph.ops[name] = op
        living_outputs = _specialised(op, values, is_dead)
        for i, tensor in enumerate(living_outputs):
            tensors[f"{name}:{i}"] = tensor
    for op, i, t in late:
        tensor = tensors.get(t)
        if tensor is not None:
            op.inputs[i] = tensor
    graph.ops = {n: op for n, op in graph.ops.items() if op.type != "Dead"}
    for op in graph.ops.values():
        op.controls = [c for c in op.controls if c.type != "Dead"]
        for needed in op.inputs:
            if needed is not None and op not in needed.users:
                needed.users.append(op)
    return graph


def _specialised(op: Op, values: Mapping[str, np.ndarray], is_dead: bool) -> list[Tensor | None]:
    """Settles what the mode settles of an op; returns its outputs, None for those without value."""
    if is_dead:
        op.type = "Dead"
        return [None] * len(op.outputs)
    if op.name in values:
        op.type = "Const"
        op.output.array = np.asarray(values[op.name])
    elif op.type in ("Switch", "RefSwitch") and op.inputs[1] is not None:
        predicate = op.inputs[1].array
        if predicate is not None:
            taken = int(bool(predicate))
            op.type, op.inputs = "Identity", op.inputs[:1]
            kept = Tensor(op, 0, op.outputs[taken].shape, op.outputs[taken].dtype)
            kept.array = op.inputs[0].array if op.inputs[0] is not None else None
            op.outputs = [kept]
            return [kept, None] if not taken else [None, kept]
    elif op.type in ("Select", "SelectV2") and op.inputs[0].array is not None:
        condition = op.inputs[0].array
        if condition.size and (np.all(condition) or not np.any(condition)):
            op.type, op.inputs = "Identity", [op.inputs[1 if np.all(condition) else 2]]
            op.output.array = op.inputs[0].array
    elif op.type == "Const":
        op.output.array = op.attributes.get("value")
    else:
        _fold(op)
    return list(op.outputs)


def _fold(op: Op) -> None:
    if op.type in ("Shape", "Size", "Rank") and op.inputs[0] is not None:
        shapes.fold(op, op.inputs[0].shape)
        return
    if op.type == "StridedSlice" and shapes.fold_side(op):
        return
    if op.type == "Slice" and shapes.fold_slice(op):
        return
    if op.type == "Reshape":
        shapes.infer_reshape(op)
    shapes.infer_elementwise(op)
    function: Callable[..., Any] | None = folding.FUNCTIONS.get(op.type)
    if function is None or (not op.inputs and op.type not in ("Const",)):
        return
    if any(t is None or t.array is None for t in op.inputs):
        return
    shape = op.output.shape
    if shape is not None and None not in shape and shapes.size(shape) > LARGEST_CONSTANT:
        return
    try:
        result = function(op.attributes, *(t.array for t in op.inputs))
    except (ValueError, TypeError, IndexError, ZeroDivisionError):
        return
    if isinstance(result, list):
        for tensor, array in zip(op.outputs, result, strict=False):
            tensor.array = np.asarray(array)
    elif np.size(result) <= LARGEST_CONSTANT:
        op.output.array = np.asarray(result)


def through(tensor: Tensor) -> Tensor:
    """Returns what a tensor is the same as: identities, sums with 0, products with 1 and
    reshapes to the same shape are looked through."""
    while tensor.array is None and tensor.op.inputs:
        is_many = tensor.op.type == "IdentityN"  # what tf.custom_gradient makes
        other = tensor.op.inputs[tensor.index] if is_many else _alias(tensor.op)
        if other is None:
            return tensor
        tensor = other
    return tensor


def _alias(op: Op) -> Tensor | None:
    if op.type in ALIASES:
        return op.inputs[0]
    if op.type == "Transpose" and op.inputs[1] is not None and op.inputs[1].array is not None:
        perm = op.inputs[1].array.tolist()
        return op.inputs[0] if perm == sorted(perm) else None
    neutral = {"Add": 0, "AddV2": 0, "Sub": 0, "Mul": 1, "RealDiv": 1}.get(op.type)
    if neutral is not None:
        for number, other in ((1, 0), (0, 1)):
            y = op.inputs[other]
            if op.inputs[number].number == neutral and y.shape == op.output.shape:
                if number == 0 and op.type in ("Sub", "RealDiv"):
                    continue
                return y
    if op.type == "Reshape" and op.inputs[0] is not None:
        shape = op.inputs[0].shape
        after = op.output.shape
        if shape is not None and shape == after and shape.count(None) <= 1:
            return op.inputs[0]
        if shape and after and shape[1:] == after[1:] and None not in after[1:]:
            return op.inputs[0]  # a batch of so many rows, which the graph leaves open before
    return None


def variable_of(tensor: Tensor) -> str | None:
    """Returns the name of the variable that a tensor reads, else None."""
    op = through(tensor).op
    while op.type in ("Enter", "RefEnter", "Switch", "RefSwitch") and op.inputs:
        op = through(op.inputs[0]).op
    return op.name if op.type in VARIABLES else None


def above(ops: Iterable[Op]) -> set[Op]:
    """Returns every op that `ops` need, themselves too."""
    visited: set[Op] = set()
    stack = list(ops)
    while stack:
        op = stack.pop()
        if op in visited:
            continue
        visited.add(op)
        if op.type.startswith(("IteratorGetNext", "QueueDequeue")):
            continue
        stack += [t.op for t in op.inputs if t is not None]
        stack += op.controls
    return visited
