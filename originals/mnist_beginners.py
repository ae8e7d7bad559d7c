"""mnist_beginners as the original script has it, on today's TensorFlow.

Separate `session.run`s with numpy noise and images fed to each, batch norm as
tf.contrib built it. The variables have the original names, so the tests also take
their checkpoints from here.
"""

import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_eager_execution()


def _contrib_batch_norm(x, scope):
    """What tf.contrib.layers.batch_norm(x, epsilon=1e-5) built in TF 1.15: fused, with
    a beta alone. Its averages exist, but the source never runs their updates."""
    with tf.variable_scope(scope):
        shape = [int(x.shape[-1])]
        beta = tf.get_variable("beta", shape, initializer=tf.zeros_initializer())
        for name, start in (("moving_mean", 0.0), ("moving_variance", 1.0)):
            initial = tf.constant_initializer(start)
            tf.get_variable(name, shape, initializer=initial, trainable=False)
        y, _, _ = tf.nn.fused_batch_norm(x, tf.ones(shape), beta, epsilon=1e-5)
        return y


def _variable(name, shape, stddev=0.02):
    initial = tf.truncated_normal_initializer(stddev=stddev)
    if not stddev:
        initial = tf.zeros_initializer()
    return tf.get_variable(name, shape, initializer=initial)


def generator(z):
    """z [N, 100] -> images [N, 28, 28, 1] in (0, 1)."""
    w1, b1 = _variable("g_w1", [100, 3136]), _variable("g_b1", [3136])
    h = tf.reshape(tf.matmul(z, w1) + b1, [-1, 56, 56, 1])
    h = tf.nn.relu(_contrib_batch_norm(h, "g_b1"))
    w2, b2 = _variable("g_w2", [3, 3, 1, 50]), _variable("g_b2", [50])
    h = tf.nn.conv2d(h, w2, [1, 2, 2, 1], "SAME") + b2  # [N, 28, 28, 50]
    h = tf.nn.relu(_contrib_batch_norm(h, "g_b2"))
    h = tf.image.resize_images(h, [56, 56])
    w3, b3 = _variable("g_w3", [3, 3, 50, 25]), _variable("g_b3", [25])
    h = tf.nn.conv2d(h, w3, [1, 2, 2, 1], "SAME") + b3  # [N, 28, 28, 25]
    h = tf.nn.relu(_contrib_batch_norm(h, "g_b3"))
    h = tf.image.resize_images(h, [56, 56])
    w4, b4 = _variable("g_w4", [1, 1, 25, 1]), _variable("g_b4", [1])
    return tf.sigmoid(tf.nn.conv2d(h, w4, [1, 2, 2, 1], "SAME") + b4)


def discriminator(images):
    """images [N, 28, 28, 1] -> logits [N, 1]."""
    h = images
    for i, (channels, filters) in enumerate(((1, 32), (32, 64)), start=1):
        w = _variable(f"d_w{i}", [5, 5, channels, filters])
        b = _variable(f"d_b{i}", [filters], stddev=0)
        h = tf.nn.relu(tf.nn.conv2d(h, w, [1, 1, 1, 1], "SAME") + b)
        h = tf.nn.avg_pool(h, [1, 2, 2, 1], [1, 2, 2, 1], "SAME")
    h = tf.reshape(h, [-1, 3136])
    w3, b3 = _variable("d_w3", [3136, 1024]), _variable("d_b3", [1024], stddev=0)
    h = tf.nn.relu(tf.matmul(h, w3) + b3)
    w4, b4 = _variable("d_w4", [1024, 1]), _variable("d_b4", [1], stddev=0)
    return tf.matmul(h, w4) + b4


def _cross_entropy(logits, labels):
    return tf.reduce_mean(
        tf.nn.sigmoid_cross_entropy_with_logits(logits=logits, labels=labels(logits))
    )


def graph():
    """Builds the original graph. Returns its placeholders and ops by name."""
    z_ph = tf.placeholder(tf.float32, [None, 100])
    x_ph = tf.placeholder(tf.float32, [None, 28, 28, 1])
    with tf.variable_scope(tf.get_variable_scope()) as scope:
        images = generator(z_ph)
        real_logits = discriminator(x_ph)
        scope.reuse_variables()
        fake_logits = discriminator(images)
    d_loss_real = _cross_entropy(real_logits, tf.ones_like)
    d_loss_fake = _cross_entropy(fake_logits, tf.zeros_like)
    g_loss = _cross_entropy(fake_logits, tf.ones_like)
    d_vars = [v for v in tf.trainable_variables() if "d_" in v.name]
    g_vars = [v for v in tf.trainable_variables() if "g_" in v.name]
    return {
        "z": z_ph,
        "x": x_ph,
        "images": images,
        "d_loss_real": d_loss_real,
        "d_loss_fake": d_loss_fake,
        "g_loss": g_loss,
        # in the order in which the source creates them: it numbers the slots
        "d_fake": tf.train.AdamOptimizer(3e-4).minimize(d_loss_fake, var_list=d_vars),
        "d_real": tf.train.AdamOptimizer(3e-4).minimize(d_loss_real, var_list=d_vars),
        "g": tf.train.AdamOptimizer(1e-4).minimize(g_loss, var_list=g_vars),
    }


def make_step(batch_size):
    """Returns a function that does what one pass of the source's loop does."""
    ops = graph()
    session = tf.Session()
    session.run(tf.global_variables_initializer())
    rng = np.random.default_rng(0)
    data = rng.random((10_000, 28, 28, 1), np.float32)
    d_fetches = [ops[name] for name in ("d_real", "d_fake", "d_loss_real", "d_loss_fake")]

    def step():
        x = data[rng.integers(0, len(data), batch_size)]
        z = rng.normal(0, 1, [batch_size, 100])
        session.run(d_fetches, {ops["x"]: x, ops["z"]: z})
        z = rng.normal(0, 1, [batch_size, 100])
        session.run(ops["g"], {ops["z"]: z})

    return step
