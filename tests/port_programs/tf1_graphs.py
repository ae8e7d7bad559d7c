"""TF1 graphs, as functions, that the programs of this folder are ports of."""

import tensorflow.compat.v1 as tf

from dcgan_v1.compare import Tf1


def dense(x, width, name):
    """A layer with the names that TF1 programs used."""
    with tf.variable_scope(name, reuse=tf.AUTO_REUSE):
        w = tf.get_variable("w", [x.shape[1], width], initializer=tf.random_normal_initializer())
        return tf.matmul(x, w) + tf.get_variable("b", [width], initializer=tf.zeros_initializer())


def cross_entropy(logits, label):
    labels = label * tf.ones_like(logits)
    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(logits=logits, labels=labels))


def networks(keep=None):
    x = tf.placeholder(tf.float32, [None, 4], "x")
    z = tf.placeholder(tf.float32, [None, 3], "z")

    def discriminator(x):
        h = tf.nn.leaky_relu(dense(x, 5, "d/a"), 0.2)
        h = h if keep is None else tf.nn.dropout(h, keep)
        return dense(h, 1, "d/b")

    fake = tf.nn.tanh(dense(tf.nn.relu(dense(z, 6, "g/a")), 4, "g/b"))
    return discriminator(x), discriminator(fake)


def of(scope):
    return tf.trainable_variables(scope)


def gan(keep=None):
    real, fake = networks(keep)
    d_loss = tf.add(cross_entropy(real, 1.0), cross_entropy(fake, 0.0), name="d_loss")
    g_loss = cross_entropy(fake, 1.0)
    tf.train.AdamOptimizer(0.01, 0.5).minimize(d_loss, var_list=of("d/"), name="d_train")
    tf.train.AdamOptimizer(0.02, 0.5).minimize(g_loss, var_list=of("g/"), name="g_train")


def adversarial():
    """A GAN."""
    return Tf1(function=gan, runs=[["d_train"], ["g_train"]])


def with_dropout():
    """A GAN that drops out half of what its discriminator sees."""
    return Tf1(
        function=lambda: gan(tf.placeholder(tf.float32, [], "keep")),
        runs=[["d_train"], ["g_train"]],
        training={"keep": 0.5},
        inference={"keep": 1.0},
    )


def wasserstein():
    """A WGAN, its weights clipped after the critic's update."""

    def build():
        real, fake = networks()
        d_loss = tf.reduce_mean(fake) - tf.reduce_mean(real)
        g_loss = -tf.reduce_mean(fake)
        descent = tf.train.GradientDescentOptimizer(0.05)
        descent.minimize(d_loss, var_list=of("d/"), name="d_train")
        descent.minimize(g_loss, var_list=of("g/"), name="g_train")
        clips = [v.assign(tf.clip_by_value(v, -0.05, 0.05)) for v in of("d/")]
        tf.group(*clips, name="clip")

    return Tf1(function=build, runs=[["d_train"], ["clip"], ["g_train"]])


def classifier():
    """A classifier: convolution, batch norm, pooling, gradients that are clipped, and a rate that
    falls."""

    def build():
        images = tf.placeholder(tf.float32, [None, 8, 8, 1], "images")
        labels = tf.placeholder(tf.int64, [None], "labels")
        w = tf.get_variable("conv/w", [3, 3, 1, 6], initializer=tf.random_normal_initializer())
        h = tf.nn.conv2d(images, w, [1, 1, 1, 1], "SAME")
        beta = tf.get_variable("bn/beta", [6], initializer=tf.zeros_initializer())
        gamma = tf.get_variable("bn/gamma", [6], initializer=tf.ones_initializer())
        mean, variance = tf.nn.moments(h, [0, 1, 2])
        h = tf.nn.relu(tf.nn.batch_normalization(h, mean, variance, beta, gamma, 1e-5))
        h = tf.nn.max_pool(h, [1, 2, 2, 1], [1, 2, 2, 1], "VALID")
        logits = dense(tf.reshape(h, [-1, 96]), 3, "out")
        loss = tf.reduce_mean(
            tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
        )
        step = tf.train.get_or_create_global_step()
        rate = tf.train.exponential_decay(0.1, step, 2, 0.5, staircase=True)
        variables = tf.trainable_variables()
        gradients = [tf.clip_by_value(g, -0.02, 0.02) for g in tf.gradients(loss, variables)]
        tf.train.MomentumOptimizer(rate, 0.9).apply_gradients(
            zip(gradients, variables, strict=True), step, name="train"
        )

    return Tf1(function=build, runs=[["train"]])


def on_batch():
    """A GAN whose discriminator is fed images and labels."""

    def build():
        x = tf.placeholder(tf.float32, [None, 4], "x")
        z = tf.placeholder(tf.float32, [None, 3], "z")
        labels = tf.placeholder(tf.float32, [None, 1], "labels")

        def discriminator(x):
            return dense(tf.nn.leaky_relu(dense(x, 5, "d/a"), 0.2), 1, "d/b")

        fake = tf.nn.tanh(dense(tf.nn.relu(dense(z, 6, "g/a")), 4, "g/b"))
        loss = tf.nn.sigmoid_cross_entropy_with_logits
        d_loss = tf.reduce_mean(loss(logits=discriminator(x), labels=labels))
        g_loss = cross_entropy(discriminator(fake), 1.0)
        tf.train.AdamOptimizer(0.01, 0.5).minimize(d_loss, var_list=of("d/"), name="d_train")
        tf.train.AdamOptimizer(0.02, 0.5).minimize(g_loss, var_list=of("g/"), name="g_train")

    return Tf1(function=build, runs=[["d_train"], ["g_train"]])
