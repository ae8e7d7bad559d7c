"""A worker's place among others: its server, its session, what all must agree on.

`SingleProcess` is the place of a process that trains by itself.
"""

import contextlib
import itertools

import tensorflow.compat.v1 as tf

from dcgan_v1.config import config_json
from dcgan_v1.distributed import collectives
from dcgan_v1.errors import WorkerLost, reason

AGREED = 2**16  # bytes: room for all settings, two of them being paths
# what TensorFlow says where another worker has gone or does not come
LOST = (
    tf.errors.UnavailableError,
    tf.errors.FailedPreconditionError,
    tf.errors.DeadlineExceededError,
    tf.errors.InternalError,
    tf.errors.AbortedError,
    tf.errors.CancelledError,
)


class SingleProcess:
    """A process that trains by itself: nobody to join, to wait for or to miss."""

    is_chief = True
    words = ""

    def session(self, config):
        return tf.Session(config=config)

    def joined(self, **how):
        return contextlib.nullcontext()

    def noticing(self, when):
        return contextlib.nullcontext()

    def is_stopped(self, run, signal):
        """Whether to take no further step: whenever a signal has come."""
        return bool(signal)


class WorkerContext:
    """This process as one of the workers of a `cluster.Cluster`.

    Attributes:
      cluster: that; timeout: seconds a worker may keep the others waiting in a step.
    """

    def __init__(self, cluster, timeout):
        self.cluster, self.timeout, self._server = cluster, timeout, None
        self._keys = itertools.count(1)

    @property
    def is_chief(self):
        return self.cluster.rank == 0

    @property
    def words(self):
        """What the first line says of the workers."""
        cluster = self.cluster
        where = "on this machine" if cluster.is_local else ", ".join(cluster.addresses)
        return (
            f" | {cluster.count} workers, {where}; all-reduce: a ring over gRPC on the "
            "CPUs; their ports are open to the network, without a password"
        )

    def session(self, config):
        """Returns a session of this worker's server, which is started at first."""
        config = tf.ConfigProto.FromString(config.SerializeToString())
        leader = "/job:worker/replica:0/task:0"
        config.experimental.collective_group_leader = leader
        config.device_filters.append(f"/job:worker/task:{self.cluster.rank}")
        config.allow_soft_placement = True
        if self._server is None:  # a process has one
            self._server = _serve(self.cluster, config)
        return tf.Session(self._server.target, config=config)

    @contextlib.contextmanager
    def joined(self, timeout=None, smallest_batch=None, **how):
        """A graph built in this context is this worker's part of a joined one.

        Args:
          timeout: another one than that of a step.
          smallest_batch: rows of the smallest batch there is.
          how: local_moments, see `collectives.Workers`.
        """
        rank, count = self.cluster.rank, self.cluster.count
        workers = collectives.Workers(
            rank,
            count,
            timeout or self.timeout,
            self._keys,
            may_be_empty=smallest_batch is not None and smallest_batch < count,
            **how,
        )
        device = f"/job:worker/replica:0/task:{rank}"
        with tf.device(device), collectives.joined(workers):
            yield

    def agree(self, session_config, config=None):
        """Returns the chief's config; the chief gives it, and waits for the others.

        Raises:
          WorkerLost: another one has gone.
        """
        padded = [0] * AGREED
        if self.is_chief:
            padded = list(config.to_json().encode().ljust(AGREED))
        with tf.Graph().as_default(), self.noticing("while the workers met"):
            with self.joined(timeout=collectives.START):
                (bytes_sum,) = collectives.all_reduce([tf.constant(padded, tf.int32)])
            with self.session(session_config) as session:
                text = bytes(session.run(bytes_sum).tolist())
        return config or config_json.from_json(text, "the chief")

    def is_stopped(self, run, signal):
        """Whether to take no further step: all workers stop after the same one."""
        return run.is_stopped

    @contextlib.contextmanager
    def noticing(self, when):
        """Says which worker has gone where TensorFlow's errors mean that."""
        try:
            yield
        except LOST as error:
            silent = self.cluster.silent()
            who = " and ".join(silent) or "another worker"
            raise WorkerLost(
                f"{who} does not answer ({when}: {reason(error, 100)}); start all "
                "workers again with --restore"
            ) from error


def _serve(cluster, config):
    spec = tf.train.ClusterSpec({"worker": list(cluster.addresses)})
    try:
        return tf.train.Server(spec, "worker", cluster.rank, config=config)
    except tf.errors.OpError as error:
        address = cluster.addresses[cluster.rank]
        raise WorkerLost(
            f"cannot serve at {address}: {reason(error)}; where another process has "
            "the port, choose another one"
        ) from error
