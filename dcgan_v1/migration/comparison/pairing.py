"""Finds which variable is which by running both programs."""

from dataclasses import dataclass

import numpy as np

from dcgan_v1.errors import UserError
from dcgan_v1.migration.comparison.losses import Scalars
from dcgan_v1.migration.comparison.preparation import Prepared, cast
from dcgan_v1.migration.comparison.programs import Programs
from dcgan_v1.migration.matching.fingerprints import Certificate, EqualRun
from dcgan_v1.migration.matching.identify import GradientProbe, PortUpdate, identify, updates_of
from dcgan_v1.migration.matching.map_file import Map
from dcgan_v1.migration.matching.matching import Matching
from dcgan_v1.migration.records import Arrays, Batch, PortInfo, State, Tf1Info
from dcgan_v1.migration.runners.process import both


@dataclass(frozen=True)
class Pairing:
    """What is known of both programs before they are run side by side.

    Attributes:
      old, new: what they say of themselves.
      matching, certificate: see `matching.identify`.
      equal_scalars: scalars of a step of each from equal values; None where there was none.
      trains: whether both have a step.
    """

    old: Tf1Info
    new: PortInfo
    matching: Matching
    certificate: Certificate
    equal_scalars: tuple[Scalars, Scalars] | None = None
    trains: bool = False

    @property
    def port_only_averages(self) -> list[str]:
        """Averages of the port's that TF1 has not: no training step reads them."""
        return [
            n
            for n in self.matching.new_only
            if self.new.variables[n].part in ("mean", "variance")
            and not self.new.variables[n].trainable
        ]

    @property
    def new_only(self) -> list[str]:
        """Variables of the port's that have no counterpart and count."""
        averages = set(self.port_only_averages)
        return [n for n in self.matching.new_only if n not in averages]

    @property
    def missing(self) -> list[str]:
        """Variables of TF1's that training or the networks need, and the port has not."""
        return [n for n in self.matching.old_only if self.old.variables[n].trainable]

    @property
    def is_whole(self) -> bool:
        """Whether every variable that counts has a counterpart."""
        return not self.new_only and not self.missing


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
    if not trains or not pairing.is_whole:
        return pairing
    steps = EqualSteps(programs, prepared)
    probe = GradientProbe(steps.updates(), steps.pixels, steps.run)
    matching, certificate = identify(old, new, map_.variables, probe, map_.optimizers)
    programs.reopen_port()
    return Pairing(old, new, matching, certificate, steps.scalars, trains)


class EqualSteps:
    """Steps of both programs on a few rows, or on a whole batch where either takes no fewer.

    Attributes:
      pixels: the port's layers that meet feature maps, as its first step showed them.
      scalars: of the step from equal values.
    """

    def __init__(self, programs: Programs, prepared: Prepared) -> None:
        self._programs, self._prepared = programs, prepared
        self._arrays = prepared.small
        self.scalars: tuple[Scalars, Scalars] | None = None
        programs.old.load(prepared.start)
        try:
            programs.old.still_step(self._tf1_batch())
            self._first = programs.new.step(self._port_batch(), is_observed=True)
        except UserError:  # the number of rows stands in a graph, or in the port's labels
            self._arrays = prepared.batches[0]
            programs.reopen_port()
            self._first = programs.new.step(self._port_batch(), is_observed=True)
        self.pixels = self._first.pixels

    def updates(self) -> list[PortUpdate]:
        """Returns the updates of the port's step."""
        return updates_of(self._first.gradients)

    def _tf1_batch(self) -> Batch:
        return Batch(cast(self._arrays, self._programs.dtype))

    def _port_batch(self) -> Batch:
        return self._prepared.bindings.batch(cast(self._arrays, self._programs.dtype))

    def run(self, old_values: Arrays, new_values: Arrays) -> tuple[EqualRun, EqualRun]:
        """A step of either side with values that are equal for equal shapes."""
        start = self._prepared.start
        slots = {key: np.zeros_like(a) for key, a in start.slots.items()}
        updates = dict.fromkeys(start.updates, 0)
        self._programs.old.load(State(old_values, slots, updates))
        theirs = self._programs.new.state()
        slots = {key: np.zeros_like(a) for key, a in theirs.slots.items()}
        self._programs.new.load(State(new_values, slots, dict.fromkeys(theirs.updates, 0)))
        observations = both(
            lambda: self._programs.old.step(self._tf1_batch(), is_observed=True),
            lambda: self._programs.new.step(self._port_batch(), is_observed=True),
        )
        states = both(self._programs.old.state, self._programs.new.state)
        self.scalars = observations[0].scalars, observations[1].scalars
        ours, theirs_run = (
            EqualRun(o.scalars, o.gradients, s.variables)
            for o, s in zip(observations, states, strict=True)
        )
        return ours, theirs_run
