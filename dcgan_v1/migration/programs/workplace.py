"""Where a program runs: a folder that shows what its own folder holds.

Programs write beside their sources, and over files that they came with. Here they get
copies; what is too large for one, and folders full of pictures, are shown as links.
"""

import hashlib
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from dcgan_v1 import files
from dcgan_v1.errors import UserError

LARGEST_COPY = 50e6  # bytes
MOST_FILES = 20000  # besides pictures
MOST_BYTES = 1e9  # of a folder beside the program's own
MANY_PICTURES = 200  # in one folder: data, not something that a program overwrites
PICTURES = (".jpg", ".jpeg", ".png", ".bmp")
LEFT_OUT = {
    ".git",
    "__pycache__",
    ".ipynb_checkpoints",
    ".venv",
    "venv",
    "node_modules",
    "site-packages",
}

# a text that begins with '../name' or '../../name/of/a/file'
UPWARDS = re.compile(r"""["'](?:\./)?((?:\.\./)+)([\w-][\w.-]*(?:/[\w-][\w.-]*)*)""")
SOURCES = (".py", ".ipynb")


def default(main: Path) -> Path:
    """Returns runs/legacy/<name>-<which of that name>."""
    which = hashlib.sha256(str(main.parent).encode()).hexdigest()[:6]
    return Path("runs", "legacy", f"{main.stem}-{which}")


def lay_out(source: Path, folder: Path, words: str = "") -> Path:
    """Shows the files of `source` in `folder`, or deeper in it.

    Deeper where they name paths that begin with '../', or ask what their folder is called: what
    stands beside `source` stands there, and what is written there stays in `folder`.

    Args:
      source: the program's own folder.
      folder: all that it writes is to be in it.
      words: more text that may name paths: the program's arguments.

    Returns:
      The folder to run in.

    Raises:
      UserError: a folder holds more than a program, or it is to run where it lies.
    """
    source, folder = source.resolve(), folder.resolve()
    if folder == source:
        raise UserError(f"{folder} is the program's own folder, which stays as it is; give another")
    texts = _texts(source, folder) + words
    named = {(len(ups) // 3, name) for ups, name in UPWARDS.findall(texts)}
    depth = max((ups for ups, _ in named), default=0)
    if "getcwd()" in texts and re.search(rf"""["']{re.escape(source.name)}["']""", texts):
        depth = max(depth, 1)  # it looks at what its folder is called
    above = [source, *source.parents][: depth + 1]
    inside = folder.joinpath(*(place.name for place in reversed(above[:-1])))
    make(source, inside)
    for ups, name in sorted(named):
        if ups < len(above) and (original := above[ups] / name).exists():
            shown = [inside, *inside.parents][ups] / name
            shown.parent.mkdir(parents=True, exist_ok=True)
            if original.is_file():
                _show(original, shown, as_link=False)
            elif not any(place.is_relative_to(original) for place in (source, folder)):
                _show_folder(original, shown)
    return inside


def _show_folder(original: Path, shown: Path) -> None:
    """Shows a folder that stands beside a program: as a link where it holds too much to copy."""
    if shown.is_symlink():
        return
    if not shown.exists() and _is_much(original):
        shown.symlink_to(original)
    else:
        make(original, shown)


def _is_much(folder: Path) -> bool:
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return len(sizes) > MOST_FILES or sum(sizes) > MOST_BYTES


def _texts(source: Path, folder: Path) -> str:
    """The sources of a program, one after another."""
    files = [f for place in [source, *_folders(source, folder)] for f in place.iterdir()]
    sources = [f for f in files if f.suffix in SOURCES and f.is_file()]
    return "".join(f.read_text(errors="replace").replace('\\"', '"') for f in sources)


def make(source: Path, folder: Path) -> None:
    """Shows the files of `source` in `folder`. A file of the program's that is newer
    than its copy is copied again; what the program has written stays.

    Raises:
      UserError: the folder holds more than a program.
    """
    source, folder = source.resolve(), folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    shown = 0
    for place in [source, *_folders(source, folder)]:
        here = folder / place.relative_to(source)
        here.mkdir(parents=True, exist_ok=True)
        files = [path for path in place.iterdir() if path.is_file()]
        pictures = [path for path in files if path.suffix.lower() in PICTURES]
        many = set(pictures) if len(pictures) > MANY_PICTURES else set()
        shown += len(files) - len(many)
        if shown > MOST_FILES:
            raise UserError(
                f"{source} holds more than {MOST_FILES} files: give the program a folder of its own"
            )
        for path in files:
            _show(path, here / path.name, path in many)


def _folders(source: Path, folder: Path) -> Iterator[Path]:
    """Yields the folders below, those behind links too, but not what is left out."""
    for place in sorted(source.iterdir()):
        if place.is_dir() and place.name not in LEFT_OUT:
            resolved = place.resolve()
            if folder.is_relative_to(resolved) or source.is_relative_to(resolved):
                continue
            yield place
            yield from _folders(place, folder)


def _show(original: Path, shown: Path, as_link: bool) -> None:
    if as_link or original.stat().st_size > LARGEST_COPY:
        if not (shown.exists() or shown.is_symlink()):
            shown.symlink_to(original)
    elif not shown.exists() or shown.stat().st_mtime < original.stat().st_mtime:
        if shown.is_symlink():
            shown.unlink()
        try:
            shutil.copy2(original, shown)
        except OSError as error:
            shown.unlink(missing_ok=True)  # a part of it would pass for the program's own later
            is_of_target = error.filename != str(original) or error.errno in files.NO_SPACE
            what = f"write {shown}" if is_of_target else f"copy {original}"
            raise UserError(f"cannot {what}: {error.strerror}") from error
