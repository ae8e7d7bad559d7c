"""Declares a setting of a config: default, help, limits, whether a restored run may change it."""

import dataclasses
from collections.abc import Callable
from typing import Any, TypeVar, dataclass_transform

from dcgan_v1.errors import UserError

T = TypeVar("T")


def setting(
    default: Any,
    help: str = "",
    *,
    fixed: bool = False,
    least: float | None = None,
    below: float | None = None,
    choices: tuple[str, ...] | None = None,
) -> Any:
    """A field of a config.

    Args:
      default: an int, float, bool or str.
      help: for the command line; '' keeps the setting off it.
      fixed: a restored run may not change it.
      least: the smallest number it may be; below: what it must be less than.
      choices: all it may be.
    """
    metadata = {"help": help, "fixed": fixed, "least": least, "below": below}
    return dataclasses.field(default=default, metadata={**metadata, "choices": choices})


def fixed(default: Any, help: str = "", **limits: Any) -> Any:
    """A `setting` that decides which numbers a run computes: a restored run keeps it."""
    return setting(default, help, fixed=True, **limits)


@dataclass_transform(frozen_default=True)
def with_defaults(**defaults: Any) -> Callable[[type[T]], type[T]]:
    """Makes a class a config: the settings of its bases, some with other defaults."""

    def decorated(cls: type[T]) -> type[T]:
        inherited = {
            f.name: f for base in reversed(cls.__bases__) for f in dataclasses.fields(base)
        }
        cls.__annotations__ = {name: inherited[name].type for name in defaults}
        for name, value in defaults.items():
            field = dataclasses.field(default=value, metadata=inherited[name].metadata)
            setattr(cls, name, field)
        return dataclasses.dataclass(frozen=True)(cls)

    return decorated


def check(field: dataclasses.Field[Any], value: Any) -> None:
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


def option(name: str) -> str:
    """Returns the command-line option of a setting."""
    return "--" + name.replace("_", "-")
