"""Packages that a program imports and perhaps never uses, where they are not installed.

Importing one gives a stand-in; what is asked of it says which package is missing.
"""

import importlib.util
import logging
import re
import sys
import types
from typing import Any

from dcgan_v1.migration.programs.facade import Facade, Missing
from dcgan_v1.migration.programs.families.packages import imageio_names, opencv, progress_bars

OPTIONAL = (
    "moviepy",
    "ipdb",
    "openface",
    "dlib",
    "skimage",
    "sklearn",
    "seaborn",
    "prettytable",
    "lmdb",
    "rarfile",
    "cupy",
    "requests",
    "pandas",
    "nltk",
    "IPython",
    "colorama",
    "termcolor",
    "librosa",
    "easydict",
    "tabulate",
    "joblib",
    "numba",
    "ipywidgets",
)
INSTALLED_AS = {"sklearn": "scikit-learn", "skimage": "scikit-image"}
# how figures look, which no result depends on
STYLING = {
    "seaborn": (
        "set",
        "set_theme",
        "set_style",
        "set_context",
        "set_palette",
        "set_color_codes",
        "despine",
        "reset_orig",
        "reset_defaults",
    ),
    "colorama": ("init", "deinit"),
    "IPython": (
        "get_ipython",
        *(f"display.{name}" for name in ("clear_output", "display", "set_matplotlib_formats")),
        *(f"display.{name}" for name in ("HTML", "Image", "SVG", "Markdown", "Audio", "Video")),
    ),
}


class StandIn(types.ModuleType):
    """A package that is not there: attributes exist, calling one says so."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__path__: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return StandIn(f"{self.__name__}.{name}")

    def _does_nothing(self) -> bool:
        package, _, name = self.__name__.partition(".")
        return name in STYLING.get(package, ())

    def __call__(self, *_: Any, **__: Any) -> Any:
        package = self.__name__.partition(".")[0]
        if self._does_nothing():
            return None
        raise Missing(
            f"{self.__name__} was called, but the package {package} is not installed: "
            f"pip install {INSTALLED_AS.get(package, package)}"
        )


def must_be_there(package: str) -> None:
    """Raises ImportError where a package has a stand-in alone: the program catches it."""
    is_optional = package in OPTIONAL and package not in sys.modules
    if is_optional and importlib.util.find_spec(package) is None:
        raise ModuleNotFoundError(f"No module named {package!r}", name=package)


def modules() -> dict[str, types.ModuleType]:
    """Returns name -> stand-in for those that are not installed."""
    stand_ins: dict[str, types.ModuleType] = {
        name: StandIn(name)
        for name in OPTIONAL
        if name not in sys.modules and importlib.util.find_spec(name) is None
    }
    for name in progress_bars.NAMES:
        if importlib.util.find_spec(name) is None:
            stand_ins[name] = progress_bars.module(name)
    if tqdm := progress_bars.without_widgets():
        stand_ins["tqdm"] = tqdm
    for name, make in OTHERS.items():
        if importlib.util.find_spec(name) is None:
            stand_ins[name] = make()
    return stand_ins


def _colorlog() -> Facade:
    """The standard library's logging, whose lines have no colours."""

    def formatter(
        fmt: str | None = None, datefmt: str | None = None, style: Any = "%", **_: Any
    ) -> logging.Formatter:
        plain = re.sub(r"%\(\w*(log_color|reset)\)s|\{\w*(log_color|reset)\}", "", fmt or "")
        return logging.Formatter(plain or None, datefmt, style)

    return Facade("colorlog", (logging,), {"ColoredFormatter": formatter})


OTHERS = {"cv2": opencv.module, "imageio": imageio_names.module, "colorlog": _colorlog}
NAMES = frozenset((*OPTIONAL, *progress_bars.NAMES, *OTHERS))  # a program's own go before these
