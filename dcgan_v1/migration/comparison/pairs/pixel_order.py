"""In which order rows and columns of dense kernels count pixels, told from what layers give.

A fault may blur the gradients that `matching.fingerprints` goes by."""

from collections.abc import Callable, Iterator, Sequence

from dcgan_v1.migration.comparison.pairs import alignment
from dcgan_v1.migration.comparison.pairs.alignment import model_of
from dcgan_v1.migration.matching.fingerprints import PixelsOf
from dcgan_v1.migration.matching.layouts import Layout, Pixels, turned
from dcgan_v1.migration.matching.matching import Matching, Row
from dcgan_v1.migration.records import LayerOutput, Observation, PortInfo

Agreeing = Callable[[Matching], tuple[int, int]]


def numbered(known: PixelsOf, seen: PixelsOf, port: PortInfo, matching: Matching) -> PixelsOf:
    """Returns what is known of a port's layers that meet feature maps, with what a step showed.

    Columns are numbered as the matching has them; those of a layer without variables, an
    activation ahead of maps, as those of its model that makes as many.

    Args:
      known: so far; seen: by the port in a step.
      port: what it says of itself.
      matching: of the variables.
    """
    variables, pixels = port.variables, dict(known)
    columns = {variables[r.new].layer: r.layout.columns for r in matching.rows if r.layout.columns}
    own_columns = {(model_of(path), chw) for path, chw in columns.items()}
    with_variables = {v.layer for v in variables.values()}
    for path, own in seen.items():
        is_plain = path not in with_variables
        if is_plain and (model_of(path), own.get("columns")) in own_columns:
            columns[path] = own["columns"]
        rows = {axis: chw for axis, chw in own.items() if axis == "rows"}
        pixels[path] = rows | ({"columns": columns[path]} if path in columns else {})
    return pixels


def settled(matching: Matching, port: PortInfo, pixels: PixelsOf, agreeing: Agreeing) -> Matching:
    """Returns the matching under which most of the port's layers give what TF1's ops give.

    Args:
      matching: by gradients.
      port: what it says of itself.
      pixels: its layers that meet feature maps.
      agreeing: runs the port under a matching; returns how many layers agree, of how many.
    """
    best, most = matching, None
    for path in pixels:
        rows = [r for r in matching.rows if r.by != "map" and port.variables[r.new].layer == path]
        if most is None:
            most, every = agreeing(best)
            if most == every:
                return best
        for changed in _other_orders(rows, best, pixels[path]):
            tried = best.with_rows(changed)
            count, _ = agreeing(tried)
            if count > most:
                best, most = tried, count
    return best


def in_agreement(
    ops: Sequence[LayerOutput],
    seen: Observation,
    port: PortInfo,
    matching: Matching,
    tolerance: float,
) -> tuple[int, int]:
    """Returns how many layers of the port's give what TF1's ops give, of how many.

    Args:
      ops: what TF1's gave.
      seen: a step of the port's; a layer ahead of maps gives its pixels in the matching's order.
      port: what it says of itself.
      matching: of the variables.
      tolerance: relative difference below which values are the same.
    """
    pixels = numbered({}, seen.pixels, port, matching)
    layers = alignment.with_reads(seen.layers, port, matching)
    aligned = alignment.align(ops, layers, tolerance, pixels)
    return sum(a.by == "value" for a in aligned), len(aligned)


def _other_orders(
    rows: list[Row], matching: Matching, pixels: dict[str, Pixels]
) -> Iterator[list[Row]]:
    """Yields a layer's rows with each order of pixels that may be."""
    back = {axis: turned(chw) for axis, chw in pixels.items()}
    now = {r.new: r.layout for r in matching.rows}
    for order in ({}, pixels, back):
        changed = [r._replace(layout=_ordered(r.layout, order)) for r in rows]
        if any(r.layout != now[r.new] for r in changed):
            yield changed


def _ordered(layout: Layout, order: dict[str, Pixels]) -> Layout:
    return layout._replace(rows=order.get("rows"), columns=order.get("columns"))
