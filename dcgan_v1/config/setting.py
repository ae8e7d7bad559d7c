"""How a setting of a config is declared, once: default, help, limits, and whether a
restored run may change it."""

import dataclasses

from dcgan_v1.errors import UserError


def setting(default, help="", *, fixed=False, least=None, below=None, choices=None):
    """A field of a config.

    Args:
      help: for the command line; '' keeps the setting off it.
      fixed: a restored run may not change it.
      least: the smallest number it may be; below: what it must be less than.
      choices: all it may be.
    """
    metadata = {"help": help, "fixed": fixed, "least": least, "below": below}
    return dataclasses.field(default=default, metadata={**metadata, "choices": choices})


def fixed(default, help="", **limits):
    return setting(default, help, fixed=True, **limits)


def with_defaults(name, bases, **defaults):
    """Returns a config class with the settings of `bases` and other defaults."""
    inherited = {f.name: f for base in reversed(bases) for f in dataclasses.fields(base)}
    fields = [
        (
            name,
            inherited[name].type,
            dataclasses.field(default=value, metadata=inherited[name].metadata),
        )
        for name, value in defaults.items()
    ]
    return dataclasses.make_dataclass(name, fields, bases=bases, frozen=True)


def check(field, value):
    """Raises UserError where a setting is not what it may be."""
    name, may = option(field.name), field.metadata
    least, below, choices = may["least"], may["below"], may["choices"]
    if choices and value not in choices:
        raise UserError(f"{name} must be one of {', '.join(choices)}, not {value!r}")
    if isinstance(least, int):
        if not isinstance(value, int) or isinstance(value, bool):
            raise UserError(f"{name} must be an integer, not {value!r}")
        if value < least:
            raise UserError(f"{name} must be at least {least}, not {value}")
        if below and value >= below:
            raise UserError(f"{name} must be below {below}, not {value}")
    elif least is not None and not least <= value < below:  # a NaN is not, either
        raise UserError(f"{name} must be at least {least:g} and below {below:g}, not {value}")


def option(name):
    """Returns the command-line option of a setting."""
    return "--" + name.replace("_", "-")
