"""Reads latents that a page of explore.py saved: the system, the batch norm, rows of numbers."""

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np

from dcgan_v1.commands import options
from dcgan_v1.config import Config
from dcgan_v1.errors import UserError
from dcgan_v1.systems import System

BATCH_NORM = options.field_of(Config, "sample_bn").metadata["choices"]
LARGEST = 2**28  # bytes
# what JSON of another kind leads to
OTHERWISE = (ValueError, TypeError, KeyError, AttributeError, OverflowError)


class Latents(NamedTuple):
    """Attributes:
    system: its name, or what stands in its place.
    bn: 'ema' or 'batch', None where the file does not say.
    z: float64 [n, z_dim].
    """

    system: str
    bn: str | None
    z: np.ndarray


def read(path: Path) -> Latents:
    """Returns the Latents of a file.

    Raises:
      UserError: it holds none.
    """
    if path.exists() and not path.is_file():  # a device may never end
        raise UserError(f"{path} is no file; --latents takes what explore.py's page saves")
    if path.exists() and path.stat().st_size > LARGEST:
        raise UserError(f"{path} is too large for a file of latents ({LARGEST >> 20} MiB at most)")
    try:
        saved = json.loads(path.read_bytes())
        z = np.array(saved["z"], np.float64)
        latents = Latents(saved["system"], saved.get("bn"), z)
    except (*OTHERWISE, RecursionError) as error:
        raise UserError(
            f"{path} holds no latents as explore.py's page saves them: JSON with "
            '"system" and "z", rows of numbers'
        ) from error
    if z.ndim != 2 or not z.size or not np.isfinite(z).all():
        raise UserError(f'{path}: "z" must be rows of finite numbers')
    if latents.bn not in (None, *BATCH_NORM):
        raise UserError(f'{path}: "bn" must be one of {", ".join(BATCH_NORM)}')
    return latents


def check(latents: Latents, system: System, path: Path) -> None:
    """Refuses latents of another system.

    Args:
      latents: read from `path`.
      system: the model's.
      path: of their file.
    """
    if latents.system != system.name:
        raise UserError(f"{path} holds latents of {latents.system!r}, the model is {system.name}")
    if latents.z.shape[1] != system.z_dim:
        raise UserError(
            f"{path}: a latent of {system.name} has {system.z_dim} numbers, not "
            f"{latents.z.shape[1]}"
        )
