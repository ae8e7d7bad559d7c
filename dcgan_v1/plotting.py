"""Plots as PNG, the same whatever matplotlib's settings on this machine are."""

import contextlib
import io
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def figure(width: float, height: float) -> "Figure":
    """Returns an empty matplotlib figure of width x height inches, 100 pixels each."""
    load()
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=100, layout="tight")


def png(figure: "Figure") -> bytes:
    """Returns a figure as PNG bytes."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()


def load() -> None:
    """Imports matplotlib with its own defaults.

    It reads $MPLBACKEND (a notebook's may not exist here), a matplotlibrc here or in
    the user's home, which may ask for LaTeX or be no text at all, and the user's style
    files. TensorFlow loads it, too, by way of Keras.
    """
    os.environ |= {"MPLBACKEND": "agg", "MATPLOTLIBRC": os.devnull}
    logging.getLogger("matplotlib").setLevel(logging.CRITICAL)
    nowhere = Path(__file__).parent  # has neither settings nor styles
    with _in_folder(nowhere):
        import matplotlib

        users = matplotlib.get_configdir
        matplotlib.get_configdir = lambda: str(nowhere)
        import matplotlib.style

        matplotlib.get_configdir = users
    matplotlib.rcParams.update(matplotlib.rcParamsDefault)


@contextlib.contextmanager
def _in_folder(folder: Path) -> Iterator[None]:
    """chdir for a while; where the present folder has been deleted, not at all."""
    try:
        Path.cwd()
    except FileNotFoundError:
        yield
        return
    with contextlib.chdir(folder):
        yield
