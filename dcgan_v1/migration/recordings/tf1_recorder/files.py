"""Arrays of a recording as files, and what it is made on."""

import io
import platform
import zipfile
import zlib

import numpy as np

GAIN = 0.7  # of its size, to which compressing an array must bring it
SAMPLE = 1 << 14  # bytes of an array that are tried for that


def save_arrays(path, arrays):
    """Writes an .npz whose arrays are compressed where they become smaller by it."""
    with zipfile.ZipFile(path, "w", allowZip64=True) as file:
        for name in sorted(arrays):
            array = np.asanyarray(arrays[name])
            data = io.BytesIO()
            np.lib.format.write_array(data, array, allow_pickle=False)
            kind = zipfile.ZIP_DEFLATED if is_compressible(array) else zipfile.ZIP_STORED
            file.writestr(name + ".npy", data.getvalue(), compress_type=kind)


def is_compressible(array):
    """Whether compressing gains: trained weights lose a twentieth, for minutes of time."""
    if array.nbytes <= SAMPLE:
        return True
    values = array.reshape(-1)
    count = max(1, SAMPLE // array.itemsize)
    places = (0, (values.size - count) // 2, values.size - count)
    sample = b"".join(values[place : place + count].tobytes() for place in places)
    return len(zlib.compress(sample, 1)) < GAIN * len(sample)


def numbers_of(arrays):
    """Returns the arrays of numbers, and names of the others: texts, and what needs a pickle."""
    arrays = {name: np.asarray(value) for name, value in arrays.items()}
    numbers = {name: array for name, array in arrays.items() if array.dtype.kind in "biufc"}
    return numbers, [name for name in arrays if name not in numbers]


def megabytes(size):
    """'12 MB'."""
    return "%d MB" % round(size / 1e6) if size >= 1e6 else "under 1 MB"


def made_on():
    """Returns the versions that a recording is made with."""
    import tensorflow as tf

    return {
        "tensorflow": getattr(tf, "__version__", ""),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "machine": platform.machine(),
        "system": platform.system(),
    }
