"""Two recordings of one port, compared.

What is computed otherwise differs, what was given otherwise is refused."""

import pytest
from written_recordings import write

from dcgan_v1.commands import compare as command
from dcgan_v1.errors import UserError
from dcgan_v1.migration.recordings.port_recorder import running
from dcgan_v1.migration.recordings.versions import Versions, compare_versions


@pytest.mark.unit
def test_of_two_recordings_what_was_computed_differs_and_what_was_given_is_refused(tmp_path):
    plain = write(tmp_path / "plain")
    assert compare_versions(plain, write(tmp_path / "again"))
    other = compare_versions(plain, write(tmp_path / "slope", slope=0.3))
    assert other.found[0].startswith("step 1, layers: G/1 differs")
    for name, change, item in (
        ("shift", {"shift": 1.0}, "x of step 2"),
        ("noise", {"noise": 1.0}, "z of step 1"),
        ("both", {"noise": 1.0, "slope": 0.3}, "z of step 1"),
    ):
        with pytest.raises(UserError, match=f"were given other data: {item}"):
            compare_versions(plain, write(tmp_path / name, **change))


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
