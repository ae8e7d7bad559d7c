"""A program is run and recorded."""

import argparse
import atexit
import os
import runpy
import sys

from dcgan_v1.migration.recordings.tf1_recorder.recorder import Recorder, Stop


def start(folder, steps=10, stop=False):
    """Records the next `steps` training runs of this process into a folder.

    Args:
      folder: where the recording goes.
      steps: how many training runs.
      stop: whether to end the program after them.
    """
    recorder = Recorder(folder, runs=steps, stop=stop).install()
    atexit.register(recorder.finish)  # where the program has fewer runs
    return recorder


def main(arguments=None):
    """Runs and records a program. Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--record", required=True, metavar="FOLDER")
    parser.add_argument(
        "--steps", type=int, default=10, metavar="K", help="training runs to record (default: 10)"
    )
    parser.add_argument("program")
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    args = parser.parse_args(arguments)
    if args.steps < 1:
        parser.error("--steps must be at least 1")
    if not os.path.isfile(args.program):
        parser.error("%s does not exist" % args.program)
    recorder = Recorder(args.record, runs=args.steps).install()
    sys.argv = [args.program] + args.arguments
    sys.path.insert(0, os.path.dirname(os.path.abspath(args.program)))
    try:
        runpy.run_path(args.program, run_name="__main__")
    except Stop:
        pass
    except SystemExit as error:
        if not recorder.done and error.code not in (None, 0):
            raise
    if not recorder.finish():
        print("error: the program ended before any training run", file=sys.stderr)
        return 2
    runs = recorder.trained
    print("recorded %d training runs in %s" % (runs, args.record))
    if runs < args.steps:
        print("%d were asked for: the program ended before" % args.steps)
    return 0
