"""TF1 programs of one part of a published GAN each: attention, equalised rates, norms of pixels."""

import tensorflow.compat.v1 as tf

from heaps.tf1_blocks import _convolution as convolution
from heaps.tf1_blocks import _cross_entropy as cross_entropy
from heaps.tf1_programs import dense, trained, weight, zeros


def _images():
    return tf.placeholder(tf.float32, [None, 8, 8, 1], "x")


def _judged(h):
    """The loss of maps that a dense layer judges."""
    size = int(h.shape[1] * h.shape[2] * h.shape[3])
    logits = dense(tf.reshape(h, [-1, size]), 1)
    trained("sgd", 0.1, tf.identity(cross_entropy(logits), "loss"))


def attention(gamma=0.3):
    """Maps and what they attend to, times a number that is trained."""
    x = _images()
    with tf.variable_scope("discriminator"):
        h = tf.nn.leaky_relu(convolution(x, 4), 0.2)  # [N, 4, 4, 4]
        f, g, v = (convolution(h, c, 1, 1, n) for c, n in ((2, "f"), (2, "g"), (4, "v")))
        f, g, v = (tf.reshape(t, [-1, 16, t.shape[-1]]) for t in (f, g, v))
        shares = tf.nn.softmax(tf.matmul(g, f, transpose_b=True))  # [N, 16, 16]
        seen = tf.reshape(tf.matmul(shares, v), [-1, 4, 4, 4])
        _judged(h + zeros("gamma", [], gamma) * seen)


def equalised():
    """Kernels of a standard normal distribution, times sqrt(2 / fan in) as they are used."""
    x = _images()

    def kernel(name, shape):
        fan_in = 1
        for size in shape[:-1]:
            fan_in *= size
        return weight(name, shape, 1.0) * (2 / fan_in) ** 0.5

    with tf.variable_scope("discriminator"):
        h = tf.nn.conv2d(x, kernel("conv/w", [4, 4, 1, 3]), [1, 2, 2, 1], "SAME")
        h = tf.nn.leaky_relu(h + zeros("conv/b", [3]), 0.2)
        logits = tf.matmul(tf.reshape(h, [-1, 48]), kernel("fc/w", [48, 1])) + zeros("fc/b", [1])
        trained("sgd", 0.1, tf.identity(cross_entropy(logits), "loss"))


def spread():
    """How far the rows of a batch are apart, as one more map."""
    x = _images()
    with tf.variable_scope("discriminator"):
        h = tf.nn.leaky_relu(convolution(x, 3), 0.2)
        off = h - tf.reduce_mean(h, 0, keepdims=True)
        apart = tf.sqrt(tf.reduce_mean(tf.square(off), 0) + 1e-8)
        more = tf.fill([tf.shape(x)[0], 4, 4, 1], tf.reduce_mean(apart))
        _judged(tf.reshape(tf.concat([h, more], 3), [-1, 4, 4, 4]))


def _drawn(y):
    trained("sgd", 0.1, tf.reduce_mean(tf.square(y - 0.5), name="loss"))


def pixel_norm():
    z = tf.placeholder(tf.float32, [None, 5], "z")
    with tf.variable_scope("generator"):
        h = tf.nn.leaky_relu(tf.reshape(dense(z, 48), [-1, 4, 4, 3]), 0.2)
        h *= tf.rsqrt(tf.reduce_mean(tf.square(h), 3, keepdims=True) + 1e-8)
        _drawn(tf.tanh(convolution(h, 1, 3, 1)))


def deconvolved(size=5):
    """A transposed convolution that SAME cuts at the end more than ahead."""
    z = tf.placeholder(tf.float32, [None, 5], "z")
    with tf.variable_scope("generator"):
        h = tf.nn.relu(tf.reshape(dense(z, 48), [-1, 4, 4, 3]))
        w, shape = weight("deconv/w", [size, size, 1, 3]), [tf.shape(z)[0], 8, 8, 1]
        y = tf.nn.conv2d_transpose(h, w, shape, [1, 2, 2, 1], "SAME")
        _drawn(tf.tanh(y + zeros("deconv/b", [1])))


def unet():
    """Maps of the way down beside those of the way up."""
    x = _images()
    with tf.variable_scope("generator"):
        first = tf.nn.leaky_relu(convolution(x, 3), 0.2)
        h = tf.nn.relu(convolution(first, 4, 4, 2, "second"))
        h = tf.concat([tf.image.resize_nearest_neighbor(h, [4, 4]), first], 3)
        h = tf.nn.relu(convolution(h, 3, 3, 1, "third"))
        h = tf.concat([tf.image.resize_nearest_neighbor(h, [8, 8]), x], 3)
        y = tf.tanh(convolution(h, 1, 3, 1, "out"))
    trained("sgd", 0.1, tf.reduce_mean(tf.abs(y - x), name="loss"))


def discriminated():
    """How near each row is to the others of the batch, by features of their own."""
    x = tf.placeholder(tf.float32, [None, 6], "x")
    with tf.variable_scope("d"):
        h = tf.nn.leaky_relu(dense(x, 8, name="h"), 0.2)
        m = tf.reshape(tf.matmul(h, weight("features", [8, 12])), [-1, 4, 3])
        off = tf.expand_dims(m, 3) - tf.expand_dims(tf.transpose(m, [1, 2, 0]), 0)
        near = tf.reduce_sum(tf.exp(-tf.reduce_sum(tf.abs(off), 2)), 2)  # [N, 4]
        logits = dense(tf.concat([h, near], 1), 1, name="o")
    trained("sgd", 0.1, tf.identity(cross_entropy(logits), "loss"))


def dropped():
    """A GAN of vectors whose D drops out twice, and judges what is real first."""
    x, z = tf.placeholder(tf.float32, [None, 6], "x"), tf.placeholder(tf.float32, [None, 3], "z")

    def judged(x):
        with tf.variable_scope("d", reuse=tf.AUTO_REUSE):
            h = tf.nn.dropout(tf.nn.leaky_relu(dense(x, 8, name="a"), 0.2), rate=0.3)
            h = tf.nn.dropout(tf.nn.leaky_relu(dense(h, 8, name="b"), 0.2), rate=0.3)
            return dense(h, 1, name="o")

    with tf.variable_scope("g"):
        fake = tf.tanh(dense(z, 6))
    on_real, on_fake = judged(x), judged(fake)
    d_loss = tf.add(cross_entropy(on_real), cross_entropy(on_fake, 0.0), "d_loss")
    trained("sgd", 0.1, d_loss, tf.trainable_variables("d"), "train_d")
    g_loss = tf.identity(cross_entropy(on_fake), "g_loss")
    trained("sgd", 0.1, g_loss, tf.trainable_variables("g"), "train_g")
