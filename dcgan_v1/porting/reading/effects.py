"""What a session run of TF1's moves, in its order: updates, averages, clipped weights."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from dcgan_v1.porting.graphs.graph import Graph, Op, Tensor, above, through, variable_of
from dcgan_v1.porting.graphs.matching import ADD, DIVIDE, Number, any_of, number_of

ASSIGNMENTS = {
    **{"Assign": "set", "AssignVariableOp": "set"},
    **{"AssignAdd": "add", "AssignAddVariableOp": "add"},
    **{"AssignSub": "sub", "AssignSubVariableOp": "sub"},
}


@dataclass(eq=False)
class Move:
    """An effect that is no update: `variable` becomes, or is changed by, `value`.

    Attributes:
      how: 'set', 'add' or 'sub'.
    """

    op: Op
    variable: str
    how: str
    value: Tensor


@dataclass(eq=False)
class Updated:
    """An update among the effects: its number, and the ops that apply it."""

    number: int
    ops: list[Op] = field(default_factory=list)


@dataclass(frozen=True)
class Average:
    """A move of an average: `variable` keeps `decay` of itself and takes the rest of `of`."""

    variable: str
    of: Tensor
    decay: float


def moves(graph: Graph, run: Sequence[str], ignored: set[str]) -> list[Move]:
    """Returns the assignments that a run does, in the graph's order.

    Args:
      run: names of the ops that it fetches.
      ignored: variables whose moves belong to an optimiser.
    """
    found = []
    inside = above([graph.ops[name] for name in run if name in graph.ops])
    for op in sorted(inside, key=lambda op: op.index):
        how = ASSIGNMENTS.get(op.type)
        name = variable_of(op.inputs[0]) if how else None
        if how and name and name not in ignored:
            found.append(Move(op, name, how, op.inputs[1]))
    return found


WRITES = re.compile(
    r"(Resource)?(Scatter(?!Nd$)|StridedSliceAssign|SparseApply)"
    r"|Queue.*Enqueue|(Eager)?PyFunc|CountUpTo"
)


def strays(graph: Graph, run: Sequence[str], applied: set[Op]) -> list[str]:
    """Returns what a run changes in ways that are neither an update nor a plain assignment.

    Args:
      graph: in training.
      run: names of the ops that it fetches.
      applied: ops of its updates.
    """
    inside = above([graph.ops[name] for name in run if name in graph.ops])
    return [
        f"{op.type} ({op.name}), which a step does beside its updates"
        for op in sorted(inside, key=lambda op: op.index)
        if (op.type in ASSIGNMENTS and variable_of(op.inputs[0]) is None)
        or ("Apply" in op.type and op not in applied)
        or WRITES.match(op.type)
    ]


def average(move: Move) -> Average | None:
    """Returns what a move is as a moving average, or None."""
    if move.how == "sub":
        bound = any_of(move.value, ("Mul", ("Sub", "v", "x"), Number("rest")))
    elif move.how == "set":
        bound = any_of(
            move.value,
            ("Sub", "v", ("Mul", ("Sub", "v", "x"), Number("rest"))),
            (ADD, ("Mul", "v", Number("decay")), ("Mul", "x", Number("rest"))),
        )
    else:
        bound = None
    if bound is None:
        return None
    v, x = bound["v"], bound["x"]
    decay = bound.get("decay", 1 - bound["rest"])
    if variable_of(v) != move.variable and variable_of(x) == move.variable:
        v, x, decay = x, v, 1 - decay
    if variable_of(v) != move.variable or abs(decay + bound["rest"] - 1) > 1e-5:
        return None
    return Average(move.variable, through(x), float(f"{decay:.6g}"))


def is_debiased(move: Move) -> bool:
    """Whether a move is assign_moving_average's with zero_debias, its default: a second average,
    'biased', that begins with 0, over 1 - decay^steps."""
    over = (DIVIDE, "from zero", ("Sub", 1, ("Pow", "decay", "steps")))
    is_second = move.variable.endswith("/biased")
    return is_second or any_of(move.value, over, ("Sub", "v", over)) is not None


def clip(move: Move) -> tuple[float, float] | None:
    """Returns the limits between which a move clips its variable, or None."""
    bound = any_of(
        move.value,
        ("Maximum", ("Minimum", "v", Number("high")), Number("low")),
        ("Minimum", ("Maximum", "v", Number("low")), Number("high")),
        ("ClipByValue", "v", Number("low"), Number("high")),
    )
    if bound is None or move.how != "set" or variable_of(bound["v"]) != move.variable:
        return None
    return bound["low"], bound["high"]


def is_count(move: Move) -> bool:
    """Whether a move counts steps."""
    return move.how == "add" and number_of(move.value) == 1 and not move.value.shape
