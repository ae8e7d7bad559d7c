"""Who may import whom, and that importing does nothing else."""

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "dcgan_v1"
LAYERS = (  # from the ground up; nothing imports from a later line
    ("errors",),
    ("files",),
    ("config", "systems"),  # a config.json names its system, a system has a config
    ("runtime", "image_files", "plotting", "pretrained"),
    ("distributed",),
    ("nn",),
    ("models",),
    ("data",),
    ("checkpoints",),
    ("sample",),
    ("metrics",),
    ("migration",),
    ("compare",),
    ("porting",),
    ("export",),
    ("training",),
    ("explore",),
    ("ports",),
    ("commands", "__init__", "__main__"),
)
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
LIGHT = ("systems", "config.config_json", "image_files", "plotting", "runtime", "pretrained")
LIGHT += ("distributed.cluster", "distributed.launcher")
LIGHT += ("commands.cli", "commands.options", "commands.run_plan", "training.rundir")
LIGHT += ("data.mnist", "data.faces", "data.image_dataset", "training.progress")
LIGHT += ("metrics.real_images", "commands.train_mnist")
LIGHT += ("commands.explore", "commands.latents", "explore.page", "explore.server")


@cache
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


@pytest.fixture(scope="module", autouse=True)
def parsed():
    """Every file is parsed once; that takes more than the second of a unit test."""
    for path in PACKAGE.rglob("*.py"):
        imports(path)


def part(path):
    """The top-level module or sub-package that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def test_every_module_has_its_place():
    assert {part(path) for path in PACKAGE.rglob("*.py")} == set(LEVEL)


def test_nothing_imports_upwards():
    for path in PACKAGE.rglob("*.py"):
        for name in imports(path):
            words = name.split(".")
            if words[0] == "dcgan_v1" and len(words) > 1 and words[1] in LEVEL:
                assert LEVEL[words[1]] <= LEVEL[part(path)], (path, name)


def test_the_core_uses_no_keras_no_layers_and_no_other_framework():
    outside = {
        "ports",
        "compare",
        "migration",
        "export",
        "commands",
    }  # the counterparts, and who looks at them
    core = [p for p in PACKAGE.rglob("*.py") if part(p) not in outside]
    assert len(core) > 15
    for path in core:
        for name in imports(path):
            top = name.split(".")[0]
            assert top not in ("keras", "tf_keras", "torch", "pickle"), (path, name)
            assert not name.startswith("tensorflow.keras"), path
        text = path.read_text()
        banned = ("tf.layers.", "tf.keras", "tf.contrib.", "tf.estimator", "allow_pickle")
        for word in banned:
            assert word not in text, (path, word)


def test_networks_know_nothing_of_files_and_loops():
    for path in [*PACKAGE.glob("nn/*.py"), *PACKAGE.glob("models/*.py")]:
        for name in imports(path):
            words = name.split(".")
            if words[0] == "dcgan_v1" and len(words) > 1:
                below = ("nn", "models", "systems", "distributed")
                assert words[1] in below, (path, name)
                assert words[1:3] in (["distributed"], ["distributed", "collectives"]) or (
                    words[1] != "distributed"
                ), (path, name)


OF_DATA = ("dcgan_v1.data", "dcgan_v1.data.mnist", "dcgan_v1.data.mnist.SHIPPED")


def test_what_compares_foreign_programs_knows_nothing_of_the_systems():
    """It could be lifted out: of the rest it uses files, pictures, checkpoints' formats, IDX."""
    allowed = {"migration", "errors", "files", "runtime", "checkpoints", "image_files", "plotting"}
    for path in PACKAGE.glob("migration/**/*.py"):
        for name in imports(path):
            words = name.split(".")
            if words[0] == "dcgan_v1" and len(words) > 1 and words[1] != "__version__":
                assert words[1] in allowed | {"data"}, (path, name)
                assert words[1] != "data" or name in OF_DATA or words[2] == "idx", (path, name)


def test_nothing_imports_scripts_or_benchmarks():
    for path in PACKAGE.rglob("*.py"):
        for name in imports(path):
            assert name.split(".")[0] not in ("scripts", "benchmarks", "tests", "tools"), path


def run(code):
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)


@pytest.mark.cli
def test_what_scripts_need_before_set_up_loads_no_tensorflow():
    code = f"""
import importlib, sys
for name in {LIGHT}:
    importlib.import_module(f"dcgan_v1.{{name}}")
    assert "tensorflow" not in sys.modules, name
"""
    done = run(code)
    assert done.returncode == 0, done.stderr


@pytest.mark.cli
def test_importing_adds_no_op_and_makes_no_variable():
    code = """
from dcgan_v1 import runtime
tf = runtime.prepare()
import importlib, pkgutil, dcgan_v1
for module in pkgutil.walk_packages(dcgan_v1.__path__, "dcgan_v1."):
    # eager, or PyTorch's
    passed_over = {"ports", "runners", "__main__", "torch_layers"}
    if not passed_over & set(module.name.split(".")):
        importlib.import_module(module.name)
assert not tf.get_default_graph().get_operations()
"""
    done = run(code)
    assert done.returncode == 0, done.stderr
