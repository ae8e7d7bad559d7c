"""Ops that take maps as [N, C, H, W], for which a CPU has no kernels in float64."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from dcgan_v1.migration.runners.tf1.graph import channels_first, precision

pytestmark = pytest.mark.graph
X = np.arange(2 * 6 * 6 * 4).reshape(2, 6, 6, 4) % 11 - 4.7  # [N, H, W, C]


def network(order):
    """Makes every kind of op and gradients of it; returns names, all maps as [N, H, W, C]."""
    first = order == "NCHW"
    axes = (lambda n: [1, 1, n, n]) if first else (lambda n: [1, n, n, 1])
    options = {"data_format": order}
    there, back = ([0, 3, 1, 2], [0, 2, 3, 1]) if first else ([0, 1, 2, 3],) * 2
    fed = tf.placeholder(tf.float32, [2, 6, 6, 4], "x")
    x = tf.transpose(fed, there)
    w = tf.reshape(tf.range(3 * 3 * 4 * 4, dtype=tf.float32) / 99, [3, 3, 4, 4]) - 0.7
    v = tf.reshape(tf.range(2 * 2 * 4 * 2, dtype=tf.float32) / 7, [2, 2, 4, 2])
    pads = [[0, 0], [0, 0], [2, 1], [0, 1]] if first else [[0, 0], [2, 1], [0, 1], [0, 0]]
    size = [2, 4, 6, 6] if first else [2, 6, 6, 4]
    ys = {
        "strided": tf.nn.conv2d(x, w, axes(2), "SAME", **options),
        "padded": tf.nn.conv2d(x, w, axes(1), pads, **options),
        "transposed": tf.nn.conv2d_transpose(
            tf.nn.conv2d(x, w, axes(2), "SAME", **options), w, size, axes(2), "SAME", **options
        ),
        "largest": tf.nn.max_pool2d(x, 2, 2, "VALID", **options),
        "mean": tf.nn.avg_pool2d(x, 3, 2, "SAME", **options),
        "by depth": tf.nn.depthwise_conv2d(x, v, axes(1), "SAME", **options),
        "to depth": tf.space_to_depth(x, 2, **options),
    }
    outputs = {name: tf.transpose(y, back) for name, y in ys.items()}
    for name, y in list(outputs.items()):
        loss = tf.reduce_sum(tf.square(y))
        for of, tensor in (("x", fed), ("w", w), ("v", v)):
            gradient = tf.gradients(loss, tensor)[0]
            if gradient is not None:
                outputs[f"{name} by {of}"] = gradient
    names = {name: name.replace(" ", "_") for name in outputs}
    return [tf.identity(outputs[name], op).op.name for name, op in names.items()]


def computed(order):
    with tf.Graph().as_default():
        names = network(order)
        meta = channels_first.to_last(tf.train.export_meta_graph())
    meta = precision.to_double(meta).meta
    with tf.Graph().as_default(), tf.Session() as session:
        tf.import_graph_def(meta.graph_def, name="")
        return session.run({name: f"{name}:0" for name in names}, {"x:0": X})


def test_every_op_gives_in_float64_what_it_gives_with_channels_last():
    ours, theirs = computed("NCHW"), computed("NHWC")
    assert len(ours) == 7 + 7 + 3 + 1  # outputs, and gradients by x, w and v
    for name, array in ours.items():
        assert array.dtype == np.float64
        np.testing.assert_allclose(array, theirs[name], rtol=1e-12, atol=1e-12, err_msg=name)


def test_a_graph_without_such_ops_is_left_as_it_is():
    with tf.Graph().as_default():
        network("NHWC")
        meta = tf.train.export_meta_graph()
    assert channels_first.to_last(meta) is meta
