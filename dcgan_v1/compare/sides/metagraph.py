"""The old side: a TF1 graph of which nothing is known but what it holds itself."""

import numpy as np
import tensorflow.compat.v1 as tf
from tensorflow.python.framework import tensor_util

from dcgan_v1.checkpoints import reading
from dcgan_v1.compare import precision
from dcgan_v1.compare.sides import graph_layers, opening, roles
from dcgan_v1.errors import UserError, reason
from dcgan_v1.ports.names import power_after, updates_done

LARGEST_SCALARS = 400  # of a step, that are offered as losses
NO_SCALARS = ("Const", "Fill", "Assign", "AssignAdd", "AssignSub", "AssignVariableOp",
              "ScalarSummary", "HistogramSummary", "MergeSummary", "SaveV2",
              "ReadVariableOp")  # fmt: skip


class GraphSide:
    """See `worker` for what a side does.

    Attributes:
      program: the `opening.Opened`.
      left, spelled: what float64 could not reach, see `precision.InDouble`.
      inputs, random: name -> tensor of what is fed; the second is drawn by the graph.
      runs, updates: what a step runs, and [(run, Update)] in the order of their effect.
    """

    def __init__(self, spec, dtype, threads):
        self.spec, self.dtype, self.settings = spec, dtype, {}
        self.program = opening.open_program(spec)
        meta, self.left, self.spelled = self.program.meta, {}, {}
        self.nodes = {node.name: node for node in meta.graph_def.node}
        self.types = {name: node.op for name, node in self.nodes.items()}
        if dtype == "float64":
            meta, self.left, self.spelled = precision.to_double(meta)
        self.graph = tf.Graph()
        with self.graph.as_default():
            try:
                tf.import_graph_def(meta.graph_def, name="")
            except (ValueError, tf.errors.OpError) as error:
                raise UserError(
                    f"TensorFlow cannot import {self.program.source}: {reason(error)}"
                ) from error
            self._find_roles()
            self._find_taps()
            self._add_loaders()
        config = tf.ConfigProto(device_count={"GPU": 0})
        config.intra_op_parallelism_threads = threads
        if dtype == "float64":
            config.graph_options.rewrite_options.disable_meta_optimizer = True
        self.session = tf.Session(graph=self.graph, config=config)

    # ---- what the graph is for ----

    def _find_roles(self):
        self.all_updates = roles.updates(self.graph)
        self.runs = roles.runs(self.graph, self.all_updates, self.spec.runs)
        self.updates = roles.ordered(self.all_updates, self.runs)
        needed = roles.above([op for run in self.runs for op in run])
        self.losses = [roles.losses(u, self.graph) for _, u in self.updates]
        self.can, branches = graph_layers.fetchable(self.graph)
        outputs = self._outputs(needed)
        self.needed = needed | roles.above(outputs)
        self._refuse_savers(self.needed)
        self._refuse_sparse()
        self.inputs = roles.inputs(self.graph, self.needed)
        self.random = roles.random(self.graph, self.needed & branches)
        self.switches = {
            name: t for name, t in self.inputs.items() if roles.is_switch(t)
        }
        slots = {}
        for update in self.all_updates:
            for apply in update.applies:
                for slot, variable in apply.slots.items():
                    slots[variable] = (update.optimizer, slot, apply.variable)
        self.slots = slots
        self.powers = {
            variable: (update.optimizer, power)
            for update in self.all_updates
            for apply in update.applies
            for power, variable in apply.powers.items()
        }

    def _refuse_savers(self, ops):
        """Every graph with a Saver has ops that read and write files; none may run."""
        savers = [op for op in ops if op.type in opening.SAVERS]
        if savers and not self.spec.trust:
            raise UserError(
                f"{self.program.source}: a step reads or writes files "
                f"({savers[0].name}); --trust runs it nevertheless"
            )

    def _refuse_sparse(self):
        trainable = set(self.program.trainable)
        for op in self.needed:
            is_sparse = "SparseApply" in op.type or "Scatter" in op.type
            name = roles.variable_of(op.inputs[0]) if is_sparse and op.inputs else None
            if name in trainable:
                raise UserError(
                    f"TF1 updates {name} sparsely ({op.name}, of an "
                    "embedding_lookup or "
                    "gather): such updates cannot be compared"
                )

    def _outputs(self, needed):
        """Ops beside the training step that say what the networks give: layers that
        nothing but bookkeeping uses."""
        layers = [
            op
            for op in self.graph.get_operations()
            if self.types.get(op.name) in graph_layers.KINDS
            and op not in needed
            and op in self.can
            and "gradients" not in op.name
            and not op.name.startswith(("save/", "save_", "report_uninitialized"))
        ]
        initial = {
            o
            for op in self.graph.get_operations()
            if op.type in ("Assign", "AssignVariableOp") and op not in needed
            for o in roles.above([op.inputs[1].op], data_only=True)
        }
        fed = {op for op in self.graph.get_operations() if roles.is_source(op)}
        return [op for op in layers if op not in initial and roles.above([op]) & fed]

    def _find_taps(self):
        fed = [*self.inputs.values(), *self.random.values()]
        stepping = [roles.above(run) for run in self.runs]
        stepped = set().union(*stepping) if stepping else set()
        losses = [t.op for ts in self.losses for t in ts]
        # layers of the forward pass, not the ops of the same types that gradients need
        forward = roles.above(losses, data_only=True) or {
            op for op in stepped if "gradients" not in op.name
        }
        self.step_layers = [
            graph_layers.layer_ops(
                self.graph, self.types, forward & run & self.can, fed
            )
            for run in stepping
        ]
        self.step_scalars = [
            self._scalars_of(number, inside) for number, inside in enumerate(stepping)
        ]
        moved = roles.below(self.graph, self.all_updates)  # to ask for them would train
        among = {
            op
            for op in self.needed & self.can - moved
            if "gradients" not in op.name or op in forward
        }
        self.inference_layers = graph_layers.layer_ops(
            self.graph, self.types, among, fed
        )
        self.twins = {op for op in self.inference_layers if op not in stepped | forward}
        self.reads = roles.reads(self.graph)
        # an op of its own: grappler fuses a bias with what follows it
        self.taps = {
            op.name: tf.identity(op.outputs[0])
            for ops in (*self.step_layers, self.inference_layers)
            for op in ops
        }

    def _scalars_of(self, number, inside):
        """Scalars that a run can be asked for without running anything else of weight:
        its losses, and what is computed from what it computes."""
        losses = [
            t.op
            for (run, _), tensors in zip(self.updates, self.losses, strict=True)
            if run == number
            for t in tensors
        ]
        known = (inside | roles.above(losses, data_only=True)) & self.can
        scopes = tuple(f"{update.name}/" for update in self.all_updates)
        found = {op.name: op.outputs[0] for op in losses}
        for op in self.graph.get_operations():
            if op.type in NO_SCALARS or op not in self.can:
                continue
            if "gradients" in op.name or op.name.startswith(scopes):
                continue
            waits = {*(t.op for t in op.inputs), *op.control_inputs} - known
            ready = all(o.type == "Const" and not o.control_inputs for o in waits)
            if not op.inputs or not ready or not op.outputs:
                continue
            known.add(op)
            y = op.outputs[0]
            is_float = y.dtype.base_dtype in (tf.float32, tf.float64)
            if is_float and y.shape.rank == 0 and op.name in self.types:
                found[op.name] = y
        return dict(list(found.items())[-LARGEST_SCALARS:])

    # ---- variables ----

    def _add_loaders(self):
        self.readers, self.loaders = {}, {}
        for name in self.program.variables:
            op = self.graph.get_operation_by_name(name)
            if self.program.frozen:
                self.readers[name] = op.outputs[0]
                continue
            dtype = tf.as_dtype(op.get_attr("dtype")).base_dtype
            shape = tf.TensorShape(op.get_attr("shape"))
            value = tf.placeholder(dtype, shape if shape.rank is not None else None)
            if op.type == "VarHandleOp":
                self.readers[name] = tf.raw_ops.ReadVariableOp(
                    resource=op.outputs[0], dtype=dtype
                )
                load = tf.raw_ops.AssignVariableOp(resource=op.outputs[0], value=value)
            else:
                self.readers[name] = op.outputs[0]
                load = tf.raw_ops.Assign(
                    ref=op.outputs[0], value=value, validate_shape=False
                ).op
            self.loaders[name] = value, load
        self.constants = {}  # of a frozen graph: name -> array that is fed

    def initial(self):
        """Returns the values to start from: the checkpoint's, else the graph's own."""
        if self.program.frozen:
            return self.state()
        values = dict(self.program.values)
        for name in self.program.variables:
            if name in values:
                continue
            assign = self._initializer(name)
            if assign is None:
                raise UserError(f"{name} has no initial value: give a checkpoint")
            self._refuse_savers(roles.above([assign]))
            try:
                self.session.run(assign)
            except tf.errors.OpError as error:
                raise UserError(
                    f"{name} has no initial value without data ({reason(error)}): give "
                    "a checkpoint"
                ) from error
        self._assign(values)
        for name, (optimizer, power) in self.powers.items():
            if name in values and power == "beta2_power":
                count = _count(values[name], self._hyper(optimizer, "beta2"))
                self.load({f"updates:{optimizer}": count})
        return self.state()

    def _initializer(self, name):
        """The op that gives a variable its first value: what its collection says, or
        the first that assigns to it."""
        named = self.program.initializers.get(name, f"{name}/Assign")
        users = self.graph.get_operation_by_name(name).outputs[0].consumers()
        assigns = {
            op.name: op
            for op in users
            if op.type in ("Assign", "AssignVariableOp")
            and op.name in self.types  # not one of our loaders
        }
        first = next((n for n in self.types if n in assigns), None)
        return assigns.get(named) or assigns.get(first)

    def state(self):
        """Returns variable -> array; powers as 'updates:<optimizer>' -> count."""
        if self.program.frozen:
            found = self.session.run(self.readers)
            return found | self.constants
        values = self.session.run(self.readers)
        found = {n: v for n, v in values.items() if n not in self.powers}
        for name, (optimizer, power) in self.powers.items():
            if power == "beta2_power":
                beta = self._hyper(optimizer, "beta2")
                found[f"updates:{optimizer}"] = _count(values[name], beta)
        return found

    def load(self, arrays):
        values = {n: arrays[n] for n in arrays if n in self.loaders}
        for name, (optimizer, power) in self.powers.items():
            count = arrays.get(f"updates:{optimizer}")
            if count is not None:
                beta = self._hyper(optimizer, power.removesuffix("_power"))
                values[name] = power_after(beta, int(count), self._dtype_of(name))
        self._assign(values)
        if self.program.frozen:
            self.constants = {n: arrays[n] for n in self.readers if n in arrays}

    def _assign(self, values):
        for name, array in values.items():
            placeholder, load = self.loaders[name]
            dtype = placeholder.dtype.as_numpy_dtype
            self.session.run(load, {placeholder: np.asarray(array, dtype)})

    def _dtype_of(self, name):
        return self.loaders[name][0].dtype.as_numpy_dtype

    def _hyper(self, optimizer, name):
        """A constant setting of an optimiser, as the decimal that was written."""
        update = next(u for u in self.all_updates if u.optimizer == optimizer)
        tensor = update.applies[0].hyper[name]
        value = tensor_util.constant_value(tensor)
        if value is None:
            value = self.session.run(tensor)
        return float(f"{float(value):.7g}")

    # ---- what a side does ----

    def describe(self):
        trained = {a.variable for u in self.all_updates for a in u.applies}
        return {
            "framework": f"TensorFlow {tf.version.VERSION}, tf.compat.v1",
            "source": self.program.source,
            "variables": {
                name: {
                    "shape": self._shape(name),
                    "dtype": self.readers[name].dtype.base_dtype.name,
                    "trainable": self._is_trainable(name, trained),
                    "part": roles.part(self.graph.get_operation_by_name(name)),
                }
                for name in self.program.variables
                if name not in self.slots and name not in self.powers
                and self.readers[name].dtype.base_dtype.is_floating
            },
            "slots": {n: list(s) for n, s in self.slots.items()},
            "powers": {n: list(p) for n, p in self.powers.items()},
            "inputs": {n: self._input(t) for n, t in self.inputs.items()},
            "random": {n: self._input(t) for n, t in self.random.items()},
            "switches": sorted(self.switches),
            "runs": [[op.name for op in run] for run in self.runs],
            "updates": [
                {
                    "name": u.name,
                    "run": run,
                    "optimizer": u.optimizer,
                    "kind": u.kind,
                    "variables": [a.variable for a in u.applies],
                    "losses": [t.op.name for t in losses],
                }
                for (run, u), losses in zip(self.updates, self.losses, strict=True)
            ],
            "not run": self._not_run(),
            "not in checkpoint": [
                n for n in self.program.variables
                if self.program.values and n not in self.program.values
                and n not in self.slots and n not in self.powers
            ],
            "left in float32": self.left,
            "spelled out": self.spelled,
            "altered": [],
            "frozen": self.program.frozen,
        }  # fmt: skip

    def _is_trainable(self, name, trained):
        """None where nothing tells: a frozen graph, or one without its collection."""
        if name in trained or self.program.knows_trainable:
            return name in trained or name in self.program.trainable
        return None

    def _not_run(self):
        """UPDATE_OPS that no run of the step does."""
        inside = roles.above([op for run in self.runs for op in run])
        names = self.program.collections.get("update_ops", [])
        ops = [roles.operation(self.graph, name) for name in names]
        return [op.name for op in ops if op not in inside] if self.runs else []

    def _shape(self, name):
        shape = self.readers[name].shape
        if shape.rank is None:
            return list(self.session.run(self.readers[name]).shape)
        return shape.as_list()

    def _input(self, tensor):
        shape = tensor.shape
        return {
            "shape": None if shape.rank is None else shape.as_list(),
            "dtype": tensor.dtype.base_dtype.name,
        }

    def draw(self, batch):
        """Returns what the random ops of a step draw for a batch, each op's own
        kind."""
        feed = self._feed(batch, training=True)
        return self.session.run(self.random, feed) if self.random else {}

    def step(self, batch, look=False, rates=None):
        """Does one training step.

        Args:
          look: whether to return what is inside, too.
          rates: a learning rate that stands for all others; 0 lets no weight move.

        Returns:
          (scalars, gradients, layers): name -> number; '<update>|<variable>' -> array;
          list of (op name, kind, array, settings). The last two empty unless asked for.
        """
        feed = self._feed(batch, training=True)
        if rates is not None:
            for _, update in self.updates:
                for apply in update.applies:
                    feed[apply.hyper["learning rate"]] = rates
        scalars, gradients, layers = {}, {}, []
        for number, run in enumerate(self.runs):
            if rates == 0 and all(at != number for at, _ in self.updates):
                continue  # it clips, or moves weights in another way
            fetches = {"run": run, "scalars": self.step_scalars[number]}
            if look:
                layers_of_run = self.step_layers[number]
                fetches["layers"] = {
                    op.name: self.taps[op.name] for op in layers_of_run
                }
                fetches["gradients"] = {
                    f"{i}|{a.variable}": a.gradient
                    for i, (at, update) in enumerate(self.updates)
                    if at == number
                    for a in update.applies
                }
                fetches["hyper"] = {
                    update.optimizer: update.applies[0].hyper
                    for at, update in self.updates
                    if at == number
                }
            found = self._run(fetches, feed)
            scalars |= found["scalars"]
            if look:
                self.settings |= {
                    optimizer: {name: float(v) for name, v in values.items()}
                    for optimizer, values in found["hyper"].items()
                }
                gradients |= found["gradients"]
                layers += self._layers(
                    self.step_layers[number], found["layers"], number
                )
        return scalars, gradients, layers

    def inference(self, batch):
        """Returns the layers of the forward pass in inference, as `step` does."""
        feed = self._feed(batch, training=False)
        fetches = {op.name: self.taps[op.name] for op in self.inference_layers}
        rows = self._layers(self.inference_layers, self._run(fetches, feed), 0)
        for op, (*_, settings) in zip(self.inference_layers, rows, strict=True):
            # of a network that is there for inference alone: what it reads
            settings["twin"] = sorted(self.reads[op]) if op in self.twins else []
        return rows

    def _layers(self, ops, values, run):
        suffix = f" (run {run + 1})" if run else ""
        return [
            (
                op.name + suffix,
                graph_layers.KINDS[self.types[op.name]],
                _nhwc(self.nodes[op.name], values[op.name]),
                {
                    "op": self.types[op.name],
                    **graph_layers.settings(self.nodes[op.name]),
                },
            )
            for op in ops
        ]

    def hyper(self):
        """Returns optimiser -> name -> number, as the last step that was looked into
        had them. To ask for them alone might run an update that they wait for."""
        return {
            update.optimizer: {
                "kind": update.kind,
                **self.settings.get(update.optimizer, {}),
                "nesterov": bool(
                    self.nodes[update.applies[0].op.name].attr["use_nesterov"].b
                ),
            }
            for _, update in self.updates
        }

    def leaks(self, batch):
        """Returns '<update>|<variable>' -> what the other updates' losses would add to
        its gradient, were they not cut off from it; with no weight moved."""
        made = {}
        with self.graph.as_default():
            for i, (_, update) in enumerate(self.updates):
                others = [
                    t
                    for j, losses in enumerate(self.losses)
                    if j != i
                    for t in losses
                    if t not in self.losses[i]
                ]
                variables = [self._read(a) for a in update.applies]
                try:
                    added = tf.gradients(others, variables) if others else []
                except (LookupError, ValueError, TypeError, AttributeError):
                    added = []  # an op without a gradient, or a loop
                made |= {
                    f"{i}|{a.variable}": g
                    for a, g in zip(update.applies, added or [None] * len(variables),
                                    strict=True)
                    if g is not None
                }  # fmt: skip
        feed = self._feed(batch, training=True)
        for _, update in self.updates:
            for apply in update.applies:
                feed[apply.hyper["learning rate"]] = 0.0
        return self.session.run({n: tf.convert_to_tensor(g) for n, g in made.items()},
                                feed) if made else {}  # fmt: skip

    def _read(self, apply):
        """What the gradient of a variable is taken by: the resource, or the
        reference."""
        return self.graph.get_operation_by_name(apply.variable).outputs[0]

    def save(self, path):
        """Writes all variables as a Saver does."""
        values = self.session.run(dict(self.readers))
        reading.write(path, values)

    def time(self, batch, steps):
        for _ in range(steps):
            self.step(batch)

    # ---- feeding ----

    def _feed(self, batch, training):
        feed = {self.graph.get_operation_by_name(n).outputs[0]: a
                for n, a in self.constants.items()}  # fmt: skip
        given = self.spec.training if training else self.spec.inference
        for name, tensor in {**self.inputs, **self.random}.items():
            if name in given:
                feed[tensor] = given[name]
            elif name in self.switches:
                feed[tensor] = training
            elif name in batch:
                feed[tensor] = batch[name]
        return feed

    def _run(self, fetches, feed):
        try:
            return self.session.run(fetches, feed)
        except (tf.errors.OpError, ValueError, TypeError) as error:
            if "does not have value" in str(error):
                self._refuse_dead(feed)
            raise UserError(
                f"the TF1 program cannot run: {reason(error, 300)}"
            ) from error

    def _refuse_dead(self, feed):
        """Names a train op whose gradient never has a value: TF1 runs it, and it moves
        nothing. No rule tells from the graph; a run does."""
        for _, update in self.updates:
            for apply in update.applies:
                try:
                    self.session.run(apply.gradient, feed)
                except tf.errors.OpError:
                    raise UserError(
                        f"TF1's train op {update.name} trains nothing: the gradient of "
                        f"{apply.variable} has no value where it is applied (a loop's "
                        "gradient behind tf.control_dependencies); the step runs, and "
                        "moves no weight"
                    ) from None


def _count(power, beta):
    """Returns how often an Adam has been applied, as an array. The power has the dtype
    in which it was kept."""
    try:
        return np.asarray(updates_done(power[()], beta))
    except UserError:  # other sums than Adam's own led to it
        return np.asarray(max(round(float(np.log(power) / np.log(beta))) - 1, 0))


def _nhwc(node, array):
    """Maps that a node has as [N, C, H, W] in the usual order."""
    is_first = "data_format" in node.attr and node.attr["data_format"].s == b"NCHW"
    return array.transpose(0, 2, 3, 1) if is_first and array.ndim == 4 else array
