"""What train.py of a port makes of pictures, without a framework."""

import sys
from dataclasses import replace

import numpy as np
import pytest
from described_programs import feeding

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
    program = d.Program("", {}, (), (), (), (), (), {})
    text = train_program.text(program, "keras", (Feed("x", "images", SHAPE),), None, 2)
    code = text[text.index("def scaled(") : text.index("def read_picture(")]
    names = {"np": np, "sys": sys, "SIZE": SHAPE}
    exec(code, names)
    return names["scaled"]


def later_runs():
    """A step of two runs: x, then other x with y, that is fed in the second alone; noise in both.

    Returns the program and its feeds.
    """
    given = {"x": "x", "z": "z", "x_2": "x@2", "y": "y", "z_2": "z@2"}
    values = {n: d.Value(f"{n}.1", (None, 3)) for n in given}
    inputs = tuple(d.Node("input", (values[n],), ops=(of,)) for n, of in given.items())
    made = [d.Value(f"h.{n}", (None, 3)) for n in range(2)]
    add = {"type": "AddN"}
    first = d.Node("op", (made[0],), (values["x"], values["z"]), add)
    loss = d.Node("gradient", (made[1],), (values["x_2"], values["z_2"], values["y"]))
    stages = (d.Stage(0, (first,), ()), d.Stage(1, (loss,), ()))
    feeds = tuple(Feed(n, "normal" if n[0] == "z" else "array", (3,), 0.0, 1.0) for n in given)
    return d.Program("", {}, (), (), inputs, (), stages, {}), feeds


def test_each_update_of_a_step_is_fed_rows_of_its_own_and_what_belongs_together_has_the_same():
    program, feeds = later_runs()
    text = train_program.text(program, "keras", feeds, None, 2)
    assert "needed = args.batch_size * (1 + " in text
    names = feeding(text)
    data = {n: RNG.normal(size=(9, 3)).astype("f4") for n in ("x", "x_2", "y")}
    rows = np.array([[1, 4], [0, 7]])
    batch = names["batch_of"](data, rows, RNG)
    assert np.array_equal(batch["x"], data["x"][[1, 4]]) and batch["z"].shape == (2, 3)
    for name in ("x_2", "y"):
        assert np.array_equal(batch[name], data[name][[0, 7]])
    del data["x_2"]  # data are of x, whatever run of a step takes them
    assert not names["missing"](data) and names["missing"]({"x": data["x"]}) == ["y"]
    assert np.array_equal(names["batch_of"](data, rows, RNG)["x_2"], data["x"][[0, 7]])


def test_rows_of_a_single_update_are_those_of_the_step():
    program, feeds = later_runs()
    alone = replace(program, inputs=program.inputs[:2], stages=program.stages[:1])
    second = replace(program, stages=(replace(program.stages[0], nodes=()), program.stages[1]))
    texts = [train_program.text(alone, "keras", feeds[:2], None, 2)]
    inputs, only = program.inputs[2:4], feeds[2:4]
    texts += [train_program.text(replace(second, inputs=inputs), "keras", only, None, 2)]
    for text in texts:
        assert "RUNS" not in text and "needed = args.batch_size  #" in text


@pytest.mark.parametrize("to", train_program.FRAMEWORKS)
def test_train_py_has_code_for_pictures_only_where_there_are_pictures(to):
    program, feeds = later_runs()
    for kind, shape in (("array", (16,)), ("one_hot", (3,)), ("images", (12,))):
        own = tuple(replace(f, kind=kind, shape=shape) for f in feeds)
        text = train_program.text(program, to, own, None, 2)
        for word in ("SIZE", "read_picture", "gzip", "zlib", "MNIST", "functional"):
            assert word not in text
        batch = feeding(text)["batch_of"](
            {f.argument: np.ones((9, *shape)) for f in own}, np.arange(4).reshape(2, 2), RNG
        )
        assert all(array.shape == (2, *shape) for array in batch.values())
    pictures = tuple(replace(f, kind="images", shape=SHAPE) for f in feeds)
    text = train_program.text(program, to, pictures, None, 2)
    assert "SIZE = (28, 28, 1)" in text and "def read_picture(" in text and "import gzip" in text
