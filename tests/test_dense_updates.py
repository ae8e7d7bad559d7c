"""Sparse updates of embeddings as dense ones: what TensorFlow itself makes of both."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from dcgan_v1.migration.runners.tf1.graph import dense_updates

pytestmark = pytest.mark.graph
OPTIMIZERS = {
    "Adam": lambda: tf.train.AdamOptimizer(0.1, 0.5, 0.9),
    "GradientDescent": lambda: tf.train.GradientDescentOptimizer(0.1),
    "a falling rate": lambda: tf.train.GradientDescentOptimizer(
        tf.train.exponential_decay(0.1, tf.train.get_or_create_global_step(), 2, 0.5)
    ),
    "Momentum": lambda: tf.train.MomentumOptimizer(0.1, 0.9),
}


def program(optimizer, is_resource):
    """A MetaGraph of rows that are read twice, trained with a kernel."""
    with tf.Graph().as_default() as graph:
        y = tf.placeholder(tf.int32, [None], "y")
        with tf.variable_scope("G", use_resource=is_resource):
            rows, kernel = tf.get_variable("rows", [6, 4]), tf.get_variable("kernel", [4, 3])
        read = tf.nn.embedding_lookup(rows, y) * tf.nn.embedding_lookup(rows, y // 2)
        loss = tf.reduce_mean(tf.square(tf.matmul(read, kernel)))
        with tf.control_dependencies([tf.no_op()]):
            OPTIMIZERS[optimizer]().minimize(loss, name="train")
        return tf.train.export_meta_graph(graph=graph)


def after_three_steps(meta):
    """variable -> array."""
    rng = np.random.default_rng(0)
    with tf.Graph().as_default() as graph, tf.Session() as session:
        tf.train.import_meta_graph(meta)
        session.run(tf.global_variables_initializer())
        for v in tf.global_variables():
            if v.shape.rank == 2 and "/" not in v.op.name.removeprefix("G/"):
                v.load(rng.normal(size=v.shape), session)
        train = graph.get_operation_by_name("train")
        for y in ([0, 3, 3, 5], [1, 1, 1, 4], [0, 2, 4, 5]):
            session.run(train, {"y:0": y})
        return {v.op.name: session.run(v) for v in tf.global_variables()}


@pytest.mark.parametrize("is_resource", [True, False])
@pytest.mark.parametrize("optimizer", ["Adam", "GradientDescent", "a falling rate"])
def test_rows_are_moved_as_by_the_dense_update(optimizer, is_resource):
    meta = program(optimizer, is_resource)
    expected = after_three_steps(meta)
    dense_updates.spell_out(meta)
    kinds = {node.op for node in meta.graph_def.node}
    assert not kinds & set(dense_updates.SCATTERS)
    made = after_three_steps(meta)
    for name, array in expected.items():
        np.testing.assert_allclose(made[name], array, rtol=2e-5, atol=1e-7, err_msg=name)


def test_an_optimiser_that_leaves_other_rows_moments_is_left_as_it_is():
    meta = program("Momentum", True)
    before = meta.SerializeToString(deterministic=True)
    dense_updates.spell_out(meta)
    assert meta.SerializeToString(deterministic=True) == before


def test_what_a_program_scatters_by_itself_is_left_as_it_is():
    with tf.Graph().as_default() as graph, tf.name_scope("loss/update_centers"):
        centers = tf.get_variable("centers", [6, 4], use_resource=False)
        labels = tf.placeholder(tf.int32, [None])
        tf.scatter_sub(centers, labels, tf.multiply(0.5, tf.gather(centers, labels)))
        tf.scatter_add(centers, labels, tf.gather(centers, labels))
        meta = tf.train.export_meta_graph(graph=graph)
    before = meta.SerializeToString(deterministic=True)
    dense_updates.spell_out(meta)
    assert meta.SerializeToString(deterministic=True) == before
