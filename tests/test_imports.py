"""Who may import whom, and that importing does nothing else."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "dcgan_v1"
NETWORK = ("ops", "products", "losses", "models", "schedules", "randomness", "graph")
LIGHT = ("cli", "options", "config", "rundir", "runtime", "images")
LIGHT += ("data.mnist", "data.faces")
OUTER = ("train", "rundir", "cli", "data", "checkpoints", "images", "summaries")


def imports(path):
    """Names imported anywhere in a file, `from a import b` as a.b too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def files(*names):
    for name in names:
        path = PACKAGE / name
        yield from path.rglob("*.py") if path.is_dir() else [path.with_suffix(".py")]


def test_the_core_uses_no_keras_no_layers_and_no_other_framework():
    outside = {"reference", "compare"}  # the counterparts, and who looks at them
    core = [p for p in PACKAGE.rglob("*.py") if outside.isdisjoint(p.parts)]
    assert len(core) > 15
    for path in core:
        for name in imports(path):
            top = name.split(".")[0]
            assert top not in ("keras", "tf_keras", "torch", "pickle"), (path, name)
            assert not name.startswith("tensorflow.keras"), path
            assert not name.startswith(("dcgan_v1.reference", "dcgan_v1.compare")), path
        text = path.read_text()
        banned = (
            "tf.layers.",
            "tf.keras",
            "tf.contrib.",
            "tf.estimator",
            "allow_pickle",
        )
        for word in banned:
            assert word not in text, (path, word)


def test_networks_know_nothing_of_files_and_loops():
    for path in files(*NETWORK):
        for name in imports(path):
            parts = name.split(".")
            assert parts[0] != "dcgan_v1" or parts[-1] not in OUTER, (path, name)
            assert parts[:1] != ["dcgan_v1"] or parts[1:2] != ["data"], (path, name)


def test_nothing_imports_scripts_or_benchmarks():
    for path in PACKAGE.rglob("*.py"):
        for name in imports(path):
            assert name.split(".")[0] not in ("scripts", "benchmarks", "tests"), path


def run(code):
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True
    )


@pytest.mark.parametrize("module", LIGHT)
def test_what_scripts_need_before_set_up_loads_no_tensorflow(module):
    code = f"import sys, dcgan_v1.{module}; assert 'tensorflow' not in sys.modules"
    assert run(code).returncode == 0


def test_importing_adds_no_op_and_makes_no_variable():
    code = """
from dcgan_v1 import runtime
tf = runtime.prepare()
import importlib, pkgutil, dcgan_v1
for module in pkgutil.walk_packages(dcgan_v1.__path__, "dcgan_v1."):
    if not {"reference", "compare"} & set(module.name.split(".")):  # eager, torch
        importlib.import_module(module.name)
assert not tf.get_default_graph().get_operations()
"""
    done = run(code)
    assert done.returncode == 0, done.stderr
