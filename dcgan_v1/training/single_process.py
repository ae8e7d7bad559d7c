"""The context of a process that trains by itself."""

import contextlib
from typing import Protocol

import tensorflow.compat.v1 as tf

Nothing = contextlib.AbstractContextManager[None]


class Context(Protocol):
    """What a training asks its process: see `distributed.context.WorkerContext`."""

    @property
    def description(self) -> str: ...

    def session(self, config: tf.ConfigProto) -> tf.Session: ...

    def joined(self, *, smallest_batch: int, local_moments: bool) -> Nothing: ...

    def noticing(self, when: str) -> Nothing: ...

    def is_stopped(self, asked_by_all: bool, signal: int | None) -> bool: ...


class SingleProcess:
    """Nobody to join, to wait for or to miss."""

    description = ""

    def session(self, config: tf.ConfigProto) -> tf.Session:
        return tf.Session(config=config)

    def joined(self, *, smallest_batch: int, local_moments: bool) -> Nothing:
        return contextlib.nullcontext()

    def noticing(self, when: str) -> Nothing:
        return contextlib.nullcontext()

    def is_stopped(self, asked_by_all: bool, signal: int | None) -> bool:
        """Whether to take no further step: whenever a signal has come."""
        return bool(signal)
