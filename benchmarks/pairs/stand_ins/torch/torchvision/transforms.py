"""Transformations of a PIL image into a tensor [C, H, W]."""

import numpy as np
import torch
from PIL import Image


class Compose:
    def __init__(self, transforms):
        self.transforms = transforms

    def __call__(self, image):
        for transform in self.transforms:
            image = transform(image)
        return image


class Lambda:
    def __init__(self, function):
        self.function = function

    def __call__(self, image):
        return self.function(image)


class Resize:
    """To (height, width), or so that the shorter side is a number."""

    def __init__(self, size, interpolation=Image.Resampling.BILINEAR):
        self.size, self.interpolation = size, interpolation

    def __call__(self, image):
        if isinstance(self.size, int):
            scale = self.size / min(image.size)
            size = tuple(round(scale * side) for side in image.size)
        else:
            size = self.size[1], self.size[0]
        return image if image.size == size else image.resize(size, self.interpolation)


Scale = Resize  # as it was called until 0.2


class CenterCrop:
    """The square of so many pixels in the middle."""

    def __init__(self, size):
        self.size = size

    def __call__(self, image):
        left, top = (round((side - self.size) / 2) for side in image.size)
        return image.crop((left, top, left + self.size, top + self.size))


class ToTensor:
    """uint8 [H, W] or [H, W, C] -> [C, H, W] in 0..1."""

    def __call__(self, image):
        pixels = np.asarray(image)
        pixels = pixels[..., np.newaxis] if pixels.ndim == 2 else pixels
        return torch.from_numpy(pixels.transpose(2, 0, 1).astype(np.float32) / np.float32(255))


class ToPILImage:
    def __call__(self, tensor):
        pixels = (tensor.numpy() * 255).round().astype(np.uint8).transpose(1, 2, 0)
        return Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)


class Normalize:
    """As torchvision until 0.2.1 did: of three means an image of one channel takes the first."""

    def __init__(self, mean, std):
        self.mean, self.std = mean, std

    def __call__(self, tensor):
        count = len(tensor)
        mean, std = (torch.tensor(v[:count])[:, None, None] for v in (self.mean, self.std))
        return (tensor - mean) / std
