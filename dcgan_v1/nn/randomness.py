"""Everything random is a function of (seed, stream, step).

No generator state exists, so the variables and the global step are the whole state of
training: a restored run draws what the uninterrupted one would have drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow.compat.v1 as tf

Size = Sequence[Any]  # of ints and scalar tensors
# One number per purpose, so that no two purposes ever share a draw.
STREAMS = {
    "z_discriminator": 1,
    "z_generator": 2,
    "z_samples": 3,
    "data_order": 4,
    "z": 5,
    "flip": 6,
    "keep_real1": 7,
    "keep_real2": 8,
    "keep_fake1": 9,
    "keep_fake2": 10,
    "keep_new_fake1": 11,
    "keep_new_fake2": 12,
    "augment_real": 13,
    "augment_fake": 14,
    "classifier_shift": 15,
    "classifier_keep": 16,
}


def seed_at(seed: int, stream: str, step: tf.Tensor | int) -> tf.Tensor:
    """Returns the stateless seed of a draw, int64 [2].

    Args:
      seed: the run's.
      stream: the purpose, a key of STREAMS.
      step: int64 scalar, or a number.
    """
    base = tf.constant([seed, STREAMS[stream]], tf.int64)
    return tf.random.experimental.stateless_fold_in(base, step, alg="philox")


def noise(kind: str, shape: Size, seed: int, stream: str, step: tf.Tensor | int) -> tf.Tensor:
    """Draws float32 latents.

    Args:
      kind: 'normal' for mean 0 and deviation 1, or 'uniform' in [-1, 1).
      shape: [N, z_dim]; N may be a scalar tensor.
      seed, stream, step: see `seed_at`.
    """
    at = seed_at(seed, stream, step)
    if kind == "normal":
        return tf.random.stateless_normal(shape, at, alg="philox")
    return tf.random.stateless_uniform(shape, at, -1.0, 1.0, alg="philox")


def fractions(shape: Size, seed: int, stream: str, step: tf.Tensor | int) -> tf.Tensor:
    """Draws float32 numbers, uniform in [0, 1).

    Args:
      seed, stream, step: see `seed_at`.
    """
    return tf.random.stateless_uniform(shape, seed_at(seed, stream, step))


def coin(shape: Size, seed: int, stream: str, step: tf.Tensor | int) -> tf.Tensor:
    """Draws bools, each true half of the time.

    Args:
      seed, stream, step: see `seed_at`.
    """
    return fractions(shape, seed, stream, step) < 0.5


def keep(shape: Size, rate: float, seed: int, stream: str, step: tf.Tensor | int) -> tf.Tensor:
    """Draws dropout's mask: bools, each false with probability `rate`.

    Args:
      shape: [N, ...], of what is dropped from.
      rate: in [0, 1).
      seed, stream, step: see `seed_at`.
    """
    return fractions(shape, seed, stream, step) >= rate


def shuffled_batch(step: tf.Tensor, batch_size: int, size: int, seed: int) -> tf.Tensor:
    """Returns which examples make up the batch of `step`: int64 [batch_size].

    Each epoch is a permutation of its own of range(size). A batch that reaches an
    epoch's end is filled up from the next one, as the TF1 MNIST loader did.

    Args:
      step: int64 scalar tensor, batches drawn so far.
      size: examples of an epoch.
    """
    position = step * batch_size + tf.range(batch_size, dtype=tf.int64)
    return _shuffled(position % size, position // size, size, seed)


def batch_of_epoch(
    step: tf.Tensor,
    batch_size: int,
    size: int,
    seed: int,
    *,
    order: str = "shuffled",
    last: str = "dropped",
) -> tf.Tensor:
    """Like `shuffled_batch`, but no batch reaches into the next epoch.

    Args:
      order: 'shuffled' again each epoch, or as on 'file'.
      last: an epoch's incomplete last batch is 'dropped', or taken 'smaller'.
    """
    batches = epoch_steps(batch_size, size, last)
    start = step % batches * batch_size
    position = tf.range(start, tf.minimum(start + batch_size, size))
    if order == "file":
        return position
    epoch = tf.fill(tf.shape(position), step // batches)
    return _shuffled(position, epoch, size, seed)


def epoch_steps(batch_size: int, size: int, last: str = "dropped") -> int:
    """Returns how many batches an epoch of `batch_of_epoch` has.

    Args:
      batch_size: images a batch.
      size: images of the data set.
      last: what becomes of a smaller last batch.
    """
    return size // batch_size if last == "dropped" else -(-size // batch_size)


def _shuffled(position: tf.Tensor, epoch: tf.Tensor, size: int, seed: int) -> tf.Tensor:
    """Where the permutation of range(size) that belongs to `epoch` puts `position`."""
    count = tf.size(position)
    base = tf.fill([count], tf.constant(seed, tf.int64))
    stream = tf.fill([count], tf.constant(STREAMS["data_order"], tf.int64))
    # The public index_shuffle takes two-integer seeds only; the op under it, three. Its
    # default of 4 rounds leaves the orders of some epochs correlated by up to 0.8.
    return tf.random_index_shuffle(
        index=position,
        seed=tf.stack([base, stream, epoch], axis=1),  # [count, 3]
        max_index=tf.constant(size - 1, tf.int64),
        rounds=12,
    )
