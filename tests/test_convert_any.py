"""convert_checkpoint.py with a map: any matched pair's checkpoints, over and back bit for bit."""

import shutil

import numpy as np
import pytest
from script_runs import ROOT, call, refusal

from dcgan_v1.checkpoints import reading

pytestmark = pytest.mark.compare

LEGACY = ROOT / "tests" / "legacy"
PAIRS = [
    ("contrib_layers", "keras", "keras", ("generator.weights.h5", "d.optimizer.h5")),
    ("wgan_gp", "keras", "tf2", ("checkpoint.index",)),
    ("slim_arg_scope", "keras", "tf2", ("checkpoint.index",)),
    ("conditional_lstm", "keras", "keras", ("generator.weights.h5",)),
    ("ema_batch_norm", "torch", "torch", ("checkpoint.pt",)),
    ("layers", "torch", "safetensors", ("checkpoint.safetensors",)),
]


def marked():
    """One format among the quick tests, the others among the long ones."""
    for row in PAIRS:
        marks = [pytest.mark.torch] if row[1] == "torch" else []
        if row[0] != "wgan_gp":
            marks.append(pytest.mark.release)
        yield pytest.param(*row, marks=marks)


@pytest.mark.parametrize(("name", "framework", "to", "files"), marked())
def test_a_trained_checkpoint_goes_over_and_comes_back(name, framework, to, files, tmp_path):
    """What 1.15 had after three steps: moved averages, slots and counts."""
    with np.load(LEGACY / "data" / f"{name}.npz") as file:
        trained = {
            k.removeprefix("after 3/"): file[k] for k in file.files if k.startswith("after 3/")
        }
    meta, old = LEGACY / "data" / f"{name}.meta", tmp_path / "old"
    reading.write(old, trained)
    shutil.copy(meta, f"{old}.meta")
    port, toml = f"{LEGACY / f'{framework}_ports.py'}:{name}", tmp_path / "map.toml"
    done = call(
        "compare.py",
        "--meta",
        meta,
        "--checkpoint",
        old,
        port,
        "--write-map",
        toml,
        "--steps",
        1,
        "--dtype",
        "float64",
        "--timing-steps",
        0,
        "--quiet",
    )
    # the schedule of the port of `layers` begins anew, and is found to
    assert done.returncode == (1 if name == "layers" else 0), done.stdout + done.stderr
    pair = ("--map", toml, "--port", port)
    done = call("convert_checkpoint.py", old, *pair, "--to", to, "--out", tmp_path / "new")
    assert done.returncode == 0, done.stdout + done.stderr
    for file in files:
        assert (tmp_path / "new" / file).is_file()
    back = tmp_path / "back"
    done = call(
        "convert_checkpoint.py",
        tmp_path / "new",
        *pair,
        "--meta",
        meta,
        "--to",
        "tf1",
        "--out",
        back,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    came = reading.tensors(back)
    assert set(came) == set(trained)
    for key, array in trained.items():
        assert np.array_equal(came[key], array), key


@pytest.mark.unit
@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--to", "safetensors"), "is for a pair of yours: give --map and --port"),
        (("--to", "keras", "--map", "nowhere.toml"), "needs both --map and --port"),
        (
            ("--to", "keras", "--map", "nowhere.toml", "--port", "port.py:new"),
            "cannot read nowhere.toml",
        ),
        (("--to", "tf1", "--map", "m", "--port", "port.py:new"), "needs --meta"),
    ],
)
def test_a_pair_that_is_not_whole_is_refused(args, message, tmp_path):
    said = refusal("convert_checkpoint.py", "old", *args, "--out", tmp_path / "new")
    assert message in said
    assert not (tmp_path / "new").exists()
