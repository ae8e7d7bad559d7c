"""What train.py of a port makes of pictures, without a framework."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dcgan_v1 import porting
from dcgan_v1.porting import description as d
from dcgan_v1.porting.folder import train_program
from dcgan_v1.porting.reading.feeding import Feed

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


def test_each_update_of_a_step_is_fed_rows_of_its_own():
    """The critic's second update, and noise that no rows are taken for."""
    given = {"x": "x", "z": "z", "x_2": "x@2", "y_2": "y@2", "z_2": "z@2"}
    values = {n: d.Value(f"{n}.1", (None, 3)) for n in given}
    inputs = tuple(d.Node("input", (values[n],), ops=(of,)) for n, of in given.items())
    program = d.Program("", {}, (), (), inputs, (), (), {})
    feeds = tuple(Feed(n, "normal" if n[0] == "z" else "array", (3,), 0.0, 1.0) for n in given)
    text = train_program.text(program, "keras", feeds, None, 2)
    assert 'RUNS = {"x_2": 1, "y_2": 1}' in text and "needed = args.batch_size * (1 + " in text
    names = {"np": np}
    exec(text[text.index("FEEDS = {") : text.index("# ---- data ----")], names)
    exec(text[text.index("def source_of(") : text.index("def scaled(")], names)
    data = {n: RNG.normal(size=(9, 3)).astype("f4") for n in ("x", "x_2", "y_2")}
    batch = names["batch_of"](data, np.array([[1, 4], [0, 7]]), RNG)
    assert np.array_equal(batch["x"], data["x"][[1, 4]]) and batch["z"].shape == (2, 3)
    for name in ("x_2", "y_2"):
        assert np.array_equal(batch[name], data[name][[0, 7]])
    alone = train_program.text(replace(program, inputs=inputs[:2]), "keras", feeds[:2], None, 2)
    assert "RUNS" not in alone and "needed = args.batch_size  #" in alone
