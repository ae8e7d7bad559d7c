"""A config's images, from wherever they are, as a function that reads a batch."""

import hashlib

import numpy as np

from dcgan_v1.config import parse_crop
from dcgan_v1.data import cache, sources
from dcgan_v1.data.decode import decode
from dcgan_v1.errors import UserError

CHECKED = 64  # images that are part of the checksum as they are decoded


def load(config, folder, *, size, say=print, quiet=False):
    """Opens a config's images.

    Args:
      folder: Path for cache files.
      size: side of the images.

    Returns:
      (read, count, checksum): read takes a list of numbers and returns uint8
      [N, size, size, 3]; the checksum is of the files' names and sizes, the options and
      CHECKED images, evenly spread.
    """
    crop = parse_crop(config.crop)
    source = sources.open_source(config.data, limit=config.limit, seed=config.seed)
    options = {"crop": crop, "resize": config.resize, "size": size}
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
        say(f"passed over in {config.data}: {source.passed_over}")

    def read(numbers):
        if images is not None:
            return images[np.asarray(numbers)]
        return np.stack([decode(source.read(names[n]), **options) for n in numbers])

    checksum = cache.key(source, {**options, "names": names}, times=False)
    return read, count, _with_pixels(checksum, read, count)


def _with_pixels(checksum, read, count):
    """Adds a few images to a checksum, lest replaced files of equal size pass."""
    some = np.unique(np.linspace(0, count - 1, CHECKED).round().astype(int))
    return hashlib.sha256(checksum.encode() + read(some).tobytes()).hexdigest()
