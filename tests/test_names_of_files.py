"""Names of files and folders that mean something to one tool or another."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from script_runs import ENVIRONMENT, ROOT, call, fresh, refusal

from dcgan_v1.checkpoints import finding, reading

pytestmark = pytest.mark.cli

SHORT = ("--model", "mnist_keras", "--steps", 1, "--batch-size", 4, "--samples", 4)
SHORT += ("--device", "cpu")


@pytest.mark.parametrize(
    "name",
    [
        "a\\b what?",
        pytest.param("exp[1]", marks=pytest.mark.release),
        pytest.param("star* {x} 50% #1 $HOME `x`", marks=pytest.mark.release),
    ],
)
def test_a_run_directory_of_any_name_is_restored_verified_sampled_and_converted(tmp_path, name):
    run = tmp_path / name / "run"
    done = call("train_mnist.py", *SHORT, "--run-dir", run)
    assert done.returncode == 0, done.stderr
    args = ("--run-dir", run, "--restore", "--steps", 2)
    done = call("train_mnist.py", *args)
    assert done.returncode == 0, done.stderr
    assert "resumed at step 1" in done.stdout
    done = call("verify_checkpoint.py", run)
    assert done.returncode == 0 and done.stdout.endswith("sound\n"), done.stdout
    out = tmp_path / name / "out"
    done = call("sample.py", "--run-dir", run, "--n", 1, "--out", out)
    assert done.returncode == 0 and (out / "grid.png").exists(), done.stderr
    done = call("export_checkpoint.py", run, "--out", out / name)
    assert done.returncode == 0, done.stderr
    arrays = reading.tensors(finding.resolve(out / name))
    trained = reading.tensors(finding.resolve(run))
    assert len(arrays) > 20
    for key, value in arrays.items():
        assert value.tobytes() == trained[key].tobytes()


def test_a_converted_checkpoint_of_any_name_comes_back(tmp_path):
    run, port = tmp_path / "exp[1]", tmp_path / "port[2]"
    assert call("train_mnist.py", *SHORT, "--run-dir", run).returncode == 0
    done = call("convert_checkpoint.py", run, "--to", "tf2", "--out", port / "gan")
    assert done.returncode == 0, done.stderr
    back = tmp_path / "back[3]" / "model"
    done = call("convert_checkpoint.py", port / "gan", "--to", "tf1", "--out", back)
    assert done.returncode == 0, done.stderr
    before, after = (reading.tensors(finding.resolve(p)) for p in (run, back))
    assert {k: v.tobytes() for k, v in before.items()} == {k: v.tobytes() for k, v in after.items()}


def test_a_clone_below_a_folder_with_brackets_finds_its_models(tmp_path):
    clone = tmp_path / "clones[old]"
    ignore = shutil.ignore_patterns("__pycache__", "mnist_files")
    shutil.copytree(ROOT / "dcgan_v1", clone / "dcgan_v1", ignore=ignore)
    shutil.copytree(ROOT / "scripts", clone / "scripts", ignore=ignore)
    name = "pretrained/mnist_tutorial"
    shutil.copytree(ROOT / name, clone / name)
    words = ("--pretrained", "mnist_tutorial", "--n", "1", "--out", "out")
    done = subprocess.run(
        [sys.executable, clone / "scripts" / "sample.py", *words],
        cwd=tmp_path,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert f"restored {clone}/pretrained/mnist_tutorial/model" in done.stdout
    assert (tmp_path / "out" / "grid.png").exists()


@pytest.mark.parametrize("space", ["\u00a0", "\u202f", "\u3000", "\u200d", " ", "é", "👩‍👧"])
def test_letters_and_spaces_of_any_script_are_part_of_a_path(tmp_path, space):
    out = tmp_path / f"a{space}b"
    done = call("sample.py", "--pretrained", "mnist_tutorial", "--n", 1, "--out", out)
    assert done.returncode == 0, done.stderr
    assert (out / "grid.png").exists()


@pytest.mark.unit
@pytest.mark.parametrize("bad", ["a\nb", "a\x1b[31m", "a\u2028b", " ", ""])
def test_what_breaks_a_line_or_steers_a_terminal_is_no_path(bad):
    for args in (("--pretrained", "mnist_tutorial", "--out", bad), ("--run-dir", bad)):
        assert "cannot be used" in refusal("sample.py", *args)


def test_a_quoted_tilde_is_the_users_home(tmp_path):
    args = ("--pretrained", "mnist_tutorial", "--n", 1, "--out", "~/drawn")
    done = call(
        "sample.py", *args, cwd=tmp_path, env={**ENVIRONMENT, "HOME": str(tmp_path / "home")}
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "home" / "drawn" / "grid.png").exists()
    assert not (tmp_path / "~").exists()


def test_a_bad_file_with_a_name_that_is_no_text_is_listed_on_a_strict_terminal(tmp_path):
    faces = tmp_path / "faces"
    faces.mkdir()
    for i in range(4):
        Image.radial_gradient("L").resize((178, 218)).rotate(30 * i).save(faces / f"{i}.png")
    bad = os.fsencode(faces) + b"/caf\xe9.jpg"
    Path(os.fsdecode(bad)).write_bytes(b"no image")
    args = ("--data", faces, "--skip-bad", "--width", 8, "--batch-size", 4, "--steps", 1)
    strict = {**ENVIRONMENT, "PYTHONIOENCODING": "utf-8:strict"}
    done = fresh("train_celeba.py", *args, "--run-dir", tmp_path / "r", env=strict)
    assert done.returncode == 0, done.stderr
    assert r"caf\udce9.jpg: not an image" in done.stdout
    done = call("train_celeba.py", *args, "--run-dir", os.fsdecode(bad))
    assert done.returncode == 2 and "is not valid UTF-8" in done.stderr
