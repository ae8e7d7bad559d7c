"""Writes IDX files for tests."""

import gzip
import struct

import numpy as np


def idx_bytes(array):
    header = struct.pack(">HBB", 0, 8, array.ndim)
    return header + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def write_dataset(folder, images, labels=None, compressed=False):
    """Writes images uint8 [N, H, W] and labels as the train split of `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    labels = np.zeros(len(images), np.uint8) if labels is None else labels
    for name, array in (("images-idx3", images), ("labels-idx1", labels)):
        data = idx_bytes(array)
        if compressed:
            (folder / f"train-{name}-ubyte.gz").write_bytes(gzip.compress(data))
        else:
            (folder / f"train-{name}-ubyte").write_bytes(data)
    return folder


def random_images(count, seed=0, size=28):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (count, size, size), np.uint8)
