"""Small TF1 programs as people wrote them, run by real TensorFlow 1.15 (Python 3.7).

    python programs.py FOLDER [NAME ...]

writes for each program NAME.meta, a checkpoint and NAME.npz: the batches of three
steps,
what the program drew at random, its losses, and its weights after the first and the
third step. Nothing here runs on TensorFlow 2, and that is the point.
"""

import sys

import numpy as np
import tensorflow as tf

contrib, slim = tf.contrib, tf.contrib.slim
ROWS, STEPS = 6, 3


def contrib_layers():
    """A GAN of contrib.layers: no gamma in its batch norms, averages by UPDATE_OPS."""
    z = tf.placeholder(tf.float32, [None, 10], "z")
    real = tf.placeholder(tf.float32, [None, 16, 16, 1], "real")
    is_training = tf.placeholder(tf.bool, [], "is_training")
    norm = {"is_training": is_training, "decay": 0.9, "epsilon": 1e-4}

    def generator(z):
        with tf.variable_scope("generator"):
            h = contrib.layers.fully_connected(
                z, 4 * 4 * 8, normalizer_fn=contrib.layers.batch_norm, normalizer_params=norm
            )
            h = tf.reshape(h, [-1, 4, 4, 8])
            h = contrib.layers.conv2d_transpose(
                h, 6, 5, 2, normalizer_fn=contrib.layers.batch_norm, normalizer_params=norm
            )
            return contrib.layers.conv2d_transpose(h, 1, 5, 2, activation_fn=tf.tanh)

    def discriminator(x, reuse):
        with tf.variable_scope("discriminator", reuse=reuse):
            h = contrib.layers.conv2d(x, 6, 5, 2, activation_fn=tf.nn.leaky_relu)
            h = contrib.layers.conv2d(h, 8, 5, 2, activation_fn=tf.nn.leaky_relu)
            h = contrib.layers.flatten(h)
            return contrib.layers.fully_connected(h, 1, activation_fn=None)

    fake = generator(z)
    on_real, on_fake = discriminator(real, False), discriminator(fake, True)
    d_loss, g_loss = gan_losses(on_real, on_fake)
    d_vars, g_vars = (tf.trainable_variables(s) for s in ("discriminator", "generator"))
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        d_step = tf.train.AdamOptimizer(1e-3, 0.5).minimize(d_loss, var_list=d_vars, name="d_step")
    g_step = tf.train.AdamOptimizer(2e-3, 0.5).minimize(g_loss, var_list=g_vars, name="g_step")
    return [[d_step, d_loss], [g_step, g_loss]], {"is_training": True}


def layers():
    """A classifier of tf.layers: fused batch norm, dropout, max pooling, Momentum."""
    images = tf.placeholder(tf.float32, [None, 12, 12, 3], "images")
    labels = tf.placeholder(tf.int64, [None], "labels")
    training = tf.placeholder_with_default(False, [], "training")
    h = tf.layers.conv2d(images, 6, 3, padding="same", use_bias=False)
    h = tf.layers.batch_normalization(h, momentum=0.9, training=training)
    h = tf.layers.max_pooling2d(tf.nn.relu(h), 2, 2)
    h = tf.layers.conv2d(h, 8, 3, strides=2, padding="same")
    h = tf.layers.batch_normalization(h, training=training)
    h = tf.layers.flatten(tf.nn.elu(h))
    h = tf.layers.dense(h, 20, activation=tf.nn.relu)
    h = tf.layers.dropout(h, 0.4, training=training)
    logits = tf.layers.dense(h, 5, name="logits")
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    step = tf.train.get_or_create_global_step()
    rate = tf.train.exponential_decay(0.05, step, 2, 0.9, staircase=True)
    updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
    with tf.control_dependencies(updates):
        train = tf.train.MomentumOptimizer(rate, 0.9).minimize(loss, step)
    tf.summary.scalar("loss", loss)
    tf.summary.merge_all()
    return [[train, loss]], {"training": True}


def slim_arg_scope():
    """slim with an arg_scope: L2 by its collection, RMSProp, create_train_op."""
    images = tf.placeholder(tf.float32, [None, 16, 16, 3], "images")
    targets = tf.placeholder(tf.float32, [None, 4], "targets")
    with slim.arg_scope(
        [slim.conv2d, slim.fully_connected],
        activation_fn=tf.nn.relu,
        weights_initializer=tf.truncated_normal_initializer(0.0, 0.1),
        weights_regularizer=slim.l2_regularizer(0.01),
    ):
        h = slim.conv2d(images, 6, [3, 3], scope="conv1")
        h = slim.avg_pool2d(h, [2, 2], scope="pool1")
        h = slim.conv2d(h, 6, [3, 3], stride=2, scope="conv2")
        h = tf.image.resize_bilinear(h, [8, 8])
        h = slim.conv2d(h, 6, [3, 3], scope="conv3")
        h = slim.flatten(h)
        h = slim.fully_connected(h, 16, scope="fc")
        out = slim.fully_connected(h, 4, activation_fn=None, scope="out")
    tf.losses.mean_squared_error(targets, out)
    total = tf.losses.get_total_loss()
    optimizer = tf.train.RMSPropOptimizer(1e-3, decay=0.9, momentum=0.5, epsilon=1e-6)
    train = slim.learning.create_train_op(total, optimizer)
    return [[train]], {}


def ema_batch_norm():
    """Batch norm by hand, its averages by an EMA in a tf.cond, called again by
    reuse."""
    z = tf.placeholder(tf.float32, [ROWS, 8], "z")
    real = tf.placeholder(tf.float32, [ROWS, 8, 8, 3], "images")
    training = tf.placeholder(tf.bool, [], "phase")

    def norm(x, name):
        with tf.variable_scope(name):
            c = x.get_shape()[-1]
            beta = tf.get_variable("beta", [c], initializer=tf.zeros_initializer())
            gamma = tf.get_variable(
                "gamma", [c], initializer=tf.random_normal_initializer(1.0, 0.02)
            )
            mean, var = tf.nn.moments(x, list(range(x.get_shape().ndims - 1)))
            with tf.variable_scope(tf.get_variable_scope(), reuse=tf.AUTO_REUSE):
                ema = tf.train.ExponentialMovingAverage(0.9)

                def move():
                    with tf.control_dependencies([ema.apply([mean, var])]):
                        return tf.identity(mean), tf.identity(var)

                mean, var = tf.cond(training, move, lambda: (ema.average(mean), ema.average(var)))
            return tf.nn.batch_normalization(x, mean, var, beta, gamma, 1e-5)

    def weights(name, shape):
        return tf.get_variable(name, shape, initializer=tf.truncated_normal_initializer(stddev=0.1))

    with tf.variable_scope("G"):
        h = tf.matmul(z, weights("fc/w", [8, 4 * 4 * 6]))
        h = tf.nn.relu(norm(tf.reshape(h, [ROWS, 4, 4, 6]), "bn0"))
        h = tf.nn.conv2d_transpose(h, weights("up/w", [5, 5, 3, 6]), [ROWS, 8, 8, 3], [1, 2, 2, 1])
        fake = tf.tanh(h)

    def discriminator(x, reuse):
        with tf.variable_scope("D", reuse=reuse):
            h = tf.nn.conv2d(x, weights("c0/w", [5, 5, 3, 6]), [1, 2, 2, 1], "SAME")
            h = norm(h, "bn0")
            h = tf.maximum(h, 0.2 * h)
            h = tf.reshape(h, [ROWS, 4 * 4 * 6])
            return tf.matmul(h, weights("out/w", [4 * 4 * 6, 1]))

    on_real, on_fake = discriminator(real, False), discriminator(fake, True)
    d_loss, g_loss = gan_losses(on_real, on_fake)
    names = [v.name for v in tf.trainable_variables()]
    d_vars, g_vars = (
        [v for v, n in zip(tf.trainable_variables(), names) if n.startswith(s)] for s in "DG"
    )
    d_step = tf.train.AdamOptimizer(2e-4, beta1=0.5).minimize(d_loss, var_list=d_vars)
    g_step = tf.train.AdamOptimizer(2e-4, beta1=0.5).minimize(g_loss, var_list=g_vars)
    return [[d_step, d_loss], [g_step, g_loss]], {"phase": True}


def wgan_clip():
    """WGAN: RMSProp, the critic's weights clipped after each of its steps."""
    z = tf.placeholder(tf.float32, [None, 6], "z")
    real = tf.placeholder(tf.float32, [None, 20], "real")

    def dense(x, units, name):
        w = tf.get_variable(
            name + "/W", [x.shape[1], units], initializer=tf.random_normal_initializer(stddev=0.05)
        )
        b = tf.get_variable(name + "/b", [units], initializer=tf.zeros_initializer())
        return tf.matmul(x, w) + b

    with tf.variable_scope("gen"):
        fake = tf.nn.sigmoid(dense(tf.nn.relu(dense(z, 16, "h")), 20, "out"))

    def critic(x):
        with tf.variable_scope("critic", reuse=tf.AUTO_REUSE):
            return dense(tf.nn.relu(dense(x, 16, "h")), 1, "out")

    d_loss = tf.reduce_mean(critic(fake)) - tf.reduce_mean(critic(real))
    g_loss = -tf.reduce_mean(critic(fake))
    c_vars, g_vars = (tf.trainable_variables(s) for s in ("critic", "gen"))
    d_step = tf.train.RMSPropOptimizer(5e-3).minimize(d_loss, var_list=c_vars)
    clip = [v.assign(tf.clip_by_value(v, -0.01, 0.01)) for v in c_vars]
    g_step = tf.train.RMSPropOptimizer(5e-3).minimize(g_loss, var_list=g_vars)
    return [[d_step, d_loss], clip, [g_step, g_loss]], {}


def conditional_lstm():
    """A conditional GAN on sequences: BasicLSTMCell in dynamic_rnn, noise drawn inside,
    plain gradient descent with gradients clipped by their norm."""
    labels = tf.placeholder(tf.float32, [None, 3], "labels")
    real = tf.placeholder(tf.float32, [None, 5, 4], "sequences")
    z = tf.random_normal([tf.shape(labels)[0], 5, 2], name="z")

    def lstm(x, size):
        condition = tf.tile(labels[:, None, :], [1, 5, 1])
        cell = tf.nn.rnn_cell.BasicLSTMCell(size)
        h, _ = tf.nn.dynamic_rnn(cell, tf.concat([x, condition], 2), dtype=tf.float32)
        return h

    with tf.variable_scope("generator"):
        h = lstm(z, 6)
        fake = tf.tanh(tf.layers.dense(h, 4, name="project"))

    def discriminator(x, reuse):
        with tf.variable_scope("discriminator", reuse=reuse):
            return tf.layers.dense(lstm(x, 5)[:, -1], 1, name="judge")

    on_real, on_fake = discriminator(real, False), discriminator(fake, True)
    d_loss, g_loss = gan_losses(on_real, on_fake)
    steps = []
    for scope, loss in (("discriminator", d_loss), ("generator", g_loss)):
        optimizer = tf.train.GradientDescentOptimizer(0.5)
        variables = tf.trainable_variables(scope)
        clipped, _ = tf.clip_by_global_norm(tf.gradients(loss, variables), 0.05)
        train = optimizer.apply_gradients(zip(clipped, variables), name=scope + "_step")
        steps.append([train, loss])
    return steps, {}


def wgan_gp():
    """WGAN with gradient penalty: mixing drawn inside, gradients of gradients, and an
    average of the generator's weights that inference reads."""
    z = tf.placeholder(tf.float32, [None, 6], "z")
    real = tf.placeholder(tf.float32, [None, 8, 8, 1], "real")

    def generator(z, getter=None):
        with tf.variable_scope("gen", reuse=tf.AUTO_REUSE, custom_getter=getter):
            h = tf.layers.dense(z, 4 * 4 * 4, tf.nn.relu, name="fc")
            h = tf.reshape(h, [-1, 4, 4, 4])
            return tf.layers.conv2d_transpose(h, 1, 4, 2, "same", activation=tf.nn.tanh, name="up")

    def critic(x):
        with tf.variable_scope("critic", reuse=tf.AUTO_REUSE):
            h = tf.layers.conv2d(x, 4, 4, 2, "same", name="conv")
            h = tf.layers.flatten(tf.nn.leaky_relu(h))
            return tf.layers.dense(h, 1, name="out")

    fake = generator(z)
    alpha = tf.random_uniform([tf.shape(real)[0], 1, 1, 1], name="alpha")
    mixed = real + alpha * (fake - real)
    slopes = tf.sqrt(
        1e-8 + tf.reduce_sum(tf.square(tf.gradients(critic(mixed), mixed)[0]), [1, 2, 3])
    )
    penalty = tf.reduce_mean(tf.square(slopes - 1.0))
    d_loss = tf.reduce_mean(critic(fake)) - tf.reduce_mean(critic(real)) + 10 * penalty
    g_loss = -tf.reduce_mean(critic(fake))
    c_vars, g_vars = (tf.trainable_variables(s) for s in ("critic", "gen"))
    d_step = tf.train.AdamOptimizer(1e-3, 0.0, 0.9).minimize(d_loss, var_list=c_vars)
    g_step = tf.train.AdamOptimizer(1e-3, 0.0, 0.9).minimize(g_loss, var_list=g_vars)
    ema = tf.train.ExponentialMovingAverage(0.9)
    with tf.control_dependencies([g_step]):
        g_and_average = ema.apply(g_vars)

    def averaged(getter, name, *args, **kwargs):
        return ema.average(getter(name, *args, **kwargs))

    tf.identity(generator(z, averaged), "sampled")
    return [[d_step, d_loss], [g_and_average, g_loss]], {}


def gan_losses(on_real, on_fake):
    def cross_entropy(logits, label):
        return tf.reduce_mean(
            tf.nn.sigmoid_cross_entropy_with_logits(
                logits=logits, labels=tf.ones_like(logits) * label
            )
        )

    d_loss = tf.add(cross_entropy(on_real, 1.0), cross_entropy(on_fake, 0.0), "d_loss")
    return d_loss, tf.identity(cross_entropy(on_fake, 1.0), "g_loss")


PROGRAMS = (
    contrib_layers,
    layers,
    slim_arg_scope,
    ema_batch_norm,
    wgan_clip,
    conditional_lstm,
    wgan_gp,
)
RANDOM = ("RandomUniform", "RandomStandardNormal")


def record(program, folder):
    """Builds a program, trains it for three steps and writes what it did."""
    prefix = f"{folder}/{program.__name__}"
    rng = np.random.RandomState(7)
    with tf.Graph().as_default() as graph:
        tf.set_random_seed(3)
        runs, modes = program()
        saver = tf.train.Saver(tf.global_variables())
        saved = {}
        drawn = [
            op for op in graph.get_operations() if op.type in RANDOM and "nitializer" not in op.name
        ]
        for op in drawn:  # one inside a tf.cond is as good
            graph._unfetchable_ops.discard(op)
            graph._unfeedable_tensors.discard(op.outputs[0])
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            saver.save(session, prefix, write_state=False)
            for step in range(STEPS):
                feed = {}
                for op in graph.get_operations():
                    if op.type == "Placeholder" and op.name not in modes:
                        array = drawn_for(op, rng)
                        saved[f"{step}/{op.name}"] = array
                        feed[op.outputs[0]] = array
                feed.update({graph.get_tensor_by_name(n + ":0"): v for n, v in modes.items()})
                for op in drawn:  # one draw for all runs of a step
                    array = session.run(op.outputs[0], feed)
                    saved[f"{step}/{op.name}"] = array
                feed.update({op.outputs[0]: saved[f"{step}/{op.name}"] for op in drawn})
                losses = [session.run(run, feed)[-1] for run in runs]
                saved[f"losses/{step}"] = np.array(
                    [x for x in losses if np.ndim(x) == 0], np.float32
                )
                if step in (0, STEPS - 1):
                    for v in tf.global_variables():
                        key = f"after {step + 1}/{v.op.name}"
                        saved[key] = session.run(v)
    np.savez_compressed(prefix + ".npz", **saved)


def drawn_for(op, rng):
    shape = [ROWS if n is None else n for n in op.outputs[0].shape.as_list()]
    if op.outputs[0].dtype == tf.int64:
        return rng.randint(0, 5, shape)
    return rng.uniform(-1, 1, shape).astype(np.float32)


if __name__ == "__main__":
    wanted = sys.argv[2:] or [p.__name__ for p in PROGRAMS]
    for each in PROGRAMS:
        if each.__name__ in wanted:
            record(each, sys.argv[1])
            print("recorded", each.__name__)
