"""tf.estimator.inputs: arrays as batches through a queue, as TensorFlow 1.15 had them."""

import random
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow.compat.v1 as tf

TARGET = "__target_key__"


class _Rows:
    """What to feed the queue next: rows in order, from a random one where they are shuffled.

    Args:
      size: how many rows there are.
      batch_size: how many are given at a time.
      num_epochs: how often all are given; None for ever.
      start: the first row.
    """

    def __init__(self, size: int, batch_size: int, num_epochs: int | None, start: int) -> None:
        self._size, self._batch_size, self._next = size, batch_size, start
        self._left = None if num_epochs is None else num_epochs * size

    def take(self) -> np.ndarray:
        count = self._batch_size if self._left is None else min(self._batch_size, self._left)
        if count == 0:
            raise tf.errors.OutOfRangeError(None, None, "All epochs are over")
        rows = (self._next + np.arange(count)) % self._size
        self._next = int(rows[-1] + 1) % self._size
        self._left = None if self._left is None else self._left - count
        return rows


class _FeedingRunner(tf.train.QueueRunner):
    """A queue runner that feeds the op that it runs."""

    def __init__(self, queue: Any, feeds: Mapping[Any, Callable[[], dict[Any, Any]]]) -> None:
        super().__init__(queue, list(feeds))
        self._feeds = dict(feeds)

    def _run(self, sess: Any, enqueue_op: Any, coord: Any = None) -> None:
        feed = self._feeds[enqueue_op]
        try:
            while not (coord and coord.should_stop()):
                try:
                    sess.run(enqueue_op, feed())
                except self._queue_closed_exception_types:
                    self._close(sess)
                    return
        except Exception as error:
            if coord:
                coord.request_stop(error)
        finally:
            with self._lock:
                self._runs_per_session[sess] -= 1

    def _close(self, sess: Any) -> None:
        """The last of the threads closes the queue; what is in it is still given."""
        with self._lock:
            is_last = self._runs_per_session[sess] == 1
        if is_last:
            try:
                sess.run(self._close_op)
            except Exception as error:
                tf.logging.vlog(1, "Ignored exception: %s", error)


def numpy_input_fn(
    x: Any,
    y: Any = None,
    batch_size: int = 128,
    num_epochs: int | None = 1,
    shuffle: bool | None = None,
    queue_capacity: int = 1000,
    num_threads: int = 1,
) -> Callable[[], Any]:
    """Returns a function that gives batches of arrays.

    Args:
      x: an array or a dict of them, rows first.
      y: the targets, likewise, or None.
      batch_size: rows of a batch; the last of an epoch may have fewer.
      num_epochs: how often all rows are given; None for ever.
      shuffle: whether rows come in random order.
      queue_capacity: rows that wait at most.
      num_threads: that fill the queue, each with all rows.

    Raises:
      ValueError: `shuffle` is not said, or rows do not fit.
    """
    if not isinstance(shuffle, bool):
        raise ValueError(f"shuffle must be provided and explicitly set as boolean; got {shuffle}")

    def input_fn() -> Any:
        features = x if isinstance(x, Mapping) else {"__direct_np_input__": x}
        targets = y if isinstance(y, Mapping) else {} if y is None else {TARGET: y}
        if set(features) & set(targets):
            raise ValueError("duplicate keys are found in both x and y")
        columns = {n: np.asarray(features[n]) for n in sorted(features)}
        columns.update({n: np.asarray(targets[n]) for n in sorted(targets)})
        if len({len(column) for column in columns.values()}) != 1:
            raise ValueError("Length of tensors in x and y is mismatched.")
        queue = _queue(columns, queue_capacity, shuffle, num_threads, batch_size, num_epochs)
        take = queue.dequeue_many if num_epochs is None else queue.dequeue_up_to
        batch = dict(zip(columns, take(batch_size)[1:], strict=True))
        given = (
            {n: batch[n] for n in features}
            if isinstance(x, Mapping)
            else next(iter(batch.values()))
        )
        if y is None:
            return given
        return given, {n: batch[n] for n in targets} if isinstance(y, Mapping) else batch[TARGET]

    return input_fn


def _queue(
    columns: Mapping[str, np.ndarray],
    capacity: int,
    shuffle: bool,
    num_threads: int,
    batch_size: int,
    num_epochs: int | None,
) -> Any:
    """A queue of (number of the row, its columns), filled by queue runners."""
    size = len(next(iter(columns.values())))
    types = [tf.int64, *(tf.as_dtype(column.dtype) for column in columns.values())]
    shapes: list[Any] = [(), *(column.shape[1:] for column in columns.values())]
    with tf.name_scope("enqueue_input"):
        if shuffle:
            queue = tf.RandomShuffleQueue(capacity, capacity // 4, types, shapes)
        else:
            queue = tf.FIFOQueue(capacity, types, shapes)
        feeds = {}
        for _ in range(num_threads):
            places = [tf.placeholder(kind) for kind in types]
            start = random.randrange(size) if shuffle else 0
            rows = _Rows(size, batch_size, num_epochs, start)
            feeds[queue.enqueue_many(places)] = _feeder(rows, places, list(columns.values()))
        tf.train.add_queue_runner(_FeedingRunner(queue, feeds))
    return queue


def _feeder(
    rows: _Rows, places: list[Any], columns: list[np.ndarray]
) -> Callable[[], dict[Any, Any]]:
    def feed() -> dict[Any, Any]:
        numbers = rows.take()
        values = [numbers, *(column[numbers] for column in columns)]
        return dict(zip(places, values, strict=True))

    return feed


def pandas_input_fn(
    x: Any,
    y: Any = None,
    batch_size: int = 128,
    num_epochs: int | None = 1,
    shuffle: bool | None = None,
    queue_capacity: int = 1000,
    num_threads: int = 1,
    target_column: str = "target",
) -> Callable[[], Any]:
    """The same of a DataFrame's columns; see `numpy_input_fn`."""
    del target_column
    columns = {name: x[name].to_numpy() for name in x.columns}
    targets = None if y is None else y.to_numpy()
    return numpy_input_fn(
        columns, targets, batch_size, num_epochs, shuffle, queue_capacity, num_threads
    )
