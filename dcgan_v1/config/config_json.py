"""A run's config.json: read back, checked, changed by what is asked for this time."""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from dcgan_v1.config import COUNTED_TWICE, Config
from dcgan_v1.config.setting import option
from dcgan_v1.errors import UserError
from dcgan_v1.systems import SYSTEMS

AnyConfig = TypeVar("AnyConfig", bound=Config)
# what runs did that were begun before there was such a setting
BEFORE = {"background": "black", "value_range": "type"}


def from_json(text: str | bytes, source: str | Path) -> Config:
    """Reads a system's config back. `source` names the file in error messages."""
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{source} is not JSON ({error}); fix it or use --restart") from error
    if not isinstance(values, dict) or values.get("model") not in list(SYSTEMS):
        raise UserError(
            f"{source} must be a JSON object whose model is one of "
            f"{', '.join(SYSTEMS)}; fix it or use --restart"
        )
    cls = SYSTEMS[values["model"]].config
    by_name = {f.name: f for f in dataclasses.fields(cls)}
    unknown = sorted(set(values) - set(by_name))
    if unknown:
        raise UserError(f"{source} has unknown settings: {', '.join(unknown)}")
    for name, value in values.items():
        if type(value) is not type(by_name[name].default):
            raise UserError(
                f"{source}: {name} must be a {type(by_name[name].default).__name__}, not {value!r}"
            )
    before = {name: value for name, value in BEFORE.items() if name in by_name}
    return cls(**{**before, **values})


def saved_config(path: Path) -> Config | None:
    """Returns the config of the run that a checkpoint is of, None if there is none.

    Args:
      path: Path of a run directory, a folder of `pretrained/`, or a checkpoint in
        either.
    """
    for folder in (path, path.parent, path.parent.parent):
        if (folder / "config.json").is_file():
            file = folder / "config.json"
            return from_json(file.read_bytes(), file)
    return None


def continued(saved: AnyConfig, changes: Mapping[str, Any]) -> AnyConfig:
    """Returns the config of a restored run: what was saved, changed as asked.

    Args:
      saved: the run's config.
      changes: the settings given this time, by name.

    Raises:
      UserError: a fixed setting differs.
    """
    changes = dict(changes)
    for epochs, steps in COUNTED_TWICE.items():
        if epochs in changes and steps not in changes and hasattr(saved, epochs):
            changes[steps] = 0  # what is asked for last counts
    differing = [
        f"{option(f.name)} is {getattr(saved, f.name)!r} in the run, "
        f"{changes[f.name]!r} was asked for"
        for f in dataclasses.fields(saved)
        if f.metadata["fixed"] and f.name in changes and changes[f.name] != getattr(saved, f.name)
    ]
    if differing:
        raise UserError(
            "cannot continue with other settings: "
            + "; ".join(differing)
            + "; leave them out, or use --restart to start again"
        )
    return dataclasses.replace(saved, **changes)
