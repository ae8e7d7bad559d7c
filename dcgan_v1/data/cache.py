"""Decoded images in one memory-mapped file, written in a first pass over the source.

`<key>.npy` holds uint8 [count, size, size, 3]; `<key>.json`, written last, says what
was left out. The key is a hash of the list of files, their sizes and times, and of the
options, so other data or options never meet an old cache.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from tqdm import tqdm

from dcgan_v1.data.decode import BadImageError, Options, decode
from dcgan_v1.data.pillow_warnings import PillowWarnings
from dcgan_v1.data.sources import Source
from dcgan_v1.errors import UserError, reason
from dcgan_v1.files import write_atomically

SHOWN = 10  # offenders an error lists
THREADS = 4  # Pillow decodes outside Python's lock
Bad = list[tuple[str, str]]  # (name, reason) of images that cannot be used


class Decoded(NamedTuple):
    """Images ready for training.

    Attributes:
      images: uint8 [count, size, size, 3], mapped from a file; None if not cached.
      names: of the usable images, in order.
      skipped: (name, reason) of the others.
    """

    images: np.ndarray | None
    names: list[str]
    skipped: Bad


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
        bad = _decode_all(source, options, None, say, quiet)
        return _usable(source, None, _reported(source, bad, skip_bad, say))
    name = key(source, options)
    array_path, note_path = folder / f"{name}.npy", folder / f"{name}.json"
    if note_path.exists():
        try:
            bad = [(name, why) for name, why in json.loads(note_path.read_text())["bad"]]
            images = np.load(array_path, mmap_mode="r")
            size = options["size"]
            shape = (len(source.names) - len(bad), size, size, 3)
            if (images.shape, images.dtype) != (shape, np.uint8):
                raise ValueError(f"it holds {images.dtype} {images.shape}")
        except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
            say(f"the cache {array_path} is corrupt ({reason(error)}): building it again")
        else:
            return _usable(source, images, _reported(source, bad, skip_bad, say))
    bad = _build(source, folder, name, options, skip_bad, say, quiet)
    return _usable(source, np.load(array_path, mmap_mode="r"), bad)


def _build(
    source: Source,
    folder: Path,
    name: str,
    options: Options,
    skip_bad: bool,
    say: Callable[[str], None],
    quiet: bool,
) -> Bad:
    """Writes a cache beside its final place and renames it. Returns the bad images."""
    size = options["size"]
    full, usable = (folder / f".{name}.{os.getpid()}.{kind}" for kind in ("full", "usable"))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        array = _new_array(full, (len(source.names), size, size, 3))
        bad = _decode_all(source, options, array, say, quiet)
        bad = _reported(source, bad, skip_bad, say)
        if bad:  # close the gaps
            gone = {name for name, _ in bad}
            numbers = [i for i, n in enumerate(source.names) if n not in gone]
            shorter = _new_array(usable, (len(numbers), size, size, 3))
            for new, old in enumerate(numbers):
                shorter[new] = array[old]
            array = shorter
        array.flush()
        (usable if bad else full).rename(folder / f"{name}.npy")
    except OSError as error:
        raise UserError(
            f"cannot write the image cache {folder}: {error.strerror}; make room or use --no-cache"
        ) from error
    finally:
        for path in (full, usable):
            if folder.is_dir():
                path.unlink(missing_ok=True)
    write_atomically(folder / f"{name}.json", json.dumps({"bad": bad}).encode())
    return bad


def _new_array(path: Path, shape: tuple[int, ...]) -> np.memmap:
    """Maps a new uint8 array file whose room on the disk is taken at once: a full disk
    is an error here, and not a bus error when a page is written."""
    array = np.lib.format.open_memmap(path, "w+", np.uint8, shape)
    with path.open("r+b") as file:
        os.posix_fallocate(file.fileno(), 0, path.stat().st_size or 1)
    return array


def _decode_all(
    source: Source,
    options: Options,
    array: np.ndarray | None,
    say: Callable[[str], None],
    quiet: bool,
) -> Bad:
    """Decodes every image into `array`, if there is one. Returns [(name, reason)].

    Each warning of Pillow is said once, with the names of the images.
    """
    warned = PillowWarnings()

    def one(number: int) -> tuple[str, str] | None:
        warned.decoding(source.names[number])
        try:
            image = decode(source.read(source.names[number]), **options)
        except BadImageError as error:
            return (source.names[number], str(error))
        except Exception as error:  # unreadable file, broken zip member
            return (source.names[number], reason(error, 80))
        if array is not None:
            array[number] = image
        return None

    numbers = iter(range(len(source.names)))
    bar = tqdm(total=len(source.names), unit="image", desc="decoding", disable=quiet)
    bad: Bad = []
    with warned, ThreadPoolExecutor(THREADS) as pool, bar:
        while chunk := list(islice(numbers, 1024)):  # bounded: an error ends it soon
            bad += [result for result in pool.map(one, chunk) if result]
            bar.update(len(chunk))
    if warned.names:
        say(f"Pillow warns of {warned}")
    return bad


def _reported(source: Source, bad: Bad, skip_bad: bool, say: Callable[[str], None]) -> Bad:
    """Lists the images that cannot be used: raises UserError, or says that they are
    skipped. Returns them."""
    if not bad:
        return bad
    lines = [f"  {name}: {reason}" for name, reason in bad[:SHOWN]]
    more = [f"  and {len(bad) - SHOWN} more"] if len(bad) > SHOWN else []
    many = f"{len(bad)} of {len(source.names)} images cannot be used"
    if not skip_bad:
        raise UserError("\n".join([f"{many}; fix them or add --skip-bad:", *lines, *more]))
    say("\n".join([f"{many} and are skipped:", *lines, *more]))
    return bad


def _usable(source: Source, images: np.ndarray | None, bad: Bad) -> Decoded:
    gone = {name for name, _ in bad}
    return Decoded(images, [n for n in source.names if n not in gone], bad)
