"""Reads the layouts of a map file, as `Layout.text` writes them."""

from typing import Any

from dcgan_v1.errors import UserError
from dcgan_v1.migration.matching.layouts import AXES, Layout, Pixels, Shape


def parse(text: str) -> Layout:
    """Returns the layout that a text describes.

    Args:
      text: its parts with commas between, 'torch dense, rows 3x4x4'.

    Raises:
      UserError: it is none.
    """
    kind = "plain"
    fields: dict[str, Any] = {}
    for part in filter(None, (p.strip() for p in text.split(","))):
        word, _, rest = part.partition(" ")
        try:
            if word in ("rows", "columns") and "x" in rest:
                fields[word] = _parsed_pixels(rest)
            elif word == "rows":
                start, _, stop = rest.partition(" to ")
                fields["part"] = int(start), int(stop)
            elif word == "gates" and sorted(rest) == sorted("ifjo"):
                fields["gates"] = rest
            elif word == "forget":
                fields["forget"] = float(rest.removeprefix("bias "))
            elif word == "reshaped":
                fields[word] = tuple(map(_shape, reversed(rest.split(" of "))))
            elif word == "folded" and rest.split(" ")[0] in ("rows", "columns"):
                axis, _, sizes = rest.partition(" ")
                h, w, ins, outs = _shape(sizes)
                fields[word] = axis, (h, w, ins, outs)
            elif part in AXES:
                kind = part
            else:
                raise ValueError(part)
        except ValueError as error:
            names = ", ".join(AXES)
            raise UserError(
                f"the map has the layout {text!r}; known are {names}, rows CxHxW, "
                "rows CxHxW behind N, columns CxHxW, rows A to B, "
                "gates ifjo, forget bias X, reshaped AxB of C, "
                "folded rows HxWxIxO, folded columns HxWxIxO"
            ) from error
    return Layout(kind, **fields)


def _parsed_pixels(text: str) -> Pixels:
    sizes, _, ahead = text.partition(" behind ")
    c, h, w = _shape(sizes)
    if "behind" in text and not (ahead.isdecimal() and int(ahead)):
        raise ValueError(text)
    return (c, h, w, int(ahead)) if ahead else (c, h, w)


def _shape(text: str) -> Shape:
    sizes = () if text == "scalar" else tuple(map(int, text.split("x")))
    if any(size < 1 for size in sizes):
        raise ValueError(text)
    return sizes
