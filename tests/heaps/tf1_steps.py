"""TF1 programs of one way to train each: penalties, decays, averages, what is beside the pixels."""

import tensorflow.compat.v1 as tf

from heaps.tf1_programs import LOSSES, dense, discriminator, trained, weight, zeros

DECAY, RATE, KEPT, PENALTY = 0.05, 0.1, 0.9, 10.0


def decayed():
    """Plain gradient descent that takes a part of each weight off beside its step."""
    x = tf.placeholder(tf.float32, [None, 8, 8, 1], "x")
    loss = tf.reduce_mean(LOSSES["logits"](discriminator(x), 1.0), name="loss")
    made = tf.train.GradientDescentOptimizer(RATE)
    pairs = made.compute_gradients(loss)
    with tf.control_dependencies([g for g, _ in pairs]):
        decays = [tf.assign_sub(v, RATE * DECAY * v) for _, v in pairs]
    with tf.control_dependencies(decays):
        made.apply_gradients(pairs, name="train")


def averaged():
    """Averages that follow the weights of after the update."""
    x = tf.placeholder(tf.float32, [None, 6], "x")
    loss = tf.reduce_mean(tf.square(dense(x, 3) - 1), name="loss")
    step = tf.train.GradientDescentOptimizer(RATE).minimize(loss)
    with tf.control_dependencies([step]):
        follows = tf.train.ExponentialMovingAverage(KEPT).apply(tf.trainable_variables())
        tf.group(follows, name="train")


def judged(x):
    """[N, 6] -> [N, 1]."""
    with tf.variable_scope("d", reuse=tf.AUTO_REUSE):
        return dense(tf.nn.leaky_relu(dense(x, 8, name="h"), 0.2), 1, name="o")


def gan(kind="logits", penalty="", clip=0.0):
    """Of vectors, D and G in turn.

    Args:
      kind: of loss, see `LOSSES`; 'hinge' has a critic's loss for G.
      penalty: of the norms of D's gradients between real and fake rows, 'both' sides of 1 or
        above 'one' alone.
      clip: of D's weights, after its update.
    """
    x, z = tf.placeholder(tf.float32, [None, 6], "x"), tf.placeholder(tf.float32, [None, 3], "z")
    with tf.variable_scope("g"):
        fake = tf.tanh(dense(z, 6))
    on_real, on_fake = judged(x), judged(fake)
    d_loss = tf.add_n([tf.reduce_mean(LOSSES[kind](y, k)) for y, k in ((on_real, 1), (on_fake, 0))])
    if penalty:
        share = tf.placeholder(tf.float32, [None, 1], "share")
        mixed = x + share * (fake - x)
        slopes = tf.gradients(judged(mixed), mixed)[0]
        apart = tf.sqrt(tf.reduce_sum(tf.square(slopes), 1)) - 1
        apart = tf.nn.relu(apart) if penalty == "one" else apart
        d_loss += PENALTY * tf.reduce_mean(tf.square(apart))
    of_g = "wasserstein" if kind == "hinge" else kind
    g_loss = tf.reduce_mean(LOSSES[of_g](on_fake, 1), name="g_loss")
    of_d = tf.trainable_variables("d")
    name = "update_d" if clip else "train_d"
    update = trained("sgd", RATE, tf.identity(d_loss, "d_loss"), of_d, name)
    if clip:
        with tf.control_dependencies([update]):
            clips = [tf.assign(v, tf.clip_by_value(v, -clip, clip)) for v in of_d]
        tf.group(*clips, name="train_d")
    trained("sgd", RATE, g_loss, tf.trainable_variables("g"), "train_g")


def conditioned(ahead=False):
    """Labels as maps beside an image, and beside its flattened maps, or `ahead` of them."""
    x = tf.placeholder(tf.float32, [None, 8, 8, 1], "x")
    y = tf.placeholder(tf.float32, [None, 4], "y")
    maps = tf.reshape(y, [-1, 1, 1, 4]) * tf.ones([tf.shape(x)[0], 8, 8, 4])
    with tf.variable_scope("discriminator"):
        h = tf.nn.leaky_relu(added(tf.concat([x, maps], 3), 3, 4, 2), 0.2)
        parts = [tf.reshape(h, [-1, 48]), y]
        logits = dense(tf.concat(parts[::-1] if ahead else parts, 1), 1)
    trained("sgd", RATE, tf.reduce_mean(LOSSES["logits"](logits, 1.0), name="loss"))


def added(x, channels, size, stride):
    """A convolution whose bias is added by '+'."""
    w = weight("conv/w", [size, size, x.shape[-1], channels])
    return tf.nn.conv2d(x, w, [1, stride, stride, 1], "SAME") + zeros("conv/b", [channels])


def wide(activation="relu"):
    """A kernel of 5x5, which SAME pads by 1 before and 2 after."""
    x = tf.placeholder(tf.float32, [None, 8, 8, 1], "x")
    with tf.variable_scope("discriminator"):
        h = getattr(tf.nn, activation)(added(x, 3, 5, 2))
        logits = dense(tf.reshape(h, [-1, 48]), 1)
    trained("sgd", RATE, tf.reduce_mean(LOSSES["logits"](logits, 1.0), name="loss"))


def normed():
    """Each map by itself, without weights."""
    x = tf.placeholder(tf.float32, [None, 8, 8, 1], "x")
    with tf.variable_scope("discriminator"):
        h = added(x, 3, 4, 2)
        mean, variance = tf.nn.moments(h, [1, 2], keepdims=True)
        h = tf.nn.relu((h - mean) / tf.sqrt(variance + 1e-5))
        logits = dense(tf.reshape(h, [-1, 48]), 1)
    trained("sgd", RATE, tf.reduce_mean(LOSSES["logits"](logits, 1.0), name="loss"))


def several(number=2):
    """Several kernels for each channel."""
    x = tf.placeholder(tf.float32, [None, 8, 8, 2], "x")
    with tf.variable_scope("discriminator"):
        w = weight("depth/w", [3, 3, 2, number])
        h = tf.nn.relu(tf.nn.depthwise_conv2d(x, w, [1, 1, 1, 1], "SAME"))
        logits = dense(tf.reduce_mean(h, [1, 2]), 1)
    trained("sgd", RATE, tf.reduce_mean(LOSSES["logits"](logits, 1.0), name="loss"))


def joined():
    """Two batches, one behind the other in one call of a network."""
    x, y = (tf.placeholder(tf.float32, [None, 8, 8, 1], name) for name in "xy")
    with tf.variable_scope("discriminator"):
        h = tf.nn.relu(added(tf.concat([x, y], 0), 3, 5, 2))
        logits = dense(tf.reshape(h, [-1, 48]), 1)
    on_x, on_y = tf.split(logits, 2)
    on_both = [tf.reduce_mean(LOSSES["logits"](h, k)) for h, k in ((on_x, 1.0), (on_y, 0.0))]
    trained("sgd", RATE, tf.add_n(on_both, name="loss"))


def drawn(activation=""):
    """[N, 3] -> [N, 6], fitted to all ones."""
    z = tf.placeholder(tf.float32, [None, 3], "z")
    with tf.variable_scope("g"):
        y = dense(tf.nn.tanh(dense(z, 5, name="h")), 6, name="o")
        y = getattr(tf.nn, activation)(y) if activation else y
    trained("sgd", RATE, tf.reduce_mean(tf.square(y - 1), name="loss"))


def energies():
    """D gives what it is given once more; G is to be given once more by it."""
    x, z = tf.placeholder(tf.float32, [None, 6], "x"), tf.placeholder(tf.float32, [None, 3], "z")
    with tf.variable_scope("g"):
        fake = tf.tanh(dense(z, 6))
    with tf.variable_scope("d", reuse=tf.AUTO_REUSE):
        again = [dense(tf.tanh(dense(y, 4, name="h")), 6, name="o") for y in (x, fake)]
    losses = [
        tf.reduce_mean(tf.reduce_sum(tf.square(y - a), 1))
        for y, a in zip((x, fake), again, strict=True)
    ]
    trained("sgd", RATE, tf.identity(losses[0], "d_loss"), tf.trainable_variables("d"), "train_d")
    trained("sgd", RATE, tf.identity(losses[1], "g_loss"), tf.trainable_variables("g"), "train_g")
