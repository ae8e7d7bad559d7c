"""The process of a runner, which answers the comparison's calls.

It is told what to do by lines of JSON on standard input and answers in kind: the name of a method
of the runner, and a file with its arguments as records."""

import ctypes
import json
import os
import random
import signal
import sys
import time
import traceback
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

import numpy as np

from dcgan_v1.migration import measures, records, serialization, sources
from dcgan_v1.migration.measures import Speed
from dcgan_v1.migration.records import Batch
from dcgan_v1.migration.runners import after_import, frameworks
from dcgan_v1.migration.runners.protocol import PortRunner, Runner, Tf1Runner
from dcgan_v1.migration.sources import Source

LEAVE = "leave"  # request that ends a program, and not the process that it was forked from
PR_SET_PDEATHSIG = 1  # of prctl: a child ends with its parent


@dataclass(frozen=True)
class Opening:
    """What a process is to open: `kind` 'tf1' or 'port', where it is, in which dtype, how many
    threads an op may use, and whether TensorFlow has the GPU ('cpu' or 'gpu')."""

    kind: str
    source: Source
    dtype: str
    threads: int
    device: str = "cpu"


CLASSES = (
    *(records.SlotKey, records.GradientKey, records.Variable, records.Input, records.Update),
    *(records.Tf1Info, records.PortInfo, records.State, records.Batch, records.LayerOutput),
    *(records.Observation, measures.Speed, measures.ReplayRow, Source),
    *(sources.NumberChange, sources.TypeChange, sources.PaddingChange, sources.ThresholdChange),
    *(sources.OptimizerChange, sources.InputChange, sources.ShareChange),
    Opening,
)
serialization.register(CLASSES)


def open_runner(opening: Opening) -> Runner:
    """Opens a program.

    Raises:
      UserError: it cannot be, or is of another kind than was asked for.
    """
    os.chdir(opening.source.folder)
    return _open_tf1(opening) if opening.kind == "tf1" else _open_port(opening)


def _open_port(opening: Opening) -> PortRunner:
    altered: list[str] = []
    if "tensorflow" in sys.modules:
        _set_up_tensorflow(opening, altered)
    else:
        random.seed(0)
        np.random.seed(0)  # noqa: NPY002  # what a port may draw by
        # its step may be the first to import one
        set_up = partial(_set_up_tensorflow, opening, altered)
        after_import.load_by(("tensorflow", "keras"), set_up)
    _refuse_missing_gpu(opening)
    # importing torch takes seconds: only where the user's file does
    after_import.call("torch", partial(_set_up_torch, opening))
    from dcgan_v1.errors import UserError
    from dcgan_v1.migration.runners import targets
    from dcgan_v1.migration.specs import Keras, Torch

    source, dtype = opening.source, opening.dtype
    function = targets.find(source.target)
    spec = targets.call(function, source.target, dtype=dtype, **source.options)
    if isinstance(spec, Torch):
        from dcgan_v1.migration.runners.torch.runner import TorchRunner

        return TorchRunner(spec, altered)
    if isinstance(spec, Keras):
        from dcgan_v1.migration.runners.keras.runner import KerasRunner

        return KerasRunner(spec, dtype, altered)
    raise UserError(
        f"{source.target} returned {type(spec).__name__}; it must return a Keras(…) "
        "or a Torch(…) of dcgan_v1.compare"
    )


def _set_up_tensorflow(opening: Opening, altered: list[str]) -> None:
    """Does what must be done before a user's file makes anything of Keras or TF2.

    Args:
      altered: list that is told what is changed in them.
    """
    from dcgan_v1 import runtime

    runtime.load()  # eager: TF2 and Keras need it
    import keras
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(opening.threads)
    keras.config.set_floatx(opening.dtype)
    keras.utils.set_random_seed(0)
    if opening.device == "gpu":  # a step is asked twice, and must give the same bits
        tf.config.experimental.enable_op_determinism()
    if opening.dtype == "float64":
        from dcgan_v1.migration.runners.keras import exact

        exact.exact_slopes(altered)
        exact.exact_elus(altered)
        exact.exact_resizing(altered)


def _set_up_torch(opening: Opening) -> None:
    """A default dtype must stand before the user's file makes its first tensor."""
    import torch

    torch.set_num_threads(opening.threads)
    torch.set_default_dtype(getattr(torch, opening.dtype))
    torch.manual_seed(0)
    torch.cuda.is_available = lambda: False  # --device gpu is TensorFlow's alone


def _open_tf1(opening: Opening) -> Tf1Runner:
    from dcgan_v1 import runtime
    from dcgan_v1.errors import UserError

    runtime.prepare(keras=False)
    _refuse_missing_gpu(opening)
    from dcgan_v1.migration.runners import targets
    from dcgan_v1.migration.runners.tf1.runner import GraphRunner
    from dcgan_v1.migration.specs import Tf1

    source = opening.source
    if source.tf1 is not None:
        spec: object = Tf1(**source.tf1)  # type: ignore[arg-type]  # its own fields, by name
    else:
        function = targets.find(source.target)
        spec = targets.call(function, source.target, None, **source.options)
    if not isinstance(spec, Tf1):
        raise UserError(
            f"{source.target} returned {type(spec).__name__}; it must return a Tf1(…) "
            "of dcgan_v1.compare"
        )
    spec.trust = spec.trust or source.trust
    spec.runs = source.runs or spec.runs
    spec.training = {**spec.training, **source.training}
    spec.inference = {**spec.inference, **source.inference}
    return GraphRunner(spec, opening.dtype, opening.threads, source.changes, opening.device)


def _refuse_missing_gpu(opening: Opening) -> None:
    from dcgan_v1 import runtime

    if opening.device == "gpu":
        runtime.session_config("gpu")  # raises UserError where TensorFlow can use none
        import tensorflow as tf

        # products of 10 bits would be the noise that everything is measured by
        tf.config.experimental.enable_tensor_float_32_execution(False)


def timed(runner: Runner, batch: Batch, steps: int) -> Speed:
    """Returns seconds per step and the process's peak memory in bytes.

    Args:
      runner: a program that is open.
      batch: what every step is given.
      steps: how many are timed.
    """
    started = time.perf_counter()
    for _ in range(steps):
        runner.step(batch)
    seconds = (time.perf_counter() - started) / max(steps, 1)
    return Speed(seconds, _peak_bytes())


def _peak_bytes() -> int:
    """ru_maxrss would hold the peak of the process that started this one."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


def answer(request: dict[str, str], runner: Runner | None) -> tuple[object, Runner]:
    """Does what one request asks for.

    Returns:
      (what is to be sent back, the runner).
    """
    arguments = serialization.mapped(request["with"])
    assert isinstance(arguments, dict)
    if runner is None:
        runner = open_runner(**arguments)
        after_import.forget_instead()
        return None, runner
    if request["do"] == "time":
        return timed(runner, **arguments), runner
    return getattr(runner, request["do"])(**arguments), runner


def main() -> None:
    """Opens one program after another until standard input ends, each in a process forked from
    this one, see `frameworks`."""
    answers = os.fdopen(os.dup(1), "w")
    requests = os.fdopen(os.dup(0), "rb", buffering=0)  # what it reads, no other process can
    os.dup2(2, 1)  # whatever a framework prints must not mix with the answers
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # nor a port read the requests
    loaded: frameworks.Loaded | None = None
    line = requests.readline()
    while line:
        opening = _opening_of(json.loads(line))
        loaded = loaded or frameworks.Loaded(opening.kind)
        if opening.device == "gpu" and "tensorflow" not in loaded.names:
            loaded.add("tensorflow")  # to ask for the GPU
        child = os.fork()
        if child == 0:
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            loaded.stop_at_others()
            serve(line, requests, answers)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        name = frameworks.wanted(code)
        if name and name not in loaded.names:
            loaded.add(name)
        elif code == 0:
            line = requests.readline()
        else:
            break


def _opening_of(request: dict[str, str]) -> Opening:
    arguments = serialization.mapped(request["with"])
    assert isinstance(arguments, dict)
    opening = arguments["opening"]
    assert isinstance(opening, Opening)
    return opening


def serve(line: bytes, requests: IO[bytes], answers: IO[str]) -> None:
    """Answers requests until the program is left.

    Args:
      line: the first request, which is read already.
      requests: where further ones come from.
      answers: where replies go.
    """
    runner: Runner | None = None
    while line:
        request = json.loads(line)
        is_left = request["do"] == LEAVE
        try:
            value = None
            if not is_left:
                value, runner = answer(request, runner)
            path = f"{request['with']}_answer"
            serialization.pass_on(path, value)
            reply = {"with": path}
        except SystemExit:  # tf.app.run() where a file is read, say
            traceback.print_exc()
            reply = {
                "error": "the file ends the process itself (sys.exit, quit, tf.app.run): keep that "
                "behind if __name__ == '__main__'",
                "type": "UserError",
            }
        except Exception as error:
            traceback.print_exc()
            reply = {"error": str(error), "type": type(error).__name__}
        print(json.dumps(reply), file=answers, flush=True)
        if is_left:
            break
        line = requests.readline()


if __name__ == "__main__":
    # under its own name, so that records have one class, not a second one of __main__
    from dcgan_v1.migration.runners import worker

    worker.main()
