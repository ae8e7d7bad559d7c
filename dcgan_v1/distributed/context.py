"""A worker's context among the others: its server, its session, what all must agree on."""

import contextlib
import dataclasses
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import tensorflow.compat.v1 as tf

from dcgan_v1 import runtime
from dcgan_v1.config import Config, config_json
from dcgan_v1.distributed import WorkerLost, collectives
from dcgan_v1.distributed.cluster import Cluster
from dcgan_v1.distributed.launcher import is_launched
from dcgan_v1.errors import UserError, reason

AGREED = 2**16  # bytes: room for all settings, two of them being paths
MEETING = "while the workers met"
OWN = ("data", "data_dir", "skip_bad", "cache")  # settings of one worker alone
# what TensorFlow says where another worker has gone or does not come
LOST = (
    tf.errors.UnavailableError,
    tf.errors.FailedPreconditionError,
    tf.errors.DeadlineExceededError,
    tf.errors.InternalError,
    tf.errors.AbortedError,
    tf.errors.CancelledError,
)


class WorkerContext:
    """This process as one of the workers of a cluster; see `training.single_process`.

    Attributes:
      cluster: the workers, and which of them this process is.
      timeout: seconds a worker may keep the others waiting in a step.
    """

    def __init__(
        self, cluster: Cluster, timeout: float, say: Callable[[str], None] = lambda text: None
    ) -> None:
        """
        Args:
          say: function that prints a line, for a worker that is started by hand.
        """
        self.cluster, self.timeout, self._say = cluster, timeout, say
        self._server: tf.train.Server | None = None
        self._keys = itertools.count(1)

    @property
    def is_chief(self) -> bool:
        return self.cluster.rank == 0

    @property
    def description(self) -> str:
        """What the first line of the output says of the workers."""
        cluster = self.cluster
        where = "on this machine" if cluster.is_local else ", ".join(cluster.addresses)
        return (
            f" | {cluster.count} workers, {where}; all-reduce: a ring over gRPC on the "
            "CPUs; their ports are open to the network, without a password"
        )

    def session(self, config: tf.ConfigProto) -> tf.Session:
        """Returns a session of this worker's server, which the first call starts."""
        config = tf.ConfigProto.FromString(config.SerializeToString())
        leader = "/job:worker/replica:0/task:0"
        config.experimental.collective_group_leader = leader
        config.device_filters.append(f"/job:worker/task:{self.cluster.rank}")
        config.allow_soft_placement = True
        if self._server is None:  # a process has one
            self._server = _serve(self.cluster, config)
        return tf.Session(self._server.target, config=config)

    @contextlib.contextmanager
    def joined(
        self,
        timeout: float | None = None,
        smallest_batch: int | None = None,
        local_moments: bool = False,
    ) -> Iterator[None]:
        """A graph built in this context is this worker's part of a joined one.

        Args:
          timeout: seconds, another number than that of a step.
          smallest_batch: rows of the smallest batch there is.
          local_moments: see `collectives.Workers`.
        """
        rank, count = self.cluster.rank, self.cluster.count
        workers = collectives.Workers(
            rank,
            count,
            timeout or self.timeout,
            self._keys,
            local_moments,
            may_be_empty=smallest_batch is not None and smallest_batch < count,
        )
        device = f"/job:worker/replica:0/task:{rank}"
        with tf.device(device), collectives.joined(workers):
            yield

    def follow(self, options: dict[str, Any]) -> Config:
        """Returns the run's config, which the chief decides; but where the images lie and
        on what device to compute, each worker knows best.

        Args:
          options: the settings that this worker was given, by name.

        Raises:
          UserError: one of them must be the same for all.
          WorkerLost: the chief has gone.
        """
        device = options.get("device", "auto")
        deterministic = options.get("deterministic", False)
        text = self._from_chief(device, deterministic)
        config = config_json.from_json(text, "the chief")
        if config.deterministic != deterministic:
            raise UserError("--deterministic is for all workers or for none")
        own = {name: options[name] for name in OWN if name in options}
        return dataclasses.replace(config, device=device, **own)

    def with_data(self, config: Config, sha256: str) -> Config:
        """Returns the config with the checksum of the images, which all workers must share.

        Raises:
          UserError: this worker's images are not the chief's.
          WorkerLost: another one has gone.
        """
        if self.is_chief:
            config = dataclasses.replace(config, data_sha256=sha256)
            self._from_chief(config.device, config.deterministic, config.to_json())
        elif sha256 != config.data_sha256:
            raise UserError(
                f"worker {self.cluster.rank} has other training images than the "
                "chief; give it the same, by --data or --data-dir"
            )
        return config

    def _from_chief(self, device: str, deterministic: bool, text: str = "") -> str:
        """Returns the text that the chief gives to all, once every worker is there."""
        padded = list(text.encode().ljust(AGREED)) if self.is_chief else [0] * AGREED
        session_config, _ = runtime.session_config(device, deterministic)
        rank, addresses = self.cluster.rank, self.cluster.addresses
        others = [f"worker {i} ({address})" for i, address in enumerate(addresses) if i != rank]
        self._say(
            f"worker {rank} ({addresses[rank]}) waits for {' and '.join(others)}, an hour at most"
        )
        with tf.Graph().as_default(), self.noticing(MEETING):
            with self.joined(timeout=collectives.START):
                (bytes_sum,) = collectives.all_reduce([tf.constant(padded, tf.int32)])
            with self.session(session_config) as session:
                return bytes(session.run(bytes_sum).tolist()).decode()

    def is_stopped(self, asked_by_all: bool, signal: int | None) -> bool:
        """Whether to take no further step: all workers stop after the same one.

        Args:
          asked_by_all: whether any worker asked to stop, as the last step told all.
          signal: the one that has come to this process.
        """
        del signal
        return asked_by_all

    @contextlib.contextmanager
    def noticing(self, when: str) -> Iterator[None]:
        """Names the worker that has gone, where TensorFlow's errors mean that.

        Raises:
          WorkerLost: one has.
        """
        try:
            yield
        except LOST as error:
            silent = self.cluster.silent()
            who, verb = " and ".join(silent) or "another worker", "do" if silent[1:] else "does"
            way_on = "; start all workers again by the same commands"
            if when != MEETING:
                way_on = "; start all workers again, worker 0 with --restore if a run is there"
            if is_launched():  # which does that by itself
                way_on = ""
            raise WorkerLost(
                f"{who} {verb} not answer ({when}: {reason(error, 100)}){way_on}"
            ) from error


def _serve(cluster: Cluster, config: tf.ConfigProto) -> tf.train.Server:
    spec = tf.train.ClusterSpec({"worker": list(cluster.addresses)})
    try:
        return tf.train.Server(spec, "worker", cluster.rank, config=config)
    except tf.errors.OpError as error:
        address = cluster.addresses[cluster.rank]
        raise WorkerLost(
            f"cannot serve at {address}: {reason(error)}; where another process has "
            "the port, choose another one"
        ) from error
