"""What a session call runs, and which of its ops the graph's edges put in an order."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import tensorflow.compat.v1 as tf

VARIABLES = ("VariableV2", "Variable", "VarHandleOp")
# they hand on the memory of a reference variable: who uses what they give, reads it
ALIASES = (
    "Identity",
    "Enter",
    "RefEnter",
    "Switch",
    "RefSwitch",
    "RefIdentity",
    "Reshape",
    "ExpandDims",
    "Squeeze",
    "StopGradient",
    "PreventGradient",
    "CheckNumerics",
)
SHAPE_ONLY = (
    "Shape",
    "ShapeN",
    "Size",
    "Rank",
    "VariableShape",
    "ZerosLike",
    "OnesLike",
    "IsVariableInitialized",
    "VarIsInitializedOp",
)
SWITCHES = ("Switch", "RefSwitch")
JOINS = ("Merge", "RefMerge")

Masks = dict[tf.Operation, int]  # op -> bits of those that it waits for
Branch = tuple[str, int]  # a condition and its outcome
Branches = dict[tf.Operation, frozenset[Branch]]
Modes = Mapping[tf.Operation, bool]  # op -> the truth value that it is fed


class SessionCall:
    """The ops of one session call, and which of them wait for which.

    Args:
      ops: what it runs.
      values: those ops whose values it returns.
      modes: what is known of the conditions.

    Attributes:
      fetched: those values that are no summaries.
      writers: variable -> ops that write it, in the order of `rank`.
      readers: variable -> ops that read its value, and do not write it.
    """

    def __init__(
        self, ops: Sequence[tf.Operation], values: Sequence[tf.Operation], modes: Modes
    ) -> None:
        self.ops = in_order([*ops, *values])
        self._place = {op: i for i, op in enumerate(self.ops)}
        self._waits = self._masks(causes)
        self._made_of = self._masks(lambda op: _value_causes(op, modes))
        self._branches = branches(self.ops)
        outcomes = {(_condition(op.outputs[0]), int(not is_on)) for op, is_on in modes.items()}
        alive = [op for op in self.ops if not self._branches[op] & outcomes]
        self.fetched = [op for op in values if "Summary" not in op.type]
        self.writers: dict[str, list[tf.Operation]] = {}
        for op in sorted(filter(is_write, alive), key=rank):
            self.writers.setdefault(_variable(op.inputs[0]), []).append(op)
        self.readers = _readers(alive, self.writers)

    def _masks(self, of: Callable[[tf.Operation], list[tf.Operation]]) -> Masks:
        masks: Masks = {}
        for op in self.ops:
            mask = 0
            for cause in of(op):
                mask |= masks.get(cause, 0) | 1 << self._place[cause]
            masks[op] = mask
        return masks

    def is_ordered(self, a: tf.Operation, b: tf.Operation) -> bool:
        """Whether one waits for the other, or only one of them runs."""
        if self._waits[a] >> self._place[b] & 1 or self._waits[b] >> self._place[a] & 1:
            return True
        return any((name, 1 - side) in self._branches[b] for name, side in self._branches[a])

    def is_made_of(self, op: tf.Operation, part: tf.Operation) -> bool:
        """Whether a value is computed from another, or is it."""
        return op is part or bool(self._made_of[op] >> self._place[part] & 1)


def causes(op: tf.Operation) -> list[tf.Operation]:
    """Returns the ops that an op waits for."""
    return [*_data_causes(op), *op.control_inputs]


def _data_causes(op: tf.Operation) -> list[tf.Operation]:
    return [tensor.op for tensor in op.inputs]


def _value_causes(op: tf.Operation, modes: Modes) -> list[tf.Operation]:
    """What an op's value is made of: of a choice, what is chosen."""
    if op.type in ("Select", "SelectV2"):
        condition = _without_identities(op.inputs[0]).op
        if condition in modes:
            return [op.inputs[1 if modes[condition] else 2].op]
    return _data_causes(op)


def in_order(ops: Iterable[tf.Operation]) -> list[tf.Operation]:
    """Returns all ops that a run of `ops` runs, each after what it waits for; a loop's ops in any
    order."""
    order: dict[tf.Operation, None] = {}
    begun: set[tf.Operation] = set()
    stack = [(op, False) for op in reversed(list(ops))]
    while stack:
        op, is_done = stack.pop()
        if is_done:
            order[op] = None
        elif op not in begun:
            begun.add(op)
            stack.append((op, True))
            stack += [(cause, False) for cause in causes(op) if cause not in begun]
    return list(order)


def branches(ops: Sequence[tf.Operation]) -> Branches:
    """Returns op -> the outcomes of conditions that it runs under.

    Args:
      ops: in the order of `in_order`.
    """
    none: frozenset[Branch] = frozenset()
    conditions: Branches = {}
    for op in ops:
        sides = [conditions[control] for control in op.control_inputs if control in conditions]
        for tensor in op.inputs:
            own = conditions.get(tensor.op)
            if own is None:
                continue  # the way back of a loop
            if tensor.op.type in SWITCHES and tensor.op.inputs[1].op.type != "LoopCond":
                own |= {(_condition(tensor.op.inputs[1]), tensor.value_index)}
            sides.append(own)
        if op.type in JOINS and sides:  # it has a value whichever side has
            conditions[op] = frozenset.intersection(*sides)
        else:
            conditions[op] = none.union(*sides)
    return conditions


def join_of(op: tf.Operation, outside: frozenset[Branch], among: Branches) -> tf.Operation | None:
    """Returns the op that joins the branch that an op is in: it runs after it, or without it.

    Args:
      op: may be left out.
      outside: the outcomes under which the join must run.
      among: all ops that there are.
    """
    waiting, region = [op], {op}
    while waiting:
        after = waiting.pop(0)
        consumers = [c for tensor in after.outputs for c in tensor.consumers()]
        for other in (*consumers, *after._control_outputs):
            if other in region or other not in among:
                continue
            if other.type in JOINS and among[other] <= outside:
                return other
            region.add(other)
            waiting.append(other)
    return None


def _condition(tensor: tf.Tensor) -> str:
    return str(_without_identities(tensor).name)


def _without_identities(tensor: tf.Tensor) -> tf.Tensor:
    while tensor.op.type == "Identity":
        tensor = tensor.op.inputs[0]
    return tensor


def is_write(op: tf.Operation) -> bool:
    """Whether an op changes a variable."""
    is_one = any(word in op.type for word in ("Assign", "Scatter", "Apply"))
    return is_one and bool(op.inputs) and _variable(op.inputs[0]) != ""


def rank(op: tf.Operation) -> tuple[bool, int]:
    """Optimisers' updates before assignments, in the order in which they were made."""
    return "Apply" not in op.type, op._id


def _variable(tensor: tf.Tensor) -> str:
    """The name of the variable that a tensor is, or whose memory it shares; '' for none."""
    op = tensor.op
    while op.type in ALIASES:
        op = op.inputs[0].op
    return str(op.name) if op.type in VARIABLES else ""


def _readers(ops: Sequence[tf.Operation], names: Iterable[str]) -> dict[str, list[tf.Operation]]:
    readers: dict[str, list[tf.Operation]] = {name: [] for name in names}
    for op in ops:
        if op.type in (*ALIASES, *SHAPE_ONLY):
            continue
        target = _variable(op.inputs[0]) if is_write(op) else ""
        sources = {_variable(tensor) for tensor in op.inputs} - {target}
        for name in sources & readers.keys():
            readers[name].append(op)
    return readers
