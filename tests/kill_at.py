"""Runs a script that SIGKILLs itself in the middle of a write.

    python kill_at.py WHERE COUNT SCRIPT ARGUMENTS...

WHERE: 'rename' before a file's rename, 'write' half-way through a file that will be
renamed, 'metrics' half-way through a line of metrics.csv, 'saver' after TensorFlow has
written a checkpoint that has not been published. COUNT: which of these, from 1 on.
"""

import os
import runpy
import signal
import sys
from pathlib import Path

where, count, script = sys.argv[1], int(sys.argv[2]), sys.argv[3]
sys.argv = sys.argv[3:]
sys.path.insert(0, str(Path(script).resolve().parents[1]))

from dcgan_v1 import runtime

tf = runtime.prepare()
from dcgan_v1 import summaries


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def counted(function, last_words):
    calls = [0]

    def wrapped(*args, **kwargs):
        calls[0] += 1
        if calls[0] == count:
            last_words(function, *args, **kwargs)
            die()
        return function(*args, **kwargs)

    return wrapped


def half_a_file(function, path, data):
    function(path, data[: len(data) // 2])


def half_a_line(function, self, *args):
    self._file.write("7,0,0.1")
    self._file.flush()


def everything(function, *args, **kwargs):
    function(*args, **kwargs)


if where == "rename":
    Path.replace = counted(Path.replace, lambda *_: None)
elif where == "write":
    Path.write_bytes = counted(Path.write_bytes, half_a_file)
elif where == "metrics":
    summaries.MetricsFile.write = counted(summaries.MetricsFile.write, half_a_line)
elif where == "saver":
    tf.train.Saver.save = counted(tf.train.Saver.save, everything)
runpy.run_path(script, run_name="__main__")
