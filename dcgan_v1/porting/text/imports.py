"""The imports of a port's files: of what their code names, and nothing else."""

import ast
from collections.abc import Iterable, Mapping

STANDARD = {"math": "import math", "partial": "from functools import partial"}
PACKAGES = {  # in the order that isort has
    **{"keras": "import keras", "np": "import numpy as np", "tf": "import tensorflow as tf"},
    **{"torch": "import torch", "layers": "from keras import layers", "nn": "from torch import nn"},
    "F": "from torch.nn import functional as F",
}


def used(code: str) -> set[str]:
    """Returns the names that some code takes from elsewhere: those that it does not bind."""
    nodes = list(ast.walk(ast.parse(code)))
    names = [node for node in nodes if isinstance(node, ast.Name)]
    bound = {node.arg for node in nodes if isinstance(node, ast.arg)}
    bound |= {node.id for node in names if isinstance(node.ctx, ast.Store)}
    return {node.id for node in names} - bound


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
