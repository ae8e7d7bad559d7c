"""A small TF1 GAN as people wrote them, for run_legacy.py and the recorder.

A z of its own for each session call, dropout drawn by the graph, averages moved in place."""

import numpy as np
import tensorflow as tf

ROWS, Z = 8, 3


def generator(z, train, reuse=False):
    with tf.variable_scope("g", reuse=reuse):
        w = tf.get_variable("w", [Z, 6], initializer=tf.random_normal_initializer(seed=1))
        h = tf.contrib.layers.batch_norm(
            tf.matmul(z, w),
            decay=0.9,
            updates_collections=None,
            epsilon=1e-5,
            scale=True,
            is_training=train,
            fused=False,
            scope="bn",
        )
        v = tf.get_variable("v", [6, 4], initializer=tf.random_normal_initializer(seed=2))
        return tf.nn.tanh(tf.matmul(tf.nn.relu(h), v))


def discriminator(x, keep, reuse=False):
    with tf.variable_scope("d", reuse=reuse):
        w = tf.get_variable("w", [4, 5], initializer=tf.random_normal_initializer(seed=3))
        b = tf.get_variable("b", [5], initializer=tf.zeros_initializer())
        h = tf.nn.dropout(tf.nn.relu(tf.matmul(x, w) + b), keep)
        v = tf.get_variable("v", [5, 1], initializer=tf.random_normal_initializer(seed=4))
        return tf.matmul(h, v)


def cross_entropy(logits, label):
    return tf.reduce_mean(
        tf.nn.sigmoid_cross_entropy_with_logits(logits=logits, labels=label * tf.ones_like(logits))
    )


def main():
    np.random.seed(0)
    tf.set_random_seed(1)
    x = tf.placeholder(tf.float32, [ROWS, 4], "x")
    z = tf.placeholder(tf.float32, [ROWS, Z], "z")
    train = tf.placeholder(tf.bool, [], "train")
    keep = tf.placeholder(tf.float32, [], "keep")
    fake = generator(z, train)
    d_loss = cross_entropy(discriminator(x, keep), 1.0)
    on_fake = discriminator(fake, keep, reuse=True)
    d_loss += cross_entropy(on_fake, 0.0)
    g_loss = cross_entropy(on_fake, 1.0)
    of = lambda scope: tf.get_collection(tf.GraphKeys.TRAINABLE_VARIABLES, scope)
    d_step = tf.train.AdamOptimizer(0.01, 0.5).minimize(d_loss, var_list=of("d"))
    g_step = tf.train.AdamOptimizer(0.02, 0.5).minimize(g_loss, var_list=of("g"))
    saver = tf.train.Saver()
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for step in range(20):
            draw = lambda: np.random.uniform(-1, 1, (ROWS, Z))
            real = np.random.normal(size=(ROWS, 4))
            feed = {train: True, keep: 0.5}
            feed.update({x: real, z: draw()})
            _, d = session.run([d_step, d_loss], feed)
            feed.update({z: draw()})
            _, g = session.run([g_step, g_loss], feed)
            print("%d %.6f %.6f" % (step, d, g))
        saver.save(session, "small_gan")


if __name__ == "__main__":
    main()
