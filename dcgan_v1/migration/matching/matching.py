"""Which variable of the port is which of TF1's, however either calls it.

A user's rows come first; then what only one variable fits by its shape; then gradients; then
names; then order. Gradients are compared under values that are the same for all variables of one
shape: then what the programs compute does not depend on who is who, and an equal loss proves
their architecture alone. `identify` does it; this is what comes of it. Pure numpy.
"""

from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from dcgan_v1.migration.matching.layouts import Layout
from dcgan_v1.migration.records import Arrays, GradientKey, SlotKey, State, Tf1Info

SURE = 10  # a match by gradients is sure where the next best is so many times as far


class Row(NamedTuple):
    """One variable on both sides.

    Attributes:
      old, new: names.
      layout: makes the new one of the old one.
      by: 'map', 'shape', 'gradients', 'name' or 'order'.
      distance, runner_up: how far the match is, and the next best; None where nothing was
        measured.
    """

    old: str
    new: str
    layout: Layout
    by: str
    distance: float | None = None
    runner_up: float | None = None

    @property
    def is_sure(self) -> bool:
        """Whether nothing else is nearly as good."""
        if self.by != "gradients":
            return self.by != "order"
        if self.runner_up is None or self.distance is None:
            return True
        return self.runner_up > SURE * max(self.distance, 1e-300)


@dataclass(frozen=True)
class Matching:
    """The map between two sides, both ways.

    Attributes:
      rows: one for each pair of variables.
      old_only, new_only: names that nothing stands for.
      optimizers: TF1's optimiser -> the port's.
      updates: number of TF1's update -> number of the port's.
      exempt: TF1's variables whose gradient is rounding and nothing else.
      idle_old, idle_new: biases that one side alone has, and a batch norm takes away again: TF1's,
        and the port's with their shapes. They are held at 0.
      seconds: biases that the port adds to others where TF1 has one: second -> first. The sum is
        TF1's.
    """

    rows: list[Row]
    old_only: list[str] = field(default_factory=list)
    new_only: list[str] = field(default_factory=list)
    optimizers: dict[str, str] = field(default_factory=dict)
    updates: dict[int, int] = field(default_factory=dict)
    exempt: list[str] = field(default_factory=list)
    idle_old: list[str] = field(default_factory=list)
    idle_new: dict[str, list[int]] = field(default_factory=dict)
    seconds: dict[str, str] = field(default_factory=dict)

    def with_rows(self, rows: list[Row]) -> "Matching":
        """Returns a matching with other rows for some of the port's variables."""
        by_name = {row.new: row for row in rows}
        return replace(self, rows=[by_name.get(row.new, row) for row in self.rows])

    def to_port(self, state: State) -> State:
        """Brings a state of TF1's to the port: names and layouts."""
        variables = {
            row.new: row.layout.to_port(state.variables[row.old])
            for row in self.rows
            if row.old in state.variables
        }
        variables |= {name: np.zeros(shape) for name, shape in self.idle_new.items()}
        variables |= {
            second: np.zeros_like(variables[first])
            for second, first in self.seconds.items()
            if first in variables
        }
        rows_of: dict[str, list[Row]] = {}
        for row in self.rows:
            rows_of.setdefault(row.old, []).append(row)
        slots: dict[SlotKey, np.ndarray] = {}
        for key, array in state.slots.items():
            other = self.optimizers.get(key.optimizer)
            for row in rows_of.get(key.variable, []) if other else []:
                own = row.layout.to_port(array, values=False)
                alike = [n for n, first in self.seconds.items() if first == row.new]
                slots |= {SlotKey(n, str(other), key.slot): own for n in [row.new, *alike]}
        updates = {
            other: state.updates[optimizer]
            for optimizer, other in self.optimizers.items()
            if optimizer in state.updates
        }
        return State(variables, slots, updates)

    def to_tf1(self, state: State, info: Tf1Info) -> State:
        """Brings a state of the port's to TF1: the inverse of `to_port`."""
        variables: Arrays = {}
        slots: dict[SlotKey, np.ndarray] = {}
        back = {other: optimizer for optimizer, other in self.optimizers.items()}
        slot_names = set(info.slots.values())
        added = {first: second for second, first in self.seconds.items()}
        for row in self.rows:
            shape = info.variables[row.old].shape
            if row.new in state.variables:
                array = state.variables[row.new]
                if added.get(row.new) in state.variables:
                    array = array + state.variables[added[row.new]]
                _put(variables, row.old, row, array, shape)
        rows = {row.new: row for row in self.rows}
        for key, array in state.slots.items():
            if key.variable not in rows or key.optimizer not in back:
                continue
            row = rows[key.variable]
            name = SlotKey(row.old, back[key.optimizer], key.slot)
            if name in slot_names:
                shape = info.variables[row.old].shape
                _put(slots, name, row, array, shape, values=False)
        updates = {
            optimizer: state.updates[other]
            for optimizer, other in self.optimizers.items()
            if other in state.updates
        }
        return State(variables, slots, updates)

    def gradients(
        self, gradients: dict[GradientKey, np.ndarray], info: Tf1Info
    ) -> tuple[dict[GradientKey, np.ndarray], list[GradientKey]]:
        """Brings the port's gradients to TF1's names and layouts.

        Returns:
          (gradients, keys of the port's variables that have no place in TF1).
        """
        back = {new: old for old, new in self.updates.items()}
        rows = {row.new: row for row in self.rows}
        in_tf1: dict[GradientKey, np.ndarray] = {}
        alone = []
        for key, array in gradients.items():
            update = back.get(key.update, key.update)
            row = rows.get(key.variable)
            if key.variable in self.idle_new or key.variable in self.seconds:
                continue
            if row is None:
                alone.append(key._replace(update=update))
                continue
            own = info.updates[update].optimizer if update < len(info.updates) else ""
            name = GradientKey(update, own, row.old)
            shape = info.variables[row.old].shape
            _put(in_tf1, name, row, array, shape, values=False)
        return in_tf1, alone


def _put(
    arrays: dict[Any, np.ndarray],
    name: str | SlotKey | GradientKey,
    row: Row,
    array: np.ndarray,
    shape: list[int],
    values: bool = True,
) -> None:
    """Sets a whole array, or the part of it that a row is."""
    array = row.layout.to_tf1(np.asarray(array), values)
    if row.layout.part is None:
        arrays[name] = array
        return
    whole = arrays.setdefault(name, np.zeros(shape, array.dtype))
    whole[row.layout.part[0] : row.layout.part[1]] = array
