"""Which fed arrays have the rows of a computed one, and what recorded rows are."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from dcgan_v1.porting.graphs import graph, opening, rows
from dcgan_v1.porting.reading import recorded_rows
from dcgan_v1.porting.reading.flow import SOURCES

pytestmark = pytest.mark.unit
RNG = np.random.default_rng(0)


def dense(x, units=16):
    return tf.nn.relu(tf.matmul(x, tf.ones([x.shape[-1], units])) + tf.ones([units]))


def convolved(x):
    h = tf.nn.conv2d(tf.reshape(x, [-1, 4, 4, 1]), tf.ones([3, 3, 1, 2]), 1, "SAME")
    h = tf.nn.max_pool(tf.nn.leaky_relu(h), 2, 2, "SAME")
    return tf.reduce_mean(h, [1, 2])


KEPT = {
    "dense": dense,
    "convolution, pooling, mean": convolved,
    "half of the units": lambda x: dense(x)[:, :8],
    "part of a split": lambda x: tf.split(dense(x), 2, axis=1)[1],
    "part of an uneven split": lambda x: tf.split(dense(x), [4, 12], axis=-1)[1],
    "side by side": lambda x: tf.concat([dense(x), tf.zeros([tf.shape(x)[0], 3])], -1),
    "dropout": lambda x: tf.nn.dropout(dense(x), rate=0.5),
    "padded": lambda x: tf.pad(dense(x), [[0, 0], [1, 2]]),
    "tiled to the side": lambda x: tf.tile(dense(x), [1, 3]),
    "shaped anew": lambda x: tf.reshape(dense(x), [-1, 2, 8]),
}
OTHERS = {
    "one below the other": lambda x: tf.concat([x, x + 1], 0),
    "rows of half the size": lambda x: tf.reshape(dense(x), [-1, 8]),
    "tiled": lambda x: tf.tile(dense(x), [2, 1]),
    "stacked": lambda x: tf.stack([x, dense(x)]),
    "some rows": lambda x: dense(x)[:4],
    "part of a split of rows": lambda x: tf.split(dense(x), 2, axis=0)[1],
    "a mean over rows": lambda x: tf.reduce_mean(dense(x), 0, keepdims=True),
    "padded rows": lambda x: tf.pad(dense(x), [[0, 1], [0, 0]]),
    "transposed": lambda x: tf.transpose(dense(x)),
    "products of columns": lambda x: tf.matmul(dense(x), dense(x), transpose_a=True),
}


@pytest.mark.parametrize(
    ("made", "names"),
    [(f, ["x"]) for f in KEPT.values()] + [(f, []) for f in OTHERS.values()],
    ids=[*KEPT, *OTHERS],
)
@pytest.mark.parametrize("batch", [None, 16])
def test_rows_are_those_of_what_is_fed_while_every_op_keeps_them(made, names, batch):
    with tf.Graph().as_default() as whole:
        name = made(tf.placeholder(tf.float32, [batch, 16], "x")).name
    raw = opening.raw_ops(whole, {op.name for op in whole.get_operations()})
    tensor = graph.build(raw, {}).tensor(name)
    assert [t.op.name for t in rows.fed_with_rows_of(tensor, SOURCES)] == names


def test_rows_with_a_background_are_pictures():
    noise = RNG.uniform(0, 1, (3, 4, 784))
    assert not recorded_rows.are_flat_pictures((784,), noise)
    assert recorded_rows.are_flat_pictures((784,), np.where(noise < 0.5, 0, noise))
    assert not recorded_rows.are_flat_pictures((783,), np.zeros((3, 4, 783)))


def binarised(side=28):
    """Discs of 0 and 1 with ragged edges, as binarised digits are."""
    y, x = np.mgrid[:side, :side]
    middles = RNG.uniform(0.3, 0.7, (2, 3, 4, 1, 1)) * side
    far = np.hypot(y - middles[0], x - middles[1]) + RNG.normal(0, side / 28, (3, 4, side, side))
    return (far < side / 4).reshape(3, 4, -1).astype("f4")


def words():
    """Which of 400 words a text has, the common ones first."""
    return (RNG.uniform(size=(3, 8, 400)) < 5 / np.arange(5, 405)).astype("f4")


@pytest.mark.parametrize(
    ("recorded", "is_pictures"),
    [(binarised(), True), (binarised(8), True), (words(), False)],
    ids=["pictures of 0 and 1", "small ones", "bag of words"],
)
def test_rows_of_two_values_are_pictures_where_neighbours_are_alike(recorded, is_pictures):
    assert recorded_rows.are_flat_pictures(recorded.shape[2:], recorded) is is_pictures
