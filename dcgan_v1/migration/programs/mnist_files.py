"""MNIST's four files: where they are, and what is in them."""

from pathlib import Path

import numpy as np

from dcgan_v1.data.idx import read_idx
from dcgan_v1.errors import UserError

NAMES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
folders: list[Path] = []  # where they are, besides where a program says; `data_folders` fills it


def path_of(name: str, folder: Path) -> Path | None:
    """Returns the path of one of NAMES in a folder, packed or not; None where it is not there."""
    paths = (folder / f"{name}.gz", folder / name)
    return next((path for path in paths if path.is_file()), None)


def read(name: str, folder: str | None = None) -> np.ndarray:
    """Reads one of NAMES from a folder that a program names, else from `folders`.

    Returns:
      uint8 [N, 28, 28] or [N].

    Raises:
      UserError: it is nowhere, or not such a file.
    """
    places = [*([Path(folder)] if folder else []), *folders]
    for place in places:
        if path := path_of(name, place):
            with path.open("rb") as file:
                return read_idx(file, 3 if "idx3" in name else 1, str(path))[0]
    tried = ", ".join(map(str, places)) or "nowhere"
    raise UserError(f"no {name}.gz in {tried}: name the folder by --data-dir")
