"""The imports of a port's files: of what their code names, and nothing else."""

import symtable
from collections.abc import Iterable, Mapping

STANDARD = {"math": "import math", "partial": "from functools import partial"}
PACKAGES = {  # in the order that isort has
    **{"keras": "import keras", "np": "import numpy as np", "tf": "import tensorflow as tf"},
    **{"torch": "import torch", "layers": "from keras import layers", "nn": "from torch import nn"},
    "F": "from torch.nn import functional as F",
}


def used(code: str) -> set[str]:
    """Returns the names that some code takes from elsewhere: those that it does not bind where it
    reads them, nor as a whole; what it imports is from elsewhere."""
    top = symtable.symtable(code, "port", "exec")
    bound = {s.get_name() for s in top.get_symbols() if s.is_assigned()}
    tables, names = [top], set()
    while tables:
        table = tables.pop()
        tables += table.get_children()
        names |= {s.get_name() for s in table.get_symbols() if s.is_referenced() and s.is_global()}
    return names - bound


def lines(code: str, own: Mapping[str, Iterable[str]]) -> list[str]:
    """Returns the lines that import what some code names.

    Args:
      code: of a file.
      own: module of the port -> names that it has.
    """
    names = used(code)
    groups = [
        [line for name, line in known.items() if name in names] for known in (STANDARD, PACKAGES)
    ]
    taken = {module: sorted(names.intersection(known)) for module, known in own.items()}
    groups.append([f"from {m} import {', '.join(known)}" for m, known in taken.items() if known])
    return [line for group in groups if group for line in [*group, ""]][:-1]
