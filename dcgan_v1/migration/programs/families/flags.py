"""tf.app.flags as TensorFlow until 1.4 had them, which took what absl refuses.

A default may be of another type than its flag, a flag may be defined twice, unknown
arguments are left to the program, a flag may be set that nobody has defined.
"""

import sys
from collections.abc import Callable, Sequence
from typing import Any

import tensorflow.compat.v1 as tf
from absl import flags as absl_flags

from dcgan_v1.migration.programs.facade import Facade


class _AnyNumber(absl_flags.ArgumentParser):
    """Takes 1e5 where an integer is asked for, and whatever the default is."""

    def __init__(self, convert: Callable[[str], Any]) -> None:
        self.convert = convert

    def parse(self, argument: Any) -> Any:
        if not isinstance(argument, str):
            return argument
        try:
            return self.convert(argument)
        except ValueError:
            return float(argument)


def _define(kind: str, convert: Callable[[str], Any]) -> Callable[..., Any]:
    plain = getattr(absl_flags, f"DEFINE_{kind}")

    def define(
        flag_name: str | None = None,
        default_value: Any = None,
        docstring: str = "",
        *,
        name: str | None = None,
        default: Any = None,
        help: str | None = None,
        **options: Any,
    ) -> Any:
        name = flag_name or "" if name is None else name
        default = default_value if default is None else default
        text = docstring if help is None else help
        if name in absl_flags.FLAGS:
            delattr(absl_flags.FLAGS, name)  # argparse: the later one wins
        try:
            return plain(name, default, text or "", **options)
        except absl_flags.IllegalFlagValueError:
            return absl_flags.DEFINE(_AnyNumber(convert), name, default, text or "")

    define.__name__ = f"DEFINE_{kind}"
    return define


def _set(self: Any, name: str, value: Any) -> None:
    """A flag that nobody has defined was defined by being set."""
    if name not in self:
        absl_flags.DEFINE(_AnyNumber(str), name, value, "", flag_values=self)
    _SET(self, name, value)


_SET = absl_flags.FlagValues.__setattr__


def _parse_flags(self: Any, args: Sequence[str] | None = None) -> dict[str, Any]:
    """What programs for 1.4 call to have FLAGS read the command line."""
    self(sys.argv if args is None else args, known_only=True)
    return self.flag_values_dict()


def _run(main: Callable[[list[str]], Any] | None = None, argv: Sequence[str] | None = None) -> None:
    """`tf.app.run`: main(argv), and its return value is the exit code."""
    arguments = absl_flags.FLAGS(sys.argv if argv is None else argv, known_only=True)
    sys.exit((main or vars(sys.modules["__main__"])["main"])(arguments))


def modules() -> tuple[Facade, Facade]:
    """Returns (facade of tf.flags, facade of tf.app)."""
    absl_flags.FlagValues._parse_flags = _parse_flags
    absl_flags.FlagValues.__setattr__ = _set
    kinds = {"integer": int, "float": float, "string": str, "boolean": bool, "bool": bool}
    supplied = {f"DEFINE_{k}": _define(k, c) for k, c in kinds.items()}
    flags = Facade("tf.flags", (tf.flags,), supplied)
    return flags, Facade("tf.app", (tf.app,), {"flags": flags, "run": _run})
