"""A stand-in for `keras.datasets.mnist`, which downloads its file."""

from dcgan_v1.data import mnist


def load_data():
    """Returns (images, labels) to train and to test with, of the digits that come with dcgan_v1."""
    parts = (mnist.load(part=part) for part in ("train", "t10k"))
    return tuple((part.images[..., 0], part.labels) for part in parts)
