"""Reads TensorFlow's checkpoint formats as numpy arrays, and writes a checkpoint of such arrays."""

import contextlib
import glob
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import tensorflow.compat.v1 as tf

from dcgan_v1.errors import UserError, reason

SHARD = re.compile(r"-\d{5}-of-\d{5}$")
# the last eight bytes of a table, which a V1 checkpoint is as a whole, and the .index
# of a V2 checkpoint
TABLE = bytes.fromhex("57fb808b247547db")

ON_BAD_BYTES = (  # what TensorFlow's reader was seen to raise
    tf.errors.OpError,
    ValueError,
    RuntimeError,
    IndexError,
    MemoryError,
)
PATTERN = re.compile(r"[][*?\\]")  # what does not stand for itself in a pattern


def files_of(prefix: str | Path) -> list[Path]:
    """Returns the Paths of a checkpoint's files that are there, the index first."""
    prefix = Path(prefix)
    name = glob.escape(prefix.name)
    paths = [prefix.with_name(f"{prefix.name}.index")]
    paths += sorted(prefix.parent.glob(f"{name}.data-?????-of-?????"))
    paths.append(prefix.with_name(f"{prefix.name}.json"))
    return [path for path in paths if path.exists()] or v1_files(prefix)


def is_checkpoint(prefix: str | Path) -> bool:
    """Whether a checkpoint is there: of two files or more, or V1's, of one or more."""
    try:
        return Path(f"{prefix}.index").is_file() or bool(v1_files(prefix))
    except OSError:  # a name too long, of a damaged list
        return False


def v1_files(prefix: str | Path) -> list[Path]:
    """Returns the Paths of a V1 checkpoint, TensorFlow's until 0.12: one, or shards."""
    prefix = Path(prefix)
    shards = sorted(prefix.parent.glob(f"{glob.escape(prefix.name)}-?????-of-?????"))
    whole = [prefix] if prefix.suffix != ".index" else []  # a table, too, of V2
    return [path for path in (*whole, *shards) if is_table(path)]


def is_table(path: Path) -> bool:
    """Whether a file is one of TensorFlow's tables, by its last bytes."""
    try:
        if not path.is_file() or path.stat().st_size < len(TABLE):
            return False
        with path.open("rb") as file:
            file.seek(-len(TABLE), os.SEEK_END)
            return file.read() == TABLE
    except OSError:  # a name too long, a file that is not ours to read
        return False


@contextlib.contextmanager
def plain(prefix: str) -> Iterator[str]:
    """Yields a prefix under which TensorFlow reads a checkpoint whatever its name.

    TensorFlow takes the prefix that it is to read for a pattern, in which brackets,
    stars, question marks and backslashes do not mean themselves. For such a path a
    link to each file, under a plain name, stands in a folder of its own meanwhile.
    """
    files, name = files_of(prefix), Path(prefix).name
    # V1 in several files: there a pattern it must be
    shards = [path.name for path in files if SHARD.search(path.name)]
    ending = f"-?????{shards[0][-9:]}" if shards and ".data-" not in shards[0] else ""
    if not PATTERN.search(str(prefix)):
        yield f"{prefix}{ending}"
        return
    places = (tempfile.gettempdir(), "/tmp", "/var/tmp", "/dev/shm")
    place = next((p for p in places if not PATTERN.search(p) and os.access(p, os.W_OK)), None)
    if place is None:
        raise UserError(
            f"{prefix} has a character that TensorFlow takes for a pattern, and TMPDIR "
            "names no folder for links to it; give another TMPDIR"
        )
    with tempfile.TemporaryDirectory(dir=place, prefix="checkpoint_") as folder:
        for path in files:
            link = Path(folder, "model" + path.name.removeprefix(name))
            link.symlink_to(path.absolute())
        yield str(Path(folder, f"model{ending}"))


@contextlib.contextmanager
def opened(prefix: str) -> Iterator[tf.train.NewCheckpointReader]:
    """Yields TensorFlow's reader of a checkpoint; what that raises is a UserError."""
    try:
        with plain(prefix) as readable:
            yield tf.train.NewCheckpointReader(readable)
    except ON_BAD_BYTES as error:
        raise UserError(damaged(prefix, error)) from error


def damaged(prefix: str, error: BaseException) -> str:
    """Returns the sentence for a checkpoint whose bytes made TensorFlow raise."""
    return f"checkpoint {prefix} is damaged: {reason(error)}; use another one"


def shapes(prefix: str) -> dict[str, list[int]]:
    """Returns name -> shape (list) of everything in a checkpoint."""
    with opened(prefix) as reader:
        return reader.get_variable_to_shape_map()


def dtypes(prefix: str) -> dict[str, tf.DType]:
    """Returns name -> tf.DType of everything in a checkpoint."""
    with opened(prefix) as reader:
        return reader.get_variable_to_dtype_map()


def tensors(prefix: str) -> dict[str, np.ndarray]:
    """Returns name -> numpy array of everything in a checkpoint."""
    with opened(prefix) as reader:
        names = reader.get_variable_to_shape_map()
        return {name: reader.get_tensor(name) for name in names}


def not_finite(arrays: Mapping[str, np.ndarray]) -> list[str]:
    """Returns the names of arrays that hold a NaN or an infinity."""
    return [
        name
        for name, array in sorted(arrays.items())
        if array.dtype.kind == "f" and not np.isfinite(array).all()
    ]


def write(prefix: str | Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Writes name -> array as a Saver checkpoint, any names a TF1 script may want.

    The folder's `checkpoint` list is left as it is.

    Raises:
      UserError: the file system does not take it.
    """
    no_gpu = tf.ConfigProto(device_count={"GPU": 0})
    with tf.Graph().as_default(), tf.Session(config=no_gpu) as session:
        # the variables' own names do not matter: Saver stores under the dict's keys
        values = {name: tf.placeholder(a.dtype, a.shape) for name, a in arrays.items()}
        variables = {
            name: tf.Variable(value, name=f"v{i}") for i, (name, value) in enumerate(values.items())
        }
        session.run(
            tf.global_variables_initializer(),
            {values[name]: array for name, array in arrays.items()},
        )
        try:
            Path(prefix).parent.mkdir(parents=True, exist_ok=True)
            tf.train.Saver(variables).save(
                session, str(prefix), write_meta_graph=False, write_state=False
            )
        except (OSError, ValueError, tf.errors.OpError) as error:
            raise UserError(f"cannot write {prefix}: {reason(error)}") from error
