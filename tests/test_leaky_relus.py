"""Leaky ReLUs of two tensors, held against the frameworks themselves.

Which of both is x, the slope, and the derivative at exactly 0."""

import numpy as np
import pytest

from dcgan_v1.migration.recordings.port_recorder.leaky_relus import (
    derivative_at_zero,
    leaky_relu_of,
)


@pytest.mark.unit
@pytest.mark.parametrize(
    ("first", "second", "place"),
    [(lambda x: x, lambda x: 0.3 * x, 0), (lambda x: 0.3 * x, lambda x: x, 1)],
)
def test_x_and_the_slope_are_told_of_two_tensors(rng, first, second, place):
    x = rng.normal(size=(4, 5))
    assert leaky_relu_of(first(x), second(x), np.maximum(x, 0.3 * x)) == (place, 0.3)


@pytest.mark.unit
def test_what_is_no_leaky_relu_is_told_to_be_none(rng):
    x, other = rng.normal(size=(2, 4, 5))
    assert leaky_relu_of(x, other, np.maximum(x, other)) is None
    assert leaky_relu_of(x, np.zeros(()), np.maximum(x, 0)) is None


@pytest.mark.unit
@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ({"op": "LeakyRelu", "slope": 0.2}, 0.2),
        ({"class": "leaky_relu", "slope": 0.2}, 0.2),
        ({"class": "LeakyReLU", "slope": 0.1}, 0.1),
        ({"op": "Relu"}, 0.0),
        ({"op": "Maximum", "slope": 0.2, "derivative at 0": 1.0}, 1.0),
        ({"class": "SelectV2", "slope": 0.2}, None),
    ],
)
def test_a_derivative_at_zero_is_told_of_settings(settings, wanted):
    assert derivative_at_zero(settings) == wanted


@pytest.mark.graph
@pytest.mark.parametrize("is_x_first", [True, False])
def test_what_tf1s_maximum_says_of_its_derivative_is_what_tensorflow_takes(is_x_first):
    import tensorflow.compat.v1 as tf

    from dcgan_v1.migration.runners.tf1.reading import knobs

    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.zeros([3])
        both = (x, 0.2 * x) if is_x_first else (0.2 * x, x)
        y = tf.maximum(*both)
        (gradient,) = tf.gradients(y, x)
        told = knobs.settings(y.op)
        wanted = session.run(gradient)[0]
    assert told["slope"] == 0.2
    assert derivative_at_zero({"op": "Maximum", **told}) == pytest.approx(wanted)


@pytest.mark.graph
@pytest.mark.parametrize("is_x_first", [True, False])
def test_what_tf2s_maximum_says_of_its_derivative_is_what_tensorflow_takes(is_x_first):
    import tensorflow.compat.v1 as tf

    from dcgan_v1.migration.recordings.port_recorder.tensorflow_functions import chosen_of_two

    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.constant([0.0, 1.0, -1.0])
        both = (x, 0.2 * x) if is_x_first else (0.2 * x, x)
        y = tf.maximum(*both)
        *both, y, gradient = session.run([*both, y, *tf.gradients(y, x)])
    place, told = chosen_of_two("Maximum", both, y)
    assert place == (0 if is_x_first else 1)
    assert derivative_at_zero({"class": "Maximum", **told}) == pytest.approx(gradient[0])


@pytest.mark.graph
@pytest.mark.torch
@pytest.mark.parametrize("is_x_first", [True, False])
def test_what_torchs_maximum_says_of_its_derivative_is_what_pytorch_takes(is_x_first):
    import torch

    from dcgan_v1.migration.recordings.port_recorder.torch_functions import of_two

    x = torch.tensor([0.0, 1.0, -1.0], requires_grad=True)
    both = [x, 0.2 * x] if is_x_first else [0.2 * x, x]
    y = torch.maximum(*both)
    y.sum().backward()
    given, told = of_two("maximum", both, y, lambda t: t.detach().numpy())
    assert given is x
    assert derivative_at_zero({"class": "maximum", **told}) == pytest.approx(float(x.grad[0]))
