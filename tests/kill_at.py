"""Runs a script that SIGKILLs itself in the middle of a write.

    python kill_at.py WHERE COUNT SCRIPT ARGUMENTS...

WHERE: 'rename:NAME' before the rename of a file with NAME in its path, 'write:NAME'
half-way through writing it, 'metrics' half-way through a line of metrics.csv, 'saver'
after TensorFlow has written a checkpoint that has not been published, 'list' before
the list of checkpoints is written, 'curves' before the last pictures. COUNT: which of
these, from 1 on.
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
from dcgan_v1 import files
from dcgan_v1.training import curves


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def counted(function, last_words, name=""):
    calls = [0]

    def wrapped(*args, **kwargs):
        calls[0] += name in str(args[0])
        if calls[0] == count:
            last_words(function, *args, **kwargs)
            die()
        return function(*args, **kwargs)

    return wrapped


def half_a_file(function, path, data):
    function(path, data[: len(data) // 2])


def half_a_line(function, path, data):
    function(path, data[: len(data) // 2])


def everything(function, *args, **kwargs):
    function(*args, **kwargs)


if where.startswith("rename:"):
    Path.replace = counted(Path.replace, lambda *_: None, where[7:])
elif where.startswith("write:"):
    Path.write_bytes = counted(Path.write_bytes, half_a_file, where[6:])
elif where == "metrics":
    files.append = counted(files.append, half_a_line)
elif where == "saver":
    tf.train.Saver.save = counted(tf.train.Saver.save, everything)
elif where == "list":
    tf.train.update_checkpoint_state = counted(tf.train.update_checkpoint_state, lambda *_: None)
elif where == "curves":
    curves.draw = counted(curves.draw, lambda *_: None)
runpy.run_path(script, run_name="__main__")
