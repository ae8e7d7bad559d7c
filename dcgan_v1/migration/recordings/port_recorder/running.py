"""Runs a program and records it."""

import argparse
import inspect
import os
import random
import re
import runpy
import subprocess
import sys
import traceback

import numpy as np

from dcgan_v1.migration.recordings.port_recorder.draws import install_python
from dcgan_v1.migration.recordings.port_recorder.notebook_cells import run_notebook
from dcgan_v1.migration.recordings.port_recorder.places import HERE, Places
from dcgan_v1.migration.recordings.port_recorder.recorder import Recorder, Refused, Stop
from dcgan_v1.migration.recordings.port_recorder.tensorflow_program import TensorFlow
from dcgan_v1.migration.recordings.port_recorder.torch_program import Torch

NOT_RAISED = 3  # exit code: the program failed in float64 and may run in float32
AGAIN = "again"  # in a recording of float32: the same with OTHER_KERNELS
OTHER_KERNELS = {
    "ATEN_CPU_CAPABILITY": "default",
    "OMP_NUM_THREADS": "1",
    "TF_ENABLE_ONEDNN_OPTS": "0",
}
MOST_FILES = 300  # of a program that are read for what they import
SIDES = {"torch": Torch, "tensorflow": TensorFlow}
IMPORTS = {"torch": "torch", "tensorflow": "tensorflow|keras|tf_keras"}
TRAINS = {  # how a framework's programs train
    "torch": r"\.backward\(|\boptim\.\w|\.zero_grad\(",
    "tensorflow": r"\bGradientTape\b|\bapply_gradients\(|\.fit\(|\btrain_on_batch\(",
}


def record(folder, steps, dtype, program, arguments, as_module=False, framework=None):
    """Runs a program and records it. Returns the exit code.

    Args:
      folder: where the recording goes.
      steps: whole steps.
      dtype: 'float64' or 'float32'.
      program: path of a .py or .ipynb, or with `as_module` a module's name.
      arguments: what it is given.
      framework: 'torch' or 'tensorflow'; worked out from its imports where it is None.
    """
    path = os.path.abspath(program)
    root = os.path.dirname(path)
    if as_module:
        sys.path.insert(0, os.getcwd())
        path = module_file(program)
        if path is None:
            return failed("there is no module %s here" % program)
        root = os.getcwd()
    sources = sources_of(path, root)
    recorder = Recorder(os.path.abspath(folder), steps, path, Places(root))
    try:
        side = SIDES[framework or framework_of(sources)]
        recorder.side = side(recorder, dtype, sources)
    except ImportError as error:
        return failed("the program's framework is not installed here: %s" % error)
    except Refused as error:
        return failed(str(error))
    recorder.side.install()
    install_python(recorder)
    random.seed(0)  # of a program that seeds nothing: two recordings of it draw the same
    np.random.seed(0)
    recorder.last_words = lambda: tell(recorder, folder, dtype)
    sys.argv = [path] + list(arguments)
    try:
        try:
            run(path, program if as_module else None)
        except Stop:
            pass
        except SystemExit as error:
            if isinstance(error, Refused):
                raise
            if error.code not in (None, 0) and not recorder.done:
                return failed("the program ended itself: exit code %s" % error.code)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            if not recorder.done:
                return explain(error, recorder, dtype)
        if not recorder.finish():
            return failed(unseen(recorder))
    except Refused as error:
        return failed(str(error))
    tell(recorder, folder, dtype)
    return 0


def run(path, module=None):
    """Runs a program: a module of a package by its name, a notebook's cells, or a file."""
    if module:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    elif path.endswith(".ipynb"):
        run_notebook(path)
    else:
        sys.path.insert(0, os.path.dirname(path))
        runpy.run_path(path, run_name="__main__")


def tell(recorder, folder, dtype):
    """Says what was recorded, and what is not as the program says.

    Args:
      recorder: which has recorded.
      folder: where the recording is.
      dtype: 'float64' or 'float32', which the program ran in.
    """
    kinds = ", ".join(sorted(set(recorder.kinds)))
    number = len(recorder.updates)
    print("recorded %d updates of %s in %s, in %s" % (number, kinds, folder, dtype))
    for note in recorder.notes:
        print("note: " + note)
    sys.stdout.flush()


def module_file(name):
    """The file of a module below the working directory, or None. Nothing is imported: the packages
    above it may import a framework."""
    base = os.path.join(os.getcwd(), *name.split("."))
    for path in (base + ".py", os.path.join(base, "__main__.py")):
        if os.path.isfile(path):
            return path
    return None


def sources_of(path, root):
    """[(name, text)] of a program's files, the main file first."""
    paths = [path]
    for folder, folders, names in os.walk(root):
        folders[:] = [f for f in folders if f[0] != "." and "-packages" not in f]
        paths += [os.path.join(folder, name) for name in names if name.endswith(".py")]
        if len(paths) > MOST_FILES:
            break
    sources = []
    for place in paths:
        with open(place, encoding="utf-8", errors="replace") as file:
            if place != path or not sources:
                sources.append((os.path.basename(place), file.read()))
    return sources


def framework_of(sources):
    """'torch' or 'tensorflow': what the main file and those that it imports import; of both, what
    they train with."""
    for texts in ([text for _, text in imported(sources)], [text for _, text in sources]):
        text = "\n".join(texts)
        frameworks = [side for side in IMPORTS if imports_of(text, IMPORTS[side])]
        if frameworks:
            return max(frameworks, key=lambda side: len(re.findall(TRAINS[side], text)))
    return "torch"


def imports_of(text, name):
    """The lines that import modules of a name (a pattern)."""
    pattern = r"^[ \t\"]*(?:from|import(?:[^#\n]*,)?)[ \t]+(?:%s)\b.*"
    return re.findall(pattern % name, text, re.M)


def imported(sources):
    """Those of a program's files that its main file imports, or one that it imports; itself, too.

    Args:
      sources: see `sources_of`.
    """
    closure, left = [], sources[:1]
    while left:
        closure += left
        lines = "\n".join(line for _, text in left for line in imports_of(text, r"[\w.]+"))
        words = set(re.findall(r"\w+", lines))
        left = [one for one in sources if one not in closure and one[0][:-3] in words]
    return closure


def unseen(recorder):
    """Why there is no recording of a program that ended."""
    if recorder.children:
        return (
            "no optimiser was applied in this process, and the program starts others (%s): "
            "let it train in one process" % recorder.children[0]
        )
    return recorder.side.unseen()


def explain(error, recorder, dtype):
    """Says in one line where a program failed. Returns the exit code.

    Args:
      error: that ended the program.
      recorder: which has recorded so far.
      dtype: 'float64' or 'float32', which the program ran in.
    """
    trace = traceback.extract_tb(error.__traceback__)
    frames = [f for f in trace if recorder.places.is_own(f.filename)]
    where = "%s:%d: " % (os.path.basename(frames[-1].filename), frames[-1].lineno) if frames else ""
    text = " ".join(str(error).split())[:300]
    asks = isinstance(error, (AssertionError, IndexError)) and frames  # gpus[0] of none
    line = frames[-1].line or "" if asks else ""
    if re.search("cuda|nvidia|gpu", text + " " + line, re.I):
        return failed("%sthe program needs a GPU: %s: %s" % (where, type(error).__name__, text))
    line = "%sthe program failed: %s: %s" % (where, type(error).__name__, text)
    if dtype != "float64":
        return failed(line)
    print("in float64: " + line, file=sys.stderr)  # no error yet
    return NOT_RAISED


def failed(text):
    """Prints one line. Returns the exit code."""
    print("error: " + text, file=sys.stderr)
    return 2


def main(arguments=None):
    """Runs and records a program. Returns the exit code."""
    parser = argparse.ArgumentParser(description=inspect.cleandoc(__doc__).split("\n\n")[0])
    add = parser.add_argument
    add("--record", required=True, metavar="FOLDER")
    add("--steps", type=int, default=3, metavar="K", help="whole steps (default: 3)")
    add("--dtype", choices=("auto", "float64", "float32"), default="auto")
    add("--framework", choices=sorted(SIDES), help="of the program (default: what it imports)")
    add("-m", dest="as_module", action="store_true", help="PROGRAM is a module")
    add("program")
    add("arguments", nargs=argparse.REMAINDER)
    args = parser.parse_args(arguments)
    if args.steps < 1:
        parser.error("--steps must be at least 1")
    if not args.as_module and not os.path.isfile(args.program):
        parser.error("%s does not exist" % args.program)
    if os.path.exists(os.path.join(args.record, "recording.json")):
        parser.error("%s holds a recording: choose another folder" % args.record)
    if args.dtype != "auto":
        rest = args.program, args.arguments, args.as_module, args.framework
        return record(args.record, args.steps, args.dtype, *rest)
    code = record_apart(args, "float64", args.record)
    if code != NOT_RAISED:
        return code
    print("again in float32", file=sys.stderr)
    code = record_apart(args, "float32", args.record)
    if code == 0:
        print("once more with other kernels: what that changes is rounding")
        record_apart(args, "float32", os.path.join(args.record, AGAIN), OTHER_KERNELS)
    return code


def record_apart(args, dtype, folder, environment=None):
    """Records a program in a process of its own. Returns its exit code.

    Args:
      args: as they are on the command line.
      dtype: 'float64' or 'float32'.
      folder: where the recording goes.
      environment: variables that are set.
    """
    words = [sys.executable, HERE, "--record", folder, "--steps", str(args.steps)]
    words += ["--dtype", dtype] + (["-m"] if args.as_module else [])
    words += ["--framework", args.framework] if args.framework else []
    variables = dict(os.environ, **(environment or {}))
    return subprocess.call(words + [args.program] + args.arguments, env=variables)
