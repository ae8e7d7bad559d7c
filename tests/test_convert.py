"""scripts/convert_checkpoint.py: everything goes over and comes back, bit for bit."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from script_runs import call, refusal

from dcgan_v1 import systems
from dcgan_v1.checkpoints import reading
from dcgan_v1.errors import UserError
from dcgan_v1.migration.adam_powers import power_after, updates_done
from dcgan_v1.ports import names

pytestmark = pytest.mark.cli

SUFFIX = {"tf2": "", "torch": ".safetensors", "keras": ".weights.h5"}
FIRST = [("mnist_beginners", "tf2"), ("mnist_keras", "keras"), ("celeba64", "torch")]
PAIRS = [
    pytest.param(
        model,
        to,
        marks=[pytest.mark.torch] * (to == "torch") + [pytest.mark.release] * (pair not in FIRST),
    )
    for to in systems.FRAMEWORKS
    for model in systems.with_counterpart(to)
    for pair in [(model, to)]
]


def convert(source, to, out):
    done = call("convert_checkpoint.py", source, "--to", to, "--out", out)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("model", "to"), PAIRS)
def test_there_and_back_every_variable_has_the_same_bits(trained, model, to, tmp_path):
    out = tmp_path / f"there{SUFFIX[to]}"
    back = tmp_path / "back" / "model"
    convert(trained(model), to, out)
    convert(out, "tf1", back)
    before, after = (reading.tensors(str(p)) for p in (trained(model), back))
    assert set(before) == set(after)
    assert any(name.endswith("_adam_1") and x.any() for name, x in before.items())
    for name, value in before.items():
        assert value.dtype == after[name].dtype, name
        assert value.tobytes() == after[name].tobytes(), name


def test_a_keras_model_file_goes_there_and_back(trained, tmp_path):
    out, back = tmp_path / "gan.keras", tmp_path / "back"
    source = trained("mnist_keras")
    convert(source, "keras", out)
    convert(out, "tf1", back)
    before, after = (reading.tensors(str(p)) for p in (source, back))
    assert {k: v.tobytes() for k, v in before.items()} == {k: v.tobytes() for k, v in after.items()}


@pytest.mark.torch
def test_the_pytorch_file_is_a_plain_state_dict(trained, tmp_path):
    """Read without our code: names as in a module, kernels [out, in, y, x]."""
    from safetensors.numpy import load_file

    out = tmp_path / "gan.safetensors"
    source = trained("images96")
    convert(source, "torch", out)
    found, tensors = load_file(out), reading.tensors(source)
    for layer, net in (("conv2", "discriminator"), ("deconv3", "generator")):
        kernel = tensors[f"images96/{net}/{layer}/w"]
        theirs = found[f"{net}.{layer}.weight"]
        np.testing.assert_array_equal(theirs, kernel.transpose(3, 2, 0, 1))
    np.testing.assert_array_equal(
        found["generator.bn1.running_var"], tensors["images96/generator/bn1/moving_variance"]
    )
    assert found["d_adam.step.discriminator.conv1.weight"] == 3


def test_bad_sources_and_targets_are_refused_in_one_line(trained, tmp_path):
    source = trained("mnist_tutorial")
    for args, message in (
        ((source, "--to", "keras", "--out", tmp_path / "a.keras"), "no counterpart in"),
        ((tmp_path / "no.keras", "--to", "tf1", "--out", tmp_path / "b"), "not exist"),
        ((source, "--to", "tf2", "--out", source), "is there already"),
        ((tmp_path, "--to", "tf2", "--out", tmp_path / "c"), "no checkpoint at"),
        ((source, "--to", "tf1", "--out", tmp_path / "d"), "no sound tf2 checkpoint"),
    ):
        assert message in refusal("convert_checkpoint.py", *args), args
    (tmp_path / "bad.weights.h5").write_bytes(b"no HDF5")
    bad = (tmp_path / "bad.weights.h5", "--to", "tf1", "--out", tmp_path / "e")
    assert "no sound keras checkpoint" in refusal("convert_checkpoint.py", *bad)
    assert not list(tmp_path.glob("[a-e]*.index"))


# ---- beta powers and numbers of updates ----


@pytest.mark.unit
def test_powers_are_those_tensorflows_adam_arrives_at(graph, session):
    v = tf.get_variable("v", initializer=1.0)
    adam = tf.train.AdamOptimizer(0.1, 0.5, name="g_adam")
    op = adam.apply_gradients([(tf.constant(1.0), v)])
    session.run(tf.global_variables_initializer())
    powers = adam._get_beta_accumulators()
    for updates in range(200):  # 0.5^n underflows after 126
        for power, beta in zip(session.run(powers), (0.5, 0.999), strict=True):
            expected = power_after(beta, updates, np.float32)
            assert power.tobytes() == np.float32(expected).tobytes(), (updates, beta)
        assert updates_done(session.run(powers[1])) == updates
        session.run(op)


@pytest.mark.unit
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_number_of_updates_is_read_off_the_power_however_many(dtype, rng):
    for updates in (0, 1, *rng.integers(2, 80_000, 5)):
        power = power_after(0.999, int(updates), dtype)
        assert updates_done(power) == updates
    many = updates_done(dtype(0))
    assert power_after(0.999, many, dtype) == 0
    with pytest.raises(UserError, match="none that Adam reaches"):
        updates_done(dtype(0.5))


@pytest.mark.unit
def test_a_dense_layer_between_vectors_and_maps_changes_its_order_for_pytorch(rng):
    """TF1 numbers pixels first and channels last, PyTorch the other way round."""
    z, w = rng.normal(size=(2, 100)), rng.normal(size=(100, 4 * 4 * 8))
    row = names.row("celeba64", "torch", "celeba64/generator/linear0/w", w.shape)
    theirs = row.layout.to_port(w)
    maps = (z @ w).reshape(2, 4, 4, 8)
    np.testing.assert_allclose((z @ theirs.T).reshape(2, 8, 4, 4), maps.transpose(0, 3, 1, 2))
    np.testing.assert_array_equal(row.layout.to_tf1(theirs), w)
    x, w = rng.normal(size=(2, 4, 4, 8)), rng.normal(size=(4 * 4 * 8, 1))
    row = names.row("celeba64", "torch", "celeba64/discriminator/linear4/w", w.shape)
    theirs = row.layout.to_port(w)
    np.testing.assert_allclose(
        x.transpose(0, 3, 1, 2).reshape(2, -1) @ theirs.T, x.reshape(2, -1) @ w
    )
    np.testing.assert_array_equal(row.layout.to_tf1(theirs), w)


@pytest.mark.parametrize("updates", [pytest.param(300, marks=pytest.mark.release), 100_000])
def test_long_trained_optimisers_go_there_and_back(trained, tmp_path, updates):
    """After 300 updates 0.5^n has underflowed in float32, after 100 000 0.999^n too."""
    arrays = reading.tensors(trained("mnist_keras"))
    for name in list(arrays):
        if name.endswith("_power"):
            beta = 0.5 if name.endswith("beta1_power") else 0.999
            power = power_after(beta, updates, np.float32)
            arrays[name] = np.asarray(power, np.float32)
    arrays["global_step"] = np.asarray(updates, np.int64)
    source, there, back = (tmp_path / name for name in ("source", "there", "back"))
    reading.write(source, arrays)
    convert(source, "tf2", there)
    convert(there, "tf1", back)
    after = reading.tensors(str(back))
    for name, value in arrays.items():
        assert value.tobytes() == after[name].tobytes(), name
    if updates == 100_000:  # nothing in a Keras file tells 100 000 from more
        args = (source, "--to", "keras", "--out", tmp_path / "gan.keras")
        assert "cannot hold both" in refusal("convert_checkpoint.py", *args, run=call)
