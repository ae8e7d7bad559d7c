"""Two programs in, a verdict out: the command as a user gives it, from the shell."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from marks import TF1_15
from script_runs import call

from dcgan_v1.migration.recordings import recorder_file

ROOT = Path(__file__).resolve().parents[1]
PROGRAMS = ROOT / "tests" / "port_programs"
LEGACY = ROOT / "tests" / "legacy"
COMMON = ["--accept", "adam-epsilon-place", "--steps", "2", "--timing-steps", "0", "--quiet"]


@pytest.mark.compare
@pytest.mark.torch
def test_two_programs_in_a_verdict_out(tmp_path):
    kept = {p: p.read_bytes() for p in PROGRAMS.rglob("*.py")}
    rec, port = tmp_path / "rec", tmp_path / "port"
    words = ["--program", PROGRAMS / "old_main.py", "--arguments", "--batch_size 8"]
    words += [
        "--port-program",
        PROGRAMS / "package_gan" / "train.py",
        "--port-arguments",
        "--epochs 1",
    ]
    words += ["--keep-recording", rec, "--keep-port-recording", port, "--report", tmp_path / "out"]
    command = [sys.executable, ROOT / "scripts" / "compare.py", *words, *COMMON]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    bound = next(i for i, line in enumerate(lines) if "-> TF1's x [None, 4]" in line)
    verdict = next(i for i, line in enumerate(lines) if line.startswith("same"))
    assert bound < verdict
    assert "real [8, 4]" in lines[bound]
    told = json.loads((tmp_path / "out" / "report.json").read_text())
    assert told["same"] is True
    assert {p: p.read_bytes() for p in PROGRAMS.rglob("*.py")} == kept
    # both recorded, bound by a map file
    (tmp_path / "map.toml").write_text('[inputs]\n"real" = "x"\n"noise" = "z"\n')
    both = ["--recording", rec, "--port-recording", port]
    mapped = call("compare.py", *both, "--map", tmp_path / "map.toml", *COMMON)
    assert mapped.returncode == 0, mapped.stdout + mapped.stderr
    refused = call("compare.py", *both, "--map", tmp_path / "none.toml", *COMMON)
    assert refused.returncode == 2


@pytest.mark.compare
@pytest.mark.tf115
@pytest.mark.release
def test_a_tf1_program_recorded_on_1_15_and_here_is_the_same_until_it_changes(tmp_path):
    old, new, other = (tmp_path / name for name in ("old", "new", "other"))
    recorder_file.write("tf1_recorder", tmp_path / "recorder.py")
    clean = {k: v for k, v in os.environ.items() if not k.startswith("TF")}
    words = [TF1_15, "-m", "recorder", "--record", "old", "--steps", "6", LEGACY / "small_gan.py"]
    done = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path, env=clean)
    assert done.returncode == 0, done.stderr[-2000:]
    text = (LEGACY / "small_gan.py").read_text()
    (tmp_path / "changed").mkdir()
    changed = tmp_path / "changed" / "small_gan.py"
    changed.write_text(text.replace("epsilon=1e-5", "epsilon=1e-3"))
    assert changed.read_text() != text
    for folder, program in ((new, LEGACY / "small_gan.py"), (other, changed)):
        run = folder.with_suffix(".run")
        words = ["--run-dir", run, "--record", folder, "--whole-steps", 3, program]
        done = call("run_legacy.py", *words)
        assert done.returncode == 0, done.stdout + done.stderr
    same = call("compare.py", old, new)
    assert same.returncode == 0, same.stdout + same.stderr
    assert "same: TensorFlow 1.15.5 against TensorFlow 2." in same.stdout
    differs = call("compare.py", old, other)
    assert differs.returncode == 1, differs.stdout + differs.stderr
    assert "gradients of the first run" in differs.stdout.splitlines()[-1]
