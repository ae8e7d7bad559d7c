"""What the port recorder notes of a PyTorch program, and what it says of what it cannot note."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from port_texts import run_recorder

from dcgan_v1.migration.recordings.port_recording import PortRecording
from dcgan_v1.migration.recordings.port_versions import compare_versions

pytestmark = [pytest.mark.cli, pytest.mark.torch]

PROGRAM = """import torch
from torch import nn
import torch.nn.functional as F
import numpy as np
torch.manual_seed(0)
model = nn.Linear(2, 1)
{before}
sgd = torch.optim.SGD({parameters}, lr=0.1)
for step in range({steps}):
    x = torch.rand(4, 2)
    {step}
    sgd.zero_grad()
    loss = {y}.mean()
    loss.backward()
    {end}
"""


def recorded(folder, before="", step="pass", y="model(x)", end="sgd.step()", **words):
    words = {"parameters": "model.parameters()", "steps": 4, **words}
    program = PROGRAM.format(before=before, step=step, y=y, end=end, **words)
    return run_recorder(program, folder)


def items(folder):
    return PortRecording(folder / "rec").items(1)


UNSEEN = [  # a draw that no function of Python's can be asked for, and how it is named
    ("model = nn.Sequential(nn.Linear(2, 3), nn.RReLU(), nn.Linear(3, 1))", "model(x)", "RReLU"),
    ("", "(F.alpha_dropout(model(x), 0.5, True) + torch.rand(1))", "something before it"),
    (
        "model = nn.LSTM(2, 3, num_layers=2, dropout=0.5)",
        "model(x[None])[0]",
        "LSTM draws random numbers",
    ),
]


@pytest.mark.parametrize(
    ("before", "y", "name"),
    [UNSEEN[0], *(pytest.param(*row, marks=pytest.mark.release) for row in UNSEEN[1:])],
)
def test_a_draw_that_is_not_seen_is_named(before, y, name, tmp_path):
    done = recorded(tmp_path, before, y=y)
    assert done.returncode == 0, done.stderr
    notes = PortRecording(tmp_path / "rec").told["notes"]
    assert any(name in note and "not recorded" in note for note in notes), notes


def test_what_is_seen_is_not_called_unseen(tmp_path):
    done = recorded(
        tmp_path,
        "numbers = np.array([[0.5, 2.0]])",
        "b = torch.Tensor(numbers)",
        "F.dropout(model(x))",
    )
    assert done.returncode == 0, done.stderr
    notes = PortRecording(tmp_path / "rec").told["notes"]
    assert notes == ["train.py:11: torch.Tensor(…) is not seen: torch.tensor is"]


def test_dropout_in_place_drops_out_in_place(tmp_path):
    step = "h = model(x); F.dropout(h, 0.5, True, True)"
    done = recorded(tmp_path, step=step, y="h")
    assert done.returncode == 0, done.stderr
    (drawn,) = [item.array for item in items(tmp_path) if item.function == "dropout"]
    recording = PortRecording(tmp_path / "rec")
    loss = recording.told["updates"][1]["losses"]["loss"]
    weight = recording.update(0)["state/model/weight"], recording.update(0)["state/model/bias"]
    (x,) = [item.array for item in items(tmp_path) if item.name == "x" and item.kind == "draw"]
    h = x @ weight[0].T + weight[1]
    assert loss == pytest.approx(np.mean(h * (drawn >= 0.5) * 2), abs=1e-12)


def test_keyword_tensors_are_noted_and_inference_leaves_no_trace(tmp_path):
    net = (
        "class Net(nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.w = nn.Parameter(torch.ones(1))\n"
        "        self.register_buffer('calls', torch.zeros(1))\n"
        "    def forward(self, *, given):\n"
        "        self.calls += 1\n"
        "        return self.w * given * np.random.uniform() * torch.rand(1)\n"
        "model = Net()\n"
        "np.random.seed(5)"
    )
    done = recorded(tmp_path, net, y="model(given=x * 1)")
    assert done.returncode == 0, done.stderr
    recording = PortRecording(tmp_path / "rec")
    assert "input" in [i.name for i in recording.items(0)]
    assert recording.update(0)["state/model/calls"] == 1.0
    draws = [i.array for i in recording.items(0) if i.function == "np.random.uniform"]
    assert draws == [np.random.RandomState(5).uniform()]  # once: inference is not noted


def test_an_optimizer_without_a_closure_is_given_none(tmp_path):
    plain = (
        "class Plain(torch.optim.Optimizer):\n"
        "    def __init__(self, parameters, lr):\n"
        "        super().__init__(parameters, {'lr': lr})\n"
        "    def step(self):\n"
        "        for p in self.param_groups[0]['params']:\n"
        "            p.data -= 0.1 * p.grad\n"
        "torch.optim.SGD = Plain"
    )
    done = recorded(tmp_path, plain)
    assert done.returncode == 0, done.stderr


def test_a_loss_counts_as_much_as_its_gradient_begins_with(tmp_path):
    done = recorded(tmp_path, end="model(x).sum().backward(-2 * torch.ones([]))\n    sgd.step()")
    assert done.returncode == 0, done.stderr
    losses = PortRecording(tmp_path / "rec").told["updates"][0]["losses"]
    assert losses == {"loss": losses["loss"], "-2 loss": pytest.approx(-8 * losses["loss"])}


@pytest.mark.parametrize(
    "end", ["sgd.step()", pytest.param("sgd.step(lambda: loss)", marks=pytest.mark.release)]
)
def test_what_is_maximised_is_minus_what_is_minimised(end, tmp_path):
    for name, y, options in (("least", "-model(x)", ""), ("most", "model(x)", ", maximize=True")):
        (tmp_path / name).mkdir()
        parameters = f"model.parameters(){options}"
        done = recorded(tmp_path / name, y=y, end=end, parameters=parameters)
        assert done.returncode == 0, done.stderr
    least, most = (PortRecording(tmp_path / name / "rec") for name in ("least", "most"))
    for number in range(len(least.told["updates"])):
        losses = [recording.told["updates"][number]["losses"] for recording in (least, most)]
        assert losses[1] == {"-loss": losses[0]["loss"]} and losses[0]["loss"]
        ours, theirs = (recording.update(number) for recording in (least, most))
        for key in (k for k in ours if k.startswith(("gradient/", "state/"))):
            np.testing.assert_array_equal(ours[key], theirs[key])


def test_groups_of_an_optimizer_that_differ_are_told(tmp_path):
    groups = "[{'params': [model.weight]}, {'params': [model.bias], 'lr': 0.3}]"
    done = recorded(tmp_path, parameters=groups)
    assert done.returncode == 0, done.stderr
    told = PortRecording(tmp_path / "rec").told
    assert told["updates"][0]["settings"]["lr of group 2"] == 0.3
    assert told["notes"] == ["groups of an optimiser differ: lr of group 2"]


SWALLOWING = """try:
        sgd.step()
    except:
        pass"""


def test_a_program_that_swallows_its_end_is_ended_all_the_same(tmp_path):
    done = recorded(tmp_path, end=SWALLOWING, steps=10**9)
    assert done.returncode == 0, done.stderr
    assert "recorded 3 updates" in done.stdout
    assert len(PortRecording(tmp_path / "rec").steps) == 3


def test_a_program_that_ends_early_leaves_what_it_did(tmp_path):
    done = recorded(tmp_path, steps=2)
    assert done.returncode == 0, done.stderr
    assert len(PortRecording(tmp_path / "rec").steps) == 2


def test_a_setting_that_one_version_alone_has_is_found(tmp_path):
    assert recorded(tmp_path).returncode == 0
    shutil.copytree(tmp_path / "rec", tmp_path / "other")
    path = tmp_path / "other" / "recording.json"
    told = json.loads(path.read_text())
    for update in told["updates"]:
        update["settings"]["momentum"] = 0.9
        update["losses"]["penalty"] = 0.5
    path.write_text(json.dumps(told))
    for first, second in (("rec", "other"), ("other", "rec")):
        found = compare_versions(tmp_path / first, tmp_path / second).found
        assert any("momentum is" in line and "not there" in line for line in found), found
        assert any("penalty is not in that of" in line for line in found), found


def test_processes_that_train_are_named(tmp_path):
    program = (
        "import multiprocessing, torch\n"
        "def train():\n"
        "    pass\n"
        "if __name__ == '__main__':\n"
        "    p = multiprocessing.get_context('spawn').Process(target=train)\n"
        "    p.start()\n"
        "    p.join()\n"
    )
    done = run_recorder(program, tmp_path)
    assert done.returncode == 2
    assert "the program starts others (train.py:6)" in done.stderr
    assert not Path(tmp_path, "rec", "recording.json").exists()
