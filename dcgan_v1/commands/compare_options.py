"""The options of `compare`, some of which `compare_tf2` shares."""

import argparse

from dcgan_v1 import systems
from dcgan_v1.commands import cli, tf1_options

STEPS, SYSTEM_STEPS = 3, 10  # training steps compared by default: of programs, of --system


def add_programs(parser: argparse.ArgumentParser) -> None:
    """Adds which two programs are compared, and how theirs are read."""
    add = parser.add_argument
    add(
        "sides",
        nargs="*",
        metavar="[OLD] NEW",
        help="port.py:old, a function that returns a Tf1(…), or one of --meta, "
        "--saved-model, --frozen, --recording and --program in its place; port.py:new, "
        "a function that returns a Keras(…) or a Torch(…); or two folders: recordings of one "
        "program, made on two versions of its framework",
    )
    tf1_options.add_old(parser)
    add(
        "--keep-recording",
        type=cli.path,
        metavar="DIR",
        help="where to leave the program's recording (default: nowhere)",
    )
    add(
        "--port-program",
        type=cli.path,
        metavar="FILE",
        help="in NEW's place: the port's training program as it is, a .py or .ipynb of "
        "PyTorch, Keras or TF2; it is run in a copy of its folder, and recorded for --steps "
        "whole steps",
    )
    add("--port-arguments", metavar="TEXT", help="what that program is given")
    add(
        "--port-framework",
        choices=("tensorflow", "torch"),
        help="what that program trains with (default: by its imports and its training loop)",
    )
    add(
        "--port-recording",
        type=cli.path,
        metavar="DIR",
        help="in NEW's place: what the port recorder wrote",
    )
    add(
        "--keep-port-recording",
        type=cli.path,
        metavar="DIR",
        help="where to leave the recording of --port-program (default: nowhere)",
    )
    add(
        "--inputs",
        metavar="FILE",
        help="an .npz of arrays named as the placeholders, [N, …] or [steps, N, …] "
        "(default: drawn from the placeholders' shapes)",
    )
    add("--map", metavar="FILE", help="a map file: what the programs do not tell")
    add(
        "--write-map", type=cli.path, metavar="FILE", help="write what was worked out as a map file"
    )


def add_start(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--checkpoint",
        metavar="PATH",
        help="values to start from: model.ckpt; of --system a run directory, a checkpoint of "
        "ours or of the original script's (default: the graph's initial values)",
    )


def add_common(parser: argparse.ArgumentParser, steps: int | None) -> None:
    """Adds the options that all comparisons have.

    Args:
      steps: how many by default; None: as many as the kind of comparison takes.
    """
    add = parser.add_argument
    add(
        "--steps",
        type=int,
        default=steps,
        metavar="K",
        help="training steps; looked at after 1, 3, 10 and K (default "
        f"{steps or f'{STEPS}, of --system {SYSTEM_STEPS}'})",
    )
    add(
        "--dtype",
        choices=("float32", "float64"),
        default="float32",
        help="float32 runs both, with TF1's own noise as the measure in float32; "
        "float64 runs that alone and is the quickest (default %(default)s)",
    )
    add(
        "--report",
        type=cli.path,
        metavar="DIR",
        help="folder for report.json and report.html (default: the terminal only)",
    )
    add("--seed", type=int, metavar="N", help="of all that is drawn (default 0)")
    add(
        "--batch-size",
        type=int,
        metavar="N",
        help="of what is drawn (default 16, of --system the system's)",
    )
    add(
        "--timing-steps",
        type=int,
        default=3,
        metavar="N",
        help="steps in each of 6 rounds of timing, 0 for none (default %(default)s)",
    )
    add(
        "--accept",
        action="append",
        default=[],
        metavar="CAUSE",
        help="a named cause that is no difference: adam-epsilon-place, port-only-averages "
        "(may be given again; default none)",
    )
    add(
        "--device",
        choices=("cpu", "gpu"),
        default="cpu",
        help="where TF1's program and a Keras port compute; PyTorch's stay on the CPU "
        "(default %(default)s)",
    )
    add("--quiet", action="store_true", help="no progress bar (default off)")


def add_system(parser: argparse.ArgumentParser, *names: str, required: bool = False) -> None:
    """Adds which of the project's systems is compared, and with what.

    Args:
      parser: to add them to.
      names: of the option that names the system.
      required: whether it must be given.
    """
    models = [name for name, system in systems.SYSTEMS.items() if system.counterparts]
    parser.add_argument(
        *names,
        dest="system",
        choices=models,
        required=required,
        help="one of the project's systems, in place of OLD and NEW",
    )
    parser.add_argument(
        "--against",
        choices=systems.FRAMEWORKS,
        required=required,
        help="the counterpart of that system",
    )
    parser.add_argument(
        "--width", type=int, metavar="N", help="of that system (default: the system's)"
    )
