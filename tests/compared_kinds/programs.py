"""TF1 programs of kinds that a comparison once got wrong."""

import numpy as np
import tensorflow.compat.v1 as tf

from dcgan_v1.compare import Tf1


def dense(x, name="fc", units=3):
    w = tf.get_variable(name + "/w", [x.shape[1], units])
    b = tf.get_variable(name + "/b", [units], initializer=tf.ones_initializer())
    return tf.matmul(x, w) + b


def train(optimizer, loss):
    optimizer.minimize(tf.identity(loss, "loss"))


def build_pipeline():
    data = np.random.RandomState(0).uniform(-1, 1, (16, 4)).astype(np.float32)
    images = tf.data.Dataset.from_tensor_slices(data).repeat().batch(8, True)
    x = tf.data.make_one_shot_iterator(images).get_next()
    loss = tf.reduce_mean(tf.square(dense(x)))
    train(tf.train.GradientDescentOptimizer(0.1), loss)


def pipeline():
    return Tf1(function=build_pipeline)


def build_training_alone():
    x = tf.placeholder(tf.float32, [None, 4], "x")
    h = dense(x)
    mean, variance = tf.nn.moments(h, [0])
    beta = tf.get_variable("bn/beta", [3], initializer=tf.zeros_initializer())
    gamma = tf.get_variable("bn/gamma", [3], initializer=tf.ones_initializer())
    moving = [
        tf.get_variable("bn/moving_" + n, [3], trainable=False, initializer=i)
        for n, i in (("mean", tf.zeros_initializer()), ("variance", tf.ones_initializer()))
    ]
    y = tf.nn.batch_normalization(h, mean, variance, beta, gamma, 1e-3)
    pairs = zip(moving, (mean, variance), strict=True)
    averages = [tf.assign(m, m * 0.9 + v * 0.1) for m, v in pairs]
    with tf.control_dependencies(averages):
        loss = tf.reduce_mean(tf.square(y - x[:, :3]))
        train(tf.train.GradientDescentOptimizer(0.1), loss)


def training_alone():
    return Tf1(function=build_training_alone)


def build_keeping():
    x = tf.placeholder(tf.float32, [None, 4], "x")
    scale = tf.placeholder(tf.float32, [], "scale")
    loss = tf.reduce_mean(tf.square(dense(x) * scale))
    train(tf.train.GradientDescentOptimizer(0.1), loss)


def keeping():
    return Tf1(function=build_keeping, training={"scale": 0.5}, inference={"scale": 1.0})


def build_sparse():
    x = tf.placeholder(tf.int32, [None], "x")
    w = tf.get_variable("w", [5, 3])
    train(tf.train.MomentumOptimizer(0.1, 0.9), tf.reduce_mean(tf.square(tf.gather(w, x))))


def sparse():
    return Tf1(function=build_sparse)


def build_gate():
    x = tf.placeholder(tf.float32, [None, 4], "x")
    with tf.variable_scope("update_gate"):
        h = tf.sigmoid(dense(x, "g"))
    train(tf.train.AdamOptimizer(0.1), tf.reduce_mean(tf.square(dense(h, "out"))))


def gate():
    return Tf1(function=build_gate)


def build_decayed():
    x = tf.placeholder(tf.float32, [None, 4], "x")
    y = dense(x)
    l2 = tf.add_n([tf.nn.l2_loss(v) for v in tf.trainable_variables()])
    loss = tf.reduce_mean(tf.square(y)) + 0.2 * l2
    train(tf.train.GradientDescentOptimizer(0.1), loss)


def decayed():
    return Tf1(function=build_decayed)


def build_leaky():
    x = tf.placeholder(tf.float32, [None, 4], "x")
    y = tf.nn.leaky_relu(dense(x), 0.2)
    train(tf.train.AdamOptimizer(0.1), tf.reduce_mean(tf.square(y)))


def leaky():
    return Tf1(function=build_leaky)


def build_squares():
    x = tf.placeholder(tf.float32, [None, 4], "x")
    y = dense(x)
    train(tf.train.RMSPropOptimizer(1e-4), tf.reduce_mean(tf.square(y)))


def squares():
    return Tf1(function=build_squares)
