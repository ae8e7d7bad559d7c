"""Both programs, as scripts/compare.py takes them."""

import keras_gan
import tf1_gan

from dcgan_v1.compare import Keras, Tf1


def old():
    # or, without its code: Tf1(meta="model.ckpt.meta", checkpoint="model.ckpt")
    return Tf1(function=tf1_gan.build)


def port_of(gan):
    return Keras(
        models={"generator": gan.generator, "discriminator": gan.discriminator},
        optimizers={"d_adam": gan.d_adam, "g_adam": gan.g_adam},
        step=gan.train_step,
    )


def first():
    return port_of(keras_gan.Gan())


def second():
    return port_of(keras_gan.WithTheSlope())


def third():
    return port_of(keras_gan.Right())
