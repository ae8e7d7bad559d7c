"""A config's images, from wherever they are, as a function that reads a batch."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from dcgan_v1.config import parse_crop, parse_value_range
from dcgan_v1.data import cache, sources
from dcgan_v1.data.decode import Options, decode
from dcgan_v1.data.statistics import Statistics
from dcgan_v1.data.value_range import ValueRange
from dcgan_v1.errors import UserError
from dcgan_v1.systems import ImageConfig

Read = Callable[[np.ndarray], np.ndarray]  # numbers of images [N] -> uint8 [N, H, W, C]
CHECKED = 64  # images that are part of the checksum as they are decoded


def load(
    config: ImageConfig,
    folder: Path,
    *,
    size: int,
    say: Callable[[str], None] = print,
    quiet: bool = False,
    check: Callable[[Statistics], None] = lambda statistics: None,
) -> tuple[Read, int, str]:
    """Opens a config's images.

    Args:
      folder: Path for cache files.
      size: side of the images, in pixels.
      say: function that prints a line.
      quiet: show no progress bar.
      check: is given the statistics of all pixels, and may refuse them.

    Returns:
      (read, count, checksum): read takes numbers of images [N] and returns uint8
      [N, size, size, 3]; the checksum is of the files' names and sizes, the options and
      CHECKED images, evenly spread.

    Raises:
      UserError: `config.data` is no source of images, images cannot be used, or they are
        fewer than one batch.
    """
    source = sources.open_source(config.data, limit=config.limit, seed=config.seed)
    value_range = parse_value_range(config.value_range)
    options: Options = {
        "crop": parse_crop(config.crop),
        "resize": config.resize,
        "size": size,
        "background": config.background,
        "value_range": ValueRange(*value_range) if isinstance(value_range, tuple) else value_range,
    }
    decoded = cache.load(
        source,
        folder if config.cache else None,
        options,
        skip_bad=config.skip_bad,
        say=say,
        quiet=quiet,
    )
    names, images = decoded.names, decoded.images
    count, batch = len(names), config.batch_size
    if count < batch:
        raise UserError(f"{count} images are fewer than one batch (--batch-size {batch})")
    say(
        f"{count} images in {config.data}: {count // batch} batches of {batch} per "
        f"epoch, {count % batch} images dropped each time"
    )
    if str(source.passed_over):
        say(f"ignored in {config.data}: {source.passed_over}")

    for line in decoded.outcome.remarks:
        say(line)
    if statistics := decoded.outcome.statistics:
        say(str(statistics))
        if statistics.is_narrow and decoded.outcome.value_range:
            say("a few values far from the others set black and white: give --value-range LOW,HIGH")
        check(statistics)
    if decoded.outcome.value_range:
        options["value_range"] = decoded.outcome.value_range

    def read(numbers: np.ndarray) -> np.ndarray:
        if images is not None:
            return images[numbers]
        return np.stack([decode(source.read(names[n]), **options) for n in numbers])

    # by what counted before there were others: the pixels tell the rest
    dimensions = {name: options[name] for name in ("crop", "resize", "size")}
    checksum = cache.key(source, {**dimensions, "names": names}, times=False)
    return read, count, _with_pixels(checksum, read, count)


def _with_pixels(checksum: str, read: Read, count: int) -> str:
    """Adds a few images to a checksum, lest replaced files of equal size pass."""
    some = np.unique(np.linspace(0, count - 1, CHECKED).round().astype(int))
    return hashlib.sha256(checksum.encode() + read(some).tobytes()).hexdigest()
