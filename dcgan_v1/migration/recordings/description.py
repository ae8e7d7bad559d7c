"""The description of a recording, `recording.json`, which is written last."""

import json
from pathlib import Path
from typing import Any

from dcgan_v1.errors import UserError


def read(path: Path, first_file: str) -> Any:
    """Returns what `recording.json` holds, not checked.

    Args:
      path: of the file.
      first_file: a file beside it that is written first: a recording without an end has it.

    Raises:
      UserError: where the file is not there, or no JSON.
    """
    try:
        return json.loads(path.read_text("utf-8"))
    except OSError as error:
        state = "is not complete" if path.with_name(first_file).exists() else "is none"
        raise UserError(f"the recording {path.parent} {state}: no {path.name}") from error
    except ValueError as error:
        raise UserError(f"{path} is no JSON") from error
