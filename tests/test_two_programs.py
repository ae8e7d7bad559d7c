"""Two programs in, a verdict out: the command as a user gives it, from the shell."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from script_runs import call

ROOT = Path(__file__).resolve().parents[1]
PROGRAMS = ROOT / "tests" / "port_programs"
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
