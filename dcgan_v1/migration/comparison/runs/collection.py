"""Runs both programs from the same start and gathers what they give, under the same keys."""

import dataclasses
from dataclasses import dataclass, field

import numpy as np

from dcgan_v1.errors import UserError
from dcgan_v1.migration.comparison import decay_places, loss_units
from dcgan_v1.migration.comparison.evidence import (
    FORWARD,
    GRADIENT,
    LOSS,
    Evidence,
    Key,
    state_keys,
)
from dcgan_v1.migration.comparison.inputs.preparation import Prepared, Request
from dcgan_v1.migration.comparison.observations import NO_GRADIENT, refuse_nan, without_gradient
from dcgan_v1.migration.comparison.pairs.alignment import SHADOW
from dcgan_v1.migration.comparison.pairs.losses import Scalars, agree, pair_losses
from dcgan_v1.migration.comparison.pairs.pairing import Pairing
from dcgan_v1.migration.comparison.pairs.pixel_order import numbered
from dcgan_v1.migration.comparison.programs import Programs
from dcgan_v1.migration.comparison.runs import inference_run, recorded_run
from dcgan_v1.migration.comparison.runs.gathered import Gathered
from dcgan_v1.migration.comparison.runs.update_weights import weights_before_updates
from dcgan_v1.migration.records import Arrays, Observation, State
from dcgan_v1.migration.runners.process import both
from dcgan_v1.migration.runners.recorded_names import TERMS
from dcgan_v1.migration.runners.recorded_port import RecordedPort


def collect(
    programs: Programs,
    pairing: Pairing,
    prepared: Prepared,
    request: Request,
    reference: Evidence | None = None,
    along: dict[int, Arrays] | None = None,
) -> Evidence:
    """Runs training and inference of both programs.

    Args:
      programs: open.
      pairing, prepared: see there.
      request: how many steps, and after which the state is looked at.
      reference: of these programs in another dtype, or with other settings: which losses and
        layers belong together, and which gradients are rounding, is taken from it.
      along: number of an update -> weights that TF1 has before it; the first step alone is done.

    Raises:
      UserError: one of them fails, or computes NaN.
    """
    collector = Collector(programs, pairing, prepared, request, reference, along)
    collector.load(prepared.start)
    if pairing.trains:
        collector.train()
    if along is None:
        collector.load(State(prepared.start.variables))  # no slots: nothing is trained
        collector.infer()
    other = reference if reference and reference.dtype != programs.dtype else None
    evidence = loss_units.in_tf1_units(collector.evidence(), other.units if other else None)
    return decay_places.in_tf1_place(evidence, other.decays if other else None)


@dataclass
class Collector:
    """Fills the parts of an Evidence, see there."""

    programs: Programs
    pairing: Pairing
    prepared: Prepared
    request: Request
    reference: Evidence | None
    along: dict[int, Arrays] | None = None
    first: tuple[Observation, Observation] | None = None
    losses: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.old, self.new = self.pairing.old, self.pairing.new
        self.matching, self.dtype = self.pairing.matching, self.programs.dtype
        self.trained = {v for u in self.old.updates for v in u.variables}
        self.pixels = dict(self.reference.pixels) if self.reference else {}
        of_map = {m: [names] for m, names in self.request.map.forward.items()}
        self.forward = {**self.new.forward, **of_map}
        self.altered = self.new.altered
        self.gathered = Gathered(self.pairing, self.dtype, self.reference)

    def evidence(self) -> Evidence:
        """Returns all that was gathered."""
        return Evidence(
            dtype=self.dtype,
            old=self.old,
            new=dataclasses.replace(self.new, altered=self.altered),
            matching=self.matching,
            certificate=self.pairing.certificate,
            start=self.prepared.start,
            batch=self.prepared.tf1_batch(0, self.dtype).inputs,
            trains=self.pairing.trains,
            checked=self.request.checked,
            first=self.first,
            ours=self.gathered.ours,
            theirs=self.gathered.theirs,
            alone=self.gathered.alone,
            aligned=self.gathered.aligned,
            layers=self.gathered.layers,
            losses=self.losses,
            forward=self.forward,
            pixels=self.pixels,
            notes=self.gathered.notes,
        )

    def load(self, start: State) -> None:
        """Sets both programs to a state of TF1's."""
        self.programs.old.load(start)
        if isinstance(self.programs.new, RecordedPort):
            self.programs.new.position = 0
            return
        self.programs.new.load(self.matching.to_port(start))

    def _step(self, step: int, *, is_observed: bool = False) -> tuple[Observation, Observation]:
        batch = self.prepared.tf1_batch(step, self.dtype)
        port_batch = self.prepared.port_batch(step, self.dtype)
        along = self.along
        if along is not None:
            return both(
                lambda: self.programs.old.step_along(batch, along),
                lambda: self.programs.new.step(port_batch, is_observed=True),
            )
        return both(
            lambda: self.programs.old.step(batch, is_observed=is_observed),
            lambda: self.programs.new.step(port_batch, is_observed=is_observed),
        )

    # ---- training ----

    def train(self) -> None:
        """The first step with its inside, then the others."""
        ours, theirs = self.first = self._step(0, is_observed=True)
        refuse_nan("TF1 program", scalars=ours.scalars, gradients=ours.gradients)
        refuse_nan("port", scalars=theirs.scalars, gradients=theirs.gradients, layers=theirs.layers)
        self.altered = theirs.altered or self.altered
        self.pixels = numbered(self.pixels, theirs.pixels, self.new, self.matching)
        self.forward = {**theirs.forward, **self.forward}
        # what a later run of TF1's only has again may be of one call of the port's
        unused = [n for n in theirs.unused_draws if n in self.prepared.batches[0]]
        if unused:
            self.gathered.alone[Key(FORWARD, unused[0], "drawn")] = "TF1"
        self._gradients(ours, theirs)
        after = both(self.programs.old.state, self.programs.new.state)
        self._pair_losses(ours.scalars, theirs.scalars)
        self._losses(ours.scalars, theirs.scalars, 0)
        self._state(1, *after)
        parts = [(ours.layers, theirs.layers)]
        beside = self.gathered.align("training", parts, self.matching, self.pixels)
        refuse_nan("TF1 program", layers=beside)
        if self.along is None:
            self._later_steps(after[0])

    def _gradients(self, ours: Observation, theirs: Observation) -> None:
        in_tf1, alone = self.matching.gradients(theirs.gradients, self.old)
        if self.reference is None:
            exempt = without_gradient(ours.gradients, in_tf1, NO_GRADIENT[self.dtype])
        else:
            exempt = self.reference.matching.exempt
        self.matching = dataclasses.replace(self.matching, exempt=exempt)
        sides = [
            {Key(GRADIENT, k.variable, "", 0, k.update): a for k, a in side.items()}
            for side in (ours.gradients, in_tf1)
        ]
        exempt_names = set(self.matching.exempt)
        kept = [{k: a for k, a in s.items() if k.name not in exempt_names} for s in sides]
        self.gathered.add(*kept)
        for key in alone:
            self.gathered.alone[Key(GRADIENT, key.variable, "", 0, key.update)] = "port"

    def _later_steps(self, after_first: State) -> None:
        """Steps to the last one. What has no gradient but rounding is held at TF1's value after
        each: Adam would make steps of full length of it, each side its own."""
        state = after_first
        held = {n: self.prepared.start.variables[n] for n in self.matching.idle_old}
        port = self.programs.new
        if isinstance(port, RecordedPort):
            evidence = self.evidence()
            units = self.reference.units if self.reference else loss_units.found(evidence)
        for step in range(1, self.request.steps):
            if isinstance(port, RecordedPort):  # each step from the port's values
                state = recorded_run.state_of(
                    port, self.matching, self.old, self.programs.old.state()
                )
                state = loss_units.slots_in_tf1_units(state, evidence, units)
                self.programs.old.load(state)
            elif self.matching.exempt or self.matching.idle_new:
                self.programs.new.load(self.matching.to_port(self._exempt_part(state)))
            if held:
                self.programs.old.load(State(held))
            observations = self._step(step)
            self._losses(observations[0].scalars, observations[1].scalars, step + 1)
            is_checked = step + 1 in self.request.checked
            if is_checked or self.matching.exempt:  # it is held at TF1's value
                state = self.programs.old.state()
            if is_checked:
                self._state(step + 1, state, self.programs.new.state())

    def _exempt_part(self, state: State) -> State:
        names = set(self.matching.exempt) - set(self.matching.idle_old)
        return State(
            {n: state.variables[n] for n in names},
            {key: a for key, a in state.slots.items() if key.variable in names},
        )

    def _state(self, step: int, ours: State, port_state: State) -> None:
        """Notes both states, without what is exempt."""
        theirs = self.matching.to_tf1(port_state, self.old)
        exempt = set(self.matching.exempt)
        trained = self.trained | {key.variable for key in self.old.slots.values()}
        if step == 1:
            slots = [key for key in ours.slots if key not in theirs.slots]
            kept = [n for n in ours.variables if n in trained or n.endswith(SHADOW)]
            lacking = [n for n in kept if n not in theirs.variables]
            lacking = [n for n in lacking if n not in self.matching.idle_old]
            slots = [key for key in slots if key.variable not in self.matching.idle_old]
            names = lacking + [f"{key.slot} of {key.variable}" for key in slots]
            if names:
                self.gathered.notes.append(
                    f"{len(names)} slots or variables that the port has not, {names[0]} first"
                )
        keyed = []
        for side, other in ((ours, theirs), (theirs, ours)):
            shared = State(
                {
                    n: a
                    for n, a in side.variables.items()
                    if n in other.variables and n not in exempt
                },
                {
                    k: a
                    for k, a in side.slots.items()
                    if k in other.slots and k.variable not in exempt
                },
                {o: n for o, n in side.updates.items() if o in other.updates},
            )
            keyed.append(state_keys(shared, self.old, self.trained, step))
        self.gathered.add(*keyed)

    # ---- losses ----

    def _pair_losses(self, ours: Scalars, theirs: Scalars) -> None:
        if self.reference is not None:
            self.losses = self.reference.losses
            return
        steps = [(ours, theirs)]
        if self.pairing.equal_scalars:
            steps.append(self.pairing.equal_scalars)
        self.losses = pair_losses(steps, self.old.updates)
        is_recorded = isinstance(self.programs.new, RecordedPort)
        if is_recorded and len(self.old.updates) > 1 and not agree(steps, self.losses):
            # an update that differs makes all losses after it differ
            self.losses = pair_losses([(self._scalars_along(), theirs)], self.old.updates)
        terms = {term for name in self.losses for term in name.split(TERMS)}  # of a sum with a pair
        unpaired = [name for name in theirs if name not in {*self.losses, *terms}]
        if unpaired and not self.losses:
            self.gathered.alone[Key(LOSS, unpaired[0])] = "port"
        elif unpaired:
            names = ", ".join(unpaired)
            self.gathered.notes.append(f"the port's {names}: TF1 has no loss of that value")

    def _scalars_along(self) -> Scalars:
        """TF1's scalars of a first step whose session calls begin with the recorded port's
        weights. Every later step begins with these, too: TF1's state is not kept."""
        programs, port = self.programs, self.programs.new
        assert isinstance(port, RecordedPort)
        position, port.position = port.position, 0
        port_batch = self.prepared.port_batch(0, self.dtype)
        along = weights_before_updates(programs, self.matching, self.old, port_batch)
        port.position = position
        programs.old.load(self.prepared.start)
        return programs.old.step_along(self.prepared.tf1_batch(0, self.dtype), along).scalars

    def _losses(self, ours: Scalars, theirs: Scalars, step: int) -> None:
        for name, other in self.losses.items():
            if other in ours and name in theirs:
                for side, value in (("TF1 program", ours[other]), ("port", theirs[name])):
                    if not np.isfinite(value):
                        raise UserError(
                            f"the {side} computes NaN: loss {name} of step {max(step, 1)}"
                        )
                key = Key(LOSS, name, "", step)
                self.gathered.ours[key] = np.asarray(ours[other])
                self.gathered.theirs[key] = np.asarray(theirs[name])

    # ---- inference ----

    def infer(self) -> None:
        """Both programs' inference, of the first batch."""
        self.pixels = inference_run.gather(
            self.programs, self.prepared, self.gathered, self.matching, self.pixels, self.forward
        )
