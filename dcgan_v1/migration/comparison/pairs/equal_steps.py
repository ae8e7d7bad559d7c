"""Runs a step of both programs under equal values, and pairs variables by the gradients."""

from dataclasses import replace
from functools import partial

import numpy as np

from dcgan_v1.errors import UserError
from dcgan_v1.migration.comparison.inputs import dropout_order
from dcgan_v1.migration.comparison.inputs.preparation import Prepared, cast
from dcgan_v1.migration.comparison.observations import NO_GRADIENT, SAME_VALUE, Gradients
from dcgan_v1.migration.comparison.pairs import pixel_order
from dcgan_v1.migration.comparison.pairs.losses import Scalars
from dcgan_v1.migration.comparison.pairs.pairing import Pairing, idle_biases
from dcgan_v1.migration.comparison.programs import Programs
from dcgan_v1.migration.matching import candidates, fingerprints
from dcgan_v1.migration.matching.fingerprints import EqualRun
from dcgan_v1.migration.matching.identify import GradientProbe, PortUpdate, identify, updates_of
from dcgan_v1.migration.matching.map_file import Map
from dcgan_v1.migration.matching.matching import Matching
from dcgan_v1.migration.records import (
    Arrays,
    Batch,
    LayerOutput,
    Observation,
    PortInfo,
    State,
    Tf1Info,
)
from dcgan_v1.migration.runners.process import both

PROVED = 1e-9  # distance of gradients under equal values that proves an order of pixels


def pair(
    programs: Programs, old: Tf1Info, new: PortInfo, prepared: Prepared, map_: Map, trains: bool
) -> Pairing:
    """Pairs the variables of both programs. The port is opened again where steps were done to do
    so: a schedule of its own may have counted them.

    Args:
      programs: open.
      old, new: what they say of themselves.
      prepared: what they are given.
      map_: a user's.
      trains: whether both have a step.

    Raises:
      UserError: a step fails, or the map does not fit.
    """
    # by shapes alone: where these do not fit, a port may not even run
    matching, certificate = identify(old, new, map_.variables, None, map_.optimizers)
    pairing = Pairing(old, new, matching, certificate, trains=trains)
    if not trains:
        return pairing
    try:
        steps = EqualSteps(programs, prepared)
    except UserError:
        if pairing.is_whole:
            raise
        return pairing
    new = steps.with_layouts(new)
    idle_old, idle_new = steps.idle(pairing)
    pairing = _with_idle(pairing, idle_old, idle_new)
    pairing = replace(pairing, unread=steps.unread(pairing))
    if not pairing.is_whole:
        return pairing
    if not map_.dropouts:  # whose order counts
        steps.settle_dropouts(old, new)
    probe = GradientProbe(steps.updates(), steps.pixels, steps.run)
    matching, certificate = identify(old, new, map_.variables, probe, map_.optimizers)
    more = pairing.unread, steps.bindings.dropouts
    pairing = Pairing(old, new, matching, certificate, steps.scalars, trains, steps.note, *more)
    pairing = _with_idle(pairing, idle_old, idle_new)
    by_pixels = [r for r in matching.rows if new.variables[r.new].layer in steps.pixels]
    if any(r.distance is not None and r.distance > PROVED for r in by_pixels):
        agreeing = partial(steps.agreeing, pairing)
        matching = pixel_order.settled(pairing.matching, new, steps.pixels, agreeing)
        pairing = replace(pairing, matching=matching)
    programs.reopen_port()
    return pairing


def _with_idle(pairing: Pairing, old: list[str], new: dict[str, list[int]]) -> Pairing:
    return replace(pairing, matching=replace(pairing.matching, idle_old=old, idle_new=new))


class EqualSteps:
    """Steps of both programs on a few rows, or on a whole batch where either takes no fewer.

    Attributes:
      pixels: the port's layers that meet feature maps, as its first step showed them.
      scalars: of the step from equal values.
      note: that it took a whole batch, or ''.
      bindings: of the port's step.
    """

    def __init__(self, programs: Programs, prepared: Prepared) -> None:
        self._programs, self._prepared = programs, prepared
        self.bindings = prepared.bindings
        self._arrays, self.note = prepared.small, ""
        self.scalars: tuple[Scalars, Scalars] | None = None
        self._ops: list[LayerOutput] | None = None
        programs.old.load(prepared.start)
        try:
            programs.old.still_step(self._tf1_batch())
            self._first = programs.new.step(self._port_batch(), is_observed=True)
        except UserError:  # the number of rows stands in a graph, or in the port's labels
            self._arrays = prepared.batches[0]
            self.note = (
                "matched and checked with the whole batch: TF1 or the port takes no fewer rows"
            )
            programs.reopen_port()
            self._first = programs.new.step(self._port_batch(), is_observed=True)
        self.pixels = self._first.pixels

    def with_layouts(self, port: PortInfo) -> PortInfo:
        """Returns what a port is, with the layouts of bare tensors that its step showed."""
        variables = {
            name: replace(v, layout=self._first.layouts.get(name, v.layout))
            for name, v in port.variables.items()
        }
        return replace(port, variables=variables)

    def idle(self, pairing: Pairing) -> tuple[list[str], dict[str, list[int]]]:
        """Returns the biases of TF1's and of the port's that the other side has not, and that a
        batch norm takes away again: their gradients are rounding and nothing else."""

        def ours() -> Gradients:
            self._programs.old.load(self._prepared.start)
            return self._programs.old.still_step(self._tf1_batch(), is_observed=True).gradients

        return idle_biases(pairing, ours, self._first.gradients, NO_GRADIENT[self._programs.dtype])

    def unread(self, pairing: Pairing) -> list[str]:
        """Returns what the port alone has, trains by no gradient, and does not read in a step:
        with other values of it the step gives the same bits."""
        variables = pairing.new.variables
        names = [n for n in pairing.new_only if not variables[n].trainable]
        if not names:
            return []
        port = self._programs.new
        state = port.state()
        others = state.replaced({n: state.variables[n] + 0.125 for n in names})
        seen = []
        for values in (state, others):
            port.load(values)
            step = port.step(self._port_batch(), is_observed=True)
            layers = [layer.output.tobytes() for layer in step.layers]
            gradients = {k: a.tobytes() for k, a in step.gradients.items()}
            seen.append((step.scalars, layers, gradients))
        return names if seen[0] == seen[1] else []

    def agreeing(self, pairing: Pairing, matching: Matching) -> tuple[int, int]:
        """Returns how many layers of the port's first step give what TF1's ops give, of how
        many."""
        start = self._prepared.start
        if self._ops is None:
            self._programs.old.load(start)
            self._ops = self._programs.old.step(self._tf1_batch(), is_observed=True).layers
        self._programs.new.load(matching.to_port(start))
        seen = self._programs.new.step(self._port_batch(), is_observed=True)
        tolerance = SAME_VALUE[self._programs.dtype]
        return pixel_order.in_agreement(self._ops, seen, pairing.new, matching, tolerance)

    def updates(self) -> list[PortUpdate]:
        """Returns the updates of the port's step."""
        return updates_of(self._first.gradients)

    def settle_dropouts(self, old: Tf1Info, new: PortInfo) -> None:
        """Has the port's dropouts take the numbers that multiply the same in TF1, whichever of its
        networks it calls first."""
        whole = self._prepared.batches[0]
        names = list(self.bindings.draws(whole))
        options = candidates.by_shape(old.variables, new.variables)
        values = fingerprints.values_of_shapes(
            old.variables, new.variables, options, [], self.pixels
        )

        def run(order: list[str]) -> tuple[Arrays, list[np.ndarray], list[np.ndarray]]:
            self.bindings = replace(self.bindings, dropouts=order)
            ours, theirs = self._from_equal_values(*values, whole)
            drops = [layer.output for layer in theirs.layers if layer.kind == "dropout"]
            return self.bindings.draws(whole), drops, [layer.output for layer in ours.layers]

        shapes = {n: array.shape for n, array in self.bindings.draws(whole).items()}
        order = dropout_order.settled(names, shapes, run)
        self.bindings = replace(self.bindings, dropouts=order)

    def _tf1_batch(self) -> Batch:
        return Batch(cast(self._arrays, self._programs.dtype))

    def _port_batch(self) -> Batch:
        return self.bindings.batch(cast(self._arrays, self._programs.dtype))

    def run(self, old_values: Arrays, new_values: Arrays) -> tuple[EqualRun, EqualRun]:
        """A step of either side with values that are equal for equal shapes."""
        observations = self._from_equal_values(old_values, new_values, self._arrays)
        states = both(self._programs.old.state, self._programs.new.state)
        self.scalars = observations[0].scalars, observations[1].scalars
        ours, theirs_run = (
            EqualRun(o.scalars, o.gradients, s.variables)
            for o, s in zip(observations, states, strict=True)
        )
        return ours, theirs_run

    def _from_equal_values(
        self, old_values: Arrays, new_values: Arrays, arrays: Arrays
    ) -> tuple[Observation, Observation]:
        start, programs = self._prepared.start, self._programs
        slots = {key: np.zeros_like(a) for key, a in start.slots.items()}
        updates = dict.fromkeys(start.updates, 0)
        programs.old.load(State(old_values, slots, updates))
        theirs = programs.new.state()
        slots = {key: np.zeros_like(a) for key, a in theirs.slots.items()}
        programs.new.load(State(new_values, slots, dict.fromkeys(theirs.updates, 0)))
        given = cast(arrays, programs.dtype)
        return both(
            lambda: programs.old.step(Batch(given), is_observed=True),
            lambda: programs.new.step(self.bindings.batch(given), is_observed=True),
        )
