"""Weights of TF1's beside its step: heads of a trained network, and networks of their own."""

import pytest
import tensorflow.compat.v1 as tf

from dcgan_v1.migration.comparison.pairs.pairing import Pairing
from dcgan_v1.migration.matching import fingerprints
from dcgan_v1.migration.matching.matching import Matching
from dcgan_v1.migration.records import PortInfo
from dcgan_v1.migration.runners.tf1.runner import GraphRunner
from dcgan_v1.migration.specs import Tf1

pytestmark = pytest.mark.graph


def dense(x, n, scope):
    with tf.variable_scope(scope, reuse=tf.AUTO_REUSE):
        w = tf.get_variable("w", [x.shape[1], n])
        return tf.matmul(x, w) + tf.get_variable("b", [n])


def norm(x, scope):
    """Batch norm by hand."""
    with tf.variable_scope(scope):
        mean, variance = tf.nn.moments(x, [0])
        gamma, beta = tf.get_variable("gamma", [x.shape[1]]), tf.get_variable("beta", [x.shape[1]])
        return tf.nn.batch_normalization(x, mean, variance, beta, gamma, 1e-3)


def judged(x):
    return tf.nn.leaky_relu(dense(x, 5, "d/maps"))


def head_of_maps(x, z, maps):
    """YadiraF's dcgan.py: classes of D's maps, two layers with a batch norm."""
    return dense(tf.nn.relu(norm(dense(maps, 7, "d/q1"), "d/q1")), 2, "d/q2")


def head_that_an_update_beside_the_step_trains(x, z, maps):
    y = head_of_maps(x, z, maps)
    own = [v for v in tf.trainable_variables() if "/q" in v.name]
    loss = tf.reduce_mean(y**2) + sum(map(tf.nn.l2_loss, own))
    tf.train.AdamOptimizer(name="beside").minimize(loss, var_list=own)
    return y


def sampler_of_its_own(x, z, maps):
    """A forgotten `reuse`."""
    return tf.tanh(norm(dense(z, 4, "sampler/h"), "sampler/norm"))


def sampler_that_d_judges(x, z, maps):
    return dense(judged(sampler_of_its_own(x, z, maps)), 1, "d/logits")


def judge_of_real_and_drawn_images(x, z, maps):
    """What is made of D's maps in one place, and of images alone in another."""
    return dense(maps, 5, "other/h") + dense(dense(x, 5, "first"), 5, "other/h")


def described(beside):
    """Tf1Info of a GAN's step with something beside it."""

    def build():
        x, z = (tf.placeholder(tf.float32, [None, n], name) for n, name in ((4, "x"), (3, "z")))
        fake = tf.tanh(dense(z, 4, "g/fc"))
        maps = judged(x)
        real, fooled = dense(maps, 1, "d/logits"), dense(judged(fake), 1, "d/logits")
        losses = {"d": tf.reduce_mean(fooled - real), "g": -tf.reduce_mean(fooled)}
        for scope, loss in losses.items():
            own = tf.trainable_variables(scope)
            tf.train.GradientDescentOptimizer(0.1, name=f"{scope}_step").minimize(
                loss, var_list=own
            )
        tf.identity(beside(x, z, maps), "beside")

    return GraphRunner(Tf1(function=build, runs=[["d_step"], ["g_step"]]), "float32", 1).describe()


@pytest.mark.parametrize("beside", [head_of_maps, head_that_an_update_beside_the_step_trains])
def test_a_head_of_a_trained_network_needs_no_counterpart_and_is_named(beside):
    names = {"d/q1/w", "d/q1/b", "d/q1/gamma", "d/q1/beta", "d/q2/w", "d/q2/b"}
    old = described(beside)
    assert set(old.heads) == names
    pairing = lacking(old, names)
    assert pairing.is_whole
    assert [note.partition(":")[0] for note in pairing.notes] == list(names)


@pytest.mark.parametrize("beside", [sampler_of_its_own, sampler_that_d_judges])
def test_a_network_of_its_own_beside_the_step_needs_a_counterpart(beside):
    names = {"sampler/h/w", "sampler/h/b", "sampler/norm/gamma", "sampler/norm/beta"}
    old = described(beside)
    assert old.heads == []
    pairing = lacking(old, names)
    assert set(pairing.missing) == names and not pairing.is_whole and not pairing.notes


def test_what_is_made_of_images_too_is_no_head():
    assert described(judge_of_real_and_drawn_images).heads == []


def lacking(old, names):
    """A Pairing of a program with a port that lacks variables."""
    matching = Matching([], old_only=list(names))
    return Pairing(old, PortInfo(), matching, fingerprints.Certificate(None, 0), trains=True)
