"""Which archive a file is, by its content; what cannot be read is named for what it is."""

from __future__ import annotations

import re
import tarfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from dcgan_v1.data.rar_source import RarSource
from dcgan_v1.data.tar_source import COMPRESSED, SevenZipSource, TarSource
from dcgan_v1.data.zip_source import ZipSource
from dcgan_v1.errors import UserError

if TYPE_CHECKING:
    from dcgan_v1.data.sources import Source

# names of archives that are split over several files, and how they are put together
PARTS = re.compile(r"(?i)(.+)\.(?:\d{3}|z\d\d|part\d+\.rar|r\d\d)")


def open_archive(path: Path, kind: str) -> Source:
    """Opens an archive of images.

    Args:
      path: of it.
      kind: what its first bytes say, see `signatures.what`.

    Raises:
      UserError: it cannot be read, with the way on.
    """
    if not path.stat().st_size:
        raise UserError(f"--data {path} is empty; get it again")
    if match := PARTS.fullmatch(path.name):
        raise UserError(
            f"--data {path} is one part of an archive that was split ({match[1]}): unpack "
            "all parts with the program that made them (7z x takes most), and give the folder"
        )
    if kind == "a RAR archive":
        return RarSource(path)
    if kind == "a 7z archive":
        return SevenZipSource(path)
    if kind in COMPRESSED or kind == "a tar archive":
        return TarSource(path, kind)
    if kind == "a page of HTML":
        raise UserError(
            f"--data {path} is an HTML page, not a zip: the server sent a quota or login page "
            "instead of the archive; download it again in a browser"
        )
    if kind not in ("", "a zip archive"):
        raise UserError(
            f"--data {path} is {kind}, which is not read: convert it, and give a folder of "
            "images or an archive of them"
        )
    if not kind and tarfile.is_tarfile(path):  # of before 1988
        return TarSource(path, "a tar archive")
    if not kind and not zipfile.is_zipfile(path) and path.suffix.lower() != ".zip":
        raise UserError(
            f"--data {path} is neither an archive nor an image: give a folder of images, an "
            "archive of them or an image"
        )
    return ZipSource(path)
