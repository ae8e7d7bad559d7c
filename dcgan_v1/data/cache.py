"""Decoded images in one memory-mapped file, made in a first pass over the source.

`<key>.npy` holds uint8 [count, size, size, 3]; `<key>.json`, written last, says what
was left out. The key is a hash of the list of files, their sizes and times, and of the
options, so other data or options never meet an old cache.
"""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from dcgan_v1.data.decode import BadImageError, decode
from dcgan_v1.errors import UserError
from dcgan_v1.rundir import write_atomically

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


def key(source, options):
    """Returns the cache's name: hex digits that depend on files and options."""
    text = json.dumps(
        {"files": source.fingerprint(), "v": 1, **options}, sort_keys=True
    )
    return hashlib.sha256(text.encode()).hexdigest()[:24]


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
        bad = _decode_all(source, options, None, quiet)
        return _usable(source, None, _judge(source, bad, skip_bad, say))
    name = key(source, options)
    array_path, note_path = folder / f"{name}.npy", folder / f"{name}.json"
    if note_path.exists():
        try:
            bad = json.loads(note_path.read_text())["bad"]
            images = np.load(array_path, mmap_mode="r")
            if len(images) != len(source.names) - len(bad):
                raise ValueError("it holds another number of images")
            return _usable(source, images, _judge(source, bad, skip_bad, say))
        except (OSError, ValueError, KeyError, TypeError) as error:
            say(f"the cache {array_path} is damaged ({error}): making it anew")
    bad = _build(source, folder, name, options, skip_bad, say, quiet)
    return _usable(source, np.load(array_path, mmap_mode="r"), bad)


def _build(source, folder, name, options, skip_bad, say, quiet):
    """Writes a cache beside its final place and renames it. Returns the bad images."""
    size = options["size"]
    partial = folder / f".{name}.npy.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        shape = (len(source.names), size, size, 3)
        array = np.lib.format.open_memmap(partial, "w+", np.uint8, shape)
        bad = _judge(source, _decode_all(source, options, array, quiet), skip_bad, say)
        if bad:  # close the gaps: a file of the right length cannot be cut in place
            gone = {name for name, _ in bad}
            kept = [i for i, n in enumerate(source.names) if n not in gone]
            array = _compact(folder / f".{name}.npy.kept", array, kept)
        array.flush()
        (partial if not bad else folder / f".{name}.npy.kept").rename(
            folder / f"{name}.npy"
        )
    except OSError as error:
        raise UserError(
            f"cannot write the image cache {folder}: {error.strerror}; make room or "
            "use --no-cache"
        ) from error
    finally:
        if folder.is_dir():
            partial.unlink(missing_ok=True)
    write_atomically(folder / f"{name}.json", json.dumps({"bad": bad}).encode())
    return bad


def _compact(path, array, kept):
    shorter = np.lib.format.open_memmap(
        path, "w+", np.uint8, (len(kept), *array.shape[1:])
    )
    for to, of in enumerate(kept):
        shorter[to] = array[of]
    return shorter


def _decode_all(source, options, array, quiet):
    """Decodes every image into `array`, if there is one. Returns [(name, reason)]."""

    def one(number):
        try:
            image = decode(source.read(source.names[number]), **options)
        except BadImageError as error:
            return (source.names[number], str(error))
        except Exception as error:  # unreadable file, broken zip member
            return (source.names[number], str(error).splitlines()[0][:80])
        if array is not None:
            array[number] = image
        return None

    numbers = iter(range(len(source.names)))
    bar = tqdm(total=len(source.names), unit="image", desc="decoding", disable=quiet)
    bad = []
    with ThreadPoolExecutor(THREADS) as pool, bar:
        while chunk := list(islice(numbers, 1024)):  # bounded: an error ends it soon
            bad += [result for result in pool.map(one, chunk) if result]
            bar.update(len(chunk))
    return bad


def _judge(source, bad, skip_bad, say):
    if not bad:
        return bad
    lines = [f"  {name}: {reason}" for name, reason in bad[:SHOWN]]
    more = [f"  and {len(bad) - SHOWN} more"] if len(bad) > SHOWN else []
    many = f"{len(bad)} of {len(source.names)} images cannot be used"
    if not skip_bad:
        raise UserError(
            "\n".join([f"{many}; mend them or add --skip-bad:", *lines, *more])
        )
    say("\n".join([f"{many} and are skipped:", *lines, *more]))
    return bad


def _usable(source, images, bad):
    gone = {name for name, _ in bad}
    return Decoded(images, [n for n in source.names if n not in gone], bad)
