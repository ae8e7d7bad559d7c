"""What is said of a program that failed: one line with its place, its own frames alone."""

from __future__ import annotations

import sys
import threading
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from dcgan_v1 import runtime
from dcgan_v1.errors import reason
from dcgan_v1.migration.programs.facade import Missing, Vanished

if TYPE_CHECKING:
    from dcgan_v1.migration.programs.program import Program

# libraries of that time whose present versions, if there are any, are for another TensorFlow
HELPERS = {
    "prettytensor": "google/prettytensor",
    "sugartensor": "buriburisuri/sugartensor",
    "tensorlayer": "tensorlayer/TensorLayer, version 1",
    "tflearn": "tflearn/tflearn",
    "sonnet": "deepmind/sonnet, version 1",
    "tensorpack": "tensorpack/tensorpack",
    "edward": "blei-lab/edward",
    "zhusuan": "thu-ml/zhusuan",
    "tfutils": "its repository",
    "tensorbayes": "RuiShu/tensorbayes",
    "nn_utils": "its repository",
}
LEVELS = 3  # folders above the program in which a missing package is looked for


def missing_helper(name: str) -> str:
    """Says how a program gets a library of that time."""
    return (
        f"the library {name} is not here: put its sources ({HELPERS[name]}) beside the program, "
        "where they are run as part of it"
    )


def explain(error: BaseException, program: Program) -> str:
    """Returns one line: place in the program, what failed, and what to do where it is known.

    Of an error that no missing name explains, it prints the program's own lines.
    """
    where = place(error, program)
    # `from tensorflow.contrib import x` ends as an ImportError of the interpreter's
    for each in (error, error.__context__, error.__cause__):
        if isinstance(each, Vanished | Missing):
            return f"{where}{each}"
    if isinstance(error, ModuleNotFoundError) and error.name:
        return f"{where}{_of_module(error.name, program)}"
    _show(error, program)
    line = f"{where}the program failed: {type(error).__name__}: {reason(error, 300)}"
    return line + _hint(error, program)


def _of_module(name: str, program: Program) -> str:
    package = name.partition(".")[0]
    if package in HELPERS:
        return missing_helper(package)
    for folder in program.origin.parents[:LEVELS]:
        if (folder / package).is_dir() or (folder / f"{package}.py").is_file():
            return (
                f"no module {name} beside the program; there is one in {folder}: run it with "
                f"PYTHONPATH={folder}"
            )
    return (
        f"no module {name}: install the package that has it, or put its sources beside the program"
    )


def _hint(error: BaseException, program: Program) -> str:
    if isinstance(error, TypeError) and "only 0-dimensional arrays" in str(error):
        return "; numpy 2.4 takes no array of one element for a number: pip install 'numpy<2.4'"
    if isinstance(error, FileNotFoundError) and not Path(str(error.filename)).is_absolute():
        return f"; it ran in {program.main.parent}, where --data-dir shows MNIST and faces"
    return ""


def place(error: BaseException, program: Program) -> str:
    """'main.py:12: ' of the program's own line that an error came from."""
    own = _own_frames(traceback.extract_tb(error.__traceback__), program)
    if not own:
        return ""
    path = Path(own[-1].filename).relative_to(program.main.parent)
    return f"{path}:{own[-1].lineno}: "


def _show(error: BaseException, program: Program) -> None:
    """Prints the program's own lines that led to an error; with --debug all follows."""
    if runtime.verbose:
        return
    own = _own_frames(traceback.extract_tb(error.__traceback__), program)
    if own:
        print("The program's own lines (--debug shows all):", file=sys.stderr)
        print("".join(traceback.format_list(own)), end="", file=sys.stderr)


def of_threads(program: Program) -> None:
    """Has errors of a program's threads shown in the same way."""

    def hook(failed: threading.ExceptHookArgs) -> None:
        if failed.exc_value is None or isinstance(failed.exc_value, SystemExit):
            return
        if runtime.verbose:
            traceback.print_exception(failed.exc_value)
        name = failed.thread.name if failed.thread else "a thread"
        print(f"in {name}: {explain(failed.exc_value, program)}", file=sys.stderr)

    threading.excepthook = hook


def _own_frames(frames: traceback.StackSummary, program: Program) -> list[traceback.FrameSummary]:
    return [f for f in frames if Path(f.filename).is_relative_to(program.main.parent)]
