"""What a recorded port computes by functions instead of layers: held against numpy."""

import numpy as np
import pytest
from port_texts import run_recorder

from dcgan_v1.migration.recordings.port_recording import PortRecording
from dcgan_v1.migration.runners.recorded_port import RecordedPort

TORCH = """import torch
from torch import nn
from torch.nn import functional as F

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.k = nn.Parameter(torch.randn(3, 1, 2, 2))
        self.fc = nn.Linear(12, 4)

    def forward(self, x):
        h = F.leaky_relu(F.conv2d(x, self.k, stride=2), 0.3)
        return torch.maximum(0.1 * self.fc(h.reshape(len(h), 12)), self.fc(h.reshape(len(h), 12)))

torch.manual_seed(0)
net = Net()
W, b = torch.randn(4, 1, requires_grad=True), torch.zeros(1, requires_grad=True)
sgd = torch.optim.SGD([*net.parameters(), W, b], lr=0.1)
data = torch.randn(4, 6, 1, 4, 4)
for x in data:
    for parameter in net.parameters():
        parameter.requires_grad_(True)
    y = torch.sigmoid(net(x) @ W + b)
    loss = F.softplus(y).mean()
    sgd.zero_grad()
    loss.backward()
    sgd.step()
"""
TF2 = """import tensorflow as tf

class Net(tf.Module):
    def __init__(self):
        super().__init__()
        self.w = tf.Variable(tf.random.normal([4, 3]))
        self.b = tf.Variable(tf.zeros([3]))

    def __call__(self, x):
        h = tf.matmul(x, self.w) + self.b
        return tf.maximum(0.1 * h, h)

tf.random.set_seed(0)
net = Net()
V = tf.Variable(tf.random.normal([3, 1]))
optimizer = tf.keras.optimizers.SGD(0.1)
data = tf.random.normal([4, 6, 4])
for x in data:
    with tf.GradientTape() as tape:
        y = tf.tanh(net(x) @ V)
        loss = tf.reduce_mean(tf.nn.softplus(y)) + 0.01 * tf.reduce_sum(V ** 2)
    variables = [net.w, net.b, V]
    optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
"""


def observed(text, folder):
    """(port, what its first step gave by layers' names)."""
    done = run_recorder(text, folder, "--dtype", "float64", "--steps", "2")
    assert done.returncode == 0, done.stderr
    port = RecordedPort(folder / "rec")
    return port, port.step(None, is_observed=True)


@pytest.mark.cli
@pytest.mark.torch
def test_functions_of_torch_are_layers_of_what_was_recorded(tmp_path):
    port, seen = observed(TORCH, tmp_path)
    layers = {layer.name: layer for layer in seen.layers}
    values = port.state_after(0).variables
    x = next(item.array for item in port.items(0) if item.array.shape == (6, 4, 4, 1))
    patches = x.reshape(6, 2, 2, 2, 2, 1).transpose(0, 1, 3, 2, 4, 5).reshape(6, 2, 2, 4)
    h = patches @ values["net/k"].reshape(3, 4).T
    conv, leaky = layers["net/conv2d"], layers["net/leaky_relu"]
    np.testing.assert_allclose(conv.output, h, atol=1e-12)
    np.testing.assert_allclose(leaky.output, np.where(h > 0, h, 0.3 * h), atol=1e-12)
    assert conv.parts == {"kernel": "net/k"} and conv.kind == "conv"
    assert leaky.kind == "activation" and leaky.settings["slope"] == 0.3
    assert layers["net/maximum"].settings["slope"] == 0.1
    assert layers["net/maximum"].settings["derivative at 0"] == 0.55
    bare = layers["tensors/matmul"]
    np.testing.assert_allclose(bare.output, layers["net: output"].output @ values["tensors/W"])
    assert layers["tensors/sigmoid"].kind == "activation"
    described = port.describe().variables
    assert described["net/k"].layout == "torch conv" and described["tensors/W"].layout == "plain"
    # as often in each step as it was called, and nothing of what comes back or is moved
    assert len(seen.layers) == len(port.step(None, is_observed=True).layers)
    assert not any("#" in name for name in layers if "conv2d" in name)


PENALTY = """
import torch
torch.manual_seed(0)
W = torch.randn(3, 4, requires_grad=True)
V = torch.randn(4, 1, requires_grad=True)

def critic(x):
    return torch.tanh(x @ W) @ V

sgd = torch.optim.SGD([W, V], lr=0.1)
for step in range(4):
    x = torch.rand(5, 3)
    mixed = (0.5 * x).requires_grad_()
    (slope,) = torch.autograd.grad(critic(mixed).sum(), mixed, create_graph=True)
    sgd.zero_grad()
    (critic(x).mean() + (slope.norm(dim=1) - 1).pow(2).mean()).backward()
    sgd.step()
"""


@pytest.mark.cli
@pytest.mark.torch
def test_what_a_penalty_takes_a_gradient_by_is_no_weight(tmp_path):
    port, seen = observed(PENALTY, tmp_path)
    values = port.state_after(0).variables
    assert sorted(values) == ["tensors/V", "tensors/W"]
    x = next(item.array for item in port.items(0) if item.array.shape == (5, 3))
    first = [layer for layer in seen.layers if layer.parts.get("kernel") == "tensors/W"]
    assert [layer.parts for layer in first] == [{"kernel": "tensors/W"}] * 2
    np.testing.assert_allclose(first[0].output, 0.5 * x @ values["tensors/W"])
    np.testing.assert_allclose(first[0].input, 0.5 * x)
    np.testing.assert_allclose(first[1].output, x @ values["tensors/W"])


NOTHING_BETWEEN = """import torch
torch.manual_seed(0)
W = torch.randn(3, 4, requires_grad=True)
V = torch.randn(4, 1, requires_grad=True)
first, second = torch.optim.SGD([W], lr=0.1), torch.optim.SGD([V], lr=0.1)
for step in range(4):
    x = torch.rand(5, 3)
    for sgd in (first, second):
        loss = (x @ W @ V).mean()
        loss.backward()
        sgd.step()
"""


@pytest.mark.cli
@pytest.mark.torch
def test_an_update_may_begin_with_its_networks(tmp_path):
    _, seen = observed(NOTHING_BETWEEN, tmp_path)
    called = [layer for layer in seen.layers if layer.parts.get("kernel") == "tensors/W"]
    assert [layer.applied for layer in called] == [0, 1]


@pytest.mark.cli
@pytest.mark.parametrize("library", ["keras", pytest.param("tf_keras", marks=pytest.mark.release)])
def test_ops_of_a_module_are_layers_of_what_was_recorded(library, tmp_path):
    text = TF2.replace("import tensorflow as tf\n", f"import {library}\nimport tensorflow as tf\n")
    text = text.replace("tf.keras.", f"{library}.")
    port, seen = observed(text, tmp_path)
    layers = {layer.name: layer for layer in seen.layers}
    values = port.state_after(0).variables
    x = next(item.array for item in port.items(0) if item.array.shape == (6, 4))
    h = x @ values["net/w"] + values["net/b"]
    np.testing.assert_allclose(layers["net/add"].output, h, atol=1e-12)
    np.testing.assert_allclose(layers["net/maximum"].output, np.maximum(h, 0.1 * h), atol=1e-12)
    assert layers["net/matmul"].parts == {"kernel": "net/w"}
    assert layers["net/maximum"].settings["slope"] == 0.1
    assert layers["net/maximum"].settings["derivative at 0"] == 0.1
    y = np.maximum(h, 0.1 * h) @ values["tensors/V"]
    np.testing.assert_allclose(layers["tensors/tanh"].output, np.tanh(y), atol=1e-12)
    assert len(seen.layers) == len(port.step(None, is_observed=True).layers)


@pytest.mark.cli
@pytest.mark.torch
def test_an_item_tells_how_many_layers_were_called_before_it(tmp_path):
    text = TORCH.replace("    y = torch.sigmoid", "    z = torch.randn(2)\n    y = torch.sigmoid")
    text = text.replace("    loss = F", "    late = torch.randn(3)\n    loss = F")
    observed(text, tmp_path)
    items = {item.name: item for item in PortRecording(tmp_path / "rec").items(0)}
    assert items["z"].after == 0 and items["late"].after > 3


DEPTHWISE = """import torch
from torch import nn
from torch.nn import functional as F

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.k = nn.Parameter(torch.randn(3, 1, 3, 3))
        self.layer = nn.Conv2d(3, 3, 3, groups=3, bias=False)

    def forward(self, x):
        return self.layer(F.conv2d(x, self.k, None, 1, 0, 1, 3))

torch.manual_seed(0)
net = Net()
sgd = torch.optim.SGD(net.parameters(), lr=0.1)
for x in torch.randn(4, 6, 3, 5, 5):
    sgd.zero_grad()
    net(x).square().mean().backward()
    sgd.step()
"""


@pytest.mark.cli
@pytest.mark.torch
def test_depthwise_kernels_of_layers_and_of_functions_are_told_from_others(tmp_path):
    port, seen = observed(DEPTHWISE, tmp_path)
    described = port.describe().variables
    assert described["net/k"].layout == described["net/layer/weight"].layout == "torch depthwise"
    x = next(item.array for item in port.items(0) if item.array.ndim == 4)
    kernel = port.state_after(0).variables["net/k"]
    windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3), (1, 2))  # [N, h, w, C, 3, 3]
    expected = np.einsum("nhwcij,cij->nhwc", windows, kernel[:, 0])
    np.testing.assert_allclose(seen.layers[0].output, expected, atol=1e-12)
