"""What the marks of tests promise: what a `unit` test keeps to, and what others need."""

import contextlib
import multiprocessing.process
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from unittest import mock

import pytest

KINDS = ("unit", "graph", "cli", "compare", "browser", "firefox", "workers", "release")
# of processor time, which others' load leaves alone; `make test` allows for slower processors
UNIT_SECONDS = float(os.environ.get("UNIT_SECONDS", "1"))

ROOT = Path(__file__).resolve().parents[1]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox")
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
TF1_15 = os.environ.get(  # an interpreter with real TensorFlow 1.15
    "TF1_PYTHON", str(ROOT / ".venv-tf1" / "bin" / "python")
)


def settle(items: list[pytest.Item]) -> None:
    """Gives the mark of a file to its tests that have none of their own.

    Raises:
      pytest.UsageError: a test has none either way.
    """
    modules = {item.getparent(pytest.Module) for item in items}
    # one with a condition stays the file's
    of_file = {m: [mark.name for mark in m.own_markers if not mark.args] for m in modules}
    for item in items:
        has_kind = any(mark.name in KINDS[:-1] for mark in item.own_markers)
        for name in of_file[item.getparent(pytest.Module)]:
            if name not in KINDS or not has_kind:
                item.add_marker(name)
        if not any(mark.name in KINDS for mark in item.own_markers):
            kinds = ", ".join(KINDS)
            raise pytest.UsageError(f"{item.nodeid} wants a mark: {kinds} (see pyproject.toml)")
    for module in modules:
        module.own_markers[:] = [mark for mark in module.own_markers if mark.args]


def missing(mark: str) -> str:
    """Returns why the tests of a mark must be skipped here, or nothing."""
    if mark == "torch" and not (find_spec("torch") and find_spec("safetensors")):
        return "PyTorch is not installed"
    if mark == "browser" and not (CHROMIUM and find_spec("playwright")):
        return "Chromium or Playwright is not installed"
    if mark == "firefox" and not (FIREFOX and find_spec("marionette_driver")):
        return "Firefox or marionette_driver is not installed"
    if mark == "axe" and not AXE.is_file():
        return "axe-core is not installed: npm install"
    ready = Path(TF1_15).parents[1] / ".ready"  # written when all of it is installed
    whole = "TF1_PYTHON" in os.environ or ready.is_file()
    if mark == "tf115" and not (whole and Path(TF1_15).is_file()):
        return "no TensorFlow 1.15 here: make .venv-tf1/.ready (needs Python 3.7)"
    return ""


@contextlib.contextmanager
def no_process(what: str) -> Iterator[None]:
    """Fails where a process is started inside."""

    def refuse(*_, **__):
        raise AssertionError(f"{what} is marked as unit, but starts a process")

    with (
        mock.patch.object(os, "fork", refuse),
        mock.patch.object(subprocess.Popen, "__init__", refuse),
        mock.patch.object(multiprocessing.process.BaseProcess, "start", refuse),
    ):
        yield


@contextlib.contextmanager
def within_a_second(what: str) -> Iterator[None]:
    """Fails where more processor time than UNIT_SECONDS is spent inside."""
    started = time.process_time()
    yield
    seconds = time.process_time() - started
    assert seconds <= UNIT_SECONDS, f"{what} is marked as unit, but takes {seconds:.1f} seconds"
