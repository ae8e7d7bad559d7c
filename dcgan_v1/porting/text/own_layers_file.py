"""own_layers.py of a port: what its framework lacks, apart from the networks made of it."""

import ast
from collections.abc import Iterable

from dcgan_v1.porting.text import imports


def text(own: dict[str, str], code: Iterable[str], framework: str) -> str:
    """Returns the file, '' where nothing is lacking.

    Args:
      own: name -> definition of what the framework lacks; what others are made of comes first.
      code: of the files that use it.
      framework: its name.
    """
    wanted: set[str] = set()
    found = set().union(*map(imports.used, code)) & own.keys()
    while found - wanted:
        wanted |= found
        found = set().union(*(imports.used(own[name]) for name in wanted)) & own.keys()
    if not wanted:
        return ""
    blocks = "\n\n".join(definition for name, definition in own.items() if name in wanted)
    said = f"Layers and functions that a TF1 program has and {framework} lacks."
    return "\n".join([f'"""{said}"""', "", *imports.lines(blocks, {}), "", "", blocks])


def names(text: str) -> list[str]:
    """Returns the classes and functions of the file."""
    return [n.name for n in ast.parse(text).body if isinstance(n, ast.ClassDef | ast.FunctionDef)]
