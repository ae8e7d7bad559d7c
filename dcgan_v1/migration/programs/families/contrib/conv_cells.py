"""Convolutional LSTM cells of tf.contrib.rnn, which networks of videos have."""

from collections.abc import Sequence
from typing import Any

import tensorflow.compat.v1 as tf

CONVOLUTIONS = {1: tf.nn.conv1d, 2: tf.nn.conv2d, 3: tf.nn.conv3d}


def names() -> dict[str, Any]:
    """Returns the cells. Their base is Keras 2's, which is there once a program runs."""

    class ConvLSTMCell(tf.nn.rnn_cell.RNNCell):
        """An LSTM whose gates are convolutions of the input and the last output.

        Args:
          conv_ndims: axes of an image: 1, 2 or 3.
          input_shape: of an image, channels last.
          output_channels: number.
          kernel_shape: of the convolution, a number for each axis.
          use_bias: whether gates have biases.
          skip_connection: whether the output has the input's channels behind its own.
          forget_bias: is added to the forget gate.
          initializers: unused, as it was.
          name: of the layer.
        """

        def __init__(
            self,
            conv_ndims: int,
            input_shape: Sequence[int],
            output_channels: int,
            kernel_shape: Sequence[int],
            use_bias: bool = True,
            skip_connection: bool = False,
            forget_bias: float = 1.0,
            initializers: Any = None,
            name: str = "conv_lstm_cell",
        ) -> None:
            del initializers
            super().__init__(name=name)
            if conv_ndims != len(input_shape) - 1:
                raise ValueError(f"Invalid input_shape {input_shape} for conv_ndims={conv_ndims}.")
            self._axes, self._channels = conv_ndims, output_channels
            self._kernel_shape, self._has_bias = list(kernel_shape), use_bias
            self._skips, self._forget_bias = skip_connection, forget_bias
            self._image = list(input_shape)

        @property
        def state_size(self) -> Any:
            one = tf.TensorShape([*self._image[:-1], self._channels])
            return tf.nn.rnn_cell.LSTMStateTuple(one, one)

        @property
        def output_size(self) -> tf.TensorShape:
            skipped = self._image[-1] if self._skips else 0
            return tf.TensorShape([*self._image[:-1], self._channels + skipped])

        def call(self, inputs: tf.Tensor, state: Any) -> tuple[tf.Tensor, Any]:
            """[N, ..., inputs], state -> [N, ..., channels], state."""
            c, h = state
            i, j, f, o = tf.split(self._gates(tf.concat([inputs, h], -1)), 4, axis=-1)
            new = tf.sigmoid(f + self._forget_bias) * c + tf.sigmoid(i) * tf.tanh(j)
            y = tf.tanh(new) * tf.sigmoid(o)
            if self._skips:
                y = tf.concat([y, inputs], -1)
            return y, tf.nn.rnn_cell.LSTMStateTuple(new, y)

        def _gates(self, x: tf.Tensor) -> tf.Tensor:
            """[N, ..., inputs + channels] -> [N, ..., 4 * channels]."""
            of_all = 4 * self._channels
            kernel = tf.get_variable("kernel", [*self._kernel_shape, x.shape[-1], of_all], x.dtype)
            strides: Any = 1 if self._axes == 1 else [1] * (self._axes + 2)
            y = CONVOLUTIONS[self._axes](x, kernel, strides, padding="SAME")
            if not self._has_bias:
                return y
            zero = tf.zeros_initializer(x.dtype)
            return y + tf.get_variable("biases", [of_all], x.dtype, zero)

    def of(axes: int) -> type:
        class Cell(ConvLSTMCell):
            def __init__(self, name: str = f"conv_{axes}d_lstm_cell", **options: Any) -> None:
                super().__init__(conv_ndims=axes, name=name, **options)

        Cell.__name__ = Cell.__qualname__ = f"Conv{axes}DLSTMCell"
        return Cell

    return {"ConvLSTMCell": ConvLSTMCell} | {f"Conv{n}DLSTMCell": of(n) for n in CONVOLUTIONS}
