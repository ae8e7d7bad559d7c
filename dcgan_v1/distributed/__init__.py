"""Several workers that train together: who they are, how they start, what they sum.

A process that trains by itself asks `is_wanted` and uses nothing else of this package; in
a graph built outside `collectives.joined`, every collective returns what it is given.
"""

import argparse
import contextlib
import os
import sys
from typing import NoReturn

VARIABLE = "TF_CONFIG"  # TensorFlow's own: see `cluster`
TIMEOUT = 60.0  # seconds that a worker may keep the others waiting in a step


class WorkerLost(Exception):
    """Says in one line which other worker is gone. The commands exit with code 1."""


def is_wanted(args: argparse.Namespace) -> bool:
    """Whether a training command's options or the environment concern several workers."""
    return args.workers is not None or args.worker_timeout != TIMEOUT or is_worker()


def is_worker() -> bool:
    """Whether the environment makes this process one of several workers."""
    return bool(os.environ.get(VARIABLE))


def leave(code: int) -> NoReturn:
    """Ends a worker at once: threads of TensorFlow's may wait for a worker that is gone."""
    with contextlib.suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)
