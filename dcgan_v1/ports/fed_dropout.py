"""keras.layers.Dropout with the mask given from outside instead of drawn."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("dcgan_v1")
class FedDropout(keras.layers.Layer):
    """In training, drops what the mask set last by `feed` does not keep."""

    def __init__(self, rate, **kwargs):
        super().__init__(**kwargs)
        self.rate = rate

    def build(self, shape):
        mask = tf.Variable(
            tf.zeros([0, *shape[1:]], tf.bool), shape=[None, *shape[1:]], trainable=False
        )
        self._mask = lambda: mask  # behind a function, no part of the model's weights

    def feed(self, keep):
        """keep: bool [N, ...], the mask of the next call."""
        self._mask().assign(keep)

    def call(self, x, training=False):
        if not training:
            return x
        return x * tf.cast(self._mask(), x.dtype) / (1 - self.rate)

    def get_config(self):
        return {**super().get_config(), "rate": self.rate}
