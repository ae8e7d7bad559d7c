"""Cells of tf.contrib.rnn around other cells, stacked networks of both directions, UGRNN."""

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow.compat.v1 as tf

Function = Callable[[tf.Tensor], tf.Tensor]


def linear(x: tf.Tensor, units: int) -> tf.Tensor:
    """[N, inputs] -> [N, units], by the variables `kernel` and `bias`."""
    kernel = tf.get_variable("kernel", [x.shape[-1], units], x.dtype)
    bias = tf.get_variable("bias", [units], x.dtype, tf.zeros_initializer(x.dtype))
    return tf.nn.bias_add(tf.matmul(x, kernel), bias)


def stack_bidirectional_dynamic_rnn(
    cells_fw: Sequence[Any],
    cells_bw: Sequence[Any],
    inputs: tf.Tensor,
    initial_states_fw: Sequence[Any] | None = None,
    initial_states_bw: Sequence[Any] | None = None,
    dtype: Any = None,
    sequence_length: Any = None,
    parallel_iterations: int | None = None,
    time_major: bool = False,
    scope: Any = None,
    swap_memory: bool = False,
) -> tuple[tf.Tensor, tuple[Any, ...], tuple[Any, ...]]:
    """Layers of two networks, each layer given what both of the one below put out.

    Args:
      cells_fw, cells_bw: of each layer, forwards and backwards in time.
      inputs: [N, T, inputs].
      initial_states_fw, initial_states_bw: of each layer; zeros of `dtype` where None.
      dtype, sequence_length, parallel_iterations, time_major, swap_memory: as of
        `tf.nn.bidirectional_dynamic_rnn`.
      scope: of the variables, `stack_bidirectional_rnn` where None.

    Returns:
      (outputs [N, T, both], last states forwards, last states backwards).
    """
    firsts = [list(s or [None] * len(cells_fw)) for s in (initial_states_fw, initial_states_bw)]
    ends = []
    with tf.variable_scope(scope or "stack_bidirectional_rnn"):
        for i, (forth, back, *first) in enumerate(zip(cells_fw, cells_bw, *firsts, strict=True)):
            with tf.variable_scope(f"cell_{i}"):
                both, states = tf.nn.bidirectional_dynamic_rnn(
                    forth,
                    back,
                    inputs,
                    initial_state_fw=first[0],
                    initial_state_bw=first[1],
                    sequence_length=sequence_length,
                    parallel_iterations=parallel_iterations,
                    dtype=dtype,
                    swap_memory=swap_memory,
                    time_major=time_major,
                )
                inputs = tf.concat(both, 2)
            ends.append(states)
    return inputs, tuple(s for s, _ in ends), tuple(s for _, s in ends)


def names() -> dict[str, Any]:
    """Returns the cells. Their base is Keras 2's, which is there once a program runs."""

    class Around(tf.nn.rnn_cell.RNNCell):
        """A cell that has another cell's state."""

        def __init__(self, cell: Any, reuse: bool | None = None) -> None:
            super().__init__(_reuse=reuse)
            self._cell = cell

        @property
        def state_size(self) -> Any:
            return self._cell.state_size

        @property
        def output_size(self) -> Any:
            return self._cell.output_size

        def zero_state(self, batch_size: Any, dtype: Any) -> Any:
            return self._cell.zero_state(batch_size, dtype)

    class InputProjectionWrapper(Around):
        """A linear layer before a cell."""

        def __init__(
            self,
            cell: Any,
            num_proj: int,
            activation: Function | None = None,
            input_size: Any = None,
            reuse: bool | None = None,
        ) -> None:
            del input_size
            super().__init__(cell, reuse)
            self._units, self._activation = num_proj, activation or tf.identity

        def call(self, inputs: tf.Tensor, state: Any) -> Any:
            """[N, inputs], state -> what the cell makes of [N, units]."""
            return self._cell(self._activation(linear(inputs, self._units)), state)

    class OutputProjectionWrapper(Around):
        """A linear layer behind a cell."""

        def __init__(
            self,
            cell: Any,
            output_size: int,
            activation: Function | None = None,
            reuse: bool | None = None,
        ) -> None:
            super().__init__(cell, reuse)
            self._units, self._activation = output_size, activation or tf.identity

        @property
        def output_size(self) -> int:
            return self._units

        def call(self, inputs: tf.Tensor, state: Any) -> Any:
            """[N, inputs], state -> [N, units], state."""
            y, state = self._cell(inputs, state)
            return self._activation(linear(y, self._units)), state

    class HighwayWrapper(Around):
        """A cell whose output and input are mixed by a gate that sees the input."""

        def __init__(
            self, cell: Any, couple_carry_transform_gates: bool = True, carry_bias_init: float = 1.0
        ) -> None:
            super().__init__(cell)
            self._is_coupled, self._first = couple_carry_transform_gates, carry_bias_init

        def __call__(self, inputs: tf.Tensor, state: Any, scope: Any = None) -> Any:
            """[N, units], state -> [N, units], state."""
            y, state = self._cell(inputs, state, scope=scope)
            carried = self._gate("carry", inputs, self._first)
            if self._is_coupled:
                return inputs * carried + y * (1 - carried), state
            return inputs * carried + y * self._gate("transform", inputs, -self._first), state

        def _gate(self, name: str, x: tf.Tensor, first: float) -> tf.Tensor:
            units = x.shape[-1]
            weight = tf.get_variable(f"{name}_w", [units, units])
            bias = tf.get_variable(f"{name}_b", [units], initializer=tf.constant_initializer(first))
            return tf.sigmoid(tf.matmul(x, weight) + bias)

    class UGRNNCell(tf.nn.rnn_cell.RNNCell):
        """A cell of one gate."""

        def __init__(
            self,
            num_units: int,
            initializer: Any = None,
            forget_bias: float = 1.0,
            activation: Function = tf.tanh,
            reuse: bool | None = None,
        ) -> None:
            super().__init__(_reuse=reuse)
            self._units, self._first, self._forget_bias = num_units, initializer, forget_bias
            self._activation = activation

        @property
        def state_size(self) -> int:
            return self._units

        output_size = state_size

        def call(self, inputs: tf.Tensor, state: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            """[N, inputs], [N, units] -> [N, units], twice."""
            with tf.variable_scope(tf.get_variable_scope(), initializer=self._first):
                both = linear(tf.concat([inputs, state], 1), 2 * self._units)
            g, c = tf.split(both, 2, axis=1)
            g = tf.sigmoid(g + self._forget_bias)
            new = g * state + (1 - g) * self._activation(c)
            return new, new

    cells = (InputProjectionWrapper, OutputProjectionWrapper, HighwayWrapper, UGRNNCell)
    return {cell.__name__: cell for cell in cells} | {
        "stack_bidirectional_dynamic_rnn": stack_bidirectional_dynamic_rnn
    }
