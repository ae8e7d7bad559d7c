"""Runs a TF1 program in this process: its files get TF1, its folder stays as it is."""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from dcgan_v1 import runtime
from dcgan_v1.errors import UserError, how_to_install, reason

if TYPE_CHECKING:
    from dcgan_v1.migration.programs.program import Program
    from dcgan_v1.migration.recordings.recorder import Recorder


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
      folder: working directory; what the program's own folder holds is there.
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
    from dcgan_v1.migration.recordings.recorder import Recorder

    folder = Path(folder).resolve()
    workplace.make(main.parent, folder)
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
    from dcgan_v1.migration.programs.facade import Missing, Vanished
    from dcgan_v1.migration.recordings.recorder import Stop

    try:
        program.run()
    except Stop:
        return
    except SystemExit as error:
        if error.code not in (None, 0) and not recorder.done:
            raise UserError(f"{program.main.name} ended itself: exit code {error.code}") from error
    except (UserError, KeyboardInterrupt):
        raise
    except BaseException as error:
        where = _place(error, program)
        # `from tensorflow.contrib import x` ends as an ImportError of the interpreter's
        gone = next(
            (
                e
                for e in (error, error.__context__, error.__cause__)
                if isinstance(e, Vanished | Missing)
            ),
            None,
        )
        if gone is not None:
            raise UserError(f"{where}{gone}") from error
        traceback.print_exc()
        raise UserError(
            f"{where}the program failed: {type(error).__name__}: {reason(error, 300)}"
        ) from error


def _place(error: BaseException, program: Program) -> str:
    """'main.py:12: ' of the program's own line that an error came from."""
    own = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_relative_to(program.main.parent)
    ]
    return f"{Path(own[-1].filename).name}:{own[-1].lineno}: " if own else ""
