"""Weights of a TF1 program that nothing is computed of: no port needs them."""

import dataclasses

import pytest
import tensorflow.compat.v1 as tf

from dcgan_v1.migration.comparison.pairs.pairing import Pairing
from dcgan_v1.migration.matching import fingerprints
from dcgan_v1.migration.matching.matching import Matching
from dcgan_v1.migration.records import PortInfo, Tf1Info, Variable
from dcgan_v1.migration.runners.tf1.reading.graph_ops import is_unread

pytestmark = pytest.mark.graph


def test_a_weight_that_tf1_computes_nothing_of_needs_no_counterpart_and_is_named():
    """kvfrans/variational-autoencoder: biases of its transposed convolutions, never added."""
    weight = Variable([16], "float32", True, "bias")
    old = Tf1Info(variables={"g_h1/b": weight, "g_h2/b": weight}, unread=["g_h1/b"])
    lacking = Matching([], old_only=["g_h1/b", "g_h2/b"])
    pairing = Pairing(old, PortInfo(), lacking, fingerprints.Certificate(None, 0))
    assert pairing.missing == ["g_h2/b"]
    assert pairing.notes == ["g_h1/b: TF1 computes nothing of it, and the port has it not"]
    held = dataclasses.replace(pairing, matching=Matching([], old_only=["g_h2/b"]))
    assert held.notes == []


@pytest.mark.parametrize("use_resource", [False, True])
def test_a_variable_is_unread_where_it_is_saved_summed_up_and_given_values_alone(use_resource):
    with tf.Graph().as_default():
        names = ("idle", "decayed", "added")
        idle, decayed, added = (
            tf.Variable([1.0], name=n, use_resource=use_resource) for n in names
        )
        tf.summary.histogram("h", idle), tf.identity(idle), tf.train.Saver(), tf.assign(idle, [2.0])
        tf.nn.l2_loss(decayed), tf.zeros([3, 1]) + added
        graph = tf.get_default_graph()
        unread = [n for n in names if is_unread(graph.get_operation_by_name(n).outputs[0])]
    assert unread == ["idle"]
