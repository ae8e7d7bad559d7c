"""Reads a TF1 program off the graph that `compare` opens: a `description.Program`."""

import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from dcgan_v1.migration.records import Tf1Info
from dcgan_v1.porting import description as d
from dcgan_v1.porting.graphs import graph
from dcgan_v1.porting.patterns.norms import bare, moment_of
from dcgan_v1.porting.reading import effects, initializers, network_names, outputs, segments
from dcgan_v1.porting.reading.averages import averages_of, key_of
from dcgan_v1.porting.reading.corrections import Names
from dcgan_v1.porting.reading.flow import Flow
from dcgan_v1.porting.reading.nodes import Bodies
from dcgan_v1.porting.reading.runs import Run, in_order, stages
from dcgan_v1.porting.reading.updates import Updates

if TYPE_CHECKING:
    from dcgan_v1.migration.runners.tf1.runner import GraphRunner


def read(
    runner: "GraphRunner",
    switched_off: frozenset[str] = frozenset(),
    names: Names = Names(),  # noqa: B008  # it is frozen
) -> d.Program:
    """Returns what a program is.

    Args:
      runner: of the graph, in float32.
      switched_off: names of `patterns.PATTERNS` that are left out.
      names: of a map.

    Raises:
      Refused: with everything that has no place in a port.
    """
    from dcgan_v1.migration.runners.tf1.reading.graph_ops import above
    from dcgan_v1.porting.graphs.opening import raw_ops

    sys.setrecursionlimit(max(sys.getrecursionlimit(), 20000))
    constants = runner.program.variables if runner.program.frozen else ()
    losses = [t.op for tensors in runner.roles.losses for t in tensors]
    names_of_ops = {*runner.types, *(op.name for op in above(losses, data_only=True))}  # sums, too
    raw = raw_ops(runner.graph, names_of_ops, frozenset(constants))
    modes = {n: np.asarray(v) for n, v in runner.spec.training.items()}
    modes |= {n: np.asarray(True) for n in runner.roles.switches if n not in modes}
    inference = {n: np.asarray(v) for n, v in runner.spec.inference.items()}
    inference |= {n: np.asarray(False) for n in runner.roles.switches if n not in inference}
    training, inferring = graph.build(raw, modes), graph.build(raw, inference)
    return Reader(runner.describe(), training, inferring, switched_off, names).program(runner)


class Reader:
    """Reads one program.

    Args:
      info: what compare knows of it.
      training, inference: its graph in either mode.
      switched_off: names of patterns that are left out.
      names: of a map.
    """

    def __init__(
        self,
        info: Tf1Info,
        training: graph.Graph,
        inference: graph.Graph,
        switched_off: frozenset[str],
        names: Names,
    ) -> None:
        self.info, self.training, self.inference = info, training, inference
        self.switched_off, self.names = switched_off, names
        self.averages = averages_of([training, inference], switched_off)
        self.refused: list[str] = []

    def program(self, runner: "GraphRunner") -> d.Program:
        """Returns the whole."""
        info = self.info
        if not info.updates:
            return self._networks_alone(runner)
        start = runner.initial()
        updates = Updates(self.training, runner.roles, info, self.names.optimizers, start)
        self.averages.add_moved(
            move for run in info.runs for move in effects.moves(self.training, run, updates.own)
        )
        runs = [self._run(number, updates) for number in range(len(info.runs))]
        trained = [u.variables for u in info.updates]
        networks = network_names.groups(trained, info.variables, self.names.networks)
        bodies = self._bodies(runs, networks)
        optimizers = updates.optimizers()
        self._refuse(updates.refused + bodies.refused)
        variables = self._variables(runner)
        return d.Program(
            source=info.source,
            variables=variables,
            networks=bodies.networks,
            optimizers=optimizers,
            inputs=bodies.inputs,
            draws=bodies.draws,
            stages=bodies.stages,
            losses=bodies.losses,
            dropouts=bodies.dropouts(),
            left_out=(*_unknown_starts(variables, networks), *self._clipped(updates.own)),
        )

    def _clipped(self, own: set[str]) -> list[str]:
        """What is left out of a program that clips its optimisers' slots with its weights."""
        moves = [m for run in self.info.runs for m in effects.moves(self.training, run, set())]
        slots = {m.variable for m in moves if m.variable in own and effects.clip(m) is not None}
        first = f"{len(slots)} variables of optimisers, {min(slots, default='')} first"
        return [f"the clips of {first}: TF1 clips them as it does weights"] if slots else []

    def _networks_alone(self, runner: "GraphRunner") -> d.Program:
        """A program without a training step: what its outputs are made of."""
        flow = Flow(self.inference, lambda _: 0, self.switched_off)
        ends = [flow.operand(t) for t in outputs.of(self.inference)]
        kernels = {p.variables["kernel"] for p in flow.pieces if "kernel" in p.variables}
        used = {v for p in flow.pieces for v in p.variables.values()}
        used |= {x.variable for p in flow.pieces for x in p.inputs if isinstance(x, d.Weight)}
        of_norms = self.averages.members
        order = [v for v in self.info.variables if v in used - of_norms]
        networks = network_names.scopes(order, kernels, self.names.networks)
        bodies = self._bodies([Run(0, flow, [], [], None)], networks)
        forward = bodies.forward(ends)
        self._refuse(bodies.refused)
        variables = self._variables(runner)
        return d.Program(
            source=self.info.source,
            variables=variables,
            networks=bodies.networks,
            optimizers=(),
            inputs=bodies.inputs,
            draws=bodies.draws,
            stages=(),
            losses={},
            forward=forward,
        )

    def _bodies(self, runs: list[Run], networks: dict[str, list[str]]) -> Bodies:
        network_of = {v: name for name, names in networks.items() for v in names}
        for piece in (p for run in runs for p in run.flow.pieces if p.kind == "batch_norm"):
            pairs = self.averages.of.get(key_of(piece.variables), [])
            piece.settings["fused"] |= any(set(p) & self.averages.unbiased for p in pairs)
        calls = segments.calls([run.flow.pieces for run in runs], network_of)
        if any([self._traced_moves(run, calls) for run in runs]):  # noqa: C419  # every one
            calls = segments.calls([run.flow.pieces for run in runs], network_of)
        if not self.names.networks and (names := network_names.roles(segments.makers(calls))):
            networks = {names[name]: own for name, own in networks.items()}
            for call in calls:
                call.network = names[call.network]
        for run in runs:
            self.refused += run.flow.refused
        again = [n for n in (*self.info.inputs, *self.info.random) if "@" in n]
        return Bodies(calls, runs, networks, self.averages, self.names, again)

    def _traced_moves(self, run: Run, calls: list[segments.Call]) -> bool:
        """Traces networks that a run calls only for the averages which that moves; returns whether
        there are any."""
        own = {bare(m) for piece in run.flow.pieces for m in piece.moments}
        wanted = dict.fromkeys(
            norm
            for average, _ in run.folded
            if moment_of(average.of) not in own
            if (norm := self.averages.by_moment.get(moment_of(average.of))) is not None
        )
        for norm in wanted:
            ends = [
                out.piece.op.outputs[out.index]
                for call in calls
                if any(p.op is norm.op for p in call.pieces)
                for out in call.outputs
            ]
            run.moving += [run.flow.operand(t) for t in dict.fromkeys(ends or [norm])]
        return bool(wanted)

    def _refuse(self, more: list[str]) -> None:
        """Refuses with everything at once."""
        refused = dict.fromkeys([*self.refused, *more])
        if refused:
            source = self.info.source
            raise d.Refused(f"{source} holds what no port is written for: {'; '.join(refused)}")

    def _variables(self, runner: "GraphRunner") -> dict[str, d.Variable]:
        return {
            name: d.Variable(
                name,
                tuple(v.shape),
                v.dtype,
                bool(v.trainable),
                initializers.of(self.training, name, runner.program.initializers),
            )
            for name, v in self.info.variables.items()
        }

    def _run(self, number: int, updates: Updates) -> Run:
        run = self.info.runs[number]
        moves = effects.moves(self.training, run, updates.own)
        folded: dict[str, tuple[effects.Average, effects.Move]] = {}
        kept: list[Any] = []
        for move in moves:
            average = effects.average(move)
            if average is not None and average.variable in self.averages.members:
                folded[f"{average.variable} {move.op.name}"] = (average, move)
            elif not effects.is_count(move):
                kept.append(move)
        updated = updates.of_run(number)
        applied = {op for update in updated for op in update.ops}
        self.refused += effects.strays(self.training, run, applied)
        kept += updated
        ordered = in_order(kept)
        stage_of = stages(ordered, self.training)
        flow = Flow(self.training, stage_of, self.switched_off)
        result = Run(number, flow, ordered, list(folded.values()), updates)
        result.trace()
        return result


def _unknown_starts(
    variables: dict[str, d.Variable], networks: dict[str, list[str]]
) -> tuple[str, ...]:
    own = {v for names in networks.values() for v in names}
    return tuple(
        f"the first values of {name}: the framework's own stand there"
        for name, v in variables.items()
        if name in own and not v.initializer[0]
    )
