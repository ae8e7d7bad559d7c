"""What explanations may ask of programs: further runs with something changed."""

from typing import Protocol

import numpy as np

from dcgan_v1.migration.comparison.evidence import Evidence, Key, Keyed
from dcgan_v1.migration.matching.matching import Row
from dcgan_v1.migration.records import Arrays, GradientKey, Settings, SlotKey, State
from dcgan_v1.migration.sources import Change


class Experiments(Protocol):
    """Further runs of both programs from the same start."""

    def output_with(
        self, rows: list[Row], layer: str, mode: str, start: State | None = None
    ) -> np.ndarray:
        """Returns a layer's output in the port with other rows of the map, or from another start
        of TF1's.

        Args:
          rows: rows of the map, in place of those for these variables.
          layer: of the port.
          mode: 'training' or 'inference'.
          start: TF1's values; None for those of the comparison.
        """
        ...

    def still_gradients(self) -> tuple[Keyed, Keyed]:
        """Returns TF1's gradients of the first step if no update moved a weight, and what the
        losses of other updates would add."""
        ...

    def still_pairs(self) -> tuple[Keyed, Keyed] | None:
        """Returns TF1's and the port's gradients and losses of a first step in which no update
        moves a weight; None where the port has one update alone, or its rates cannot be set."""
        ...

    def kept_of_averages(self) -> tuple[dict[str, float], dict[str, float]]:
        """Returns, for TF1 and the port, name -> the part of each average that a step keeps: what
        becomes of a shift of its start, whatever else it is made of."""
        ...

    def unrepeated(self) -> tuple[str, frozenset[Key]]:
        """Returns (the first of the port's layers that gives something else when its step is done
        once more from the same start, keys of all that does); ('', nothing) where it repeats."""
        ...

    def adds_gradients(self) -> str:
        """Returns what shows that the port's steps add their gradients to those of the steps
        before, or ''."""
        ...

    def gradients_off_zero(self) -> tuple[Keyed, Keyed] | None:
        """Returns TF1's and the port's gradients of a first step from a start whose biases are not
        0; None where there are no biases."""
        ...

    def outputs_at_own_start(self) -> dict[str, np.ndarray]:
        """Returns what TF1's ops give in the first step from where TF1 itself begins; nothing where
        both sides were given that."""
        ...

    def own_slots(self) -> tuple[dict[GradientKey, np.ndarray], dict[SlotKey, np.ndarray]]:
        """Returns the port's gradients of a first step with slots as it makes them itself, and what
        the slots are after it, in the port's own names."""
        ...

    def first_slots(self) -> dict[SlotKey, np.ndarray]:
        """Returns what the slots of TF1's optimisers begin with, by themselves."""
        ...

    def second_settings(self) -> tuple[dict[str, Settings], dict[str, Settings]]:
        """Returns the settings that TF1's optimisers and the port's have in the second step."""
        ...

    def quotient(self, key: Key, place: tuple[int, ...]) -> float | None:
        """Returns the central difference of TF1's losses of an update, where no update moves a
        weight; None where they are not known.

        Args:
          key: of a gradient.
          place: of the element that is moved.
        """
        ...

    def pulled_back(self, above: Arrays, to: list[str], update: int) -> Arrays:
        """Returns the gradient of sum(array * op), over TF1's ops of `above`, by each op or
        variable of `to` that it reaches, from the weights that the port has before an update.

        Args:
          above: op -> array of its output's shape.
          to: names of ops or variables.
          update: its number; its session call tells what is fed.
        """
        ...

    def along_port(self) -> Evidence:
        """Returns what the first step gives where TF1 does each of its session calls from the
        weights that the port has by then."""
        ...

    def unused_inputs(self) -> list[str]:
        """Returns what TF1 gives a later run of its step, apart from the first, and the port does
        not take: 'z@2'."""
        ...

    def without_inputs(self, names: list[str]) -> Evidence:
        """Returns what the first step gives where TF1's later runs are given the first ones' inputs
        in place of their own."""
        ...

    def put_right(self, changes: list[Change]) -> Evidence:
        """Returns what is computed with numbers of TF1's graph replaced, or with inputs of later
        runs left out; changes of before hold, too."""
        ...

    def take_back(self) -> None:
        """Undoes the last `put_right`, of changes that put nothing right."""
        ...
