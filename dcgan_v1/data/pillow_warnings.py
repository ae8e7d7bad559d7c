"""What Pillow warns of while several threads decode, with the names of the images.

Python's own way of catching warnings does not know which thread one came from.
"""

from __future__ import annotations

import threading
import warnings
from typing import Any

from PIL import Image

from dcgan_v1.errors import reason

SHOWN = 3  # images named of each warning
_current = threading.local()  # the name of the image that a thread decodes


class PillowWarnings:
    """Collects warnings while entered; `names` maps a warning to names of images."""

    def __init__(self) -> None:
        self.names: dict[str, list[str]] = {}

    def __enter__(self) -> PillowWarnings:
        self._showwarning = warnings.showwarning
        self._filters = warnings.filters[:]
        warnings.simplefilter("always")
        warnings.showwarning = self._note
        return self

    def __exit__(self, *_: object) -> None:
        warnings.showwarning = self._showwarning
        warnings.filters[:] = self._filters  # type: ignore[index]  # a list, whatever typeshed says
        warnings.simplefilter("ignore", UserWarning)  # read again, they are known
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)

    def _note(self, message: Warning | str, *_: Any, **__: Any) -> None:
        text = reason(message, 80) if isinstance(message, Warning) else message
        self.names.setdefault(text, []).append(getattr(_current, "name", ""))

    def decoding(self, name: str) -> None:
        """Says which image this thread decodes next."""
        _current.name = name

    def __str__(self) -> str:
        return "; ".join(
            f"{text}: {', '.join(sorted(set(names))[:SHOWN])}"
            + (f" and {len(set(names)) - SHOWN} more" if len(set(names)) > SHOWN else "")
            for text, names in self.names.items()
        )
