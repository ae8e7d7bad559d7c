"""Process set-up: everything that must happen before TensorFlow builds a graph.

`prepare()` is called once by each script, after its arguments are parsed and before
any module that imports TensorFlow; `load()` by what needs eager execution. Importing
this module loads nothing.
"""

import contextlib
import os
import platform
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dcgan_v1 import plotting
from dcgan_v1.errors import UserError, how_to_install

THREADS = 2  # within an operation, of a deterministic session
# Settings of other tools, that crash a library which reads them while it is imported or
# change what it computes; and those of the same kind that say where, how loud and with
# how many threads.
FOREIGN: tuple[str, ...]
FOREIGN = ("TF_", "TF2_", "XLA_", "ONEDNN_", "DNNL_", "KERAS_", "MPL", "MATPLOTLIB")
FOREIGN += ("PILLOW_", "PROTOCOL_BUFFERS_", "NVIDIA_TF32_OVERRIDE")
RESPECTED: tuple[str, ...]
RESPECTED = ("TF_CPP_", "TF_ENABLE_ONEDNN_OPTS", "TF_NUM_", "TF_GPU_", "TF_CONFIG")
RESPECTED += ("TF_FORCE_GPU_ALLOW_GROWTH", "MPLCONFIGDIR")
# Terraform's, which begin with TF_ as well
RESPECTED += ("TF_CLI_", "TF_VAR_", "TF_LOG", "TF_DATA_DIR", "TF_INPUT", "TF_PLUGIN_")
RESPECTED += ("TF_WORKSPACE", "TF_IN_AUTOMATION", "TF_TOKEN_", "TF_REGISTRY_")
# not reported: others set them for everybody, and they change no number
SILENT = ("MPL", "MATPLOTLIB", "PILLOW_", "KERAS_", "TF2_BEHAVIOR")

ignored: list[str] = []  # variables of the environment that this process has removed
verbose = False  # show TensorFlow's own messages


def ignore_foreign_settings() -> None:
    """Removes what the environment holds for other programs.

    Keras's file of settings in the user's home is ignored with them.
    """
    for name in sorted(os.environ):
        if name.startswith(FOREIGN) and not name.startswith(RESPECTED):
            ignored.append(name)
            del os.environ[name]
    os.environ["KERAS_HOME"] = os.devnull  # a folder with nothing in it
    os.environ["KERAS_BACKEND"] = "tensorflow"


def load(keras: bool = True) -> Any:
    """Loads TensorFlow with oneDNN on and without its notes. Returns `tf.compat.v1`.

    TensorFlow reads TF_ENABLE_ONEDNN_OPTS while it loads and by itself switches oneDNN
    on only for newer processors; a value the user has set is left alone.

    Args:
      keras: let TensorFlow import Keras, which takes a quarter of the time. Without, Keras
        can still be imported later.
    """
    with contextlib.ExitStack() as stack:
        if "tensorflow" not in sys.modules:
            ignore_foreign_settings()
            if keras:
                plotting.load()  # as Keras does, but with a user's settings
            elif "keras" not in sys.modules:
                stack.enter_context(_without_keras())
        os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
        if not (verbose or "TF_CPP_MIN_LOG_LEVEL" in os.environ):
            os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
            stack.enter_context(_without_notes())
        import tensorflow.compat.v1 as tf
    if not verbose:
        tf.logging.set_verbosity(tf.logging.FATAL)  # errors come as exceptions, too
        warnings.simplefilter("ignore")
    return tf


def prepare(keras: bool = True) -> Any:
    """Does what `load` does and switches eager execution off.

    Args:
      keras: see `load`.

    Raises:
      UserError: TensorFlow already ran eagerly in this process.
    """
    tf = load(keras)
    from tensorflow.python.eager import context  # no public name exists

    eager = context.context_safe()
    if eager is not None and eager._context_handle is not None and tf.executing_eagerly():
        raise UserError(
            "TensorFlow has already run eagerly in this process; "
            "call dcgan_v1.runtime.prepare() before using TensorFlow"
        )
    tf.disable_eager_execution()
    return tf


@contextlib.contextmanager
def _without_notes() -> Iterator[None]:
    """Drops what C++ code writes to stderr: while it loads, TensorFlow prints half a
    dozen notes there that no log level reaches. Python's exceptions pass."""
    sys.stderr.flush()
    stderr = os.dup(2)
    with Path(os.devnull).open("wb") as nothing:
        os.dup2(nothing.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)


@contextlib.contextmanager
def _without_keras() -> Iterator[None]:
    """Lets TensorFlow pass over Keras: it imports it at the end, for what it registers, and
    goes on where it is not installed."""
    sys.modules["keras.src"] = None  # type: ignore[assignment]  # an import of it fails
    try:
        yield
    finally:
        for name in [name for name in sys.modules if name.partition(".")[0] == "keras"]:
            del sys.modules[name]  # what was begun


def onednn_is_on() -> bool:
    from tensorflow.python.util import _pywrap_util_port  # no public name exists

    return _pywrap_util_port.IsMklEnabled()


def session_config(device: str = "auto", deterministic: bool = False) -> tuple[Any, str]:
    """Returns (tf.ConfigProto, a line that names version, device and oneDNN).

    Args:
      device: 'auto' takes a GPU where there is one, 'cpu' hides it, 'gpu' insists.
      deterministic: only operations that repeat their bits, in this whole process, and
        sums split over THREADS, however many cores there are.

    Raises:
      UserError: 'gpu' was asked for and there is none TensorFlow can use.
    """
    import tensorflow.compat.v1 as tf

    gpus = tf.config.list_physical_devices("GPU") if device != "cpu" else []
    if device == "gpu" and not gpus:
        raise UserError(
            f"--device gpu: {_why_no_gpu(tf)}; for the CUDA libraries {how_to_install('gpu')} "
            "(TF_CPP_MIN_LOG_LEVEL=0 TF_CPP_MAX_VLOG_LEVEL=3 names a missing library), or use "
            "--device cpu"
        )
    if gpus:
        details = tf.config.experimental.get_device_details(gpus[0])
        where = f"GPU {details.get('device_name', gpus[0].name)}"
    else:
        where = f"CPU ({cores()} cores)"
        if device == "auto":
            where += f", fell back from GPU: {_why_no_gpu(tf)}"
    config = tf.ConfigProto(device_count={} if gpus else {"GPU": 0})
    config.gpu_options.allow_growth = True
    if deterministic:
        from tensorflow.config.experimental import enable_op_determinism

        enable_op_determinism()
        config.intra_op_parallelism_threads = THREADS
        where += f" | deterministic, {THREADS} threads"
    onednn = "on" if onednn_is_on() else "off"
    line = f"TensorFlow {tf.version.VERSION} | {where} | oneDNN {onednn}"
    reported = [name for name in ignored if not name.startswith(SILENT)]
    return config, line + (f" | ignored: {', '.join(reported)}" if reported else "")


def device_of(config: Any) -> str:
    """Returns where a session of `session_config` computes: 'CPU' or 'GPU'."""
    return "CPU" if config.device_count.get("GPU", 1) == 0 else "GPU"


def cores() -> int:
    """Returns how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):  # Linux only
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _why_no_gpu(tf: Any) -> str:
    if not tf.test.is_built_with_cuda():
        return "this TensorFlow is built without CUDA"
    if os.environ.get("CUDA_VISIBLE_DEVICES", "0") in ("", "-1"):
        return "CUDA_VISIBLE_DEVICES hides it"
    drivers = ("/proc/driver/nvidia/version", "/dev/dxg")  # Linux, WSL
    if not any(Path(driver).exists() for driver in drivers):
        return "no NVIDIA driver on this machine"
    return "TensorFlow could not load the CUDA libraries"


def processor() -> str:
    """Returns the processor's name."""
    cpu = Path("/proc/cpuinfo")
    lines = cpu.read_text().splitlines() if cpu.exists() else []
    names = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown processor"
