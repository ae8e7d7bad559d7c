"""Which variables could be each other's: by shape, by gradients and by name. Pure
numpy; see `matching`."""

import re
import zlib

import numpy as np

from dcgan_v1.migration.matching import layouts
from dcgan_v1.migration.matching.layouts import Layout

PART_WORDS = {
    "kernel": (
        "w",
        "weights",
        "weight",
        "kernel",
        "filter",
        "filters",
        "matrix",
        "embeddings",
        "embedding",
    ),
    "bias": ("b", "bias", "biases"),
    "gamma": ("gamma", "scale"),
    "beta": ("beta", "offset", "shift"),
    "mean": ("moving_mean", "running_mean", "pop_mean", "mean", "mu", "ema_mean"),
    "variance": (
        "moving_variance",
        "running_var",
        "pop_var",
        "variance",
        "var",
        "running_variance",
        "pop_variance",
        "ema_var",
        "moving_var",
    ),
}
OF_WORD = {word: part for part, words in PART_WORDS.items() for word in words}


# ---- by shape ----


def by_shape(old, new):
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


def taken(rows):
    return {(r.old, r.layout.part) for r in rows}, {r.new for r in rows}


def still_open(rows, options):
    taken_old, taken_new = taken(rows)
    found = {}
    for name, choices in options.items():
        if name not in taken_new:
            left = [c for c in choices if (c[0], c[1].part) not in taken_old]
            if left:
                found[name] = left
    return found


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
