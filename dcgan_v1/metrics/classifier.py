"""The classifier of MNIST samples: a small convolutional network.

Not a copy of any system's discriminator, so that no generator was trained against it.
Trained with Adam on digits shifted by up to two pixels; `pretrained/mnist_classifier`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorflow.compat.v1 as tf
from tqdm import tqdm

from dcgan_v1 import runtime
from dcgan_v1.checkpoints import reading
from dcgan_v1.data.mnist import Mnist
from dcgan_v1.data.pipeline import InMemory
from dcgan_v1.nn import ops, optimizers, randomness

NAME = "mnist_classifier"
IMAGE_SHAPE = (28, 28, 1)
CLASSES = 10
FEATURES = 128
DROPOUT = 0.5
BATCH = 128
LEARNING_RATE = 2e-3  # falls to 0 on a line
SHIFT = 2  # pixels, at most, down and right or up and left
CHUNK = 500  # test images at a time
BN: dict[str, Any] = {"decay": 0.99, "epsilon": 1e-3, "gamma_initializer": tf.ones_initializer()}


def classify(
    images: tf.Tensor, is_training: bool, *, keep: tf.Tensor | None = None
) -> tuple[tf.Tensor, tf.Tensor, list[tf.Operation]]:
    """Says which digit an image shows.

    Args:
      images: [N, 28, 28, 1] in [0, 1].
      is_training: bool, see `ops.batch_norm`.
      keep: bool mask [N, 128] of the dropout; without it nothing is dropped.

    Returns:
      Logits [N, 10]; features [N, 128], at least 0, what the logits are read from; and
      batch norm's update ops.
    """
    conv = {"w_initializer": tf.glorot_uniform_initializer()}
    with tf.variable_scope(NAME, reuse=tf.AUTO_REUSE):
        h = ops.conv2d(images, 32, 3, "conv1", stride=1, **conv)  # [N, 28, 28, 32]
        h, updates1 = ops.batch_norm(h, is_training, "bn1", **BN)
        h = tf.nn.relu(h)

        h = ops.conv2d(h, 32, 5, "conv2", stride=2, **conv)  # [N, 14, 14, 32]
        h, updates2 = ops.batch_norm(h, is_training, "bn2", **BN)
        h = tf.nn.relu(h)

        h = ops.conv2d(h, 64, 3, "conv3", stride=1, **conv)  # [N, 14, 14, 64]
        h, updates3 = ops.batch_norm(h, is_training, "bn3", **BN)
        h = tf.nn.max_pool2d(tf.nn.relu(h), 2, 2, "SAME")  # [N, 7, 7, 64]

        h = tf.reshape(h, [-1, 7 * 7 * 64])  # [N, 3136]
        h = ops.linear(h, FEATURES, "linear4", **conv)  # [N, 128]
        h, updates4 = ops.batch_norm(h, is_training, "bn4", **BN)
        features = tf.nn.relu(h)  # [N, 128]

        h = features if keep is None else ops.dropout(features, keep, DROPOUT)
        bias = {"b_initializer": tf.zeros_initializer()}
        logits = ops.linear(h, CLASSES, "linear5", **conv, **bias)  # [N, 10]
        return logits, features, updates1 + updates2 + updates3 + updates4


def train(
    digits: Mnist, test: Mnist, out: Path, *, epochs: int, seed: int, device: str = "auto"
) -> float:
    """Trains on one split, counts what is right of the other, writes a checkpoint.

    Args:
      digits, test: what is trained on, and what is counted.
      out: path of the checkpoint.
      epochs: how often each digit is seen.
      seed: of initial values, dropout and order.
      device: 'auto', 'cpu' or 'gpu'.

    Returns:
      The accuracy on `test`, in [0, 1].
    """
    config, line = runtime.session_config(device)
    print(line)
    steps = epochs * len(digits.labels) // BATCH
    with tf.Graph().as_default(), tf.Session(config=config) as session:
        tf.set_random_seed(seed)
        step = tf.train.get_or_create_global_step()
        now = tf.identity(step.read_value())
        images, labels, start = _batches(digits, seed, now)
        op, loss = _step(images, labels, seed, now, steps)
        image_ph = tf.placeholder(tf.float32, [None, *IMAGE_SHAPE])
        answers = tf.argmax(classify(image_ph, False)[0], 1)
        networks = [
            v
            for v in tf.global_variables()
            if v.op.name.startswith(f"{NAME}/") and not optimizers.is_optimizer_variable(v.op.name)
        ]
        session.run(tf.global_variables_initializer())
        start(session)
        tf.get_default_graph().finalize()
        with tqdm(total=steps, unit="step", desc="training") as bar:
            for _ in range(steps):
                _, value = session.run([op, loss])
                bar.set_postfix(loss=f"{value:.4f}", refresh=False)
                bar.update()
        predicted = [
            session.run(answers, {image_ph: test.images[i : i + CHUNK] / 255.0})
            for i in range(0, len(test.labels), CHUNK)
        ]
        values = session.run({v.op.name: v for v in networks})
    reading.write(out, values)
    return float(np.mean(np.concatenate(predicted) == test.labels))


def _batches(
    digits: Mnist, seed: int, now: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor, Callable[[tf.Session], None]]:
    """Returns images [N, 28, 28, 1] in [0, 1], labels [N], and a function to start."""
    config = _Order(BATCH, seed)
    images, start_images = InMemory(digits.images).build(config, now)
    labels, start_labels = InMemory(digits.labels).build(config, now)

    def start(session: tf.Session) -> None:
        start_images(session, 0)
        start_labels(session, 0)

    shifts = randomness.fractions([BATCH, 2], seed, "classifier_shift", now)
    return _shifted(tf.cast(images, tf.float32) / 255.0, shifts), labels, start


class _Order(NamedTuple):
    """What `pipeline` asks of a config."""

    batch_size: int
    seed: int


def _shifted(images: tf.Tensor, fractions: tf.Tensor) -> tf.Tensor:
    """Moves each image by its own -SHIFT to SHIFT pixels down and right."""
    offsets = tf.cast(tf.floor(fractions * (2 * SHIFT + 1)), tf.int32)  # [N, 2]
    padded = tf.pad(images, [[0, 0], [SHIFT, SHIFT], [SHIFT, SHIFT], [0, 0]])
    inside = tf.range(28)
    rows = offsets[:, :1] + inside  # [N, 28]
    columns = offsets[:, 1:] + inside
    padded = tf.gather(padded, rows, axis=1, batch_dims=1)
    return tf.gather(padded, columns, axis=2, batch_dims=1)


def _step(
    images: tf.Tensor, labels: tf.Tensor, seed: int, now: tf.Tensor, steps: int
) -> tuple[tf.Operation, tf.Tensor]:
    """Returns (op, loss) of one update."""
    keep = randomness.keep([BATCH, FEATURES], DROPOUT, seed, "classifier_keep", now)
    logits, _, updates = classify(images, True, keep=keep)
    loss = tf.reduce_mean(
        tf.nn.sparse_softmax_cross_entropy_with_logits(
            labels=tf.cast(labels, tf.int32), logits=logits
        )
    )
    left = 1.0 - tf.cast(now, tf.float32) / steps
    adam = tf.train.AdamOptimizer(LEARNING_RATE * left, name="classifier_adam")
    with tf.control_dependencies(updates):
        return adam.minimize(loss, tf.train.get_global_step()), loss
