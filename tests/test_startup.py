"""What starting a command costs, and what a training says of the time it will take."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from script_runs import ENVIRONMENT, ROOT

from dcgan_v1 import commands
from dcgan_v1.training import progress

HEAVY = {"tensorflow", "keras", "torch", "matplotlib", "PIL", "scipy"}
STARTS = [("run_module", "dcgan_v1")]
STARTS += [("run_path", f"scripts/{name}.py") for name in commands.NAMES]
STARTS += [("run_path", f"tools/{path.name}") for path in sorted((ROOT / "tools").glob("*_*.py"))]


HELP = """
import runpy, sys
run, name = sys.argv[1:3]
sys.argv = [name, "--help"]
try:
    getattr(runpy, run)(name, run_name="__main__")
except SystemExit:
    pass
print(*{name.partition(".")[0] for name in sys.modules})
"""


def python(*words):
    """Runs Python in a process. Returns its output."""
    done = subprocess.run(
        [sys.executable, *words], cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.cli
def test_no_help_waits_for_a_library_that_is_slow_to_import():
    for run, name in STARTS:
        *text, loaded = python("-c", HELP, run, name).splitlines()
        assert text[0].startswith("usage:"), name
        assert not HEAVY & set(loaded.split()), name


@pytest.mark.cli
def test_drawing_samples_imports_neither_keras_nor_matplotlib(tmp_path):
    code = f"""
import runpy, sys
sys.argv = ["sample.py", "--pretrained", "mnist_tutorial", "--n", "1", "--out", {str(tmp_path)!r}]
try:
    runpy.run_path("scripts/sample.py", run_name="__main__")
except SystemExit as end:
    assert not end.code
loaded = {{name.partition(".")[0] for name in sys.modules}}
assert "tensorflow" in loaded and not loaded & {{"keras", "matplotlib"}}, loaded
import keras
assert keras.layers.Dense(1)(keras.Input([2])).shape == (None, 1)
"""
    python("-c", code)
    assert (tmp_path / "grid.png").is_file()


def run_at(step):
    samples = SimpleNamespace(sample_path=lambda step: Path(f"runs/x/samples/{step}.png"))
    return SimpleNamespace(step=step, scalars={}, d_mean_sample=None, directory=samples)


@pytest.mark.unit
@pytest.mark.parametrize(
    ("total", "said"),
    [
        (4200, "about 7 minutes on this machine for the 4148 steps left"),
        (172852, "about 5 hours on this machine for the 172800 steps left"),
        (1200, ""),
    ],
)
def test_a_run_says_once_after_its_first_steps_how_long_it_will_take(
    total, said, monkeypatch, capsys
):
    """The first step takes 3 seconds, which do not count, each later one a tenth."""
    clock = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: clock[0])
    shown = progress.Progress(total, batch_size=1, quiet=False)
    shown.start(0)
    clock[0] = 3.0
    for step in range(1, 68):
        shown(run_at(step))
        clock[0] += 0.1
    more = ", at 10.0 a second; pictures: runs/x/samples\n" if said else ""
    assert "".join(capsys.readouterr().out) == said + more


@pytest.mark.unit
def test_a_quiet_run_says_nothing_of_time(monkeypatch, capsys):
    clock = iter(range(0, 10_000, 10))
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    shown = progress.Progress(10_000, batch_size=1, quiet=True)
    shown.start(0)
    for step in range(1, 9):
        shown(run_at(step))
    assert capsys.readouterr().out == ""
