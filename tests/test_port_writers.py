"""What writers of ports print, on descriptions made by hand: run here, and held to numpy."""

from dataclasses import replace

import numpy as np
import pytest
import written_files
from described_values import to_torch

from dcgan_v1.porting import description as d
from dcgan_v1.porting.keras import training as keras_training
from dcgan_v1.porting.text import names as naming
from dcgan_v1.porting.text import printing
from dcgan_v1.porting.tf2 import training as tf2_training
from dcgan_v1.porting.torch import networks as torch_networks
from dcgan_v1.porting.torch import training as torch_training

pytestmark = [pytest.mark.unit, pytest.mark.torch]

torch = pytest.importorskip("torch")
F = torch.nn.functional
RNG = np.random.default_rng(0)
MAPS = RNG.normal(size=(2, 4, 6, 3))  # [N, H, W, C]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("a - b", "+", "c"), "a - b + c"),
        (("a", "-", "b + c"), "a - (b + c)"),
        (("a - b", "*", "c"), "(a - b) * c"),
        (("a", "+", "-b"), "a - b"),
        (("a", "+", "-b + c"), "a + (-b + c)"),
        (("a", "-", "-b"), "a - (-b)"),
        (("f(a + b)", "-", "c * d"), "f(a + b) - c * d"),
    ],
)
def test_brackets_stand_where_an_expression_needs_them(words, text):
    assert printing.binary(*words) == text


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
    text, names = torch_networks.text(program), {}
    exec(written_files.as_one(torch_networks.own_layers(program), text), names)
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


@pytest.fixture(scope="module", autouse=True)
def loaded():
    """With its first optimiser torch loads what takes more than the second of a unit test."""
    torch.optim.SGD([torch.zeros(1, requires_grad=True)])


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


@pytest.mark.parametrize("kind", ["GradientDescent", "Adam"])
def test_torch_refuses_an_optimiser_of_several_groups_of_weights_at_once(kind):
    """The gradients of one update would be zeroed with the other's."""
    program = step_program()
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
    own = torch_networks.own_layers(program)
    texts = torch_networks.text(program), torch_training.text(program)
    exec(written_files.as_one(own, *texts), names)
    training = names["Training"]()
    x, w = RNG.normal(size=(3, 2)), RNG.normal(size=(2, 2))
    training.d.dense.weight.data = torch.tensor(w.T)
    training.train_step(torch.tensor(x))
    gradient = 2 * x.T @ (x @ w)  # of the sum of squares
    wanted = w - rates["a"] * gradient / 6 - rates["b"] * gradient
    np.testing.assert_allclose(training.d.dense.weight.detach().numpy().T, wanted, atol=1e-12)
