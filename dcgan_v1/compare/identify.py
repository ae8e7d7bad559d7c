"""Runs both sides to find which variable is which; `matching` says how."""

from typing import NamedTuple

import numpy as np

from dcgan_v1.compare import matching
from dcgan_v1.compare.layouts import Layout
from dcgan_v1.compare.matching import Matching, Row
from dcgan_v1.errors import UserError

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


def identify(old, new, rows_given, port_run, run_equal):
    """Returns the Matching of two sides, and its Certificate.

    Args:
      old, new: what the sides say of themselves.
      rows_given: [(old name, new name, layout kind or '')] of a user's map.
      port_run: what a first step of the port showed: {'updates': [(optimiser,
        variables)], 'maps': layer -> pixels}, or None where it has no step.
      run_equal: function of (old values, new values) that runs a step of each side with
        all variables so and returns (old, new) dicts of 'scalars', 'gradients' and
        'state'; None where a side cannot train.
    """
    ours, theirs = old["variables"], new["variables"]
    rows = [_given(row, ours, theirs) for row in rows_given]
    maps = (port_run or {}).get("maps", {})
    options = matching.candidates(ours, theirs)
    _add_unique(rows, options)
    certificate = Certificate(None, 0)
    updates, optimizers = _pair_updates(old, port_run, rows)
    open_rows = _open(rows, options)
    if (open_rows or _pixel_rows(rows, theirs, maps)) and run_equal:
        certificate = _by_gradients(
            rows, options, ours, theirs, maps, updates, run_equal
        )
    _by_siblings_and_names(rows, options, ours, theirs)
    _in_order(rows, options, ours)
    taken_old, taken_new = {r.old for r in rows}, {r.new for r in rows}
    rows.sort(key=lambda row: list(ours).index(row.old))
    return Matching(
        rows,
        old_only=[name for name in ours if name not in taken_old],
        new_only=[name for name in theirs if name not in taken_new],
        optimizers=optimizers,
        updates=updates,
    ), certificate


def _given(row, ours, theirs):
    """A user's row, which always counts."""
    old, new, kind = row
    for name, names, side in ((old, ours, "TF1"), (new, theirs, "port")):
        if name not in names:
            near = ", ".join(matching.nearest(name, names))
            raise UserError(f"the map names {name}, which the {side} has not: {near}")
    v = theirs[new]
    layout = layout_of(kind) if kind else matching.layout_for(v, ours[old]["shape"])
    if layout is None or layout.shape(ours[old]["shape"]) != list(v["shape"]):
        raise UserError(
            f"the map pairs {old} {ours[old]['shape']} with {new} {v['shape']}: the "
            "shapes do not fit"
        )
    return Row(old, new, layout, "map")


def layout_of(text):
    """Parses what `Layout.text` writes."""
    kind, fields = "plain", {}
    for part in filter(None, (p.strip() for p in text.split(","))):
        word, _, rest = part.partition(" ")
        try:
            if word in ("rows", "columns") and "x" in rest:
                fields[word] = tuple(map(int, rest.split("x")))
            elif word == "rows":
                start, _, stop = rest.partition(" to ")
                fields["part"] = int(start), int(stop)
            elif word == "gates" and sorted(rest) == sorted("ifjo"):
                fields["gates"] = rest
            elif word == "forget":
                fields["forget"] = float(rest.removeprefix("bias "))
            elif part in matching.layouts.AXES:
                kind = part
            else:
                raise ValueError(part)
        except ValueError as error:
            known = ", ".join(matching.layouts.AXES)
            raise UserError(
                f"the map has the layout {text!r}; known are {known}, rows CxHxW, "
                "columns CxHxW, rows A to B, gates ifjo, forget bias X"
            ) from error
    return Layout(kind, **fields)


def _taken(rows):
    return {(r.old, r.layout.part) for r in rows}, {r.new for r in rows}


def _add_unique(rows, options):
    while made := matching.pair_unique(options, *_taken(rows)):
        for new, old, layout in made:
            if (old, layout.part) not in _taken(rows)[0]:
                rows.append(Row(old, new, layout, "shape"))


def _open(rows, options):
    taken_old, taken_new = _taken(rows)
    found = {}
    for name, choices in options.items():
        if name not in taken_new:
            left = [c for c in choices if (c[0], c[1].part) not in taken_old]
            if left:
                found[name] = left
    return found


def _pair_updates(old, port_run, rows):
    """Returns (update -> update, optimiser -> optimiser): by what they train as far as
    it is known, by how much they train, and by their order in a step."""
    if not port_run:
        return {}, {}
    theirs, new_of = port_run["updates"], {row.old: row.new for row in rows}
    left, updates = list(range(len(theirs))), {}
    for i, update in enumerate(old["updates"]):
        known = {new_of[v] for v in update["variables"] if v in new_of}

        def likeness(j, known=known, update=update):
            trained = theirs[j][1]
            return (
                len(known & set(trained)),
                len(trained) == len(update["variables"]),
                -j,
            )

        if left:
            updates[i] = max(left, key=likeness)
            left.remove(updates[i])
    optimizers = {}
    for i, j in updates.items():
        optimizers.setdefault(old["updates"][i]["optimizer"], theirs[j][0])
    return updates, optimizers


# ---- gradients under equal values ----


def _pixel_rows(rows, theirs, maps):
    """Rows of dense kernels beside flattened maps: their order is still open."""
    return [r for r in rows if r.by != "map" and _maps_of(theirs[r.new], maps)]


def _maps_of(v, maps):
    """The pixels that an axis of a variable may count: of rows, of columns, or none."""
    known = maps.get(v["layer"], {}) if len(v["shape"]) in (1, 2) else {}
    return {
        k: tuple(p) for k, p in known.items() if k == "columns" or len(v["shape"]) == 2
    }


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
        name: matching.equal_values(v["shape"], constant.get(tuple(v["shape"]), ()))
        for name, v in ours.items()
    }
    new_values = {
        name: found[0][1].to_port(old_values[found[0][0]])
        for name, found in choices.items()
        if found
    }
    return old_values, new_values


def _by_gradients(rows, options, ours, theirs, maps, updates, run_equal):
    old_values, new_values = _equal(ours, theirs, options, rows, maps)
    old, new = run_equal(old_values, new_values)
    certificate = _certificate(old["scalars"], new["scalars"])
    back = {j: i for i, j in updates.items()}
    prints_old = {n: _print_old(n, old, old_values) for n in ours}
    prints_new = {n: _print_new(n, new, new_values, back) for n in theirs}
    choices = _open(rows, options)
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
                prints_old[o].keys() == prints_new[name].keys()
                for o, _ in choices[name]
            ):
                continue  # other updates train it
            cost[i, j], best[i, j] = _closest(
                prints_old[old_name], prints_new[name], layout,
                _maps_of(theirs[name], maps),
            )  # fmt: skip
    for i, j, distance, runner_up in matching.assign(cost):
        if runner_up is not None and runner_up <= distance * (1 + 1e-9):
            continue  # as good as another: names and order must tell
        if not _has_print(prints_old[olds[i][0]], largest):
            continue
        rows.append(
            Row(olds[i][0], news[j], best[i, j], "gradients", distance, runner_up)
        )
    for k, row in enumerate(rows):
        pixels = _maps_of(theirs[row.new], maps)
        if pixels and row.by == "shape":
            _, layout = _closest(
                prints_old[row.old], prints_new[row.new], row.layout, pixels
            )
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
        found.append((matching.distance(a, b), choice))
    if len(found) == 2 and found[0][0] * matching.SURE > found[1][0]:
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


# ---- names and order ----


def _by_siblings_and_names(rows, options, ours, theirs):
    """What is still open: by the names of the same layer's variables, then its own."""
    choices = _open(rows, options)
    olds = sorted({(o, lay.part) for c in choices.values() for o, lay in c})
    news = list(choices)
    if not news:
        return
    of_layer = {}
    for row in rows:
        of_layer.setdefault(theirs[row.new]["layer"], []).append(row.old)
    cost = np.full((len(olds), len(news)), np.inf)
    layout_of_pair = {}
    for j, name in enumerate(news):
        siblings = of_layer.get(theirs[name]["layer"], [])
        for old, layout in choices[name]:
            i = olds.index((old, layout.part))
            common = max((_common(old, s) for s in siblings), default=0.0)
            cost[i, j] = 2 - common - matching.likeness(old, name)
            part = ours[old].get("part") or matching.part_of(old)
            if part != theirs[name]["part"]:
                cost[i, j] += 0.5
            layout_of_pair[i, j] = layout
    for i, j, distance, runner_up in matching.assign(cost):
        if runner_up is None or runner_up > distance:
            row = Row(olds[i][0], news[j], layout_of_pair[i, j], "name",
                      distance / 2, runner_up and runner_up / 2)  # fmt: skip
            rows.append(row)


def _common(a, b):
    """The part of two names' scopes that is the same, from the left."""
    first, second = a.split("/"), b.split("/")
    same = 0
    for x, y in zip(first, second, strict=False):
        if x != y:
            break
        same += 1
    return same / max(len(first), len(second))


def _in_order(rows, options, ours):
    order = list(ours)
    for name, choices in _open(rows, options).items():
        taken_old, _ = _taken(rows)
        left = [c for c in choices if (c[0], c[1].part) not in taken_old]
        if left:
            old, layout = min(left, key=lambda c: order.index(c[0]))
            rows.append(Row(old, name, layout, "order"))
