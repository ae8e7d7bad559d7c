"""From network output to pictures: value ranges, grids, PNG, GIF."""

import base64
import io
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from dcgan_v1.files import write_atomically

GAP = 2  # pixels of background between two images of a grid
CORNER = 262  # pixels that a corner of a grid has, at most
GIF_FRAMES = 100  # at most; a long run's samples are thinned out evenly


def to_uint8(images: np.ndarray, image_range: tuple[float, float]) -> np.ndarray:
    """Maps float images of `image_range` (low, high) to uint8 [0, 255], rounding."""
    low, high = image_range
    scaled = (np.asarray(images, np.float64) - low) / (high - low) * 255
    return np.clip(np.rint(scaled), 0, 255).astype(np.uint8)


def grid(images: np.ndarray, columns: int | None = None, gap: int = GAP) -> np.ndarray:
    """Tiles uint8 images [N, H, W, C] row by row into one picture [H', W', C].

    Args:
      images: any number of them.
      columns: images in a row; the default makes the grid as square as it can be.
      gap: pixels of background (mid-grey) between two images.
    """
    number, height, width, channels = images.shape
    columns = columns or math.ceil(math.sqrt(number))
    rows = math.ceil(number / columns)
    shape = (rows * (height + gap) - gap, columns * (width + gap) - gap, channels)
    picture = np.full(shape, 128, np.uint8)
    for i, image in enumerate(images):
        y, x = i // columns * (height + gap), i % columns * (width + gap)
        picture[y : y + height, x : x + width] = image
    return picture


def tiles(picture: np.ndarray, side: int, gap: int = GAP) -> np.ndarray:
    """Returns the square images uint8 [N, side, side, C] that a grid was made of.

    Places of a last row that are left empty come as images of the background.

    Args:
      picture: uint8 [H', W', C].
      side: pixels of an image.
      gap: pixels between two of them.
    """
    rows, columns = ((size + gap) // (side + gap) for size in picture.shape[:2])
    corners = [(y * (side + gap), x * (side + gap)) for y in range(rows) for x in range(columns)]
    return np.stack([picture[y : y + side, x : x + side] for y, x in corners])


def corner(picture: np.ndarray, side: int, most: int = CORNER, gap: int = GAP) -> np.ndarray:
    """Returns the corner of a grid: as many whole images as fit.

    Args:
      picture: uint8 [H', W', C].
      side: pixels of an image.
      most: pixels of each side of the corner, unless one image has more.
      gap: pixels between two images.
    """
    size = max((most + gap) // (side + gap), 1) * (side + gap) - gap
    return picture[:size, :size]


def read(path: Path) -> np.ndarray:
    """Returns a picture file as uint8 [H, W, C]."""
    from PIL import Image  # takes longer than a command's --help may

    with Image.open(path) as image:
        return np.asarray(image).reshape(image.height, image.width, -1)


def data_url(png: bytes) -> str:
    """Returns the data: URL of a PNG, which a page can hold."""
    return "data:image/png;base64," + base64.b64encode(png).decode()


def png_bytes(picture: np.ndarray) -> bytes:
    """Encodes uint8 [H, W, 1 or 3] as PNG."""
    buffer = io.BytesIO()
    grey = picture.shape[2] == 1
    from PIL import Image  # takes longer than a command's --help may

    Image.fromarray(picture[..., 0] if grey else picture).save(buffer, "PNG")
    return buffer.getvalue()


def write_gif(path: Path, png_paths: Sequence[Path]) -> int:
    """Animates PNG files in the order given, a hundred at most.

    Returns the number of frames.
    """
    keep = np.linspace(0, len(png_paths) - 1, min(len(png_paths), GIF_FRAMES))
    frames = [read(png_paths[i]) for i in np.unique(keep.round().astype(int))]
    write_atomically(path, gif_bytes(frames, hold=2000))
    return len(frames)


def gif_bytes(
    pictures: Sequence[np.ndarray], milliseconds: int = 120, hold: int | None = None
) -> bytes:
    """Encodes uint8 pictures [H, W, 1 or 3] as an endless GIF.

    Args:
      pictures: of one shape.
      milliseconds: each is shown.
      hold: milliseconds the last picture is shown, as long as the others by default.
    """
    from PIL import Image  # takes longer than a command's --help may

    frames = [Image.fromarray(p[..., 0] if p.shape[2] == 1 else p) for p in pictures]
    durations = [milliseconds] * len(frames)
    durations[-1] = hold or milliseconds
    buffer = io.BytesIO()
    frames[0].save(
        buffer, "GIF", save_all=True, append_images=frames[1:], duration=durations, loop=0
    )
    return buffer.getvalue()
