"""Checkpoints: everything comes back bit-equal, and what does not fit is named."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from dcgan_v1.checkpoints import finding, original_names, reading, restoring
from dcgan_v1.data.pipeline import InMemory
from dcgan_v1.errors import UserError
from dcgan_v1.nn.optimizers import is_optimizer_variable
from dcgan_v1.systems import MnistBeginnersConfig as Config
from dcgan_v1.training.graph import build_sample_graph, build_train_graph
from originals import mnist_beginners as source_graph

MODEL = "mnist_beginners"
ORIGINAL_NAMES = Path(__file__).with_name("legacy") / f"{MODEL}.tsv"


def original_shapes():
    """name -> shape, as the original script's own checkpoint lists them."""
    lines = ORIGINAL_NAMES.read_text().splitlines()[1:]
    pairs = (line.split("\t") for line in lines)
    return {name: [int(n) for n in shape.split(",") if n] for name, shape in pairs}


@pytest.fixture(scope="session")
def images():
    return np.random.default_rng(0).integers(0, 256, (64, 28, 28, 1), np.uint8)


def train_graph(images, seed=0):
    return build_train_graph(Config(batch_size=4, seed=seed), InMemory(images))


@pytest.fixture(scope="session")
def trained(tmp_path_factory, images):
    """(prefix, name -> value) of a run of three steps."""
    with tf.Graph().as_default(), tf.Session() as session:
        graph = train_graph(images)
        session.run(graph.initialize)
        graph.start_data(session, 0)
        for _ in range(3):
            session.run(graph.train.op)
        prefix = str(tmp_path_factory.mktemp("trained") / "model")
        tf.train.Saver(graph.saved).save(session, prefix, write_meta_graph=False)
        return prefix, session.run({v.op.name: v for v in graph.saved})


@pytest.fixture(scope="session")
def written_by_the_original(tmp_path_factory, images):
    """(prefix, name -> value) of a checkpoint from the source's graph, trained."""
    with tf.Graph().as_default(), tf.Session() as session:
        ops = source_graph.graph()
        session.run(tf.global_variables_initializer())
        rng = np.random.default_rng(1)
        for _ in range(2):
            feed = {ops["x"]: images[:4] / 255, ops["z"]: rng.normal(size=(4, 100))}
            session.run([ops["d_real"], ops["d_fake"]], feed)
            session.run(ops["g"], feed)
        prefix = str(tmp_path_factory.mktemp("original") / "pretrained_gan.ckpt")
        tf.train.Saver().save(session, prefix)
        return prefix, session.run({v.op.name: v for v in tf.global_variables()})


def test_the_source_loop_has_the_names_of_the_original_checkpoint(written_by_the_original):
    assert reading.shapes(written_by_the_original[0]) == original_shapes()


def test_every_variable_and_slot_comes_back_bit_equal(trained, images, session):
    prefix, values = trained
    graph = train_graph(images, seed=9)
    session.run(graph.initialize)
    restoring.restore(session, restoring.plan(prefix, MODEL, graph.saved))
    restored = session.run({v.op.name: v for v in graph.saved})
    assert set(restored) == set(values)
    for name, value in values.items():
        np.testing.assert_array_equal(restored[name], value, err_msg=name)
    assert restored["global_step"] == 3


def test_original_names_map_every_variable_exactly_once(images, graph):
    ours = {v.op.name: v.shape.as_list() for v in train_graph(images).saved}
    table = original_names.names(MODEL, ours)
    assert set(table) == set(ours) - {"global_step"}
    assert {table[name]: ours[name] for name in table} == original_shapes()


def test_the_originals_checkpoint_restores_each_tensor_where_it_belongs(
    written_by_the_original, images, session
):
    prefix, values = written_by_the_original
    graph = train_graph(images)
    session.run(graph.initialize)
    plan = restoring.plan(prefix, MODEL, graph.saved)
    assert plan.counts_no_steps
    restoring.restore(session, plan)
    ours = session.run({v.op.name: v for v in graph.saved})
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


def test_the_originals_slots_belong_to_the_losses_we_say(images, session):
    """One update on the fake loss alone moves the slots we call d_fake_adam's."""
    ops = source_graph.graph()
    session.run(tf.global_variables_initializer())
    session.run(ops["d_fake"], {ops["z"]: np.ones((2, 100))})
    values = session.run({v.op.name: v for v in tf.global_variables()})
    assert np.abs(values["d_w4/Adam"]).max() > 0
    assert np.abs(values["d_w4/Adam_2"]).max() == 0
    assert values["beta1_power"] < values["beta1_power_1"]


def test_restore_and_export_give_back_the_originals_bytes(
    written_by_the_original, images, session, tmp_path
):
    prefix, values = written_by_the_original
    graph = train_graph(images)
    session.run(graph.initialize)
    restoring.restore(session, restoring.plan(prefix, MODEL, graph.saved))
    ours = session.run({v.op.name: v for v in graph.saved})
    table = original_names.names(MODEL, ours)
    reading.write(tmp_path / "back", {table[name]: ours[name] for name in table})
    back = reading.tensors(str(tmp_path / "back"))
    assert set(back) == set(values)
    for name, value in values.items():
        assert back[name].tobytes() == value.tobytes(), name


def test_the_original_script_restores_what_we_export(trained, tmp_path, session):
    _, values = trained
    table = original_names.names(MODEL, values)
    prefix = str(tmp_path / "for_the_old_script")
    reading.write(prefix, {table[name]: values[name] for name in table})
    source_graph.graph()
    tf.train.Saver().restore(session, prefix)
    (d_w2,) = (v for v in tf.global_variables() if v.op.name == "d_w2/Adam_2")
    ours = values[f"{MODEL}/discriminator/conv2/w/d_real_adam"]
    np.testing.assert_array_equal(session.run(d_w2), ours)


def test_a_sample_graph_restores_from_a_training_checkpoint(trained, session, rng):
    prefix, _ = trained
    graph = build_sample_graph(Config(), "batch")
    tf.train.Saver(graph.saved).restore(session, prefix)
    images, logits = session.run([graph.images, graph.logits], {graph.z: rng.normal(size=(3, 100))})
    assert images.shape == (3, 28, 28, 1)
    assert logits.shape == (3,)


def test_weights_alone_are_taken_with_fresh_slots(trained, images, session, tmp_path):
    _, values = trained
    kept = {k: v for k, v in values.items() if not is_optimizer_variable(k)}
    reading.write(tmp_path / "weights", kept)
    graph = train_graph(images, seed=9)
    session.run(graph.initialize)
    plan = restoring.plan(tmp_path / "weights", MODEL, graph.saved)
    assert "fresh optimiser slots" in plan.note
    restoring.restore(session, plan)
    restored = session.run({v.op.name: v for v in graph.saved})
    for name, value in kept.items():
        np.testing.assert_array_equal(restored[name], value, err_msg=name)
    assert restored["global_step"] == 0


# ---- what does not fit ----


def refused(path, graph):
    with pytest.raises(UserError) as error:
        restoring.plan(path, MODEL, graph.saved)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_missing_extra_and_misshapen_keys_are_all_named(trained, images, graph, tmp_path):
    values = dict(trained[1])
    del values[f"{MODEL}/generator/conv4/b"]
    values["d_real_adam/beta1_power"] = np.zeros(3, np.float32)
    values[f"{MODEL}/generator/conv5/w"] = np.zeros(3, np.float32)
    reading.write(tmp_path / "odd", values)
    message = refused(tmp_path / "odd", train_graph(images))
    for part in (
        f"missing: {MODEL}/generator/conv4/b",
        f"extra: {MODEL}/generator/conv5/w",
        "of another shape: d_real_adam/beta1_power ([3], the model has [])",
    ):
        assert part in message


def test_a_checkpoint_of_something_else_is_refused(images, graph, tmp_path):
    reading.write(tmp_path / "other", {"resnet/w": np.zeros(3, np.float32)})
    assert "another system" in refused(tmp_path / "other", train_graph(images))


def test_a_path_without_a_checkpoint_is_refused(images, graph, tmp_path):
    built = train_graph(images)
    assert "no checkpoint at" in refused(tmp_path / "nothing", built)
    assert "no checkpoint at" in refused(tmp_path, built)


@pytest.mark.parametrize("what", ["index", "data"])
def test_a_damaged_checkpoint_is_refused(trained, images, session, tmp_path, what):
    for path in Path(trained[0]).parent.glob("model.*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    graph = train_graph(images)
    session.run(graph.initialize)
    (victim,) = tmp_path.glob(f"model.{what}*")
    data = bytearray(victim.read_bytes())
    data[len(data) // 2 :] = b"" if what == "index" else bytes(len(data) // 2)
    victim.write_bytes(data)
    with pytest.raises(UserError, match="damaged"):
        restoring.restore(session, restoring.plan(tmp_path / "model", MODEL, graph.saved))


@pytest.mark.parametrize("suffix", ["", ".index", ".data-00000-of-00001"])
def test_a_checkpoint_may_be_meant_by_any_of_its_files(trained, suffix):
    assert finding.resolve(trained[0] + suffix) == trained[0]
