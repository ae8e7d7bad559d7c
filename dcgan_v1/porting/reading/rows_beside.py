"""Rows that a network repeats over maps, to put them beside each pixel: labels, mostly."""

from collections import Counter
from collections.abc import Collection
from dataclasses import replace

from dcgan_v1.porting import description as d
from dcgan_v1.porting.text.printing import constants

KIND = "beside_pixels"  # of (maps, rows); what a port calls the function that does it


def folded(nodes: list[d.Node], outputs: Collection[d.Value]) -> tuple[d.Node, ...]:
    """Returns a function's nodes, with one in the place of a reshape of rows into a map of one
    pixel, its repetition, and the concatenation behind the channels of other maps.

    Args:
      nodes: in their order.
      outputs: values that are needed after them.
    """
    made_by = {node.value.name: node for node in nodes}
    result, passed = [], set()
    for node in nodes:
        tile = _maker(node.inputs[1], made_by) if len(node.inputs) == 2 else None
        reshape = _maker(tile.inputs[0], made_by) if tile else None
        if tile and reshape and _are_rows_beside(node, tile, reshape):
            passed |= {tile.value.name, reshape.value.name}
            node = replace(node, kind=KIND, inputs=(node.inputs[0], reshape.inputs[0]), settings={})
        result.append(node)
    kept = {value.name for value in outputs}
    uses = Counter(
        x.name for n in d.walk(tuple(result)) for x in n.inputs if isinstance(x, d.Value)
    )
    for node in reversed(result):  # what only the others needed goes with them
        name = node.value.name
        if name in passed and not uses[name] and name not in kept:
            result.remove(node)
            uses.subtract(x.name for x in node.inputs if isinstance(x, d.Value))
    return tuple(result)


def _maker(x: d.Operand, made_by: dict[str, d.Node]) -> d.Node | None:
    return made_by.get(x.name) if isinstance(x, d.Value) else None


def _are_rows_beside(concat: d.Node, tile: d.Node, reshape: d.Node) -> bool:
    """Whether these three put rows, [N, k], behind the channels of each pixel."""
    maps, rows, pixel = concat.inputs[0], reshape.inputs[0], reshape.value.shape or ()
    if concat.kind != "concat" or concat.settings["axis"] != -1 or reshape.kind != "reshape":
        return False
    if tile.kind != "op" or tile.settings["type"] != "Tile" or pixel[1:3] != (1, 1):
        return False
    sizes = (maps.shape or ())[1:3]
    is_whole = len(maps.shape or ()) == 4 and constants(tile.inputs[1]) == [1, *sizes, 1]
    return is_whole and isinstance(maps, d.Value) and len(rows.shape or ()) == 2
