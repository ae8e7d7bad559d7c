"""CelebA: where it is looked for and how it is fetched."""

from __future__ import annotations

import hashlib
from pathlib import Path

from dcgan_v1.errors import UserError, how_to_install, reason

PLACES = ("data/img_align_celeba", "data/celeba", "data/img_align_celeba.zip")
DRIVE_ID = "0B7EVK8r0v71pZjFTYXZWM3FlRnM"  # img_align_celeba.zip, the authors' Drive
MD5 = "00d2c5bc6d35e252742224ab0c1e8fcb"


def find() -> str:
    """Returns the first of PLACES that exists.

    Raises:
      UserError: explains the three ways to get the data.
    """
    for place in PLACES:
        if Path(place).exists():
            return place
    raise UserError(
        f"no faces found in {', '.join(PLACES)}. Three ways on: --data synthetic "
        "trains on faces drawn by the project; --download fetches CelebA (1.4 GB); or "
        "get img_align_celeba.zip from mmlab.ie.cuhk.edu.hk/projects/CelebA.html and "
        "give it, or any folder of images, as --data"
    )


def download() -> str:
    """Fetches the archive to the last of PLACES and checks it. Returns the path.

    Raises:
      UserError: gdown is not installed, or what arrived is not the archive.
    """
    target = Path(PLACES[-1])
    if target.exists():
        return str(target)
    try:
        import gdown
    except ImportError as error:
        raise UserError(f"--download needs gdown: {how_to_install('download')}") from error
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(".part")
    try:
        gdown.download(id=DRIVE_ID, output=str(partial), resume=True)
    except Exception as error:  # gdown raises what requests raises, and its own
        raise UserError(f"download failed: {reason(error, 300)}") from error
    check_archive(partial)
    partial.rename(target)
    return str(target)


def check_archive(path: Path, md5: str = MD5) -> None:
    """Raises UserError where a downloaded file is not the archive."""
    if not path.exists():
        raise UserError("download failed: nothing arrived; try again later")
    with path.open("rb") as file:
        start = file.read(4)
    if start[:2] != b"PK":
        path.unlink()
        raise UserError(
            "the server sent a page instead of the archive (its download quota is used "
            "up, most likely); try again tomorrow or fetch it in a browser"
        )
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "md5").hexdigest()
    if digest != md5:
        path.unlink()
        raise UserError(
            f"the archive is corrupt: its MD5 is {digest}, not {md5}; download it again"
        )
