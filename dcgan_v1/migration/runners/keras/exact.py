"""What TensorFlow and Keras round to float32 behind a float64 port's back, put right."""

import sys
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from tensorflow.python.ops import gen_image_ops, gen_nn_ops

from dcgan_v1.migration.runners import bilinear, elu

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


def exact_elu(altered: list[str]) -> None:
    """Spells ELU and SELU out for float64, before a port's file takes hold of them.

    Args:
      altered: list that is told of it when it is used.
    """
    _spell_out("elu", elu.elu, altered)
    _spell_out("selu", elu.selu, altered)


def _spell_out(name: str, exact: Callable[[tf.Tensor], tf.Tensor], altered: list[str]) -> None:
    """Puts a function in the place of an op's wherever it has been imported: `tf.nn`,
    `tf.compat.v1.nn` and Keras 2's TensorFlow each have a name for it."""
    plain = getattr(gen_nn_ops, name)
    sentence = f"tf.nn.{name} is spelled out: of a small x the op leaves rounding alone"

    def spelled(features: Any, name: str | None = None) -> tf.Tensor:
        x = tf.convert_to_tensor(features)
        if x.dtype != tf.float64:
            return plain(x, name)
        if sentence not in altered:
            altered.append(sentence)
        return exact(x)

    for held in (name, name.capitalize()):  # the second in `tf.raw_ops`
        function = getattr(gen_nn_ops, held)
        for module in list(sys.modules.values()):
            if getattr(module, "__dict__", {}).get(held) is function:
                setattr(module, held, spelled)


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
