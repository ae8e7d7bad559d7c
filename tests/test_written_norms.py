"""Norms and activations that ports spell out, held to numpy."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf
import written_files

from dcgan_v1.migration.runners.keras import runner as keras_runner
from dcgan_v1.migration.specs import Keras
from dcgan_v1.porting import description as d
from dcgan_v1.porting.keras import networks as keras_networks
from dcgan_v1.porting.keras import training as keras_training
from dcgan_v1.porting.tensorflow import tf_ops
from dcgan_v1.porting.tf2 import networks as tf2_networks
from dcgan_v1.porting.tf2 import training as tf2_training
from dcgan_v1.porting.torch import networks as torch_networks
from dcgan_v1.porting.torch import norms as torch_norms
from dcgan_v1.porting.torch import training as torch_training
from dcgan_v1.porting.torch.ops import Printer

pytestmark = [pytest.mark.unit, pytest.mark.torch]

torch = pytest.importorskip("torch")
F = torch.nn.functional
RNG = np.random.default_rng(0)


def norm_program():
    """A batch norm of beta alone whose averages no step moves, and a call of it in training."""
    x, y = d.Value("x.1", (None, 2, 2, 3)), d.Value("h.2", (None, 2, 2, 3))
    settings = {"epsilon": 1e-3, "fused": True, "by": "batch", "averages": (), "momentum": None}
    norm = d.Node("batch_norm", (y,), (x,), settings, {"beta": "net/bn/beta"})
    variables = {"net/bn/beta": d.Variable("net/bn/beta", (3,), "float32", True, ("zeros", {}))}
    function = d.Function("call", (x,), (norm,), (y,), takes_training=True)
    network = d.Network("net", "net", (function,), tuple(variables))
    words = {"network": "net", "function": "call", "training": True, "moves": False, "averages": 0}
    call = d.Node("call", (d.Value("on.3", y.shape),), (x,), words)
    mean = d.Node("op", (d.Value("loss.4", ()),), (call.value, AXES), {"type": "Mean"})
    effect = d.Effect("update", "u", ("net/bn/beta",), "sgd", (mean.value,))
    sgd = d.Optimizer("sgd", "u", "GradientDescent", {"learning rate": 0.1}, ("net/bn/beta",))
    return d.Program(
        *("test", variables, (network,), (sgd,), (d.Node("input", (x,), ops=("x",)),), ()),
        *((d.Stage(0, (call, mean), (effect,)),), {"loss": mean.value}),
    )


AXES = d.Constant(np.arange(4))
WRITERS = {
    "keras": (keras_networks, keras_training),
    "torch": (torch_networks, torch_training),
    "tf2": (tf2_networks, tf2_training),
}


@pytest.mark.parametrize("to", WRITERS)
def test_a_norm_whose_averages_nobody_moves_is_by_the_batch_alone(to):
    networks, training = WRITERS[to]
    names, program = {}, norm_program()
    text = networks.text(program)
    assert "self.bn = BatchNormAlone(" in text and "from own_layers import BatchNormAlone\n" in text
    assert "moves=" not in text + training.text(program)
    if to == "torch":
        exec(written_files.as_one(networks.own_layers(program), text), names)
        x = RNG.normal(size=(5, 3, 2, 2)).astype("f4")
        made = names["Net"]().eval()(torch.tensor(x)).detach().numpy()
        mean, variance = (m((0, 2, 3), keepdims=True) for m in (x.mean, x.var))
        np.testing.assert_allclose(made, (x - mean) / np.sqrt(variance + 1e-3), atol=1e-5)


@pytest.mark.parametrize("fused", [True, False])
@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_norm_in_torch_takes_a_single_value_a_channel_as_tf1_does(fused, count):
    program = norm_program()
    (norm,) = program.networks[0].functions[0].nodes
    pairs = (("m", "v"), ("m2", "v2"))[:count]
    norm.settings.update(fused=fused, averages=pairs, momentum=0.9 if count else None)
    names = {"torch": torch, "nn": torch.nn, "F": F}
    (text,) = torch_norms.classes(program).values()
    exec(text, names)
    layer = names[torch_norms.class_of(norm)](3, eps=1e-3, scale=False)
    at, beta = RNG.normal(size=(1, 1, 1, 3)).astype("f4"), RNG.normal(size=3).astype("f4")
    layer.bias.data = torch.tensor(beta)
    x = torch.tensor(np.moveaxis(at, 3, 1), requires_grad=True)
    made = layer(x)
    (made**2).sum().backward()
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        given = tf.constant(at)
        y, _, variance = tf.compat.v1.nn.fused_batch_norm(given, np.ones(3, "f4"), beta)
        gradient = tf.gradients(tf.reduce_sum(y**2), given)[0]
        wanted, slope, spread = session.run([y, gradient, variance])
    near = 1e-3**-0.5 * 2**-22  # float32, of which both make 1 / sqrt(epsilon) as much
    np.testing.assert_allclose(made.detach().numpy()[:, :, 0, 0], wanted[:, 0, 0], atol=near)
    np.testing.assert_allclose(x.grad.numpy()[:, :, 0, 0], slope[:, 0, 0], atol=near)
    if count:
        kept = layer.set0_running_var if count > 1 else layer.running_var
        np.testing.assert_allclose(kept.numpy(), 0.9 + 0.1 * spread, atol=1e-6)


def test_a_fused_norm_in_a_penalty_has_its_second_derivatives():
    """tf.nn.moments holds back the gradient of the mean. The oracle: a quotient of differences."""
    program = norm_program()
    (network,), (stage,), x = program.networks, program.stages, program.inputs[0].value
    (norm,), call = network.functions[0].nodes, stage.nodes[0]
    norm.settings.update(averages=(("net/bn/m", "net/bn/v"),), momentum=0.9)
    penalty = d.Node("gradient", (d.Value("gradient.5", x.shape),), (call.value, x), body=(call,))
    program = replace(program, stages=(replace(stage, nodes=(penalty, *stage.nodes)),))
    assert "tf.nn.moments(" not in keras_networks.own_layers(program)["FusedBatchNorm"]
    names, at = {}, RNG.normal(size=(4, 2, 2, 3))
    own = tf2_networks.own_layers(program)
    exec(written_files.as_one(own, tf2_networks.text(program)), names)
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        x = tf.compat.v1.placeholder(tf.float64, at.shape)
        y = names["Net"](tf.float64)(x, training=True, moves=False)
        squared = tf.reduce_sum(tf.square(tf.gradients(tf.reduce_sum(y**3), x)[0]))
        gradient = tf.gradients(squared, x)[0]
        session.run(tf.compat.v1.global_variables_initializer())
        step = np.zeros_like(at)
        step[1, 0, 1, 2] = 1e-6
        high, low = (session.run(squared, {x: at + sign * step}) for sign in (1, -1))
        found = session.run(gradient, {x: at})[1, 0, 1, 2]
    assert found == pytest.approx((high - low) / 2e-6, rel=1e-5)


def test_a_module_that_is_no_layer_of_keras_tells_whose_its_variables_are():
    class BatchNorm(tf.Module):
        def __init__(self):
            super().__init__()
            self.beta = tf.Variable(np.zeros(3, "f4"))

        def __call__(self, x):
            return x + self.beta

    class Net(tf.Module):
        def __init__(self):
            super().__init__()
            self.bn = BatchNorm()

        def __call__(self, x):
            return self.bn(x)

    runner = keras_runner.KerasRunner(Keras(models={"net": Net()}), "float32", [])
    assert {n: v.shape for n, v in runner.describe().variables.items()} == {"net/bn/beta": [3]}


IN_TF1 = {
    "leaky_max": lambda x: tf.maximum(x, 0.2 * x),
    "leaky_abs": lambda x: 0.6 * x + 0.4 * tf.abs(x),
    "leaky_min": lambda x: tf.maximum(tf.minimum(0.0 * x, 0.2 * x), x),
    "": lambda x: tf.maximum(0.2 * x, x),
}


@pytest.mark.parametrize("form", IN_TF1)
def test_a_leaky_relu_has_the_derivative_at_0_that_its_form_in_tf1_has(form):
    x = np.array([-2.0, 0.0, 3.0])
    node = d.Node("leaky_relu", (d.Value("h.1"),), (d.Value("x"),), {"slope": 0.2})
    node.settings.update({"form": form} if form else {})
    in_torch, in_tf = Printer({"x": "x"}, str, {}), tf_ops.Printer({"x": "x"}, str, "")
    known = {"torch": torch, "F": F, "x": torch.tensor(x, requires_grad=True)}
    text = in_torch.expression(node)
    exec(torch_networks.FUNCTIONS.get(form, ""), known)
    eval(text, known).sum().backward()
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        of = {"tf": tf, "x": tf.constant(x)}
        text = in_tf.expression(node)
        exec(tf_ops.OWN.get(form, ""), of)
        both = eval(text, of), IN_TF1[form](of["x"])
        written, wanted = session.run([tf.gradients(y, of["x"])[0] for y in both])
    np.testing.assert_allclose(written, wanted, atol=1e-15)
    np.testing.assert_allclose(known["x"].grad.numpy(), wanted, atol=1e-15)


@pytest.mark.parametrize("holds", [True, False])
@pytest.mark.parametrize("count", [0, 1, 2])
@pytest.mark.parametrize("fused", [True, False])
def test_what_a_batch_norm_says_of_itself_fits_on_a_line(fused, count, holds):
    node = d.Node("batch_norm", (), settings={"fused": fused, "averages": ((),) * count})
    assert len(f'    """{torch_norms._said(node, holds)}."""') <= 100
