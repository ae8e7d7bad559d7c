"""Trained networks in other formats, a file for each.

Each says what it writes, how that is loaded in five lines, and how far it may be from the
session."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from dcgan_v1.export.networks import Network

FORMATS = ("savedmodel", "frozen", "tflite", "onnx", "keras", "torch")


# file -> (the lines that load it, how far it may be from the session as a share of the
# range; None for any)
Recipes = dict[str, tuple[str, float | None]]


class Format(Protocol):
    """The module of a format.

    Attributes:
      TITLE, NOTE: for the card.
      NEEDS: packages that are not among the project's own.
    """

    TITLE: str
    NOTE: str
    NEEDS: tuple[str, ...]

    def write(self, network: Network, folder: Path) -> Recipes:
        """Writes a network's files into a folder."""


def get(name: str) -> Format:
    """Returns the module of a format, one of FORMATS."""
    module: Format = import_module(f"dcgan_v1.export.to_{name}")
    return module
