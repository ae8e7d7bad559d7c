"""tensorflow.examples.tutorials.mnist: the digits as DataSets with `next_batch`.

Order and splits as TensorFlow 1.15's: 55 000 for training, 5 000 for validation (the
first 5 000 of the file); the first epoch is shuffled by numpy's global generator.
"""

import collections
import gzip
from pathlib import Path

import numpy as np
import tensorflow.compat.v1 as tf

from dcgan_v1.errors import UserError
from dcgan_v1.migration.programs.facade import Facade

Datasets = collections.namedtuple("Datasets", ["train", "validation", "test"])
FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
folders: list[str] = []  # where the files are, besides where a program says; `data_folders` fills


class DataSet:
    """See `read_data_sets`. Images float32 in 0..1 or uint8, labels [N] or one-hot."""

    def __init__(
        self,
        images,
        labels,
        fake_data=False,
        one_hot=False,
        dtype=tf.float32,
        reshape=True,
        seed=None,
    ):
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

    def next_batch(self, batch_size, fake_data=False, shuffle=True):
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

    def _shuffle(self):
        order = np.arange(self.num_examples)
        np.random.shuffle(order)  # noqa: NPY002
        self._images, self._labels = self._images[order], self._labels[order]


def read_data_sets(
    train_dir=None,
    fake_data=False,
    one_hot=False,
    dtype=tf.float32,
    reshape=True,
    validation_size=5000,
    seed=None,
    source_url=None,
):
    """Returns Datasets of train, validation and test, of the files in `train_dir` or
    in --data-dir. Nothing is downloaded."""
    del fake_data, source_url
    places = [Path(p) for p in (train_dir, *folders) if p]
    images, labels, test_images, test_labels = (find(name, places) for name in FILES)
    if not 0 <= validation_size <= len(images):
        raise ValueError(
            f"Validation size should be between 0 and {len(images)}. Received: {validation_size}."
        )
    if one_hot:
        labels, test_labels = np.eye(10)[labels], np.eye(10)[test_labels]
    options = {"dtype": dtype, "reshape": reshape, "seed": seed}
    parts = (
        (images[validation_size:], labels[validation_size:]),
        (images[:validation_size], labels[:validation_size]),
        (test_images, test_labels),
    )
    return Datasets(*(DataSet(x, y, **options) for x, y in parts))


def find(name, places):
    for place in places:
        for path in (place / f"{name}.gz", place / name):
            if path.is_file():
                return _extract(path)
    tried = ", ".join(map(str, places)) or "nowhere"
    raise UserError(f"no {name}.gz in {tried}: name the folder by --data-dir")


def _extract(path):
    """idx file -> [N, 28, 28, 1] or [N] of uint8."""
    data = path.read_bytes()
    data = gzip.decompress(data) if path.suffix == ".gz" else data
    axes = data[3]
    shape = [int.from_bytes(data[4 + 4 * i : 8 + 4 * i], "big") for i in range(axes)]
    array = np.frombuffer(data, np.uint8, offset=4 + 4 * axes).reshape(shape)
    return array[..., np.newaxis] if axes == 3 else array


def load_mnist(train_dir="MNIST-data"):
    return read_data_sets(train_dir)


def load_dataset(name, size="small", test_with_fake_data=False):
    del size, test_with_fake_data
    if name != "mnist":
        raise UserError(f"tf.contrib.learn's dataset {name} is not supplied")
    return load_mnist()


NAMES = {
    "read_data_sets": read_data_sets,
    "DataSet": DataSet,
    "load_mnist": load_mnist,
    "Datasets": Datasets,
}


def datasets_module():
    """What tf.contrib.learn.datasets was."""
    return Facade(
        "tf.contrib.learn.datasets",
        (),
        {
            "mnist": Facade("tf.contrib.learn.datasets.mnist", (), NAMES),
            "load_dataset": load_dataset,
        },
    )


def modules():
    """Returns the facade of tensorflow.examples."""
    input_data = Facade("tf.examples.tutorials.mnist.input_data", (), NAMES)
    mnist = Facade("tf.examples.tutorials.mnist", (), {"input_data": input_data})
    tutorials = Facade("tf.examples.tutorials", (), {"mnist": mnist})
    return Facade("tf.examples", (), {"tutorials": tutorials})
