"""The five systems as a stranger's graphs, without names or code: proven, and faults found."""

from importlib.util import find_spec
from pathlib import Path

import foreign
import pytest
from compare_once import compared
from planted_faults import BREAKS

from dcgan_v1 import systems
from dcgan_v1.compare import Tf1
from dcgan_v1.ports import names

pytestmark = pytest.mark.compare

PAIRS = [
    (model, against)
    for against in systems.FRAMEWORKS
    for model in systems.with_counterpart(against)
]
BOUNDS = {"forward": 1e-12, "loss": 1e-12, "gradient": 1e-10, "state": 1e-8}
NEW = f"{Path(__file__).with_name('planted_faults.py')}:new"
has_torch = find_spec("torch") and find_spec("safetensors")


@pytest.fixture(scope="session")
def exported(tmp_path_factory):
    made = {}

    def export(model):
        if model not in made:
            folder = tmp_path_factory.mktemp(model)
            made[model] = foreign.export(model, folder)
        return made[model]

    return export


def run(prefix, model, against, planted="", **options):
    options = {"steps": 1, "batch_size": 4, **options}
    port = {"model": model, "against": against, "planted": planted}
    old = Tf1(meta=f"{prefix}.meta", checkpoint=prefix)
    return compared(old, NEW, new_options={**port, **foreign.NARROW.get(model, {})}, **options)


def marked(rows, quick):
    """A few rows among the quick tests, the others among the long ones."""
    for row in rows:
        marks = [pytest.mark.torch] if "torch" in row else []
        if row not in quick:
            marks.append(pytest.mark.release)
        yield pytest.param(*row, marks=marks)


@pytest.mark.parametrize(("model", "against"), marked(PAIRS, [("mnist_tutorial", "tf2")]))
def test_a_foreign_graph_and_its_port_are_the_same_after_20_steps(exported, model, against):
    result = run(exported(model), model, against, steps=20, seed=5)
    assert result, result.verdict
    seen = {"forward": 0, "loss": 0, "gradient": 0, "state": 0}
    for d in result.report["differences"]["float64"]:
        assert d["relative"] <= BOUNDS[d["kind"]], d
        seen[d["kind"]] += 1
    assert seen["forward"] >= 40
    assert seen["state"] >= 4 * len(result.matching.rows)  # after 1, 3, 10 and 20 steps
    for row in result.matching.rows:
        assert row.new == right(model, against, row.old)
        assert row.is_sure


def right(model, against, nameless):
    """The port's name of a variable, by the project's own table of names."""
    config = systems.get(model).config(**foreign.NARROW.get(model, {}))
    import tensorflow.compat.v1 as tf

    from dcgan_v1.ports import comparison

    if model not in TABLES:
        with tf.Graph().as_default():
            comparison.build_graph(config)
            TABLES[model] = {
                foreign.nameless(v.op.name): (v.op.name, v.shape.as_list())
                for v in tf.global_variables()
            }
    row = names.row(model, against, *TABLES[model][nameless])
    return row.variable


TABLES = {}
FOUND = [  # what is planted, in which pair, where it must be found, and its cause
    ("adam-epsilon", "celeba64", "tf2", "g_adam", "epsilon acts as 1e-07"),
    ("leaky-slope", "mnist_keras", "keras", "discriminator/lrelu1", "slope 0.3"),
    ("bn-decay", "mnist_tutorial", "tf2", "", "decay differs: a step keeps 0.9 of"),
    ("variance", "images96", "torch", "", "follows the biased variance"),
    ("padding", "mnist_tutorial", "tf2", "discriminator/conv1", "padding: 2 rows"),
    ("update-order", "mnist_beginners", "tf2", "", "update order differs"),
    ("stop-gradient", "celeba64", "torch", "", "stop_gradient"),
    ("dropout", "mnist_keras", "tf2", "discriminator/dropout1", "dropout is left off"),
    ("adam-epsilon", "images96", "torch", "g_adam", "epsilon acts as 3.2e-09"),
    ("variance", "celeba64", "tf2", "", "follows the unbiased variance"),
    ("padding", "celeba64", "torch", "discriminator/conv0", "padding: 2 rows"),
    ("update-order", "celeba64", "tf2", "", "update order differs"),
    ("update-order", "images96", "torch", "", "update order differs"),
    ("stop-gradient", "mnist_keras", "keras", "", "is not frozen"),
    ("dropout", "mnist_keras", "keras", "discriminator/dropout1", "is left off"),
    ("leaky-slope", "celeba64", "torch", "discriminator/lrelu0", "slope 0.3"),
    ("bn-decay", "images96", "torch", "", "decay differs: a step keeps 0.9703 of"),
]


@pytest.mark.parametrize(
    ("planted", "model", "against", "where", "cause"), marked(FOUND, FOUND[2:3])
)
def test_a_planted_difference_is_found_in_a_foreign_graph(
    exported, planted, model, against, where, cause
):
    result = run(exported(model), model, against, planted)
    assert not result
    assert where in result.findings[0].where, result.verdict
    assert cause in result.findings[0].cause, result.verdict


@pytest.mark.unit
def test_every_kind_of_break_is_planted_in_these_tests():
    assert {row[0] for row in FOUND} == set(BREAKS)
