"""Which variable of the port is which of TF1's, however either calls it.

A user's rows come first; then what only one variable fits by its shape; then gradients;
then names; then order. Gradients are compared under values that are the same for all
variables of one shape: then what the programs compute does not depend on who is who,
and an equal loss proves their architecture alone. Pure numpy.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from dcgan_v1.migration.matching.layouts import Layout

SURE = 10  # a match by gradients is sure where the next best is so many times as far


class Row(NamedTuple):
    """One variable on both sides.

    Attributes:
      old, new: names.
      layout: `layouts.Layout` that makes the new one of the old one.
      by: 'map', 'shape', 'gradients', 'name' or 'order'.
      distance, runner_up: how far the match is, and the next best; None where nothing
        was measured.
    """

    old: str
    new: str
    layout: Layout
    by: str
    distance: float | None = None
    runner_up: float | None = None

    @property
    def is_sure(self):
        if self.by not in ("gradients", "order"):
            return True
        if self.by != "gradients":
            return False
        return self.runner_up is None or self.runner_up > SURE * max(self.distance, 1e-300)


@dataclass
class Matching:
    """The map between two sides, both ways.

    Attributes:
      rows: list of Row.
      old_only, new_only: names that nothing stands for.
      optimizers: TF1's optimiser -> the port's.
      updates: number of TF1's update -> number of the port's.
      exempt: TF1's variables whose gradient is rounding and nothing else.
    """

    rows: list
    old_only: list = field(default_factory=list)
    new_only: list = field(default_factory=list)
    optimizers: dict = field(default_factory=dict)
    updates: dict = field(default_factory=dict)
    exempt: list = field(default_factory=list)

    def to_port(self, state, slots):
        """Brings a state of TF1's to the port: names and layouts.

        Args:
          state: name -> array, slots and 'updates:<optimizer>' with them.
          slots: slot variable -> (optimizer, slot, variable).
        """
        found = {}
        for row in self.rows:
            if row.old in state:
                found[row.new] = row.layout.to_port(state[row.old])
        of = {}
        for row in self.rows:
            of.setdefault(row.old, []).append(row)
        for name, (optimizer, slot, variable) in slots.items():
            other = self.optimizers.get(optimizer)
            for row in of.get(variable, []) if other and name in state else []:
                key = f"{row.new}|{other}|{slot}"
                found[key] = row.layout.to_port(state[name], values=False)
        for optimizer, other in self.optimizers.items():
            if f"updates:{optimizer}" in state:
                found[f"updates:{other}"] = state[f"updates:{optimizer}"]
        return found

    def to_tf1(self, state, slots, shapes):
        """Brings a state of the port's to TF1: the inverse of `to_port`."""
        found = {}
        by_slot = {(o, s, v): name for name, (o, s, v) in slots.items()}
        for row in self.rows:
            if row.new in state:
                _put(found, row.old, row, state[row.new], shapes[row.old])
            for optimizer, other in self.optimizers.items():
                prefix = f"{row.new}|{other}|"
                for key in state:
                    if key.startswith(prefix):
                        slot = key.removeprefix(prefix)
                        name = by_slot.get((optimizer, slot, row.old))
                        if name:
                            _put(found, name, row, state[key], shapes[row.old], values=False)
        for optimizer, other in self.optimizers.items():
            if f"updates:{other}" in state:
                found[f"updates:{optimizer}"] = state[f"updates:{other}"]
        return found

    def gradients(self, found, shapes):
        """Brings '<count>|<optimiser>|<variable>' of the port to '<update>|<variable>'.

        What has no place in TF1 keeps its own name, with a '+' before it.
        """
        back = {new: old for old, new in self.updates.items()}
        rows = {row.new: row for row in self.rows}
        made = {}
        for key, array in found.items():
            count, _, name = key.split("|", 2)
            update = back.get(int(count), int(count))
            row = rows.get(name)
            if row is None:
                made[f"+{update}|{name}"] = array
            else:
                where = f"{update}|{row.old}"
                _put(made, where, row, array, shapes[row.old], values=False)
        return made


def _put(found, name, row, array, shape, values=True):
    """Sets a whole array, or the part of it that a row is."""
    array = row.layout.to_tf1(np.asarray(array), values)
    if row.layout.part is None:
        found[name] = array
        return
    whole = found.setdefault(name, np.zeros(shape, array.dtype))
    whole[row.layout.part[0] : row.layout.part[1]] = array
