"""What compare.py is given: every form of a TF1 program, and whatever is wrong with it."""

import re
import subprocess
import sys

import numpy as np
import pytest
from compared_program import DATA, FORMS, GRAPH, META, compare, refused, write_program
from script_runs import ROOT, refusal

from dcgan_v1.errors import UserError
from dcgan_v1.migration.comparison.inputs import batches
from dcgan_v1.migration.records import Input
from dcgan_v1.migration.runners.tf1.graph import opening
from dcgan_v1.migration.runners.tf1.runner import GraphRunner
from dcgan_v1.migration.specs import Tf1

pytestmark = pytest.mark.compare


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_program(tmp_path_factory.mktemp("program"))


BOTH_ONCE = ("meta", "new"), ("function", "compiled"), ("saved_model", "new")


@pytest.mark.parametrize(
    ("form", "port"),
    [
        pytest.param(form, port, marks=[] if (form, port) in BOTH_ONCE else pytest.mark.release)
        for port in ("new", "compiled")
        for form in FORMS
    ],
)
def test_every_form_of_a_program_is_compared_in_training(folder, form, port):
    done = compare(folder, *FORMS[form], f"port.py:{port}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "compute the same function" in done.stdout
    assert "gradients of the first step" in done.stdout


def test_a_frozen_graph_is_compared_in_the_forward_pass_which_is_said(folder):
    done = compare(folder, "--frozen", "frozen.pb", "port.py:forward_only")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "in the forward pass, which is all that was compared" in done.stdout
    assert "gradients of the first step" not in done.stdout


def test_a_port_without_a_step_is_compared_in_the_forward_pass(folder):
    done = compare(folder, *FORMS["meta"], "port.py:forward_only")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the port has no step" in done.stdout


def test_inputs_and_map_files_are_used_and_a_written_map_reads_back(folder, tmp_path):
    inputs = tmp_path / "batch.npz"
    rng = np.random.default_rng()
    np.savez(inputs, x=rng.normal(size=(5, 7, 4)), y=rng.normal(size=(7, 3)))
    out = tmp_path / "map.toml"
    args = (*FORMS["meta"], "port.py:new", "--inputs", inputs, "--steps", 5)
    done = compare(folder, *args, "--write-map", out)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "batch size: 7" in " ".join(done.stdout.split())
    text = out.read_text()
    assert 'tf1 = "fc/w"\nport = "m/fc/kernel"' in text
    done = compare(folder, *args, "--map", out)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "matched 2 by map" in done.stdout


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--meta", "nowhere.meta", "port.py:new"), "cannot read nowhere.meta"),
        ((*META, "port.py:silent"), "the port's step returned NoneType, and no single number"),
        ((*META, "port.py:not_a_number"), "the port computes NaN"),
        ((*META, "port.py:nothing"), "returned NoneType; it must return"),
        ((*META, "port.py:broken"), "failed: RuntimeError: no such luck"),
        ((*META, "port.py:missing"), "has no function missing; it has model, new"),
        ((*META, "elsewhere.py:new"), "elsewhere.py does not exist"),
        ((*META, "port.py:other_arguments"), "the port's step takes a, b, c"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_one_line(folder, args, message):
    assert message in refused(folder, *args)


@pytest.mark.unit
@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("port.py:new",), "name the old side"),
        ((*META, "port.py:new", "--inputs", __file__), "is not an .npz of arrays"),
        ((*META, "port.py:new", "--map", __file__), "is not TOML"),
        ((*META, "port.py:new", "--steps", 0), "--steps must be at least 1"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_a_program_is_opened(args, message):
    assert message in refusal("compare.py", *args, "--quiet")


@pytest.mark.graph
@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"meta": "port.py"}, "port.py is no MetaGraphDef"),
        ({"meta": "model.meta", "checkpoint": "no"}, "no checkpoint at no"),
        ({"meta": "model.meta", "checkpoint": str(DATA / "layers")}, "is of another graph"),
    ],
)
def test_a_graph_or_checkpoint_that_is_none_is_refused(folder, monkeypatch, fields, message):
    monkeypatch.chdir(folder)
    with pytest.raises(UserError, match=message):
        opening.open_program(Tf1(**fields))


@pytest.mark.unit
@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        ({"x": (5, 4), "y": (6, 3)}, "batches of unequal size: x has 5 rows, y has 6"),
        ({"z": (5, 4)}, "--inputs has z, which is no placeholder"),
        ({"x": (5, 9)}, "--inputs has x of shape [5, 9], the placeholder has [None, 4]"),
        ({"x": (2, 5, 4)}, "--inputs has 2 batches of x, too few for 3 steps"),
        ({}, "the placeholder w has no shape: give its data"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(shapes, message):
    wanted = {"x": Input([None, 4], "float32"), "y": Input([None, 3], "float32")}
    if not shapes:
        wanted["w"] = Input(None, "float32")
    given = {name: np.zeros(shape) for name, shape in shapes.items()}
    with pytest.raises(UserError, match=re.escape(message)):
        batches.make(wanted, given, 3, None, 0)


@pytest.mark.graph
def test_a_placeholder_of_a_program_may_have_no_shape():
    program = {}
    exec(GRAPH.replace('[None, 3], "y"', 'None, "y"'), program)
    runner = GraphRunner(Tf1(function=program["build"]), "float32", 1)
    inputs = runner.describe().inputs
    with pytest.raises(UserError, match="the placeholder y has no shape: give its data"):
        batches.make(inputs, {}, 1, None, 0)


@pytest.mark.graph
def test_a_rate_in_a_variable_is_no_weight_though_it_counts_as_trainable():
    program = {}
    rate = 'tf.maximum(tf.Variable(0.1, name="rate"), 0.01)'
    exec(GRAPH.replace("Optimizer(0.1)", f"Optimizer({rate})"), program)
    variables = GraphRunner(Tf1(function=program["build"]), "float32", 1).describe().variables
    assert {n: v.trainable for n, v in variables.items()} == {
        "fc/w": True,
        "fc/b": True,
        "rate": False,
    }


@pytest.mark.unit
def test_labels_of_reals_and_fakes_are_twice_the_rows_of_a_batch():
    wanted = {"x": Input([None, 4], "float32"), "y": Input([None], "int32")}
    given = {"y": np.arange(12), "x": np.ones((6, 4))}
    (batch,) = batches.make(wanted, given, 1, None, 0)
    assert (batch["x"].shape, batch["y"].shape) == ((6, 4), (12,))
    small = batches.small(batch, wanted)
    assert len(small["y"]) == 2 * len(small["x"]) == 2 * batches.SMALL
    wanted["z"] = Input([None, 3], "float32")  # no label: it needs the rows of x
    with pytest.raises(UserError, match="batches of unequal size: x has 6 rows, z has 12"):
        batches.make(wanted, given | {"z": np.ones((12, 3))}, 1, None, 0)
    wanted["z"] = Input([12, 3], "float32", is_drawn=True)  # a mask of reals and fakes in one call
    (batch,) = batches.make(wanted, given | {"z": np.ones((12, 3))}, 1, None, 0)
    assert [len(batch[name]) for name in "xyz"] == [6, 12, 12]


@pytest.mark.unit
def test_what_no_step_is_fed_says_nothing_of_the_rows_of_a_batch():
    wanted = {"x": Input([None, 4], "float32"), "mask": Input([8, 8], "float32", is_of_step=False)}
    (batch,) = batches.make(wanted, {"x": np.ones((6, 4))}, 1, None, 0)
    assert (batch["x"].shape, batch["mask"].shape) == ((6, 4), (8, 8))
    wanted["k"] = Input([], "float32")  # a number that changes from step to step
    made = batches.make(wanted, {"x": np.ones((6, 4)), "k": np.asarray([0.0, 0.5])}, 2, None, 0)
    assert [(b["x"].shape, float(b["k"])) for b in made] == [((6, 4), 0.0), ((6, 4), 0.5)]
    del wanted["k"], wanted["x"]  # nothing trains: what there is counts
    assert batches.make(wanted, {}, 1, None, 0)[0]["mask"].shape == (8, 8)


def test_a_nan_in_the_tf1_program_is_named(folder, tmp_path):
    path = tmp_path / "batch.npz"
    np.savez(path, x=np.full((5, 4), np.nan))
    said = refused(folder, *META, "port.py:new", "--inputs", path)
    assert "the TF1 program computes NaN" in said


def test_the_library_imports_no_framework_until_it_compares():
    code = (
        "import sys; from dcgan_v1.compare import compare, Tf1, Keras, Torch; "
        "import importlib, pkgutil, dcgan_v1.migration as m; "
        "[importlib.import_module(x.name) for p in ('comparison', 'matching', 'explanation') "
        "for x in pkgutil.iter_modules([m.__path__[0] + '/' + p], f'dcgan_v1.migration.{p}.')]; "
        "from dcgan_v1.migration.recordings import tf1_recording; "
        "from dcgan_v1.migration.reporting import tables; "
        "assert not {'tensorflow', 'keras', 'torch'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
