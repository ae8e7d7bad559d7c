"""Runs both sides to find which variable is which; `matching` says how."""

import numpy as np

from dcgan_v1.errors import UserError
from dcgan_v1.migration.matching import candidates, fingerprints, layouts
from dcgan_v1.migration.matching.layouts import Layout
from dcgan_v1.migration.matching.matching import Matching, Row


def identify(old, new, rows_given, port_run, run_equal, optimizers_given=None):
    """Returns the Matching of two sides, and its Certificate.

    Args:
      old, new: what the sides say of themselves.
      optimizers_given: TF1's optimiser -> the port's, of a user's map.
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
    options = candidates.by_shape(ours, theirs)
    _add_unique(rows, options)
    certificate = fingerprints.Certificate(None, 0)
    given = _known_optimizers(old, new, optimizers_given or {})
    updates, optimizers = _pair_updates(old, port_run, rows, given)
    open_rows = candidates.still_open(rows, options)
    if (open_rows or fingerprints.pixel_rows(rows, theirs, maps)) and run_equal:
        certificate = fingerprints.by_gradients(
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
            near = ", ".join(candidates.nearest(name, names))
            raise UserError(f"the map names {name}, which the {side} has not: {near}")
    v = theirs[new]
    layout = layout_of(kind) if kind else candidates.layout_for(v, ours[old]["shape"])
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
            elif part in layouts.AXES:
                kind = part
            else:
                raise ValueError(part)
        except ValueError as error:
            known = ", ".join(layouts.AXES)
            raise UserError(
                f"the map has the layout {text!r}; known are {known}, rows CxHxW, "
                "columns CxHxW, rows A to B, gates ifjo, forget bias X"
            ) from error
    return Layout(kind, **fields)


def _add_unique(rows, options):
    while made := candidates.pair_unique(options, *candidates.taken(rows)):
        for new, old, layout in made:
            if (old, layout.part) not in candidates.taken(rows)[0]:
                rows.append(Row(old, new, layout, "shape"))


def _known_optimizers(old, new, given):
    names = {u["optimizer"] for u in old["updates"]}
    for ours, theirs in given.items():
        for name, known in ((ours, names), (theirs, new["optimizers"])):
            if name not in known:
                raise UserError(
                    f"the map's [optimizers] has {name!r}; there are "
                    f"{', '.join(sorted(known)) or 'none'}"
                )
    return given


def _pair_updates(old, port_run, rows, given):
    """Returns (update -> update, optimiser -> optimiser): by what they train as far as
    it is known, by how much they train, and by their order in a step."""
    if not port_run:
        return {}, dict(given)
    theirs, new_of = port_run["updates"], {row.old: row.new for row in rows}
    left, updates = list(range(len(theirs))), {}
    for i, update in enumerate(old["updates"]):
        known = {new_of[v] for v in update["variables"] if v in new_of}

        def likeness(j, known=known, update=update):
            trained = theirs[j][1]
            return (
                given.get(update["optimizer"]) == theirs[j][0],
                len(known & set(trained)),
                len(trained) == len(update["variables"]),
                -j,
            )

        if left:
            updates[i] = max(left, key=likeness)
            left.remove(updates[i])
    optimizers = dict(given)
    for i, j in updates.items():
        optimizers.setdefault(old["updates"][i]["optimizer"], theirs[j][0])
    return updates, optimizers


# ---- names and order ----


def _by_siblings_and_names(rows, options, ours, theirs):
    """What is still open: by the names of the same layer's variables, then its own."""
    choices = candidates.still_open(rows, options)
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
            cost[i, j] = 2 - common - candidates.likeness(old, name)
            part = ours[old].get("part") or candidates.part_of(old)
            if part != theirs[name]["part"]:
                cost[i, j] += 0.5
            layout_of_pair[i, j] = layout
    for i, j, distance, runner_up in candidates.assign(cost):
        if runner_up is None or runner_up > distance:
            row = Row(
                olds[i][0],
                news[j],
                layout_of_pair[i, j],
                "name",
                distance / 2,
                runner_up and runner_up / 2,
            )
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
    for name, choices in candidates.still_open(rows, options).items():
        taken_old, _ = candidates.taken(rows)
        left = [c for c in choices if (c[0], c[1].part) not in taken_old]
        if left:
            old, layout = min(left, key=lambda c: order.index(c[0]))
            rows.append(Row(old, name, layout, "order"))
