"""The context of a process that trains by itself."""

import contextlib

import tensorflow.compat.v1 as tf


class SingleProcess:
    """Nobody to join, to wait for or to miss; see `distributed.context.WorkerContext`."""

    is_chief = True
    description = ""

    def session(self, config: tf.ConfigProto) -> tf.Session:
        return tf.Session(config=config)

    def joined(
        self, smallest_batch: int | None = None, local_moments: bool = False
    ) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()

    def noticing(self, when: str) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()

    def is_stopped(self, asked_by_all: bool, signal: int | None) -> bool:
        """Whether to take no further step: whenever a signal has come."""
        return bool(signal)
