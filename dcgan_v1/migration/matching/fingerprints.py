"""Pairs variables by the gradients that both sides have when all values are equal: a
variable's gradients are its print."""

from typing import NamedTuple

import numpy as np

from dcgan_v1.migration.matching import candidates
from dcgan_v1.migration.matching.matching import SURE, Row

ROUNDING = 1e-12  # of the largest gradient of an update


class Certificate(NamedTuple):
    """What the run under equal values showed.

    Attributes:
      loss: the largest relative difference of a loss that both sides have; None where
        nothing was run.
      losses: how many were compared.
    """

    loss: float | None
    losses: int


def pixel_rows(rows, theirs, maps):
    """Rows of dense kernels beside flattened maps: their order is still open."""
    return [r for r in rows if r.by != "map" and _maps_of(theirs[r.new], maps)]


def _maps_of(v, maps):
    """The pixels that an axis of a variable may count: of rows, of columns, or none."""
    known = maps.get(v["layer"], {}) if len(v["shape"]) in (1, 2) else {}
    return {k: tuple(p) for k, p in known.items() if k == "columns" or len(v["shape"]) == 2}


def _equal(ours, theirs, options, rows, maps):
    """Returns the values of all variables, for both sides."""
    constant = {}  # shape of TF1's -> axes along which values must not change
    choices = {n: list(c) for n, c in options.items()}
    for row in rows:
        choices[row.new] = [(row.old, row.layout)]
    for name, found in choices.items():
        pixels = _maps_of(theirs[name], maps)
        for old, _ in found if pixels else []:
            shape = tuple(ours[old]["shape"])
            axes = constant.setdefault(shape, set())
            if "rows" in pixels and len(shape) == 2:
                axes.add(0)
            if "columns" in pixels:
                axes.add(len(shape) - 1)
    old_values = {
        name: candidates.equal_values(v["shape"], constant.get(tuple(v["shape"]), ()))
        for name, v in ours.items()
    }
    new_values = {
        name: found[0][1].to_port(old_values[found[0][0]])
        for name, found in choices.items()
        if found
    }
    return old_values, new_values


def by_gradients(rows, options, ours, theirs, maps, updates, run_equal):
    old_values, new_values = _equal(ours, theirs, options, rows, maps)
    old, new = run_equal(old_values, new_values)
    certificate = _certificate(old["scalars"], new["scalars"])
    back = {j: i for i, j in updates.items()}
    prints_old = {n: _print_old(n, old, old_values) for n in ours}
    prints_new = {n: _print_new(n, new, new_values, back) for n in theirs}
    choices = candidates.still_open(rows, options)
    olds = sorted({(o, lay.part) for c in choices.values() for o, lay in c})
    news = list(choices)
    cost = np.full((len(olds), len(news)), np.inf)
    best, largest = {}, {}
    for key, array in old["gradients"].items():
        update = int(key.partition("|")[0])
        size = float(np.max(np.abs(array), initial=0.0))
        largest[update] = max(largest.get(update, 0.0), size)
    for j, name in enumerate(news):
        for old_name, layout in choices[name]:
            i = olds.index((old_name, layout.part))
            if prints_old[old_name].keys() != prints_new[name].keys() and any(
                prints_old[o].keys() == prints_new[name].keys() for o, _ in choices[name]
            ):
                continue  # other updates train it
            cost[i, j], best[i, j] = _closest(
                prints_old[old_name], prints_new[name], layout, _maps_of(theirs[name], maps)
            )
    for i, j, distance, runner_up in candidates.assign(cost):
        if runner_up is not None and runner_up <= distance * (1 + 1e-9):
            continue  # as good as another: names and order must tell
        if not _has_print(prints_old[olds[i][0]], largest):
            continue
        rows.append(Row(olds[i][0], news[j], best[i, j], "gradients", distance, runner_up))
    for k, row in enumerate(rows):
        pixels = _maps_of(theirs[row.new], maps)
        if pixels and row.by == "shape":
            _, layout = _closest(prints_old[row.old], prints_new[row.new], row.layout, pixels)
            rows[k] = row._replace(layout=layout)
    return certificate


def _has_print(found, largest):
    """Whether a variable has a gradient that is more than rounding: a bias that a batch
    norm takes away again has not."""
    return any(
        np.max(np.abs(array), initial=0.0) > ROUNDING * largest.get(update, 0.0)
        for update, array in found.items()
    )


def _print_old(name, seen, values):
    """What tells a variable of TF1's from others: update -> gradient, and its
    change."""
    found = {
        int(key.partition("|")[0]): array
        for key, array in seen["gradients"].items()
        if key.partition("|")[2] == name
    }
    if not found and name in seen["state"]:
        found[-1] = np.asarray(seen["state"][name], np.float64) - values[name]
    return found


def _print_new(name, seen, values, back):
    found = {}
    for key, array in seen["gradients"].items():
        count, _, variable = key.split("|", 2)
        if variable == name:
            found[back.get(int(count), int(count))] = array
    if not found and name in seen["state"] and name in values:
        found[-1] = np.asarray(seen["state"][name], np.float64) - values[name]
    return found


def _closest(old, new, layout, pixels):
    """Returns (distance, Layout): of the orders of pixels that may be, the nearest."""
    choices = [layout]
    if pixels:
        choices.append(layout._replace(**pixels))
    found = []  # the framework's own order counts unless the other is clearly nearer
    for choice in choices:
        shared = old.keys() & new.keys()
        if not shared:
            return np.inf, layout
        try:
            a = np.concatenate([_part(old[k], choice).ravel() for k in sorted(shared)])
            b = np.concatenate(
                [choice.to_tf1(new[k], values=False).ravel() for k in sorted(shared)]
            )
        except ValueError:
            continue
        found.append((candidates.distance(a, b), choice))
    if len(found) == 2 and found[0][0] * SURE > found[1][0]:
        return found[1]
    return min(found, key=lambda x: x[0]) if found else (np.inf, layout)


def _part(array, layout):
    return array[slice(*layout.part)] if layout.part else array


def _certificate(ours, theirs):
    """Every loss of the port beside the nearest scalar of TF1's."""
    values = np.array([v for v in ours.values() if np.isfinite(v)])
    worst = [
        float(np.min(np.abs(values - v)) / max(abs(v), 1e-30))
        for v in theirs.values()
        if len(values) and np.isfinite(v)
    ]
    return Certificate(max(worst, default=None), len(worst))
