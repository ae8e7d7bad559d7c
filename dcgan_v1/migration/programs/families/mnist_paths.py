"""`open`, `os.path` and the like, replaced so that MNIST is found wherever a program looks.

`open`, `gzip.open`, `os.path.exists` and `tf.gfile` go through `mnist_files.available`; all other
files are as they were.
"""

import builtins
import codecs
import gzip
import io
import os
import pathlib
import subprocess
import types
from collections.abc import Callable
from typing import Any

import tensorflow.compat.v1 as tf

from dcgan_v1.migration.programs import mnist_files
from dcgan_v1.migration.programs.facade import Facade
from dcgan_v1.migration.programs.families import shell_downloads


def open_file(file: Any, mode: str = "r", *arguments: Any, **options: Any) -> Any:
    """`open`, also with the mode 'U' of universal newlines, which all text files have now."""
    reads = not set(mode) & set("wax+")
    path = mnist_files.available(file) if reads else file
    return builtins.open(path, mode.replace("U", "") or "r", *arguments, **options)  # noqa: PTH123


def of_path(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function whose first argument is the path of a file to read."""

    def found(path: Any, *arguments: Any, **options: Any) -> Any:
        return function(mnist_files.available(path), *arguments, **options)

    found.__name__ = getattr(function, "__name__", "found")
    return found


def _when_reading(function: Callable[..., Any], default: str) -> Callable[..., Any]:
    """The same of one with a mode as second argument."""

    def found(path: Any, mode: str = default, *arguments: Any, **options: Any) -> Any:
        path = mnist_files.available(path) if mode.startswith("r") else path
        return function(path, mode, *arguments, **options)

    return found


class MnistPath(type(pathlib.Path())):  # type: ignore[misc]  # of this machine's kind
    """pathlib's Path, which finds MNIST when it is asked for the file."""

    def _file(self) -> pathlib.Path:
        return pathlib.Path(mnist_files.available(str(self)))

    def exists(self, **options: bool) -> bool:
        return self._file().exists(**options)

    def is_file(self) -> bool:
        return self._file().is_file()

    def stat(self, **options: bool) -> os.stat_result:
        return self._file().stat(**options)

    def open(self, mode: str = "r", *arguments: Any, **options: Any) -> Any:
        return open_file(str(self), mode, *arguments, **options)

    def read_bytes(self) -> bytes:
        return self._file().read_bytes()


PATHS = ("exists", "isfile", "getsize")


def modules() -> dict[str, types.ModuleType]:
    """Returns name -> module of the standard library."""
    paths = types.SimpleNamespace(**{name: of_path(getattr(os.path, name)) for name in PATHS})
    of_os = types.SimpleNamespace(
        path=Facade("os.path", (paths, os.path)),
        stat=of_path(os.stat),
        system=shell_downloads.system,
    )
    opened = types.SimpleNamespace(open=open_file)
    of_codecs = types.SimpleNamespace(open=_when_reading(codecs.open, "r"))
    of_pathlib = types.SimpleNamespace(Path=MnistPath)
    of_gzip = types.SimpleNamespace(open=_when_reading(gzip.open, "rb"), GzipFile=GzipFile)
    return {
        "os": Facade("os", (of_os, os)),
        "gzip": Facade("gzip", (of_gzip, gzip)),
        "io": Facade("io", (opened, io)),
        "codecs": Facade("codecs", (of_codecs, codecs)),
        "pathlib": Facade("pathlib", (of_pathlib, pathlib)),
        "subprocess": Facade("subprocess", (shell_downloads.commands(), subprocess)),
    }


class GzipFile(gzip.GzipFile):
    """One that finds MNIST when it is opened to be read."""

    def __init__(
        self, filename: Any = None, mode: str | None = None, *arguments: Any, **options: Any
    ) -> None:
        is_read = mode is None or mode.startswith("r")
        known = mnist_files.available(filename) if is_read else filename
        super().__init__(known, mode, *arguments, **options)


def gfile() -> Facade:
    """Returns the facade of tf.gfile."""
    opened = _when_reading(tf.gfile.GFile, "r")
    asked = {name: of_path(getattr(tf.gfile, name)) for name in ("Exists", "Stat", "Copy")}
    names = types.SimpleNamespace(Open=opened, GFile=opened, FastGFile=opened, **asked)
    return Facade("tf.gfile", (names, tf.gfile))


def data() -> Facade:
    """Returns the facade of tf.data."""

    def read(kind: Callable[..., Any]) -> Callable[..., Any]:
        def dataset(filenames: Any, *arguments: Any, **options: Any) -> Any:
            is_list = isinstance(filenames, list | tuple)
            names = [mnist_files.available(name) for name in filenames] if is_list else filenames
            return kind(mnist_files.available(names), *arguments, **options)

        return dataset

    names = types.SimpleNamespace(FixedLengthRecordDataset=read(tf.data.FixedLengthRecordDataset))
    return Facade("tf.data", (names, tf.data))
