"""The manifest of a checkpoint, `model-<step>.json`: its origin and the SHA-256 of every file."""

import json
from pathlib import Path
from typing import Any

from dcgan_v1.config import Config
from dcgan_v1.errors import UserError, reason
from dcgan_v1.files import checksum


def manifest_of(prefix: str | Path) -> dict[str, Any] | None:
    """Returns a checkpoint's manifest as a dict, None where it has none.

    Raises:
      UserError: the file there is not its manifest.
    """
    path = Path(f"{prefix}.json")
    if not path.exists():
        return None
    try:
        manifest = json.loads(path.read_text())
        files, step = manifest["files"], manifest["step"]
        name = Path(prefix).name
        is_valid = (
            f"{name}.index" in files
            and any(key.startswith(f"{name}.data-") for key in files)
            and all(
                isinstance(sha256, str) and Path(key).name == key and key.startswith(f"{name}.")
                for key, sha256 in files.items()
            )
            and isinstance(step, int)
            and name.endswith(f"-{step}")
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        is_valid = False
    if not is_valid:
        raise UserError(f"{path} is not the manifest of this checkpoint")
    return manifest


def check_settings(prefix: str, config: Config, path: Path) -> None:
    """Refuses a checkpoint that was written with other settings than its run's now has.

    Args:
      prefix: of a checkpoint with a manifest.
      config: of the run, as its config.json has it.
      path: of that file.

    Raises:
      UserError: names the settings that differ.
    """
    then, now = (manifest_of(prefix) or {}).get("settings", {}), config.fixed_settings()
    differing = [
        f"{name} is {now[name]!r} there, {then[name]!r} in the checkpoint"
        for name in now
        if name in then and then[name] != now[name]
    ]
    if differing:
        raise UserError(
            f"{path} does not fit {prefix}: {'; '.join(differing)}; fix it, or use "
            "--restart to start again"
        )


def damage(prefix: str) -> str:
    """Returns in a few words what is wrong with a checkpoint, '' if nothing is.

    With a manifest every file is read and its SHA-256 compared; without one, as the
    original scripts leave it, there is nothing to compare with here.
    """
    try:
        manifest = manifest_of(prefix)
        if manifest is None:
            return ""
        for name, sha256 in manifest["files"].items():
            path = Path(prefix).with_name(name)
            if not path.is_file():  # a pipe would block for ever
                return f"{name} is missing"
            if checksum(path) != sha256:
                return f"{name} is not what was written: its SHA-256 differs"
    except UserError as error:
        return reason(error)
    return ""
