"""What of a folder or an archive counts as an image, by place and name, and what does not."""

from __future__ import annotations

from pathlib import PurePath

SUFFIXES: tuple[str, ...] = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff")
SUFFIXES += (".jfif", ".jpe", ".avif", ".jp2", ".j2k", ".ppm", ".pgm", ".pbm", ".pnm")
ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".7z", ".rar")
NOT_READ = {
    **dict.fromkeys((".heic", ".heif", ".hif"), "HEIC photos"),
    **dict.fromkeys(
        (".cr2", ".cr3", ".nef", ".arw", ".dng", ".orf", ".rw2"), "raw files of cameras"
    ),
    **dict.fromkeys((".jxl", ".psd", ".svg", ".exr", ".dcm"), "pictures of other formats"),
    **dict.fromkeys((".npy", ".npz"), "arrays of numpy's"),
}
OF_PROGRAMS = ("__MACOSX", "$RECYCLE.BIN", "System Volume Information", "@eaDir")


class PassedOver:
    """Counts what is not taken for an image, by reason, with the first of each kind."""

    def __init__(self) -> None:
        self._first: dict[str, str] = {}
        self._counts: dict[str, int] = {}

    def add(self, why: str, name: str) -> None:
        self._first.setdefault(why, name)
        self._counts[why] = self._counts.get(why, 0) + 1

    def __str__(self) -> str:
        return "; ".join(
            f"{count} {why} ({self._first[why]}{', ...' if count > 1 else ''})"
            for why, count in self._counts.items()
        )


def takes(path: PurePath, passed_over: PassedOver) -> bool:
    """Whether a file is an image by its place and name.

    Args:
      path: within the folder or archive.
      passed_over: counts it with the reason where it is not.
    """
    folders = [part for part in path.parts[:-1] if is_hidden(part)]
    is_image = path.suffix.lower() in SUFFIXES
    if folders and is_image:
        passed_over.add("images in hidden folders", f"{folders[0]}/")
    elif path.name.startswith("."):
        passed_over.add("hidden files", path.name)
    elif is_image:
        return True
    elif path.suffix.lower() in ARCHIVES:
        passed_over.add("archives, which are not opened", path.name)
    elif path.suffix.lower() in NOT_READ:
        passed_over.add(f"{NOT_READ[path.suffix.lower()]}, to be converted first", path.name)
    else:
        passed_over.add("files without the suffix of an image", path.name)
    return False


def is_hidden(folder: str) -> bool:
    """Whether a folder holds what programs keep for themselves: copies, thumbnails."""
    return folder.startswith(".") or folder in OF_PROGRAMS
