"""Training images as tensors of the graph, their order a function of (seed, step).

Of several workers each gets its share of a batch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import tensorflow.compat.v1 as tf

from dcgan_v1.data.image_dataset import Read
from dcgan_v1.distributed import collectives
from dcgan_v1.nn import randomness

AHEAD = 4  # batches prepared while a step runs
Start = Callable[[tf.Session, int], None]  # of (session, step): makes the data ready


class TrainingData(Protocol):
    """A training set, of `size` images."""

    size: int

    def epoch_steps(self, batch_size: int) -> int:
        """Returns how many steps an epoch takes, rounded up."""

    def smallest_batch(self, batch_size: int) -> int:
        """Returns how many images the smallest batch has."""

    def where(self, step: int, batch_size: int) -> tuple[int, int]:
        """Returns (epoch, image in it) that `step` begins with, for people."""

    def build(self, config: Any, now: tf.Tensor) -> tuple[tf.Tensor, Start]:
        """Builds the data's part of a training graph.

        Args:
          config: has `batch_size`, `seed` and, for `Streamed`, `order` and `flip`.
          now: int64 scalar, the step.

        Returns:
          uint8 [N, H, W, C], the batch of step `now`; and the function that starts it.
        """


class InMemory:
    """A set that fits into the graph's memory."""

    def __init__(self, images: np.ndarray, last: str = "filled") -> None:
        """
        Args:
          images: uint8 [size, H, W, C].
          last: an epoch's incomplete last batch is 'filled' up from the next epoch, or
            taken 'smaller'.
        """
        self.images, self.size, self.last = images, len(images), last

    def epoch_steps(self, batch_size: int) -> int:
        return randomness.epoch_steps(batch_size, self.size, "smaller")

    def smallest_batch(self, batch_size: int) -> int:
        rest = self.size % batch_size if self.last == "smaller" else 0
        return rest or batch_size

    def where(self, step: int, batch_size: int) -> tuple[int, int]:
        if self.last == "filled":
            return divmod(step * batch_size, self.size)
        epoch, batch = divmod(step, self.epoch_steps(batch_size))
        return epoch, batch * batch_size

    def build(self, config: Any, now: tf.Tensor) -> tuple[tf.Tensor, Start]:
        ph = tf.placeholder(tf.uint8, self.images.shape, name="images_ph")
        # in no collection, so in no checkpoint
        images = tf.Variable(ph, trainable=False, collections=[], name="images")
        position = (now, config.batch_size, self.size, config.seed)
        if self.last == "filled":
            numbers = randomness.shuffled_batch(*position)
        else:
            numbers = randomness.batch_of_epoch(*position, last=self.last)

        def start(session: tf.Session, step: int) -> None:
            del step  # `now` says it
            session.run(images.initializer, {ph: self.images})

        return tf.gather(images, collectives.share(numbers)), start


class Streamed:
    """Images read while training, from a memory-mapped cache or from their files.

    The last, incomplete batch of an epoch is left out.
    """

    def __init__(self, read: Read, size: int) -> None:
        """
        Args:
          read: called from several threads.
          size: how many images there are.
        """
        self.read, self.size = read, size

    def epoch_steps(self, batch_size: int) -> int:
        return randomness.epoch_steps(batch_size, self.size)

    def smallest_batch(self, batch_size: int) -> int:
        return batch_size

    def where(self, step: int, batch_size: int) -> tuple[int, int]:
        epoch, batch = divmod(step, self.epoch_steps(batch_size))
        return epoch, batch * batch_size

    def build(self, config: Any, now: tf.Tensor) -> tuple[tf.Tensor, Start]:
        del now  # the stream keeps its own count, from the step it was started at
        start_ph = tf.placeholder(tf.int64, [], name="start_ph")

        def chosen(step: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            return step, collectives.share(
                randomness.batch_of_epoch(
                    step, config.batch_size, self.size, config.seed, order=config.order
                )
            )

        def load(step: tf.Tensor, numbers: tf.Tensor) -> tf.Tensor:
            batch = tf.numpy_function(self.read, [numbers], tf.uint8)
            rows = config.batch_size // collectives.count()
            batch = tf.ensure_shape(batch, [rows, None, None, 3])
            if not config.flip:
                return batch
            mirrored = randomness.coin([config.batch_size], config.seed, "flip", step)
            mirrored = collectives.share(mirrored)
            flipped = tf.reverse(batch, [2])
            return tf.where_v2(mirrored[:, None, None, None], flipped, batch)

        steps = tf.data.Dataset.range(start_ph, np.iinfo(np.int64).max)
        batches = steps.map(chosen).map(load, num_parallel_calls=2).prefetch(AHEAD)
        iterator = tf.data.make_initializable_iterator(batches)

        def start(session: tf.Session, step: int) -> None:
            session.run(iterator.initializer, {start_ph: step})

        return iterator.get_next(), start
