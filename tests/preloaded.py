"""What the fork server has loaded when a script is forked from it (see `script_runs.call`):
loading it is most of what a short script does. The two sides of a comparison are forked, too.
"""

import contextlib
import json
import os
import signal
import socket
import struct
import sys
import threading
import traceback
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path

from script_runs import INSTRUCTIONS

from dcgan_v1 import commands, plotting, runtime

runtime.RESPECTED += (INSTRUCTIONS,)
tf = runtime.load()
for name in ("sample", "training.train", "metrics.model_evaluation", "ports.convert"):
    import_module(f"dcgan_v1.{name}")
for name in commands.NAMES:
    import_module(f"dcgan_v1.commands.{name}")
from dcgan_v1.migration.comparison import pipeline  # noqa: F401
from dcgan_v1.migration.reporting import report  # noqa: F401
from dcgan_v1.migration.runners import process, worker

plotting.png(plotting.figure(1, 1))  # reads the fonts
runtime.ignored.clear()


COMPARING = ("compare", "compare_tf2", "compare_once", "convert_checkpoint", "write_port")
zygote = None  # of a script that compares


class Zygote:
    """A process that was forked before anything ran, and forks the sides of a comparison: a
    process that has run a session, or PyTorch, cannot be forked, for its threads do not survive.

    The fork server itself cannot serve: it does not know its children as clients.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.socket, other = socket.socketpair()
        self.pid = os.fork()
        if self.pid == 0:
            self.socket.close()
            with contextlib.suppress(EOFError):
                _serve(other)
            os._exit(0)
        other.close()

    def fork(self, env: dict[str, str], streams: Sequence[int]) -> int:
        """Returns the process id of a side whose stdin, stdout and stderr are given."""
        with self.lock:  # both sides may be opened at the same time
            socket.send_fds(self.socket, [b"f"], streams)
            return self._ask(env)

    def wait(self, pid: int) -> None:
        """Returns when a side has ended."""
        with self.lock:
            self.socket.sendall(b"w")
            self._ask(pid)

    def close(self) -> None:
        """Ends it. Sides end with their standard input."""
        self.socket.close()
        os.waitpid(self.pid, 0)

    def _ask(self, value: object) -> int:
        data = json.dumps(value).encode()
        self.socket.sendall(struct.pack("i", len(data)) + data)
        return struct.unpack("i", _exactly(self.socket, 4))[0]


def _exactly(connection: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        part = connection.recv(count - len(data))
        if not part:
            raise EOFError("the other process has ended")
        data += part
    return data


def _serve(connection: socket.socket) -> None:
    while True:
        kind, streams, _, _ = socket.recv_fds(connection, 1, 3)
        if not kind:
            return
        value = json.loads(_exactly(connection, *struct.unpack("i", _exactly(connection, 4))))
        if kind == b"w":
            os.waitpid(value, 0)
            connection.sendall(struct.pack("i", value))
            continue
        pid = os.fork()
        if pid == 0:
            _become_side(value, streams)
        for stream in streams:
            os.close(stream)
        connection.sendall(struct.pack("i", pid))


def _become_side(env: dict[str, str], streams: list[int]) -> None:
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.closerange(3, 256)
    os.environ.clear()
    os.environ.update(env)
    tf.enable_eager_execution()
    sys.stdin = os.fdopen(0)
    try:
        worker.main()
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(0)


@contextlib.contextmanager
def sides(script: str) -> Iterator[None]:
    """Forks a zygote for the sides of a script that compares."""
    global zygote
    if Path(script).stem not in COMPARING:
        yield
        return
    zygote = Zygote()
    try:
        yield
    finally:
        zygote.close()


class ForkedSide:
    """A side in a process of the zygote's, as a Popen."""

    def __init__(self, env: dict[str, str], log: int) -> None:
        (in_read, in_write), (out_read, out_write) = os.pipe(), os.pipe()
        self.pid = zygote.fork(env, (in_read, out_write, log))
        for end in (in_read, out_write):
            os.close(end)
        self.stdin, self.stdout = os.fdopen(in_write, "w"), os.fdopen(out_read)

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> None:
        zygote.wait(self.pid)


class Forking:
    """What `runners.process` needs of `subprocess`. A side without oneDNN starts in an
    interpreter of its own: that is settled when TensorFlow is loaded."""

    PIPE = process.subprocess.PIPE
    plain = process.subprocess.Popen

    @classmethod
    def Popen(cls, command, *, env, stderr, **options):
        # a recording and its replay have the same bits by the same instructions alone
        env = env | {k: v for k, v in os.environ.items() if k == INSTRUCTIONS}
        if env["TF_ENABLE_ONEDNN_OPTS"] == "0" or zygote is None:
            return cls.plain(command, env=env, stderr=stderr, **options)
        return ForkedSide(env, stderr.fileno())


process.subprocess = Forking
