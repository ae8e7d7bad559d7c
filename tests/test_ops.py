"""Each layer against numpy written out by hand, in float64, on fresh inputs."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from layer_runs import NORMAL, run, variable

from dcgan_v1 import runtime
from dcgan_v1.nn import convolutions, fast_ops, ops, resizing

pytestmark = [pytest.mark.unit, pytest.mark.numerical]


def numpy_conv2d(x, w, stride):
    """SAME convolution as sums over the kernel's taps."""
    n, height, width, _ = x.shape
    size = w.shape[0]
    out_h, out_w = -(-height // stride), -(-width // stride)
    pad_h = max((out_h - 1) * stride + size - height, 0)
    pad_w = max((out_w - 1) * stride + size - width, 0)
    padded = np.pad(
        x, ((0, 0), (pad_h // 2, pad_h - pad_h // 2), (pad_w // 2, pad_w - pad_w // 2), (0, 0))
    )
    y = np.zeros((n, out_h, out_w, w.shape[3]))
    for i in range(size):
        for j in range(size):
            rows = slice(i, i + (out_h - 1) * stride + 1, stride)
            columns = slice(j, j + (out_w - 1) * stride + 1, stride)
            y += padded[:, rows, columns] @ w[i, j]
    return y


def numpy_conv2d_transpose(x, w, stride, before=None):
    """Each pixel stamps its kernel onto the output; SAME crops the margin.

    before: how much of the margin lies above and to the left, half of it by default.
    """
    n, height, width, _ = x.shape
    size = w.shape[0]
    full = np.zeros((n, (height - 1) * stride + size, (width - 1) * stride + size, w.shape[2]))
    for i in range(height):
        for j in range(width):
            stamp = np.einsum("nc,abfc->nabf", x[:, i, j], w)
            full[:, i * stride : i * stride + size, j * stride : j * stride + size] += stamp
    margin = max(size - stride, 0) // 2 if before is None else before
    return full[:, margin : margin + height * stride, margin : margin + width * stride]


def numpy_resize_to_double(x):
    """TF1's bilinear resize: even rows copied, odd ones means, the last repeated."""
    for axis in (1, 2):
        following = np.concatenate(
            [x.take(range(1, x.shape[axis]), axis), x.take([-1], axis)], axis
        )
        x = np.stack([x, (x + following) / 2], axis + 1)
        shape = list(x.shape)
        shape[axis : axis + 2] = [shape[axis] * 2]
        x = x.reshape(shape)
    return x


def test_linear_is_a_matrix_product_and_its_gradients(session, rng):
    x = tf.constant(rng.normal(size=(5, 7)))
    y = ops.linear(x, 3, "l", w_initializer=NORMAL, b_initializer=NORMAL)
    dy = rng.normal(size=(5, 3))
    w = tf.trainable_variables()[0]
    dx, dw = tf.gradients(y, [x, w], tf.constant(dy))
    x_np, y_np, dx_np, dw_np = run(session, x, y, dx, dw)
    w_np, b_np = variable(session, "l/w"), variable(session, "l/b")
    np.testing.assert_allclose(y_np, x_np @ w_np + b_np, rtol=1e-12)
    np.testing.assert_allclose(dx_np, dy @ w_np.T, rtol=1e-12)
    np.testing.assert_allclose(dw_np, x_np.T @ dy, rtol=1e-12)


@pytest.mark.parametrize("size", [7, 8])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("kernel", [1, 3, 4, 5])
def test_conv2d_equals_sums_over_taps(session, rng, size, stride, kernel):
    x = tf.constant(rng.normal(size=(2, size, size, 3)))
    y = ops.conv2d(x, 4, kernel, "c", stride=stride, w_initializer=NORMAL, b_initializer=NORMAL)
    x_np, y_np = run(session, x, y)
    expected = numpy_conv2d(x_np, variable(session, "c/w"), stride)
    np.testing.assert_allclose(y_np, expected + variable(session, "c/b"), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(("stride", "kernel"), [(1, 5), (2, 5), (2, 4), (3, 5), (4, 4)])
def test_conv2d_transpose_equals_stamping_kernels(session, rng, stride, kernel):
    x = tf.constant(rng.normal(size=(2, 3, 4, 5)))
    y = ops.conv2d_transpose(x, 2, kernel, "t", stride=stride, w_initializer=NORMAL)
    x_np, y_np = run(session, x, y)
    assert y_np.shape == (2, 3 * stride, 4 * stride, 2)
    expected = numpy_conv2d_transpose(x_np, variable(session, "t/w"), stride)
    np.testing.assert_allclose(y_np, expected, rtol=1e-10, atol=1e-12)


# which form each has: products of patches and columns, of patches alone, subpixels, the library
FORMS = {
    "small map": ({"side": 8, "channels": 6}, {"ExtractImagePatches", "Einsum"}),
    "small map, an even kernel": (
        {"side": 8, "channels": 6, "size": 4},
        {"ExtractImagePatches", "Einsum"},
    ),
    "small map, stride of 3": (
        {"side": 12, "channels": 6, "stride": 3},
        {"ExtractImagePatches", "Einsum"},
    ),
    "small map, stride of 1": (
        {"side": 4, "channels": 6, "stride": 1},
        {"ExtractImagePatches", "Einsum"},
    ),
    "small map, a kernel smaller than its stride": (
        {"side": 9, "channels": 6, "stride": 3, "size": 2},
        {"ExtractImagePatches", "Einsum"},
    ),
    "odd map": ({"side": 7, "channels": 3}, {"ExtractImagePatches"}),
    "many weights": ({"side": 16, "channels": 6, "many": 900}, {"ExtractImagePatches"}),
    "few channels": ({"side": 16, "channels": 3}, {"DepthToSpace"}),
    "stride of 3": ({"side": 18, "channels": 1, "stride": 3}, {"DepthToSpace"}),
    "an even kernel": ({"side": 16, "channels": 2, "size": 4}, {"DepthToSpace"}),
    "the library's": ({"side": 16, "channels": 6}, set()),
    "few channels that do not fit": ({"side": 15, "channels": 3}, set()),
}


def assert_form(session, expected, outputs, inputs, dy):
    """That the first output was built with these ops, and is the second with its gradients."""
    gradients = [tf.gradients(out, inputs, dy) for out in outputs]
    types = {op.type for op in tf.get_default_graph().get_operations()}
    assert types & {"ExtractImagePatches", "Einsum", "DepthToSpace"} == expected
    ours, theirs = run(session, [outputs[0], *gradients[0]], [outputs[1], *gradients[1]])
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("form", FORMS)
def test_conv2d_has_the_gradients_of_tensorflows_own(session, rng, monkeypatch, form):
    layer, expected = FORMS[form]
    side, channels = layer["side"], layer["channels"]
    stride, size = layer.get("stride", 2), layer.get("size", 5)
    monkeypatch.setattr(convolutions, "MANY_WEIGHTS", layer.get("many", 10**6))
    x = tf.constant(rng.normal(size=(2, side, side, channels)))
    y = ops.conv2d(x, 7, size, "c", stride=stride, w_initializer=NORMAL)
    (w,) = tf.trainable_variables()
    plain = tf.nn.conv2d(x, w, strides=stride, padding="SAME")
    dy = tf.constant(rng.normal(size=y.shape.as_list()))
    assert_form(session, expected, (y, plain), [x, w], dy)


@pytest.mark.parametrize(
    "form", [name for name in FORMS if "fit" not in name and "odd" not in name]
)
def test_conv2d_transpose_has_the_gradients_of_tensorflows_own(session, rng, monkeypatch, form):
    layer, expected = FORMS[form]
    large, filters = layer["side"], layer["channels"]
    stride, size = layer.get("stride", 2), layer.get("size", 5)
    monkeypatch.setattr(convolutions, "MANY_WEIGHTS", layer.get("many", 10**6))
    x = tf.constant(rng.normal(size=(2, large // stride, large // stride, 7)))
    y = ops.conv2d_transpose(x, filters, size, "t", stride=stride, w_initializer=NORMAL)
    (w,) = tf.trainable_variables()
    shape = [2, large, large, filters]
    plain = tf.nn.conv2d_transpose(x, w, shape, strides=stride, padding="SAME")
    dy = tf.constant(rng.normal(size=shape))
    assert_form(session, expected, (y, plain), [x, w], dy)


@pytest.mark.parametrize(("height", "width"), [(28, 28), (5, 4), (2, 2)])
def test_resize_conv2d_equals_resizing_then_convolving(session, rng, height, width):
    x = tf.constant(rng.normal(size=(2, height, width, 3)))
    y = resizing.resize_conv2d(x, 4, "r", w_initializer=NORMAL, b_initializer=NORMAL)
    x_np, y_np = run(session, x, y)
    expected = numpy_conv2d(numpy_resize_to_double(x_np), variable(session, "r/w"), 2)
    np.testing.assert_allclose(y_np, expected + variable(session, "r/b"), rtol=1e-10, atol=1e-12)


def test_resize_conv2d_has_the_gradients_of_tensorflows_own_ops(session, rng):
    x = tf.constant(rng.normal(size=(2, 6, 6, 3)))
    y = resizing.resize_conv2d(x, 4, "r", w_initializer=NORMAL)
    (w,) = tf.trainable_variables()
    large = tf.cast(tf.image.resize_images(x, [12, 12]), tf.float64)
    plain = tf.nn.conv2d(large, w, strides=2, padding="SAME")
    dy = tf.constant(rng.normal(size=(2, 6, 6, 4)))
    ours, theirs = (tf.gradients(out, [x, w], dy) for out in (y, plain))
    ours, theirs = run(session, ours, theirs)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)  # resize is float32


def test_a_resize_before_a_1x1_convolution_of_stride_2_changes_nothing(session, rng):
    """The quirk of mnist_beginners that lets its last resize be left out."""
    x = tf.constant(rng.normal(size=(2, 28, 28, 3)), tf.float32)
    w = tf.constant(rng.normal(size=(1, 1, 3, 1)), tf.float32)
    large = tf.image.resize_images(x, [56, 56])
    resized, direct = run(
        session,
        tf.nn.conv2d(large, w, strides=2, padding="SAME"),
        tf.nn.conv2d(x, w, strides=1, padding="SAME"),
    )
    np.testing.assert_array_equal(resized, direct)


def test_a_layer_called_twice_under_reuse_shares_its_variables(graph):
    x = tf.ones([2, 8, 8, 3])
    for _ in range(2):
        with tf.variable_scope("net", reuse=tf.AUTO_REUSE):
            ops.conv2d(x, 4, 3, "conv1", stride=1, w_initializer=NORMAL)
            ops.batch_norm(x, True, "bn1", decay=0.9, epsilon=1e-5)
    assert sorted(v.op.name for v in tf.global_variables()) == [
        "net/bn1/beta",
        "net/bn1/moving_mean",
        "net/bn1/moving_variance",
        "net/conv1/w",
    ]


@pytest.mark.parametrize("device", ["CPU", "GPU"])
def test_a_gpu_gets_tensorflows_own_ops_and_the_same_numbers(session, rng, device):
    x = tf.constant(rng.normal(size=(2, 8, 8, 5)))
    with fast_ops.forms(fast_ops.FORMS[device]):
        y = ops.conv2d(x, 4, 5, "c", stride=2, w_initializer=NORMAL)
        y = ops.conv2d_transpose(y, 4, 5, "t", stride=2, w_initializer=NORMAL)
        y = ops.linear(tf.reshape(y, [2, -1]), 3, "l", w_initializer=NORMAL)
        variables = tf.trainable_variables()
        gradients = tf.gradients(tf.reduce_sum(y**2), variables)
    types = {op.type for op in tf.get_default_graph().get_operations()}
    by_hand = {"ExtractImagePatches", "Einsum", "DepthToSpace"}
    assert types & by_hand == (by_hand if device == "CPU" else set())
    c, t, w = (v.read_value() for v in variables)
    plain = tf.nn.conv2d(x, c, strides=2, padding="SAME")
    plain = tf.nn.conv2d_transpose(plain, t, [2, 8, 8, 4], strides=2, padding="SAME")
    plain = tf.reshape(plain, [2, -1]) @ w
    theirs = tf.gradients(tf.reduce_sum(plain**2), [c, t, w])
    for a, b in zip(*run(session, gradients, theirs), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)


def test_a_session_config_tells_its_device():
    assert runtime.device_of(tf.ConfigProto(device_count={"GPU": 0})) == "CPU"
    assert runtime.device_of(tf.ConfigProto()) == "GPU"
