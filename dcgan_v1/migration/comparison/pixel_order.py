"""In which order rows and columns of dense kernels count pixels, told from what layers give.

A fault may blur the gradients that `matching.fingerprints` goes by."""

from collections.abc import Callable, Iterator

from dcgan_v1.migration.matching.fingerprints import PixelsOf
from dcgan_v1.migration.matching.layouts import Layout
from dcgan_v1.migration.matching.matching import Matching, Row
from dcgan_v1.migration.records import PortInfo

Agreeing = Callable[[Matching], tuple[int, int]]


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


def _other_orders(
    rows: list[Row], matching: Matching, pixels: dict[str, tuple[int, int, int]]
) -> Iterator[list[Row]]:
    """Yields a layer's rows with each order of pixels that may be."""
    back = {axis: (h * w, c, 1) for axis, (c, h, w) in pixels.items()}
    now = {r.new: r.layout for r in matching.rows}
    for order in ({}, pixels, back):
        changed = [r._replace(layout=_ordered(r.layout, order)) for r in rows]
        if any(r.layout != now[r.new] for r in changed):
            yield changed


def _ordered(layout: Layout, order: dict[str, tuple[int, int, int]]) -> Layout:
    return layout._replace(rows=order.get("rows"), columns=order.get("columns"))
