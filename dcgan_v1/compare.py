"""The comparison's public names: `from dcgan_v1.compare import compare, Tf1, Keras, Torch`."""

from dcgan_v1.migration.api import Result, Unmatched, compare, source_of
from dcgan_v1.migration.specs import Keras, Recorded, Tf1, Torch

__all__ = ["Keras", "Recorded", "Result", "Tf1", "Torch", "Unmatched", "compare", "source_of"]
