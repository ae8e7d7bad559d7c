"""Every family of names that TensorFlow 2 took away, used as TF1 programs use it.

Run by real TensorFlow 1.15 it writes what they gave there (families.npz); run by run_legacy.py,
what the substitutes give.

    python families.py out.npz folder-with-small-MNIST-files
"""

import os
import sys

import numpy as np
import tensorflow as tf
from tensorflow.contrib import layers as contrib_layers
from tensorflow.contrib import slim
from tensorflow.examples.tutorials.mnist import input_data

HAS_OLD = hasattr(tf, "mul")  # what 1.15 had no more: names and flags of before 1.0
flags = tf.app.flags
if HAS_OLD:
    flags.DEFINE_integer("train_size", np.inf, "an integer whose default is none")
    flags.DEFINE_string("rate", "a", "defined twice")
flags.DEFINE_float("rate", 1, "a float whose default is none")
FLAGS = flags.FLAGS
ROWS = 6


def batch_norm(x, train, scope):
    return contrib_layers.batch_norm(
        x,
        decay=0.9,
        updates_collections=None,
        epsilon=1e-5,
        scale=True,
        is_training=train,
        scope=scope,
    )


def contrib():
    x = tf.placeholder(tf.float32, [ROWS, 8, 8, 3], "x")
    train = tf.placeholder(tf.bool, [], "train")
    xavier = contrib_layers.xavier_initializer(seed=5)
    h = contrib_layers.conv2d(x, 4, 3, stride=2, weights_initializer=xavier)
    h = batch_norm(h, train, "bn")
    h = contrib_layers.conv2d_transpose(
        h, 5, [5, 5], stride=2, activation_fn=None, weights_initializer=xavier
    )
    h = contrib_layers.separable_conv2d(h, 4, 3, 1, weights_initializer=xavier)
    h = contrib_layers.avg_pool2d(contrib_layers.max_pool2d(h, 2), 2)
    h = contrib_layers.flatten(h)
    h = contrib_layers.fully_connected(
        h,
        7,
        weights_initializer=contrib_layers.variance_scaling_initializer(seed=6),
        weights_regularizer=contrib_layers.l2_regularizer(0.1),
        scope="fc",
    )
    y = contrib_layers.linear(h, 2, weights_initializer=xavier)
    loss = tf.reduce_mean(y**2) + tf.losses.get_regularization_loss()
    return loss, [y], {"train": True}


def norms():
    x = tf.placeholder(tf.float32, [ROWS, 4, 4, 6], "x")
    y = [
        contrib_layers.instance_norm(x),
        contrib_layers.layer_norm(x),
        contrib_layers.group_norm(x, groups=2),
        contrib_layers.unit_norm(x, 3),
        contrib_layers.batch_norm(x, fused=False, is_training=True),
        slim.batch_norm(x, is_training=False, scope="still"),
    ]
    w = tf.range(6, dtype=tf.float32) - 2.2
    return sum(tf.reduce_mean(tf.tanh(each * w)) for each in y), y, {}


def losses():
    """contrib's took predictions first, tf.losses take labels first."""
    x = tf.placeholder(tf.float32, [ROWS, 3], "x")
    w = tf.get_variable("w", [3, 3], initializer=tf.random_normal_initializer(seed=3))
    h = tf.matmul(x, w)
    ones = tf.one_hot([i % 3 for i in range(ROWS)], 3)
    old = tf.contrib.losses
    found = [
        old.sigmoid_cross_entropy(h, ones),
        old.softmax_cross_entropy(h, ones),
        old.mean_squared_error(h, ones),
        old.absolute_difference(h, ones),
        old.log_loss(tf.nn.sigmoid(h), ones),
        old.hinge_loss(h, ones),
        tf.nn.sigmoid_cross_entropy_with_logits(None, ones, h),
    ]
    right = tf.contrib.metrics.accuracy(tf.argmax(h, 1), tf.argmax(ones, 1))
    words = tf.contrib.layers.embed_sequence(
        [[1, 2], [0, 1]],
        vocab_size=4,
        embed_dim=3,
        initializer=tf.random_normal_initializer(seed=4),
        scope="words",
    )
    sizes = tf.contrib.training.HParams(size=3)
    total = sum(tf.reduce_mean(each) for each in found) + tf.reduce_sum(words**2)
    return total * sizes.size, [right, words, *found], {}


def turned():
    x = tf.placeholder(tf.float32, [ROWS, 7, 9, 2], "x")
    w = tf.get_variable("w", [2], initializer=tf.ones_initializer())
    image = tf.contrib.image
    angles = [0.1 * i for i in range(ROWS)]
    y = [
        image.rotate(x, angles, "BILINEAR"),
        image.rotate(x, 0.7),
        image.translate(x, [2.5, -1.0], "BILINEAR"),
        image.rotate(x[0], 0.3),
        image.rotate(x[0, :, :, 0], 0.3),
        image.transform(x, [1.0, 0.2, 0, 0.1, 0.9, 0, 0.001, 0.002]),
    ]
    return tf.reduce_sum(y[0] * w) + tf.reduce_sum(y[2] * w**2), y, {}


def slim_scopes():
    x = tf.placeholder(tf.float32, [ROWS, 8, 8, 3], "x")
    start = tf.truncated_normal_initializer(stddev=0.02, seed=7)
    with slim.arg_scope(
        [slim.conv2d, slim.fully_connected],
        weights_initializer=start,
        normalizer_fn=slim.batch_norm,
        normalizer_params={"is_training": True, "decay": 0.9},
    ):
        h = slim.conv2d(x, 4, [3, 3], scope="conv")
        h = slim.repeat(h, 2, slim.conv2d, 4, [3, 3], scope="more")
        h = slim.max_pool2d(h, [2, 2])
        h = slim.dropout(slim.flatten(h), 0.5, is_training=False)
        y = slim.fully_connected(h, 3, scope="fc", activation_fn=tf.nn.tanh)
        y = slim.fully_connected(y, 3, normalizer_fn=None, scope="out")
    labels = tf.one_hot([i % 3 for i in range(ROWS)], 3)
    loss = slim.losses.softmax_cross_entropy(y, labels)
    slim.model_analyzer.analyze_vars(tf.trainable_variables(), print_info=True)
    return loss, [y], {}


def layers():
    x = tf.placeholder(tf.float32, [ROWS, 8, 8, 3], "x")
    start = tf.random_normal_initializer(stddev=0.02, seed=8)
    h = tf.layers.conv2d(x, 4, 5, 2, "same", kernel_initializer=start)
    h = tf.layers.batch_normalization(h, training=True, momentum=0.9)
    h = tf.nn.leaky_relu(h)
    h = tf.layers.conv2d_transpose(
        h, 3, 4, strides=2, padding="same", use_bias=False, kernel_initializer=start, name="up"
    )
    h = tf.layers.max_pooling2d(h, 2, 2)
    h = tf.layers.dropout(tf.layers.flatten(h), 0.3, training=False)
    y = tf.layers.dense(h, 3, kernel_initializer=start)
    with tf.variable_scope("again"):
        a = tf.layers.dense(y, 2, name="d", kernel_initializer=start)
        b = tf.layers.dense(y * 2, 2, name="d", kernel_initializer=start, reuse=True)
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        loss = tf.losses.mean_squared_error(a, b)
    return loss, [y, a, b], {}


def recurrent():
    x = tf.placeholder(tf.float32, [ROWS, 5, 3], "x")
    lstm = tf.contrib.rnn.BasicLSTMCell(4, forget_bias=0.5)
    both = tf.contrib.rnn.MultiRNNCell([lstm, tf.nn.rnn_cell.GRUCell(3)])
    y, _ = tf.nn.dynamic_rnn(both, x, dtype=tf.float32)
    steps, _ = tf.contrib.rnn.static_rnn(
        tf.contrib.rnn.LSTMCell(4, use_peepholes=True),
        tf.unstack(x, axis=1),
        dtype=tf.float32,
        scope="static",
    )
    return tf.reduce_mean(y**2) + tf.reduce_mean(steps[-1]), [y, steps[-1]], {}


def keras():
    x = tf.placeholder(tf.float32, [ROWS, 8, 8, 3], "x")
    start = tf.keras.initializers.RandomNormal(stddev=0.02, seed=9)
    h = tf.keras.layers.Conv2D(4, 3, padding="same", kernel_initializer=start)(x)
    h = tf.keras.layers.LeakyReLU(0.2)(h)
    h = tf.keras.layers.Flatten()(h)
    y = tf.keras.layers.Dense(2, activation="tanh", kernel_initializer=start)(h)
    return tf.reduce_mean(y**2), [y], {}


def old_names():
    x = tf.placeholder(tf.float32, [ROWS, 4], "x")
    w = tf.get_variable("w", [4, 4], initializer=tf.random_normal_initializer(seed=3))
    h = tf.matmul(x, w)
    labels = tf.ones_like(h)
    if HAS_OLD:
        a, b = tf.split(1, 2, h)
        joined = tf.concat(1, [b, a])
        y = tf.pack([tf.mul(joined, h), tf.sub(joined, h)])
        y = tf.select(y > 0, y, tf.neg(y))
        loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(h, labels))
        loss += tf.reduce_sum(tf.nn.softmax_cross_entropy_with_logits(h, labels), 0)
    else:
        a, b = tf.split(h, 2, 1)
        joined = tf.concat([b, a], 1)
        y = tf.stack([tf.multiply(joined, h), tf.subtract(joined, h)])
        y = tf.where(y > 0, y, tf.negative(y))
        loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(logits=h, labels=labels))
        loss += tf.reduce_sum(tf.nn.softmax_cross_entropy_with_logits(logits=h, labels=labels), 0)
    return loss, [y, joined], {}


def transposed():
    z = tf.placeholder(tf.float32, [None, 4], "z")
    w = tf.get_variable(
        "w", [5, 5, 2, 4], initializer=tf.random_normal_initializer(stddev=0.1, seed=4)
    )
    h = tf.reshape(z, [-1, 1, 1, 4])
    y = tf.nn.conv2d_transpose(h, w, [ROWS, 2, 2, 2], [1, 2, 2, 1])
    assert y.get_shape().as_list() == [ROWS, 2, 2, 2]
    wide = tf.get_variable("wide", [8 / 2, 3])  # n / 2 as a dimension
    return tf.reduce_mean(y**2) + tf.reduce_sum(wide), [y], {}


def averages():
    """Moving averages and slots: what a checkpoint of a program holds."""
    x = tf.placeholder(tf.float32, [ROWS, 4], "x")
    with tf.variable_scope("net"):
        w = tf.get_variable("w", [4, 3], initializer=tf.random_normal_initializer(seed=2))
    loss = tf.reduce_mean(tf.matmul(x, w) ** 2)
    ema = tf.train.ExponentialMovingAverage(0.9)
    steps = [
        tf.train.AdamOptimizer(0.01, beta1=0.5).minimize(loss),
        tf.train.RMSPropOptimizer(0.01).minimize(loss),
        tf.train.MomentumOptimizer(0.01, 0.9).minimize(loss),
    ]
    with tf.control_dependencies(steps):
        averaged = ema.apply([w])
    return loss, [averaged], {}


FAMILIES = (
    contrib,
    norms,
    losses,
    turned,
    slim_scopes,
    layers,
    recurrent,
    keras,
    old_names,
    transposed,
    averages,
)


def run(family):
    """Returns what a family gives: names, first values, outputs, gradients, keys."""
    found = {}
    with tf.Graph().as_default():
        tf.set_random_seed(3)
        loss, outputs, modes = family()
        trained = tf.trainable_variables()
        slopes = tf.gradients(loss, trained)
        slopes = [None if s is None else tf.convert_to_tensor(s) for s in slopes]
        variables = tf.global_variables()
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            found["trainable"] = np.array([v.op.name for v in trained])
            for v in variables:
                found["first/" + v.op.name] = session.run(v)
            rng = np.random.RandomState(1)
            for v in sorted(variables, key=lambda v: v.op.name):
                shape = v.get_shape().as_list()
                is_kernel = v in trained and len(shape) > 1
                low, high = (-0.3, 0.3) if is_kernel else (0.5, 1)
                v.load(rng.uniform(low, high, shape).astype(np.float32), session)
            feed = {}
            for op in tf.get_default_graph().get_operations():
                if op.type == "Placeholder":
                    shape = [ROWS if n is None else n for n in op.outputs[0].get_shape().as_list()]
                    value = modes.get(op.name, rng.uniform(-1, 1, shape))
                    feed[op.outputs[0]] = value
            values = session.run([loss, slopes, outputs], feed)
            found["loss"] = values[0]
            for v, slope in zip(trained, values[1]):
                if slope is not None:
                    found["gradient/" + v.op.name] = np.asarray(slope)
            for i, y in enumerate(values[2]):
                if y is not None:
                    found["output/%d" % i] = y
            for v in variables:
                found["after/" + v.op.name] = session.run(v)
            saver = tf.train.Saver()
            path = saver.save(session, os.path.join(FOLDER, family.__name__))
            found["keys"] = np.array(sorted(name for name, _ in tf.train.list_variables(path)))
    return found


def digits(folder):
    np.random.seed(5)
    tf.reset_default_graph()
    tf.set_random_seed(4)
    data = input_data.read_data_sets(folder, one_hot=True, validation_size=10)
    found = {"validation": data.validation.images, "test": data.test.labels}
    for i in range(5):
        found["images/%d" % i], found["labels/%d" % i] = data.train.next_batch(16)
    found["epochs"] = np.array(data.train.epochs_completed)
    return found


def pictures(folder):
    import scipy.misc

    rng = np.random.RandomState(6)
    colour = rng.randint(0, 256, (13, 9, 3)).astype(np.uint8)
    grey = rng.normal(size=(11, 7))
    path = os.path.join(folder, "a.png")
    scipy.misc.imsave(path, rng.normal(size=(12, 10, 3)))
    found = {
        "saved": scipy.misc.imread(path),
        "flat": scipy.misc.imread(path, flatten=True),
        "mode": scipy.misc.imread(path, mode="L"),
        "grey": np.asarray(scipy.misc.toimage(grey, cmin=-1, cmax=1)),
        "scaled": scipy.misc.bytescale(grey),
    }
    for how in ("nearest", "bilinear", "bicubic", "lanczos"):
        found["resized/" + how] = scipy.misc.imresize(colour, (8, 6), interp=how)
    found["half"] = scipy.misc.imresize(colour, 0.5)
    found["percent"] = scipy.misc.imresize(colour, 150)
    found["floats"] = scipy.misc.imresize(grey, [5, 5])
    return found


def main():
    FLAGS(sys.argv[:1])
    found = {}
    for family in FAMILIES:
        for name, array in run(family).items():
            found[family.__name__ + ":" + name] = array
    for name, array in digits(sys.argv[2]).items():
        found["digits:" + name] = array
    for name, array in pictures(FOLDER).items():
        found["pictures:" + name] = array
    assert FLAGS.rate == 1
    np.savez_compressed(sys.argv[1], **found)


if __name__ == "__main__":
    FOLDER = os.path.dirname(os.path.abspath(sys.argv[1]))
    main()
