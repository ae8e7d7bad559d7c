"""Everything random is a function of (seed, stream, step).

No generator state exists, so the variables and the global step are the whole state of
training: a restored run draws what the uninterrupted one would have drawn.
"""

import tensorflow.compat.v1 as tf

# One number per purpose, so that no two purposes ever share a draw.
STREAMS = {"z_discriminator": 1, "z_generator": 2, "z_samples": 3, "data_order": 4}


def seed_at(seed, stream, step):
    """Returns the stateless seed, int64 [2], of `stream` at `step` (scalar tensor)."""
    base = tf.constant([seed, STREAMS[stream]], tf.int64)
    return tf.random.experimental.stateless_fold_in(base, step, alg="philox")


def normal(shape, seed, stream, step, dtype=tf.float32):
    """Returns standard normal noise of `shape`."""
    return tf.random.stateless_normal(
        shape, seed_at(seed, stream, step), dtype=dtype, alg="philox"
    )


def shuffled_batch(step, batch_size, size, seed):
    """Returns which examples make up the batch of `step`: int64 [batch_size].

    Each epoch is a permutation of its own of range(size). A batch that reaches an
    epoch's end is filled up from the next one, as the TF1 MNIST loader did.

    Args:
      step: int64 scalar tensor, batches drawn so far.
    """
    position = step * batch_size + tf.range(batch_size, dtype=tf.int64)
    epoch = position // size
    base = tf.fill([batch_size], tf.constant(seed, tf.int64))
    stream = tf.fill([batch_size], tf.constant(STREAMS["data_order"], tf.int64))
    # The public index_shuffle takes two-integer seeds only; the op under it, three.
    return tf.random_index_shuffle(
        index=position % size,
        seed=tf.stack([base, stream, epoch], axis=1),  # [batch_size, 3]
        max_index=tf.constant(size - 1, tf.int64),
    )
