"""Finds races of a session call: an op writes a variable that another reads or writes.

No edge of the graph says which comes first, and TensorFlow runs them in any order, so that such a
call does not repeat itself.

`find` names the pairs, `impose` gives a graph one order: values are read before an optimiser
updates them, and what a program assigns itself (clipped weights, moved averages) comes after that,
in the order of the ops. Where a call runs the second op alone, it waits by way of a gate, which
that call opens.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import tensorflow.compat.v1 as tf

from dcgan_v1.migration.runners.tf1.fetches import Fetches
from dcgan_v1.migration.runners.tf1.reading.roles import Roles
from dcgan_v1.migration.runners.tf1.reading.session_call import (
    Modes,
    SessionCall,
    branches,
    causes,
    in_order,
    is_write,
    join_of,
    rank,
)

LISTED = 2  # variables that a line names
WRITES, MOVES, VALUE = "writes", "moves", "value"
SUMS = ("AssignAdd", "AssignSub", "AssignAddVariableOp", "AssignSubVariableOp")


class Race(NamedTuple):
    """Two ops of one session call, of which one at least writes a variable.

    Attributes:
      variable: its name.
      first, second: the ops, in the order that `impose` gives them.
      kind: WRITES where both write; MOVES where what is read moves a variable; VALUE where it is
        only fetched.
    """

    variable: str
    first: tf.Operation
    second: tf.Operation
    kind: str


class Order(NamedTuple):
    """What was imposed.

    Attributes:
      races: those that have one order now.
      feeds: for each call what opens the gates that it does not wait at.
    """

    races: list[Race]
    feeds: list[dict[tf.Tensor, Any]]


def settle(
    graph: tf.Graph, roles: Roles, fetches: Fetches, fetched: Sequence[Sequence[str]]
) -> tuple[list[str], list[dict[tf.Tensor, Any]]]:
    """Gives every race of a step one order.

    Args:
      graph: of the program.
      roles: which runs a step has.
      fetches: what is asked of each run here.
      fetched: for each run names of the ops whose values the program itself asks for.

    Returns:
      a sentence for each kind of race that the program has, and what each run is fed for it.
    """
    names = {op.name: op for op in graph.get_operations()}
    modes = roles.modes
    by_run, calls, own = [], [], []
    for number, run in enumerate(roles.runs):
        values = [t.op for t in fetches.step_scalars[number].values()]
        values += [fetches.outputs[op.name].op for op in fetches.step_layers[number]]
        extras = [names[name] for name in fetched[number] if name in names]
        by_run.append(find([*run, *extras], [*values, *extras], modes))
        calls.append([*run, *values])
        own.append(extras)
    order = impose([race for races in by_run for race in races], calls)
    visible = [r for races, extras in zip(by_run, own, strict=True) for r in seen_by(races, extras)]
    return lines(visible, order.races), order.feeds


def of_program(calls: Iterable[tuple[Sequence[tf.Operation], Modes]]) -> list[str]:
    """Returns a sentence for each kind of race in session calls of a program, which give the values
    of their ops.

    Args:
      calls: (ops, what they are fed of truth values) of each.
    """
    return lines([race for ops, modes in calls for race in find(ops, ops, modes)])


def find(
    ops: Sequence[tf.Operation], values: Sequence[tf.Operation] = (), modes: Modes | None = None
) -> list[Race]:
    """Returns the races of a session call.

    Args:
      ops: what it runs.
      values: those ops whose values it returns.
      modes: op -> the truth value that it is fed. What that leaves out is in no race.
    """
    call = SessionCall(ops, values, modes or {})
    races = []
    for name, of in call.writers.items():
        for number, writer in enumerate(of):
            for other in of[:number]:
                is_sum = other.type in SUMS and writer.type in SUMS  # the same in either order
                if not is_sum and not call.is_ordered(other, writer):
                    races.append(Race(name, other, writer, WRITES))
            for reader in call.readers[name]:
                if not call.is_ordered(reader, writer):
                    races += _race(call, name, reader, writer)
    return races


def _race(call: SessionCall, name: str, reader: tf.Operation, writer: tf.Operation) -> list[Race]:
    """The race of a reader and a writer of a variable; none where nobody sees what was read."""
    writes = [w for of in call.writers.values() for w in of if call.is_made_of(w, reader)]
    if not writes and not any(call.is_made_of(value, reader) for value in call.fetched):
        return []
    own = [w for w in writes if w in call.writers[name]]
    is_first = True
    if own and not any("Apply" in w.type for w in writes):
        # what an assignment is made of belongs to it: a weight is clipped after its update
        is_first = rank(writer) > rank(own[0])
    pair = (reader, writer) if is_first else (writer, reader)
    return [Race(name, *pair, MOVES if writes else VALUE)]


def seen_by(races: Sequence[Race], values: Sequence[tf.Operation]) -> list[Race]:
    """Returns the races that change a variable, or one of some values."""
    made_of = set(in_order(values))
    return [r for r in races if r.kind != VALUE or r.first in made_of or r.second in made_of]


def impose(races: Sequence[Race], calls: Sequence[Sequence[tf.Operation]]) -> Order:
    """Adds an edge for each race that allows one.

    Args:
      races: of all calls.
      calls: the ops of each call that is made. One that has `second` alone opens a gate: by an
        edge it would run `first`, too.
    """
    inside = [set(in_order(call)) for call in calls]
    runs_under = branches(in_order([op for call in calls for op in call]))
    waits = {op: causes(op) for ops in inside for op in ops}
    imposed: list[Race] = []
    feeds: list[dict[tf.Tensor, Any]] = [{} for _ in calls]
    gates: dict[tf.Operation, tf.Tensor] = {}
    for race in races:
        first: tf.Operation | None = race.first
        if race.first not in runs_under or race.second not in runs_under:
            continue
        outside = runs_under[race.second]
        if not runs_under[race.first] <= outside:
            # who waits for an op that a tf.cond leaves out is left out, too
            first = join_of(race.first, outside, runs_under)
        if first is None or _needs(first, race.second, waits):
            continue
        alone = [i for i, ops in enumerate(inside) if race.second in ops and first not in ops]
        if alone:
            if first not in gates:
                gates[first] = _gate(first)
            for i in alone:
                feeds[i][gates[first]] = 0.0
        race.second._add_control_input(gates[first].consumers()[0] if alone else first)
        waits[race.second].append(first)
        imposed.append(race)
    return Order(imposed, feeds)


def _gate(op: tf.Operation) -> tf.Tensor:
    """Returns a number that is there once an op has run, or at once where it is fed; an op that it
    is given to waits for either."""
    with op.graph.as_default(), tf.control_dependencies(None):
        with tf.control_dependencies([op]):
            after = tf.constant(0.0)
        gate = tf.placeholder_with_default(after, [], "gate")
        tf.identity(gate, "gate_open")
    return gate


def _needs(
    op: tf.Operation, other: tf.Operation, waits: Mapping[tf.Operation, list[tf.Operation]]
) -> bool:
    """Whether an op waits for another, in any number of steps."""
    reached, stack = {op}, [op]
    while stack:
        new = set(waits[stack.pop()]) - reached
        if other in new:
            return True
        reached |= new
        stack += new
    return False


def lines(races: Sequence[Race], imposed: Sequence[Race] | None = None) -> list[str]:
    """Says what races, a line for each kind of pair.

    Args:
      races: see `find`.
      imposed: those whose order was imposed here; None where a program ran as it is.
    """
    groups: dict[tuple[str, bool, str, str], list[Race]] = {}
    for race in races:
        key = (race.kind, is_write(race.first), race.first.type, race.second.type)
        # one line for all that an optimiser updates, whatever layers read it
        key = key if is_write(race.first) else (*key[:2], "", key[3])
        groups.setdefault(key, []).append(race)
    return [_line(group, imposed) for group in groups.values()]


def _line(group: Sequence[Race], imposed: Sequence[Race] | None) -> str:
    names = list(dict.fromkeys(race.variable for race in group))
    more = f" (so with {len(names) - LISTED} more variables)" if len(names) > LISTED else ""
    what = f"{' and '.join(names[:LISTED])}{more}"
    _, first, second, kind = group[0]
    reader, writer = (second, first) if is_write(first) else (first, second)
    if kind == WRITES:
        text = f"{first.name} and {second.name} both write {what}"
    else:
        text = f"{reader.name} reads what {writer.name} writes, {what}"
    text = f"race: {text}, in one session call with no edge between them: "
    text += (
        "the value that is fetched is of before the update or of after it"
        if kind == VALUE
        else "the program does not repeat itself"
    )
    if imposed is None:
        return text
    if any(race not in imposed for race in group):
        return f"{text}; no order is imposed here"
    return f"{text}; here {first.name} comes first"
