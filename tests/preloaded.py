"""What the fork server has loaded when a script is forked from it (see `script_runs.call`):
loading it is most of what a short script does. The two sides of a comparison are forked, too.
"""

import os
import signal
import sys
import traceback
from importlib import import_module

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


class ForkedSide:
    """A side in a process forked from the comparison's, as a Popen.

    The fork server itself cannot serve: it does not know its children as clients.
    """

    def __init__(self, env: dict[str, str], log: int) -> None:
        (in_read, in_write), (out_read, out_write) = os.pipe(), os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            for old, new in ((in_read, 0), (out_write, 1), (log, 2)):
                os.dup2(old, new)
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
        os.close(in_read), os.close(out_write)
        self.stdin, self.stdout = os.fdopen(in_write, "w"), os.fdopen(out_read)

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> None:
        os.waitpid(self.pid, 0)


class Forking:
    """What `runners.process` needs of `subprocess`. A side without oneDNN starts in an
    interpreter of its own: that is settled when TensorFlow is loaded; so does one beside
    PyTorch, whose threads do not survive a fork."""

    PIPE = process.subprocess.PIPE
    plain = process.subprocess.Popen

    @classmethod
    def Popen(cls, command, *, env, stderr, **options):
        if env["TF_ENABLE_ONEDNN_OPTS"] == "0" or "torch" in sys.argv:
            return cls.plain(command, env=env, stderr=stderr, **options)
        return ForkedSide(env, stderr.fileno())


process.subprocess = Forking
