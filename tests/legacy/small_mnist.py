"""Writes MNIST's four files, with a few drawn digits: `small_mnist.py FOLDER`.
Python 3.7, too."""

import gzip
import struct
import sys
from pathlib import Path

import numpy as np


def write(folder):
    rng = np.random.default_rng(0)
    for part, count in (("train", 60), ("t10k", 20)):
        images = rng.integers(0, 256, (count, 28, 28), dtype=np.uint8)
        labels = rng.integers(0, 10, count, dtype=np.uint8)
        for name, array in (("images-idx3", images), ("labels-idx1", labels)):
            head = struct.pack(">BBBB", 0, 0, 8, array.ndim)
            head += struct.pack(f">{array.ndim}I", *array.shape)
            path = Path(folder) / f"{part}-{name}-ubyte.gz"
            with gzip.GzipFile(str(path), "wb", mtime=0) as file:
                file.write(head + array.tobytes())


if __name__ == "__main__":
    write(sys.argv[1])
