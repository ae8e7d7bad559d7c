"""Runs scripts in processes that are forked from this one, which has TensorFlow loaded.

Loading it is most of what a short script does. A line of JSON says what to run and
where its output goes; a line with the exit code is the answer. The scripts see a fresh
interpreter in all but that: their own arguments, folder, environment and files. The two
sides of a comparison are forked, too.
"""

import json
import os
import runpy
import signal
import sys
import traceback
from importlib import import_module

sys.path.insert(0, sys.argv[1])

from dcgan_v1 import commands, plotting, runtime

tf = runtime.load()
for name in ("sample", "training.train", "metrics.model_evaluation", "ports.convert"):
    import_module(f"dcgan_v1.{name}")
for name in commands.NAMES:
    import_module(f"dcgan_v1.commands.{name}")
from dcgan_v1.migration.comparison import comparing
from dcgan_v1.migration.reporting import report
from dcgan_v1.migration.runners import process, worker

plotting.png(plotting.figure(1, 1))  # reads the fonts
del comparing, report


def work(order):
    """The child: becomes the script. Never returns."""
    os.chdir(order["cwd"])
    os.environ.clear()
    os.environ.update(order["env"])
    runtime.ignored.clear()
    process.subprocess = Forking
    for stream, path in ((1, order["stdout"]), (2, order["stderr"])):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), stream)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    script, *arguments = order["argv"]
    sys.argv = [script, *arguments]
    sys.path[0] = os.path.dirname(script)  # noqa: PTH120, as Python itself does
    end(lambda: runpy.run_path(script, run_name="__main__"))


def end(function):
    """Calls a function and ends the process as Python would after it."""
    code = 1
    try:
        function()
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(bool(ended.code))
        if isinstance(ended.code, str):
            print(ended.code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


class Forking:
    """What `compare.host` needs of `subprocess`. A side without oneDNN starts anew:
    that is settled when TensorFlow is loaded; so does one beside PyTorch, whose threads
    do not like it."""

    PIPE = process.subprocess.PIPE
    plain = process.subprocess.Popen

    class Side:
        """A side in a forked process, as a Popen."""

        def __init__(self, env, stderr):
            (in_read, in_write), (out_read, out_write) = os.pipe(), os.pipe()
            self.pid = os.fork()
            if self.pid == 0:
                for old, new in ((in_read, 0), (out_write, 1), (stderr.fileno(), 2)):
                    os.dup2(old, new)
                os.closerange(3, 256)
                os.environ.clear()
                os.environ.update(env)
                tf.enable_eager_execution()
                sys.stdin = os.fdopen(0, "r")
                end(worker.main)
            os.close(in_read), os.close(out_write)
            self.stdin, self.stdout = os.fdopen(in_write, "w"), os.fdopen(out_read)

        def kill(self):
            os.kill(self.pid, signal.SIGKILL)

        def wait(self):
            os.waitpid(self.pid, 0)

    @classmethod
    def Popen(cls, command, *, env, stderr, **options):
        if env["TF_ENABLE_ONEDNN_OPTS"] == "0" or "torch" in sys.argv:
            return cls.plain(command, env=env, stderr=stderr, **options)
        return cls.Side(env, stderr)


answers = os.fdopen(os.dup(1), "w")
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        work(json.loads(line))
    _, status = os.waitpid(child, 0)
    answers.write(f"{os.waitstatus_to_exitcode(status)}\n")
    answers.flush()
