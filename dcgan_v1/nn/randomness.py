"""Everything random is a function of (seed, stream, step).

No generator state exists, so the variables and the global step are the whole state of
training: a restored run draws what the uninterrupted one would have drawn.
"""

import tensorflow.compat.v1 as tf

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


def seed_at(seed, stream, step):
    """Returns the stateless seed, int64 [2], of `stream` at `step` (scalar tensor)."""
    base = tf.constant([seed, STREAMS[stream]], tf.int64)
    return tf.random.experimental.stateless_fold_in(base, step, alg="philox")


def noise(kind, shape, seed, stream, step):
    """Returns float32 noise of `shape`, 'normal' (0, 1) or 'uniform' in [-1, 1)."""
    at = seed_at(seed, stream, step)
    if kind == "normal":
        return tf.random.stateless_normal(shape, at, alg="philox")
    return tf.random.stateless_uniform(shape, at, -1.0, 1.0, alg="philox")


def fractions(shape, seed, stream, step):
    """Returns float32 numbers, uniform in [0, 1)."""
    return tf.random.stateless_uniform(shape, seed_at(seed, stream, step))


def coin(shape, seed, stream, step):
    """Returns bools, each true half of the time."""
    return fractions(shape, seed, stream, step) < 0.5


def keep(shape, rate, seed, stream, step):
    """Returns dropout's mask: bools, each false with probability `rate`."""
    return fractions(shape, seed, stream, step) >= rate


def shuffled_batch(step, batch_size, size, seed):
    """Returns which examples make up the batch of `step`: int64 [batch_size].

    Each epoch is a permutation of its own of range(size). A batch that reaches an
    epoch's end is filled up from the next one, as the TF1 MNIST loader did.

    Args:
      step: int64 scalar tensor, batches drawn so far.
    """
    position = step * batch_size + tf.range(batch_size, dtype=tf.int64)
    return _shuffled(position % size, position // size, size, seed)


def batch_of_epoch(step, batch_size, size, seed, *, order="shuffled", last="dropped"):
    """Like `shuffled_batch`, but no batch reaches into the next epoch.

    Args:
      order: 'shuffled' anew each epoch, or as on 'file'.
      last: an epoch's incomplete last batch is 'dropped', or taken 'smaller'.
    """
    batches = epoch_steps(batch_size, size, last)
    start = step % batches * batch_size
    position = tf.range(start, tf.minimum(start + batch_size, size))
    if order == "file":
        return position
    epoch = tf.fill(tf.shape(position), step // batches)
    return _shuffled(position, epoch, size, seed)


def epoch_steps(batch_size, size, last="dropped"):
    """Returns how many batches an epoch of `batch_of_epoch` has."""
    return size // batch_size if last == "dropped" else -(-size // batch_size)


def _shuffled(position, epoch, size, seed):
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
