"""The notebook's cells up to its optimisers, and a step of its loop."""

import json
import os
from pathlib import Path

import keras
import tensorflow as tf

from dcgan_v1.compare import Keras

notebook = json.loads(Path(os.environ["PAIR_NEW"], "dcgan.ipynb").read_text("utf-8"))
cells = ["".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == "code"]


def new():
    names = {}
    for number in (0, 1, 4, 5):  # imports, settings, networks, losses and optimisers
        exec(cells[number], names)
    generator, discriminator = names["generator"], names["discriminator"]
    discriminator(generator(tf.zeros([1, 100], keras.config.floatx())))

    def step(noise_input, real_image_input, noise_input_2):
        real = real_image_input  # in -1..1, as TF1 is fed; the notebook's step makes it of 0..1
        with tf.GradientTape() as tape:
            on_fake = discriminator(generator(noise_input, is_training=True), is_training=True)
            on_real = discriminator(real, is_training=True)
            disc_loss = names["discriminator_loss"](on_fake, on_real)
        names["optimizer_disc"].apply(
            tape.gradient(disc_loss, discriminator.trainable_variables),
            discriminator.trainable_variables,
        )
        with tf.GradientTape() as tape:
            fake = generator(noise_input_2, is_training=True)
            gen_loss = names["generator_loss"](discriminator(fake, is_training=True))
        names["optimizer_gen"].apply(
            tape.gradient(gen_loss, generator.trainable_variables), generator.trainable_variables
        )
        return {"gen_loss": gen_loss, "disc_loss": disc_loss}

    return Keras(
        models={"generator": generator, "discriminator": discriminator},
        optimizers={"gen": names["optimizer_gen"], "disc": names["optimizer_disc"]},
        step=step,
    )
