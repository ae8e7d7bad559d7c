"""A small TF1 GAN on 8x8 pictures, as one finds them: scopes, get_variable, a batch
norm by hand, two Adams."""

import tensorflow.compat.v1 as tf


def dense(x, units, name):
    with tf.variable_scope(name):
        w = tf.get_variable("w", [x.shape[1], units])
        b = tf.get_variable("b", [units], initializer=tf.zeros_initializer())
        return tf.matmul(x, w) + b


def batch_norm(x, training, name):
    with tf.variable_scope(name):
        n = x.shape[1]
        beta = tf.get_variable("beta", [n], initializer=tf.zeros_initializer())
        gamma = tf.get_variable("gamma", [n], initializer=tf.ones_initializer())
        pop_mean, pop_var = (
            tf.get_variable(name, [n], initializer=start, trainable=False)
            for name, start in (
                ("pop_mean", tf.zeros_initializer()),
                ("pop_var", tf.ones_initializer()),
            )
        )
        mean, var = tf.nn.moments(x, [0])
        for average, value in ((pop_mean, mean), (pop_var, var)):
            moved = tf.assign(average, 0.9 * average + 0.1 * value)
            tf.add_to_collection(tf.GraphKeys.UPDATE_OPS, moved)
        mean = tf.where(training, mean, pop_mean)
        var = tf.where(training, var, pop_var)
        return tf.nn.batch_normalization(x, mean, var, beta, gamma, 1e-5)


def build():
    images = tf.placeholder(tf.float32, [None, 8, 8, 1], "images")
    z = tf.placeholder(tf.float32, [None, 10], "z")
    training = tf.placeholder(tf.bool, [], "training")

    with tf.variable_scope("generator"):
        h = tf.nn.relu(batch_norm(dense(z, 32, "fc"), training, "bn"))
        fake = tf.reshape(tf.tanh(dense(h, 64, "out")), [-1, 8, 8, 1])

    def discriminator(x):
        with tf.variable_scope("discriminator", reuse=tf.AUTO_REUSE):
            h = tf.nn.leaky_relu(dense(tf.reshape(x, [-1, 64]), 32, "fc"))
            return dense(h, 1, "out")

    def loss(logits, label):
        labels = tf.fill(tf.shape(logits), label)
        return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits))

    on_real, on_fake = discriminator(images), discriminator(fake)
    d_loss = tf.add(loss(on_real, 1.0), loss(on_fake, 0.0), "d_loss")
    g_loss = loss(on_fake, 1.0)
    d_vars = tf.trainable_variables("discriminator")
    g_vars = tf.trainable_variables("generator")
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        tf.train.AdamOptimizer(1e-3, 0.5).minimize(d_loss, var_list=d_vars, name="train_d")
    tf.train.AdamOptimizer(1e-3, 0.5).minimize(g_loss, var_list=g_vars, name="train_g")
