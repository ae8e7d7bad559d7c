"""Why outputs of layers differ, told from arrays alone: no framework."""

from dataclasses import replace

import numpy as np
import pytest
from plain_evidence import case, made

from dcgan_v1.migration.comparison.evidence import FORWARD, Aligned, Key
from dcgan_v1.migration.explanation.layer_causes import (
    convolutions,
    first_differences,
    layer_corrections,
    layer_experiments,
    layer_reasons,
    norm_layers,
)
from dcgan_v1.migration.explanation.layer_causes.layer_case import LayerCase
from dcgan_v1.migration.records import LayerOutput

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("ours", "theirs", "settings"),
    [
        (lambda x: np.maximum(x, 0.2 * x), lambda x: np.maximum(x, 0), {"slope": 0.0}),
        (lambda x: 1 / (1 + np.exp(-x)), np.tanh, {"tanh": 1.0}),
        (lambda x: np.maximum(x, 0.2 * x), lambda x: np.maximum(x, 0.3 * x), {"slope": 0.3}),
    ],
)
def test_another_activation_is_named_with_what_puts_tf1_right(rng, ours, theirs, settings):
    x = rng.normal(size=(4, 50))
    row = Aligned(LayerOutput("m/1", "activation", {}, theirs(x)), None, "use", 1.0, 1.0)
    layer = LayerCase(None, "training", row, x, ours(x), theirs(x), {})
    assert layer_experiments.activation(layer).settings == pytest.approx(settings)


@pytest.mark.parametrize(("ours", "theirs"), [(2, 1), (1, 2)])
def test_a_softmax_over_another_axis_is_named(rng, ours, theirs):
    x = rng.normal(size=(3, 4, 4))

    def softmax(axis):
        return np.exp(x) / np.exp(x).sum(axis, keepdims=True)

    row = Aligned(LayerOutput("m/softmax", "activation", {}, x), None, "use", 1.0, 1.0)
    layer = LayerCase(None, "training", row, x, softmax(ours), softmax(theirs), {})
    text = layer_experiments.activation(layer).text
    assert text == f"the softmax is over axis {theirs}, TF1's over axis {ours}"
    other = replace(layer, theirs=rng.normal(size=x.shape))
    assert layer_experiments.activation(other) is None


def folded(x, kernel):
    """A convolution of stride 1 with zeros all around, by hand."""
    padded = np.pad(x, [(0, 0), (1, 1), (1, 1), (0, 0)])
    places = [(i, j) for i in range(3) for j in range(3)]
    size = x.shape[1]
    parts = (padded[:, i : i + size, j : j + size] @ kernel[i, j] for i, j in places)
    return np.sum(list(parts), 0)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda k: k[::-1, ::-1], "its kernel is flipped in both axes before it folds"),
        (lambda k: k[::-1], "its kernel is flipped in its rows before it folds"),
        (lambda k: k[:, ::-1], "its kernel is flipped in its columns before it folds"),
        (lambda k: k.swapaxes(0, 1), "its kernel is transposed in space before it folds"),
        (lambda k: k.swapaxes(2, 3), "its kernel is transposed in its channels before it folds"),
        (lambda k: 0.7 * k, "it folds by 0.7 times what TF1 folds by"),
        (lambda k: k**2, convolutions.CONVOLUTION.text),
        (lambda k: k, ""),  # TF1's op is given something else
    ],
)
def test_what_is_made_of_a_kernel_before_it_is_used_is_named(rng, change, text):
    x, kernel = rng.normal(size=(2, 6, 6, 3)), rng.normal(size=(3, 3, 3, 3))
    ours, theirs = folded(x, kernel), folded(x, change(kernel))
    if not text:
        ours = folded(np.tanh(x), kernel)
    row = Aligned(LayerOutput("m/conv", "conv", {}, theirs, x), None, "use", 1.0, 1.0)
    of = case(replace(made({}, {}, {}, layers={"training": []}), batch={"x": x}))
    layer = LayerCase(of, "training", row, x, ours, theirs, {"kernel": kernel})
    assert convolutions.convolution(layer).text.removesuffix(", TF1's is not") == text


def test_an_activation_within_a_layer_with_weights_is_named_where_tf1s_follows_it(rng):
    made_of = rng.normal(size=(4, 50))
    x, reads = rng.normal(size=(4, 3)), ("w", "b")
    ops = [
        LayerOutput("add", "add", {}, made_of, reads=reads),
        LayerOutput("Elu", "activation", {}, np.where(made_of > 0, made_of, np.expm1(made_of))),
    ]
    ops[1] = replace(ops[1], reads=reads, knobs={"slope": [("Elu", "type LeakyRelu")]})
    layer = LayerOutput("m/1", "dense", {}, np.maximum(made_of, 0), x)
    row = Aligned(layer, ops[0], "use", 1.0, 1.0)
    evidence = made({}, {}, {}, aligned={"training": [row]}, layers={"training": ops})
    of = case(replace(evidence, batch={"x": x}))
    reason = layer_reasons.find(of, "training", [row], 0)
    assert reason.text == "the activation is ReLU, TF1's is ELU"
    assert [c.op for c in layer_corrections.of_op(of, row, reason)] == ["Elu"]


def normalised(x, mean, variance, epsilon):
    return (x - mean) / np.sqrt(variance + epsilon) * np.array([2.0, 0.5]) + np.array([0.1, -0.2])


@pytest.mark.parametrize(
    ("ours", "theirs", "text"),
    [
        (("batch", 1e-3), ("averages", 1e-3), "by its averages in training, TF1's by the batch"),
        (("averages", 1e-3), ("batch", 1e-3), "by the batch in training, TF1's by its averages"),
        (("batch", 1e-3), ("averages", 1e-5), "; its epsilon is 1e-05, TF1's 0.001"),
        (("batch", 1e-3), ("batch", 1e-5), "batch norm's epsilon is 1e-05, TF1's 0.001"),
        (("batch", 1e-3), ("neither", 1e-3), "normalises otherwise"),
    ],
)
def test_what_a_batch_norm_goes_by_in_training_is_named(rng, ours, theirs, text):
    x = rng.normal(1, 2, size=(6, 4, 4, 2))
    by = {
        "batch": (x.mean((0, 1, 2)), x.var((0, 1, 2))),
        "averages": (np.array([0.3, -0.1]), np.array([1.5, 0.7])),
        "neither": (x.mean((0, 1)), x.var((0, 1))),
    }
    if theirs[0] == "neither":
        by["neither"] = tuple(a.mean(0) * np.array([0.3, 1.8]) for a in by["neither"])
    sides = [normalised(x, *by[kind], epsilon) for kind, epsilon in (ours, theirs)]
    weights = {"gamma": np.array([2.0, 0.5]), "beta": np.array([0.1, -0.2])}
    weights |= dict(zip(("mean", "variance"), by["averages"], strict=True))
    row = Aligned(LayerOutput("m/1", "norm", {}, sides[1]), None, "use", 1.0, 1.0)
    reason = norm_layers.norm(LayerCase(None, "training", row, x, *sides, weights))
    assert text in reason.text


def test_what_is_put_right_in_one_layer_is_in_all_that_are_set_alike():
    def row(name, ours, theirs, kind="norm"):
        x, knobs = np.zeros(1), {"epsilon": [(f"TF1/{name}", "epsilon")]}
        old = LayerOutput(f"TF1/{name}", kind, {"epsilon": ours}, x, knobs=knobs)
        return Aligned(LayerOutput(name, kind, {"epsilon": theirs}, x), old, "use", 1.0, 1.0)

    rows = [row("a", 1e-3, 1e-5), row("b", 1e-3, 1e-5), row("c", 1e-4, 1e-5), row("d", 1e-3, 0.1)]
    evidence = made({}, {}, {}, aligned={"training": [*rows, row("a#2", 1e-3, 1e-5)]})
    changed = layer_corrections.changes(case(evidence), rows[0], {"epsilon": 1e-5})
    assert [c.op for c in changed] == ["TF1/a", "TF1/a#2", "TF1/b"]


def test_a_relu_for_a_leaky_one_is_one_fault_in_however_many_layers():
    def row(name, slope, of="relu"):
        x, knobs = np.zeros(1), {"slope": [(f"TF1/{name}", "value")]} if slope else {}
        old = LayerOutput(f"TF1/{name}", "activation", {"slope": slope} if slope else {}, x)
        old = replace(old, knobs=knobs)
        return Aligned(LayerOutput(name, "activation", {"class": of}, x), old, "use", 1.0, 1.0)

    rows = [row("a", 0.2), row("b", 0.2), row("c", 0.3), row("d", None), row("e", 0.2, "tanh")]
    changed = layer_corrections.changes(
        case(made({}, {}, {}, aligned={"training": rows})), rows[0], {"slope": 0.0}
    )
    assert [c.op for c in changed] == ["TF1/a", "TF1/b"]


def test_what_is_put_right_is_in_every_copy_of_the_network(rng):
    def op(name, reads, epsilon=1e-3):
        knobs = {"epsilon": [(name, "epsilon")]}
        settings = {"epsilon": epsilon}
        return LayerOutput(name, "norm", settings, rng.normal(size=3), reads=reads, knobs=knobs)

    weights = ("d/w", "d/gamma")
    ops = [op("d/bn", weights), op("d_1/bn", ("g/w", *weights)), op("g/bn", ("g/w", "g/gamma"))]
    ops += [op("d/bn_2", (*weights, "d/gamma_2")), op("other", weights, epsilon=0.1)]
    new = LayerOutput("D/bn", "norm", {"epsilon": 1e-5}, rng.normal(size=3), reads=weights)
    row = Aligned(new, ops[0], "use", 1.0, 1.0)
    rows = [row, Aligned(replace(new, name="D/bn#2"), ops[0], "use", 1.0, 1.0)]
    last = replace(new, name="D/bn_2", kind="dense", reads=(*weights, "d/gamma_2"))
    rows.append(Aligned(last, None, "nothing", np.inf, np.inf))
    evidence = made({}, {}, {}, aligned={"training": rows}, layers={"training": ops})
    changed = layer_corrections.changes(case(evidence), row, {"epsilon": 1e-5})
    assert [c.op for c in changed] == ["d/bn", "d_1/bn"]


def test_an_input_in_another_range_is_named_though_the_layer_before_differs_already(rng):
    """D is called with what a G that differs draws, then with images in another range."""
    x, outputs = rng.uniform(-1, 1, (4, 6)), rng.normal(size=(3, 2, 4, 6))
    names, given = ("G/out", "D/conv", "D/conv#2"), (None, None, 2 * x - 1)
    rows = []
    for name, (ours, theirs), own in zip(names, outputs, given, strict=True):
        old = LayerOutput(f"TF1 {name}", "conv", {}, ours)
        rows.append(Aligned(LayerOutput(name, "conv", {}, theirs, own), old, "use", 1.0, 1.0))
    ours, theirs = (
        {Key(FORWARD, r.new.name, "training"): side(r).output for r in rows}
        for side in (lambda r: r.old, lambda r: r.new)
    )
    more = {"aligned": {"training": rows}, "layers": {"training": [r.old for r in rows]}}
    evidence = replace(made(ours, theirs, {}, **more), batch={"x": x})
    generator, discriminator = first_differences.find(case(evidence), "training", late=False)
    assert generator.where.startswith("G/out")
    assert "the port scales its input: 2 times TF1's x, plus -1" in discriminator.text


def test_a_layer_behind_one_without_an_equal_is_given_what_differs_ahead_of_it(rng):
    """A generator's images differ, and so does all that D makes of them: D has no cause of its
    own, though TF1 has nothing beside one of its activations."""
    x, fake, made_by_tf1 = rng.normal(size=(3, 4, 6))
    kernel = rng.normal(size=(6, 6))
    ops = [
        LayerOutput("G/Relu", "activation", {}, np.maximum(x, 0), x),
        LayerOutput("D/fc", "dense", {}, made_by_tf1 @ kernel),
        LayerOutput("D/out", "dense", {}, np.maximum(made_by_tf1 @ kernel, 0) @ kernel),
    ]
    layers = [
        LayerOutput("G/0", "activation", {}, np.maximum(x, 0.2 * x), x),
        LayerOutput("D/fc", "dense", {}, fake @ kernel),
        LayerOutput("D/select", "activation", {}, np.maximum(fake @ kernel, 0)),
        LayerOutput("D/out", "dense", {}, np.maximum(fake @ kernel, 0) @ kernel),
    ]
    beside = [ops[0], ops[1], None, ops[2]]
    rows = [
        Aligned(new, old, "use" if old else "nothing", 1.0 if old else np.inf, 1.0)
        for new, old in zip(layers, beside, strict=True)
    ]
    ours = {Key(FORWARD, r.new.name, "training"): r.old.output for r in rows if r.old}
    theirs = {Key(FORWARD, r.new.name, "training"): r.new.output for r in rows if r.old}
    evidence = made(ours, theirs, {}, aligned={"training": rows}, layers={"training": ops})
    causes = first_differences.find(case(replace(evidence, batch={"x": x})), "training", late=False)
    assert [cause.where for cause in causes] == ["G/0 (TF1: G/Relu)"]


def test_what_a_discriminator_ends_in_is_no_copy_of_what_its_generator_ends_in(rng):
    made_of, judged = rng.normal(size=(2, 4, 9))
    sigmoid, knobs = (lambda x: 1 / (1 + np.exp(-x))), {"tanh": [("G/Sigmoid", "type Tanh")]}
    ops = [
        LayerOutput("G/add", "add", {}, made_of, reads=("g",)),
        LayerOutput("G/Sigmoid", "activation", {}, sigmoid(made_of), reads=("g",), knobs=knobs),
        LayerOutput("D/add", "add", {}, judged, reads=("d", "g")),  # of what G draws
        replace(
            LayerOutput("D/Sigmoid", "activation", {}, sigmoid(judged), reads=("d", "g")),
            knobs={"tanh": [("D/Sigmoid", "type Tanh")]},
        ),
    ]
    ends = [
        LayerOutput("G/1", "activation", {}, np.tanh(made_of), reads=("g",)),
        LayerOutput("D/0", "dense", {}, judged, reads=("d",)),
    ]
    rows = [Aligned(ends[0], ops[1], "use", 1.0, 1.0), Aligned(ends[1], ops[2], "value", 0.0, 0.0)]
    evidence = made({}, {}, {}, aligned={"training": rows}, layers={"training": ops})
    changed = layer_corrections.changes(case(evidence), rows[0], {"tanh": 1.0})
    assert [change.op for change in changed] == ["G/Sigmoid"]
