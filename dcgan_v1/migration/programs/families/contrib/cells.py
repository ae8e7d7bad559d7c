"""Cells of tf.contrib.rnn that tf.nn.rnn_cell does not have."""

from typing import Any

import tensorflow.compat.v1 as tf

from dcgan_v1.migration.programs.facade import Vanished


def lstm_block_cell(
    num_units: int,
    forget_bias: float = 1.0,
    cell_clip: float | None = None,
    use_peephole: bool = False,
    dtype: Any = None,
    reuse: bool | None = None,
    name: str = "lstm_cell",
) -> Any:
    """The LSTM of one kernel: what BasicLSTMCell computes, in variables of the same shapes."""
    if use_peephole or cell_clip not in (None, -1):
        raise Vanished("tf.contrib.rnn.LSTMBlockCell with peepholes or a clip")
    cell = tf.nn.rnn_cell.BasicLSTMCell
    return cell(num_units, forget_bias, reuse=reuse, name=name, dtype=dtype)


def names() -> dict[str, Any]:
    """Returns the cells. Their base is Keras 2's, which is there once a program runs."""

    class LayerNormBasicLSTMCell(tf.nn.rnn_cell.RNNCell):
        """An LSTM of normalised gates and state, with dropout of what is added to the state."""

        def __init__(
            self,
            num_units: int,
            forget_bias: float = 1.0,
            input_size: int | None = None,
            activation: Any = tf.tanh,
            layer_norm: bool = True,
            norm_gain: float = 1.0,
            norm_shift: float = 0.0,
            dropout_keep_prob: Any = 1.0,
            dropout_prob_seed: int | None = None,
            reuse: bool | None = None,
        ) -> None:
            del input_size
            super().__init__(_reuse=reuse)
            self._units, self._forget_bias, self._activation = num_units, forget_bias, activation
            self._is_normed, self._gain, self._shift = layer_norm, norm_gain, norm_shift
            self._keep, self._seed = dropout_keep_prob, dropout_prob_seed

        @property
        def state_size(self) -> Any:
            return tf.nn.rnn_cell.LSTMStateTuple(self._units, self._units)

        @property
        def output_size(self) -> int:
            return self._units

        def call(self, inputs: tf.Tensor, state: Any) -> tuple[tf.Tensor, Any]:
            """[N, inputs], state -> [N, units], state."""
            c, h = state
            x = tf.concat([inputs, h], 1)  # [N, inputs + units]
            kernel = tf.get_variable("kernel", [x.shape[-1], 4 * self._units], dtype=x.dtype)
            gates = tf.matmul(x, kernel)  # [N, 4 * units]
            if not self._is_normed:
                gates = tf.nn.bias_add(
                    gates, tf.get_variable("bias", [4 * self._units], dtype=x.dtype)
                )
            i, j, f, o = tf.split(gates, 4, axis=1)
            names = ("input", "transform", "forget", "output")
            i, j, f, o = (
                self._normed(y, name) for y, name in zip((i, j, f, o), names, strict=True)
            )
            added = self._activation(j)
            if not isinstance(self._keep, float) or self._keep < 1:
                added = tf.nn.dropout(added, self._keep, seed=self._seed)
            new = c * tf.sigmoid(f + self._forget_bias) + tf.sigmoid(i) * added
            new = self._normed(new, "state")
            y = self._activation(new) * tf.sigmoid(o)
            return y, tf.nn.rnn_cell.LSTMStateTuple(new, y)

        def _normed(self, x: tf.Tensor, scope: str) -> tf.Tensor:
            """[N, units] with mean and variance of each row taken away."""
            if not self._is_normed:
                return x
            with tf.variable_scope(scope):
                shape, constant = x.shape[-1:], tf.constant_initializer
                gamma = tf.get_variable("gamma", shape, x.dtype, constant(self._gain))
                beta = tf.get_variable("beta", shape, x.dtype, constant(self._shift))
                mean, variance = tf.nn.moments(x, [1], keep_dims=True)
                return tf.nn.batch_normalization(x, mean, variance, beta, gamma, 1e-12)

    return {"LSTMBlockCell": lstm_block_cell, "LayerNormBasicLSTMCell": LayerNormBasicLSTMCell}
