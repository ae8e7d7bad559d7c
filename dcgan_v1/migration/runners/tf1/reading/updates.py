"""The updates of a foreign graph: which ops move which variables by which gradients.

Also which session calls make up a step, and which losses the gradients are of."""

from typing import NamedTuple

import tensorflow.compat.v1 as tf
from tensorflow.python.framework import op_def_registry

from dcgan_v1.migration.runners.tf1.reading.graph_ops import above, counters, operation, variable_of

GRADIENT = ("grad", "delta", "gradient")  # how ops of optimisers name that input
SETTINGS = {  # their inputs -> the names that the report uses
    "lr": "learning rate",
    "alpha": "learning rate",
    "beta1": "beta1",
    "beta2": "beta2",
    "epsilon": "epsilon",
    "rho": "rho",
    "momentum": "momentum",
}
ASSIGNMENTS = (
    "Assign",
    "AssignAdd",
    "AssignSub",
    "AssignVariableOp",
    "AssignAddVariableOp",
    "AssignSubVariableOp",
)
POWERS = ("beta1_power", "beta2_power")


class Apply(NamedTuple):
    """One op that moves one variable by its gradient.

    Attributes:
      op: the operation.
      variable: its name.
      gradient: tensor.
      slots: what the op calls it ('m', 'v', 'accum', ...) -> variable.
      powers: 'beta1_power' and so on -> variable, where variables keep them.
      settings: name of a setting -> tensor.
      counts: the variables that powers are computed from, where none keep them: Keras's.
    """

    op: tf.Operation
    variable: str
    gradient: tf.Tensor
    slots: dict[str, str]
    powers: dict[str, str]
    settings: dict[str, tf.Tensor]
    counts: list[str]


class Update(NamedTuple):
    """One application of an optimiser.

    Attributes:
      name: the op that applies it.
      optimizer: name of the first update that has the same slots, or counts by the same variable.
      kind: 'Adam', 'Momentum', 'GradientDescent' and so on.
      applies: its Apply ops.
    """

    name: str
    optimizer: str
    kind: str
    applies: list[Apply]


Runs = list[list[tf.Operation]]  # a list a session call
Ends = dict[tf.Operation, tuple[set[str], int]]  # op -> updates it needs, how much it needs


def below(graph: tf.Graph, updates: list[Update], can: set[tf.Operation]) -> set[tf.Operation]:
    """Returns every op that needs one of the updates in any way, or an assignment that
    no branch holds: averages that are moved in place.

    Args:
      can: the ops that are in no branch.
    """
    reached = {apply.op for update in updates for apply in update.applies}
    reached |= {op for op in can if op.type in ASSIGNMENTS}
    for op in graph.get_operations():  # each after what it needs
        if any(t.op in reached for t in op.inputs) or any(o in reached for o in op.control_inputs):
            reached.add(op)
    return reached


def find(graph: tf.Graph) -> list[Update]:
    """Returns the Updates of a graph, in the order that its ops have."""
    groups: dict[str, list[Apply]] = {}
    for op in graph.get_operations():
        if "Apply" not in op.type or "Sparse" in op.type:
            continue
        apply = _apply(op)
        if apply:
            scope = op.name.rpartition("/")[0]  # Adam/update_w/ApplyAdam
            before = scope.rfind(f"update_{apply.variable}")
            before = scope.rfind("update_") if before < 0 else before
            name = scope[:before].rstrip("/") if before >= 0 else scope
            groups.setdefault(name, []).append(apply)
    updates: list[Update] = []
    owners: dict[str, str] = {}
    for name, applies in groups.items():
        kind = applies[0].op.type.replace("Resource", "").replace("Apply", "")
        slots = [slot for apply in applies for slot in apply.slots.values()]
        slots += [p for apply in applies for p in (*apply.powers.values(), *apply.counts)]
        owner = next((owners[slot] for slot in slots if slot in owners), name)
        owners |= dict.fromkeys(slots, owner)
        updates.append(Update(name, owner, kind, applies))
    return updates


def _apply(op: tf.Operation) -> Apply | None:
    definition = op_def_registry.get(op.type)
    arguments = [argument.name for argument in definition.input_arg]
    by_argument = dict(zip(arguments, op.inputs, strict=True))
    gradient = next((by_argument[g] for g in GRADIENT if g in by_argument), None)
    variable = variable_of(op.inputs[0])
    if gradient is None or variable is None:
        return None
    slots: dict[str, str] = {}
    for argument, tensor in list(by_argument.items())[1:]:
        by_reference = tensor.dtype._is_ref_dtype or tensor.dtype == tf.resource
        if by_reference and argument not in POWERS and argument not in SETTINGS:
            slots[argument] = variable_of(tensor) or tensor.op.name
    power_names = {p: variable_of(_uncast(by_argument[p])) for p in POWERS if p in by_argument}
    powers = {p: name for p, name in power_names.items() if name is not None}
    counts = counters(by_argument[p] for p, name in power_names.items() if name is None)
    settings = {SETTINGS[a]: t for a, t in by_argument.items() if a in SETTINGS}
    return Apply(op, variable, gradient, slots, powers, settings, counts)


def _uncast(tensor: tf.Tensor) -> tf.Tensor:
    """The power of a beta that is written as 0 is a whole number, and cast where it is used."""
    return tensor.op.inputs[0] if tensor.op.type == "Cast" else tensor


def runs(graph: tf.Graph, updates: list[Update], names: list[list[str]] | None) -> Runs:
    """Returns what one training step runs: lists of operations, a list a session call.

    Where no names are given: the op at the end of everything that needs all updates;
    else for each update the op at the end of what needs it, in the graph's order, and
    after it the ops that clip what it trains.

    Args:
      graph: of the program.
      updates: those of it.
      names: of ops, a list a session call, of a user or a recording.
    """
    if names:
        return [[operation(graph, name) for name in run] for run in names]
    if not updates:
        return []
    ends = _ends(graph, updates)
    whole = _largest(ends, {update.name for update in updates})
    if whole is not None:
        return [[whole]]
    by_end: dict[tf.Operation, list[Update]] = {}
    for update in updates:
        end = _largest(ends, {update.name})
        by_end.setdefault(end, []).append(update)
    return _with_clips(graph, list(by_end.items()))


def _ends(graph: tf.Graph, updates: list[Update]) -> Ends:
    """Returns op -> names of the updates it needs, for ops that nothing else uses."""
    causes: set[tf.Operation] = set()
    for op in graph.get_operations():
        causes |= {t.op for t in op.inputs} | set(op.control_inputs)
    ends: Ends = {}
    for op in graph.get_operations():
        if op in causes or op.name.startswith(("save/", "save_")):
            continue
        needs = above([op])
        names = {u.name for u in updates if all(a.op in needs for a in u.applies)}
        if names:
            ends[op] = names, len(needs)
    return ends


def _largest(ends: Ends, names: set[str]) -> tf.Operation | None:
    """Returns the op that needs these updates and the most of all else."""
    able = [op for op, (names_of_op, _) in ends.items() if names <= names_of_op]
    return max(able, key=lambda op: ends[op][1], default=None)


def _with_clips(graph: tf.Graph, ends: list[tuple[tf.Operation, list[Update]]]) -> Runs:
    """Adds the ops that clip weights to the runs, each after the update it follows.

    Args:
      ends: [(op of a run, the updates it does)].
    """
    inside = above([op for op, _ in ends])
    clips = {}
    for op in graph.get_operations():
        if op.type not in ("Assign", "AssignVariableOp") or op in inside:
            continue
        name, value = variable_of(op.inputs[0]), op.inputs[1].op
        needs = above([value], data_only=True)
        source = {variable_of(t) for o in needs for t in o.inputs}
        kinds = {o.type for o in needs}
        if name in source and kinds & {"Minimum", "Maximum", "ClipByValue"}:
            clips[name] = op
    result = []
    for op, updates_of_run in ends:
        trained = [a.variable for u in updates_of_run for a in u.applies]
        own = [clips.pop(name) for name in trained if name in clips]
        result += [[op], own] if own else [[op]]
    return result


def ordered(updates: list[Update], the_runs: Runs) -> list[tuple[int, Update]]:
    """Returns the updates in the order in which a step applies them, with the number of
    the run each is in: [(run, update)]. Those that no run does are left out."""
    pairs = []
    for number, run in enumerate(the_runs):
        inside = above(run)
        here = [u for u in updates if any(a.op in inside for a in u.applies)]
        needs = {u.name: above([a.op for a in u.applies]) for u in here}

        def earlier(
            update: Update, here: list[Update] = here, needs: dict[str, set[tf.Operation]] = needs
        ) -> int:
            others = [o for o in here if o is not update]
            return sum(any(a.op in needs[update.name] for a in o.applies) for o in others)

        pairs += [(number, update) for update in sorted(here, key=earlier)]
    return pairs


def losses(update: Update, graph: tf.Graph) -> list[tf.Tensor]:
    """Returns the tensors that an update's gradients are of, as far as can be seen.

    `tf.gradients` begins with a Fill of ones, and names what it makes from an op x
    `<scope>/x_grad/...`: what uses the Fill tells the losses' names. A loss of several numbers,
    one for each image, is added up, since its gradients are those of the sum.
    """
    gradients = [a.gradient.op for a in update.applies]
    reach = above(gradients, data_only=True)
    tensors, several = [], []
    for fill in sorted(reach, key=lambda op: op.name):
        name = fill.name.rpartition("/")
        if fill.type not in ("Fill", "Const") or not name[2].startswith(
            ("Fill", "grad_ys_", "Const")
        ):
            continue
        for user in (op for t in fill.outputs for op in t.consumers()):
            path = user.name.removeprefix(f"{name[0]}/")
            if user in reach and name[0] and "_grad" in path:
                loss = path.partition("_grad")[0]
                try:
                    y = graph.get_operation_by_name(loss).outputs[0]
                except (KeyError, IndexError):
                    continue
                if not y.shape.rank:
                    tensors.append(y)
                elif all(op.name.startswith(f"{name[0]}/") for op in gradients):
                    several.append(y)  # else a gradient inside the loss
    if tensors:
        return list(dict.fromkeys(tensors))
    with graph.as_default():
        return [tf.reduce_sum(y, name=f"{y.op.name}/sum") for y in dict.fromkeys(several)]
