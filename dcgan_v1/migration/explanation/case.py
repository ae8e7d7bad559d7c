"""The records of explanations: the case that causes are looked for in, a cause, a finding."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import numpy as np

from dcgan_v1.migration.comparison.differences import Difference, between, group_of
from dcgan_v1.migration.comparison.evidence import (
    AVERAGE,
    FORWARD,
    GRADIENT,
    LOSS,
    STATE,
    Evidence,
    Key,
)
from dcgan_v1.migration.comparison.runs.experiments import Experiments
from dcgan_v1.migration.explanation.kinds import Kind
from dcgan_v1.migration.sources import Change

EPSILON_PLACE = "adam-epsilon-place"  # causes that a user may accept, by name
PORT_AVERAGES = "port-only-averages"
SLOT_START = "slot-start"
SECOND_NOISE = "second-noise"
MIXED_SHARES = "mixed-shares"
ACCEPTABLE = {
    EPSILON_PLACE: "Adam's epsilon is added after the bias correction, as PyTorch does",
    MIXED_SHARES: "a number from 0 to 1 is the share of one side of a mixture in TF1, of the other "
    "in the port",
    PORT_AVERAGES: "the port keeps averages that TF1 has not and that no training step reads",
    SECOND_NOISE: "one side draws noise once more where the other uses the first again",
    SLOT_START: "an optimiser's slots begin elsewhere: RMSProp's at 1 in TF1, at 0 in most ports",
}


@dataclass(frozen=True)
class Named:
    """Settings that a cause is about.

    Attributes:
      owners: layers of the port's that are set so, or an optimiser.
      settings: what they call them: 'epsilon', 'learning rate'.
      place: where the port adds its epsilon, where that is not TF1's place; ''.
    """

    owners: frozenset[str]
    settings: frozenset[str]
    place: str = ""


@dataclass(frozen=True)
class Cause:
    """Why something differs.

    Attributes:
      kind: what it is about.
      where: a layer of the port, or a variable in TF1's names.
      text: what was worked out, one sentence, with the numbers that prove it.
      keys: what it accounts for.
      changes: numbers of TF1's graph that put it right.
      proof: what must be nearer then, where `keys` may have other causes, too.
      name: one of ACCEPTABLE, or ''.
      named: the settings that it is about, where it is about settings.
      values: what the port has and what TF1 has, where it is about a number or a name.
      stage: the kind of key that it is of, where its own kind may be of any.
    """

    kind: Kind
    where: str
    text: str
    keys: frozenset[Key] = frozenset()
    changes: tuple[Change, ...] = ()
    proof: Key | None = None
    name: str = ""
    named: Named | None = None
    values: tuple[str, str] | None = None
    stage: str = ""

    def finding(self) -> "Finding":
        """Returns what is said of it."""
        said = self.kind, self.where, self.text, self.name, self.named, self.values, self.stage
        return Finding(*said)


def silent(keys: frozenset[Key]) -> Cause:
    """Returns what accounts for differences without a word: they come of what has been said."""
    return Cause(Kind.UNEXPLAINED, "", "", keys)


@dataclass(frozen=True)
class Finding:
    """Where the sides part, and why; see `Cause`."""

    kind: Kind
    where: str
    cause: str
    name: str = ""
    named: Named | None = None
    values: tuple[str, str] | None = None
    stage: str = ""


Of = TypeVar("Of")


def _is_along(key: Key) -> bool:
    """Whether something comes of the first step's runs, whatever its updates make of weights."""
    if key.kind == STATE:
        return key.part == AVERAGE and key.step == 1
    return key.kind == GRADIENT or (
        key.step == 0 and (key.kind == LOSS or (key.kind == FORWARD and key.part != "inference"))
    )


def _part(keyed: dict[Key, Of]) -> dict[Key, Of]:
    return {key: value for key, value in keyed.items() if _is_along(key)}


@dataclass(frozen=True)
class Case:
    """Evidence in which causes are looked for.

    Attributes:
      evidence, differences: what both sides gave.
      experiments: further runs; they may be asked for anything that evidence does not hold.
      accounted: keys whose difference has a cause by now.
      by_itself: what both gave where each went on from its own weights; `evidence` has then the
        first step of a TF1 program that went along with the port's.
    """

    evidence: Evidence
    differences: list[Difference]
    experiments: Experiments
    accounted: frozenset[Key] = field(default_factory=frozenset)
    by_itself: Evidence | None = None
    _known: dict[Callable[..., Any], Any] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def once(self, work: Callable[["Case"], Of]) -> Of:
        """Returns what a function gives of the case, which several stages ask for."""
        if work not in self._known:
            self._known[work] = work(self)
        known: Of = self._known[work]
        return known

    def over(self, kind: str) -> list[Difference]:
        """Returns the differences of a kind that nothing accounts for yet."""
        return [
            d
            for d in self.differences
            if d.is_over and d.key.kind == kind and d.key not in self.accounted
        ]

    def agrees(self, kind: str) -> bool:
        """Whether nothing of a kind differs, accounted for or not."""
        return not any(d.is_over and d.key.kind == kind for d in self.differences)

    def gradients(self, side: str, name: str, optimizer: str) -> list[np.ndarray]:
        """Returns the gradients of a variable in an optimiser's updates of the first step.

        Args:
          side: 'TF1' or 'port'.
          name: of the variable, as TF1 calls it.
          optimizer: as TF1 calls it.
        """
        evidence = self.by_itself or self.evidence
        arrays = evidence.ours if side == "TF1" else evidence.theirs
        own = [i for i, u in enumerate(self.evidence.old.updates) if u.optimizer == optimizer]
        keys = [Key(GRADIENT, name, "", 0, number) for number in own]
        return [np.asarray(arrays[key], np.float64) for key in keys if key in arrays]

    def accounting_for(self, keys: Iterable[Key]) -> "Case":
        """Returns the case with more keys accounted for."""
        return replace(self, accounted=self.accounted | frozenset(keys))

    def along_port(self) -> "Case":
        """Returns the case in which TF1 does each update of the first step from the weights that
        the port has by then: what differs through an earlier update alone agrees in it."""
        own, along = self.evidence, self.experiments.along_port()
        evidence = replace(
            own,
            ours={k: a for k, a in own.ours.items() if not _is_along(k)} | _part(along.ours),
            theirs={k: a for k, a in own.theirs.items() if not _is_along(k)} | _part(along.theirs),
            alone={k: s for k, s in own.alone.items() if not _is_along(k)} | _part(along.alone),
            aligned={**own.aligned, "training": along.aligned["training"]},
            layers={**own.layers, "training": along.layers["training"]},
        )
        found = between(evidence.ours, evidence.theirs, group_of(evidence))
        return replace(self, evidence=evidence, differences=found, by_itself=own)

    def put_right(self, changes: Iterable[Change]) -> "Case":
        """Returns the case in which TF1 has other numbers."""
        evidence = self.experiments.put_right(list(changes))
        found = between(evidence.ours, evidence.theirs, group_of(evidence))
        return Case(evidence, found, self.experiments)
