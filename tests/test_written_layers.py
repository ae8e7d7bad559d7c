"""Layers of written Keras networks: first values, shared settings, batch norms."""

import itertools
import math
import subprocess
import sys
from dataclasses import replace
from functools import partial

import keras
import numpy as np
import pytest
import written_files
from script_runs import ENVIRONMENT

from dcgan_v1.porting import description as d
from dcgan_v1.porting.keras import initializers as keras_starts
from dcgan_v1.porting.keras import layers as keras_layers
from dcgan_v1.porting.keras import networks as keras_networks
from dcgan_v1.porting.keras import norms as keras_norms
from dcgan_v1.porting.torch import networks as torch_networks

pytestmark = pytest.mark.unit
MOMENTUM, EPSILON = 0.75, 0.5
X = np.random.default_rng(0).normal(size=(7, 3)).astype("f4")


# what needs eager execution, which is off where graphs of TF1 are built
EAGER = """
import sys
from functools import partial
import keras
import numpy as np
import tensorflow as tf
with np.load(sys.argv[1], allow_pickle=True) as file:
    x, draws, norms = tf.constant(file["x"]), file["draws"].item(), file["norms"].item()
results = {}
for name, text in draws.items():
    layers = [keras.layers.Dense(25, kernel_initializer=eval(text)) for _ in range(2)]
    for i, layer in enumerate(layers):
        layer.build((None, 100))
        results[f"{name}/{i}"] = np.asarray(layer.kernel)
for (fused, sets, holds), text in norms.items():
    names, name = {}, f"{fused} {sets} {holds}"
    exec(text, names)
    model = names["N"]()
    model(x)
    last = {"averages": sets - 1} if sets > 1 else {}
    if holds:
        model(x, training=True, moves=False, **last)
    results[f"{name}/training"] = model(x, training=True, **last)
    for i, variable in enumerate(model.non_trainable_variables):
        results[f"{name}/{i}"] = np.asarray(variable)
    results[f"{name}/inference"] = model(x, **last)
np.savez(sys.argv[2], **results)
"""


@pytest.fixture(scope="module")
def eager(tmp_path_factory):
    """What written initialisers and batch norms give in Keras."""
    folder = tmp_path_factory.mktemp("eager")
    norms = {}
    for case in NORMS:
        program = norm_program(*case)
        own, text = keras_networks.own_layers(program), keras_networks.text(program)
        norms[case] = written_files.as_one(own, text)
    draws = {kind: first_values(kind) for kind in DRAWN}
    draws["scaled"] = keras_starts.initializer(kernels((100, 25), (400, 25)), "w0", "")
    np.savez(folder / "given.npz", x=X, draws=draws, norms=norms)
    words = [sys.executable, "-c", EAGER, folder / "given.npz", folder / "made.npz"]
    done = subprocess.run(list(map(str, words)), env=ENVIRONMENT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    with np.load(folder / "made.npz") as file:
        return dict(file)


# ---- first values ----

LIMITS = {"uniform": (-0.5, 0.25), "fan_in_uniform": (-0.1, 0.1)}  # of a fan in of 100
DRAWN = ("normal", "truncated_normal", "uniform", "fan_in_uniform")


def test_an_initialiser_that_layers_share_has_a_name_and_draws_anew_for_each():
    normal, other = (f"keras.initializers.RandomNormal({n})" for n in ("0, 1", "1, 2"))
    lines, bodies = keras_starts.shared([f"a({normal})", f"b({normal}) c({other})"])
    assert lines == ["normal = partial(keras.initializers.RandomNormal, 0, 1)"]
    assert bodies == ["a(normal())", f"b(normal()) c({other})"]
    made = normal.replace("RandomNormal", "TruncatedNormal")
    lines, bodies = keras_starts.shared([f"a({made}) b({made})"])
    assert lines == ["trunc = partial(keras.initializers.TruncatedNormal, 0, 1)"]
    assert bodies == ["a(trunc()) b(trunc())"]


def first_values(kind):
    """The expression that draws a matrix's first values."""
    numbers = {"mean": 2.0, "stddev": 0.1}
    if "uniform" in kind:
        low, high = LIMITS[kind]
        numbers = {"low": low, "high": high}
    start = kind.removeprefix("fan_in_"), numbers
    variable = d.Variable("w", (100, 25), "float32", True, start)
    program = d.Program("", {"w": variable}, (), (), (), (), (), {})
    return keras_starts.initializer(program, "w", "glorot_uniform")


def test_parts_of_a_kernel_and_bare_weights_are_drawn_within_its_numbers_by_no_rule():
    """1 / sqrt(fan in) of an LSTM's kernel is none of a part's, nor one that torch would count."""
    limit = 60**-0.5
    start = "uniform", {"low": -limit, "high": limit}
    variable = d.Variable("w", (60, 80), "float32", True, start)
    program = d.Program("", {"w": variable}, (), (), (), (), (), {})
    drawn = f"keras.initializers.RandomUniform({-limit!r}, {limit!r})"
    assert keras_starts.of_part(program, "w") == drawn
    assert "VarianceScaling" in keras_starts.initializer(program, "w", "")
    torch_writer = torch_networks._Writer(program)
    assert torch_writer._start("w", "", "") == f"nn.init.uniform_({{0}}, {-limit}, {limit})"
    assert torch_writer._start("w", "dense", "kernel") == ""


def kernels(*shapes):
    """Kernels of contrib's variance_scaling_initializer: normal numbers within two deviations."""
    starts = ({"mean": 0.0, "stddev": (1.3 * 2 / math.prod(s[:-1])) ** 0.5} for s in shapes)
    made = {
        f"w{i}": d.Variable(f"w{i}", shape, "float32", True, ("truncated_normal", start))
        for i, (shape, start) in enumerate(zip(shapes, starts, strict=True))
    }
    return d.Program("", made, (), (), (), (), (), {})


def test_kernels_that_count_their_inputs_are_drawn_by_that_rule():
    rule = 'keras.initializers.VarianceScaling(2.0117, "fan_in", "truncated_normal")'
    program = kernels((100, 25), (3, 3, 8, 16))
    assert {keras_starts.initializer(program, name, "") for name in program.variables} == {rule}
    alike = kernels((100, 25), (100, 10))  # of as many inputs: a number is as good
    assert "TruncatedNormal(0.0" in keras_starts.initializer(alike, "w0", "")
    for known in program.variables.values():
        known.initializer[1]["stddev"] = 0.0  # all alike: no rule, and Keras takes none of scale 0
    assert keras_starts.initializer(program, "w0", "").endswith("TruncatedNormal(0.0, 0.0)")


@pytest.mark.cli
def test_kernels_by_a_rule_have_the_deviation_that_tf1_gave_them(eager):
    values, deviation = eager["scaled/0"], 0.026**0.5
    assert values.std() == pytest.approx(0.8796 * deviation, rel=0.05)
    assert np.abs(values).max() == pytest.approx(2 * deviation, rel=0.02)


@pytest.mark.cli
@pytest.mark.parametrize("kind", DRAWN)
def test_first_values_are_drawn_anew_within_tf1s_numbers(kind, eager):
    values, again = eager[f"{kind}/0"], eager[f"{kind}/1"]
    assert np.abs(values - again).max() > 0.01
    if kind in LIMITS:
        low, high = LIMITS[kind]
        assert (values >= low).all() and (values <= high).all()
        assert values.min() == pytest.approx(low, rel=0.01)
        assert values.max() == pytest.approx(high, rel=0.01)
        return
    assert values.mean() == pytest.approx(2.0, abs=0.01)
    # a normal's deviation within two of it is 0.88 of the whole's
    assert values.std() == pytest.approx(0.1 if kind == "normal" else 0.088, rel=0.05)
    assert (np.abs(values - 2) < 0.2 + 1e-6).all() == (kind == "truncated_normal")


# ---- settings that layers share ----


def convolution(filters, **settings):
    words = {"kernel_size": "5", "strides": "2", "padding": '"same"', "use_bias": "False"}
    return keras_layers.Layer("layers.Conv2D", (str(filters),), {**words, **settings})


def test_layers_say_what_they_share_once_and_what_is_otherwise_beside_it():
    alike = [convolution(n) for n in (8, 16, 32)]
    other = convolution(1, strides="1")
    del other.settings["strides"]  # Keras's own
    known = keras_layers.shared([*alike, other])
    (line,) = keras_layers.definitions(known)
    assert line.startswith("conv = partial(layers.Conv2D, kernel_size=5, strides=2")
    assert alike[0].line("a", known) == 'conv(8, name="a")'
    text = other.line("b", known)
    assert text == 'conv(1, strides=1, name="b")'
    names = {"layers": keras.layers, "partial": partial}
    exec(line, names)
    made = eval(text, names)
    assert (made.kernel_size, made.strides, made.padding) == ((5, 5), (1, 1), "same")


def test_two_layers_share_what_would_not_fit_on_a_line():
    (line,) = keras_layers.definitions(keras_layers.shared([convolution(8), convolution(16)]))
    assert line.startswith("conv = partial(layers.Conv2D, ")
    norms = [keras_layers.Layer("BatchNorm", (), {"momentum": "0.9", "epsilon": "1"})] * 2
    assert not keras_layers.shared(norms)


def test_a_layer_that_has_little_in_common_with_others_is_said_whole():
    known = keras_layers.shared([convolution(n) for n in (8, 16, 32)])
    other = convolution(3, kernel_size="4", strides="3", use_bias="True")
    assert other.line("c", known).startswith("layers.Conv2D(3, 4, strides=3, ")


# ---- batch norms ----


def norm_program(fused, sets, holds):
    """A network of one batch norm, which two calls of a step run."""
    x, y = d.Value("x.1", (None, 3)), d.Value("h.2", (None, 3))
    pairs = tuple((f"m{i}", f"v{i}") for i in range(sets))
    settings = {"epsilon": EPSILON, "fused": fused, "averages": pairs, "momentum": MOMENTUM}
    norm = d.Node("batch_norm", (y,), (x,), settings, {"gamma": "g", "beta": "b"}, ops=("n",))
    network = d.Network("n", "n", (d.Function("call", (x,), (norm,), (y,), True),), ("g", "b"))
    variables = {n: d.Variable(n, (3,), "float32", True) for n in "gb"}
    words = {"network": "n", "function": "call", "training": True, "moves": True, "averages": 0}
    calls = [d.Node("call", (y,), (x,), words) for _ in range(2)]
    calls[1] = replace(calls[1], settings={**words, "moves": not holds})
    return d.Program("", variables, (network,), (), (), (), (d.Stage(0, tuple(calls), ()),), {})


NORMS = list(itertools.product((True, False), (1, 2, 3), (True, False)))


@pytest.mark.cli
@pytest.mark.parametrize(("fused", "sets", "holds"), NORMS)
def test_a_batch_norm_moves_the_averages_that_tf1_moves(fused, sets, holds, eager):
    mean, variance = X.mean(0), X.var(0) * (7 / 6 if fused else 1)
    name = f"{fused} {sets} {holds}"
    y = eager[f"{name}/training"]
    np.testing.assert_allclose(y, (X - mean) / np.sqrt(X.var(0) + EPSILON), atol=1e-5)
    held = [eager[f"{name}/{i}"] for i in range(2 * sets)]
    for i in range(sets):  # moved once, and by the last pair's call alone
        part = 1 - MOMENTUM if i == sets - 1 else 0
        np.testing.assert_allclose(held[2 * i], part * mean, atol=1e-6)
        np.testing.assert_allclose(held[2 * i + 1], 1 - part + part * variance, atol=1e-6)
    y = (X - held[-2]) / np.sqrt(held[-1] + EPSILON)
    np.testing.assert_allclose(eager[f"{name}/inference"], y, atol=1e-5)


def test_a_batch_norm_of_kerass_own_has_no_class():
    program = norm_program(fused=False, sets=1, holds=False)
    assert not keras_norms.classes(program)
    assert len(keras_norms.classes(norm_program(fused=False, sets=2, holds=False))) == 1
