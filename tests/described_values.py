"""Values of a described program, and arrays as a framework has them."""

import numpy as np
import pytest

from dcgan_v1.porting import description as d

torch = pytest.importorskip("torch")


def value(name, array):
    return d.Value(name, tuple(np.shape(array)), np.asarray(array).dtype.name)


def number(x):
    return d.Constant(np.asarray(x))


def to_torch(array):
    tensor = torch.tensor(np.asarray(array))
    return tensor.permute(0, 3, 1, 2) if tensor.ndim == 4 else tensor


def to_tf(tensor):
    return (tensor.permute(0, 2, 3, 1) if tensor.ndim == 4 else tensor).numpy()
