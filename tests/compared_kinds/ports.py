"""Ports in Keras of the TF1 programs in `programs.py`."""

import keras
import tensorflow as tf

from dcgan_v1.compare import Keras

L = keras.layers


def port(layers, optimizer, wanted=lambda x: 0.0, scale=1.0):
    m = keras.Sequential([keras.Input((4,)), *layers])

    def step(x):
        with tf.GradientTape() as tape:
            y = m(x, training=True)
            loss = tf.reduce_mean(tf.square((y - wanted(x)) * scale))
        weights = m.trainable_weights
        optimizer.apply(tape.gradient(loss, weights), weights)
        return {"loss": loss}

    return Keras({"m": m}, {"o": optimizer}, step)


def sgd():
    return keras.optimizers.SGD(0.1)


def adam(rate=0.1):
    return keras.optimizers.Adam(rate, 0.9, 0.999, epsilon=1e-8)


def pipeline():
    return port([L.Dense(3)], sgd())


def training_alone():
    return port([L.Dense(3), L.BatchNormalization(momentum=0.9)], sgd(), lambda x: x[:, :3])


def keeping():
    return port([L.Dense(3)], sgd(), scale=0.5)


def gate():
    return port([L.Dense(3, activation="sigmoid"), L.Dense(3)], adam())


def leaky():
    return port([L.Dense(3, activation=tf.nn.leaky_relu)], adam())


def hasty():
    return port([L.Dense(3, activation=tf.nn.leaky_relu)], adam(0.2))
