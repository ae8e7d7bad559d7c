"""What all commands share: one line for an error, exit codes. Loads no TensorFlow."""

import argparse
import contextlib
import os
import sys
import traceback
import unicodedata
from importlib.util import find_spec
from pathlib import Path

from dcgan_v1 import runtime
from dcgan_v1.config.setting import option
from dcgan_v1.distributed import cluster
from dcgan_v1.errors import UserError, WorkerLost, reason

UNPRINTABLE = ("Cc", "Zl", "Zp")  # control characters, and what ends a line


class Parser(argparse.ArgumentParser):
    """Says in one line what is wrong with the arguments."""

    def error(self, message):
        self.exit(2, f"error: {' '.join(message.split())} (see --help)\n")


def parser(description):
    made = Parser(description=description, allow_abbrev=False)
    made.add_argument(
        "--debug",
        action="store_true",
        help="show tracebacks of errors, and what TensorFlow has to say (default off)",
    )
    return made


def path(text):
    """Returns the Path of an argument; argparse refuses it where there is none."""
    if not text.strip():
        raise argparse.ArgumentTypeError(f"{text!r} is no usable value")
    return Path(text)


def require_torch():
    """Raises UserError where PyTorch or its file format is not installed."""
    if not (find_spec("torch") and find_spec("safetensors")):
        raise UserError("this needs PyTorch: pip install -r requirements-torch.txt")


def main(run, made_parser, argv=None):
    """Parses, calls run(args) and exits with what it returns, 2 after a user's error.

    An OSError that nobody turned into a better sentence is one, too.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a file's name may be no text at all
            stream.reconfigure(errors="backslashreplace")
    args = made_parser.parse_args(argv)
    runtime.verbose = args.debug
    try:
        for name, value in vars(args).items():
            if isinstance(value, str | Path):
                setattr(args, name, _usable(option(name), value))
        sys.exit(run(args) or 0)
    except (UserError, OSError) as error:
        if isinstance(error, BrokenPipeError):  # the reader of our output has gone
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(141)
        if args.debug:
            traceback.print_exc()
        message = str(error)
        if isinstance(error, OSError):
            message = f"{error.strerror or reason(error)}: {error.filename}"
        print(f"error: {message}", file=sys.stderr)
        if cluster.VARIABLE in os.environ:
            _leave(2)
        sys.exit(2)
    except WorkerLost as error:
        if args.debug:
            traceback.print_exc()
        print(f"error: {error}", file=sys.stderr)
        _leave(1)
    except MemoryError as error:
        if args.debug:
            traceback.print_exc()
        print(f"error: not enough memory ({reason(error)}); ask for less", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


def _leave(code):
    """Ends a worker at once: threads of TensorFlow's may wait for what is gone."""
    with contextlib.suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


def _usable(name, value):
    """Returns an argument with its ~ expanded, as the shell does if it is not quoted.

    Raises:
      UserError: it is empty, would not fit on a line, or is no UTF-8, which TensorFlow
        wants its paths to be.
    """
    text = str(value)
    if not text.strip() or any(unicodedata.category(c) in UNPRINTABLE for c in text):
        raise UserError(f"{name} {text!r} is no usable value; give another one")
    if any(unicodedata.category(c) == "Cs" for c in text):
        raise UserError(f"{name} {text!r} is no UTF-8; rename it, or link to it")
    if not text.startswith("~"):
        return value
    return type(value)(os.path.expanduser(text))  # noqa: PTH111, Path's may raise
