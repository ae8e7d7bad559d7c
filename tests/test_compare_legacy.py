"""Programs that real TensorFlow 1.15 wrote down: each is its port, and faults are found."""

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from compare_once import compared
from marks import TF1_15

from dcgan_v1.compare import Tf1
from dcgan_v1.migration.matching.map_file import Map
from dcgan_v1.migration.records import Batch
from dcgan_v1.migration.runners.tf1.runner import GraphRunner

pytestmark = [pytest.mark.compare, pytest.mark.numerical]

LEGACY = Path(__file__).with_name("legacy")
DATA = LEGACY / "data"
PROGRAMS = {
    "contrib_layers": "keras",
    "layers": "torch",
    "slim_arg_scope": "keras",
    "ema_batch_norm": "torch",
    "wgan_clip": "keras",
    "conditional_lstm": "keras",
    "wgan_gp": "keras",
}
# a bias that a batch norm takes away again: what rounding leaves of it is its own
ROUNDING = {"layers": ("conv2d_1/bias",)}


QUICK = ("contrib_layers", "layers", "conditional_lstm")


def program(name):
    marks = [] if name in QUICK else [pytest.mark.release]
    if PROGRAMS[name] == "torch":
        marks.append(pytest.mark.torch)
    if name == "conditional_lstm":
        marks.append(pytest.mark.smoke)
    return pytest.param(name, marks=marks)


def run(name, fault="", **options):
    old = Tf1(meta=str(DATA / f"{name}.meta"), checkpoint=str(DATA / name))
    port = LEGACY / f"{PROGRAMS[name]}_ports.py"
    options = {"steps": 3, **options}
    return compared(old, f"{port}:{name}", new_options={"fault": fault}, **options)


def assert_as_recorded(folder, name):
    """Weights, slots and losses of three steps, recorded on real 1.15."""
    with np.load(folder / f"{name}.npz") as file:
        recorded = {key: file[key] for key in file.files}
    with tf.Graph().as_default():
        spec = Tf1(meta=str(folder / f"{name}.meta"), checkpoint=str(folder / name))
        side = GraphRunner(spec, "float32", 2)
    side.load(side.initial())
    for step in range(3):
        prefix = f"{step}/"
        batch = {k.removeprefix(prefix): a for k, a in recorded.items() if k.startswith(prefix)}
        scalars = side.step(Batch(batch)).scalars
        for loss in recorded[f"losses/{step}"]:
            assert min(abs(loss - v) for v in scalars.values()) < 1e-5 * max(abs(loss), 1)
        if f"after {step + 1}/" in " ".join(recorded):
            state = side.variables.read()
            for name_of in state.keys() & {k[8:] for k in recorded}:
                key = f"after {step + 1}/{name_of}"
                if key in recorded and not name_of.startswith(ROUNDING.get(name, "?")):
                    np.testing.assert_allclose(
                        state[name_of], recorded[key], rtol=1e-4, atol=2e-6, err_msg=key
                    )


@pytest.mark.parametrize("name", PROGRAMS)
def test_today_a_graph_of_1_15_does_what_it_did_there(name):
    assert_as_recorded(DATA, name)


@pytest.mark.parametrize("name", map(program, PROGRAMS))
def test_a_program_of_1_15_and_its_port_are_the_same(name):
    is_rmsprop = name in ("slim_arg_scope", "wgan_clip")  # Keras's begins at 0
    result = run(name, accept=["slot-start"] if is_rmsprop else [])
    assert result, result.verdict
    assert not result.matching.new_only
    kinds = {d["kind"] for d in result.report["differences"]["float64"]}
    assert kinds == {"forward", "loss", "gradient", "state"}
    assert all(row["relative"] is not None for row in result.report["layers"])


FAULTS = [  # program, fault, where, cause
    ("contrib_layers", "momentum", "", "decay was written as a momentum (1 - x)"),
    ("contrib_layers", "update-ops", "moving_mean", "the port never moves the averages"),
    ("slim_arg_scope", "half-pixel", "up_sampling2d", "bilinear with half-pixel centres"),
    ("slim_arg_scope", "l2", "weights", "has an L2 penalty of 0.01 times the weights"),
    ("wgan_clip", "clip", "critic", "clips weights to ±0.01 after the update"),
    ("wgan_clip", "wrong-variables", "gen/out/b", "is trained by c, in TF1 by g"),
    ("conditional_lstm", "clip-norm", "", "clips its gradients to a norm of 0.05"),
    ("wgan_gp", "decimals", "first seen in critic", "0.9: the decimal as a float32"),
    ("layers", "dropout", "model/10", "dropout is left off"),
    ("ema_batch_norm", "epsilon-outside", "G/2", "outside the root of the variance"),
    ("contrib_layers", "epsilon", "generator/fused_norm", "epsilon is 0.001, TF1's 0.0001"),
    ("contrib_layers", "slope", "leaky_re_lu", "slope 0.3, TF1's has 0.2"),
    ("contrib_layers", "averages", "moving_mean", "keeps 0.81 of the average, in TF1 0.9"),
    ("layers", "epsilon", "model/1", "epsilon is 1e-05, TF1's 0.001"),
    ("layers", "padding", "model/4", "padding: 1 rows and columns are added before"),
    ("wgan_gp", "penalty", "critic/conv/kernel", "its gradient differs"),
]


def faults():
    """The first of some programs among the quick tests."""
    seen = set()
    for row in FAULTS:
        marks = list(program(row[0]).marks)
        if row[0] in seen:
            marks.append(pytest.mark.release)
        seen.add(row[0])
        yield pytest.param(*row, marks=marks)


@pytest.mark.parametrize(("name", "fault", "where", "cause"), faults())
def test_a_fault_in_a_port_is_found_with_its_cause(name, fault, where, cause):
    result = run(name, fault, steps=2)
    assert not result
    assert where in result.findings[0].where, result.verdict
    assert cause in result.findings[0].cause, result.verdict


LSTM = "generator/rnn/basic_lstm_cell"
CELL = "generator/lstm"


@pytest.mark.parametrize(
    ("kernel", "recurrent", "bias", "cause"),
    [
        (
            "rows 0 to 5, gates ijfo",
            "rows 5 to 11, gates ijfo",
            "gates ijfo, forget bias 1.0",
            "the gates are in another order",
        ),
        pytest.param(
            "rows 0 to 5, gates ifjo",
            "rows 5 to 11, gates ifjo",
            "gates ifjo",
            "the forget bias is off by",
            marks=pytest.mark.release,
        ),
    ],
)
def test_gates_and_forget_bias_of_an_lstm_cell_are_told_apart(kernel, recurrent, bias, cause):
    """A map that says what a port's owner believed when he carried weights over."""
    rows = [
        (f"{LSTM}/kernel", f"{CELL}/kernel", kernel),
        (f"{LSTM}/kernel", f"{CELL}/recurrent_kernel", recurrent),
        (f"{LSTM}/bias", f"{CELL}/bias", bias),
    ]
    result = run("conditional_lstm", map=Map(variables=rows), steps=1)
    assert not result
    assert result.findings[0].where.startswith("generator/lstm")
    assert cause in result.findings[0].cause, result.verdict


@pytest.mark.torch
def test_the_order_of_pixels_before_a_dense_layer_is_found():
    """A map that says transposed, and forgets that PyTorch flattens channel by
    channel."""
    rows = [("dense/kernel", "model/8/weight", "torch dense")]
    result = run("layers", map=Map(variables=rows), steps=1)
    assert "the rows of its kernel are in another order" in result.findings[0].cause


@pytest.mark.torch
def test_a_bias_before_a_batch_norm_is_exempt_and_said_so():
    result = run("layers", steps=1)
    assert result.matching.exempt == ["conv2d_1/bias"]
    assert any("conv2d_1/bias: its gradient is rounding" in line for line in result.report["roles"])


@pytest.mark.release
@pytest.mark.tf115
def test_the_recordings_are_what_1_15_writes(tmp_path):
    # TensorFlow 2 leaves TF2_BEHAVIOR=1, by which 1.15 would build v2 control flow
    clean = {k: v for k, v in os.environ.items() if not k.startswith("TF")}
    done = subprocess.run(
        [TF1_15, str(LEGACY / "programs.py"), str(tmp_path)],
        env={**clean, "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    for name in PROGRAMS:
        with np.load(tmp_path / f"{name}.npz") as new, np.load(DATA / f"{name}.npz") as old:
            assert set(new.files) == set(old.files)
            for key in old.files:
                if not key.partition("/")[2].startswith(ROUNDING.get(name, "?")):
                    np.testing.assert_allclose(
                        new[key], old[key], rtol=1e-4, atol=2e-6, err_msg=key
                    )
