"""A stand-in for torchvision: what the ports of the table use of it."""

from . import datasets, transforms, utils

__all__ = ["datasets", "transforms", "utils"]
