"""TF1 programs of models that strangers publish, as small as they can be."""

import tensorflow.compat.v1 as tf

from heaps.tf1_blocks import _convolution as convolution
from heaps.tf1_programs import LOSSES, dense, trained, weight, zeros


def _cross_entropy(logits, label):
    return tf.reduce_mean(LOSSES["logits"](logits, label))


def heads():
    """A judge that tells classes, too: two dense layers on the same maps."""
    x = tf.placeholder(tf.float32, [None, 8, 8, 1], "x")
    y = tf.placeholder(tf.int32, [None], "y")
    with tf.variable_scope("discriminator"):
        h = tf.reshape(tf.nn.leaky_relu(convolution(x, 3), 0.2), [-1, 48])
        judged, told = dense(h, 1, name="judged"), dense(h, 4, name="told")
    terms = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=tf.mod(y, 4), logits=told)
    loss = tf.add(_cross_entropy(judged, 0.9), tf.reduce_mean(terms), "loss")
    trained("sgd", 0.1, loss)


def weight_norm():
    """A kernel's columns by their lengths and directions."""
    x = tf.placeholder(tf.float32, [None, 6], "x")
    v, g, b = weight("v", [6, 4]), zeros("g", [4], 0.7), zeros("b", [4])
    h = tf.nn.relu(g * tf.matmul(x, v) / tf.sqrt(tf.reduce_sum(tf.square(v), 0)) + b)
    trained("sgd", 0.1, tf.reduce_mean(tf.square(dense(h, 1) - 1), name="loss"))


def began(begin=0.125):
    """An autoencoder judges a joined batch; a number of the step's own balances both losses.
    `begin`: of that number; 0.125 is exact in float32."""
    x = tf.placeholder(tf.float32, [None, 8, 8, 1], "x")
    z = tf.placeholder(tf.float32, [None, 5], "z")

    def grown(h, name):
        maps = tf.reshape(dense(h, 48, name=f"{name}_fc"), [-1, 4, 4, 3])
        maps = tf.image.resize_nearest_neighbor(tf.nn.elu(maps), [8, 8])
        return convolution(maps, 1, 3, 1, f"{name}_conv")

    with tf.variable_scope("generator"):
        fake = grown(z, "made")
    with tf.variable_scope("discriminator"):
        both = tf.concat([fake, x], 0)
        h = tf.reshape(tf.nn.elu(convolution(both, 3, 3)), [-1, 48])
        again_fake, again = tf.split(grown(dense(h, 6, name="code"), "again"), 2)
    k = tf.Variable(begin, trainable=False, name="k")
    real_loss = tf.reduce_mean(tf.abs(again - x))
    g_loss = tf.reduce_mean(tf.abs(again_fake - fake), name="g_loss")
    d_loss = tf.subtract(real_loss, k * g_loss, "d_loss")
    steps = []
    for name, loss in (("discriminator", d_loss), ("generator", g_loss)):
        made = tf.train.GradientDescentOptimizer(0.1)
        steps.append((made, made.compute_gradients(loss, tf.trainable_variables(name))))
    every = [g for _, pairs in steps for g, _ in pairs]
    with tf.control_dependencies([*every, real_loss]):
        done = [made.apply_gradients(pairs) for made, pairs in steps]
    with tf.control_dependencies(done):
        moved = tf.clip_by_value(k + 0.01 * (0.5 * real_loss - g_loss), 0, 1)
        tf.assign(k, moved, name="train")


def drops():
    """What is kept is a number of the graph's own: it drops out in inference, too."""
    z = tf.placeholder(tf.float32, [None, 5], "z")
    with tf.variable_scope("generator"):
        h = tf.nn.dropout(tf.nn.relu(dense(z, 48)), keep_prob=0.7)
        h = tf.image.resize_bilinear(tf.reshape(h, [-1, 4, 4, 3]), [8, 8])
        y = tf.tanh(convolution(h, 1, 3, 1))
    trained("sgd", 0.1, tf.reduce_mean(tf.square(y - 0.3), name="loss"))


def vae():
    x = tf.placeholder(tf.float32, [None, 20], "x")
    noise = tf.placeholder(tf.float32, [None, 3], "noise")
    h = tf.nn.relu(dense(x, 12, name="encoded"))
    mean, log_variance = dense(h, 3, name="mean"), dense(h, 3, name="log_variance")
    code = mean + tf.exp(0.5 * log_variance) * noise
    y = dense(tf.nn.relu(dense(code, 12, name="decoded")), 20, name="out")
    apart = tf.reduce_mean(tf.reduce_sum(tf.square(y - x), 1), name="apart")
    terms = 1 + log_variance - tf.square(mean) - tf.exp(log_variance)
    kl = tf.reduce_mean(-0.5 * tf.reduce_sum(terms, 1), name="kl")
    trained("sgd", 0.01, tf.add(apart, kl, "loss"))


def critic(cuts=True):
    """A layer norm and a penalty of gradients. `cuts`: tf.nn.moments, whose variance cuts its mean
    off; else the same by hand."""
    x = tf.placeholder(tf.float32, [None, 6], "x")
    share = tf.placeholder(tf.float32, [None, 1], "share")
    with tf.variable_scope("critic", reuse=tf.AUTO_REUSE):

        def judged(x):
            h = dense(x, 5, name="first")
            if cuts:
                mean, variance = tf.nn.moments(h, [1], keepdims=True)
            else:
                mean = tf.reduce_mean(h, 1, keepdims=True)
                variance = tf.reduce_mean(tf.square(h - mean), 1, keepdims=True)
            return dense(tf.nn.tanh((h - mean) * tf.rsqrt(variance + 1e-3)), 1, name="out")

        mixed = share * x
        norms = tf.norm(tf.gradients(judged(mixed), mixed)[0], axis=1)
        penalty = 10.0 * tf.reduce_mean(tf.square(norms - 1), name="penalty")
        trained("sgd", 0.1, tf.subtract(penalty, tf.reduce_mean(judged(x)), "loss"))


def clipped(norm=0.05, rate=0.1, optimizer="sgd"):
    """Every gradient clipped by its own norm, a rate that falls step by step."""
    x = tf.placeholder(tf.float32, [None, 6], "x")
    loss = tf.reduce_mean(tf.square(dense(tf.tanh(dense(x, 8, name="a")), 1, name="b") - 1))
    step = tf.train.get_or_create_global_step()
    made = tf.train.GradientDescentOptimizer(tf.train.polynomial_decay(rate, step, 10, 0.01))
    pairs = made.compute_gradients(tf.identity(loss, "loss"))
    made.apply_gradients([(tf.clip_by_norm(g, norm), v) for g, v in pairs], step, "train")


def rms():
    x = tf.placeholder(tf.float32, [None, 6], "x")
    loss = tf.reduce_mean(tf.square(dense(tf.tanh(dense(x, 8, name="a")), 1, name="b") - 1))
    loss = tf.identity(loss, "loss")
    tf.train.RMSPropOptimizer(0.01, 0.9, epsilon=1e-3, centered=True).minimize(loss, name="train")


def fading():
    """Adam whose second moment soon forgets."""
    x = tf.placeholder(tf.float32, [None, 6], "x")
    loss = tf.reduce_mean(tf.square(dense(tf.tanh(dense(x, 8, name="a")), 1, name="b") - 1))
    tf.train.AdamOptimizer(0.1, 0.5, 0.5).minimize(tf.identity(loss, "loss"), name="train")


def far():
    """Logits of about 22, whose softplus is a loss."""
    x = tf.placeholder(tf.float32, [None, 6], "x")
    loss = tf.reduce_mean(tf.nn.softplus(dense(x, 1) + 22.0), name="loss")
    trained("sgd", 0.1, loss)
