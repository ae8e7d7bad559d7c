"""Layer norms that ports hold as one layer, held to TensorFlow's own ops in a graph."""

import re
from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf
import written_files

from dcgan_v1.porting import description as d
from dcgan_v1.porting.graphs import graph as graphs
from dcgan_v1.porting.graphs import opening
from dcgan_v1.porting.keras import networks as keras_networks
from dcgan_v1.porting.patterns import layers as patterns
from dcgan_v1.porting.tf2 import networks as tf2_networks
from dcgan_v1.porting.torch import networks as torch_networks

pytestmark = [pytest.mark.unit, pytest.mark.torch]

torch = pytest.importorskip("torch")
v1 = tf.compat.v1
SHAPES = {"rows": (None, 6), "maps": (None, 2, 3, 4)}
NETWORKS = {"keras": keras_networks, "torch": torch_networks, "tf2": tf2_networks}
OWN = {  # (target, shape, held back) -> class where it is differentiated twice
    ("keras", "rows", True): "layers.LayerNormalization(epsilon=1e-05",
    ("keras", "maps", True): "layers.GroupNormalization(1, epsilon=1e-05",
    ("torch", "rows", False): "nn.LayerNorm(6, eps=1e-05",
    ("torch", "maps", False): "nn.GroupNorm(1, 4, eps=1e-05",
}


def normed(x, gamma, beta, held, axes=None):
    """Layer norm as tf.contrib has it, or with a mean that holds no gradient back."""
    axes = axes or list(range(1, len(x.shape)))
    mean, variance = tf.nn.moments(x, axes, keepdims=True)
    if not held:
        variance = tf.reduce_mean(tf.square(x - mean), axes, keepdims=True)
    return tf.nn.batch_normalization(x, mean, variance, beta, gamma, 1e-5)


@pytest.mark.parametrize("held", [True, False])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_layer_norm_is_one_layer_with_a_gamma_a_channel(shape, held):
    with v1.Graph().as_default() as whole:
        x = v1.placeholder(tf.float32, SHAPES[shape])
        gamma, beta = (
            v1.get_variable(n, SHAPES[shape][-1:], use_resource=False) for n in ("gamma", "beta")
        )
        places = {"y": normed(x, gamma, beta, held)}
        if shape == "maps":  # one of each channel, or one of the pixels of a row
            places["instance"] = normed(x, gamma, beta, held, [1, 2])
            places["last"] = normed(x, gamma, beta, held, [3])
        names = {name: tensor.op.name for name, tensor in places.items()}
        raw = opening.raw_ops(whole, {op.name for op in whole.get_operations()})
    built = graphs.build(raw, {})
    found = {n: patterns.recognise(built.ops[name].output) for n, name in names.items()}
    match = found.pop("y")
    assert (match.kind, match.variables) == ("layer_norm", {"gamma": "gamma", "beta": "beta"})
    assert match.settings == {"epsilon": 1e-5, "held": held}
    assert match.inputs[0].op.type == "Placeholder"
    assert not any(found.values())


def detached(x, gamma, beta, what, axes):
    """A norm with one of its statistics' gradients held back: another function once derived."""
    mean, variance = tf.nn.moments(x, axes, keepdims=True)
    stop, squares = tf.stop_gradient, tf.reduce_mean(tf.square(x), axes, keepdims=True)
    if what == "factor":  # of tf.nn.batch_normalization
        return tf.nn.batch_normalization(x, stop(mean), variance, beta, gamma, 1e-5)
    mean = {"mean": stop(mean)}.get(what, mean)
    variance = {
        "variance": stop(variance),
        "mean of squares": squares - tf.square(stop(mean)),
        "squares": stop(squares) - tf.square(mean),
    }.get(what, variance)
    return (x - mean) / tf.sqrt(variance + 1e-5) * gamma + beta


@pytest.mark.parametrize("of", ["layer", "batch"])
@pytest.mark.parametrize("what", ["", "factor", "mean", "variance", "mean of squares", "squares"])
def test_a_norm_whose_statistics_hold_their_gradient_back_is_no_layer_of_a_framework(of, what):
    with v1.Graph().as_default() as whole:
        x = v1.placeholder(tf.float32, (7, 6))
        gamma, beta = (v1.get_variable(n, (6,), use_resource=False) for n in ("gamma", "beta"))
        y = detached(x, gamma, beta, what, [1] if of == "layer" else [0])
        raw = opening.raw_ops(whole, {op.name for op in whole.get_operations()})
    found = patterns.recognise(graphs.build(raw, {}).ops[y.op.name].output)
    assert (found.kind if found else "") == ("" if what else f"{of}_norm")


def program(shape, held, is_penalised):
    """A layer norm, in a penalty or not."""
    x, y = (d.Value(name, SHAPES[shape]) for name in ("x.1", "h.2"))
    variables = {f"net/ln/{p}": SHAPES[shape][-1:] for p in ("gamma", "beta")}
    named = {v.rpartition("/")[2]: v for v in variables}
    norm = d.Node("layer_norm", (y,), (x,), {"epsilon": 1e-5, "held": held}, named)
    network = d.Network("net", "net", (d.Function("call", (x,), (norm,), (y,)),), (*variables,))
    words = {"network": "net", "function": "call", "training": True, "moves": True, "averages": 0}
    call = d.Node("call", (d.Value("on.3", y.shape),), (x,), words)
    inner = d.Node("gradient", (d.Value("g.4", x.shape),), (call.value, x), body=(call,))
    stage = d.Stage(0, (inner if is_penalised else call,), ())
    known = {v: d.Variable(v, s, "float32", True) for v, s in variables.items()}
    return d.Program("test", known, (network,), (), (d.Node("input", (x,)),), (), (stage,), {})


def second(gradients, y, x):
    """A layer's output, and what a penalty on its input's gradient moves."""
    (first,) = gradients((y**3).sum() if hasattr(y, "detach") else tf.reduce_sum(y**3), x)
    return gradients((first**2).sum() if hasattr(y, "detach") else tf.reduce_sum(first**2), x)[0]


@pytest.fixture
def in_float64():
    for dtype in ("float64", "float32"):
        keras.config.set_floatx(dtype)
        keras.config.set_dtype_policy(dtype)  # which stands once a test before has asked for it
        if dtype == "float64":
            yield


@pytest.mark.usefixtures("in_float64")
@pytest.mark.parametrize("is_penalised", [True, False])
@pytest.mark.parametrize("held", [True, False])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("to", NETWORKS)
def test_a_layer_norm_has_the_derivatives_of_tf1s(to, shape, held, is_penalised):
    rng, made, names = np.random.default_rng(0), program(shape, held, is_penalised), {}
    text = NETWORKS[to].text(made)
    if (to, shape, held) in OWN or not is_penalised:
        kept = OWN.get((to, shape, held)) or OWN.get((to, shape, not held), "LayerNorm(")
        assert kept in text
    exec(written_files.as_one(NETWORKS[to].own_layers(made), text), names)
    at = rng.normal(size=(5, *SHAPES[shape][1:]))
    starts = rng.normal(size=(2, SHAPES[shape][-1]))
    with v1.Graph().as_default(), v1.Session() as session:
        x = tf.constant(at)
        y = normed(x, *map(tf.constant, starts), held)
        wanted, slope = session.run([y, second(tf.gradients, y, x)])
        if to != "torch":
            network = names["Net"](**({"dtype": tf.float64} if to == "tf2" else {}))
            mine = network(x)
            weights = (getattr(w, "_value", w) for w in (network.ln.gamma, network.ln.beta))
            assigned = [w.assign(start) for w, start in zip(weights, starts, strict=True)]
            session.run(v1.global_variables_initializer())
            session.run(assigned)
            found, bent = session.run([mine, second(tf.gradients, mine, x)])
    if to == "torch":
        network = names["Net"]().double()
        network.ln.weight.data, network.ln.bias.data = map(torch.tensor, starts)
        x = torch.tensor(np.moveaxis(at, -1, 1), requires_grad=True)
        y = network(x)
        gradients = torch.autograd.grad
        bent = second(lambda a, b: gradients(a, b, create_graph=True), y, x)
        found, bent = (np.moveaxis(t.detach().numpy(), 1, -1) for t in (y, bent))
    np.testing.assert_allclose(found, wanted, atol=1e-9)
    if is_penalised:
        np.testing.assert_allclose(bent, slope, atol=1e-7 * np.abs(slope).max())


def test_norms_of_which_one_holds_a_gradient_back_are_of_two_classes_in_tf2():
    """A penalty differentiates both twice."""
    one, other = (program("rows", held, True) for held in (True, False))
    (network,) = other.networks
    renamed = {v: f"other/{v}" for v in network.variables}
    (function,) = network.functions
    (norm,) = function.nodes
    norm = replace(norm, variables={p: renamed[v] for p, v in norm.variables.items()})
    function = replace(function, nodes=(norm,))
    network = d.Network("other", "other/net", (function,), tuple(renamed.values()))
    (inner,) = other.stages[0].nodes
    call = replace(inner.body[0], settings={**inner.body[0].settings, "network": "other"})
    penalties = (*one.stages[0].nodes, replace(inner, body=(call,)))
    both = replace(
        one,
        networks=(*one.networks, network),
        variables=one.variables | {renamed[n]: v for n, v in other.variables.items()},
        stages=(replace(one.stages[0], nodes=penalties),),
    )
    text, own = tf2_networks.text(both), tf2_networks.own_layers(both)
    assert re.findall(r"self.ln = (\w+)\(", text) == ["LayerNorm", "PlainLayerNorm"]
    assert ["tf.nn.moments(x" in own[n] for n in ("LayerNorm", "PlainLayerNorm")] == [True, False]
    for name in ("LayerNorm", "PlainLayerNorm"):
        assert f"import {name}" in text or f"{name}," in text or f", {name}" in text
