"""Trains the MNIST classifier: Adam, on digits shifted by up to two pixels."""

import numpy as np
import tensorflow.compat.v1 as tf
from tqdm import tqdm

from dcgan_v1 import checkpoints, optimizers, randomness, runtime
from dcgan_v1.data.pipeline import InMemory
from dcgan_v1.metrics import classifier

BATCH = 128
LEARNING_RATE = 2e-3  # falls to 0 on a line
SHIFT = 2  # pixels, at most, down and right or up and left
CHUNK = 500  # test images at a time


def train_classifier(train, test, out, *, epochs, seed, device="auto"):
    """Trains on one split, counts what is right of the other, writes a checkpoint.

    Args:
      train, test: `data.mnist.Mnist`.
      out: Path of the checkpoint.

    Returns:
      The accuracy on `test`.
    """
    config, line = runtime.session_config(device)
    print(line)
    steps = epochs * len(train.labels) // BATCH
    with tf.Graph().as_default(), tf.Session(config=config) as session:
        tf.set_random_seed(seed)
        step = tf.train.get_or_create_global_step()
        now = tf.identity(step.read_value())
        images, labels, start = _batches(train, seed, now)
        op, loss = _step(images, labels, seed, now, steps)
        image_ph = tf.placeholder(tf.float32, [None, *classifier.IMAGE_SHAPE])
        answers = tf.argmax(classifier.classify(image_ph, False)[0], 1)
        networks = [
            v
            for v in tf.global_variables()
            if v.op.name.startswith(f"{classifier.NAME}/")
            and not optimizers.is_optimizers(v.op.name)
        ]
        session.run(tf.global_variables_initializer())
        start(session)
        tf.get_default_graph().finalize()
        with tqdm(total=steps, unit="step", desc="training") as bar:
            for _ in range(steps):
                _, value = session.run([op, loss])
                bar.set_postfix(loss=f"{value:.4f}", refresh=False)
                bar.update()
        given = [
            session.run(answers, {image_ph: test.images[i : i + CHUNK] / 255.0})
            for i in range(0, len(test.labels), CHUNK)
        ]
        values = session.run({v.op.name: v for v in networks})
    checkpoints.write(out, values)
    return float(np.mean(np.concatenate(given) == test.labels))


def _batches(train, seed, now):
    """Returns images [N, 28, 28, 1] in [0, 1], labels [N], and a function to start."""
    config = _Order(BATCH, seed)
    images, start_images = InMemory(train.images).build(config, now)
    labels, start_labels = InMemory(train.labels).build(config, now)

    def start(session):
        start_images(session, 0)
        start_labels(session, 0)

    shifts = randomness.fractions([BATCH, 2], seed, "classifier_shift", now)
    return _shifted(tf.cast(images, tf.float32) / 255.0, shifts), labels, start


class _Order:
    """What `pipeline` asks of a config."""

    def __init__(self, batch_size, seed):
        self.batch_size, self.seed = batch_size, seed


def _shifted(images, fractions):
    """Moves each image by its own -SHIFT to SHIFT pixels down and right."""
    offsets = tf.cast(tf.floor(fractions * (2 * SHIFT + 1)), tf.int32)  # [N, 2]
    padded = tf.pad(images, [[0, 0], [SHIFT, SHIFT], [SHIFT, SHIFT], [0, 0]])
    inside = tf.range(28)
    rows = offsets[:, :1] + inside  # [N, 28]
    columns = offsets[:, 1:] + inside
    padded = tf.gather(padded, rows, axis=1, batch_dims=1)
    return tf.gather(padded, columns, axis=2, batch_dims=1)


def _step(images, labels, seed, now, steps):
    """Returns (op, loss) of one update."""
    keep = randomness.keep(
        [BATCH, classifier.FEATURES], classifier.DROPOUT, seed, "classifier_keep", now
    )
    logits, _, updates = classifier.classify(images, True, keep=keep)
    loss = tf.reduce_mean(
        tf.nn.sparse_softmax_cross_entropy_with_logits(
            labels=tf.cast(labels, tf.int32), logits=logits
        )
    )
    left = 1.0 - tf.cast(now, tf.float32) / steps
    adam = tf.train.AdamOptimizer(LEARNING_RATE * left, name="classifier_adam")
    with tf.control_dependencies(updates):
        return adam.minimize(loss, tf.train.get_global_step()), loss
