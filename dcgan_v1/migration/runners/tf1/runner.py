"""Runs a TF1 graph of which nothing is known but what it holds itself."""

from functools import partial
from typing import Any

import numpy as np
import tensorflow.compat.v1 as tf

from dcgan_v1.checkpoints import reading
from dcgan_v1.errors import UserError, reason
from dcgan_v1.migration.measures import ReplayRow
from dcgan_v1.migration.recordings.tf1_recorder.graph_ops import SOURCES
from dcgan_v1.migration.records import (
    Arrays,
    Batch,
    GradientKey,
    LayerOutput,
    Observation,
    Settings,
    State,
    Tf1Info,
)
from dcgan_v1.migration.runners.protocol import NoDouble
from dcgan_v1.migration.runners.tf1.describing import describe
from dcgan_v1.migration.runners.tf1.feeding import Feed, Feeding
from dcgan_v1.migration.runners.tf1.fetches import Fetches
from dcgan_v1.migration.runners.tf1.graph import changes as graph_changes
from dcgan_v1.migration.runners.tf1.graph import channels_first, dense_updates, opening, precision
from dcgan_v1.migration.runners.tf1.layer_outputs import layer_outputs
from dcgan_v1.migration.runners.tf1.reading import dropouts, leaks, pulled_back, races
from dcgan_v1.migration.runners.tf1.reading.channel_axes import with_channels_first
from dcgan_v1.migration.runners.tf1.reading.roles import Roles
from dcgan_v1.migration.runners.tf1.variables import Variables
from dcgan_v1.migration.sources import Change, GraphChange, OptimizerChange
from dcgan_v1.migration.specs import Tf1


class GraphRunner:
    """See `protocol.Tf1Runner`.

    Attributes:
      program: the `opening.Opened`.
      left, spelled: what float64 could not reach, see `precision.InDouble`.
      scalars_of_runs: of a recording, the scalars of every session call so far.
      roles, fetches, variables: what its ops are for, what can be asked of it, its variables.
      feeding: makes what a session call is fed.
      races: those of its session calls, a sentence each; here they have one order.
    """

    def __init__(
        self,
        spec: Tf1,
        dtype: str,
        threads: int,
        changes: list[Change] | None = None,
        device: str = "cpu",
    ) -> None:
        self.spec, self.dtype = spec, dtype
        self.scalars_of_runs: list[dict[str, float]] = []
        self._settings: dict[str, Settings] = {}  # as the last observed step had them
        self.program = opening.open_program(spec)
        meta = self.program.meta
        self.left: dict[str, int] = {}
        self.spelled: dict[str, int] = {}
        every = changes or []
        dense_updates.spell_out(meta)
        graph_changes.apply(meta, [c for c in every if isinstance(c, GraphChange)])
        self.nodes = {node.name: node for node in meta.graph_def.node}
        self.types = {name: node.op for name, node in self.nodes.items()}
        self.graph = tf.Graph()
        with self.graph.as_default():
            self._import(meta)
            own_names = set(spec.inference)
            self._take_from_recording()
            self.roles = Roles(self.graph, self.types, self.program, spec)
            self.fetches = Fetches(self.graph, self.types, self.roles)
            first = with_channels_first(self.graph, self.nodes)
            self._layers = partial(layer_outputs, self.nodes, self.fetches, first)
            self.variables = Variables(self.graph, self.program, self.roles, self.types, spec.trust)
            settled = races.settle(self.graph, self.roles, self.fetches, self._fetched())
            self.races, self._gates = settled
        self.change([c for c in every if isinstance(c, OptimizerChange)])
        config = tf.ConfigProto(device_count={"GPU": 0} if device == "cpu" else {})
        config.gpu_options.allow_growth = True
        config.intra_op_parallelism_threads = threads
        # optimised, a shape that is known waits for the queue that it is of, though it is fed
        if dtype == "float64" or any(t in SOURCES for t in self.types.values()):
            config.graph_options.rewrite_options.disable_meta_optimizer = True
        self.session = tf.Session(graph=self.graph, config=config)
        self.variables.session = self.session
        self._switch_dropouts_off(own_names)

    def _import(self, meta: Any) -> None:
        meta = channels_first.to_last(meta)  # `nodes` are as they were written
        try:
            if self.dtype == "float64":
                meta, self.left, self.spelled = precision.to_double(meta)
            tf.import_graph_def(meta.graph_def, name="")
        except (ValueError, AttributeError, tf.errors.OpError) as error:
            source = self.program.source
            if self.dtype == "float64":
                raise NoDouble(f"{source} cannot be made float64: {reason(error)}") from error
            raise UserError(
                f"{source} cannot be imported by TensorFlow: {reason(error)}"
            ) from error

    def _take_from_recording(self) -> None:
        """What a step runs, and the numbers that say the mode, as they were recorded; what is
        given stands before them."""
        recording, spec = self.program.recording, self.spec
        if recording is None:
            return
        spec.runs = spec.runs or recording.runs
        modes = recording.modes()
        spec.training = {**modes, **spec.training}
        bools = {n for n, value in modes.items() if value.dtype == bool}
        numbers = {n: value for n, value in modes.items() if n not in bools}
        spec.inference = {**numbers, **spec.inference}

    def _fetched(self) -> list[list[str]]:
        """Names of what the program itself fetches in each run, where it was recorded."""
        recording = self.program.recording
        is_recorded = recording is not None and self.spec.runs == recording.runs
        return recording.fetched if recording and is_recorded else [[] for _ in self.roles.runs]

    def _switch_dropouts_off(self, own_names: set[str]) -> None:
        """In inference; a recording has the number of training alone."""
        for name in set(self.spec.inference) - own_names:
            tensor = self.roles.inputs.get(name)
            off = None
            if tensor is not None and tensor.dtype.is_floating:
                off = dropouts.value_in_inference(self.session, tensor)
            if off is not None:
                self.spec.inference[name] = off

    # ---- what a runner does ----

    def change(self, changes: list[OptimizerChange]) -> None:
        self.variables.overrides = {
            (c.optimizer, c.setting): c.value for c in changes if not c.is_after_correction
        }
        self.feeding = Feeding(
            self.graph, self.spec, self.roles, self.variables, changes, self._gates
        )

    def describe(self) -> Tf1Info:
        return describe(self)

    def initial(self) -> State:
        return self.variables.initial()

    def state(self) -> State:
        return self.variables.state()

    def load(self, state: State) -> None:
        self.variables.load(state)

    def draw(self, batch: Batch) -> Arrays:
        feed = self.feeding.of_run(batch, is_training=True)
        return self.session.run(self.roles.random, feed) if self.roles.random else {}

    def step(self, batch: Batch, *, is_observed: bool = False) -> Observation:
        return self._step(batch, is_observed=is_observed, rate=None)

    def still_step(self, batch: Batch, *, is_observed: bool = False) -> Observation:
        return self._step(batch, is_observed=is_observed, rate=0.0)

    def step_along(self, batch: Batch, weights: dict[int, Arrays]) -> Observation:
        of_run: dict[int, Arrays] = {}
        for i, (number, _) in enumerate(self.roles.applied):
            if i in weights:
                of_run.setdefault(number, weights[i])
        return self._step(batch, is_observed=True, rate=None, weights=of_run)

    def _step(
        self,
        batch: Batch,
        *,
        is_observed: bool,
        rate: float | None,
        weights: dict[int, Arrays] | None = None,
    ) -> Observation:
        """Does the runs of one step.

        Args:
          weights: number of a run -> what is loaded before it.
          rate: a learning rate that stands for all others; 0 lets no weight move.
        """
        scalars: dict[str, float] = {}
        gradients: dict[GradientKey, np.ndarray] = {}
        layers: list[LayerOutput] = []
        applied = 0
        again = self.roles.losses_of_several_runs()
        for number, run in enumerate(self.roles.runs):
            updates = [i for i, (at, _) in enumerate(self.roles.applied) if at == number]
            if rate == 0 and not updates:
                continue  # it clips, or moves weights in another way
            if weights and number in weights:
                self.load(State(weights[number]))
            fetches = {"run": run, "scalars": self.fetches.step_scalars[number]}
            if is_observed:
                fetches |= self._inside(number, updates)
            values = self._run(
                fetches, self.feeding.of_run(batch, is_training=True, rate=rate, run=number)
            )
            elsewhere = self.roles.losses_elsewhere(number)
            of_run = {n: float(v) for n, v in values["scalars"].items() if n not in elsewhere}
            scalars |= of_run | {f"{n}#{number + 1}": of_run[n] for n in again if n in of_run}
            if self.program.recording:
                self.scalars_of_runs.append(values["scalars"])
            if is_observed:
                self._settings |= {
                    optimizer: {name: float(v) for name, v in numbers.items()}
                    for optimizer, numbers in values["settings"].items()
                }
                gradients |= values["gradients"]
                ops = self.fetches.step_layers[number]
                layers += self._layers(ops, values["layers"], run=number, applied=applied)
            applied += len(updates)
        if not is_observed:
            return Observation(scalars)
        return Observation(scalars, layers, gradients, self._optimizer_settings())

    def _inside(self, number: int, updates: list[int]) -> dict[str, Any]:
        """What a run is asked for besides its losses."""
        here = [(i, self.roles.applied[i][1]) for i in updates]
        return {
            "layers": {
                op.name: self.fetches.outputs[op.name] for op in self.fetches.step_layers[number]
            },
            "gradients": {
                GradientKey(i, u.optimizer, a.variable): a.gradient
                for i, u in here
                for a in u.applies
            },
            "settings": {u.optimizer: u.applies[0].settings for _, u in here},
        }

    def inference(self, batch: Batch, forward: dict[str, list[str]]) -> Observation:
        del forward  # its ops know what they read
        ops = self.fetches.inference_layers
        values = self._run(
            {op.name: self.fetches.outputs[op.name] for op in ops},
            self.feeding.of_run(batch, is_training=False),
        )
        return Observation(layers=self._layers(ops, values))

    def _optimizer_settings(self) -> dict[str, Settings]:
        """Optimiser -> name -> number, as the last observed step had them. To ask for them alone
        might run an update that they wait for."""
        return {
            update.optimizer: {
                "kind": update.kind,
                **self._settings.get(update.optimizer, {}),
                "nesterov": bool(self.nodes[update.applies[0].op.name].attr["use_nesterov"].b),
            }
            for _, update in self.roles.applied
        }

    def leaks(self, batch: Batch) -> dict[GradientKey, np.ndarray]:
        tensors = leaks.tensors(self.graph, self.roles)
        feed = self.feeding.of_run(batch, is_training=True, rate=0.0)
        return self.session.run(tensors, feed) if tensors else {}

    def pulled_back(self, batch: Batch, run: int, above: Arrays, to: list[str]) -> Arrays:
        tensors = pulled_back.tensors(self.graph, above, to)
        feed = self.feeding.of_run(batch, is_training=True, rate=0.0, run=run)
        return self._run(tensors, feed) if tensors else {}

    def replay(self, folder: str, against: str) -> list[ReplayRow]:
        from dcgan_v1.migration.runners.tf1.replay import replay

        return replay(self, folder, against)

    def save(self, path: str) -> None:
        reading.write(path, self.variables.read())

    def _run(self, fetches: Any, feed: Feed) -> Any:
        try:
            return self.session.run(fetches, feed)
        except (tf.errors.OpError, ValueError, TypeError) as error:
            if "does not have value" in str(error):
                self._refuse_dead(feed)
            raise UserError(f"the TF1 program cannot run: {reason(error, 300)}") from error

    def _refuse_dead(self, feed: Feed) -> None:
        """Names a train op whose gradient never has a value: TF1 runs it, and it moves nothing.
        No rule tells from the graph; a run does."""
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
