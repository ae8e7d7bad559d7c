"""Process set-up: everything that must happen before TensorFlow builds a graph.

`prepare()` is called once by each script, after its arguments are parsed and before
any module that imports TensorFlow; `load()` by what needs eager execution. Importing
this module loads nothing.
"""

import contextlib
import os
import platform
import sys
from pathlib import Path

from dcgan_v1.errors import UserError

DEVICES = ("auto", "cpu", "gpu")
THREADS = 2  # within an operation, of a deterministic session


def load():
    """Loads TensorFlow with oneDNN on and without its notes. Returns `tf.compat.v1`.

    TensorFlow reads TF_ENABLE_ONEDNN_OPTS while it loads and by itself switches oneDNN
    on only for newer processors; a value the user has set is left alone.
    """
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    if "TF_CPP_MIN_LOG_LEVEL" in os.environ:
        import tensorflow.compat.v1 as tf
    else:
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
        with _without_notes():
            import tensorflow.compat.v1 as tf
    tf.logging.set_verbosity(tf.logging.ERROR)
    return tf


def prepare():
    """Does what `load` does and switches eager execution off.

    Raises:
      UserError: TensorFlow already ran eagerly in this process.
    """
    tf = load()
    from tensorflow.python.eager import context  # no public name exists

    eager = context.context_safe()
    if (
        eager is not None
        and eager._context_handle is not None
        and tf.executing_eagerly()
    ):
        raise UserError(
            "TensorFlow has already run eagerly in this process; "
            "call dcgan_v1.runtime.prepare() before using TensorFlow"
        )
    tf.disable_eager_execution()
    return tf


@contextlib.contextmanager
def _without_notes():
    """Drops what C++ code writes to stderr: while it loads, TensorFlow prints half a
    dozen notes there that no log level reaches. Python's exceptions pass."""
    sys.stderr.flush()
    kept = os.dup(2)
    with Path(os.devnull).open("wb") as nothing:
        os.dup2(nothing.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def onednn_is_on():
    from tensorflow.python.util import _pywrap_util_port  # no public name exists

    return _pywrap_util_port.IsMklEnabled()


def session_config(device="auto", deterministic=False):
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
            f"--device gpu: {_why_no_gpu(tf)}; install the CUDA build with "
            "'pip install -r requirements-gpu.txt' (TF_CPP_MIN_LOG_LEVEL=0 "
            "TF_CPP_MAX_VLOG_LEVEL=3 names a missing library), or use --device cpu"
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
    return config, f"TensorFlow {tf.version.VERSION} | {where} | oneDNN {onednn}"


def cores():
    """Returns how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):  # Linux only
        return len(os.sched_getaffinity(0))
    return os.cpu_count()


def _why_no_gpu(tf):
    if not tf.test.is_built_with_cuda():
        return "this TensorFlow is built without CUDA"
    if os.environ.get("CUDA_VISIBLE_DEVICES", "0") in ("", "-1"):
        return "CUDA_VISIBLE_DEVICES hides it"
    drivers = ("/proc/driver/nvidia/version", "/dev/dxg")  # Linux, WSL
    if not any(Path(driver).exists() for driver in drivers):
        return "no NVIDIA driver on this machine"
    return "TensorFlow could not load the CUDA libraries"


def processor():
    """Returns the processor's name."""
    cpu = Path("/proc/cpuinfo")
    lines = cpu.read_text().splitlines() if cpu.exists() else []
    named = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or "unknown processor"
