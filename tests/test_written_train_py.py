"""What train.py of a port makes of pictures, without a framework."""

import sys
from pathlib import Path

import numpy as np
import pytest

from dcgan_v1 import porting

pytestmark = [pytest.mark.unit, pytest.mark.torch]
RNG = np.random.default_rng(0)


SHAPE = (28, 28, 1)


@pytest.mark.parametrize("shape", [(5, 28, 28), (5, 28, 28, 1), (5, 784)])
def test_train_py_scales_bytes_of_every_form(scaled, shape):
    pictures = RNG.integers(0, 256, shape).astype(np.uint8)
    expected = pictures.reshape(5, *SHAPE) / 127.5 - 1
    assert np.allclose(scaled(pictures, SHAPE, -1.0, 1.0), expected)


def test_train_py_takes_no_colours_for_more_pictures(scaled):
    with pytest.raises(
        SystemExit, match=r"rows of shape \(28, 28, 3\), the step takes \(28, 28, 1\)"
    ):
        scaled(np.zeros((5, 28, 28, 3), np.uint8), SHAPE, -1.0, 1.0)


@pytest.fixture
def scaled():
    """The function of train.py, which no framework is needed for."""
    text = (Path(porting.__file__).parent / "folder" / "train.py.j2").read_text()
    code = text[text.index("def scaled(") : text.index("{{ pictures }}")]
    names = {"np": np, "sys": sys, "SIZE": SHAPE}
    exec(code, names)
    return names["scaled"]
