"""Which variable of the port is which of TF1's, however either calls it.

A user's rows come first; then what only one variable fits by its shape; then gradients;
then names; then order. Gradients are compared under values that are the same for all
variables of one shape: then what the programs compute does not depend on who is who,
and an equal loss proves their architecture alone. Pure numpy.
"""

import re
import zlib
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from dcgan_v1.compare import layouts
from dcgan_v1.compare.layouts import Layout

PART_WORDS = {
    "kernel": ("w", "weights", "weight", "kernel", "filter", "filters", "matrix",
               "embeddings", "embedding"),
    "bias": ("b", "bias", "biases"),
    "gamma": ("gamma", "scale"),
    "beta": ("beta", "offset", "shift"),
    "mean": ("moving_mean", "running_mean", "pop_mean", "mean", "mu", "ema_mean"),
    "variance": ("moving_variance", "running_var", "pop_var", "variance", "var",
                 "running_variance", "pop_variance", "ema_var", "moving_var"),
}  # fmt: skip
OF_WORD = {word: part for part, words in PART_WORDS.items() for word in words}
SURE = 10  # a match by gradients is sure where the next best is so many times as far


class Row(NamedTuple):
    """One variable on both sides.

    Attributes:
      old, new: names.
      layout: `layouts.Layout` that makes the new one of the old one.
      by: 'map', 'shape', 'gradients', 'name', 'order' or 'elimination'.
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
        if self.by not in ("gradients", "elimination", "order"):
            return True
        if self.by != "gradients":
            return False
        return self.runner_up is None or self.runner_up > SURE * max(
            self.distance, 1e-300
        )


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
        found, parts = {}, {}
        by_slot = {(o, s, v): name for name, (o, s, v) in slots.items()}
        for row in self.rows:
            if row.new in state:
                _put(found, parts, row.old, row, state[row.new], shapes[row.old])
            for optimizer, other in self.optimizers.items():
                prefix = f"{row.new}|{other}|"
                for key in state:
                    if key.startswith(prefix):
                        slot = key.removeprefix(prefix)
                        name = by_slot.get((optimizer, slot, row.old))
                        if name:
                            _put(found, parts, name, row, state[key],
                                 shapes[row.old], values=False)  # fmt: skip
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
        made, parts = {}, {}
        for key, array in found.items():
            count, _, name = key.split("|", 2)
            update = back.get(int(count), int(count))
            row = rows.get(name)
            if row is None:
                made[f"+{update}|{name}"] = array
            else:
                where = f"{update}|{row.old}"
                _put(made, parts, where, row, array, shapes[row.old], values=False)
        return made


def _put(found, parts, name, row, array, shape, values=True):
    """Sets a whole array, or the part of it that a row is."""
    array = row.layout.to_tf1(np.asarray(array), values)
    if row.layout.part is None:
        found[name] = array
        return
    whole = found.setdefault(name, np.zeros(shape, array.dtype))
    whole[row.layout.part[0] : row.layout.part[1]] = array
    parts.setdefault(name, []).append(row.layout.part)


# ---- by shape ----


def candidates(old, new):
    """Returns new name -> [(old name, Layout)] that fit by shape, part and training.

    Args:
      old, new: name -> {'shape', 'trainable' (None: nobody knows), 'part' ('kernel',
        'bias', 'gamma', 'beta', 'mean', 'variance', or '' for unknown)}; the new ones
        with 'layout' (one of `layouts.AXES`), 'layer' and 'gates', too.
    """
    found = {}
    for name, v in new.items():
        options, others = [], []
        for other, w in old.items():
            theirs, ours = v.get("part", ""), w.get("part") or part_of(other)
            if theirs and ours and theirs != ours and theirs in OF_PART:
                continue
            layout = layout_for(v, w["shape"])
            if layout is not None:
                alike = w["trainable"] is None or v["trainable"] == w["trainable"]
                (options if alike else others).append((other, layout))
        found[name] = options or others  # a network may be frozen as it is described
    return found


OF_PART = set(PART_WORDS)


def layout_for(v, tf1_shape):
    """Returns the Layout by which a variable fits a shape of TF1's, or None."""
    kind, shape = v.get("layout", "plain"), list(v["shape"])
    gates = v.get("gates", "")
    if gates and v.get("part") in ("kernel", "recurrent") and len(tf1_shape) == 2:
        axes = layouts.AXES[kind]
        ours = [shape[i] for i in axes] if axes else shape
        rows, width = tf1_shape
        if width != ours[1] or rows <= ours[0]:
            return None
        part = (0, ours[0]) if v["part"] == "kernel" else (rows - ours[0], rows)
        return Layout(kind, part=part, gates=gates)
    if layouts.fits(kind, shape, tf1_shape):
        is_bias = gates and len(shape) == 1
        return Layout(kind, gates=gates, forget=1.0 if is_bias else 0.0)
    return None


def part_of(name):
    """'bn1/moving_mean' -> 'mean'; '' where the name does not tell."""
    last = re.sub(r"_?\d+$", "", name.rpartition("/")[2].lower())
    if last.startswith("exponentialmovingaverage"):
        second = re.search(r"squeeze(_\d+)?/exponential", name.lower())
        if second:
            return "variance" if second[1] == "_1" else "mean"
        return ""
    if last in OF_WORD:
        return OF_WORD[last]
    tail = re.split(r"[_.]", last)[-1]
    return OF_WORD.get(tail, "")


def pair_unique(options, taken_old, taken_new):
    """Returns [(new, old, Layout)] where each fits nothing else."""
    users = {}
    for name, rows in options.items():
        if name in taken_new:
            continue
        for old, layout in rows:
            if (old, layout.part) not in taken_old:
                users.setdefault((old, layout.part), []).append(name)
    made = []
    for name, rows in options.items():
        left = [r for r in rows if (r[0], r[1].part) not in taken_old]
        if name not in taken_new and len(left) == 1:
            old, layout = left[0]
            if users[old, layout.part] == [name]:
                made.append((name, old, layout))
    return made


# ---- by gradients ----


def equal_values(shape, constant=()):
    """Returns the values that every variable of a shape is given.

    Args:
      constant: axes along which they do not change, for the order of pixels not to
        matter.
    """
    rng = np.random.default_rng(zlib.crc32(repr(tuple(shape)).encode()))
    drawn = [1 if axis in constant else n for axis, n in enumerate(shape)]
    if len(shape) < 2:
        values = rng.uniform(0.5, 1.5, drawn)
    else:
        values = rng.standard_normal(drawn) / np.sqrt(np.prod(shape[:-1]))
    return np.broadcast_to(values, shape).copy()


def distance(a, b):
    """0 for equal arrays, 1 for such as have nothing in common."""
    size = np.linalg.norm(a) + np.linalg.norm(b)
    return float(np.linalg.norm(np.subtract(a, b)) / size) if size else 0.0


def assign(cost):
    """Returns [(i, j, cost, the next best for i or j)], the least cost first.

    Args:
      cost: [n, m]; nan and inf for what cannot be.
    """
    left = np.where(np.isfinite(cost), cost, np.inf)
    pairs = []
    while left.size and np.isfinite(left).any():
        i, j = np.unravel_index(np.argmin(left), left.shape)
        others = [*np.delete(cost[i], j), *np.delete(cost[:, j], i)]
        others = [c for c in others if np.isfinite(c)]
        pairs.append((int(i), int(j), float(cost[i, j]), min(others, default=None)))
        left[i, :] = np.inf
        left[:, j] = np.inf
    return pairs


# ---- by name ----


def likeness(old, new):
    """How much two names have in common, 0 to 1; numbers and words both count."""
    a, b = _words(old), _words(new)
    both = len(a & b)
    return both / max(len(a | b), 1)


def _words(name):
    words = re.findall(r"[a-z]+|\d+", name.lower())
    return {OF_WORD.get(word, word) for word in words}


def nearest(name, others, count=3):
    """Returns the names most like one."""
    return sorted(others, key=lambda other: -likeness(other, name))[:count]
