"""Kernels that a port makes of a variable inside its forward pass are that variable's."""

import numpy as np
import pytest
from test_recorded_functions import observed

from dcgan_v1.migration.recordings.port_recorder.made_kernels import kernel_among

TORCH = """import torch
from torch import nn
from torch.nn import functional as F

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Parameter(torch.randn(4, 3)), nn.Parameter(torch.zeros(3))
        self.k = nn.Parameter(torch.randn(1, 3))

    def forward(self, x):
        a = (self.a - self.a.mean(0)) / (self.a.std(0) + 1)
        h = torch.tanh(x @ (0.5 * a) + self.b)
        return F.linear(h, self.k * 2.0)

torch.manual_seed(0)
net = Net()
sgd = torch.optim.SGD(net.parameters(), lr=0.1)
for x in torch.randn(4, 6, 4):
    sgd.zero_grad()
    net(x).mean().backward()
    sgd.step()
"""
TF2 = """import keras
import tensorflow as tf

class Net(tf.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = tf.Variable(tf.random.normal([4, 3])), tf.Variable(tf.zeros([3]))
        self.k = tf.Variable(tf.random.normal([3, 1]))

    def __call__(self, x):
        a = (self.a - tf.reduce_mean(self.a, 0)) / (tf.math.reduce_std(self.a, 0) + 1)
        h = tf.tanh(tf.matmul(x, 0.5 * a) + self.b)
        return tf.matmul(h, self.k * 2.0)

tf.random.set_seed(0)
net = Net()
sgd = keras.optimizers.SGD(0.1)
for x in tf.random.normal([4, 6, 4]):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(net(x))
    variables = [net.a, net.b, net.k]
    sgd.apply_gradients(zip(tape.gradient(loss, variables), variables))
"""
TEXTS = {"torch": (TORCH, "linear", 1), "tf2": (TF2, "matmul", 0)}


@pytest.mark.cli
@pytest.mark.torch
@pytest.mark.parametrize("framework", TEXTS)
def test_a_layer_has_the_variable_that_its_kernel_was_made_of(framework, tmp_path):
    text, last, less = TEXTS[framework]
    port, seen = observed(text, tmp_path)
    layers = {layer.name: layer for layer in seen.layers}
    values = port.state_after(0).variables
    x = next(item.array for item in port.items(0) if item.array.shape == (6, 4))
    a = values["net/a"]
    h = x @ (0.5 * (a - a.mean(0)) / (a.std(0, ddof=less) + 1))
    np.testing.assert_allclose(layers["net/matmul"].output, h, atol=1e-12)
    assert layers["net/matmul"].parts == {"kernel": "net/a"}
    (dense,) = [la for la in seen.layers if la.parts.get("kernel") == "net/k"]
    made = np.tanh(h + values["net/b"]) @ (2 * values["net/k"].reshape(3, 1))
    np.testing.assert_allclose(dense.output, made, atol=1e-12)
    assert dense.name.startswith(f"net/{last}")
    # how a kernel is made is no layer
    assert sorted(la.kind for la in seen.layers if la.parts) == ["bias", "dense", "dense"]


@pytest.mark.unit
@pytest.mark.parametrize("function", ["mul", "Mul", "div", "RealDiv", "sub", "flip", "ReverseV2"])
def test_a_kernel_is_made_of_the_only_array_of_its_shape(function, rng):
    shape = tuple(int(n) for n in rng.integers(2, 6, size=rng.integers(2, 5)))
    assert kernel_among(function, [(), shape], shape) == 1
    assert kernel_among(function, [shape, (shape[-1],)], shape) == 0
    assert kernel_among(function, [shape, shape], shape) is None  # of two variables
    assert kernel_among(function, [shape], shape[:1]) is None
    assert kernel_among(function, [(1, *shape[1:])], shape) is None


@pytest.mark.unit
def test_a_dense_kernel_that_is_transposed_is_another_for_a_layer_turns_it_back():
    assert kernel_among("transpose", [(3, 3)], (3, 3)) is None
    assert kernel_among("transpose", [(5, 2, 3, 3)], (5, 2, 3, 3)) == 0
