"""What a port is told of gradients that are clipped, and losses when a pattern is switched off."""

import pytest
import tensorflow.compat.v1 as tf

from dcgan_v1.porting import clipping, graph, opening, patterns

pytestmark = pytest.mark.unit


def built(function):
    """Returns the graph that a function builds, and what it returns: tensors."""
    with tf.Graph().as_default() as whole:
        tensors = function()
    raw = opening.raw_ops(whole, {op.name for op in whole.get_operations()})
    ours = graph.build(raw, {})
    return [ours.tensor(t.name) for t in tensors]


def gradients():
    """Gradients of two networks of one weight each."""
    x = tf.placeholder(tf.float32, [None, 3], "x")
    g = tf.get_variable("g/w", [3, 3], use_resource=False)
    d = tf.get_variable("d/w", [3, 1], use_resource=False)
    loss = tf.reduce_mean(tf.square(tf.matmul(tf.matmul(x, g), d)))
    return tf.gradients(loss, [g, d])


def by_norm():
    return [tf.clip_by_norm(t, 2.0) for t in gradients()]


def by_norm_of_rows():
    return [tf.clip_by_norm(t, 2.0, axes=[0]) for t in gradients()]


def by_all():
    return tf.clip_by_global_norm(gradients(), 2.0)[0]


def by_all_of_both_networks():
    return tf.clip_by_global_norm(gradients(), 2.0)[0][:1]  # D's counts, and is not moved


def by_value():
    return [tf.clip_by_value(t, -0.5, 0.5) for t in gradients()]


def by_uneven_values():
    return [tf.clip_by_value(t, -0.5, 1.0) for t in gradients()]


def some_alone():
    first, second = gradients()
    return [tf.clip_by_norm(first, 2.0), second]


def decayed():
    return [tf.clip_by_norm(t + 0.1, 2.0) for t in gradients()]


@pytest.mark.parametrize(
    ("clip", "settings"),
    [
        (gradients, {}),
        (by_norm, {"clip norm": 2.0}),
        (by_all, {"clip global norm": 2.0}),
        (by_value, {"clip value": 0.5}),
        (by_norm_of_rows, None),
        (by_all_of_both_networks, None),
        (by_uneven_values, None),
        (some_alone, None),
        (decayed, None),
    ],
)
def test_clipping_is_known_where_it_is_by_what_the_update_takes(clip, settings):
    assert clipping.of(built(clip)) == settings


def cross_entropy():
    logits = tf.placeholder(tf.float32, [None, 1], "x")
    labels = tf.ones_like(logits)
    each = tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits)
    return [tf.reduce_mean(each)]


def test_a_mean_of_cross_entropies_is_no_loss_where_that_pattern_is_switched_off():
    (mean,) = built(cross_entropy)
    assert patterns.recognise(mean).kind == "binary_crossentropy"
    assert patterns.recognise(mean, frozenset({"sigmoid_cross_entropy"})) is None
