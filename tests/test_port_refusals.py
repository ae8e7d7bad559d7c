"""Programs, recordings and options that the recorder of ports refuses."""

import pytest
from port_texts import run_recorder

from dcgan_v1.errors import UserError
from dcgan_v1.migration.recordings.port_recording import PortRecording

REFUSED = [
    ("import torch\nprint(1)\n", "made no optimiser"),
    (
        "import torch\nw = torch.zeros(2, requires_grad=True)\ntorch.optim.SGD([w], lr=1.0)\n",
        "ended before any update",
    ),
    ("import torch\nraise ValueError('no data')\n", "train.py:2: the program failed: ValueError"),
    (
        "import os, torch\npid = os.fork()\nif not pid:\n    os._exit(0)\nos.waitpid(pid, 0)\n",
        "the program starts others (train.py:2)",
    ),
    ("import sys, torch\nsys.exit(3)\n", "exit code 3"),
    (
        "import torch\nw = torch.zeros(2, requires_grad=True)\no = torch.optim.SGD([w], lr=1.0)\n"
        "torch.cuda.get_device_properties(0)\n",
        "train.py:4: the program needs a GPU",
    ),
    ("import torch\nprint 'hello'\n", "error: the program failed: SyntaxError"),
]


@pytest.mark.cli
@pytest.mark.torch
@pytest.mark.parametrize(
    ("program", "line"),
    [*REFUSED[:2], *(pytest.param(*row, marks=pytest.mark.release) for row in REFUSED[2:])],
)
def test_a_program_that_cannot_be_recorded_gets_one_line(program, line, tmp_path):
    done = run_recorder(program, tmp_path)
    errors = [text for text in done.stderr.splitlines() if text.startswith("error: ")]
    assert done.returncode == 2
    assert len(errors) == 1
    assert line in errors[0]
    assert not (tmp_path / "rec" / "recording.json").exists()


ON_A_GPU = """import torch
torch.cuda.set_device(0)
net = torch.nn.DataParallel(torch.nn.Linear(5, 1)).cuda()
sgd = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(3):
    sgd.zero_grad()
    net(torch.cuda.FloatTensor(4, 5).normal_()).mean().backward()
    sgd.step()
torch.cuda.synchronize()
"""


@pytest.mark.cli
@pytest.mark.torch
@pytest.mark.release
def test_a_program_that_moves_everything_to_a_gpu_is_recorded_on_the_cpu(tmp_path):
    done = run_recorder(ON_A_GPU, tmp_path, "--steps", "2")
    assert done.returncode == 0, done.stderr
    assert "it was recorded on the CPU" in done.stdout + done.stderr
    assert PortRecording(tmp_path / "rec").dtype == "float64"


@pytest.mark.unit
def test_a_folder_that_is_no_recording_is_refused(tmp_path):
    with pytest.raises(UserError, match="is none"):
        PortRecording(tmp_path)
    (tmp_path / "before.npz").write_bytes(b"")
    with pytest.raises(UserError, match="is not complete"):
        PortRecording(tmp_path)
    path = tmp_path / "recording.json"
    for text, message in [
        ("{", "is no JSON"),
        ("{}", "is no port's recording"),
        ('{"kind": "port", "format": 9}', "of another format"),
        ('{"kind": "port", "format": 1, "updates": []}', "do not fit"),
    ]:
        path.write_text(text)
        with pytest.raises(UserError, match=message):
            PortRecording(tmp_path)


@pytest.mark.unit
def test_options_of_a_ports_program_need_one():
    from dcgan_v1.commands import compare as command

    parser = command.make_parser()
    with pytest.raises(UserError, match="--port-arguments: only with --port-program"):
        command.main(parser.parse_args(["a.py:old", "b.py:new", "--port-arguments", "x"]))
    with pytest.raises(UserError, match="name the old side"):
        command.main(parser.parse_args(["--port-recording", "rec"]))
