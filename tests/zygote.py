"""Runs scripts in processes that are forked from this one, which has TensorFlow loaded.

Loading it is most of what a short script does. A line of JSON says what to run and
where its output goes; a line with the exit code is the answer. The scripts see a fresh
interpreter in all but that: their own arguments, folder, environment and files.
"""

import json
import os
import runpy
import sys
import traceback

sys.path.insert(0, sys.argv[1])

from dcgan_v1 import runtime

runtime.load()
from dcgan_v1 import sample
from dcgan_v1.commands import evaluate, train_celeba, train_mnist
from dcgan_v1.metrics import measuring
from dcgan_v1.training import train

del evaluate, measuring, sample, train, train_celeba, train_mnist


def work(order):
    """The child: becomes the script. Never returns."""
    os.chdir(order["cwd"])
    os.environ.clear()
    os.environ.update(order["env"])
    runtime.ignored.clear()
    for stream, path in ((1, order["stdout"]), (2, order["stderr"])):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), stream)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    script, *arguments = order["argv"]
    sys.argv = [script, *arguments]
    sys.path[0] = os.path.dirname(script)  # noqa: PTH120, as Python itself does
    code = 1
    try:
        runpy.run_path(script, run_name="__main__")
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


answers = os.fdopen(os.dup(1), "w")
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        work(json.loads(line))
    _, status = os.waitpid(child, 0)
    answers.write(f"{os.waitstatus_to_exitcode(status)}\n")
    answers.flush()
