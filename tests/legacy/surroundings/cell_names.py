"""Recurrent cells of tf.contrib.rnn, and what is around them."""

import numpy as np
import tensorflow as tf


def run(build):
    """What it gives, to four digits, and its variables."""
    with tf.Graph().as_default():
        with tf.variable_scope("r", initializer=tf.constant_initializer(0.1)):
            fetches = build(tf.contrib.rnn)
        names = sorted((v.op.name, v.shape.as_list()) for v in tf.global_variables())
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            found = tf.contrib.framework.nest.flatten(sess.run(fetches))
            return [np.round(x, 4) for x in found], names


X = np.arange(12).reshape(2, 3, 2) / 12.0  # [N, T, inputs]


def unrolled(cell_of, x=X):
    def build(rnn):
        return tf.nn.dynamic_rnn(cell_of(rnn), tf.constant(x, tf.float32), dtype=tf.float32)

    return run(build)


VIDEO = np.arange(36).reshape(1, 2, 3, 3, 2) / 36.0  # [N, T, H, W, C]


def probe_conv_lstm():
    return unrolled(lambda rnn: rnn.ConvLSTMCell(2, [3, 3, 2], 2, [2, 2]), VIDEO)


def probe_conv_2d_lstm_that_skips():
    def build(rnn):
        cell = rnn.Conv2DLSTMCell(
            input_shape=[3, 3, 2],
            output_channels=1,
            kernel_shape=[3, 3],
            skip_connection=True,
            use_bias=False,
            forget_bias=0.5,
        )
        return cell(tf.constant(VIDEO[:, 0], tf.float32), cell.zero_state(1, tf.float32))

    return run(build)


def probe_conv_1d_lstm():
    x = VIDEO.reshape(1, 2, 9, 2)
    make = dict(input_shape=[9, 2], output_channels=2, kernel_shape=[3])
    return unrolled(lambda rnn: rnn.Conv1DLSTMCell(**make), x)


def probe_conv_3d_lstm():
    x = VIDEO.reshape(1, 2, 3, 3, 2, 1)
    make = dict(input_shape=[3, 3, 2, 1], output_channels=1, kernel_shape=[2, 2, 2])
    return unrolled(lambda rnn: rnn.Conv3DLSTMCell(**make), x)


def probe_input_projection():
    return unrolled(lambda rnn: rnn.InputProjectionWrapper(rnn.GRUCell(3), 4, tf.nn.relu))


def probe_output_projection():
    return unrolled(lambda rnn: rnn.OutputProjectionWrapper(rnn.BasicLSTMCell(3), 2))


def probe_highway():
    return unrolled(lambda rnn: rnn.HighwayWrapper(rnn.GRUCell(2)))


def probe_highway_of_two_gates():
    return unrolled(
        lambda rnn: rnn.HighwayWrapper(
            rnn.GRUCell(2), couple_carry_transform_gates=False, carry_bias_init=0.5
        )
    )


def probe_ugrnn():
    return unrolled(lambda rnn: rnn.UGRNNCell(3))


def probe_ugrnn_options():
    first = tf.constant_initializer(0.2)
    return unrolled(lambda rnn: rnn.UGRNNCell(2, first, 0.5, tf.nn.sigmoid))


def probe_stacked_both_ways():
    def build(rnn):
        cells = [[rnn.GRUCell(n) for n in (2, 3)] for _ in range(2)]
        return rnn.stack_bidirectional_dynamic_rnn(
            cells[0], cells[1], tf.constant(X, tf.float32), dtype=tf.float32, sequence_length=[3, 2]
        )

    return run(build)


def probe_stacked_with_states():
    def build(rnn):
        states = [tf.ones([2, 2])]
        return rnn.stack_bidirectional_dynamic_rnn(
            [rnn.GRUCell(2)],
            [rnn.GRUCell(2)],
            tf.constant(X, tf.float32),
            states,
            states,
            scope="both",
        )

    return run(build)
