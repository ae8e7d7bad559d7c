"""What docs/explanation/migrating.md says of the frameworks, tried out.

Each snippet runs in a process of its own: these tests' process is in graph mode.
"""

import pytest
from script_runs import ROOT, call_path

pytestmark = [pytest.mark.cli, pytest.mark.numerical]


@pytest.fixture
def run(tmp_path):
    def run(code):
        path = tmp_path / "snippet.py"
        path.write_text(f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{code}")
        done = call_path(path)
        assert done.returncode == 0, done.stderr[-2000:]

    return run


def test_keras_3_freezes_a_model_also_for_itself_after_it_was_compiled(run):
    run("""
import keras, numpy as np
x, y = np.ones([4, 3]), np.ones([4, 1])
for trainable in (True, False):
    d = keras.Sequential([keras.Input([3]), keras.layers.Dense(1)])
    d.compile(loss="mse", optimizer=keras.optimizers.SGD(0.1))
    d.trainable = trainable
    before = d.get_weights()[0]
    d.train_on_batch(x, y)
    moved = abs(d.get_weights()[0] - before).max() > 0
    assert moved == trainable  # Keras 2 would have trained both
""")


def test_adam_rounds_its_betas_to_float32_in_tf1_and_in_keras(run):
    """With a constant gradient and next to no epsilon each step is the rate."""
    run("""
import numpy as np, tensorflow as tf, keras
tf1 = tf.compat.v1
exact, epsilon = 2e-3, 1e-30
def two_tf1_steps(**betas):
    with tf.Graph().as_default(), tf1.Session() as s:
        v = tf1.get_variable("v", initializer=tf.constant(0.0, tf.float64))
        number = lambda x: tf.constant(x, tf.float64)
        adam = tf1.train.AdamOptimizer(number(1e-3), epsilon=number(epsilon), **{
            name: number(x) for name, x in betas.items()})
        op = adam.apply_gradients([(number(0.5), v)])
        s.run(tf1.global_variables_initializer())
        s.run(op), s.run(op)
        return s.run(v)
off = lambda v: abs(-v / exact - 1)
as_numbers = off(two_tf1_steps())
as_tensors = off(two_tf1_steps(beta1=0.9, beta2=0.999))
assert 1e-6 < as_numbers < 1e-4 and as_tensors < 1e-13, (as_numbers, as_tensors)
keras.config.set_floatx("float64")
def two_keras_steps(beta):
    v = keras.Variable(0.0, dtype="float64")
    adam = keras.optimizers.Adam(1e-3, epsilon=epsilon)
    adam.build([v])
    adam.beta_1, adam.beta_2 = beta(0.9), beta(0.999)
    for _ in range(2):
        adam.apply_gradients([(tf.constant(0.5, tf.float64), v)])
    return off(v.numpy())
as_numbers, as_float64 = two_keras_steps(float), two_keras_steps(np.float64)
assert 1e-6 < as_numbers < 1e-4 and as_float64 < 1e-13, (as_numbers, as_float64)
""")


def test_tensorflows_leaky_relu_keeps_its_slope_as_float32(run):
    run("""
import numpy as np, tensorflow as tf
y = tf.nn.leaky_relu(tf.constant(-1.0, tf.float64), 0.2).numpy()
assert y == -np.float64(np.float32(0.2)) != -0.2
""")


def test_tf1s_resize_in_the_tf2_counterpart_is_tf1s_and_not_tf2s(run):
    run("""
import numpy as np, tensorflow as tf
from dcgan_v1.ports.tf2_mnist_beginners import Tf1Resize
x = tf.random.normal([2, 28, 28, 3])
ours = Tf1Resize()(x)
options = {"align_corners": False, "half_pixel_centers": False}
raw = tf.raw_ops.ResizeBilinear(images=x, size=[56, 56], **options)
unit = np.finfo(np.float32).eps / 2
np.testing.assert_allclose(ours, raw, rtol=0, atol=4 * unit * np.abs(x).max())  # two means of two
assert np.abs(ours - tf.image.resize(x, [56, 56])).max() > 0.1
double = tf.raw_ops.ResizeBilinear(
    images=tf.cast(x, tf.float64), size=[56, 56], **options)
assert double.dtype == tf.float32
""")


@pytest.mark.torch
def test_pytorchs_symmetric_padding_is_another_function_than_same(run):
    run("""
import numpy as np, tensorflow as tf, torch
from dcgan_v1.ports.torch_celeba64 import SameConv2d, SameConvTranspose2d
x = np.random.default_rng().normal(size=[2, 8, 8, 3])
maps = torch.from_numpy(x.transpose(0, 3, 1, 2).copy())
torch.set_default_dtype(torch.float64)
same, plain = SameConv2d(3, 4), torch.nn.Conv2d(3, 4, 5, 2, 2, bias=False)
plain.weight = same.weight
w = same.weight.detach().numpy().transpose(2, 3, 1, 0)
expected = tf.nn.conv2d(x, w, 2, "SAME").numpy().transpose(0, 3, 1, 2)
np.testing.assert_allclose(same(maps).detach(), expected, rtol=1e-10, atol=1e-12)
assert plain(maps).shape == same(maps).shape
assert np.abs(plain(maps).detach().numpy() - expected).max() > 0.05
up = SameConvTranspose2d(3, 4)
w = up.weight.detach().numpy().transpose(2, 3, 1, 0)
expected = tf.nn.conv2d_transpose(x, w, [2, 16, 16, 4], 2, "SAME")
expected = expected.numpy().transpose(0, 3, 1, 2)
np.testing.assert_allclose(up(maps).detach(), expected, rtol=1e-10, atol=1e-12)
""")


def test_counterparts_have_the_systems_parameter_counts(run):
    run("""
from dcgan_v1.ports import get
counts = {
    "mnist_keras": (2_344_864, 212_673),
    "mnist_tutorial": (1_254_400 + 4 * (12544 + 128 + 64) + 25 * (256 * 128 + 128 * 64
                       + 64), 212_865),
}
for model, expected in counts.items():
    gan = get(model, "tf2").Gan()
    found = gan.generator.count_params(), gan.discriminator.count_params()
    assert found == expected, (model, found)
""")
