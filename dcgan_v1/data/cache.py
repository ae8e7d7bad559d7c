"""Decoded images in one memory-mapped file, made in a first pass over the source.

`<key>.npy` holds uint8 [count, size, size, 3]; `<key>.json`, written last, says what
was left out. The key is a hash of the list of files, their sizes and times, and of the
options, so other data or options never meet an old cache.
"""

import hashlib
import json
import os
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from dcgan_v1.data.decode import BadImageError, Warned, decode
from dcgan_v1.errors import UserError, reason
from dcgan_v1.files import write_atomically

SHOWN = 10  # offenders an error lists
THREADS = 4  # Pillow decodes outside Python's lock


class Decoded(NamedTuple):
    """Images ready for training.

    Attributes:
      images: uint8 [count, size, size, 3], mapped from a file; None if not cached.
      names: of the usable images, in order.
      skipped: list of (name, reason).
    """

    images: np.ndarray | None
    names: list
    skipped: list


def key(source, options, times=True):
    """Returns hex digits that depend on files and options, the name of a cache."""
    files = source.fingerprint(times)
    text = json.dumps({"files": files, **options}, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:24]


def load(source, folder, options, *, skip_bad, say, quiet=False):
    """Returns the source's images as Decoded, from the cache where it is sound.

    Args:
      source: see `sources`.
      folder: Path of the caches; None decodes everything once but keeps nothing.
      options: keyword arguments of `decode`.
      skip_bad: leave out images that cannot be used instead of refusing them.
      say: function that prints a line.

    Raises:
      UserError: lists the first images that cannot be used.
    """
    if folder is None:
        bad = _decode_all(source, options, None, say, quiet)
        return _usable(source, None, _judge(source, bad, skip_bad, say))
    name = key(source, options)
    array_path, note_path = folder / f"{name}.npy", folder / f"{name}.json"
    if note_path.exists():
        try:
            bad = json.loads(note_path.read_text())["bad"]
            images = np.load(array_path, mmap_mode="r")
            size = options["size"]
            shape = (len(source.names) - len(bad), size, size, 3)
            if (images.shape, images.dtype) != (shape, np.uint8):
                raise ValueError(f"it holds {images.dtype} {images.shape}")
        except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
            say(f"the cache {array_path} is damaged ({reason(error)}): making it anew")
        else:
            return _usable(source, images, _judge(source, bad, skip_bad, say))
    bad = _build(source, folder, name, options, skip_bad, say, quiet)
    return _usable(source, np.load(array_path, mmap_mode="r"), bad)


def _build(source, folder, name, options, skip_bad, say, quiet):
    """Writes a cache beside its final place and renames it. Returns the bad images."""
    size = options["size"]
    full, kept = (folder / f".{name}.{os.getpid()}.{kind}" for kind in ("full", "kept"))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        array = _new_array(full, (len(source.names), size, size, 3))
        bad = _decode_all(source, options, array, say, quiet)
        bad = _judge(source, bad, skip_bad, say)
        if bad:  # close the gaps
            gone = {name for name, _ in bad}
            numbers = [i for i, n in enumerate(source.names) if n not in gone]
            shorter = _new_array(kept, (len(numbers), size, size, 3))
            for to, of in enumerate(numbers):
                shorter[to] = array[of]
            array = shorter
        array.flush()
        (kept if bad else full).rename(folder / f"{name}.npy")
    except OSError as error:
        raise UserError(
            f"cannot write the image cache {folder}: {error.strerror}; make room or use --no-cache"
        ) from error
    finally:
        for path in (full, kept):
            if folder.is_dir():
                path.unlink(missing_ok=True)
    write_atomically(folder / f"{name}.json", json.dumps({"bad": bad}).encode())
    return bad


def _new_array(path, shape):
    """Maps a new uint8 array file whose room on the disk is taken at once: a full disk
    is an error here, and not a bus error when a page is written."""
    array = np.lib.format.open_memmap(path, "w+", np.uint8, shape)
    with path.open("r+b") as file:
        os.posix_fallocate(file.fileno(), 0, path.stat().st_size or 1)
    return array


def _decode_all(source, options, array, say, quiet):
    """Decodes every image into `array`, if there is one. Returns [(name, reason)].

    What Pillow only warns of is said once, with the names of the images.
    """
    warned = Warned()

    def one(number):
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
    bad = []
    with warned, ThreadPoolExecutor(THREADS) as pool, bar:
        while chunk := list(islice(numbers, 1024)):  # bounded: an error ends it soon
            bad += [result for result in pool.map(one, chunk) if result]
            bar.update(len(chunk))
    if warned.names:
        say(f"Pillow warns of {warned}")
    return bad


def _judge(source, bad, skip_bad, say):
    if not bad:
        return bad
    lines = [f"  {name}: {reason}" for name, reason in bad[:SHOWN]]
    more = [f"  and {len(bad) - SHOWN} more"] if len(bad) > SHOWN else []
    many = f"{len(bad)} of {len(source.names)} images cannot be used"
    if not skip_bad:
        raise UserError("\n".join([f"{many}; mend them or add --skip-bad:", *lines, *more]))
    say("\n".join([f"{many} and are skipped:", *lines, *more]))
    return bad


def _usable(source, images, bad):
    gone = {name for name, _ in bad}
    return Decoded(images, [n for n in source.names if n not in gone], bad)
