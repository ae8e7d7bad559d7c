"""The five systems as programs to compare: TF1 graphs, built by a function, and counterparts."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from dcgan_v1 import models, ports, systems
from dcgan_v1.config import Config
from dcgan_v1.migration.specs import Keras, Tf1, Torch

if TYPE_CHECKING:
    from dcgan_v1.nn.training_steps import Step


def old(model: str, **settings: Any) -> Tf1:
    """The TF1 side of a system."""
    config = systems.get(model).config(**settings)
    return Tf1(function=partial(build_graph, config))


def new(model: str, against: str, **settings: Any) -> Keras | Torch:
    """A counterpart as a port: 'tf2', 'keras' or 'torch'."""
    width = {"width": settings["width"]} if "width" in settings else {}
    return port(ports.get(model, against).Gan(**width), against)


def port(gan: Any, against: str) -> Keras | Torch:
    """A counterpart's `Gan` as a port."""
    models_of = {"generator": gan.generator, "discriminator": gan.discriminator}
    framework = Torch if against == "torch" else Keras
    return framework(models_of, gan.optimizers, gan.train_step)


def build_graph(config: Config, dtype: str = "float32") -> Step:
    """Builds a system's training step and both its networks in inference.

    Placeholders have the names of the arguments of the counterparts' `train_step`.

    Returns:
      The Step.
    """
    import tensorflow.compat.v1 as tf

    tf.set_random_seed(config.seed)
    system, model = systems.get(config.model), models.get(config.model)
    real = tf.placeholder(dtype, [None, *system.image_shape], "real")
    feeds = {"real": real}
    for name in system.streams:
        feeds[name] = tf.placeholder(dtype, [None, system.z_dim], name)
    for name, shape in system.masks.items():
        feeds[name] = tf.placeholder(tf.bool, [None, *shape], name)
    generator, discriminator = model.networks(config)
    step = model.training_step(config, generator, discriminator, **feeds)
    images, _ = generator(feeds[system.streams[-1]], False)
    logits, _ = discriminator(real, False)
    tf.identity(images, "images"), tf.identity(logits, "logits")
    return step
