"""tf.app.flags as TensorFlow until 1.4 had them, which took what absl refuses.

A default may be of another type than its flag, a flag may be defined twice, unknown
arguments are left to the program.
"""

import sys

import tensorflow.compat.v1 as tf
from absl import flags as absl_flags

from dcgan_v1.migration.programs.facade import Facade


class _AnyNumber(absl_flags.ArgumentParser):
    """Takes 1e5 where an integer is asked for, and whatever the default is."""

    def __init__(self, convert):
        self.convert = convert

    def parse(self, argument):
        if not isinstance(argument, str):
            return argument
        try:
            return self.convert(argument)
        except ValueError:
            return float(argument)


def _define(kind, convert):
    plain = getattr(absl_flags, f"DEFINE_{kind}")

    def define(
        flag_name=None,
        default_value=None,
        docstring="",
        *,
        name=None,
        default=None,
        help=None,
        **options,
    ):
        name = flag_name if name is None else name
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


def _parse_flags(self, args=None):
    """What programs for 1.4 call to have FLAGS read the command line."""
    self(sys.argv if args is None else args, known_only=True)
    return self.flag_values_dict()


def _run(main=None, argv=None):
    """`tf.app.run`: main(argv), and its return value is the exit code."""
    arguments = absl_flags.FLAGS(sys.argv if argv is None else argv, known_only=True)
    main = main or sys.modules["__main__"].main
    sys.exit(main(arguments))


def modules():
    """Returns (facade of tf.flags, facade of tf.app)."""
    absl_flags.FlagValues._parse_flags = _parse_flags
    kinds = {"integer": int, "float": float, "string": str, "boolean": bool, "bool": bool}
    supplied = {f"DEFINE_{k}": _define(k, c) for k, c in kinds.items()}
    flags = Facade("tf.flags", (tf.flags,), supplied)
    return flags, Facade("tf.app", (tf.app,), {"flags": flags, "run": _run})
