"""celeba64 as the original script has it, on today's TensorFlow.

Four `session.run`s a step with noise and images fed to each (two updates, then both
losses once more), batch norm through the moments and an ExponentialMovingAverage inside
a cond. The variables have the original names, so the tests also take their checkpoints
from here.
"""

import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_eager_execution()
tf.disable_control_flow_v2()  # as in TF1: the averages are variables made in a branch


def _batch_norm(x, beta, gamma, training):
    with tf.variable_scope("bn"):
        mean, variance = tf.nn.moments(x, [0, 1, 2], name="moments")
        averages = tf.train.ExponentialMovingAverage(decay=0.9)

        def update():
            with tf.control_dependencies([averages.apply([mean, variance])]):
                return tf.identity(mean), tf.identity(variance)

        def read():
            return averages.average(mean), averages.average(variance)

        used = tf.cond(training, update, read)
        return tf.nn.batch_normalization(x, *used, beta, gamma, 1e-5)


def _variables(letter, weights, channels):
    """Makes a network's variables in the source's order. Returns W, beta, gamma."""
    w, beta, gamma = [], [], []
    for i, initial in enumerate(weights):
        w.append(tf.Variable(initial, name=f"{letter}_W{i}"))
        if i < len(channels):
            # the source gives D's third gamma the name of its fourth
            number = 3 if (letter, i) == ("d", 2) else i
            beta.append(tf.Variable(tf.zeros([channels[i]]), name=f"{letter}_beta{i}"))
            start = tf.random_normal([channels[i]], stddev=0.02)
            gamma.append(tf.Variable(start, name=f"{letter}_gamma{number}"))
    return w, beta, gamma


def graph(batch_size=16, width=128):
    """Builds the original graph. Returns its placeholders and ops by name."""
    training = tf.placeholder(tf.bool)
    z = tf.placeholder(tf.float32, [batch_size, 100])
    channels = [8 * width, 4 * width, 2 * width, width]

    def g(z):
        w, beta, gamma = g_variables
        h = tf.reshape(tf.matmul(z, w[0]), [batch_size, 4, 4, channels[0]])
        h = tf.nn.relu(_batch_norm(h, beta[0], gamma[0], training))
        for i, (side, depth) in enumerate(zip((8, 16, 32), channels[1:], strict=True), 1):
            shape = [batch_size, side, side, depth]
            h = tf.nn.conv2d_transpose(h, w[i], shape, [1, 2, 2, 1], "SAME")
            h = tf.nn.relu(_batch_norm(h, beta[i], gamma[i], training))
        shape = [batch_size, 64, 64, 3]
        return tf.tanh(tf.nn.conv2d_transpose(h, w[4], shape, [1, 2, 2, 1], "SAME"))

    def d(x):
        w, beta, gamma = d_variables
        for i in range(4):
            x = tf.nn.conv2d(x, w[i], [1, 2, 2, 1], "SAME")
            x = tf.nn.leaky_relu(_batch_norm(x, beta[i], gamma[i], training))
        return tf.matmul(tf.reshape(x, [batch_size, 16 * channels[0]]), w[4])

    with tf.name_scope("Generator"):
        weights = [tf.random_uniform([100, 16 * channels[0]])]
        for depth, above in zip([*channels[1:], 3], channels, strict=True):
            weights.append(tf.truncated_normal([5, 5, depth, above], stddev=0.05))
        g_variables = _variables("g", weights, channels)
        images = g(z)
    x = tf.placeholder(tf.float32, [batch_size, 64, 64, 3])
    with tf.name_scope("Discriminator"):
        below = [3, *channels[:0:-1]]
        weights = [
            tf.truncated_normal([5, 5, a, b], stddev=0.005)
            for a, b in zip(below, channels[::-1], strict=True)
        ]
        weights.append(tf.random_uniform([16 * channels[0], 1]))
        d_variables = _variables("d", weights, channels[::-1])
        fake_logits = d(images)
        real_logits = d(x)
    cross = tf.nn.sigmoid_cross_entropy_with_logits
    real = tf.reduce_mean(cross(logits=real_logits, labels=tf.ones_like(real_logits)))
    fake = tf.reduce_mean(cross(logits=fake_logits, labels=tf.zeros_like(fake_logits)))
    g_loss = tf.reduce_mean(cross(logits=fake_logits, labels=tf.ones_like(fake_logits)))
    g_vars, d_vars = ([*w, *b, *c] for w, b, c in (g_variables, d_variables))
    with tf.name_scope("G_optimizer"):
        g_update = tf.train.AdamOptimizer(2e-4, 0.5).minimize(g_loss, var_list=g_vars)
    with tf.name_scope("D_optimizer"):
        d_update = tf.train.AdamOptimizer(2e-4, 0.5).minimize(real + fake, var_list=d_vars)
    return {
        "training": training,
        "z": z,
        "x": x,
        "images": images,
        "d_loss_real": real,
        "d_loss_fake": fake,
        "d_loss": real + fake,
        "g_loss": g_loss,
        "g": g_update,
        "d": d_update,
    }


def make_step(batch_size):
    """Returns a function that does what one pass of the source's loop does."""
    ops = graph(batch_size)
    session = tf.Session()
    session.run(tf.global_variables_initializer())
    rng = np.random.default_rng(0)
    data = rng.random((512, 64, 64, 3), np.float32) * 2 - 1

    def step():
        x = data[rng.integers(0, len(data), batch_size)]
        z = rng.uniform(-1, 1, [batch_size, 100])
        both = {ops["x"]: x, ops["z"]: z, ops["training"]: True}
        noise = {ops["z"]: z, ops["training"]: True}
        session.run(ops["d"], both)
        session.run(ops["g"], noise)
        session.run(ops["d_loss"], both)
        session.run(ops["g_loss"], noise)

    return step
