"""tensorflow.examples.tutorials.mnist: the digits as DataSets with `next_batch`.

Order and splits as TensorFlow 1.15's: 55 000 for training, 5 000 for validation (the
first 5 000 of the file); the first epoch is shuffled by numpy's global generator.
"""

import io
import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorflow.compat.v1 as tf

from dcgan_v1.data.idx import read_idx
from dcgan_v1.errors import UserError
from dcgan_v1.migration.programs import mnist_files
from dcgan_v1.migration.programs.facade import Facade
from dcgan_v1.migration.programs.families import downloads

SOURCE_URL = "https://storage.googleapis.com/cvdf-datasets/mnist/"


class DataSet:
    """See `read_data_sets`. Images float32 in 0..1 or uint8, labels [N] or one-hot."""

    def __init__(
        self,
        images: np.ndarray,
        labels: np.ndarray,
        fake_data: bool = False,
        one_hot: bool = False,
        dtype: Any = tf.float32,
        reshape: bool = True,
        seed: int | None = None,
    ) -> None:
        del fake_data, one_hot
        dtype = tf.as_dtype(dtype).base_dtype
        if dtype not in (tf.uint8, tf.float32):
            raise TypeError(f"Invalid image dtype {dtype!r}, expected uint8 or float32")
        # real TF1 seeds numpy's global generator here
        np.random.seed(tf.get_seed(seed)[0] if seed is None else seed)  # noqa: NPY002
        if reshape:
            images = images.reshape(images.shape[0], -1)
        if dtype == tf.float32:
            images = np.multiply(images.astype(np.float32), 1.0 / 255.0)
        self._images, self._labels = images, labels
        self._epochs_completed = self._index_in_epoch = 0

    images = property(lambda self: self._images)
    labels = property(lambda self: self._labels)
    num_examples = property(lambda self: len(self._images))
    epochs_completed = property(lambda self: self._epochs_completed)

    def next_batch(
        self, batch_size: int, fake_data: bool = False, shuffle: bool = True
    ) -> tuple[np.ndarray, ...]:
        """Returns the next images and labels; what an epoch leaves begins the next."""
        del fake_data
        start = self._index_in_epoch
        if self._epochs_completed == 0 and start == 0 and shuffle:
            self._shuffle()
        if start + batch_size <= self.num_examples:
            self._index_in_epoch += batch_size
            rows = slice(start, self._index_in_epoch)
            return self._images[rows], self._labels[rows]
        self._epochs_completed += 1
        rest = self._images[start:], self._labels[start:]
        if shuffle:
            self._shuffle()
        end = self._index_in_epoch = batch_size - len(rest[0])
        fresh = self._images[:end], self._labels[:end]
        return tuple(np.concatenate(both) for both in zip(rest, fresh, strict=True))

    def _shuffle(self) -> None:
        order = np.arange(self.num_examples)
        np.random.shuffle(order)  # noqa: NPY002
        self._images, self._labels = self._images[order], self._labels[order]


class Datasets(NamedTuple):
    """What `read_data_sets` gives."""

    train: DataSet
    validation: DataSet
    test: DataSet


def read_data_sets(
    train_dir: str | None = None,
    fake_data: bool = False,
    one_hot: bool = False,
    dtype: Any = tf.float32,
    reshape: bool = True,
    validation_size: int = 5000,
    seed: int | None = None,
    source_url: str | None = None,
) -> Datasets:
    """Returns Datasets of train, validation and test. Nothing is downloaded.

    Args:
      train_dir: where the files are; else they are those of --data-dir.
      fake_data: has no effect.
      one_hot: whether labels are [N, 10] rows instead of [N] numbers.
      dtype: of the images: float32 in 0..1, or uint8 as they are.
      reshape: whether images are [N, 784] instead of [N, 28, 28, 1].
      validation_size: how many of the first images are for validation.
      seed: of the shuffling.
      source_url: has no effect.
    """
    del fake_data, source_url
    images, labels, test_images, test_labels = (
        mnist_files.read(name, train_dir) for name in mnist_files.NAMES
    )
    images, test_images = images[..., np.newaxis], test_images[..., np.newaxis]
    if not 0 <= validation_size <= len(images):
        raise ValueError(
            f"Validation size should be between 0 and {len(images)}. Received: {validation_size}."
        )
    if one_hot:
        labels, test_labels = np.eye(10)[labels], np.eye(10)[test_labels]
    options: dict[str, Any] = {"dtype": dtype, "reshape": reshape, "seed": seed}
    parts = (
        (images[validation_size:], labels[validation_size:]),
        (images[:validation_size], labels[:validation_size]),
        (test_images, test_labels),
    )
    return Datasets(*(DataSet(x, y, **options) for x, y in parts))


def load_mnist(train_dir: str = "MNIST-data") -> Datasets:
    """See `read_data_sets`."""
    return read_data_sets(train_dir)


def load_dataset(name: str, size: str = "small", test_with_fake_data: bool = False) -> Datasets:
    """See `read_data_sets`; `name` is 'mnist'."""
    del size, test_with_fake_data
    if name != "mnist":
        raise UserError(f"tf.contrib.learn's dataset {name} is not supplied")
    return load_mnist()


def maybe_download(filename: str, work_directory: str, source_url: str | None = None) -> str:
    """Returns the path of one of MNIST's files; nothing is downloaded."""
    path = mnist_files.available(os.path.join(work_directory, filename))  # noqa: PTH118
    if not os.path.isfile(path) and source_url:  # noqa: PTH113
        path = downloads.urlretrieve(source_url, path)[0]
    return str(path)


def extract_images(f: Any, *_: Any) -> np.ndarray:
    """uint8 [N, 28, 28, 1] of a packed file, or of its path."""
    return _extracted(f, 3)[..., np.newaxis]


def extract_labels(f: Any, one_hot: bool = False, num_classes: int = 10) -> np.ndarray:
    """uint8 [N], or [N, num_classes] of 0 and 1."""
    labels = _extracted(f, 1)
    return dense_to_one_hot(labels, num_classes) if one_hot else labels


def _extracted(file: Any, axes: int) -> np.ndarray:
    is_path = isinstance(file, str)
    data = Path(mnist_files.available(file)).read_bytes() if is_path else file.read()
    return read_idx(io.BytesIO(data), axes, str(getattr(file, "name", file)))[0]


def dense_to_one_hot(labels_dense: np.ndarray, num_classes: int = 10) -> np.ndarray:
    return np.eye(num_classes)[labels_dense]


NAMES = {
    "read_data_sets": read_data_sets,
    "DataSet": DataSet,
    "load_mnist": load_mnist,
    "Datasets": Datasets,
    "maybe_download": maybe_download,
    "extract_images": extract_images,
    "extract_labels": extract_labels,
    "dense_to_one_hot": dense_to_one_hot,
    "SOURCE_URL": SOURCE_URL,
    "DEFAULT_SOURCE_URL": SOURCE_URL,
}


def datasets_module() -> Facade:
    """What tf.contrib.learn.datasets was."""
    return Facade(
        "tf.contrib.learn.datasets",
        (),
        {
            "mnist": Facade("tf.contrib.learn.datasets.mnist", (), NAMES),
            "load_dataset": load_dataset,
            "base": Facade("tf.contrib.learn.datasets.base", (), NAMES),
        },
    )


def modules() -> Facade:
    """Returns the facade of tensorflow.examples."""
    input_data = Facade("tf.examples.tutorials.mnist.input_data", (), NAMES)
    mnist = Facade("tf.examples.tutorials.mnist", (), {"input_data": input_data})
    tutorials = Facade("tf.examples.tutorials", (), {"mnist": mnist})
    return Facade("tf.examples", (), {"tutorials": tutorials})
