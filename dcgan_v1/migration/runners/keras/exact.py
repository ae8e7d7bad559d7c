"""What TensorFlow and Keras round to float32 behind a float64 port's back, put right."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from tensorflow.python.ops import gen_image_ops

from dcgan_v1.migration.recordings.port_recorder.exact_elus import spell_elus_out
from dcgan_v1.migration.runners import bilinear

ROUNDED = (
    "beta_1",
    "beta_2",
    "rho",
    "momentum",
    "weight_decay",
)  # decimals that Keras makes float32


def exact_decimals(optimizers: dict[str, Any]) -> dict[str, list[str]]:
    """Gives optimisers their decimals as float64. Returns optimiser -> names of what changed."""
    by_optimizer: dict[str, list[str]] = {}
    for name, optimizer in optimizers.items():
        rate = getattr(optimizer, "_learning_rate", None)
        is_scheduled = isinstance(rate, keras.optimizers.schedules.LearningRateSchedule)
        for owner, settings in ((optimizer, ROUNDED), (rate, vars(rate) if is_scheduled else ())):
            for setting in list(settings):
                value = getattr(owner, setting, None)
                if type(value) is float:
                    setattr(owner, setting, np.float64(value))
                    by_optimizer.setdefault(name, []).append(setting)
    return by_optimizer


def exact_slopes(altered: list[str]) -> None:
    """Spells `tf.nn.leaky_relu` out for float64, before a port's file takes hold of it: the op
    keeps its slope as a float32.

    Args:
      altered: list that is told of it when it is used.
    """
    plain = tf.nn.leaky_relu
    sentence = "tf.nn.leaky_relu is spelled out: the op keeps its slope as a float32"

    def leaky_relu(features: Any, alpha: float = 0.2, name: str | None = None) -> tf.Tensor:
        x = tf.convert_to_tensor(features)
        if x.dtype != tf.float64:
            return plain(x, alpha, name)
        if sentence not in altered:
            altered.append(sentence)
        return tf.where(x > 0, x, x * tf.constant(float(alpha), x.dtype))

    tf.nn.leaky_relu = leaky_relu


def exact_elus(altered: list[str]) -> None:
    """Spells ELU and SELU out for float64, before a port's file takes hold of them.

    Args:
      altered: list that is told of it when it is used.
    """

    def tell(sentence: str) -> None:
        if sentence not in altered:
            altered.append(sentence)

    spell_elus_out(tell)


def exact_resizing(altered: list[str]) -> None:
    """Spells bilinear resizing out for float64.

    Args:
      altered: list that is told of it when it is used.
    """
    plain = gen_image_ops.resize_bilinear
    sentence = "bilinear resizing is spelled out: the op computes float32"

    def resize_bilinear(
        images: Any,
        size: Any,
        align_corners: bool = False,
        half_pixel_centers: bool = False,
        name: str | None = None,
    ) -> tf.Tensor:
        x = tf.convert_to_tensor(images)
        words = {"align_corners": align_corners, "half_pixel_centers": half_pixel_centers}
        if x.dtype != tf.float64:
            return plain(x, size, name=name, **words)
        if sentence not in altered:
            altered.append(sentence)
        return bilinear.resized(x, size, **words)

    gen_image_ops.resize_bilinear = resize_bilinear
    tf.raw_ops.ResizeBilinear = resize_bilinear
