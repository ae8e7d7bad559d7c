"""How train.py of a port feeds what a recording shows: no more is made of it than it tells."""

from dataclasses import replace

import numpy as np
import pytest
from described_programs import feeding as functions
from described_programs import gan_program

from dcgan_v1.porting import description as d
from dcgan_v1.porting.folder import train_program
from dcgan_v1.porting.reading import feeding, recorded_rows

pytestmark = pytest.mark.unit
RNG = np.random.default_rng(0)
BATCH = 8
DATA = {"images": np.zeros((30, 8, 8, 1), np.uint8), "labels": np.arange(30) % 10}


def fed(extra, steps=2, dtype="int32", repeat_pictures=False):
    """D(x), D(G(z)) and one more input, y, as it was recorded; returns program, feeds, record."""
    x = RNG.uniform(-1, 1, (steps, BATCH, 8, 8, 1))
    record = {"x": x, "z": RNG.normal(size=(steps, BATCH, 10)), "y": np.asarray(extra)}
    if repeat_pictures:
        record["x"] = np.broadcast_to(x[:1], x.shape)
    shape = (None,) * (record["y"].ndim > 1) + record["y"].shape[2:]
    given = d.Node("input", (d.Value("y.9", shape, dtype),), ops=("y",))
    program = gan_program()
    program = replace(program, inputs=(*program.inputs, given))
    return program, feeding.of(program, record), record


def batch_of(program, feeds, count, data=DATA):
    names = functions(train_program.text(program, "keras", feeds, None, BATCH))
    assert not names["missing"](data)
    return names["batch_of"](data, np.arange(count), RNG)["y"]


@pytest.mark.parametrize("steps", [1, 2])
@pytest.mark.parametrize("values", [(1, 0), (0, 1), (1,), (0, 1, 1)])
@pytest.mark.parametrize(("row", "dtype"), [((), "int32"), ((1,), "float32")])
def test_targets_of_reals_and_fakes_are_fed_as_they_were_and_not_labels(steps, values, row, dtype):
    """aymericdamien's `dcgan.py`: ones for the reals, zeros for the fakes below them."""
    rows = np.repeat(values, BATCH).reshape(-1, *row)
    program, feeds, _ = fed([rows] * steps, steps, dtype)
    batch = batch_of(program, feeds, BATCH)
    assert np.array_equal(batch, rows) and batch.dtype == dtype
    other = np.repeat(values, 5).reshape(-1, *row)  # with --batch-size 5
    assert np.array_equal(batch_of(program, feeds, 5), other)
    assert "assumed" not in train_program.text(program, "keras", feeds, None, BATCH)


def test_rows_of_another_order_that_every_step_has_are_fed_in_it():
    rows = RNG.integers(0, 2, 2 * BATCH)
    program, feeds, _ = fed([rows] * 2)
    assert np.array_equal(batch_of(program, feeds, BATCH), rows)


def test_labels_are_those_of_the_data_also_where_a_recording_has_the_same_batch_again():
    labels = RNG.integers(0, 10, (2, BATCH))
    for extra, again in ((labels, False), ([labels[0]] * 2, True)):
        program, feeds, _ = fed(extra, repeat_pictures=again)
        assert feeds[2].kind == "labels"
        assert np.array_equal(batch_of(program, feeds, 4), [0, 1, 2, 3])
    sorted_rows = np.broadcast_to(np.eye(10)[3], (2, BATCH, 10))  # data that are sorted by class
    _, feeds, _ = fed(sorted_rows, dtype="float32")
    assert feeds[2].kind == "one_hot"


def test_what_has_other_rows_than_a_batch_is_demanded_and_not_the_labels_of_the_data():
    program, feeds, _ = fed(RNG.integers(0, 2, (2, 2 * BATCH)))
    assert feeds[2].kind == "array"
    text = train_program.text(program, "keras", feeds, None, BATCH)
    assert functions(text)["missing"](DATA) == ["y"]
    assert "# y has 16 rows a step in the recording, a batch 8: give it with --data" in text


NORMAL, UNIFORM = RNG.normal(0, 2, (2, 32, 12)), RNG.uniform(-1, 1, (2, 32, 12))
CODES = np.concatenate([np.eye(10)[RNG.integers(0, 10, (2, 32))], UNIFORM[..., :2]], -1)
NO_NOISE = {
    "one-hot numbers and uniform ones": (CODES, "10 of its 12 columns are 0 and 1 alone"),
    "two values": (np.where(NORMAL < 0, -1.0, 1.0), "its values come again"),
    "whole numbers": (np.rint(5 * NORMAL), "its values come again"),
    "uniform and normal": (np.concatenate([NORMAL, UNIFORM], -1), "several spreads"),
    "codes of another mean": (NORMAL + 8.0 * (np.arange(12) == 3), "several spreads or means"),
    "on a sphere": (
        NORMAL / np.linalg.norm(NORMAL, axis=-1, keepdims=True),
        "its rows are all of one length",
    ),
    "in order": (np.sort(NORMAL, axis=1), "its rows are in order"),
    "uniform of other limits": (3 * UNIFORM, "of limits that are known"),
}


@pytest.mark.parametrize(("rows", "why"), NO_NOISE.values(), ids=NO_NOISE)
def test_what_is_no_noise_is_demanded_of_the_data_and_never_drawn_as_noise(rows, why):
    """hwalsuklee's infoGAN: ten one-hot numbers and two uniform ones beside the noise."""
    program = gan_program()
    x = RNG.uniform(-1, 1, (2, 32, 8, 8, 1))
    feeds = feeding.of(program, {"x": x, "z": rows})
    assert feeds[1].kind == "array" and why in feeds[1].note
    text = train_program.text(program, "keras", feeds, None, 32)
    assert functions(text)["missing"](DATA) == ["z"] and feeds[1].note.split()[0] in text
    assert feeding.sampler(program, feeds) is None  # what cannot be made draws no samples


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("size", [(1, 1, 10), (1, 4, 62), (2, 10, 100), (3, 64, 2), (2, 64, 1)])
def test_noise_that_numpy_draws_is_noise(size, seed):
    rng = np.random.default_rng(seed)
    for rows in (rng.normal(0.3, 2, size), rng.uniform(-1, 1, size), rng.uniform(0, 1, size)):
        assert recorded_rows.why_no_noise(rows.astype("f4")) == ""
    assert not recorded_rows.is_bounded(rng.normal(0.3, 2, size))


def test_a_number_that_changes_from_step_to_step_is_said_to():
    """hmi88's BEGAN: k_t, which the program works out of its losses."""
    program, feeds, _ = fed([0.0, 0.000101, 0.0003], 3, "float32")
    text = train_program.text(program, "keras", feeds, None, BATCH)
    said = "y changes from step to step in the recording (0, 0.000101, 0.0003), and stays here"
    assert said in " ".join(text.replace("\n#", "").split()) and "assumed" not in text
    assert feeding.notes(feeds) == (f"{said}: work it out in train.py",)
    _, feeds, _ = fed([0.5, 0.5, 0.5], 3, "float32")
    assert not feeding.notes(feeds) and feeds[2].low == 0.5


def test_pictures_around_zero_are_fed_in_their_own_limits():
    program = gan_program()
    x = np.linspace(-0.5, 0.5, 2 * BATCH * 64).reshape(2, BATCH, 8, 8, 1)
    for scale, limits in ((1, (-0.5, 0.5)), (2, (-1.0, 1.0))):
        pictures = feeding.of(program, {"x": scale * x})[0]
        assert (pictures.low, pictures.high) == limits


def test_what_a_generator_without_limits_draws_is_as_bright_as_the_pictures_that_are_fed():
    program = gan_program()
    generator, critic = program.networks
    (function,) = generator.functions
    node = replace(function.nodes[0], kind="relu")
    unlimited = replace(generator, functions=(replace(function, nodes=(node,)),))
    x = np.linspace(-0.5, 0.5, 2 * BATCH * 64).reshape(2, BATCH, 8, 8, 1)
    for networks, limits in (((unlimited, critic), 0.5), (program.networks, 1.0)):
        program = replace(program, networks=networks)
        drawn = feeding.sampler(program, feeding.of(program, {"x": x}))
        assert (drawn.low, drawn.high) == (-limits, limits)
