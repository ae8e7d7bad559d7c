"""tf.contrib.image's projective transforms: rotate, translate, transform.

A transform [a0, a1, a2, b0, b1, b2, c0, c1] gives the output's pixel (x, y) the input's
at ((a0 x + a1 y + a2) / k, (b0 x + b1 y + b2) / k), k = c0 x + c1 y + 1.
"""

from __future__ import annotations

import functools
from typing import Any

import tensorflow.compat.v1 as tf


def angles_to_projective_transforms(
    angles: Any, image_height: Any, image_width: Any, name: str | None = None
) -> tf.Tensor:
    """[N] or scalar of radians -> [N, 8]: about the image's middle."""
    with tf.name_scope(name, "angles_to_projective_transforms"):
        angles = tf.reshape(tf.convert_to_tensor(angles, tf.float32), [-1])
        height, width = (tf.cast(n, tf.float32) for n in (image_height, image_width))
        sin, cos = tf.sin(angles), tf.cos(angles)
        x = ((width - 1) - (cos * (width - 1) - sin * (height - 1))) / 2
        y = ((height - 1) - (sin * (width - 1) + cos * (height - 1))) / 2
        zero = tf.zeros_like(angles)
        return tf.stack([cos, -sin, x, sin, cos, y, zero, zero], axis=1)


def translations_to_projective_transforms(translations: Any, name: str | None = None) -> tf.Tensor:
    """[N, 2] or [2] of (dx, dy) -> [N, 8]."""
    with tf.name_scope(name, "translations_to_projective_transforms"):
        moved = tf.reshape(tf.convert_to_tensor(translations, tf.float32), [-1, 2])
        one, zero = tf.ones_like(moved[:, 0]), tf.zeros_like(moved[:, 0])
        return tf.stack([one, zero, -moved[:, 0], zero, one, -moved[:, 1], zero, zero], axis=1)


def compose_transforms(*transforms: Any) -> tf.Tensor:
    """[N, 8] each -> [N, 8]: the first, then the second, and so on."""
    with tf.name_scope("compose_transforms"):
        of_all = [_matrices(tf.convert_to_tensor(t, tf.float32)) for t in transforms]
        flat = tf.reshape(functools.reduce(tf.matmul, of_all), [-1, 9])
        return flat[:, :8] / flat[:, 8:]


def _matrices(transforms: tf.Tensor) -> tf.Tensor:
    """[N, 8] or [8] -> [N, 3, 3]."""
    rows = tf.reshape(transforms, [-1, 8])
    return tf.reshape(tf.concat([rows, tf.ones_like(rows[:, :1])], 1), [-1, 3, 3])


def transform(
    images: Any,
    transforms: Any,
    interpolation: str = "NEAREST",
    output_shape: Any = None,
    name: str | None = None,
) -> tf.Tensor:
    """Takes each pixel from where [N, 8] `transforms` say.

    Args:
      images: [N, H, W, C], [H, W, C] or [H, W]; what lies outside is 0.
      transforms: [N, 8] or [8].
      interpolation: 'NEAREST' or 'BILINEAR'.
      output_shape: (height, width); the images' own where None.
      name: of the scope.
    """
    with tf.name_scope(name, "transform"):
        images = tf.convert_to_tensor(images)
        rank = images.shape.rank
        maps = images[..., None] if rank == 2 else images
        maps = maps[None] if rank < 4 else maps
        size = tf.shape(maps)[1:3] if output_shape is None else output_shape
        moved = tf.raw_ops.ImageProjectiveTransformV2(
            images=maps,
            transforms=tf.reshape(transforms, [-1, 8]),
            output_shape=size,
            interpolation=interpolation.upper(),
        )
        if output_shape is None:
            moved.set_shape(maps.shape)
        moved = moved[0] if rank < 4 else moved
        return moved[..., 0] if rank == 2 else moved


def rotate(
    images: Any, angles: Any, interpolation: str = "NEAREST", name: str | None = None
) -> tf.Tensor:
    """Counter-clockwise by radians."""
    with tf.name_scope(name, "rotate"):
        images = tf.convert_to_tensor(images)
        sides = tf.shape(images)[-3:-1] if images.shape.rank > 2 else tf.shape(images)
        turned = angles_to_projective_transforms(angles, sides[0], sides[1])
        return transform(images, turned, interpolation)


def translate(
    images: Any, translations: Any, interpolation: str = "NEAREST", name: str | None = None
) -> tf.Tensor:
    """By [N, 2] or [2] pixels, (dx, dy)."""
    with tf.name_scope(name, "translate"):
        moved = translations_to_projective_transforms(translations)
        return transform(images, moved, interpolation)


NAMES = {
    function.__name__: function
    for function in (
        angles_to_projective_transforms,
        compose_transforms,
        rotate,
        transform,
        translate,
        translations_to_projective_transforms,
    )
}
