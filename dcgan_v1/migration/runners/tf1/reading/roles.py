"""What a foreign graph runs in a step: its updates, their losses, what it must be fed.

All of it is read off the graph."""

from collections.abc import Iterable

import tensorflow.compat.v1 as tf

from dcgan_v1.errors import UserError
from dcgan_v1.migration.records import SlotKey
from dcgan_v1.migration.runners.tf1.graph import unsafe
from dcgan_v1.migration.runners.tf1.graph.opening import Opened
from dcgan_v1.migration.runners.tf1.reading import graph_layers, graph_ops, step_counts, updates
from dcgan_v1.migration.specs import Tf1


class Roles:
    """The roles of a program's ops.

    Attributes:
      updates: every `updates.Update` of the graph.
      runs: what one training step runs: lists of operations, one for a session call.
      applied: [(run, Update)] in the order of their effect; `losses` has for each the
        tensors that its gradients are of.
      step_ops: the ops that a step needs; needed: those that an output beside it needs, too.
      can: the ops that have a value whichever branches are taken.
      inputs, random: name -> tensor of what is fed; the second is drawn by the graph.
      beside: names of the random ones that no step draws.
      switches: those of the inputs that say which mode the program is in.
      modes: op of such an input -> what it is fed in training.
      slots: variable -> SlotKey.
      powers: variable -> (optimiser, 'beta1_power' or 'beta2_power').
      step_counts: optimiser -> variable that counts what it has done.
    """

    def __init__(self, graph: tf.Graph, types: dict[str, str], program: Opened, spec: Tf1) -> None:
        self.updates = updates.find(graph)
        self.runs = updates.runs(graph, self.updates, spec.runs)
        self.applied = updates.ordered(self.updates, self.runs)
        self.losses = [updates.losses(u, graph) for _, u in self.applied]
        step_ops = graph_ops.above([op for run in self.runs for op in run])
        self.step_ops = step_ops
        self.can, branches = graph_layers.fetchable(graph)
        outputs = _outputs(graph, types, step_ops, self.can)
        self.needed = step_ops | graph_ops.above(outputs)
        refuse_savers(self.needed, program.source, spec.trust)
        # where nothing else trains, no run was found that would need them
        _refuse_sparse(self.needed if self.runs else graph.get_operations(), set(program.trainable))
        self.inputs = graph_ops.inputs(graph, self.needed)
        self.random = graph_ops.random(graph, self.needed & branches)
        of_step = graph_ops.random(graph, step_ops)
        self.beside = [name for name in self.random if name not in of_step]
        self.switches = {n: t for n, t in self.inputs.items() if graph_ops.is_switch(t)}
        applies = [(u, apply) for u in self.updates for apply in u.applies]
        values = {t.op: spec.training[n] for n, t in self.inputs.items() if n in spec.training}
        self.modes = {t.op: True for t in self.switches.values()} | {
            op: value for op, value in values.items() if isinstance(value, bool)
        }
        self.slots = {
            variable: SlotKey(apply.variable, update.optimizer, slot)
            for update, apply in applies
            for slot, variable in apply.slots.items()
        }
        self.powers = {
            variable: (update.optimizer, power)
            for update, apply in applies
            for power, variable in apply.powers.items()
        }
        self.step_counts = step_counts.find(self.applied, self.runs)

    def losses_of_several_runs(self) -> set[str]:
        """Names of losses that more than one run of a step lowers: a critic's, say."""
        runs: dict[str, set[int]] = {}
        for (run, _), tensors in zip(self.applied, self.losses, strict=True):
            for tensor in tensors:
                runs.setdefault(tensor.op.name, set()).add(run)
        return {name for name, numbers in runs.items() if len(numbers) > 1}

    def losses_elsewhere(self, run: int) -> set[str]:
        """Names of losses that other runs of a step lower, and this one does not: it may compute
        them, too, of other weights and inputs."""
        own: set[str] = set()
        others: set[str] = set()
        for (number, _), tensors in zip(self.applied, self.losses, strict=True):
            (own if number == run else others).update(tensor.op.name for tensor in tensors)
        return others - own


def refuse_savers(ops: Iterable[tf.Operation], source: str, trust: bool) -> None:
    """Refuses ops that read and write files, which every graph with a Saver has.

    Args:
      ops: that a step or an output needs.
      source: for the message: where the graph came from.
      trust: a user's word that they may run.

    Raises:
      UserError: there is one.
    """
    savers = [op for op in ops if op.type in unsafe.SAVERS]
    if savers and not trust:
        raise UserError(
            f"{source}: a step reads or writes files ({savers[0].name}); --trust runs "
            "it nevertheless"
        )


def _refuse_sparse(ops: Iterable[tf.Operation], trainable: set[str]) -> None:
    for op in ops:
        is_sparse = "SparseApply" in op.type or "Scatter" in op.type
        name = graph_ops.variable_of(op.inputs[0]) if is_sparse and op.inputs else None
        # Adam scatters into its slots, `w/Adam`, and subtracts from w itself
        name = name if name in trainable else (name or "").rpartition("/")[0]
        if name in trainable:
            raise UserError(
                f"TF1 updates {name} sparsely ({op.name}, of an embedding_lookup or "
                "gather): such updates cannot be compared"
            )


def _outputs(
    graph: tf.Graph, types: dict[str, str], step_ops: set[tf.Operation], can: set[tf.Operation]
) -> list[tf.Operation]:
    """Ops beside the training step that say what the networks give: layers that nothing
    but bookkeeping uses."""
    ops = graph.get_operations()
    layers = [
        op
        for op in ops
        if types.get(op.name) in graph_layers.KINDS
        and op not in step_ops
        and op in can
        and "gradients" not in op.name
        and not op.name.startswith(("save/", "save_", "report_uninitialized"))
    ]
    initial = {
        o
        for op in ops
        if op.type in ("Assign", "AssignVariableOp") and op not in step_ops
        for o in graph_ops.above([op.inputs[1].op], data_only=True)
    }
    sources = {op for op in ops if graph_ops.is_source(op)}
    return [op for op in layers if op not in initial and graph_ops.above([op]) & sources]
