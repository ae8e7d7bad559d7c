"""Pairs variables of TF1's with those of a recorded port, which cannot be run from equal values:
by shape among what one update trains, then in the order in which layers use them."""

from collections.abc import Iterator

from dcgan_v1.migration.matching import candidates
from dcgan_v1.migration.matching.candidates import Options
from dcgan_v1.migration.matching.fingerprints import PixelsOf
from dcgan_v1.migration.matching.identify import PortUpdate, identify, pair_updates
from dcgan_v1.migration.matching.map_file import Map
from dcgan_v1.migration.matching.matching import Matching, Row
from dcgan_v1.migration.records import PortInfo, Tf1Info


def matchings(
    old: Tf1Info, new: PortInfo, updates: list[PortUpdate], pixels: PixelsOf, map_: Map
) -> list[Matching]:
    """Returns what may be which: the likeliest first, all of equal shapes.

    Args:
      old: TF1's; its variables stand in the order in which its layers were made.
      new: the port's; its variables stand in the order in which its layers are called.
      updates: of the port's step.
      pixels: its layers that meet feature maps: their dense kernels may count pixels as TF1 does,
        or channel by channel.
      map_: a user's; its rows always count.
    """
    first, _ = identify(old, new, map_.variables, None, map_.optimizers)
    sure = [row for row in first.rows if row.by in ("map", "shape")]
    paired, optimizers = pair_updates(old, updates, sure, map_.optimizers)
    by_use = _by_use(old, new, updates, paired, sure)
    choices: list[Matching] = []
    for rows in (by_use, first.rows):
        for some in _with_pixels(rows, new, pixels):
            order = {name: i for i, name in enumerate(old.variables)}
            some = [*some, *candidates.own_second_biases(some, old.variables, new.variables)]
            seconds = candidates.second_biases(some, new.variables)
            taken_old, taken_new = {r.old for r in some}, {*seconds, *(r.new for r in some)}
            matching = Matching(
                sorted(some, key=lambda row: order[row.old]),
                [name for name in old.variables if name not in taken_old],
                [name for name in new.variables if name not in taken_new],
                optimizers,
                paired,
                seconds=seconds,
            )
            if all(_pairs(matching) != _pairs(other) for other in choices):
                choices.append(matching)
    fewest = min(len(m.old_only) + len(m.new_only) for m in choices)
    return [m for m in choices if len(m.old_only) + len(m.new_only) == fewest]


def _pairs(matching: Matching) -> list[tuple[object, ...]]:
    return [(row.old, row.new, row.layout) for row in matching.rows]


def _by_use(
    old: Tf1Info, new: PortInfo, updates: list[PortUpdate], paired: dict[int, int], sure: list[Row]
) -> list[Row]:
    """Rows for all that is open: what is trained among what the same updates train, then averages
    among those of the same layers."""
    ours = {n: {i for i, u in enumerate(old.updates) if n in u.variables} for n in old.variables}
    theirs = {n: {i for i, j in paired.items() if n in updates[j].variables} for n in new.variables}
    options = candidates.by_shape(old.variables, new.variables)
    alike: Options = {
        name: [c for c in choices if ours[c[0]] == theirs[name]] or choices
        for name, choices in options.items()
    }
    rows = list(sure)
    _add_in_order(rows, {n: c for n, c in alike.items() if theirs[n]}, old)
    scopes: dict[str, set[str]] = {}
    for row in rows:
        if theirs[row.new]:
            scopes.setdefault(new.variables[row.new].layer, set()).add(candidates.scope(row.old))
    beside: Options = {
        name: [
            c
            for c in choices
            if candidates.scope(c[0]) in scopes.get(new.variables[name].layer, ())
        ]
        or choices
        for name, choices in alike.items()
    }
    _add_in_order(rows, beside, old)
    return rows


def _add_in_order(rows: list[Row], options: Options, old: Tf1Info) -> None:
    """Adds rows: of one choice, else the first that TF1 has left."""
    while pairs := candidates.pair_unique(rows, options):
        rows += [Row(before, name, layout, "shape") for name, before, layout in pairs]
    order = {name: i for i, name in enumerate(old.variables)}
    for name in options:
        choices = candidates.still_open(rows, options).get(name, [])
        if choices:
            before, layout = min(choices, key=lambda c: order[c[0]])
            rows.append(Row(before, name, layout, "use"))


def _with_pixels(rows: list[Row], new: PortInfo, pixels: PixelsOf) -> Iterator[list[Row]]:
    """Yields rows whose dense kernels count pixels channel by channel, then as TF1 does."""
    new_rows = []
    for row in rows:
        v = new.variables[row.new]
        sizes = pixels.get(v.layer, {}) if len(v.shape) in (1, 2) and row.by != "map" else {}
        layout = row.layout
        if "rows" in sizes and len(v.shape) == 2:
            layout = layout._replace(rows=sizes["rows"])
        if "columns" in sizes:
            layout = layout._replace(columns=sizes["columns"])
        new_rows.append(row._replace(layout=layout))
    yield new_rows
    yield rows
