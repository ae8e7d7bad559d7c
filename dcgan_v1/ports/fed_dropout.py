"""keras.layers.Dropout with a mask from outside, instead of one that it draws."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("dcgan_v1")
class FedDropout(keras.layers.Layer):
    """In training, drops what the mask set last by `feed` does not keep."""

    def __init__(self, rate: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate = rate

    def build(self, shape: tuple[int | None, ...]) -> None:
        mask = tf.Variable(
            tf.zeros([0, *shape[1:]], tf.bool), shape=[None, *shape[1:]], trainable=False
        )
        self._mask = lambda: mask  # behind a function, no part of the model's weights

    def feed(self, keep: tf.Tensor) -> None:
        """Sets the mask of the next call, bool [N, ...]."""
        self._mask().assign(keep)

    def call(self, x: tf.Tensor, training: bool = False) -> tf.Tensor:
        if not training:
            return x
        return x * tf.cast(self._mask(), x.dtype) / (1 - self.rate)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rate": self.rate}
