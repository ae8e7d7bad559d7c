"""`read_data_sets` for ports that read MNIST with TensorFlow's tutorial.

Nothing of TensorFlow's is needed for it, so that none is imported beside PyTorch."""

from types import SimpleNamespace

import numpy as np

from dcgan_v1.data import mnist

VALIDATION = 5000


class DataSet:
    """Images float32 [N, 784] in 0..1, labels [N] or [N, 10]."""

    def __init__(self, images, labels):
        self.images, self.labels = images, labels
        self.num_examples = len(images)
        self._start = 0

    def next_batch(self, batch_size, fake_data=False, shuffle=True):
        """Returns the next images and labels."""
        rows = np.arange(self._start, self._start + batch_size) % self.num_examples
        self._start += batch_size
        return self.images[rows], self.labels[rows]


def read_data_sets(train_dir, one_hot=False, **options):
    """Returns train, validation and test of the digits that come with dcgan_v1."""
    train = _read("train", one_hot)
    rest = DataSet(*(a[VALIDATION:] for a in train))
    validation = DataSet(*(a[:VALIDATION] for a in train))
    return SimpleNamespace(train=rest, validation=validation, test=DataSet(*_read("t10k", one_hot)))


def _read(part, one_hot):
    data = mnist.load(part=part)
    images = data.images.reshape(len(data.images), -1) / np.float32(255)
    labels = data.labels.astype(np.int64)
    return images, np.eye(10)[labels] if one_hot else labels
