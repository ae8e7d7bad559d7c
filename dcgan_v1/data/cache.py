"""Decoded images in one memory-mapped file, written in a first pass over the source.

`<key>.npy` holds uint8 [count, size, size, 3]; `<key>.json`, written last, says what
was left out, and what there is to say of the rest. The key is a hash of the list of files,
their sizes and times, and of the options, so other data or options never meet an old cache.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from dcgan_v1.data import first_pass
from dcgan_v1.data.decode import Options
from dcgan_v1.data.first_pass import Bad, Outcome
from dcgan_v1.data.pillow_warnings import PillowWarnings
from dcgan_v1.data.sources import Source
from dcgan_v1.data.statistics import Statistics
from dcgan_v1.data.value_range import ValueRange
from dcgan_v1.errors import UserError, reason
from dcgan_v1.files import write_atomically

SHOWN = 10  # offenders an error lists
RULES = 2  # raise when the same file and options give other pixels


class Decoded(NamedTuple):
    """Images ready for training.

    Attributes:
      images: uint8 [count, size, size, 3], mapped from a file; None if not cached.
      names: of the usable images, in order.
      outcome: of the pass that decoded them.
    """

    images: np.ndarray | None
    names: list[str]
    outcome: Outcome


def key(source: Source, options: Mapping[str, Any], times: bool = True) -> str:
    """Returns hex digits that depend on files and options, the name of a cache.

    Args:
      options: what JSON can hold.
      times: the files' times count, too.
    """
    files = source.fingerprint(times)
    text = json.dumps({"files": files, **options}, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:24]


def load(
    source: Source,
    folder: Path | None,
    options: Options,
    *,
    skip_bad: bool,
    say: Callable[[str], None],
    quiet: bool = False,
) -> Decoded:
    """Returns the source's images as Decoded, from the cache where there is a valid one.

    Args:
      source: see `sources`.
      folder: Path of the caches; None decodes everything once but keeps nothing.
      options: keyword arguments of `decode`.
      skip_bad: leave out images that cannot be used instead of refusing them.
      say: function that prints a line.
      quiet: show no progress bar.

    Raises:
      UserError: lists the first images that cannot be used.
    """
    if folder is None:
        outcome = first_pass.decode_all(source, options, None, say, quiet)
        return _usable(source, None, _report_bad(source, outcome, skip_bad, say))
    name = key(source, {**options, "rules": RULES})
    array_path, note_path = folder / f"{name}.npy", folder / f"{name}.json"
    if note_path.exists():
        try:
            outcome = _from_json(note_path.read_text())
            images = np.load(array_path, mmap_mode="r")
            size = options["size"]
            shape = (len(source.names) - len(outcome.bad), size, size, 3)
            if (images.shape, images.dtype) != (shape, np.uint8):
                raise ValueError(f"it holds {images.dtype} {images.shape}")
        except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
            say(f"the cache {array_path} is corrupt ({reason(error)}): building it again")
        else:
            with PillowWarnings():  # they are known
                again = [n for n, _ in outcome.bad if first_pass.can_be_used(source, n, options)]
            if not again:
                return _usable(source, images, _report_bad(source, outcome, skip_bad, say))
            say(f"{again[0]} could not be used, and can be now: building the cache again")
    outcome = _build(source, folder, name, options, skip_bad, say, quiet)
    return _usable(source, np.load(array_path, mmap_mode="r"), outcome)


def _build(
    source: Source,
    folder: Path,
    name: str,
    options: Options,
    skip_bad: bool,
    say: Callable[[str], None],
    quiet: bool,
) -> Outcome:
    """Writes a cache beside its final place and renames it. Returns what came of it."""
    size = options["size"]
    full, usable = (folder / f".{name}.{os.getpid()}.{kind}" for kind in ("full", "usable"))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        array = _new_array(full, (len(source.names), size, size, 3))
        outcome = first_pass.decode_all(source, options, array, say, quiet)
        bad = _report_bad(source, outcome, skip_bad, say).bad
        if bad:  # close the gaps
            names = {name for name, _ in bad}
            numbers = [i for i, n in enumerate(source.names) if n not in names]
            shorter = _new_array(usable, (len(numbers), size, size, 3))
            for new, old in enumerate(numbers):
                shorter[new] = array[old]
            array = shorter
        array.flush()
        (usable if bad else full).rename(folder / f"{name}.npy")
    except OSError as error:
        way = "make room" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "make it writable"
        raise UserError(
            f"cannot write the image cache {folder}: {error.strerror}; {way} or use --no-cache"
        ) from error
    finally:
        for path in (full, usable):
            if folder.is_dir():
                path.unlink(missing_ok=True)
    write_atomically(folder / f"{name}.json", json.dumps(outcome._asdict()).encode())
    return outcome


def _new_array(path: Path, shape: tuple[int, ...]) -> np.memmap:
    """Maps a new uint8 array file whose room on the disk is taken at once: a full disk
    is an error here, and not a bus error when a page is written."""
    array = np.lib.format.open_memmap(path, "w+", np.uint8, shape)
    with path.open("r+b") as file:
        os.posix_fallocate(file.fileno(), 0, path.stat().st_size or 1)
    return array


def _report_bad(
    source: Source, outcome: Outcome, skip_bad: bool, say: Callable[[str], None]
) -> Outcome:
    """Lists the images that cannot be used: raises UserError, or says that they are
    skipped. Returns the outcome."""
    bad = outcome.bad
    if not bad:
        return outcome
    lines = [f"  {name}: {reason}" for name, reason in bad[:SHOWN]]
    more = [f"  and {len(bad) - SHOWN} more"] if len(bad) > SHOWN else []
    many = f"{len(bad)} of {len(source.names)} images cannot be used"
    if not skip_bad:
        raise UserError("\n".join([f"{many}; fix them or add --skip-bad:", *lines, *more]))
    say("\n".join([f"{many} and are skipped:", *lines, *more]))
    return outcome


def _usable(source: Source, images: np.ndarray | None, outcome: Outcome) -> Decoded:
    bad_names = {name for name, _ in outcome.bad}
    return Decoded(images, [n for n in source.names if n not in bad_names], outcome)


def _from_json(text: str) -> Outcome:
    """Reads the note of a cache. Raises what JSON of another kind leads to."""
    note = json.loads(text)
    value_range, statistics = note["value_range"], note["statistics"]
    bad: Bad = [(name, why) for name, why in note["bad"]]
    return Outcome(
        bad,
        [str(line) for line in note["remarks"]],
        value_range and ValueRange(*value_range),
        statistics and Statistics(*statistics),
    )
