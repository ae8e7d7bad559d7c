"""Half precision: what is computed in it, what is not, and how losses are scaled."""

import os

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from dcgan_v1.data.pipeline import InMemory
from dcgan_v1.nn import loss_scaling, ops, optimizers, resizing, weight_updates
from dcgan_v1.systems import SYSTEMS
from dcgan_v1.training.graph import build_train_graph

# where oneDNN may not use what the processor has, TensorFlow asks it for bfloat16 all the same, and
# it aborts the process
LIMITED = pytest.mark.skipif(
    "ONEDNN_MAX_CPU_ISA" in os.environ, reason="oneDNN is limited to older instructions"
)
pytestmark = [pytest.mark.graph, pytest.mark.numerical, LIMITED]

NORMAL = tf.random_normal_initializer(stddev=0.5)
WANTED = {"float32": set(), "mixed": {tf.bfloat16}, "mixed_float16": {tf.float16}}
HALF = {tf.bfloat16: 2.0**-8, tf.float16: 2.0**-11}  # type -> half of its last digit
LAYERS = {
    "linear": lambda x: ops.linear(
        tf.reshape(x, [6, 64]), 5, "l", w_initializer=NORMAL, b_initializer=NORMAL
    ),
    "conv2d as patches": lambda x: ops.conv2d(x, 3, 3, "l", stride=1, w_initializer=NORMAL),
    "conv2d": lambda x: ops.conv2d(
        tf.tile(x, [1, 2, 2, 1]), 3, 3, "l", stride=1, w_initializer=NORMAL, b_initializer=NORMAL
    ),
    "conv2d_transpose": lambda x: ops.conv2d_transpose(
        tf.tile(x, [1, 2, 2, 1]), 3, 3, "l", stride=2, w_initializer=NORMAL
    ),
    "resize_conv2d": lambda x: resizing.resize_conv2d(x, 3, "l", w_initializer=NORMAL),
    "batch_norm": lambda x: ops.batch_norm(
        x, True, "l", decay=0.9, epsilon=1e-3, gamma_initializer=NORMAL
    )[0],
}


@pytest.mark.parametrize("half", HALF, ids=lambda dtype: dtype.name)
@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_computes_in_its_inputs_type_and_keeps_float32(session, rng, layer, half):
    """Against float64 on the same rounded input: each term of up to 36 products is rounded
    twice, the sum once, and once more with a bias."""
    x = tf.constant(rng.normal(size=(6, 4, 4, 4)), tf.float32)
    x_half = tf.cast(x, half)
    with tf.variable_scope("a", reuse=tf.AUTO_REUSE):
        y = LAYERS[layer](x_half)
        y32 = LAYERS[layer](tf.cast(x_half, tf.float32))
    assert y.dtype == half
    assert {v.dtype.base_dtype for v in tf.global_variables()} == {tf.float32}
    gradients = tf.gradients(y, tf.trainable_variables())
    own = tf.gradients(y32, tf.trainable_variables())
    session.run(tf.global_variables_initializer())
    (a, *da), (b, *db) = session.run([[tf.cast(y, tf.float32), *gradients], [y32, *own]])
    terms = 64 if layer == "linear" else 36
    bound = HALF[half] * np.sqrt(terms) * 4
    assert np.abs(a - b).max() <= bound * np.abs(b).max()
    for d, e in zip(da, db, strict=True):
        assert d.dtype == np.float32
        assert np.abs(d - e).max() <= 8 * bound * np.abs(e).max() + bound


FIRST = {"celeba64": "mixed", "mnist_beginners": "mixed_float16"}  # all before a release


@pytest.mark.parametrize(
    ("model", "precision"),
    [
        pytest.param(name, kind, marks=[] if FIRST.get(name) == kind else pytest.mark.release)
        for kind in ("mixed", "mixed_float16")
        for name in SYSTEMS
    ],
)
def test_every_system_trains_in_half_precision(session, model, precision):
    """The first losses are float32's to two digits; all that is saved is float32; samples are
    drawn in float32."""
    system, first = SYSTEMS[model], {}
    width = {"width": 8} if system.width_of else {}
    images = np.random.default_rng(1).integers(0, 256, (8, *system.image_shape), np.uint8)
    for kind in ("float32", precision):
        with tf.Graph().as_default(), tf.Session() as session:
            config = system.config(batch_size=4, samples=4, precision=kind, **width)
            graph = build_train_graph(config, InMemory(images))
            names = {v.op.name: v.dtype.base_dtype for v in graph.saved}
            assert set(names.values()) <= {tf.float32, tf.int64}
            assert graph.samples.dtype == tf.float32
            scaled = {name for name in names if name.endswith("/loss_scale")}
            adams = {n.split("/")[0] for n in names if n.endswith("_adam/beta1_power")}
            wanted = adams if kind == "mixed_float16" else set()
            assert scaled == {f"{name}/loss_scale" for name in wanted}
            kinds = {x.dtype for op in tf.get_default_graph().get_operations() for x in op.outputs}
            assert kinds & set(HALF) == WANTED[kind]
            session.run(graph.initialize)
            graph.start_data(session, 0)
            before = session.run(tf.trainable_variables())
            noise = np.random.default_rng(2)
            feed = {
                ph: noise.normal(size=[4, system.z_dim])
                for name, ph in graph.noise.items()
                if name in system.streams
            }
            # the seeds of initial values count ops, which differ: the same values for both
            for v, value in zip(tf.trainable_variables(), before, strict=True):
                start = np.random.default_rng(3).normal(size=value.shape) * 0.05
                v.load(start + v.op.name.endswith("gamma"), session)
            fetched = session.run(graph.train._asdict(), feed)
            losses = fetched["scalars"]
            assert np.isfinite([*losses.values(), *fetched["norms"].values()]).all()
            assert all(norm > 0 for norm in fetched["norms"].values())
            first[kind] = {k: x for k, x in losses.items() if "d_loss" in k}
    for name, loss in first["float32"].items():
        assert first[precision][name] == pytest.approx(loss, rel=0.02, abs=0.01), name


def test_an_overflow_leaves_the_update_out_and_halves_the_scale(session):
    with loss_scaling.switched_on(True), tf.variable_scope("toy"):
        w = tf.get_variable("generator/w", [2], initializer=tf.ones_initializer())
        x = tf.placeholder(tf.float16, [])
        adam = optimizers.adam(0.5, name="g_adam", dtype=tf.float32)
        loss = tf.reduce_sum(tf.cast(w, tf.float16) * x)
        gradients = weight_updates.gradients_of(adam, loss, [w])
        op = weight_updates.apply(adam, gradients, [w])
    scale = next(v for v in tf.global_variables() if v.op.name.endswith("loss_scale"))
    steps = next(v for v in tf.global_variables() if v.op.name.endswith("steps_at_scale"))
    power = next(v for v in tf.global_variables() if v.op.name.endswith("beta1_power"))
    session.run(tf.global_variables_initializer())
    # 2^15 times 4 is more than float16 holds (65504), 2^14 times 3 is not
    (gradient,), _ = session.run([gradients, op], {x: 4})
    assert (gradient == 0).all() and (session.run(w) == 1).all()
    assert session.run([scale, steps, power]) == [2.0**14, 0, np.float32(0.9)]
    (gradient,), _ = session.run([gradients, op], {x: 3})
    np.testing.assert_array_equal(gradient, [3, 3])
    np.testing.assert_allclose(session.run(w), 0.5, rtol=1e-6)  # Adam's first step is its rate
    assert session.run([scale, steps]) == [2.0**14, 1]
    steps.load(loss_scaling.STEADY - 1, session)
    session.run(op, {x: 1})
    assert session.run([scale, steps]) == [2.0**15, 0]
    scale.load(1.0, session)  # an infinity that is not the scale's fault shows
    (gradient,), _ = session.run([gradients, op], {x: np.inf})
    assert np.isinf(gradient).all() and np.isfinite(session.run(w)).all()


def test_gradients_too_small_for_float16_survive_by_the_scale(session):
    """1e-9 is 0 in float16, whose smallest number is 6e-8; times 2^15 it is not."""
    for is_on, survives in ((False, False), (True, True)):
        with loss_scaling.switched_on(is_on), tf.variable_scope(f"toy{is_on}"):
            w = tf.get_variable("w", [1], initializer=tf.ones_initializer())
            adam = optimizers.adam(0.5, name=f"toy{is_on}_adam", dtype=tf.float32)
            loss = tf.reduce_sum(tf.cast(tf.cast(w, tf.float16), tf.float32)) * 1e-9
            gradients = weight_updates.gradients_of(adam, loss, [w])
        session.run(tf.global_variables_initializer())
        (gradient,) = session.run(gradients)
        assert (gradient[0] > 0) == survives
    assert gradient[0] == pytest.approx(1e-9, rel=2**-10)
