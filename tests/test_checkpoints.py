"""Checkpoints: everything comes back bit-equal, and what does not fit is named."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
import tiny_systems

from dcgan_v1.checkpoints import finding, original_names, reading, restoring
from dcgan_v1.checkpoints.checkpoint import open_checkpoint
from dcgan_v1.errors import UserError
from dcgan_v1.nn.optimizers import is_optimizer_variable
from dcgan_v1.sample import build_sample_graph
from originals import mnist_beginners as source_graph

MODEL = "mnist_beginners"
pytestmark = pytest.mark.graph
ORIGINAL_NAMES = Path(__file__).with_name("legacy") / f"{MODEL}.tsv"


def original_shapes():
    """name -> shape, as the original script's own checkpoint lists them."""
    lines = ORIGINAL_NAMES.read_text().splitlines()[1:]
    pairs = (line.split("\t") for line in lines)
    return {name: [int(n) for n in shape.split(",") if n] for name, shape in pairs}


@pytest.fixture(scope="module")
def built():
    """A training graph and its session, which tests put checkpoints into."""
    config = tiny_systems.config(MODEL, seed=9)
    with tf.Graph().as_default(), tf.Session() as session:
        graph = tiny_systems.training_graph(session, config, tiny_systems.pixels(MODEL))
        yield SimpleNamespace(graph=graph, saved=graph.saved, session=session)


@pytest.fixture
def fresh(built):
    """The same before its first step."""
    tiny_systems.start(built.graph, built.session)
    return built


def restored(fresh, prefix):
    """Returns name -> value of what a checkpoint makes of the graph."""
    restoring.restore(fresh.session, restoring.plan(open_checkpoint(prefix), MODEL, fresh.saved))
    return fresh.session.run({v.op.name: v for v in fresh.saved})


def test_the_source_loop_has_the_names_of_the_original_checkpoint(original_checkpoint):
    assert reading.shapes(original_checkpoint) == original_shapes()


def test_every_variable_and_slot_comes_back_bit_equal(fresh, tmp_path):
    for _ in range(3):
        fresh.session.run(fresh.graph.train.op)
    values = fresh.session.run({v.op.name: v for v in fresh.saved})
    saver = tf.train.Saver(fresh.saved)
    prefix = saver.save(fresh.session, str(tmp_path / "model"), write_meta_graph=False)
    tiny_systems.start(fresh.graph, fresh.session)
    ours = restored(fresh, prefix)
    assert set(ours) == set(values)
    for name, value in values.items():
        np.testing.assert_array_equal(ours[name], value, err_msg=name)
    assert ours["global_step"] == 3


def test_original_names_map_every_variable_exactly_once(built):
    ours = {v.op.name: v.shape.as_list() for v in built.saved}
    table = original_names.names(MODEL, ours)
    assert set(table) == set(ours) - {"global_step"}
    assert {table[name]: ours[name] for name in table} == original_shapes()


def test_the_originals_checkpoint_restores_each_tensor_where_it_belongs(original_checkpoint, fresh):
    values = reading.tensors(original_checkpoint)
    assert restoring.plan(open_checkpoint(original_checkpoint), MODEL, fresh.saved).counts_no_steps
    ours = restored(fresh, original_checkpoint)
    # by hand, not through the table: which numbered slot belongs to which Adam
    for mine, theirs in {
        "discriminator/linear3/w": "d_w3",
        "discriminator/linear3/w/d_fake_adam": "d_w3/Adam",
        "discriminator/linear3/w/d_fake_adam_1": "d_w3/Adam_1",
        "discriminator/linear3/w/d_real_adam": "d_w3/Adam_2",
        "discriminator/linear3/w/d_real_adam_1": "d_w3/Adam_3",
        "generator/bn2/beta": "g_b2/beta",
        "generator/bn2/beta/g_adam_1": "g_b2/beta/Adam_1",
        "generator/conv2/b": "g_b2",
    }.items():
        np.testing.assert_array_equal(ours[f"{MODEL}/{mine}"], values[theirs], err_msg=mine)
        assert np.abs(values[theirs]).max() > 0 or "beta" in theirs
    assert ours["d_fake_adam/beta1_power"] == values["beta1_power"]
    assert ours["d_real_adam/beta1_power"] == values["beta1_power_1"]
    assert ours["g_adam/beta2_power"] == values["beta2_power_2"]


def test_the_originals_slots_belong_to_the_losses_we_say(session):
    """One update on the fake loss alone moves the slots we call d_fake_adam's."""
    ops = source_graph.graph()
    session.run(tf.global_variables_initializer())
    session.run(ops["d_fake"], {ops["z"]: np.ones((2, 100))})
    values = session.run({v.op.name: v for v in tf.global_variables()})
    assert np.abs(values["d_w4/Adam"]).max() > 0
    assert np.abs(values["d_w4/Adam_2"]).max() == 0
    assert values["beta1_power"] < values["beta1_power_1"]


def test_restore_and_export_give_back_the_originals_bytes(original_checkpoint, fresh, tmp_path):
    values = reading.tensors(original_checkpoint)
    ours = restored(fresh, original_checkpoint)
    table = original_names.names(MODEL, ours)
    reading.write(tmp_path / "back", {table[name]: ours[name] for name in table})
    back = reading.tensors(str(tmp_path / "back"))
    assert set(back) == set(values)
    for name, value in values.items():
        assert back[name].tobytes() == value.tobytes(), name


def test_the_original_script_restores_what_we_export(trained, tmp_path, session):
    values = reading.tensors(trained(MODEL))
    table = original_names.names(MODEL, values)
    prefix = str(tmp_path / "for_the_old_script")
    reading.write(prefix, {table[name]: values[name] for name in table})
    source_graph.graph()
    tf.train.Saver().restore(session, prefix)
    (d_w2,) = (v for v in tf.global_variables() if v.op.name == "d_w2/Adam_2")
    ours = values[f"{MODEL}/discriminator/conv2/w/d_real_adam"]
    np.testing.assert_array_equal(session.run(d_w2), ours)


def test_a_sample_graph_restores_from_a_training_checkpoint(trained, session, rng):
    graph = build_sample_graph(tiny_systems.config(MODEL), "batch")
    tf.train.Saver(graph.saved).restore(session, trained(MODEL))
    images, logits = session.run([graph.images, graph.logits], {graph.z: rng.normal(size=(3, 100))})
    assert images.shape == (3, 28, 28, 1)
    assert logits.shape == (3,)


def test_weights_alone_are_taken_with_fresh_slots(trained, fresh, tmp_path):
    values = reading.tensors(trained(MODEL))
    kept = {k: v for k, v in values.items() if not is_optimizer_variable(k)}
    reading.write(tmp_path / "weights", kept)
    plan = restoring.plan(open_checkpoint(tmp_path / "weights"), MODEL, fresh.saved)
    assert "fresh optimiser slots" in plan.note
    ours = restored(fresh, tmp_path / "weights")
    for name, value in kept.items():
        np.testing.assert_array_equal(ours[name], value, err_msg=name)
    assert ours["global_step"] == 0


# ---- what does not fit ----


def refused(path, graph):
    with pytest.raises(UserError) as error:
        restoring.plan(open_checkpoint(path), MODEL, graph.saved)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_missing_extra_and_misshapen_keys_are_all_named(trained, built, tmp_path):
    values = dict(reading.tensors(trained(MODEL)))
    del values[f"{MODEL}/generator/conv4/b"]
    values["d_real_adam/beta1_power"] = np.zeros(3, np.float32)
    values[f"{MODEL}/generator/conv5/w"] = np.zeros(3, np.float32)
    reading.write(tmp_path / "odd", values)
    message = refused(tmp_path / "odd", built)
    for part in (
        f"missing: {MODEL}/generator/conv4/b",
        f"extra: {MODEL}/generator/conv5/w",
        "of another shape: d_real_adam/beta1_power ([3], the model has [])",
    ):
        assert part in message


def test_a_checkpoint_of_something_else_is_refused(built, tmp_path):
    reading.write(tmp_path / "other", {"resnet/w": np.zeros(3, np.float32)})
    assert "another system" in refused(tmp_path / "other", built)


def test_a_path_without_a_checkpoint_is_refused(built, tmp_path):
    assert "no checkpoint at" in refused(tmp_path / "nothing", built)
    assert "no checkpoint at" in refused(tmp_path, built)


@pytest.mark.parametrize("what", ["index", "data"])
def test_a_damaged_checkpoint_is_refused(trained, fresh, tmp_path, what):
    for path in Path(trained(MODEL)).parent.glob("model.*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (victim,) = tmp_path.glob(f"model.{what}*")
    data = bytearray(victim.read_bytes())
    data[len(data) // 2 :] = b"" if what == "index" else bytes(len(data) // 2)
    victim.write_bytes(data)
    with pytest.raises(UserError, match="damaged"):
        restored(fresh, tmp_path / "model")


@pytest.mark.parametrize("suffix", ["", ".index", ".data-00000-of-00001"])
def test_a_checkpoint_may_be_meant_by_any_of_its_files(trained, suffix):
    assert finding.resolve(trained(MODEL) + suffix) == trained(MODEL)
