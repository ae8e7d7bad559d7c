"""Pairs variables by shapes, names and gradients, in the order that `matching` describes."""

from dataclasses import dataclass

import numpy as np

from dcgan_v1.errors import UserError
from dcgan_v1.migration.matching import candidates, fingerprints, layout_texts
from dcgan_v1.migration.matching.candidates import Options
from dcgan_v1.migration.matching.fingerprints import Certificate, Order, PixelsOf, RunEqual
from dcgan_v1.migration.matching.layouts import Layout
from dcgan_v1.migration.matching.map_file import VariableRow
from dcgan_v1.migration.matching.matching import Matching, Row
from dcgan_v1.migration.records import GradientKey, PortInfo, Tf1Info, Variable

UNPROVED = 0.01  # relative distance of gradients of which some are another function's
CLEAR = 2.0  # times as far, another variable is clearly not meant


@dataclass(frozen=True)
class PortUpdate:
    """An update of a port's step: its optimiser, and what it trains."""

    optimizer: str
    variables: list[str]


@dataclass(frozen=True)
class GradientProbe:
    """What steps tell beyond names and shapes.

    Attributes:
      updates: of the port's step, in their order.
      pixels: its layers that meet feature maps.
      run_equal: runs a step of each side from values that depend on shapes alone.
    """

    updates: list[PortUpdate]
    pixels: PixelsOf
    run_equal: RunEqual


def identify(
    old: Tf1Info,
    new: PortInfo,
    rows_of_map: list[VariableRow],
    probe: GradientProbe | None = None,
    optimizers_of_map: dict[str, str] | None = None,
) -> tuple[Matching, Certificate]:
    """Pairs the variables, updates and optimisers of two sides.

    Args:
      old, new: what the sides say of themselves.
      rows_of_map: of a user's map; they always count.
      probe: steps of both; None where a side cannot train, or shapes alone are asked for.
      optimizers_of_map: TF1's optimiser -> the port's, of a user's map.
    """
    ours, theirs = old.variables, new.variables
    rows = [_row_of_map(row, ours, theirs) for row in rows_of_map]
    options = candidates.by_shape(ours, theirs)
    _add_unique(rows, options)
    certificate = Certificate(None, 0)
    optimizer_pairs = _pairs_of_optimizers(old, new, optimizers_of_map or {})
    updates: dict[int, int] = {}
    optimizers = dict(optimizer_pairs)
    if probe:
        updates, optimizers = pair_updates(old, probe.updates, rows, optimizer_pairs)
        is_open = candidates.still_open(rows, options)
        if is_open or fingerprints.pixel_rows(rows, theirs, probe.pixels):
            certificate = fingerprints.by_gradients(
                rows,
                options,
                ours,
                theirs,
                probe.pixels,
                updates,
                probe.run_equal,
                _flattens_first(old, new),
            )
    _free_unproved(rows, options)
    _free_strays(rows, options, theirs)
    _by_siblings_and_names(rows, options, ours, theirs)
    _in_order(rows, options, ours)
    rows += candidates.own_second_biases(rows, ours, theirs)
    seconds = candidates.second_biases(rows, theirs)
    taken_old, taken_new = {r.old for r in rows}, {*seconds, *(r.new for r in rows)}
    order = {name: i for i, name in enumerate(ours)}
    return Matching(
        sorted(rows, key=lambda row: order[row.old]),
        old_only=[name for name in ours if name not in taken_old],
        new_only=[name for name in theirs if name not in taken_new],
        optimizers=optimizers,
        updates=updates,
        seconds=seconds,
    ), certificate


def updates_of(gradients: dict[GradientKey, np.ndarray]) -> list[PortUpdate]:
    """Returns the updates of a port's step, in their order, by the gradients that they took."""
    updates: dict[int, PortUpdate] = {}
    for key in gradients:
        updates.setdefault(key.update, PortUpdate(key.optimizer, [])).variables.append(key.variable)
    return [updates[number] for number in sorted(updates)]


def _row_of_map(row: VariableRow, ours: dict[str, Variable], theirs: dict[str, Variable]) -> Row:
    for name, names, side in ((row.tf1, ours, "TF1"), (row.port, theirs, "port")):
        if name not in names:
            near = ", ".join(candidates.nearest(name, names))
            raise UserError(f"the map names {name}, which the {side} has not: {near}")
    old, new = ours[row.tf1], theirs[row.port]
    layout = (
        layout_texts.parse(row.layout)
        if row.layout
        else candidates.layout_for(new, old.shape, old.forget_bias)
    )
    if layout is None or layout.shape(old.shape) != list(new.shape):
        raise UserError(
            f"the map pairs {row.tf1} {old.shape} with {row.port} {new.shape}: the "
            "shapes do not fit"
        )
    return Row(row.tf1, row.port, layout, "map")


def _add_unique(rows: list[Row], options: Options) -> None:
    while pairs := candidates.pair_unique(rows, options):
        for new, old, layout in pairs:
            if (old, layout.part) not in candidates.taken(rows)[0]:
                rows.append(Row(old, new, layout, "shape"))


def _pairs_of_optimizers(old: Tf1Info, new: PortInfo, of_map: dict[str, str]) -> dict[str, str]:
    names = {u.optimizer for u in old.updates}
    for ours, theirs in of_map.items():
        for name, optimizers in ((ours, names), (theirs, set(new.optimizers))):
            if name not in optimizers:
                raise UserError(
                    f"the map's [optimizers] has {name!r}; there are "
                    f"{', '.join(sorted(optimizers)) or 'none'}"
                )
    return of_map


def pair_updates(
    old: Tf1Info, theirs: list[PortUpdate], rows: list[Row], optimizer_pairs: dict[str, str]
) -> tuple[dict[int, int], dict[str, str]]:
    """Returns (update -> update, optimiser -> optimiser).

    Each of TF1's updates, in the order of a step, takes the one of the port's that is left and
    most like it: first what a map says of its optimiser, then how many variables it trains that
    are known to be the same, then whether it trains as many, then the order in the port's step.

    Args:
      old: what TF1's says of itself.
      theirs: the updates of the port's step.
      rows: the variables that are known to be the same.
      optimizer_pairs: optimiser of TF1's -> the port's, of a map.
    """
    new_of = {row.old: row.new for row in rows}
    left, updates = list(range(len(theirs))), {}
    for i, update in enumerate(old.updates):
        same = {new_of[v] for v in update.variables if v in new_of}

        def likeness(j: int, same: set[str] = same, i: int = i) -> tuple[bool, int, bool, int]:
            variables = theirs[j].variables
            return (
                optimizer_pairs.get(old.updates[i].optimizer) == theirs[j].optimizer,
                len(same & set(variables)),
                len(variables) == len(old.updates[i].variables),
                -j,
            )

        if left:
            updates[i] = max(left, key=likeness)
            left.remove(updates[i])
    optimizers = dict(optimizer_pairs)
    for i, j in updates.items():
        optimizers.setdefault(old.updates[i].optimizer, theirs[j].optimizer)
    return updates, optimizers


# ---- names and order ----


def _free_unproved(rows: list[Row], options: Options) -> None:
    """Takes back what gradients told without proving it, of programs that differ, where another
    variable is nearly as near and has a name that is more alike."""

    def is_doubtful(row: Row) -> bool:
        if row.by != "gradients" or row.distance is None or row.runner_up is None:
            return False
        if row.distance < UNPROVED or row.runner_up > CLEAR * row.distance:
            return False
        own = candidates.likeness(row.old, row.new)
        return any(candidates.likeness(old, row.new) > own for old, _ in options[row.new])

    rows[:] = [row for row in rows if not is_doubtful(row)]


def _free_strays(rows: list[Row], options: Options, theirs: dict[str, Variable]) -> None:
    """Takes back averages that were paired, by how they moved, with those of another layer than
    what is trained beside them: where decays differ, that tells nothing."""
    scopes: dict[str, set[str]] = {}
    for row in rows:
        if theirs[row.new].trainable:
            scopes.setdefault(theirs[row.new].layer, set()).add(candidates.scope(row.old))

    def is_stray(row: Row) -> bool:
        own = scopes.get(theirs[row.new].layer, set())
        if row.by != "gradients" or theirs[row.new].trainable or candidates.scope(row.old) in own:
            return False
        return len(own) == 1 and any(candidates.scope(old) in own for old, _ in options[row.new])

    rows[:] = [row for row in rows if not is_stray(row)]


def _by_siblings_and_names(
    rows: list[Row], options: Options, ours: dict[str, Variable], theirs: dict[str, Variable]
) -> None:
    """What is still open: by the names of the same layer's variables, then its own."""
    choices = candidates.still_open(rows, options)
    olds = sorted({(o, lay.part) for c in choices.values() for o, lay in c})
    news = list(choices)
    if not news:
        return
    of_layer: dict[str, list[str]] = {}
    for row in rows:
        of_layer.setdefault(theirs[row.new].layer, []).append(row.old)
    cost = np.full((len(olds), len(news)), np.inf)
    layout_of: dict[tuple[int, int], Layout] = {}
    for j, name in enumerate(news):
        siblings = of_layer.get(theirs[name].layer, [])
        for old, layout in choices[name]:
            i = olds.index((old, layout.part))
            common = max((_common(old, s) for s in siblings), default=0.0)
            cost[i, j] = 2 - common - candidates.likeness(old, name)
            if (ours[old].part or candidates.part_of(old)) != theirs[name].part:
                cost[i, j] += 0.5
            layout_of[i, j] = layout
    for i, j, distance, runner_up in candidates.assign(cost):
        if runner_up is None or runner_up > distance:
            second = None if runner_up is None else runner_up / 2
            row = Row(olds[i][0], news[j], layout_of[i, j], "name", distance / 2, second)
            rows.append(row)


def _common(a: str, b: str) -> float:
    """The part of two names' scopes that is the same, from the left."""
    first, second = a.split("/"), b.split("/")
    same = 0
    for x, y in zip(first, second, strict=False):
        if x != y:
            break
        same += 1
    return same / max(len(first), len(second))


def _in_order(rows: list[Row], options: Options, ours: dict[str, Variable]) -> None:
    order = {name: i for i, name in enumerate(ours)}
    for name, choices in candidates.still_open(rows, options).items():
        taken_old, _ = candidates.taken(rows)
        left = [c for c in choices if (c[0], c[1].part) not in taken_old]
        if left:
            old, layout = min(left, key=lambda c: order[c[0]])
            rows.append(Row(old, name, layout, "order"))


def _flattens_first(old: Tf1Info, new: PortInfo) -> Order:
    """Who alone flattens channels first, as its framework has maps."""
    if old.is_channels_first == (new.kind != "Keras"):
        return "same"
    return "TF1" if old.is_channels_first else "port"
