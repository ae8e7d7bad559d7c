"""Training images as tensors of the graph, their order a function of (seed, step).

A data set has `size`, `epoch_steps(batch_size)`, `smallest_batch(batch_size)` and
`where(step, batch_size)` for people, and `build(config, now)`, which returns the batch
of step `now` and the function that starts it. Of several workers each gets its share of
that batch.
"""

import numpy as np
import tensorflow.compat.v1 as tf

from dcgan_v1.distributed import collectives
from dcgan_v1.nn import randomness

AHEAD = 4  # batches made while a step runs


class InMemory:
    """A set that fits into the graph's memory."""

    def __init__(self, images, last="filled"):
        """
        Args:
          images: uint8 [size, H, W, C].
          last: an epoch's incomplete last batch is 'filled' up from the next epoch, or
            taken 'smaller'.
        """
        self.images, self.size, self.last = images, len(images), last

    def epoch_steps(self, batch_size):
        """Returns how many steps an epoch takes, rounded up."""
        return randomness.epoch_steps(batch_size, self.size, "smaller")

    def smallest_batch(self, batch_size):
        """Returns how many images the smallest batch has."""
        rest = self.size % batch_size if self.last == "smaller" else 0
        return rest or batch_size

    def where(self, step, batch_size):
        """Returns (epoch, image in it) that `step` begins with."""
        if self.last == "filled":
            return divmod(step * batch_size, self.size)
        epoch, batch = divmod(step, self.epoch_steps(batch_size))
        return epoch, batch * batch_size

    def build(self, config, now):
        """Returns uint8 [N, H, W, C] of step `now`, and start(session, step)."""
        ph = tf.placeholder(tf.uint8, self.images.shape, name="images_ph")
        with tf.variable_scope("data"):  # in no collection, so in no checkpoint
            images = tf.Variable(ph, trainable=False, collections=[], name="images")
        position = (now, config.batch_size, self.size, config.seed)
        if self.last == "filled":
            chosen = randomness.shuffled_batch(*position)
        else:
            chosen = randomness.batch_of_epoch(*position, last=self.last)

        def start(session, step):
            del step  # `now` says it
            session.run(images.initializer, {ph: self.images})

        return tf.gather(images, collectives.share(chosen)), start


class Streamed:
    """Images read while training, from a memory-mapped cache or from their files.

    The last, incomplete batch of an epoch is left out.
    """

    def __init__(self, read, size):
        """read: function from a list of numbers to uint8 [N, H, W, C]; thread-safe."""
        self.read, self.size = read, size

    def epoch_steps(self, batch_size):
        """Returns how many steps an epoch takes."""
        return randomness.epoch_steps(batch_size, self.size)

    def smallest_batch(self, batch_size):
        """Returns how many images every batch has."""
        return batch_size

    def where(self, step, batch_size):
        """Returns (epoch, image in it) that `step` begins with."""
        epoch, batch = divmod(step, self.epoch_steps(batch_size))
        return epoch, batch * batch_size

    def build(self, config, now):
        """Returns uint8 [N, H, W, C] of the next step, and start(session, step)."""
        del now  # the stream keeps its own count, from the step it was started at
        start_ph = tf.placeholder(tf.int64, [], name="start_ph")

        def chosen(step):
            return step, collectives.share(
                randomness.batch_of_epoch(
                    step, config.batch_size, self.size, config.seed, order=config.order
                )
            )

        def load(step, numbers):
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

        def start(session, step):
            session.run(iterator.initializer, {start_ph: step})

        return iterator.get_next(), start
