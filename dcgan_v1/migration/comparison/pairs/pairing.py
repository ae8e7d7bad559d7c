"""Which variable is which, and what that rests on."""

from collections.abc import Callable
from dataclasses import dataclass, field

from dcgan_v1.migration.comparison.observations import Gradients, without_gradient
from dcgan_v1.migration.comparison.pairs.losses import Scalars
from dcgan_v1.migration.matching.fingerprints import Certificate
from dcgan_v1.migration.matching.matching import Matching
from dcgan_v1.migration.records import PortInfo, Tf1Info


@dataclass(frozen=True)
class Pairing:
    """What is known of both programs before they are run side by side.

    Attributes:
      old, new: what they say of themselves.
      matching, certificate: see `matching.identify`.
      equal_scalars: scalars of a step of each from equal values; None where there was none.
      trains: whether both have a step.
      note: what steps of a few rows could not do, or ''.
      dropouts: names of random numbers in the order in which the port's dropouts take them.
      unread: what the port keeps, TF1 has not, and no step of the port's reads.
    """

    old: Tf1Info
    new: PortInfo
    matching: Matching
    certificate: Certificate
    equal_scalars: tuple[Scalars, Scalars] | None = None
    trains: bool = False
    note: str = ""
    unread: list[str] = field(default_factory=list)
    dropouts: list[str] = field(default_factory=list)

    @property
    def port_only_averages(self) -> list[str]:
        """Averages and the like of the port's that TF1 has not: no training step reads them."""
        return [
            n
            for n in self.matching.new_only
            if n in self.unread
            or (
                self.new.variables[n].part in ("mean", "variance")
                and not self.new.variables[n].trainable
            )
        ]

    @property
    def new_only(self) -> list[str]:
        """Variables of the port's that have no counterpart and count."""
        known = {*self.port_only_averages, *self.matching.idle_new}
        return [n for n in self.matching.new_only if n not in known]

    @property
    def missing(self) -> list[str]:
        """Variables of TF1's that training or the networks need, and the port has not. Where both
        train, a head of a trained network that no loss is made of is not among them."""
        idle = {*self.matching.idle_old, *self.old.unread, *self._heads}
        return [
            n for n in self.matching.old_only if self.old.variables[n].trainable and n not in idle
        ]

    @property
    def notes(self) -> list[str]:
        """What is not compared, and why."""
        names = [n for n in self.matching.old_only if n in self.old.unread]
        unread = [f"{n}: TF1 computes nothing of it, and the port has it not" for n in names]
        heads = [n for n in self.matching.old_only if n in self._heads]
        return unread + [f"{n}: no step of TF1's needs it, and the port has it not" for n in heads]

    @property
    def _heads(self) -> list[str]:
        return self.old.heads if self.trains else []

    @property
    def is_whole(self) -> bool:
        """Whether every variable that counts has a counterpart."""
        return not self.new_only and not self.missing


def idle_biases(
    pairing: Pairing, ours: Callable[[], Gradients], theirs: Gradients, limit: float
) -> tuple[list[str], dict[str, list[int]]]:
    """Returns the biases of TF1's and of the port's (with their shapes) that the other side has
    not, and whose gradients are rounding and nothing else.

    Args:
      pairing: as shapes tell it.
      ours: gives TF1's gradients of a step; theirs: the port's.
      limit: of an update's largest gradient, what rounding may be.
    """
    old, new = pairing.old.variables, pairing.new.variables
    old_only = [n for n in pairing.missing if len(old[n].shape) == 1]
    new_only = [n for n in pairing.new_only if len(new[n].shape) == 1]
    ours_idle = without_gradient(ours(), {}, limit) if old_only else []
    theirs_idle = without_gradient(theirs, {}, limit) if new_only else []
    return (
        [n for n in old_only if n in ours_idle],
        {n: new[n].shape for n in new_only if n in theirs_idle},
    )
