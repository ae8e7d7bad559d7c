"""What programs open and ask for files by, which finds MNIST where it is looked for.

`open`, `gzip.open`, `os.path.exists`, `tf.gfile` and downloads go through `mnist_files.available`;
all other files are as they were.
"""

import builtins
import gzip
import os
import shutil
import types
import urllib.request
from collections.abc import Callable
from typing import Any

import tensorflow.compat.v1 as tf

from dcgan_v1.migration.programs import mnist_files
from dcgan_v1.migration.programs.facade import Facade


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


def _urlretrieve(url: Any, filename: Any = None, *arguments: Any, **options: Any) -> Any:
    """A download of MNIST's files is a copy of those that are here."""
    path = _local(url)
    if path is None:
        return urllib.request.urlretrieve(url, filename, *arguments, **options)
    if filename is None:
        return path, None
    return shutil.copy(path, filename), None


def _urlopen(url: Any, *arguments: Any, **options: Any) -> Any:
    path = _local(url)
    if path is None:
        return urllib.request.urlopen(url, *arguments, **options)
    return builtins.open(path, "rb")  # noqa: PTH123


def _local(url: Any) -> str | None:
    """Returns the path of a file of MNIST's that a URL names."""
    if not isinstance(url, str) or "://" not in url:
        return None
    name = os.path.join(mnist_files.run_folder, "mnist_files", url.rpartition("/")[2])  # noqa: PTH118
    is_relative = mnist_files.RELATIVES.search(url)
    found = url if is_relative else mnist_files.available(name)
    return found if not is_relative and os.path.isfile(found) else None  # noqa: PTH113


def get_file(plain: Callable[..., Any]) -> Callable[..., Any]:
    """`keras.utils.get_file(name, origin)`."""

    def found(fname: Any = None, origin: Any = None, *arguments: Any, **options: Any) -> Any:
        return _local(origin) or plain(fname, origin, *arguments, **options)

    return found


PATHS = ("exists", "isfile", "getsize")


def modules() -> dict[str, types.ModuleType]:
    """Returns name -> module of the standard library."""
    paths = types.SimpleNamespace(**{name: of_path(getattr(os.path, name)) for name in PATHS})
    of_os = types.SimpleNamespace(path=Facade("os.path", (paths, os.path)), stat=of_path(os.stat))
    of_gzip = types.SimpleNamespace(open=_when_reading(gzip.open, "rb"), GzipFile=_gzip_file)
    requests = types.SimpleNamespace(urlretrieve=_urlretrieve, urlopen=_urlopen)
    request = Facade("urllib.request", (requests, urllib.request))
    return {
        "os": Facade("os", (of_os, os)),
        "gzip": Facade("gzip", (of_gzip, gzip)),
        "urllib": Facade("urllib", (types.SimpleNamespace(request=request), urllib)),
    }


def _gzip_file(filename: Any = None, *arguments: Any, **options: Any) -> gzip.GzipFile:
    return gzip.GzipFile(mnist_files.available(filename), *arguments, **options)


def gfile() -> Facade:
    """Returns the facade of tf.gfile."""
    opened = _when_reading(tf.gfile.GFile, "r")
    names = types.SimpleNamespace(
        Open=opened, GFile=opened, FastGFile=opened, Exists=of_path(tf.gfile.Exists)
    )
    return Facade("tf.gfile", (names, tf.gfile))
