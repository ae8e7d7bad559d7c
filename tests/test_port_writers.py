"""What writers of ports print, on descriptions made by hand: run here, and held to numpy."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from dcgan_v1 import porting
from dcgan_v1.porting import description as d
from dcgan_v1.porting.graphs import tf_ops
from dcgan_v1.porting.keras import networks as keras_networks
from dcgan_v1.porting.keras import training as keras_training
from dcgan_v1.porting.reading import broadcasting
from dcgan_v1.porting.text import names as naming
from dcgan_v1.porting.text import printing
from dcgan_v1.porting.tf2 import networks as tf2_networks
from dcgan_v1.porting.tf2 import training as tf2_training
from dcgan_v1.porting.torch import networks as torch_networks
from dcgan_v1.porting.torch import norms as torch_norms
from dcgan_v1.porting.torch import optimizers as torch_optimizers
from dcgan_v1.porting.torch import training as torch_training
from dcgan_v1.porting.torch.ops import Printer

torch = pytest.importorskip("torch")
F = torch.nn.functional
pytestmark = [pytest.mark.unit, pytest.mark.torch]
RNG = np.random.default_rng(0)
MAPS = RNG.normal(size=(2, 4, 6, 3))  # [N, H, W, C]


def value(name, array):
    return d.Value(name, tuple(np.shape(array)), np.asarray(array).dtype.name)


def number(x):
    return d.Constant(np.asarray(x))


def to_torch(array):
    tensor = torch.tensor(np.asarray(array))
    return tensor.permute(0, 3, 1, 2) if tensor.ndim == 4 else tensor


def to_tf(tensor):
    return (tensor.permute(0, 2, 3, 1) if tensor.ndim == 4 else tensor).numpy()


# TF1's op, its attributes, further inputs, numpy's result on MAPS
OPS = {
    "a vector meets channels": ("Mul", {}, [np.arange(3.0)], lambda x, v: x * v),
    "a row of channels meets columns": ("Add", {}, [MAPS[0, 0]], np.add),
    "maps meet maps of one row": ("Sub", {}, [MAPS[0]], np.subtract),
    "mean of channels": ("Mean", {}, [number([3])], lambda x, _: x.mean(3)),
    "mean of pixels": ("Mean", {}, [number([1, 2])], lambda x, _: x.mean((1, 2))),
    "sum of a batch": ("Sum", {}, [number([0])], lambda x, _: x.sum(0)),
    "sum of rows": ("Sum", {}, [number([1])], lambda x, _: x.sum(1)),
    "kept axes": (
        *("Mean", {"keep_dims": True}, [number([0, 1, 2])]),
        lambda x, _: x.mean((0, 1, 2), keepdims=True),
    ),
    "mean of all": ("Mean", {}, [number([0, 1, 2, 3])], lambda x, _: x.mean()),
    "a number as bound": ("Maximum", {}, [number(0.1)], np.maximum),
    "columns in another order": (
        *("Transpose", {}, [number([0, 2, 1, 3])]),
        lambda x, _: x.transpose(0, 2, 1, 3),
    ),
    "rows of pixels": ("Reshape", {}, [number([-1, 72])], lambda x, _: x.reshape(-1, 72)),
    "maps of other sides": (
        *("Reshape", {}, [number([2, 8, 3, 3])]),
        lambda x, _: x.reshape(2, 8, 3, 3),
    ),
    "a slice of columns": (
        *("StridedSlice", {"begin_mask": 3, "end_mask": 3}),
        [number([0, 0, 1]), number([0, 0, 5]), number([1, 1, 2])],
        lambda x, *_: x[:, :, 1:5:2],
    ),
    "one channel": (
        *("StridedSlice", {"ellipsis_mask": 1, "shrink_axis_mask": 2}),
        [number([0, 1]), number([0, 2]), number([1, 1])],
        lambda x, *_: x[..., 1],
    ),
    "pads": (
        *("Pad", {}, [number([[0, 0], [1, 0], [0, 2], [0, 0]])]),
        lambda x, p: np.pad(x, [(0, 0), (1, 0), (0, 2), (0, 0)]),
    ),
    "copies": ("Tile", {}, [number([1, 2, 1, 3])], lambda x, n: np.tile(x, (1, 2, 1, 3))),
    "a quotient by zero": (
        *("DivNoNan", {}, [np.array([0.0, 1.0, 2.0])]),
        lambda x, v: np.divide(x, v, out=np.zeros_like(x), where=v + 0 * x != 0),
    ),
    "norm": ("L2Loss", {}, [], lambda x: (x**2).sum() / 2),
    "softmax": (*("Softmax", {}, []), lambda x: np.exp(x) / np.exp(x).sum(-1, keepdims=True)),
}


@pytest.mark.parametrize("case", OPS)
def test_an_op_on_maps_gives_what_it_gives_in_tf1s_order_of_axes(case):
    type_, attributes, rest, oracle = OPS[case]
    arrays = [x.array if isinstance(x, d.Constant) else x for x in rest]
    wanted = oracle(MAPS, *arrays)
    inputs = [value("x", MAPS)]
    inputs += [x if isinstance(x, d.Constant) else value(f"y{i}", x) for i, x in enumerate(rest)]
    node = d.Node("op", (value("h", wanted),), tuple(inputs), {"type": type_, **attributes})
    names = {"x": "x", "h": "h", **{f"y{i}": f"y{i}" for i in range(len(rest))}}
    text = Printer(names, str, {}).expression(node)
    known = {"x": to_torch(MAPS)}
    known |= {f"y{i}": to_torch(a) for i, a in enumerate(arrays)}
    result = eval(text, {"torch": torch, "F": F, **known})
    np.testing.assert_allclose(to_tf(result), wanted, atol=1e-12)


def widened(type_, *arrays):
    """An elementwise op of a value and a constant, as it is read off a graph."""
    oracle = {"AddV2": np.add, "Maximum": np.maximum, "Mul": np.multiply}[type_]
    wanted = oracle(*arrays)
    inputs = (value("x", arrays[0]), number(arrays[1]))
    node = d.Node("op", (value("h", wanted),), inputs, {"type": type_})
    return broadcasting.as_numbers(node), wanted


COLUMN = RNG.normal(size=(8, 1))
CONSTANTS = {  # op, value, constant, whether it is said as a number
    "zeros that repeat columns": ("AddV2", COLUMN, np.zeros((8, 4)), False),
    "a bound that repeats columns": ("Maximum", COLUMN, np.full((8, 4), 0.25), False),
    "maps by one row of maps": ("Mul", MAPS[:, :1], np.full((1, 4, 1, 1), 0.5), False),
    "a number of the value's shape": ("Mul", COLUMN, np.full((8, 1), 0.5), True),
    "a number of fewer axes": ("AddV2", MAPS, np.full(3, 0.5), True),
}


@pytest.mark.parametrize("case", CONSTANTS)
def test_a_constant_of_one_number_is_said_as_one_where_it_widens_nothing(case):
    *op, is_number = CONSTANTS[case]
    node, wanted = widened(*op)
    x = op[1]
    in_torch = Printer({"x": "x"}, str, {}).expression(node)
    in_tf = tf_ops.Printer({"x": "x"}, str, "'float64'").expression(node)
    result = eval(in_torch, {"torch": torch, "x": to_torch(x)})
    np.testing.assert_allclose(to_tf(result), wanted, atol=1e-12)
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        result = session.run(tf.convert_to_tensor(eval(in_tf, {"tf": tf, "x": x})))
    np.testing.assert_allclose(result, wanted, atol=1e-12)
    assert is_number == ("torch.full" not in in_torch) == ("tf.constant" not in in_tf)


SPLITS = {
    "channels in three": ("Split", {}, lambda x: [number(3), x], np.split(MAPS, 3, 3)),
    "rows of one and three": (
        *("SplitV", {}, lambda x: [x, number([1, 3]), number(1)]),
        [MAPS[:, :1], MAPS[:, 1:]],
    ),
    "rows one by one": ("Unpack", {"axis": 1}, lambda x: [x], list(MAPS.transpose(1, 0, 2, 3))),
}


@pytest.mark.parametrize("case", SPLITS)
def test_maps_are_taken_apart_as_in_tf1s_order_of_axes(case):
    type_, attributes, inputs, wanted = SPLITS[case]
    values = tuple(value(f"h{i}", part) for i, part in enumerate(wanted))
    node = d.Node("op", values, tuple(inputs(value("x", MAPS))), {"type": type_, **attributes})
    names = {"x": "x", **{v.name: v.name for v in values}}
    printer = Printer(names, str, {})
    result = eval(printer.expression(node), {"torch": torch, "x": to_torch(MAPS)})
    assert printer.made(node) == ", ".join(v.name for v in values)
    for part, array in zip(result, wanted, strict=True):
        np.testing.assert_array_equal(to_tf(part), array)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("a - b", "+", "c"), "a - b + c"),
        (("a", "-", "b + c"), "a - (b + c)"),
        (("a - b", "*", "c"), "(a - b) * c"),
        (("a", "+", "-b"), "a + (-b)"),
        (("f(a + b)", "-", "c * d"), "f(a + b) - c * d"),
    ],
)
def test_brackets_stand_where_an_expression_needs_them(words, text):
    assert printing.binary(*words) == text


# ---- a network ----

SHAPES = {
    "net/conv/w": (3, 3, 2, 4),
    "net/up/w": (5, 5, 3, 4),
    "net/out/w": (3 * 4 * 3 * 2, 5),
    "net/out/b": (5,),
}


def same_convolution(x, kernel, stride):
    """SAME convolution of [N, H, W, C], by its definition."""
    size, (_, height, width, _) = kernel.shape[0], x.shape
    rows, columns = -(-height // stride), -(-width // stride)
    total = [max((n - 1) * stride + size - s, 0) for n, s in ((rows, height), (columns, width))]
    x = np.pad(x, [(0, 0), *((t // 2, t - t // 2) for t in total), (0, 0)])
    y = np.zeros((len(x), rows, columns, kernel.shape[3]))
    for i in range(rows):
        for j in range(columns):
            window = x[:, i * stride : i * stride + size, j * stride : j * stride + size]
            y[:, i, j] = np.tensordot(window, kernel, 3)
    return y


def transposed_convolution(x, kernel, stride):
    """The gradient of a SAME convolution of maps `stride` times as large, by its definition."""
    n, height, width, _ = x.shape
    size, channels = kernel.shape[0], kernel.shape[2]
    before = max(size - stride, 0) // 2
    whole = np.zeros((n, height * stride + size, width * stride + size, channels))
    for i in range(height):
        for j in range(width):
            spread = np.einsum("nc,hwoc->nhwo", x[:, i, j], kernel)
            whole[:, i * stride : i * stride + size, j * stride : j * stride + size] += spread
    return whole[:, before : before + height * stride, before : before + width * stride]


def layer(kind, made, x, part, **settings):
    variables = {"kernel": f"net/{part}/w"}
    variables |= {"bias": "net/out/b"} if part == "out" else {}
    return d.Node(kind, (made,), (x,), settings, variables)


def network_program():
    """A convolution, a transposed one and a dense layer on what they make."""
    x = d.Value("images.1", (None, 5, 7, 2))
    a, b = d.Value("h.2", (None, 3, 4, 4)), d.Value("h.3", (None, 3, 4, 4))
    up, flat = d.Value("h.4", (None, 6, 8, 3)), d.Value("h.5", (None, 6 * 8 * 3))
    y = d.Value("h.6", (None, 5))
    square = {"padding": "same", "dilations": (1, 1), "strides": (2, 2)}
    nodes = (
        layer("conv", a, x, "conv", filters=4, size=(3, 3), **square),
        d.Node("leaky_relu", (b,), (a,), {"slope": 0.3}),
        layer("deconv", up, b, "up", filters=3, size=(5, 5), **square),
        d.Node("flatten", (flat,), (up,), {"shape": (6 * 8 * 3,)}),
        layer("dense", y, flat, "out", units=5),
    )
    shapes = {**SHAPES, "net/out/w": (6 * 8 * 3, 5)}
    variables = {n: d.Variable(n, s, "float32", True, ("zeros", {})) for n, s in shapes.items()}
    function = d.Function("call", (x,), nodes, (y,))
    network = d.Network("net", "net", (function,), tuple(variables))
    return d.Program(
        *("test", variables, (network,), (), (d.Node("input", (x,), ops=("images",)),)),
        *((), (), {}),
    )


def test_a_network_in_torch_is_tf1s_function_of_the_same_weights():
    program = network_program()
    text = torch_networks.text(program)
    names = {}
    exec(text, names)
    net = names["Net"]().double()
    weights = {n: RNG.normal(size=v.shape) for n, v in program.variables.items()}
    places = torch_networks.paths(program, program.networks[0])
    axes = {4: (3, 2, 0, 1), 2: (1, 0), 1: (0,)}
    for name, array in weights.items():
        tensor = net.get_parameter(places[name].replace("/", "."))
        tensor.data = torch.tensor(array.transpose(axes[array.ndim]))
    images = RNG.normal(size=(2, 5, 7, 2))
    h = same_convolution(images, weights["net/conv/w"], 2)
    h = np.where(h > 0, h, 0.3 * h)
    h = transposed_convolution(h, weights["net/up/w"], 2).reshape(2, -1)
    wanted = h @ weights["net/out/w"] + weights["net/out/b"]
    result = net(to_torch(images)).detach().numpy()
    np.testing.assert_allclose(result, wanted, atol=1e-12)
    assert "# [N, 3, 6, 8]" in text  # the shape that a line makes


# ---- optimisers ----


@pytest.fixture(scope="module", autouse=True)
def loaded():
    """With its first optimiser torch loads what takes more than the second of a unit test."""
    torch.optim.SGD([torch.zeros(1, requires_grad=True)])


def tf1_adam(t, g, state, rate=0.01, b1=0.5, b2=0.9, epsilon=0.1):
    m, v = state or (0.0, 0.0)
    m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g * g
    return rate * np.sqrt(1 - b2**t) / (1 - b1**t) * m / (np.sqrt(v) + epsilon), (m, v)


def tf1_rmsprop(t, g, state, rate=0.01, rho=0.8, momentum=0.5, epsilon=0.1):
    ms, mom = state or (np.ones_like(g), 0.0)
    ms = rho * ms + (1 - rho) * g * g
    mom = momentum * mom + rate * g / np.sqrt(ms + epsilon)
    return mom, (ms, mom)


ADAM = {"learning rate": 0.01, "beta1": 0.5, "beta2": 0.9, "epsilon": 0.1}
RMSPROP = {"learning rate": 0.01, "rho": 0.8, "momentum": 0.5, "epsilon": 0.1}


@pytest.mark.parametrize(
    ("kind", "settings", "oracle"), [("Adam", ADAM, tf1_adam), ("RMSProp", RMSPROP, tf1_rmsprop)]
)
def test_an_optimiser_in_torch_updates_as_tf1s_does(kind, settings, oracle):
    optimizer = d.Optimizer("o", "o", kind, settings, ())
    program = d.Program("", {}, (), (optimizer,), (), (), (), {})
    names = {"torch": torch}
    for text in torch_optimizers.classes(program):
        exec(text, names)
    weight = torch.nn.Parameter(torch.tensor(RNG.normal(size=5)))
    names |= {"self": type("Owner", (), {})(), "parameters": [weight]}
    exec("\n".join(torch_optimizers.lines(optimizer, "parameters")), names)
    wanted, state = weight.detach().numpy().copy(), None
    for t in range(1, 4):
        gradient = RNG.normal(size=5)
        weight.grad = torch.tensor(gradient)
        names["self"].o.step()
        change, state = oracle(t, gradient, state)
        wanted = wanted - change
        np.testing.assert_allclose(weight.detach().numpy(), wanted, atol=1e-14)


def test_a_decayed_rate_in_torch_goes_on_from_the_state_of_its_optimiser():
    """TF1's rate after 7 updates is 0.1 * 0.5 ** (7 / 4), whoever did them."""
    numbers = {"rate": 0.1, "steps": 4, "factor": 0.5, "staircase": False}
    kind = "GradientDescent"
    optimizer = d.Optimizer("o", "o", kind, {}, (), schedule=("exponential", numbers))
    program = d.Program("", {}, (), (optimizer,), (), (), (), {})
    state = None
    for first in (0, 5):
        names = {"torch": torch, "self": type("Owner", (), {})()}
        weight = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))
        names["parameters"] = [weight]
        exec("\n".join([*torch_optimizers.classes(program)]), names)
        exec("\n".join(torch_optimizers.lines(optimizer, "parameters")), names)
        owner = names["self"]
        if state is not None:
            owner.o.load_state_dict(state)
        for t in range(first, first + 5):
            before, weight.grad = weight.item(), torch.ones_like(weight)
            owner.o_rate.step()
            owner.o.step()
            assert before - weight.item() == pytest.approx(0.1 * 0.5 ** (t / 4), rel=1e-12)
        state = owner.o.state_dict()


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
    assert "self.bn = BatchNormAlone(" in text and "super().call" not in text
    assert "moves=" not in text + training.text(program)
    if to == "torch":
        exec(text, names)
        x = RNG.normal(size=(5, 3, 2, 2)).astype("f4")
        made = names["Net"]().eval()(torch.tensor(x)).detach().numpy()
        mean, variance = (m((0, 2, 3), keepdims=True) for m in (x.mean, x.var))
        np.testing.assert_allclose(made, (x - mean) / np.sqrt(variance + 1e-3), atol=1e-5)


def test_a_fused_norm_in_a_penalty_has_its_second_derivatives():
    """tf.nn.moments holds back the gradient of the mean. The oracle: a quotient of differences."""
    program = norm_program()
    (network,), (stage,), x = program.networks, program.stages, program.inputs[0].value
    (norm,), call = network.functions[0].nodes, stage.nodes[0]
    norm.settings.update(averages=(("net/bn/m", "net/bn/v"),), momentum=0.9)
    penalty = d.Node("gradient", (d.Value("gradient.5", x.shape),), (call.value, x), body=(call,))
    program = replace(program, stages=(replace(stage, nodes=(penalty, *stage.nodes)),))
    assert "tf.nn.moments(" not in keras_networks.text(program)
    names, at = {}, RNG.normal(size=(4, 2, 2, 3))
    exec(tf2_networks.text(program), names)
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


IN_TF1 = {
    "leaky_max": lambda x: tf.maximum(x, 0.2 * x),
    "leaky_abs": lambda x: 0.6 * x + 0.4 * tf.abs(x),
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
    exec("".join(torch_networks.HELPERS[name] for name in in_torch.helpers), known)
    eval(text, known).sum().backward()
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        of = {"tf": tf, "x": tf.constant(x)}
        text = in_tf.expression(node)
        exec("".join(tf_ops.functions([text])), of)
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


# ---- a step ----


def step_program(moved_between=False):
    """G and D of one weight each; D's loss of G's output, then G's loss of the same."""
    z = d.Value("z.1", (None, 2))
    fake, on_fake = d.Value("fake.2", (None, 2)), d.Value("on.3", (None, 2))
    losses = [d.Value(f"{n}_loss.{i}", ()) for i, n in ((4, "d"), (5, "g"))]
    variables = {n: d.Variable(n, (2, 2), "float32", True) for n in ("g/w", "d/w")}

    def network(name):
        x, y = d.Value("x.6", (None, 2)), d.Value("h.7", (None, 2))
        node = d.Node("dense", (y,), (x,), {"units": 2}, {"kernel": f"{name}/w"})
        return d.Network(name, name, (d.Function("call", (x,), (node,), (y,)),), (f"{name}/w",))

    def call(name, x, y):
        words = {"network": name, "function": "call", "training": False, "moves": False}
        return d.Node("call", (y,), (x,), {**words, "averages": 0})

    def loss(y, sign):
        op = {"type": "Mean" if sign > 0 else "Sum"}
        return d.Node("op", (y,), (on_fake, d.Constant(np.array([0, 1]))), op)

    def update(name, y):
        return d.Effect("update", name, (f"{name}/w",), f"{name}_sgd", (y,))

    forward = (call("g", z, fake), call("d", fake, on_fake))
    if moved_between:
        stages = (
            d.Stage(0, (*forward, loss(losses[0], 1)), (update("d", losses[0]),)),
            d.Stage(0, (loss(losses[1], -1),), (update("g", losses[1]),)),
        )
    else:
        both = (loss(losses[0], 1), loss(losses[1], -1))
        updates = (update("d", losses[0]), update("g", losses[1]))
        stages = (d.Stage(0, (*forward, *both), updates),)
    sgd = [
        d.Optimizer(f"{n}_sgd", n, "GradientDescent", {"learning rate": 0.1}, (f"{n}/w",))
        for n in "dg"
    ]
    return d.Program(
        *("test", variables, (network("g"), network("d")), tuple(sgd)),
        *((d.Node("input", (z,), ops=("z",)),), (), stages),
        {"d_loss": losses[0], "g_loss": losses[1]},
    )


def test_gradients_of_one_run_are_all_taken_before_a_weight_moves():
    lines = torch_training.text(step_program()).splitlines()
    places = [
        next(i for i, x in enumerate(lines) if part in x) for part in (".backward(", ".step()")
    ]
    last_backward = max(i for i, x in enumerate(lines) if ".backward(" in x)
    assert places[0] < last_backward < places[1]
    assert "retain_graph=True" in lines[places[0]]  # G's loss comes back through the same
    assert "retain_graph" not in lines[last_backward]
    for text in (keras_training.text(step_program()), tf2_training.text(step_program())):
        assert text.rindex(".gradient(") < text.index(".apply(")


def test_a_call_whose_result_nobody_takes_says_what_it_is_for():
    program = step_program()
    (stage,), z = program.stages, program.inputs[0].value
    unused = replace(stage.nodes[1], values=(d.Value("on.9", (None, 2)),), inputs=(z,))
    program = replace(program, stages=(replace(stage, nodes=(unused, *stage.nodes)),))
    for writer in (torch_training, keras_training, tf2_training):
        lines = [line.strip() for line in writer.text(program).splitlines()]
        assert "self.d(z)  # moves its averages" in lines


def test_a_loss_is_called_after_what_it_is_of():
    logits = d.Value("logits.1", (None, 1))
    node = d.Node("binary_crossentropy", (d.Value("h.2", ()),), (d.Constant(np.ones(())), logits))
    features = d.Value("features.3", (None, 4))
    body = d.Node("call", (features,), (d.Value("images.0", (None, 8, 8, 1)),))
    head = d.Node("call", (logits,), (features,), {"network": "head"})
    names = naming.allocate((body, head, node), {"images.0": "images"})
    assert [names[x.name] for x in (features, logits)] == ["on_images", "head_on_images"]
    assert names["h.2"] == "loss_on_images"


def test_torch_refuses_a_gradient_through_weights_that_have_moved_by_name():
    with pytest.raises(d.Refused, match="through d as it was before another update"):
        torch_training.text(step_program(moved_between=True))
    text = tf2_training.text(step_program(moved_between=True))
    assert "as g_sgd_tape_1:" in text and "with g_sgd_tape_1:" in text  # gone on with, not anew


@pytest.mark.parametrize(("kind", "moved_between"), [("GradientDescent", False), ("Adam", True)])
def test_torch_refuses_an_optimiser_of_several_groups_of_weights(kind, moved_between):
    """In one run the gradients of one update would be zeroed with the other's; in two, torch's Adam
    counts one step where TF1's counts two."""
    program = step_program(moved_between)
    settings = {"learning rate": 0.1, "beta1": 0.5, "beta2": 0.9, "epsilon": 1e-8}
    one = d.Optimizer("sgd", "sgd", kind, settings, ("g/w", "d/w"))
    stages = [
        replace(s, effects=tuple(replace(e, optimizer="sgd") for e in s.effects))
        for s in program.stages
    ]
    program = replace(program, optimizers=(one,), stages=tuple(stages))
    with pytest.raises(d.Refused, match="sgd, which updates several groups of weights"):
        torch_training.text(program)


def test_two_optimisers_of_one_weight_in_torch_take_both_gradients_before_it_moves():
    z, on, square = (d.Value(f"{n}.{i}", (None, 2)) for i, n in enumerate(("z", "on", "square")))
    losses = d.Value("a_loss.4", ()), d.Value("b_loss.5", ())
    program = step_program()
    call = replace(program.stages[0].nodes[1], values=(on,), inputs=(z,))
    axes = d.Constant(np.array([0, 1]))
    nodes = (
        call,
        d.Node("op", (square,), (on,), {"type": "Square"}),
        d.Node("op", (losses[0],), (square, axes), {"type": "Mean"}),
        d.Node("op", (losses[1],), (square, axes), {"type": "Sum"}),
    )
    rates = {"a": 0.25, "b": 0.125}
    optimizers = tuple(
        d.Optimizer(n, n, "GradientDescent", {"learning rate": rate}, ("d/w",))
        for n, rate in rates.items()
    )
    effects = tuple(
        d.Effect("update", n, ("d/w",), n, (loss,)) for n, loss in zip("ab", losses, strict=True)
    )
    program = replace(
        program,
        networks=program.networks[1:],
        optimizers=optimizers,
        inputs=(d.Node("input", (z,), ops=("z",)),),
        stages=(d.Stage(0, nodes, effects),),
        losses={"a_loss": losses[0], "b_loss": losses[1]},
    )
    names = {}
    exec(torch_networks.text(program), names)
    exec(torch_training.text(program).replace("from networks import D", ""), names)
    training = names["Training"]()
    x, w = RNG.normal(size=(3, 2)), RNG.normal(size=(2, 2))
    training.d.dense.weight.data = torch.tensor(w.T)
    training.train_step(torch.tensor(x))
    gradient = 2 * x.T @ (x @ w)  # of the sum of squares
    wanted = w - rates["a"] * gradient / 6 - rates["b"] * gradient
    np.testing.assert_allclose(training.d.dense.weight.detach().numpy().T, wanted, atol=1e-12)


SHAPE = (28, 28, 1)


@pytest.mark.parametrize("shape", [(5, 28, 28), (5, 28, 28, 1), (5, 784)])
def test_train_py_scales_bytes_of_every_form(scaled, shape):
    pictures = RNG.integers(0, 256, shape).astype(np.uint8)
    expected = pictures.reshape(5, *SHAPE) / 127.5 - 1
    assert np.allclose(scaled(pictures, SHAPE, -1.0, 1.0), expected)


def test_train_py_takes_no_colours_for_more_pictures(scaled):
    with pytest.raises(
        SystemExit, match=r"rows of shape \(28, 28, 3\), the step takes \(28, 28, 1\)"
    ):
        scaled(np.zeros((5, 28, 28, 3), np.uint8), SHAPE, -1.0, 1.0)


@pytest.fixture
def scaled():
    """The function of train.py, which no framework is needed for."""
    text = (Path(porting.__file__).parent / "folder" / "train.py.j2").read_text()
    code = text[text.index("def scaled(") : text.index("{{ pictures }}")]
    names = {"np": np, "sys": sys, "SIZE": SHAPE}
    exec(code, names)
    return names["scaled"]
