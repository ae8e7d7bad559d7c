"""TF1 programs of one building block each, which ports write otherwise, or mistake."""

import tensorflow.compat.v1 as tf

from heaps.tf1_programs import LOSSES, SHAPE, dense, trained, weight, zeros

EMA_DECAY, DECAY, RATE = 0.99, 0.1, 0.01


def _images(channels=1):
    return tf.placeholder(tf.float32, [None, 8, 8, channels], "x")


def _convolution(x, channels, size=4, stride=2, name="conv"):
    w = weight(f"{name}/w", [size, size, x.shape[-1], channels])
    y = tf.nn.conv2d(x, w, [1, stride, stride, 1], "SAME")
    return tf.nn.bias_add(y, zeros(f"{name}/b", [channels]))


def _cross_entropy(logits, label=1.0):
    return tf.reduce_mean(LOSSES["logits"](logits, label))


def _finished(loss):
    trained("sgd", 0.1, tf.identity(loss, "loss"))


def tied():
    """An autoencoder whose decoder has the encoder's weights."""
    x = tf.placeholder(tf.float32, [None, 12], "x")
    with tf.variable_scope("ae"):
        w, b, c = weight("w", [12, 5]), zeros("b", [5]), zeros("c", [12])
    h = tf.tanh(tf.matmul(x, w) + b)  # [N, 5]
    y = tf.matmul(h, w, transpose_b=True) + c
    _finished(tf.reduce_mean(tf.square(y - x)))


def spectral_norm():
    """A dense layer over the largest singular value of its kernel, by one step of the power
    iteration."""
    x = _images()
    with tf.variable_scope("discriminator"):
        w, b = weight("w", [64, 7]), zeros("b", [7])
        u = tf.get_variable("u", [1, 7], initializer=tf.ones_initializer(), trainable=False)
        v = tf.stop_gradient(tf.nn.l2_normalize(tf.matmul(u, w, transpose_b=True)))
        moved = tf.stop_gradient(tf.nn.l2_normalize(tf.matmul(v, w)))
        sigma = tf.matmul(tf.matmul(v, w), moved, transpose_b=True)
        tf.add_to_collection(tf.GraphKeys.UPDATE_OPS, tf.assign(u, moved))
        h = tf.matmul(tf.reshape(x, [-1, 64]), w / sigma) + b
        _finished(_cross_entropy(dense(tf.nn.leaky_relu(h, 0.2), 1)))


def pixel_shuffle():
    z = tf.placeholder(tf.float32, [None, 5], "z")
    with tf.variable_scope("generator"):
        h = tf.nn.relu(tf.reshape(dense(z, 48), [-1, 4, 4, 3]))
        h = tf.depth_to_space(_convolution(h, 8, 3, 1), 2)  # [N, 8, 8, 2]
        y = tf.tanh(_convolution(h, 1, 3, 1, "out"))
    _finished(tf.reduce_mean(tf.square(y - 0.5)))


def nearest():
    """Twice the size by four copies and depth_to_space."""
    z = tf.placeholder(tf.float32, [None, 5], "z")
    with tf.variable_scope("generator"):
        h = tf.nn.relu(tf.reshape(dense(z, 48), [-1, 4, 4, 3]))
        h = tf.depth_to_space(tf.concat([h, h, h, h], 3), 2)
        y = tf.tanh(_convolution(h, 1, 3, 1, "out"))
    _finished(tf.reduce_mean(tf.square(y - 0.5)))


def grown():
    """A dense layer without biases makes maps."""
    z = tf.placeholder(tf.float32, [None, 5], "z")
    with tf.variable_scope("generator"):
        h = tf.nn.relu(tf.reshape(tf.matmul(z, weight("fc/w", [5, 48])), [-1, 4, 4, 3]))
        y = tf.tanh(_convolution(h, 1, 3, 1, "out"))
    _finished(tf.reduce_mean(tf.square(y - 0.5)))


def prelu():
    x = _images()
    with tf.variable_scope("discriminator"):
        h = _convolution(x, 3)
        h = tf.nn.relu(h) - zeros("alpha", [3], 0.25) * tf.nn.relu(-h)
        _finished(_cross_entropy(dense(tf.reshape(h, [-1, 48]), 1)))


def group_norm():
    """Of two groups of two channels."""
    x = _images()
    with tf.variable_scope("discriminator"):
        groups = tf.reshape(_convolution(x, 4), [-1, 4, 4, 2, 2])
        mean, variance = tf.nn.moments(groups, [1, 2, 4], keepdims=True)
        h = tf.reshape((groups - mean) * tf.rsqrt(variance + 1e-5), [-1, 4, 4, 4])
        h = tf.nn.relu(h * zeros("gamma", [4], 1.0) + zeros("beta", [4]))
        _finished(_cross_entropy(dense(tf.reshape(h, [-1, 64]), 1)))


def depthwise():
    x = _images(3)
    with tf.variable_scope("discriminator"):
        h = tf.nn.depthwise_conv2d(x, weight("depth/w", [3, 3, 3, 1]), [1, 1, 1, 1], "SAME")
        h = tf.nn.relu(_convolution(h, 4, 1, 1, "point"))
        _finished(_cross_entropy(dense(tf.reduce_mean(h, [1, 2]), 1)))


def embedding():
    """Noise times the row of its label, which is scaled."""
    y = tf.placeholder(tf.int32, [None], "y")
    z = tf.placeholder(tf.float32, [None, 5], "z")
    with tf.variable_scope("generator"):
        e = tf.nn.embedding_lookup(weight("embedding", [10, 5]), tf.mod(y, 10)) * 3
        h = tf.nn.relu(dense(z * e, 12))
        _finished(tf.reduce_mean(tf.square(dense(h, 20, name="out") - 0.5)))


def _discriminator(x, reuse=False):
    with tf.variable_scope("discriminator", reuse=reuse):
        h = tf.nn.leaky_relu(_convolution(x, 3), 0.2)
        return dense(tf.reshape(h, [-1, 48]), 1)


def averaged_weights():
    loss = tf.identity(_cross_entropy(_discriminator(_images())), "loss")
    train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    with tf.control_dependencies([train]):
        average = tf.train.ExponentialMovingAverage(EMA_DECAY)
        tf.group(average.apply(tf.trainable_variables()), name="train")


def adam(decays=True, l2=False):
    """Adam, beside it a part of each weight taken off: AdamW by hand. `l2`: of the loss instead."""
    loss = tf.identity(_cross_entropy(_discriminator(_images())), "loss")
    if l2:
        loss += DECAY * tf.add_n([tf.nn.l2_loss(v) for v in tf.trainable_variables()])
    made = tf.train.AdamOptimizer(RATE)
    pairs = made.compute_gradients(loss)
    with tf.control_dependencies([g for g, _ in pairs]):
        decayed = [tf.assign_sub(v, RATE * DECAY * v) for _, v in pairs] if decays else []
    with tf.control_dependencies(decayed):
        made.apply_gradients(pairs, name="train")


def judge():
    _finished(_cross_entropy(_discriminator(_images())))


def gan():
    x = tf.placeholder(tf.float32, [None, *SHAPE], "x")
    z = tf.placeholder(tf.float32, [None, 5], "z")
    with tf.variable_scope("generator"):
        fake = tf.reshape(tf.tanh(dense(z, 64)), [-1, *SHAPE])
    on_real, on_fake = _discriminator(x), _discriminator(fake, reuse=True)
    d_loss = tf.add(_cross_entropy(on_real), _cross_entropy(on_fake, 0.0), "d_loss")
    g_loss = tf.identity(_cross_entropy(on_fake), "g_loss")
    for name, loss in (("discriminator", d_loss), ("generator", g_loss)):
        trained("sgd", 0.1, loss, tf.trainable_variables(name), f"train_{name[0]}")


def channels_first():
    """Maps as a GPU has them, of flat images; `maximum` for leaky ReLU."""
    x = tf.placeholder(tf.float32, [None, 64], "x")
    h = tf.reshape(x, [-1, 1, 8, 8])
    with tf.variable_scope("discriminator"):
        for name, channels in (("a", 3), ("b", 4)):
            w = weight(f"{name}/w", [5, 5, h.shape[1], channels])
            h = tf.nn.conv2d(h, w, [1, 1, 2, 2], "SAME", data_format="NCHW")
            h = tf.nn.bias_add(h, zeros(f"{name}/b", [channels]), data_format="NCHW")
            h = tf.maximum(0.2 * h, h)  # [N, 3, 4, 4], [N, 4, 2, 2]
        _finished(_cross_entropy(dense(tf.reshape(h, [-1, 16]), 1)))


def drawn_channels_first(channels=5):
    """A generator whose noise is shaped to maps with channels first."""
    z = tf.placeholder(tf.float32, [None, 5], "z")
    with tf.variable_scope("generator"):
        h = tf.nn.leaky_relu(tf.reshape(dense(z, channels * 16), [-1, channels, 4, 4]), 0.2)
        w = weight("conv/w", [3, 3, channels, 2])
        y = tf.tanh(tf.nn.conv2d(h, w, 1, "SAME", data_format="NCHW"))  # [N, 2, 4, 4]
    _finished(tf.reduce_mean(tf.square(y - 0.5)))
