"""Differentiable augmentation: D sees changed images, reals and fakes alike.

Where training images are few, D learns them by heart. If it only ever sees images after
a random change through which gradients pass, it cannot, and G still learns to draw
unchanged ones (Zhao et al. 2020, section 3).
"""

from __future__ import annotations

from functools import partial

import tensorflow.compat.v1 as tf

from dcgan_v1.nn.training_steps import Network, Output

NUMBERS = 7  # random numbers per image
SHIFT = 1 / 8  # of a side, at most
CUT = 1 / 2  # of a side


def augmented(
    discriminator: Network,
    kind: str,
    augment_real: tf.Tensor | None = None,
    augment_fake: tf.Tensor | None = None,
) -> tuple[Network, Network]:
    """Returns D on reals and D on fakes, both behind an augmentation.

    Args:
      discriminator: function of (images, is_training, **options), see `training_steps`.
      kind: see `augment`; 'none' returns the discriminator as it is.
      augment_real, augment_fake: [N, NUMBERS] in [0, 1), drawn again each step.
    """
    if kind == "none":
        return discriminator, discriminator

    def behind(numbers: tf.Tensor, images: tf.Tensor, is_training: bool, **options: str) -> Output:
        with tf.name_scope("augmentation/"):
            images = augment(images, numbers, kind)
        return discriminator(images, is_training, **options)

    return partial(behind, augment_real), partial(behind, augment_fake)


def augment(images: tf.Tensor, numbers: tf.Tensor, kind: str) -> tf.Tensor:
    """Returns images changed at random, each in its own way.

    Args:
      images: [N, H, W, C] in [-1, 1].
      numbers: [N, NUMBERS] in [0, 1).
      kind: 'color', 'translation', 'cutout', or 'all'.
    """
    if kind in ("color", "all"):
        images = color(images, *_columns(numbers, 0, 3))
    if kind in ("translation", "all"):
        images = translation(images, *_columns(numbers, 3, 5))
    if kind in ("cutout", "all"):
        images = cutout(images, *_columns(numbers, 5, 7))
    return images


def color(
    images: tf.Tensor, brightness: tf.Tensor, saturation: tf.Tensor, contrast: tf.Tensor
) -> tf.Tensor:
    """Moves brightness by up to 0.5; multiplies saturation by 0-2, contrast by 0.5-1.5.

    Args:
      images: [N, H, W, C] in [-1, 1].
      brightness, saturation, contrast: [N] in [0, 1).
    """
    brightness, saturation, contrast = (
        x[:, None, None, None] for x in (brightness, saturation, contrast)
    )
    images = images + brightness - 0.5
    grey = tf.reduce_mean(images, 3, keepdims=True)  # [N, H, W, 1]
    images = (images - grey) * 2.0 * saturation + grey
    mean = tf.reduce_mean(images, [1, 2, 3], keepdims=True)  # [N, 1, 1, 1]
    return (images - mean) * (contrast + 0.5) + mean


def translation(images: tf.Tensor, down: tf.Tensor, right: tf.Tensor) -> tf.Tensor:
    """Moves images by up to an eighth of a side; what comes in is 0, mid-grey.

    Args:
      images: [N, H, W, C] in [-1, 1].
      down, right: [N] in [0, 1); 0.5 leaves an image where it is.
    """
    rows = _shifts(down, int(images.shape[1]), images.dtype)  # [N, H, H]
    columns = _shifts(right, int(images.shape[2]), images.dtype)  # [N, W, W]
    images = tf.einsum("nij,njwc->niwc", rows, images)
    return tf.einsum("nvw,nhwc->nhvc", columns, images)


def _shifts(numbers: tf.Tensor, side: int, dtype: tf.DType) -> tf.Tensor:
    """Returns matrices [N, side, side] that shift a column of pixels.

    As matrix products a shift has a gradient on any device; row i of a matrix has its 1
    where pixel i comes from.
    """
    most = round(side * SHIFT)
    shift = tf.cast(tf.floor(numbers * (2 * most + 1)), tf.int32) - most  # [N]
    source = tf.range(side)[None, :] - shift[:, None]  # [N, side]; outside: a row of 0
    return tf.one_hot(source, side, dtype=dtype)


def cutout(images: tf.Tensor, down: tf.Tensor, right: tf.Tensor) -> tf.Tensor:
    """Sets a square of half the side to 0; it may reach over the edge.

    Args:
      images: [N, H, W, C] in [-1, 1].
      down, right: [N] in [0, 1), where the square's centre lies.
    """
    rows = _inside(down, int(images.shape[1]))[:, :, None]  # [N, H, 1]
    columns = _inside(right, int(images.shape[2]))[:, None, :]  # [N, 1, W]
    cut = tf.cast(rows & columns, images.dtype)[..., None]  # [N, H, W, 1]
    return images * (1 - cut)


def _inside(numbers: tf.Tensor, side: int) -> tf.Tensor:
    """Returns bools [N, side]: which pixels of a side lie in the square."""
    half = round(side * CUT / 2)
    centre = tf.cast(tf.floor(numbers * (side + 1)), tf.int32)[:, None]  # [N, 1]
    pixel = tf.range(side)[None, :]
    return (pixel >= centre - half) & (pixel < centre + half)


def _columns(numbers: tf.Tensor, start: int, end: int) -> list[tf.Tensor]:
    return [numbers[:, i] for i in range(start, end)]
