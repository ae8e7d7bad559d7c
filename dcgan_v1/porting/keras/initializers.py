"""Initialisers of a Keras port: those that several layers share have a name: layers stay short."""

import re
from collections import Counter
from collections.abc import Mapping

from dcgan_v1.porting import description as d
from dcgan_v1.porting.text import initializers

DRAWN = {  # kind -> (Keras's class, what it is given)
    "normal": ("RandomNormal", "{mean!r}, {stddev!r}"),
    "truncated_normal": ("TruncatedNormal", "{mean!r}, {stddev!r}"),
    "uniform": ("RandomUniform", "{low!r}, {high!r}"),
    "fan_in_uniform": ("VarianceScaling", '1 / 3, "fan_in", "uniform"'),
    "scaled": ("VarianceScaling", '{scale!r}, "{mode}", "{distribution}"'),
}
NAMES = {"RandomNormal": "normal", "RandomUniform": "uniform", "VarianceScaling": "scaled"}
NAMES |= {"TruncatedNormal": "trunc"}
MADE = re.compile(rf"keras\.initializers\.({'|'.join(NAMES)})\(([^()]*)\)")


def shared(bodies: list[str]) -> tuple[list[str], list[str]]:
    """Returns the lines that define what is used more than once, and the bodies that use them.

    Every use makes an initialiser of its own: one of Keras's would draw the same numbers again.
    """
    counts = Counter(m.group() for body in bodies for m in MADE.finditer(body))
    names: dict[str, str] = {}
    lines = []
    for made, count in counts.items():
        match = MADE.fullmatch(made)
        if count < 2 or match is None:
            continue
        name = NAMES[match[1]]
        number = 1 + sum(known.rstrip("_0123456789") == name for known in names.values())
        names[made] = name if number == 1 else f"{name}_{number}"
        lines.append(f"{names[made]} = partial(keras.initializers.{match[1]}, {match[2]})")

    def named(match: re.Match[str]) -> str:
        name = names.get(match.group())
        return f"{name}()" if name else match.group()

    return lines, [MADE.sub(named, body) for body in bodies]


def initializer(program: d.Program, variable: str, default: str) -> str:
    """Returns the expression of an initialiser, '' where it is the layer's default or not known.

    Args:
      program: that has the variable.
      variable: of TF1.
      default: what the layer would take.
    """
    kind, numbers = initializers.kind_of(program, variable)
    rule = (
        initializers.scaling_of(program, variable) if kind in initializers.DISTRIBUTIONS else None
    )
    if rule is None:
        return _said(kind, numbers, default)
    return _said("scaled", dict(zip(("scale", "mode", "distribution"), rule, strict=True)), default)


def of_part(program: d.Program, variable: str) -> str:
    """Returns the expression of an initialiser for a part of a variable of TF1: with its numbers,
    for a rule would count the part's axes."""
    return _said(*initializers.numbers_of(program, variable), "")


def _said(kind: str, numbers: Mapping[str, float | str], default: str) -> str:
    if kind in ("zeros", "ones", "glorot_uniform"):
        return "" if kind == default else f'"{kind}"'
    if kind == "constant":
        return f"keras.initializers.Constant({numbers['value']!r})"
    if kind not in DRAWN:
        return ""
    name, words = DRAWN[kind]
    return f"keras.initializers.{name}({words.format(**numbers)})"
