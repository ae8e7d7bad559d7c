"""The package as it is installed: a wheel that works outside the checkout."""

import re
import shutil
import subprocess
import sys
import zipfile

import pytest
from script_runs import ENVIRONMENT, ROOT
from test_imports import imports

from dcgan_v1 import commands

pytestmark = pytest.mark.release

START = "import sys; from dcgan_v1.commands import entry; sys.argv[0] = 'dcgan-v1'; entry()"


@pytest.fixture(scope="session")
def installed(tmp_path_factory):
    """A folder into which the wheel is unpacked, as pip would."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"  # building leaves files there
    shutil.copytree(ROOT / "dcgan_v1", source / "dcgan_v1")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "--quiet",
            "--no-deps",
            "--no-build-isolation",
            "--wheel-dir",
            str(folder),
            str(source),
        ],
        capture_output=True,
        text=True,
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def dcgan_v1(installed, cwd, *words):
    env = {**ENVIRONMENT, "PYTHONPATH": str(installed), "PYTHONSAFEPATH": "1"}
    command = [sys.executable, "-c", START, *map(str, words)]
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True)


def test_the_wheel_holds_templates_and_mnist_and_names_its_command(installed):
    package = installed / "dcgan_v1"
    for name in ("migration/reporting/report.html.j2", "export/card.md.j2"):
        assert (package / name).is_file()
    page = {path.name for path in (ROOT / "dcgan_v1" / "explore").glob("*.[!p]*")}
    assert len(page) > 7 and page <= {p.name for p in (package / "explore").iterdir()}
    files = installed / "dcgan_v1" / "data" / "mnist_files"
    assert len(list(files.glob("*.gz"))) == 4
    (entry,) = installed.glob("*.dist-info/entry_points.txt")
    assert "dcgan-v1 = dcgan_v1.commands:entry" in entry.read_text()


def test_whatever_the_package_imports_is_among_its_requirements(installed):
    """Or in an extra of those that commands ask for; Keras comes with TensorFlow."""
    (metadata,) = installed.glob("*.dist-info/METADATA")
    required = {}
    for name, _, extra in re.findall(
        r"^Requires-Dist: ([\w-]+)(.*extra == [\"'](\w+))?", metadata.read_text(), re.M
    ):
        required.setdefault(extra, set()).add(name)
    names = {
        name.split(".")[0]
        for path in (installed / "dcgan_v1").rglob("*.py")
        for name in imports(path)
    }
    third_party = names - set(sys.stdlib_module_names) - {"dcgan_v1"}
    third_party -= {"keras", "google", "h5py", "absl"}  # brought by TensorFlow
    third_party -= {"mpl_toolkits", "sklearn", "joblib"}  # by matplotlib, by an old program's user
    imported = {{"PIL": "pillow"}.get(name, name) for name in third_party}
    optional = set().union(*(required[e] for e in ("legacy", "torch", "export", "download")))
    optional -= required[""]  # a narrower version
    assert imported - optional == required[""]
    assert optional - imported <= {"onnxruntime"}


def test_help_lists_every_command(installed, tmp_path):
    done = dcgan_v1(installed, tmp_path, "--help")
    assert done.returncode == 0, done.stderr
    for name in commands.NAMES:
        assert f"\n  {name.replace('_', '-')} " in done.stdout
    done = dcgan_v1(installed, tmp_path, "train-mnist", "--help")
    assert done.returncode == 0 and "usage: dcgan-v1 train-mnist" in done.stdout
    done = dcgan_v1(installed, tmp_path, "nonsense")
    assert done.returncode == 2 and done.stderr.startswith("error: no command")


def test_it_trains_and_samples_outside_the_checkout(installed, tmp_path):
    words = ("--model", "mnist_keras", "--steps", 1, "--batch-size", 4, "--samples", 4)
    done = dcgan_v1(installed, tmp_path, "train-mnist", *words, "--device", "cpu")
    assert done.returncode == 0, done.stderr
    done = dcgan_v1(installed, tmp_path, "sample", "--model", "mnist_keras", "--n", 1)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "samples" / "grid.png").exists()


def test_pretrained_models_are_found_beside_or_their_place_is_told(installed, tmp_path):
    words = ("sample", "--pretrained", "mnist_tutorial", "--n", 1, "--out")
    done = dcgan_v1(installed, tmp_path, *words, tmp_path / "a")
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert "start in a clone of the project" in done.stderr
    (tmp_path / "clone").mkdir()
    (tmp_path / "clone" / "pretrained").symlink_to(ROOT / "pretrained")
    done = dcgan_v1(installed, tmp_path / "clone", *words, tmp_path / "b")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "b" / "grid.png").exists()
