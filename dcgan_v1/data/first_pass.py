"""Decodes every image of a source once, into an array or as a check, and reports on all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from dcgan_v1.data import value_range as ranges
from dcgan_v1.data.decode import Options, to_pixels
from dcgan_v1.data.photo import BadImageError, Photo, opened
from dcgan_v1.data.pillow_warnings import PillowWarnings
from dcgan_v1.data.sources import Source
from dcgan_v1.data.statistics import Statistics, Tally
from dcgan_v1.data.value_range import ValueRange
from dcgan_v1.errors import UserError, reason

THREADS = 4  # Pillow decodes outside Python's lock
AT_ONCE = 1024  # images: bounded, so that an error ends it soon
Bad = list[tuple[str, str]]  # (name, reason) of images that cannot be used


class Outcome(NamedTuple):
    """What a pass over all images came to.

    Attributes:
      bad: the images that cannot be used, in order.
      remarks: lines on how the others were read.
      value_range: of the images with more than 8 bits, None where there are none, or where
        the options say it.
      statistics: of those that can be used, None where there are none.
    """

    bad: Bad
    remarks: list[str]
    value_range: ValueRange | None
    statistics: Statistics | None


def decode_all(
    source: Source,
    options: Options,
    array: np.ndarray | None,
    say: Callable[[str], None],
    quiet: bool,
) -> Outcome:
    """Decodes every image into `array`, if there is one.

    Images of more than 8 bits come last, when the values of all of them are known. Each
    warning of Pillow is said once, with the names of the images.

    Args:
      source: see `sources`.
      options: see `decode`.
      array: uint8 [count, size, size, 3], to be filled where an image can be used.
      say: function that prints a line.
      quiet: show no progress bar.

    Raises:
      UserError: integers and fractions are mixed, which have no range in common.
    """
    work = _Pass(source, options, array)
    total = len(source.names)
    bar = tqdm(total=total, unit="image", desc="decoding", disable=quiet)
    with work.warned, ThreadPoolExecutor(THREADS) as pool, bar:
        _each(pool, work.decode, range(total), bar)
        value_range = work.settle_range()
        if value_range:
            _each(pool, work.decode, sorted(work.deep), bar)
    if work.warned.names:
        say(f"Pillow warns of {work.warned}")
    bad = [(source.names[number], why) for number, why in sorted(work.bad.items())]
    return Outcome(bad, work.remarks(value_range), value_range, work.tally.statistics())


def _each(
    pool: ThreadPoolExecutor, do: Callable[[int], bool], items: Iterable[int], bar: tqdm
) -> None:
    iterator = iter(items)
    while chunk := list(islice(iterator, AT_ONCE)):
        bar.update(sum(pool.map(do, chunk)))


def can_be_used(source: Source, name: str, options: Options) -> bool:
    """Whether an image can be decoded now.

    Args:
      source: the folder or archive.
      name: of the image in it.
      options: size, crop and value range, as for the whole data set.
    """
    try:
        to_pixels(opened(source.read(name)), **options)
    except Exception:  # as in _Pass.decode
        return False
    return True


class _Pass:
    """One pass over a source; `decode` is called from several threads."""

    def __init__(self, source: Source, options: Options, array: np.ndarray | None) -> None:
        self._source, self._options, self._array = source, options, array
        self._transparent: dict[int, bool] = {}  # number -> whether the file names a ground
        self.warned, self.tally = PillowWarnings(), Tally()
        self.bad: dict[int, str] = {}  # number -> reason
        self.deep: dict[int, tuple[float, float, bool]] = {}  # low, high, whether fractions

    def decode(self, number: int) -> bool:
        """Decodes an image. Returns whether it is done with; a deep one must wait."""
        name, value_range = self._source.names[number], self._options["value_range"]
        self.warned.decoding(name)
        try:
            photo = opened(self._source.read(name), all_bits=value_range != "type")
            if photo.numbers is not None and value_range == "data":
                self.deep[number] = _limits(photo.numbers)
                return False
            image = to_pixels(photo, **self._options)
        except BadImageError as error:
            self.bad[number] = str(error)
        except UserError:  # no image's fault
            raise
        except Exception as error:  # unreadable file, broken member of an archive
            self.bad[number] = reason(error, 80)
        else:
            self._note(number, photo)
            self.tally.add(image[None])
            if self._array is not None:
                self._array[number] = image
        return True

    def _note(self, number: int, photo: Photo) -> None:
        if photo.is_transparent:
            self._transparent[number] = photo.background is not None

    def settle_range(self) -> ValueRange | None:
        """Decides on black and white, once every deep image has been seen."""
        if not self.deep:
            return None
        lows, highs, kinds = zip(*self.deep.values(), strict=True)
        if len(set(kinds)) > 1:
            first = {
                kind: number for number, (_, _, kind) in sorted(self.deep.items(), reverse=True)
            }
            whole, fraction = (self._source.names[first[kind]] for kind in (False, True))
            raise UserError(
                f"{whole} holds integers of more than 8 bits and {fraction} fractions, which "
                "have no white in common; convert one kind, or give --value-range LOW,HIGH"
            )
        value_range = ranges.of_data(min(lows), max(highs))
        self._options = {**self._options, "value_range": value_range}
        return value_range

    def remarks(self, value_range: ValueRange | None) -> list[str]:
        """Returns lines on how transparency and more than 8 bits were read."""
        lines = []
        if value_range:
            low = min(low for low, _, _ in self.deep.values())
            high = max(high for _, high, _ in self.deep.values())
            lines.append(
                f"{len(self.deep)} images have more than 8 bits, and values from {low:g} to "
                f"{high:g}: {value_range} (--value-range)"
            )
        if self._transparent:
            count, with_colour = len(self._transparent), sum(self._transparent.values())
            ground = self._options["background"]
            if ground == "file":
                ground = "white"
                if with_colour:
                    ground = f"the colour that {with_colour} of them name, the others on white"
            lines.append(
                f"{count} images have transparency: they are laid on {ground} (--background)"
            )
        return lines


def _limits(numbers: np.ndarray) -> tuple[float, float, bool]:
    return float(numbers.min()), float(numbers.max()), numbers.dtype == np.float32
