"""Which variables could be each other's: by shape, by names, and the best assignment of many.
Pure numpy; see `matching`."""

import re
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from dcgan_v1.migration.matching import layouts
from dcgan_v1.migration.matching.layouts import Layout
from dcgan_v1.migration.matching.matching import Row
from dcgan_v1.migration.records import OPEN, PARTS, SECOND_BIAS, Variable

PART_WORDS = {
    "kernel": "w weights weight kernel filter filters matrix embeddings embedding",
    "bias": "b bias biases",
    "gamma": "gamma scale",
    "beta": "beta offset shift",
    "mean": "moving_mean running_mean pop_mean mean mu ema_mean",
    "variance": "moving_variance running_var pop_var variance var running_variance pop_variance "
    "ema_var moving_var",
}
OF_WORD = {word: part for part, words in PART_WORDS.items() for word in words.split()}
FORGET_BIAS = 1.0  # of TF1's cells by default
Choice = tuple[str, Layout]  # TF1's name, and the layout by which it fits
Options = dict[str, list[Choice]]  # the port's name -> what it could be
Place = tuple[str, tuple[int, int] | None]  # TF1's name, and which part of it


# ---- by shape ----


def by_shape(old: dict[str, Variable], new: dict[str, Variable]) -> Options:
    """Returns for each of the port's variables those of TF1's that fit by shape, part and
    training."""
    options: Options = {}
    for name, v in new.items():
        if v.part == SECOND_BIAS:
            continue  # of two biases, see `own_second_biases` and `second_biases`
        alike: list[Choice] = []
        others: list[Choice] = []
        for other, w in old.items():
            part = w.part or part_of(other)
            if v.part and part and v.part != part and v.part in PARTS:
                continue
            layout = layout_for(v, w.shape, w.forget_bias)
            if layout is not None:
                is_alike = w.trainable is None or v.trainable == w.trainable
                (alike if is_alike else others).append((other, layout))
        options[name] = alike or others  # a network may be frozen as it is described
    return _as_they_are(options)


def _as_they_are(options: Options) -> Options:
    """Leaves out what fits in another shape alone, where enough others fit: [N, 1] is a kernel
    before it is a bias [N]."""
    plain = {
        name: [c for c in choices if not (c[1].reshaped or c[1].folded)]
        for name, choices in options.items()
    }
    groups = {name: frozenset(other for other, _ in choices) for name, choices in plain.items()}
    sizes = Counter(groups.values())
    return {
        name: plain[name] if 0 < sizes[group] <= len(group) else options[name]
        for name, group in groups.items()
    }


def second_biases(rows: Iterable[Row], new: dict[str, Variable]) -> dict[str, str]:
    """Returns the port's second biases of layers whose first one alone is paired: second ->
    first."""
    firsts = {new[r.new].layer: r.new for r in rows if new[r.new].part == "bias"}
    paired = {r.new for r in rows}
    return {
        name: firsts[v.layer]
        for name, v in new.items()
        if v.part == SECOND_BIAS and v.layer in firsts and name not in paired
    }


def own_second_biases(
    rows: Iterable[Row], old: dict[str, Variable], new: dict[str, Variable]
) -> list[Row]:
    """Returns rows of second biases for which TF1 has one, too: the only bias left that fits, in
    the scope of the first."""
    rows, found = list(rows), []
    olds = {r.new: r.old for r in rows}
    free = {name: v for name, v in old.items() if name not in olds.values()}
    for second, first in second_biases(rows, new).items():
        fits = {
            name: layout
            for name, v in free.items()
            if scope(name) == scope(olds[first]) and (v.part or part_of(name)) in ("bias", "")
            if (layout := layout_for(new[second], v.shape, 0.0)) and not layout.reshaped
        }
        if len(fits) == 1:
            ((name, layout),) = fits.items()
            found.append(Row(name, second, layout, "name"))
            del free[name]
    return found


def taken(rows: Iterable[Row]) -> tuple[set[Place], set[str]]:
    """Returns what rows use up: of TF1's and of the port's."""
    rows = list(rows)
    return {(r.old, r.layout.part) for r in rows}, {r.new for r in rows}


def still_open(rows: Iterable[Row], options: Options) -> Options:
    """Returns the options that rows leave."""
    taken_old, taken_new = taken(rows)
    left = {
        name: [c for c in choices if (c[0], c[1].part) not in taken_old]
        for name, choices in options.items()
        if name not in taken_new
    }
    return {name: choices for name, choices in left.items() if choices}


def layout_for(
    v: Variable, tf1_shape: list[int], forget_bias: float | None = None
) -> Layout | None:
    """Returns the Layout by which a variable of the port fits a shape of TF1's, or None.

    Args:
      v: of the port.
      tf1_shape: of TF1's.
      forget_bias: see `Variable`; TF1's own by default where it is None.
    """
    shape = list(v.shape)
    if v.gates and v.part in ("kernel", "recurrent") and len(tf1_shape) == 2:
        axes = layouts.AXES[v.layout]
        ours = [shape[i] for i in axes] if axes else shape
        rows, width = tf1_shape
        if width != ours[1] or rows <= ours[0]:
            return None
        part = (0, ours[0]) if v.part == "kernel" else (rows - ours[0], rows)
        return Layout(v.layout, part=part, gates=v.gates)
    kinds = layouts.OF_OPEN if v.layout == OPEN else (v.layout,)
    for kind in kinds:
        if layouts.fits(kind, shape, tf1_shape):
            is_bias = v.gates and len(shape) == 1
            forget = FORGET_BIAS if forget_bias is None else forget_bias
            return Layout(kind, gates=v.gates, forget=forget if is_bias else 0.0)
        if (
            v.layout != OPEN
            and v.part in ("kernel", "")
            and (folded := layouts.folded(kind, shape, tf1_shape, v.layer_kind))
        ):
            return folded
        if kind == "torch depthwise" and layouts.multiplies(shape, tf1_shape):
            return Layout(kind, reshaped=(tuple(tf1_shape), tuple(shape)))
    if "plain" in kinds and not v.gates and layouts.refolds(shape, tf1_shape):
        return Layout(reshaped=(tuple(tf1_shape), tuple(shape)))
    return None


def pair_unique(rows: Iterable[Row], options: Options) -> list[tuple[str, str, Layout]]:
    """Returns [(new, old, Layout)] where each fits nothing else."""
    open_options = still_open(rows, options)
    users: dict[Place, list[str]] = {}
    for name, choices in open_options.items():
        for old, layout in choices:
            users.setdefault((old, layout.part), []).append(name)
    pairs = []
    for name, choices in open_options.items():
        if len(choices) == 1:
            ((old, layout),) = choices
            if users[old, layout.part] == [name]:
                pairs.append((name, old, layout))
    return pairs


# ---- by name ----


def scope(name: str) -> str:
    """'D/bn1/gamma' -> 'D/bn1'."""
    return name.rpartition("/")[0]


def part_of(name: str) -> str:
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


def likeness(old: str, new: str) -> float:
    """How much two names have in common, 0 to 1; numbers and words both count."""
    a, b = _words(old), _words(new)
    return len(a & b) / max(len(a | b), 1)


def _words(name: str) -> set[str]:
    words = re.findall(r"[a-z]+|\d+", name.lower())
    return {OF_WORD.get(word, word) for word in words}


def nearest(name: str, others: Iterable[str], count: int = 3) -> list[str]:
    """Returns the names most like one.

    Args:
      name: the one.
      others: those to choose from.
      count: how many, at most.
    """
    return sorted(others, key=lambda other: -likeness(other, name))[:count]


# ---- the best of many ----


class Pair(NamedTuple):
    """Row and column that belong together, what that costs, and the next best for either."""

    i: int
    j: int
    cost: float
    runner_up: float | None


def assign(cost: np.ndarray) -> list[Pair]:
    """Returns the pairs of rows and columns of a cost matrix [n, m], the least cost first; nan
    and inf stand for what cannot be."""
    left = np.where(np.isfinite(cost), cost, np.inf)
    pairs = []
    while left.size and np.isfinite(left).any():
        i, j = np.unravel_index(np.argmin(left), left.shape)
        others = [*np.delete(cost[i], j), *np.delete(cost[:, j], i)]
        others = [float(c) for c in others if np.isfinite(c)]
        pairs.append(Pair(int(i), int(j), float(cost[i, j]), min(others, default=None)))
        left[i, :] = np.inf
        left[:, j] = np.inf
    return pairs
