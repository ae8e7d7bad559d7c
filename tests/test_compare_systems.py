"""`compare --system` as a user runs it: pairs are the same, planted differences are found."""

import json
import re
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from marks import CHROMIUM
from script_runs import ENVIRONMENT, ROOT, call, refusal

from dcgan_v1 import systems

pytestmark = pytest.mark.compare

PAIRS = [
    (model, against)
    for against in systems.FRAMEWORKS
    for model in systems.with_counterpart(against)
]
NARROW = {"celeba64": ("--width", 8), "images96": ("--width", 8)}
BOUNDS = {"forward": 1e-12, "loss": 1e-12, "gradient": 1e-10, "state": 1e-8}


def compare(model, against, *args):
    pair = ("--system", model, "--against", against, "--batch-size", 4)
    options = ("--timing-steps", 0, "--dtype", "float64", "--quiet")
    return call("compare.py", *pair, *options, *NARROW.get(model, ()), *args)


QUICK = ("mnist_tutorial", "tf2"), ("mnist_keras", "keras"), ("images96", "torch")


def marked(model, against):
    marks = [] if (model, against) in QUICK else [pytest.mark.release]
    if against == "torch":
        marks.append(pytest.mark.torch)
    if (model, against) == QUICK[0]:
        marks.append(pytest.mark.smoke)
    return pytest.param(model, against, marks=marks)


@pytest.mark.parametrize(("model", "against"), [marked(*pair) for pair in PAIRS])
def test_tf1_and_its_counterpart_are_the_same_function_in_float64(model, against, tmp_path):
    done = compare(model, against, "--steps", 5, "--report", tmp_path, "--seed", 3)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"same: {model} against {against}" in done.stdout
    report = json.loads((tmp_path / "report.json").read_text())
    seen = {"forward": 0, "loss": 0, "gradient": 0, "state": 0}
    for d in report["differences"]["float64"]:
        assert d["relative"] <= BOUNDS[d["kind"]], d
        seen[d["kind"]] += 1
    variables = report["variables"]
    trained = [v for v in variables if v["trainable"]]
    assert all(v["other"] and v["sure"] for v in variables)
    assert seen["gradient"] >= len(trained)
    # after 1, 3 and 5 steps: weights with two slots each, and averages
    assert seen["state"] >= 3 * (len(variables) + 2 * len(trained))
    assert seen["forward"] >= 20
    differing = [row["setting"] for row in report["settings"] if row["differs"]]
    # images96's TF1 optimiser has PyTorch's epsilon in terms of TensorFlow's form of it
    assert all(name.endswith("_adam: epsilon") for name in differing)
    assert not differing or model == "images96"


@pytest.mark.release
def test_float32_is_measured_by_tf1s_own_noise(tmp_path):
    """Also looked at here: speed, memory, environment, and starting from a run."""
    run = tmp_path / "run"
    data = ("--data", "synthetic", "--limit", 4, "--width", 8, "--batch-size", 4)
    done = call("train_celeba.py", *data, "--steps", 2, "--quiet", "--run-dir", run)
    assert done.returncode == 0, done.stderr
    out = tmp_path / "out"
    done = call(
        "compare_tf2.py",
        "--model",
        "celeba64",
        "--against",
        "tf2",
        "--steps",
        2,
        "--timing-steps",
        2,
        "--checkpoint",
        run,
        "--report",
        out,
        "--quiet",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"TF1 \d+ ms, port \d+ ms: [\d.]+ times as long", done.stdout)
    report = json.loads((out / "report.json").read_text())
    rows = {(row["dtype"], row["kind"]): row for row in report["summary"]}
    assert len(rows) == 8
    for kind in BOUNDS:
        row = rows["float32", kind]
        least = 2**-23
        assert row["tolerance"] == pytest.approx(10 * max(row["noise"], least))
        assert row["relative"] <= row["tolerance"]
    assert report["speed"]["tf1_peak_bytes"] > 1e8
    environment = report["environment"]
    assert environment["batch size"] == 4  # the run's
    assert environment["started from"] == str(run)
    slots = [d for d in report["differences"]["float64"] if d["part"] == "v"]
    assert len(slots) >= 2 * sum(v["trainable"] for v in report["variables"])


@pytest.mark.unit
@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("mnist_tutorial", "torch"), "has no counterpart in torch; it has in tf2"),
        (("mnist_tutorial", "tf2", "--steps", 0), "--steps must be at least 1"),
        (("mnist_tutorial", "tf2", "--width", 8), "has no --width"),
        (("mnist_tutorial", "tf2", "--checkpoint", "nowhere"), "no checkpoint at"),
        (("celeba64", "tf2", "--width", 9), "--width must be a multiple of 8"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_one_line(args, message):
    model, against, *rest = args
    said = refusal(
        "compare_tf2.py",
        "--model",
        model,
        "--against",
        against,
        "--batch-size",
        4,
        "--dtype",
        "float64",
        "--quiet",
        *rest,
    )
    assert message in said


@pytest.mark.unit
@pytest.mark.parametrize(
    ("args", "message"),
    [
        ("--system celeba64", "--system needs --against: one of"),
        ("--system celeba64 --against tf2 port.py:new", "leave out OLD, NEW"),
        ("--system celeba64 --against tf2 --meta a --map b", "leave out --meta and --map"),
        ("old.py:old new.py:new --against tf2", "--against and --width belong to --system"),
    ],
)
def test_a_system_and_other_programs_exclude_each_other(args, message):
    assert message in refusal("compare.py", *args.split())


@pytest.mark.cli
@pytest.mark.parametrize("against", ["keras", "tf2"])
def test_a_gpu_that_is_asked_for_and_not_there_is_refused_in_one_line(tmp_path, against):
    hidden = ENVIRONMENT | {"CUDA_VISIBLE_DEVICES": "-1"}  # where there is one
    model = {"keras": "mnist_keras", "tf2": "mnist_tutorial"}[against]
    words = ("--system", model, "--against", against, "--device", "gpu", "--report", tmp_path / "r")
    said = refusal("compare.py", *words, run=partial(call, env=hidden))
    assert "--device gpu: " in said and said.endswith("or use --device cpu\n")
    assert not (tmp_path / "r").exists()


@pytest.mark.unit
def test_a_report_that_is_there_is_not_overwritten(tmp_path):
    (tmp_path / "report.html").write_text("mine")
    args = ("--model", "mnist_tutorial", "--against", "tf2", "--report", tmp_path)
    assert "choose another --report" in refusal("compare_tf2.py", *args)
    assert (tmp_path / "report.html").read_text() == "mine"


PLANTED = """
import sys
sys.path.insert(0, {tests!r})
import planted_faults
from dcgan_v1.ports import comparison

def old():
    return comparison.old("images96", width=8)

def new():
    return planted_faults.new("images96", "tf2", "leaky-slope", width=8)
"""


@pytest.mark.browser
def test_the_report_opens_in_a_browser_and_shows_its_pictures(tmp_path):
    pair = tmp_path / "pair.py"
    pair.write_text(PLANTED.format(tests=str(Path(__file__).parent)))
    options = ("--steps", 1, "--batch-size", 4, "--dtype", "float64", "--quiet")
    done = call(
        "compare.py",
        f"{pair}:old",
        f"{pair}:new",
        *options,
        "--report",
        tmp_path,
        "--timing-steps",
        0,
    )
    assert done.returncode == 1, done.stderr
    page = (tmp_path / "report.html").read_text()
    assert not re.search(r"""(src|href)=["'](?!data:)""", page)  # needs no other file
    assert "The port does not compute what the TensorFlow 1 program computes." in page
    script = """<script>onload = () => document.title = JSON.stringify(
        [...document.images].map(i => [i.alt, i.naturalWidth, i.naturalHeight]))
    </script></body>"""
    (tmp_path / "probe.html").write_text(page.replace("</body>", script))
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]
    command += [f"--user-data-dir={tmp_path / 'profile'}"]
    command += [f"file://{tmp_path / 'probe.html'}"]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=120)
    title = re.search(r"<title>(\[.*\])</title>", shown.stdout)
    assert title, shown.stderr[-500:]
    pictures = json.loads(title[1])
    assert len(pictures) == 5
    assert all(width > 300 and height >= 96 for _, width, height in pictures)
    assert "leaky ReLU has slope 0.3" in shown.stdout


@pytest.mark.release
def test_a_counterpart_of_another_shape_is_named_and_not_a_traceback(tmp_path):
    """A layer with fewer channels, as a port in progress may have."""
    project = tmp_path / "project"
    for name in ("dcgan_v1", "scripts"):
        shutil.copytree(ROOT / name, project / name)
    port = project / "dcgan_v1" / "ports" / "tf2_mnist_tutorial.py"
    text = port.read_text()
    port.write_text(
        text.replace('Conv2D(128, 5, strides=2, padding="same"', "Conv2D(96, 5, strides=2")
    )
    done = subprocess.run(
        [
            sys.executable,
            "scripts/compare_tf2.py",
            "--model",
            "mnist_tutorial",
            "--against",
            "tf2",
            "--batch-size",
            "4",
            "--dtype",
            "float64",
            "--quiet",
        ],
        cwd=project,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stderr.count("\n") == 1
    assert "have no counterpart" in done.stderr
    assert "port: discriminator/conv2/kernel [5, 5, 64, 96]; nearest: " in done.stdout
    assert "TF1: mnist_tutorial/discriminator/conv2/w [5, 5, 64, 128]" in done.stdout
