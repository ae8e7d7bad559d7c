"""Clones of other people's repositories: that they are of the commit, and copies to run."""

import re
import subprocess
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.pairs.table import Side
from dcgan_v1.errors import UserError

SUFFIXES = (".py", ".ipynb")  # of what a program is made of
FACES = 24, 218, 178  # photographs, rows, columns: CelebA's aligned ones


def check(clone: Path, side: Side, option: str) -> None:
    """Refuses a clone of another repository state than the table's.

    Args:
      clone: a work tree or a git directory.
      side: whose commit it must be.
      option: that named the clone, for the message.

    Raises:
      UserError: it is no clone, or of another commit.
    """
    done = _git(clone, "rev-parse", "HEAD")
    if done.returncode:
        raise UserError(f"{option} {clone}: no clone of https://github.com/{side.repository}")
    head = done.stdout.decode().strip()
    if head != side.commit:
        raise UserError(
            f"{option} {clone} is at {head[:12]}, the row is of {side.repository} at "
            f"{side.commit[:12]}: git checkout {side.commit}"
        )


def copy(clone: Path, side: Side, folder: Path) -> Path:
    """Writes a program's files as they were committed, with the table's edits.

    Returns:
      the path of the program in `folder`.

    Raises:
      UserError: an edit no longer fits.
    """
    root = side.root or str(Path(side.program).parent)
    listed = _git(clone, "ls-tree", "-r", "--name-only", side.commit).stdout.decode().splitlines()
    names = [n for n in listed if Path(n).suffix in SUFFIXES and Path(n).is_relative_to(root)]
    for name in names:
        path = folder / Path(name).relative_to(root)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_git(clone, "show", f"{side.commit}:{name}").stdout)
    for edit in side.edits:
        if not sum(_replace(path, edit.of, edit.by) for path in folder.glob(edit.files)):
            raise UserError(f"{side.repository}: nothing in {edit.files} is {edit.of!r}")
    if side.data:
        _draw_faces(folder / side.data)
    return folder / Path(side.program).relative_to(root)


def _git(clone: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["git", "-C", str(clone), *words], capture_output=True, check=False)


def _replace(path: Path, of: str, by: str) -> int:
    text, count = re.subn(of, by, path.read_text("utf-8"), flags=re.M)
    if count:
        path.write_text(text, "utf-8")
    return count


def _draw_faces(folder: Path) -> None:
    """JPEG files of random pixels: what is compared does not depend on what they show."""
    count, height, width = FACES
    rng = np.random.default_rng(0)
    folder.mkdir(parents=True)
    for number in range(count):
        pixels = rng.integers(0, 256, (height, width, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{number:06d}.jpg")
