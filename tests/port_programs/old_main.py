"""The TF1 program that package_gan is a port of: a script with options."""

import argparse

import numpy as np
import tensorflow as tf


def dense(x, width, name):
    with tf.variable_scope(name, reuse=tf.AUTO_REUSE):
        w = tf.get_variable("w", [x.shape[1], width], initializer=tf.random_normal_initializer())
        b = tf.get_variable("b", [width], initializer=tf.zeros_initializer())
        return tf.matmul(x, w) + b


def discriminator(x):
    return dense(tf.nn.leaky_relu(dense(x, 5, "d/a"), 0.2), 1, "d/b")


def loss(logits, label):
    labels = label * tf.ones_like(logits)
    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(logits=logits, labels=labels))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--batch_size", type=int, default=64)
    args = parser.parse_args()
    x = tf.placeholder(tf.float32, [None, 4], "x")
    z = tf.placeholder(tf.float32, [None, 3], "z")
    fake = tf.nn.tanh(dense(tf.nn.relu(dense(z, 6, "g/a")), 4, "g/b"))
    on_fake = discriminator(fake)
    d_loss = loss(discriminator(x), 1.0) + loss(on_fake, 0.0)
    d_vars, g_vars = tf.trainable_variables("d/"), tf.trainable_variables("g/")
    d_optim = tf.train.AdamOptimizer(0.01, beta1=0.5).minimize(d_loss, var_list=d_vars)
    g_optim = tf.train.AdamOptimizer(0.02, beta1=0.5).minimize(loss(on_fake, 1.0), var_list=g_vars)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for step in range(100):
            batch_z = np.random.normal(size=[args.batch_size, 3])
            batch_x = np.random.uniform(size=[args.batch_size, 4])
            sess.run(d_optim, {x: batch_x, z: batch_z})
            sess.run(g_optim, {z: batch_z})


if __name__ == "__main__":
    main()
