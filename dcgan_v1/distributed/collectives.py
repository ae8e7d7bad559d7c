"""Sums over all workers, by all-reduces in a graph that is built to be joined.

Every worker builds the same graph and holds a share of each batch. What a batch has in
common, a mean or a gradient, is summed over the shares by an all-reduce. Outside
`joined` there is one worker and every function here gives what it is given.

All workers must run the same fetches: an all-reduce waits until each has come to it.
"""

import contextlib
import contextvars
import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import tensorflow.compat.v1 as tf
from tensorflow.python.ops import collective_ops  # no public name exists

GROUP = 1  # of TensorFlow's collectives: all workers
START = 3600  # seconds to wait for others that still read their images


@dataclass(frozen=True)
class Workers:
    """What a graph must know of the workers that it is joined with.

    Attributes:
      rank: this worker's number, from 0; count: how many there are.
      timeout: seconds after which a worker that does not come is given up.
      local_moments: batch norm normalises each share by its own moments.
      may_be_empty: some batches have fewer rows than there are workers.
      keys: numbers for all-reduces, no two of one process alike; taken in the order in
        which its graphs are built, which is the same on all workers.
    """

    rank: int
    count: int
    timeout: float
    keys: Iterator[int]
    local_moments: bool = False
    may_be_empty: bool = False


_joined: contextvars.ContextVar[Workers | None] = contextvars.ContextVar("joined", default=None)


@contextlib.contextmanager
def joined(workers: Workers | None) -> Iterator[None]:
    """Joins what is built in this context with other workers; None: with nobody."""
    before = _joined.set(workers)
    try:
        yield
    finally:
        _joined.reset(before)


def count() -> int:
    """Returns how many workers there are."""
    workers = _joined.get()
    return workers.count if workers else 1


def share(batch: tf.Tensor) -> tf.Tensor:
    """Returns this worker's rows of a batch [M, ...]: M // count of them, or one more.

    A batch of less than `count` rows leaves some workers with none.
    """
    workers = _joined.get()
    if workers is None:
        return batch
    rows = tf.shape(batch)[0]
    start, end = (rows * rank // workers.count for rank in (workers.rank, workers.rank + 1))
    return batch[start:end]


def on_rows(op: Callable[[tf.Tensor], tf.Tensor], x: tf.Tensor) -> tf.Tensor:
    """Returns op(x), also where x has no row.

    TensorFlow's convolutions for oneDNN give an empty batch the shape of their input
    (seen with 2.21), cuDNN refuses it. They get a row of zeros, and lose it again.
    """
    workers = _joined.get()
    if workers is None or not workers.may_be_empty:
        return op(x)
    rows = tf.shape(x)[0]
    more = [[0, tf.maximum(1 - rows, 0)], *[[0, 0]] * (x.shape.rank - 1)]
    return op(tf.ensure_shape(tf.pad(x, more), x.shape))[:rows]


def sum_of_counts(count: tf.Tensor) -> tf.Tensor:
    """Returns the sum over all workers of an int32 scalar."""
    return tf.stop_gradient(all_reduce([count])[0])


def all_reduce(tensors: Sequence[tf.Tensor]) -> list[tf.Tensor]:
    """Returns the sums over all workers of tensors of one type, by one all-reduce."""
    workers = _joined.get()
    if workers is None or not tensors:
        return list(tensors)
    flat = tf.concat([tf.reshape(x, [-1]) for x in tensors], 0)
    with tf.device("/device:CPU:0"):  # a ring over gRPC
        summed = collective_ops.all_reduce_v2(
            flat, workers.count, GROUP, next(workers.keys), timeout=workers.timeout
        )
    parts = tf.split(summed, [x.shape.num_elements() for x in tensors])
    return [tf.reshape(y, x.shape) for x, y in zip(tensors, parts, strict=True)]


def mean(values: tf.Tensor) -> tf.Tensor:
    """Returns this worker's part of the mean of values [N, 1] over the whole batch.

    The parts of all workers add up to it, and so do their gradients: see `all_reduce`.
    """
    if _joined.get() is None:
        return tf.reduce_mean(values)
    count = tf.maximum(sum_of_counts(tf.size(values)), 1)
    return tf.reduce_sum(values) / tf.cast(count, values.dtype)


def moments(x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
    """Returns mean [C], x - mean, variance [C] and number of values of each channel.

    They are those of the whole batch, unless the workers keep to local moments. Each
    worker's are gathered and put together by the formula of Chan et al. (1979), which
    does not lose digits where a mean is large, as the mean of squares would.

    Args:
      x: [N, ..., C], this worker's share.
    """
    workers, axes = _joined.get(), list(range(x.shape.rank - 1))
    channels = int(x.shape[-1])
    if workers is None:
        mean = tf.reduce_mean(x, axes)  # [C]
        centered = x - mean
        variance = tf.reduce_mean(tf.square(centered), axes)  # [C]
        return mean, centered, variance, tf.cast(tf.size(x) / channels, x.dtype)
    count = tf.cast(tf.size(x) // channels, x.dtype)
    mean = tf.reduce_sum(x, axes) / tf.maximum(count, 1)
    centered = x - mean
    squares = tf.reduce_sum(tf.square(centered), axes)
    if workers.local_moments:
        count = tf.maximum(count, 1)
        return mean, centered, squares / count, count
    counts, means, squares = _gathered(workers, count, mean, squares)
    count = tf.reduce_sum(counts)
    mean = tf.reduce_sum(counts * means, 0) / count
    squares = tf.reduce_sum(squares + counts * tf.square(means - mean), 0)
    return mean, x - mean, squares / count, count


def sums(tensors: Sequence[tf.Tensor]) -> list[tf.Tensor]:
    """Like `all_reduce`, for sums that belong to `moments`: local where those are."""
    workers = _joined.get()
    if workers is not None and workers.local_moments:
        return list(tensors)
    return all_reduce(tensors)


def averaged(x: tf.Tensor, mean: tf.Tensor, variance: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns moments for the moving averages, which are the same on every worker.

    Of local moments that is their mean, each by the size of its share.

    Args:
      x: what the moments are of; mean, variance: of `moments`.
    """
    workers = _joined.get()
    if workers is None or not workers.local_moments:
        return mean, variance
    count = tf.cast(tf.size(x) // int(x.shape[-1]), x.dtype)
    counts, means, variances = _gathered(workers, count, mean, variance)
    weights = counts / tf.reduce_sum(counts)  # [workers, 1]
    return tf.reduce_sum(weights * means, 0), tf.reduce_sum(weights * variances, 0)


def _gathered(workers: Workers, count: tf.Tensor, *vectors: tf.Tensor) -> list[tf.Tensor]:
    """Returns [workers, 1] counts and [workers, C] of each vector, by one all-reduce.

    Every worker adds its own row to rows of zeros, which is exact.
    """
    row = tf.concat([[count], *vectors], 0)
    others = [[workers.rank, workers.count - workers.rank - 1], [0, 0]]
    (rows,) = all_reduce([tf.pad(row[None], others)])
    return tf.split(rows, [1, *(int(v.shape[0]) for v in vectors)], axis=1)


def broadcast(variables: Sequence[tf.Variable]) -> tf.Operation:
    """Returns an op that gives each variable the value it has on worker 0, to the bit.

    Bits are added, not numbers: -0.0 plus 0.0 is not -0.0.
    """
    workers = _joined.get()
    if workers is None:
        return tf.no_op()
    bits = {tf.float32: tf.int32, tf.float64: tf.int64}
    by_type: dict[tf.DType, list[tf.Variable]] = {}
    for v in variables:
        by_type.setdefault(v.dtype.base_dtype, []).append(v)
    assigned = []
    for dtype, group in by_type.items():
        values = [v.read_value() for v in group]
        whole_bits = [tf.bitcast(x, bits.get(dtype, dtype)) for x in values]
        if workers.rank:
            whole_bits = [tf.zeros_like(x) for x in whole_bits]
        with joined(dataclasses.replace(workers, timeout=START)):
            copies = all_reduce(whole_bits)
        for v, x in zip(group, copies, strict=True):
            assigned.append(tf.assign(v, tf.bitcast(x, dtype)).op)
    return tf.group(*assigned)
