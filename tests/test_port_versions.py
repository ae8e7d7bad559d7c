"""Two recordings of one port, compared.

What is computed otherwise differs, what was given otherwise is refused."""

import json
import shutil

import numpy as np
import pytest
from port_texts import run_recorder
from written_recordings import write

from dcgan_v1.commands import compare as command
from dcgan_v1.errors import UserError
from dcgan_v1.migration.recordings.port_recorder import running
from dcgan_v1.migration.recordings.port_versions import Versions, compare_versions
from dcgan_v1.migration.runners.recorded_port import RecordedPort

BOTH = """import torch
from torch import nn
torch.manual_seed(0)
G = nn.Sequential(nn.Linear(2, 3), nn.LeakyReLU(0.2), nn.Linear(3, 2))
D = nn.Linear(2, 1)
sgd = torch.optim.SGD(D.parameters(), lr=0.1)
data = torch.rand(8, 2)
for step in range(3):
    real = data[step:step + 4]
    with torch.no_grad():
        fake = G(torch.randn(4, 2))
    both = torch.cat([real, fake])
    sgd.zero_grad()
    D(both).mean().backward()
    sgd.step()
"""


def record(folder, *replace):
    """The recording of BOTH with a text for another one."""
    folder.mkdir()
    text = BOTH.replace(*replace) if replace else BOTH
    assert not replace or text != BOTH
    done = run_recorder(text, folder, "--dtype", "float64")
    assert done.returncode == 0, done.stderr
    return folder / "rec"


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """A recording of BOTH as it is."""
    return record(tmp_path_factory.mktemp("both") / "first")


@pytest.mark.cli
@pytest.mark.torch
def test_a_batch_that_a_network_made_another_one_differs_and_is_no_other_data(first, tmp_path):
    other = record(tmp_path / "slope", "LeakyReLU(0.2)", "LeakyReLU(0.3)")
    versions = compare_versions(first, other)
    assert not versions
    assert versions.found[0].startswith("step 1, layers: G/1 differs")


@pytest.mark.cli
@pytest.mark.torch
@pytest.mark.parametrize(
    ("replace", "name"),
    [
        (("data = torch.rand(8, 2)", "data = torch.rand(8, 2).flip(0)"), "both of step 1"),
        pytest.param(
            ("torch.randn(4, 2)", "torch.randn(4, 2) if step != 1 else torch.ones(4, 2)"),
            "is given other things",
            marks=pytest.mark.release,
        ),
        pytest.param(
            ("G(torch.randn(4, 2))", "G(torch.randn(4, 2) + 0 * torch.rand(1))"),
            "is given other things",
            marks=pytest.mark.release,
        ),
    ],
)
def test_programs_that_differ_and_were_given_other_data_are_refused(replace, name, first, tmp_path):
    with pytest.raises(UserError, match=name):
        compare_versions(first, record(tmp_path / "other", *replace))


def copied(recording, folder, number, change):
    """A recording with one update's arrays changed."""
    shutil.copytree(recording, folder)
    path = folder / f"update_{number:04d}.npz"
    with np.load(path) as held:
        arrays = dict(held)
    change(arrays)
    np.savez(path, **arrays)
    return folder


@pytest.mark.cli
@pytest.mark.torch
def test_data_that_changed_nothing_is_no_reason_to_refuse(first, tmp_path):
    told = json.loads((first / "recording.json").read_text())
    number = max(i for i, item in enumerate(told["updates"][0]["items"]) if item["kind"] == "draw")

    def change(arrays):
        arrays[f"item/{number}"] = arrays[f"item/{number}"] + 1

    assert compare_versions(first, copied(first, tmp_path / "unused", 0, change))


@pytest.mark.unit
def test_of_two_recordings_what_was_computed_differs_and_what_was_given_is_refused(tmp_path):
    plain = write(tmp_path / "plain")
    assert compare_versions(plain, write(tmp_path / "again"))
    other = compare_versions(plain, write(tmp_path / "slope", slope=0.3))
    assert other.found[0].startswith("step 1, layers: G/leaky_relu differs")
    for name, change, item in (
        ("shift", {"shift": 1.0}, "x of step 2"),
        ("noise", {"noise": 1.0}, "z of step 1"),
        ("both", {"noise": 1.0, "slope": 0.3}, "z of step 1"),
    ):
        with pytest.raises(UserError, match=f"were given other data: {item}"):
            compare_versions(plain, write(tmp_path / name, **change))


@pytest.mark.unit
def test_functions_of_a_recording_are_layers_with_their_variables(tmp_path):
    port = RecordedPort(write(tmp_path / "rec"))
    layers = port.step(None, is_observed=True).layers
    assert [layer.name for layer in layers] == ["G/matmul", "G/leaky_relu", "D"]
    assert layers[0].parts == {"kernel": "G/w"} and layers[0].reads == ("G/w",)
    assert [layer.kind for layer in layers] == ["dense", "activation", "dense"]
    assert layers[1].settings["slope"] == 0.2
    assert port.step(None, is_observed=True).layers[0].name == "G/matmul"


@pytest.mark.unit
def test_what_a_table_leaves_out_is_counted():
    versions = Versions(("PyTorch 1", "PyTorch 2"), found=[f"step {i}" for i in range(20)])
    assert versions.lines()[-1].strip() == "and 8 more"
    assert len(versions.lines()) == 14


# ---- which framework ----

TORCH = "import torch\nloss.backward()\noptimizer.step()\noptimizer.zero_grad()\n"
KERAS = "import tensorflow as tf\nwith tf.GradientTape() as tape:\n    pass\n"


@pytest.mark.unit
@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        ([("main.py", TORCH)], "torch"),
        ([("main.py", "import numpy, tensorflow as tf\n")], "tensorflow"),
        ([("main.py", "import os, torch\n"), ("other.py", KERAS)], "torch"),
        # a loader of PyTorch's, trained in another file
        ([("main.py", "import torch\nimport steps\n"), ("steps.py", KERAS)], "tensorflow"),
        ([("main.py", "import tensorflow\nfrom nets import G\n"), ("nets.py", TORCH)], "torch"),
        ([("main.py", f"import torch\n{KERAS}")], "tensorflow"),
        ([("main.py", f"import tensorflow\n{TORCH}")], "torch"),
        ([("main.py", "import torch\nimport keras\nmodel.fit(x, y)\n")], "tensorflow"),
        # what stands beside the program and is not imported
        ([("main.py", KERAS), ("other.py", "import torch\n" + TORCH * 3)], "tensorflow"),
        ([("main.py", "run()\n"), ("nets.py", KERAS)], "tensorflow"),
        ([("main.ipynb", '   "import tensorflow as tf\\n",\n   "model.fit(x)"\n')], "tensorflow"),
    ],
)
def test_a_program_is_of_the_framework_that_its_files_train_with(files, wanted):
    assert running.framework_of(files) == wanted


UNSEEN = "import tensorflow, torch\nprint(1)\n"


@pytest.mark.cli
@pytest.mark.torch
def test_a_program_in_which_nothing_trains_is_told_how_to_name_its_framework(tmp_path):
    done = run_recorder(UNSEEN, tmp_path, "--dtype", "float64", "--framework", "torch")
    (line,) = [text for text in done.stderr.splitlines() if text.startswith("error: ")]
    assert done.returncode == 2
    assert "--framework tensorflow" in line and "--port-framework" in line, line


# ---- the command ----


def refused(*words):
    parser = command.make_parser()
    with pytest.raises(UserError) as error:
        command.main(parser.parse_args(list(map(str, words))))
    return str(error.value)


@pytest.fixture
def recordings(tmp_path):
    """Two folders that say that they are recordings of a port."""
    folders = tmp_path / "a", tmp_path / "b"
    for folder in folders:
        folder.mkdir()
        (folder / "recording.json").write_text('{"kind": "port"}')
    return folders


USELESS = {
    "--write-map": "m.toml",
    "--accept": "slot-start",
    "--checkpoint": "c",
    "--seed": 1,
    "--batch-size": 4,
    "--arguments": "x",
    "--data-dir": "d",
    "--set": "A=1",
    "--keep-recording": "k",
    "--library": "l",
    "--map": "m",
    "--inputs": "i",
    "--report": "r",
    "--steps": 3,
    "--dtype": "float64",
    "--timing-steps": 1,
    "--device": "gpu",
}


@pytest.mark.unit
def test_options_that_two_recordings_have_no_use_for_are_all_named(recordings):
    said = refused(*recordings, *(word for pair in USELESS.items() for word in pair))
    assert all(f" {option}" in said for option in USELESS)
    assert "\n" not in said
    assert "--trust" in refused(*recordings, "--trust")


@pytest.mark.unit
def test_they_are_named_before_a_port_is_run(recordings, tmp_path):
    program = tmp_path / "train.py"
    program.write_text("raise SystemExit('it ran')")
    said = refused(recordings[0], "--port-program", program, "--seed", 1, "--report", "r")
    assert said == "two recordings of one program need no --report and --seed"
    both = "--meta", "g.meta", "--frozen", "f.pb", "--port-program", program
    assert "--meta and --frozen each name the TF1 side" in refused(*both)
    assert "each name the TF1 side" in refused("a.py:old", *both)


@pytest.mark.unit
def test_a_recording_of_a_port_takes_no_options_of_its_program(recordings):
    words = "--recording", recordings[1], "--port-recording", recordings[0]
    for option in (("--port-arguments", "x"), ("--port-framework", "torch")):
        assert refused(*words, *option) == f"{option[0]}: only with --port-program"
    assert "only with --port-program" in refused(*words, "--keep-port-recording", "k")
