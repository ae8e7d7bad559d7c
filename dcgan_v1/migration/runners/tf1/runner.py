"""The old side: a TF1 graph of which nothing is known but what it holds itself."""

import tensorflow.compat.v1 as tf

from dcgan_v1.checkpoints import reading
from dcgan_v1.errors import UserError, reason
from dcgan_v1.migration.runners.process import NO_DOUBLE
from dcgan_v1.migration.runners.tf1 import dropouts, graph_layers, graph_ops, opening, precision
from dcgan_v1.migration.runners.tf1.describing import describe
from dcgan_v1.migration.runners.tf1.fetches import Taps
from dcgan_v1.migration.runners.tf1.roles import Roles
from dcgan_v1.migration.runners.tf1.variables import GraphValues


class GraphSide:
    """See `worker` for what a side does.

    Attributes:
      program: the `opening.Opened`.
      left, spelled: what float64 could not reach, see `precision.InDouble`.
      per_run: of a recording, the scalars of every session call so far.
      roles, taps, values: what its ops are for, where it is looked into, its variables.
    """

    def __init__(self, spec, dtype, threads):
        self.spec, self.dtype, self.settings, self.per_run = spec, dtype, {}, []
        self.program = opening.open_program(spec)
        meta, self.left, self.spelled = self.program.meta, {}, {}
        self.nodes = {node.name: node for node in meta.graph_def.node}
        self.types = {name: node.op for name, node in self.nodes.items()}
        self.graph = tf.Graph()
        with self.graph.as_default():
            try:
                if dtype == "float64":
                    meta, self.left, self.spelled = precision.to_double(meta)
                tf.import_graph_def(meta.graph_def, name="")
            except (ValueError, AttributeError, tf.errors.OpError) as error:
                failed = "cannot be imported by TensorFlow"
                failed = NO_DOUBLE if dtype == "float64" else failed
                raise UserError(f"{self.program.source} {failed}: {reason(error)}") from error
            given = set(spec.inference)
            self._take_from_recording()
            self.roles = Roles(self.graph, self.types, self.program, spec)
            self.taps = Taps(self.graph, self.types, self.roles)
            self.values = GraphValues(self.graph, self.program, self.roles, self.types, spec.trust)
        self.reads = graph_ops.reads(self.graph)
        config = tf.ConfigProto(device_count={"GPU": 0})
        config.intra_op_parallelism_threads = threads
        if dtype == "float64":
            config.graph_options.rewrite_options.disable_meta_optimizer = True
        self.session = tf.Session(graph=self.graph, config=config)
        self.values.session = self.session
        self._switch_dropouts_off(given)

    def _take_from_recording(self):
        """What a step runs, and the numbers that say the mode, as they were recorded;
        what is given stands before them."""
        recording, spec = self.program.recording, self.spec
        if recording is None:
            return
        spec.runs = spec.runs or recording.runs
        modes = recording.modes()
        spec.training = {**modes, **spec.training}
        bools = {n for n, value in modes.items() if value.dtype == bool}
        kept = {n: value for n, value in modes.items() if n not in bools}
        spec.inference = {**kept, **spec.inference}

    def _switch_dropouts_off(self, given):
        """In inference; a recording has the number of training alone."""
        for name in set(self.spec.inference) - given:
            tensor = self.roles.inputs.get(name)
            off = None
            if tensor is not None and tensor.dtype.is_floating:
                off = dropouts.value_in_inference(self.session, tensor)
            if off is not None:
                self.spec.inference[name] = off

    # ---- what a side does ----

    def initial(self):
        return self.values.initial()

    def state(self):
        return self.values.state()

    def load(self, arrays):
        self.values.load(arrays)

    def describe(self):
        return describe(self)

    def draw(self, batch):
        """Returns what the random ops of a step draw for a batch, each op's own
        kind."""
        feed = self._feed(batch, training=True)
        return self.session.run(self.roles.random, feed) if self.roles.random else {}

    def step(self, batch, look=False, rates=None):
        """Does one training step.

        Args:
          look: whether to return what is inside, too.
          rates: a learning rate that stands for all others; 0 lets no weight move.

        Returns:
          (scalars, gradients, layers): name -> number; '<update>|<variable>' -> array;
          list of (op name, kind, array, settings). The last two empty unless asked for.
        """
        scalars, gradients, layers = {}, {}, []
        for number, run in enumerate(self.roles.runs):
            feed = self._feed(batch, training=True, rates=rates, number=number)
            if rates == 0 and all(at != number for at, _ in self.roles.applied):
                continue  # it clips, or moves weights in another way
            fetches = {"run": run, "scalars": self.taps.step_scalars[number]}
            if look:
                fetches |= self._inside(number)
            found = self._run(fetches, feed)
            scalars |= found["scalars"]
            if self.program.recording:
                self.per_run.append(found["scalars"])
            if look:
                self.settings |= {
                    optimizer: {name: float(v) for name, v in values.items()}
                    for optimizer, values in found["hyper"].items()
                }
                gradients |= found["gradients"]
                layers += self._layers(self.taps.step_layers[number], found["layers"], number)
        return scalars, gradients, layers

    def _inside(self, number):
        """What a run is asked for besides its losses."""
        applied = enumerate(self.roles.applied)
        here = [(i, update) for i, (run, update) in applied if run == number]
        return {
            "layers": {op.name: self.taps.outputs[op.name] for op in self.taps.step_layers[number]},
            "gradients": {f"{i}|{a.variable}": a.gradient for i, u in here for a in u.applies},
            "hyper": {u.optimizer: u.applies[0].hyper for _, u in here},
        }

    def inference(self, batch):
        """Returns the layers of the forward pass in inference, as `step` does."""
        feed = self._feed(batch, training=False)
        fetches = {op.name: self.taps.outputs[op.name] for op in self.taps.inference_layers}
        rows = self._layers(self.taps.inference_layers, self._run(fetches, feed), 0)
        for op, (*_, settings) in zip(self.taps.inference_layers, rows, strict=True):
            # of a network that is there for inference alone: what it reads
            settings["twin"] = sorted(self.reads[op]) if op in self.taps.twins else []
        return rows

    def _layers(self, ops, values, run):
        suffix = f" (run {run + 1})" if run else ""
        return [
            (
                op.name + suffix,
                graph_layers.KINDS[self.types[op.name]],
                _nhwc(self.nodes[op.name], values[op.name]),
                {"op": self.types[op.name], **graph_layers.settings(self.nodes[op.name])},
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
                "nesterov": bool(self.nodes[update.applies[0].op.name].attr["use_nesterov"].b),
            }
            for _, update in self.roles.applied
        }

    def leaks(self, batch):
        """Returns '<update>|<variable>' -> what the other updates' losses would add to
        its gradient, were they not cut off from it; with no weight moved."""
        made = {}
        with self.graph.as_default():
            for i, (_, update) in enumerate(self.roles.applied):
                others = [
                    t
                    for j, losses in enumerate(self.roles.losses)
                    if j != i
                    for t in losses
                    if t not in self.roles.losses[i]
                ]
                variables = [self._read(a) for a in update.applies]
                try:
                    added = tf.gradients(others, variables) if others else []
                except (LookupError, ValueError, TypeError, AttributeError):
                    added = []  # an op without a gradient, or a loop
                made |= {
                    f"{i}|{a.variable}": g
                    for a, g in zip(update.applies, added or [None] * len(variables), strict=True)
                    if g is not None
                }
        feed = self._feed(batch, training=True, rates=0.0)
        return (
            self.session.run({n: tf.convert_to_tensor(g) for n, g in made.items()}, feed)
            if made
            else {}
        )

    def _read(self, apply):
        """What the gradient of a variable is taken by: the resource, or the
        reference."""
        return self.graph.get_operation_by_name(apply.variable).outputs[0]

    def save(self, path):
        """Writes all variables as a Saver does."""
        reading.write(path, self.values.read())

    def time(self, batch, steps):
        for _ in range(steps):
            self.step(batch)

    # ---- feeding ----

    def _feed(self, batch, training, rates=None, number=0):
        """What a run is fed: of `z@2` and `z` the second run takes the first."""
        feed = {
            self.graph.get_operation_by_name(n).outputs[0]: a
            for n, a in self.values.constants.items()
        }
        given = self.spec.training if training else self.spec.inference
        for name, tensor in {**self.roles.inputs, **self.roles.random}.items():
            if name in given:
                feed[tensor] = given[name]
            elif name in self.roles.switches:
                feed[tensor] = training
            elif name in batch:
                feed[tensor] = batch.get(f"{name}@{number + 1}", batch[name])
        if rates is not None:
            for _, update in self.roles.applied:
                for apply in update.applies:
                    feed[apply.hyper["learning rate"]] = rates
        return feed

    def _run(self, fetches, feed):
        try:
            return self.session.run(fetches, feed)
        except (tf.errors.OpError, ValueError, TypeError) as error:
            if "does not have value" in str(error):
                self._refuse_dead(feed)
            raise UserError(f"the TF1 program cannot run: {reason(error, 300)}") from error

    def _refuse_dead(self, feed):
        """Names a train op whose gradient never has a value: TF1 runs it, and it moves
        nothing. No rule tells from the graph; a run does."""
        for _, update in self.roles.applied:
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


def _nhwc(node, array):
    """Maps that a node has as [N, C, H, W] in the usual order."""
    is_first = "data_format" in node.attr and node.attr["data_format"].s == b"NCHW"
    return array.transpose(0, 2, 3, 1) if is_first and array.ndim == 4 else array
