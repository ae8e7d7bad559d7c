"""What all commands share: one line for an error, exit codes. Loads no TensorFlow."""

import argparse
import os
import re
import sys
import traceback
import unicodedata
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

from dcgan_v1 import distributed, files, runtime
from dcgan_v1.config.setting import option
from dcgan_v1.errors import UserError, how_to_install, reason

# arguments that say where a command writes
WRITTEN = ("run_dir", "record", "report", "out", "write_map", "npz", "json")
UNPRINTABLE = ("Cc", "Zl", "Zp")  # control characters, and what ends a line


class Parser(argparse.ArgumentParser):
    """Says in one line what is wrong with the arguments."""

    _words: Sequence[str] = ()

    def parse_known_args(self, args=None, namespace=None):  # type: ignore[no-untyped-def]  # argparse's
        self._words = sys.argv[1:] if args is None else [*args]
        return super().parse_known_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        message = " ".join(message.split())
        if match := re.fullmatch(r"argument (\S+): not allowed with argument (\S+)", message):
            message = f"{match[2]} and {match[1]} exclude each other: give one of them"
        elif match := re.fullmatch(r"argument (\S+): expected (?:\w+ )*arguments?", message):
            message += self._way_to_give_a_dash(match[1])
        elif match := re.fullmatch(r"unrecognized arguments: (-.*)", message):
            place = [*self._words, match[1].split()[0]].index(match[1].split()[0])
            before = self._words[place - 1] if 0 < place < len(self._words) else ""
            optional = [o for a in self._actions if a.nargs == "?" for o in a.option_strings]
            if before in optional:
                message += self._way_to_give_a_dash(before)
        self.exit(2, f"error: {message} (see --help)\n")

    def _way_to_give_a_dash(self, option: str) -> str:
        """Says how a value that begins with a dash is given, where one follows the option."""
        places = [i for i, word in enumerate(self._words) if word == option]
        after = [self._words[i + 1] for i in places if i + 1 < len(self._words)]
        options = {o for action in self._actions for o in action.option_strings}
        value = next((word for word in after if word.startswith("-")), None)
        if value is None or value.partition("=")[0] in options:
            return ""
        return f"; a value that begins with a dash is written {option}={value}"


def parser(description: str | None) -> Parser:
    """Returns a parser with what every command has."""
    parser = Parser(description=description, allow_abbrev=False)
    parser.add_argument(
        "--debug",
        action="store_true",
        help="show tracebacks of errors, and what TensorFlow has to say (default off)",
    )
    return parser


def path(text: str) -> Path:
    """Returns the Path of an argument; argparse refuses it where there is none."""
    if not text.strip():
        raise argparse.ArgumentTypeError(f"{text!r} cannot be used")
    return Path(text)


def require_torch() -> None:
    """Raises UserError where PyTorch or its file format is not installed."""
    if not (find_spec("torch") and find_spec("safetensors")):
        raise UserError(f"this needs PyTorch and safetensors: {how_to_install('torch')}")


def main(
    run: Callable[[argparse.Namespace], int | None],
    parser: argparse.ArgumentParser,
    argv: Sequence[str] | None = None,
) -> NoReturn:
    """Parses the arguments, runs a command and exits with what it returns, with 2 after an
    error of the user's.

    An OSError that nobody turned into a better sentence is one, too.

    Args:
      run: the command.
      parser: of its arguments.
      argv: the arguments, by default those of this process.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a file's name may not be valid UTF-8
            stream.reconfigure(errors="backslashreplace")
    args = parser.parse_args(argv)
    runtime.verbose = args.debug
    try:
        for name, value in vars(args).items():
            if isinstance(value, str | Path):
                setattr(args, name, _usable(option(name), value))
        sys.exit(run(args) or 0)
    except BrokenPipeError:  # the reader of our output has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except UserError as error:
        _fail(args, str(error), code=2)
    except OSError as error:
        where = f": {error.filename}" if error.filename else _written(args, error)
        _fail(args, f"{error.strerror or reason(error)}{where}", code=2)
    except distributed.WorkerLost as error:
        _fail(args, str(error), code=1)
    except MemoryError as error:
        _fail(args, f"not enough memory ({reason(error)}); ask for less", code=2)
    except KeyboardInterrupt:
        sys.exit(130)


def _written(args: argparse.Namespace, error: OSError) -> str:
    """Names what a command writes, of which an error for lack of space does not say which."""
    given = {name: vars(args).get(name) for name in WRITTEN}
    named = [f"{option(name)} {value}" for name, value in given.items() if value]
    if error.errno not in files.NO_SPACE or not named:
        return ""
    return f", writing {' or '.join(named)}"


def _fail(args: argparse.Namespace, message: str, code: int) -> NoReturn:
    """Prints the error that is being handled, and exits."""
    if args.debug:
        traceback.print_exc()
    print(f"error: {message}", file=sys.stderr)
    if distributed.is_worker():
        distributed.leave(code)
    sys.exit(code)


def _usable(name: str, value: str | Path) -> str | Path:
    """Returns an argument with its ~ expanded, as the shell does if it is not quoted.

    Raises:
      UserError: it is empty, would not fit on a line, or is not valid UTF-8, which
        TensorFlow wants its paths to be.
    """
    text = str(value)
    if not text.strip() or any(unicodedata.category(c) in UNPRINTABLE for c in text):
        raise UserError(f"{name} {text!r} cannot be used; give another value")
    if any(unicodedata.category(c) == "Cs" for c in text):
        raise UserError(f"{name} {text!r} is not valid UTF-8; rename it, or link to it")
    if not text.startswith("~"):
        return value
    return type(value)(os.path.expanduser(text))  # noqa: PTH111, Path's may raise
