"""A port's training program is recorded as it is, and compared without a line of adapter."""

import ast
import copy
import pickle
import shutil
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from port_texts import run_recorder
from recorded_ports import against, recorded

from dcgan_v1.errors import UserError
from dcgan_v1.migration.recordings import recorder_file
from dcgan_v1.migration.recordings.port_recorder import draws, notebook_cells
from dcgan_v1.migration.recordings.port_recording import PortRecording
from dcgan_v1.migration.recordings.port_versions import compare_versions
from dcgan_v1.migration.runners.recorded_port import RecordedPort

# ---- what is recorded ----


@pytest.mark.cli
@pytest.mark.torch
def test_a_recorded_update_is_what_numpy_makes_of_its_gradient(tmp_path):
    port = RecordedPort(recorded("plain_loop.py", tmp_path).folder)
    before, seen, after = port.state(), port.step(None, is_observed=True), port.state()
    (key,) = [k for k in seen.gradients if k.variable == "D/0/weight"]
    gradient = seen.gradients[key]
    m, v = 0.5 * gradient, 0.001 * gradient**2
    step = 0.01 * (m / 0.5) / (np.sqrt(v / 0.001) + 1e-8)
    wanted = before.variables["D/0/weight"] - step
    np.testing.assert_allclose(after.variables["D/0/weight"], wanted, rtol=1e-12)
    assert gradient.dtype == np.float64
    assert set(seen.scalars) == {"d_loss", "g_loss"}


@pytest.mark.cli
@pytest.mark.torch
def test_what_stands_before_the_loop_is_not_of_a_step(tmp_path):
    recording = PortRecording(recorded("plain_loop.py", tmp_path).folder)
    names = [item.name for item in recording.items(0)]
    assert "fixed_noise" not in names and "z" in names and "real" in names
    assert [len(step) for step in recording.steps] == [2, 2, 2]


@pytest.mark.cli
@pytest.mark.torch
def test_bare_tensors_have_the_names_of_the_program(tmp_path):
    told = PortRecording(recorded("bare_tensors.py", tmp_path).folder).told
    assert set(told["variables"]) == {
        f"tensors/{n}" for n in ("Wzh", "bzh", "Whx", "bhx", "Wxh", "bxh", "Why", "bhy")
    }
    assert set(told["optimizers"]) == {"G_solver", "D_solver"}


LABELS = """import torch
from torch import nn
torch.manual_seed(0)
model = nn.Linear(4, 1)
lbfgs = torch.optim.LBFGS(model.parameters(), lr=0.1, max_iter=1)
for _ in range(4):
    x = torch.rand(3, 4)
    wanted = (x.sum(1, keepdim=True) > 2).float()
    def closure():
        lbfgs.zero_grad()
        loss = nn.functional.mse_loss(model(x), wanted)
        loss.backward()
        return loss
    lbfgs.step(closure)
"""


@pytest.mark.cli
@pytest.mark.torch
def test_labels_that_are_computed_of_a_batch_are_given_to_a_step(tmp_path):
    done = run_recorder(LABELS, tmp_path)
    assert done.returncode == 0, done.stderr
    items = {item.name: item for item in PortRecording(tmp_path / "rec").items(0)}
    assert items["wanted"].kind == "computed"
    sums = items["x"].array.sum(1, keepdims=True)
    np.testing.assert_array_equal(items["wanted"].array, sums > 2)


NOT_DOUBLE = """import torch
from torch import nn
model = nn.Linear(2, 1)
sgd = torch.optim.SGD(model.parameters(), lr=0.1)
for _ in range(4):
    x = torch.rand(3, 2)
    assert x.numpy().dtype == "float32"
    sgd.zero_grad()
    model(x).mean().backward()
    sgd.step()
"""


@pytest.mark.cli
@pytest.mark.torch
def test_a_program_that_cannot_be_double_is_recorded_in_float32_and_said_so(tmp_path):
    done = run_recorder(NOT_DOUBLE, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "in float64: train.py:" in done.stderr and "again in float32" in done.stderr
    recording = PortRecording(tmp_path / "rec")
    assert recording.dtype == "float32" and len(recording.steps) == 3
    assert recording.before["state/model/weight"].dtype == np.float32
    # its own rounding is measured, so that two versions can be told apart
    versions = compare_versions(tmp_path / "rec", tmp_path / "rec" / "again")
    assert versions, versions.lines()
    assert versions.dtype == "float32" and 1e-7 < versions.allowed["layers"] < 1e-5
    path = tmp_path / "rec" / "again" / "update_0000.npz"
    arrays = dict(np.load(path))
    arrays["layer/0"] = arrays["layer/0"] * np.float32(1.001)
    np.savez(tmp_path / "moved.npz", **arrays)
    shutil.copytree(tmp_path / "rec" / "again", tmp_path / "other")
    shutil.copyfile(tmp_path / "moved.npz", tmp_path / "other" / "update_0000.npz")
    found = compare_versions(tmp_path / "rec", tmp_path / "other").found
    assert found and "layers: model differs by 1.0e-03" in found[0]


@pytest.mark.cli
@pytest.mark.torch
def test_a_notebook_is_recorded_as_the_script_of_its_cells(tmp_path):
    notebook = recorded("plain_loop.ipynb", tmp_path / "notebook", steps=2)
    script = recorded("plain_loop.py", tmp_path / "script", steps=2)
    versions = compare_versions(script.folder, notebook.folder)
    assert versions, versions.lines()


@pytest.mark.unit
@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("%%time\na = 1\n", {"a": 1}),
        ("%%capture out\na = 1", {"a": 1}),
        ("%%bash\nrm -r all", {}),
        ("names = !ls\n?names\nnames?\n%timeit 1\nb = 2", {"names": [], "b": 2}),
        ("b = (7\n% 4)\n", {"b": 3}),
    ],
)
def test_magics_of_a_notebook_do_nothing_to_its_code(cell, names):
    space = {}
    exec(notebook_cells.without_magics(cell), space)
    assert {name: value for name, value in space.items() if name != "__builtins__"} == names


@pytest.mark.cli
@pytest.mark.torch
def test_two_recordings_of_a_program_are_the_same_until_it_changes(tmp_path):
    first = recorded("hooks_by_hand.py", tmp_path / "a").folder
    again = recorded("hooks_by_hand.py", tmp_path / "b").folder
    other = recorded("hooks_by_hand.py", tmp_path / "c", ("LeakyReLU(0.2)", "LeakyReLU(0.1)"))
    seeded = recorded("hooks_by_hand.py", tmp_path / "d", ("manual_seed(3)", "manual_seed(4)"))
    assert compare_versions(first, again)
    found = compare_versions(first, other.folder)
    assert not found
    assert found.found[0].startswith("step 1, layers: model/discriminator/1 differs by")
    with pytest.raises(UserError, match="begin with other values"):
        compare_versions(first, seeded.folder)


# ---- compared ----

PAIRS = [  # program, the graph that it is a port of, a fault: text, what stands there, its cause
    ("plain_loop.py", "with_dropout", ("LeakyReLU(0.2)", "LeakyReLU(0.1)"), "slope 0.1"),
    (
        "bare_tensors.py",
        "adversarial",
        ("D_params, lr=0.01", "D_params, lr=0.02"),
        "learning rate 0.02 against 0.01",
    ),
    ("hooks_by_hand.py", "adversarial", ("(batch), 1.0)", "(batch), 0.9)"), "labels 0.9"),
    (
        "trainer_class.py",
        "wasserstein",
        ("p.data.clamp_(", "p.data.clone().clamp_("),
        "clips weights to",
    ),
    ("arguments.py", "classifier", ("BatchNorm2d(6)", "BatchNorm2d(6, eps=0.1)"), "epsilon is 0.1"),
    (
        "plain_loop.ipynb",
        "with_dropout",
        ("lr=0.02", "lr=0.002"),
        "learning rate 0.002 against 0.02",
    ),
    (
        "package_gan/train.py",
        "adversarial",
        ("lr=0.02", "lr=0.002"),
        "learning rate 0.002 against 0.02",
    ),
]


def of_pairs():
    for row in PAIRS:
        marks = [pytest.mark.smoke] if row[0] == "package_gan/train.py" else [pytest.mark.release]
        yield pytest.param(*row[:2], marks=marks, id=row[0])


@pytest.mark.compare
@pytest.mark.torch
@pytest.mark.numerical
@pytest.mark.parametrize(("name", "old"), of_pairs())
def test_a_program_and_the_graph_that_it_is_a_port_of_are_the_same(name, old, tmp_path):
    result = against(old, recorded(name, tmp_path))
    assert result, result.verdict


def of_faults():
    for row in PAIRS:
        marks = [] if row[0] == "plain_loop.py" else [pytest.mark.release]
        yield pytest.param(*row, marks=marks, id=row[0])


@pytest.mark.compare
@pytest.mark.torch
@pytest.mark.parametrize(("name", "old", "fault", "cause"), of_faults())
def test_a_fault_in_a_program_is_named(name, old, fault, cause, tmp_path):
    result = against(old, recorded(name, tmp_path, fault))
    assert not result
    assert cause in result.verdict, result.verdict


@pytest.mark.unit
def test_a_generator_of_numpys_is_copied_pickled_and_handed_on_as_without_a_recorder():
    noted = []
    recorder = SimpleNamespace(
        generators=[],
        sees=lambda: True,
        is_busy=False,
        item=lambda kind, function, array, law: noted.append((function, array)),
    )
    rng = draws._generator(recorder, np.random.default_rng, 3)
    assert draws._generator(recorder, np.random.default_rng, rng) is rng
    assert draws._generator(recorder, np.random.default_rng, seed=rng) is rng
    held = copy.deepcopy(SimpleNamespace(rng=rng)).rng
    read = pickle.loads(pickle.dumps(rng))
    wanted = np.random.default_rng(3).normal(size=4)
    for one in (rng, held, read):
        np.testing.assert_array_equal(one.normal(size=4), wanted)
    assert [function for function, _ in noted] == ["rng.normal"] * 2  # what was read is not ours
    assert len(recorder.generators) == 2
    assert not hasattr(rng, "__array__") and not hasattr(draws.Generator.__new__(type(rng)), "x")


@pytest.mark.unit
def test_the_recorder_is_one_file_in_the_language_of_python_3_6():
    tree = ast.parse(recorder_file.text("port_recorder"), feature_version=(3, 6))
    nodes = list(ast.walk(tree))
    modules = {a.name for n in nodes if isinstance(n, ast.Import) for a in n.names}
    modules |= {str(n.module) for n in nodes if isinstance(n, ast.ImportFrom)}
    assert {m.partition(".")[0] for m in modules} - sys.stdlib_module_names == {
        "numpy",
        "torch",
        "tensorflow",
    }
