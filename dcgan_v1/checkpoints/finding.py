"""Which checkpoint is meant by a path: a run's, an original script's, of any age."""

import ast
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from dcgan_v1.checkpoints import reading
from dcgan_v1.errors import UserError

LISTED = re.compile(r'^\s*(all_)?model_checkpoint_paths?\s*:\s*("(?:[^"\\]|\\.)*")', re.M)
OTHERS = {  # ending -> what such a file is, and what to do
    ".h5": "a Keras file; those that convert_checkpoint.py wrote, it turns back with --to tf1",
    ".safetensors": "a file of PyTorch's; those that convert_checkpoint.py wrote, it "
    "turns back with --to tf1",
    ".pth": "a file of PyTorch's, which can hold programs and is never opened here; "
    "save its state dicts as .safetensors",
    ".npz": "an archive of numpy's; give the checkpoint it was made from",
    ".zip": "an archive; unpack it first",
    ".pb": "a graph; give the checkpoint that it was frozen from",
}
OTHERS[".keras"] = OTHERS[".hdf5"] = OTHERS[".h5"]
OTHERS[".pt"] = OTHERS[".pkl"] = OTHERS[".pth"]
MAGIC = {b"\x89HDF": ".h5", b"\x80\x02": ".pth", b"\x80\x04": ".pth"}


def resolve(path: str | Path, say: Callable[[str], None] = lambda text: None) -> str:
    """Returns the prefix of the checkpoint meant by `path`.

    Args:
      path: a prefix, one of a checkpoint's files, or a folder with checkpoints in it or
        in its `checkpoints/`: of those the newest, or the one TensorFlow's list names.
      say: function that is given a line where another could have been meant.

    Raises:
      UserError: there is none, or it cannot be told which.
    """
    if not str(path):
        raise UserError("the path of a checkpoint is empty")
    path = Path(path)
    if path.name == "checkpoint" and path.is_file():  # the list of a folder
        path = path.parent
    errors = []
    for folder in (path, path / "checkpoints"):
        try:
            if folder.is_dir() and (prefix := _in_folder(folder, say)):
                return str(prefix)
        except UserError as error:
            errors.append(error)
    if reading.is_checkpoint(path):  # beside a folder of the same name
        return str(path)
    if errors:
        raise errors[0]
    if path.is_dir():
        raise UserError(f"no checkpoint at {path}: no file there ends in .index")
    prefix = path.with_suffix("") if path.suffix in (".index", ".meta") else path
    if ".data-" in prefix.name:
        prefix = prefix.with_name(prefix.name.partition(".data-")[0])
    if not reading.is_checkpoint(prefix):
        raise UserError(_why_not(path, prefix))
    return str(prefix)


def list_all(folder: Path) -> list[str]:
    """Returns the prefixes of a run's checkpoints in a folder, oldest first."""
    steps = [
        int(path.stem.rpartition("-")[2])
        for path in folder.glob("model-*.index")
        if path.stem.rpartition("-")[2].isdecimal()
    ]
    return [str(folder / f"model-{step}") for step in sorted(steps)]


def listed(folder: Path) -> list[str]:
    """Returns what TensorFlow's list in a folder names, the newest first, as written.

    It may be of another machine, and damaged.
    """
    path = folder / "checkpoint"
    if not path.is_file():
        return []
    entries = [
        (bool(older), re.sub(r"-\?{5}-of-\d{5}$", "", _unquoted(name)))
        for older, name in LISTED.findall(path.read_text("utf-8", "replace"))
    ]
    entries = [(older, name) for older, name in entries if name and "\0" not in name]
    newest = [name for older, name in entries if not older]
    return list(dict.fromkeys(newest + [name for older, name in entries if older][::-1]))


def _unquoted(text: str) -> str:
    try:  # protobuf escapes as C does, and as Python does
        return ast.literal_eval(f"b{text}").decode(errors="replace")
    except (ValueError, SyntaxError):
        return text.strip('"')


def _in_folder(folder: Path, say: Callable[[str], None]) -> Path | None:
    """Returns the Path of the checkpoint that a folder stands for, None if it has none.

    The list decides, but only among what lies in the folder: copied from another
    machine or place it names paths that are gone, or worse, others' checkpoints.
    """
    if ours := list_all(folder):  # TensorFlow's list may be older
        return Path(ours[-1])
    names = listed(folder)
    for name in names:
        inside = folder / name
        beside = folder / re.split(r"[/\\]", name)[-1]
        for prefix in (inside, beside):
            if _lies_in(prefix, folder) and reading.is_checkpoint(prefix):
                if prefix != inside or name != names[0]:
                    say(f"{folder}/checkpoint names {names[0]}: {prefix} is used")
                return prefix
    return _newest(folder, names, say)


def _lies_in(prefix: Path, folder: Path) -> bool:
    try:
        return prefix.resolve().is_relative_to(folder.resolve())
    except OSError:
        return False


def _newest(folder: Path, names: Sequence[str], say: Callable[[str], None]) -> Path | None:
    """Returns the newest of a folder's checkpoints, where no list tells which."""
    prefixes = _all(folder)
    if not prefixes:
        if names:
            raise UserError(
                f"{folder}/checkpoint names {names[0]}, which is not in that folder; "
                "give the checkpoint's own path"
            )
        return None
    if len(prefixes) > 1:
        matches = [re.fullmatch(r"(.*?)-?(\d+)", prefix.name) for prefix in prefixes]
        if len({match and match[1] for match in matches}) > 1 or None in matches:
            listing = ", ".join(prefix.name for prefix in prefixes[:6])
            raise UserError(
                f"{folder} holds {len(prefixes)} checkpoints ({listing}) and no list that "
                "says which is meant; give the path of one"
            )
        prefixes.sort(key=lambda prefix: int(re.split(r"(\d+)$", prefix.name)[1]))
        say(f"the newest of {len(prefixes)} checkpoints in {folder}: {prefixes[-1].name}")
    elif names:
        say(f"{folder}/checkpoint names {names[0]}: {prefixes[-1]} is used")
    return prefixes[-1]


def _all(folder: Path) -> list[Path]:
    """Returns the prefixes of all checkpoints in a folder, V1's included, by name."""
    prefixes = set()
    for path in folder.iterdir():
        if path.suffix == ".index":
            prefixes.add(path.with_suffix(""))
        elif ".data-" not in path.name and reading.is_table(path):
            prefixes.add(path.with_name(reading.SHARD.sub("", path.name)))
    return sorted(prefixes)


def _why_not(path: Path, prefix: Path) -> str:
    """Says why there is no checkpoint at a path."""
    if not path.is_file():
        others = _all(path.parent) if path.parent.is_dir() else []
        there = ", ".join(other.name for other in others[:6])
        also = f"; {path.parent} has {there}" if there else ""
        return f"no checkpoint at {path}: {prefix}.index does not exist{also}"
    if path != prefix:
        return (
            f"no checkpoint at {path}, but a part of one: {prefix}.index is missing "
            "beside it; restore it"
        )
    with path.open("rb") as file:
        start = file.read(4)
    ending = next((kind for magic, kind in MAGIC.items() if start.startswith(magic)), path.suffix)
    if start == b"PK\x03\x04" and not path.suffix:
        ending = ".pth"
    kind = OTHERS.get(ending, "not a file that TensorFlow's Saver wrote")
    return f"no checkpoint at {path}: it is {kind}"
