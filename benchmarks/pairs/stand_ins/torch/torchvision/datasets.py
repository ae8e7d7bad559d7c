"""Data sets by index: the digits that come with dcgan_v1, and folders of photographs."""

import numpy as np
from PIL import Image

from dcgan_v1.data import mnist

FACES = 64  # photographs of a folder


class MNIST:
    """(image, label) of the digits."""

    def __init__(self, root, train=True, transform=None, target_transform=None, download=False):
        data = mnist.load(part="train" if train else "t10k")
        self.images, self.labels = data.images[..., 0], data.labels.astype(np.int64)
        self.transform = transform

    def __len__(self):
        return len(self.images)

    def __getitem__(self, index):
        image = Image.fromarray(self.images[index])
        return (self.transform(image) if self.transform else image), int(self.labels[index])


class ImageFolder:
    """(image, 0) of random pixels, in the shape of CelebA's aligned photographs."""

    def __init__(self, root, transform=None, **options):
        self.transform = transform

    def __len__(self):
        return FACES

    def __getitem__(self, index):
        pixels = np.random.default_rng(index).integers(0, 256, (218, 178, 3), np.uint8)
        image = Image.fromarray(pixels)
        return (self.transform(image) if self.transform else image), 0
