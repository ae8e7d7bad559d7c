"""Runs a TF1 program in this process: its files get TF1, its folder stays as it is."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from dcgan_v1 import runtime
from dcgan_v1.errors import UserError, how_to_install

if TYPE_CHECKING:
    from dcgan_v1.migration.programs.program import Program
    from dcgan_v1.migration.recordings.tf1_recorder.recorder import Recorder

GRACE = 10  # seconds for a main thread that did not train to end by itself


def run(
    main: Path,
    arguments: Sequence[str],
    *,
    folder: Path,
    data_dirs: Sequence[Path] = (),
    steps: int | None = None,
    record: Path | None = None,
    settings: Mapping[str, str] | None = None,
    python: int | None = None,
    whole_steps: int | None = None,
) -> tuple[Program, Recorder]:
    """Runs a program until it ends or has done its steps.

    Args:
      main: path of its .py or .ipynb.
      arguments: what it is given as sys.argv[1:].
      folder: what it writes is in it; what the program's own folder holds is there, or deeper
        where the program names paths that begin with '../'.
      data_dirs: folders with MNIST or images of faces.
      steps: training runs after which to stop; None for no stop.
      record: folder to write a recording into.
      settings: name -> source text: top-level assignments to override.
      python: 2 or 3; found out where None.
      whole_steps: whole steps to record instead of `steps` runs.

    Returns:
      (program.Program, recorder.Recorder).

    Raises:
      UserError: it cannot be run, or asks for what nothing stands for.
    """
    main = Path(main).resolve()
    if not main.is_file():
        raise UserError(f"{main} does not exist")
    prepare()
    from dcgan_v1.migration.programs import data_folders, modules, workplace
    from dcgan_v1.migration.programs.program import Program
    from dcgan_v1.migration.recordings.tf1_recorder.recorder import Recorder

    words = " ".join(f'"{argument.rpartition("=")[2]}"' for argument in arguments)
    folder = workplace.lay_out(main.parent, Path(folder), words)
    # the copy runs, so that what it writes beside itself is written here
    program = Program(folder / main.name, modules.supply(), settings, python, main.parent)
    places = [Path(d).resolve() for d in data_dirs]
    data_folders.supply(places, folder, f"{program.words()} {' '.join(arguments)}")
    recorder = Recorder(record and str(Path(record).resolve()), runs=steps, steps=whole_steps)
    recorder.install()
    sys.argv = [str(program.main), *arguments]
    sys.path[:0] = [str(folder)]
    with contextlib.chdir(folder):
        _run(program, recorder)
    return program, recorder


def prepare() -> None:
    """Loads TensorFlow as TF1 with Keras 2 behind it."""
    os.environ.setdefault("MPLBACKEND", "Agg")
    absent = [n for n in ("fissix", "tf_keras", "tf_slim") if find_spec(n) is None]
    if absent:
        raise UserError(f"TF1 programs need {', '.join(absent)}: {how_to_install('legacy')}")
    runtime.prepare()
    os.environ["TF_USE_LEGACY_KERAS"] = "1"  # read when Keras is first asked for
    import numpy as np
    import tensorflow.compat.v1 as tf

    np.set_printoptions(legacy="1.25")  # '[1.5]' of scalars, not '[np.float32(1.5)]'
    tf.disable_v2_behavior()  # reference variables, Dimension, control flow by Switch


def _run(program: Program, recorder: Recorder) -> None:
    """Runs a program until it ends, or until the thread that trained is stopped.

    Raises:
      UserError: it failed.
    """
    from dcgan_v1.migration.programs import failures

    _stop_main_thread_later(recorder)
    with _own_streams():
        failures.of_threads(program)
        _until_it_ends(program, recorder)


@contextlib.contextmanager
def _own_streams() -> Iterator[None]:
    """A program's `sys.stdout = open(...)` holds as long as it runs: what is said later is not of
    its file."""
    kept = sys.stdout, sys.stderr, sys.excepthook
    try:
        yield
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):  # closed, or no stream
                stream.flush()
        sys.stdout, sys.stderr, sys.excepthook = kept


def _until_it_ends(program: Program, recorder: Recorder) -> None:
    from dcgan_v1.migration.programs import failures
    from dcgan_v1.migration.recordings.tf1_recorder.recorder import Stop

    try:
        program.run()
        _await_threads(recorder)
    except Stop:
        return
    except SystemExit as error:
        if error.code not in (None, 0) and not recorder.done:
            raise UserError(f"{program.main.name} ended itself: exit code {error.code}") from error
        _await_threads(recorder)
    except (UserError, KeyboardInterrupt):
        raise
    except BaseException as error:
        raise UserError(failures.explain(error, program)) from error


def others_alive() -> list[threading.Thread]:
    """Returns the threads that the end of a process waits for."""
    others = set(threading.enumerate()) - {threading.main_thread(), threading.current_thread()}
    return [thread for thread in others if not thread.daemon]


def _await_threads(recorder: Recorder) -> None:
    """As Python does at the end of a program: its threads may be what trains."""
    while not recorder.done and (threads := others_alive()):
        threads[0].join(timeout=1)


def _stop_main_thread_later(recorder: Recorder) -> None:
    """Where another thread trained, the main one may wait for what no longer comes."""
    from dcgan_v1.migration.recordings.tf1_recorder.recorder import Stop

    main = threading.main_thread()
    if threading.current_thread() is not main:
        return

    def stop(*_: object) -> None:
        raise Stop()

    def watch() -> None:
        recorder.ended.wait()
        time.sleep(GRACE)
        if recorder.stop and main.ident and main.ident not in recorder.trainers:
            signal.pthread_kill(main.ident, signal.SIGUSR1)

    signal.signal(signal.SIGUSR1, stop)
    threading.Thread(target=watch, daemon=True, name="end of the program").start()
