"""What a foreign graph can be asked for to see its inside: layers and scalars."""

import tensorflow.compat.v1 as tf

from dcgan_v1.migration.runners.tf1.reading import graph_layers, graph_ops, updates
from dcgan_v1.migration.runners.tf1.reading.roles import Roles

LARGEST_SCALARS = 400  # of a step, that are offered as losses
NO_SCALARS = (
    "Const",
    "Fill",
    "Assign",
    "AssignAdd",
    "AssignSub",
    "AssignVariableOp",
    "ScalarSummary",
    "HistogramSummary",
    "MergeSummary",
    "SaveV2",
    "ReadVariableOp",
)


class Fetches:
    """What a graph can be asked for.

    Attributes:
      step_layers, step_scalars: for each run of a step, the ops that make layers, and
        name -> tensor of scalars.
      inference_layers: the ops of the forward pass in inference.
      inference_only: those of them that no step runs.
      outputs: op name -> tensor to fetch for an op that makes a layer.
      reads: op -> names of the variables that its value is made of.
      before_weights: ops whose values reach an op that reads a variable: what comes after the last
        of these is where a network ends, or a loss.
    """

    def __init__(self, graph: tf.Graph, types: dict[str, str], roles: Roles) -> None:
        self._graph, self._types, self._roles = graph, types, roles
        tensors = [*roles.inputs.values(), *roles.random.values()]
        stepping = [graph_ops.above(run) for run in roles.runs]
        step_ops = set().union(*stepping) if stepping else set()
        losses = [t.op for ts in roles.losses for t in ts]
        # layers of the forward pass, not the ops of the same types that gradients need
        forward = graph_ops.above(losses, data_only=True) or {
            op for op in step_ops if "gradients" not in op.name
        }
        self.step_layers = [
            graph_layers.layer_ops(graph, types, self._reached(run, forward) & roles.can, tensors)
            for run in stepping
        ]
        self.step_scalars = [
            self._scalars_of(number, inside) for number, inside in enumerate(stepping)
        ]
        below = updates.below(graph, roles.updates, roles.can)  # to ask for them would train
        among = {
            op
            for op in roles.needed & roles.can - below
            if "gradients" not in op.name or op in forward
        }
        self.inference_layers = graph_layers.layer_ops(graph, types, among, tensors)
        self.inference_only = {op for op in self.inference_layers if op not in step_ops | forward}
        # an op of its own: grappler fuses a bias with what follows it
        self.outputs = {
            op.name: tf.identity(op.outputs[0])
            for ops in (*self.step_layers, self.inference_layers)
            for op in ops
        }
        self.reads = graph_ops.reads(graph)
        self.before_weights = self._before_weights(forward | among, tensors)

    def _reached(self, inside: set[tf.Operation], forward: set[tf.Operation]) -> set[tf.Operation]:
        """The ops of a forward pass that a run does, or that follow from these and from variables
        alone: a critic's last layer is in no gradient, and a run that fetches no loss leaves it
        out."""
        sources = (*graph_ops.PLACEHOLDERS, *graph_ops.SOURCES, *graph_ops.RANDOM)
        reached = inside & forward
        for op in self._graph.get_operations():  # each after what it needs
            causes = [*(t.op for t in op.inputs), *op.control_inputs]
            if op in forward and op.type not in sources and all(o in reached for o in causes):
                reached.add(op)
        return reached

    def _scalars_of(self, number: int, inside: set[tf.Operation]) -> dict[str, tf.Tensor]:
        """Scalars that a run can be asked for without running anything else of weight:
        its losses, and what is computed from what it computes."""
        roles = self._roles
        losses = [
            t.op
            for (run, _), tensors in zip(roles.applied, roles.losses, strict=True)
            if run == number
            for t in tensors
        ]
        ops = (inside | graph_ops.above(losses, data_only=True)) & roles.can
        scopes = tuple(f"{update.name}/" for update in roles.updates)
        own = {op.name: op.outputs[0] for op in losses}
        tensors = {}
        for op in self._graph.get_operations():
            if op.type in NO_SCALARS or op not in roles.can:
                continue
            if "gradients" in op.name or op.name.startswith(scopes):
                continue
            waits = {*(t.op for t in op.inputs), *op.control_inputs} - ops
            ready = all(o.type == "Const" and not o.control_inputs for o in waits)
            if not op.inputs or not ready or not op.outputs:
                continue
            ops.add(op)
            y = op.outputs[0]
            is_float = y.dtype.base_dtype in (tf.float32, tf.float64)
            if is_float and y.shape.rank == 0 and op.name in self._types:
                tensors[op.name] = y
        return own | dict(list(tensors.items())[-LARGEST_SCALARS:])

    def _before_weights(
        self, forward: set[tf.Operation], tensors: list[tf.Tensor]
    ) -> set[tf.Operation]:
        """The ops of a forward pass that an op with weights of its own comes after."""
        depending = graph_ops.depending(self._graph, tensors)
        trained = {a.variable for u in self._roles.updates for a in u.applies}

        def has_weights(op: tf.Operation) -> bool:
            # an L2 term has weights, too, and is added to a loss: a single number is no layer
            return op.outputs[0].shape.rank != 0 and any(
                self.reads[t.op] & trained and t.op not in depending for t in op.inputs
            )

        before: set[tf.Operation] = set()
        for op in reversed(self._graph.get_operations()):  # users come after what they use
            users = [user for y in op.outputs for user in y.consumers() if user in forward]
            if op in forward and any(user in before or has_weights(user) for user in users):
                before.add(op)
        return before
