"""What the processes of a comparison hand to each other, and what they load."""

import importlib.util
import re
import sys

import numpy as np
import pytest

from dcgan_v1.errors import UserError
from dcgan_v1.migration import serialization
from dcgan_v1.migration.records import Batch, State
from dcgan_v1.migration.runners import after_import
from dcgan_v1.migration.runners.process import RemotePort
from dcgan_v1.migration.sources import Source

ARRAYS = {
    "numbers": np.arange(6.0).reshape(2, 3),
    "a transposed view": np.arange(6.0).reshape(2, 3).T,
    "one number": np.float32(0.1),
    "zeros": np.zeros((2, 3), np.float32),
    "zeros below 0": -np.zeros(3),
    "no rows": np.zeros((0, 4)),
    "not a number": np.array([0.0, np.nan]),
    "no": np.array(False),
    "no words": np.array([], "U4"),
    "integers": np.array([0, -1]),
    "words": np.array(["one", "three"]),
}


@pytest.mark.unit
@pytest.mark.parametrize("name", ARRAYS)
def test_arrays_pass_between_processes_bit_for_bit(name, tmp_path):
    array = np.asarray(ARRAYS[name])
    serialization.pass_on(tmp_path / "passed", {"first": np.ones(3), "array": array})
    came = serialization.mapped(tmp_path / "passed")["array"]
    assert (came.dtype, came.shape) == (array.dtype, array.shape)
    assert came.tobytes() == array.tobytes()


@pytest.mark.unit
def test_objects_are_not_passed_on(tmp_path):
    with pytest.raises(TypeError, match="an array of objects"):
        serialization.pass_on(tmp_path / "passed", {"array": np.array([None, {}])})


@pytest.mark.unit
def test_what_was_passed_on_is_the_receivers_own(tmp_path):
    path = tmp_path / "passed"
    serialization.pass_on(path, np.ones(1000))
    came = serialization.mapped(path)
    came[0] = 2
    assert serialization.mapped(path)[0] == 1
    path.unlink()
    assert came.sum() == 1001


@pytest.mark.unit
def test_a_package_is_asked_about_before_it_is_loaded_and_not_where_it_is_looked_for(
    tmp_path, monkeypatch
):
    name = "another_framework"
    (tmp_path / f"{name}.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))

    def leave():
        raise SystemExit(3)

    after_import.call_instead(name, leave)
    assert importlib.util.find_spec(name)
    with pytest.raises(SystemExit):
        importlib.import_module(name)
    after_import.forget_instead()
    sys.modules.pop(name, None)
    assert importlib.import_module(name)
    del sys.modules[name]


@pytest.mark.unit
@pytest.mark.parametrize("first", ["part_one.inner", "part_two"])
def test_packages_are_set_up_together_where_either_is_imported_late(tmp_path, monkeypatch, first):
    (tmp_path / "part_one").mkdir()
    (tmp_path / "part_one" / "__init__.py").write_text("dtype = 'float32'")
    (tmp_path / "part_one" / "inner.py").write_text("from part_one import dtype")
    (tmp_path / "part_two.py").write_text("import part_one")
    monkeypatch.syspath_prepend(str(tmp_path))
    finders, calls = list(sys.meta_path), []

    def load():
        import part_one
        import part_two

        part_one.dtype = "float64"
        calls.append(part_two)

    after_import.load_by(("part_one", "part_two"), load)
    assert importlib.util.find_spec("part_two") and not calls
    importlib.import_module(first)
    import part_one

    assert part_one.dtype == "float64" and calls == [sys.modules["part_two"]]
    assert sys.meta_path == finders and importlib.import_module("part_one.inner").dtype == "float64"
    for name in ("part_one", "part_one.inner", "part_two"):
        sys.modules.pop(name, None)


LATE = """
from dcgan_v1.compare import Torch
import torch

def new():
    w = torch.ones(2, requires_grad=True)

    def step():
        import keras
        import tensorflow as tf

        return {"double": float(keras.ops.ones([1]).dtype == tf.float64)}

    return Torch({"w": w}, {}, step)
"""


@pytest.mark.compare
@pytest.mark.torch
@pytest.mark.release
def test_a_step_that_is_the_first_to_import_tensorflow_has_it_set_up(tmp_path):
    (tmp_path / "port.py").write_text(LATE)
    source = Source("port.py:new", folder=str(tmp_path))
    with RemotePort("port", source, tmp_path, dtype="float64", threads=1) as port:
        port.wait_until_open()
        assert port.step(Batch({})).scalars == {"double": 1.0}


PORT = """
import sys
from pathlib import Path

with Path("opened").open("a") as file:
    file.write("torch" if "torch" in sys.modules else "-")

import torch

from dcgan_v1.compare import Torch

def new():
    w = torch.ones(2, requires_grad=True)
    names = ("tensorflow", "keras", "torch")
    return Torch({"w": w}, {}, lambda: {n: float(n in sys.modules) for n in names})
"""


@pytest.mark.compare
@pytest.mark.torch
def test_a_port_has_its_own_framework_alone_loaded_and_loads_it_once(tmp_path):
    (tmp_path / "port.py").write_text(PORT)
    source = Source("port.py:new", folder=str(tmp_path))
    with RemotePort("port", source, tmp_path, dtype="float64", threads=1) as port:
        port.wait_until_open()
        scalars = port.step(Batch({})).scalars
        assert scalars == {"tensorflow": 0.0, "keras": 0.0, "torch": 1.0}
        port.load(State({"w/0": np.array([3.0, 4.0])}))
        port.reopen(source)
        assert port.state().variables["w/0"].tolist() == [1.0, 1.0]
    # a fork that found no PyTorch ended; those after it found it loaded
    assert (tmp_path / "opened").read_text() == "-torchtorch"


@pytest.mark.compare
@pytest.mark.parametrize("ends", ["import sys; sys.exit()", "import os; os._exit(19)"])
def test_a_file_that_ends_its_process_ends_in_a_line(tmp_path, ends):
    """Status 19 is that of a fork that wants PyTorch, once."""
    (tmp_path / "port.py").write_text(f"import torch\n{ends}\n")
    source = Source("port.py:new", folder=str(tmp_path))
    port = RemotePort("port", source, tmp_path, dtype="float64", threads=1)
    said = re.compile("ends the process itself|the port process died")
    with port, pytest.raises(UserError, match=said):
        port.wait_until_open()


@pytest.mark.unit
def test_a_package_is_set_up_before_whoever_imports_it_goes_on(tmp_path, monkeypatch):
    name = "framework_of_theirs"
    (tmp_path / f"{name}.py").write_text("dtype = 'float32'")
    (tmp_path / "port_of_theirs.py").write_text(f"import {name}\nmade = {name}.dtype")
    monkeypatch.syspath_prepend(str(tmp_path))
    finders = list(sys.meta_path)

    def set_up():
        sys.modules[name].dtype = "float64"

    after_import.call(name, set_up)
    assert importlib.util.find_spec(name)  # as who wants to know whether it is installed
    assert name not in sys.modules
    assert importlib.import_module("port_of_theirs").made == "float64"
    assert sys.meta_path == finders
    sys.modules[name].dtype = "float32"
    after_import.call(name, set_up)  # it is loaded by now
    assert sys.modules[name].dtype == "float64"
    del sys.modules[name], sys.modules["port_of_theirs"]
