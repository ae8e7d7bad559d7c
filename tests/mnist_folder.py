"""The four files of a small MNIST, written under any names."""

import numpy as np
from idx_files import idx_bytes, random_images

IMAGES, LABELS = random_images(20, seed=1), np.arange(20, dtype=np.uint8) % 10
NAMES = {
    "train-images-idx3-ubyte": IMAGES,
    "train-labels-idx1-ubyte": LABELS,
    "t10k-images-idx3-ubyte": IMAGES[::-1],
    "t10k-labels-idx1-ubyte": LABELS[::-1],
}


def write(folder, rename=lambda name: name, pack=lambda data: data):
    for name, array in NAMES.items():
        path = folder / rename(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(pack(idx_bytes(np.ascontiguousarray(array))))
    return folder
