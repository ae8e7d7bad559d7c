"""Which maps of a graph have their channels first, through ops that do not say so."""

import pytest
import tensorflow.compat.v1 as tf

from dcgan_v1.migration.runners.tf1.reading import channel_axes

pytestmark = [pytest.mark.unit, pytest.mark.graph]


def is_first(tensor):
    graph = tensor.graph
    nodes = {node.name: node for node in graph.as_graph_def().node}
    return tensor.op.name in channel_axes.with_channels_first(graph, nodes)


@pytest.fixture
def maps():
    """Of a convolution, [N, 3, 4, 4]."""
    x = tf.placeholder(tf.float32, [None, 1, 8, 8])
    return tf.nn.conv2d(x, tf.zeros([5, 5, 1, 3]), 2, "SAME", data_format="NCHW")


@pytest.mark.parametrize(
    "through",
    [
        tf.nn.relu,
        lambda h: tf.nn.relu(tf.nn.bias_add(h, tf.zeros([3]), data_format="NCHW")),
        lambda h: tf.maximum(0.2 * h, h),
        lambda h: 0.6 * h + 0.4 * tf.abs(h),
        lambda h: tf.concat([h, h], 1),
        lambda h: h[:, :, :3, :3],
        lambda h: tf.transpose(tf.transpose(h, [0, 2, 3, 1]), [0, 3, 1, 2]),
    ],
)
def test_maps_keep_their_channels_first(maps, through):
    assert is_first(through(maps))


@pytest.mark.parametrize(
    "through",
    [
        lambda h: tf.nn.tanh(tf.transpose(h, [0, 2, 3, 1])),
        lambda h: tf.nn.relu(tf.reshape(h, [-1, 48])),
        lambda h: tf.reshape(h, [-1, 4, 4, 3]),
    ],
)
def test_transposed_and_flattened_maps_do_not(maps, through):
    assert not is_first(through(maps))


@pytest.mark.parametrize("between", [tf.identity, lambda h: tf.maximum(0.2 * h, h)])
def test_a_flat_image_is_shaped_as_what_uses_it_has_maps(maps, between):
    x = tf.reshape(tf.placeholder(tf.float32, [None, 64]), [-1, 1, 8, 8])
    h = between(x)
    tf.transpose(h, [0, 2, 3, 1])
    assert is_first(x) and is_first(h)


def test_a_long_chain_of_ops_is_followed(maps):
    for _ in range(1100):
        maps = tf.identity(maps)
    assert is_first(maps)
