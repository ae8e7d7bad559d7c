"""What is read off small graphs: calls of networks, clipped gradients, losses switched off."""

from types import SimpleNamespace

import pytest
import tensorflow.compat.v1 as tf

from dcgan_v1.nn import columns
from dcgan_v1.porting.graphs import graph, opening
from dcgan_v1.porting.patterns import layers as patterns
from dcgan_v1.porting.reading import clipping, segments
from dcgan_v1.porting.reading.averages import averages_of
from dcgan_v1.porting.reading.flow import Flow, Out
from dcgan_v1.porting.reading.nodes import Bodies

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


# ---- forms of layers ----


def deconv_by_columns(size, stride, wrong=False):
    x = tf.placeholder(tf.float32, [None, 4, 3, 5], "x")
    w = tf.get_variable("w", [size, size, 2, 5], use_resource=False)
    y = columns.conv2d_transpose(x, w, stride)
    if not wrong:
        return [y]
    parts = y.op.inputs[0].op.inputs[0].op.inputs  # of AddN
    image = tf.transpose(tf.add_n([parts[0], *parts[:-1]]), [0, 1, 3, 2, 4])
    return [tf.reshape(image, [-1, 4 * stride, 3 * stride, 2])]


@pytest.mark.parametrize(("size", "stride"), [(5, 2), (4, 2), (3, 1), (5, 3)])
def test_a_product_of_columns_that_overlap_is_a_transposed_convolution(size, stride):
    (y,) = built(lambda: deconv_by_columns(size, stride))
    found = patterns.recognise(y)
    assert (found.kind, found.variables) == ("deconv", {"kernel": "w"})
    assert (found.settings["size"], found.settings["strides"]) == ((size, size), (stride, stride))
    (other,) = built(lambda: deconv_by_columns(size, stride, wrong=True))
    assert patterns.recognise(other).kind != "deconv"


# ---- calls of networks ----


def network(x, name="net"):
    with tf.variable_scope(name, reuse=tf.AUTO_REUSE, use_resource=False):
        w, b = tf.get_variable("w", [3, 2]), tf.get_variable("b", [2])
    return tf.matmul(x, w) + b


def placeholder(name, width=3):
    return tf.placeholder(tf.float32, [None, width], name)


def calls_of(function):
    """Returns the calls in what a function builds; variables of a scope are a network."""
    tensors = built(function)
    flow = Flow(graph.Graph(), lambda _: 0)
    for tensor in tensors:
        flow.operand(tensor)
    used = {v for piece in flow.pieces for v in piece.variables.values()}
    return segments.calls([flow.pieces], {v: v.partition("/")[0] for v in used})


def kinds(call):
    return [piece.kind for piece in call.pieces]


def on_reals_and_fakes():
    return [tf.reduce_sum(tf.nn.relu(network(placeholder(name)))) for name in ("real", "fake")]


def test_a_network_that_was_built_twice_is_one_called_twice_with_what_follows_both():
    calls = calls_of(on_reals_and_fakes)
    assert [kinds(call) for call in calls] == [["dense", "relu"]] * 2  # and no sum
    assert segments.signature(calls[0]) == segments.signature(calls[1])
    assert [len(call.inputs) for call in calls] == [1, 1]


def one_of_them_squashed():
    return [tf.sigmoid(network(placeholder("real"))), network(placeholder("fake"))]


def test_what_follows_one_call_alone_is_not_the_networks():
    assert [kinds(call) for call in calls_of(one_of_them_squashed)] == [["dense"]] * 2


def noise_between():
    h = network(placeholder("real"), "first")
    return [network(tf.concat([h, tf.random_normal([4, 1])], 1), "second")]


def test_what_is_drawn_and_other_networks_are_given_to_a_network():
    (first, second) = sorted(calls_of(noise_between), key=lambda call: call.network)
    assert (kinds(first), kinds(second)[-1]) == (["dense"], "dense")
    assert {x.piece.kind for x in second.inputs} <= {"dense", "draw", "concat"}


def softmax_entropy(axis=None):
    logits, labels = (tf.placeholder(tf.float32, [None, 4], n) for n in ("x", "y"))
    each = tf.nn.softmax_cross_entropy_with_logits(labels=labels, logits=logits)
    return [tf.reduce_mean(each) if axis is None else tf.reduce_mean(each, axis, keepdims=True)]


def test_averages_that_what_is_fed_goes_by_come_before_those_of_fakes():
    """A network that is called alone goes by the first."""

    def build():
        x = tf.placeholder(tf.float32, [None, 3], "x")
        fake = tf.matmul(x, tf.get_variable("g/w", [3, 3], use_resource=False))
        beta = tf.get_variable("d/beta", [3], use_resource=False)
        normed = []
        for name, y in (("fake", fake), ("real", x)):
            mean, variance = (
                tf.get_variable(f"d/{name}/{part}", [3], trainable=False, use_resource=False)
                for part in ("mean", "variance")
            )
            normed.append(tf.nn.batch_normalization(y, mean, variance, beta, None, 1e-3))
        return normed

    with tf.Graph().as_default() as whole:
        build()
    raw = opening.raw_ops(whole, {op.name for op in whole.get_operations()})
    averages = averages_of([graph.build(raw, {})], frozenset())
    (pairs,) = averages.of.values()
    assert [mean for mean, _ in pairs] == ["d/fake/mean", "d/real/mean"]
    averages.put_fed_first({"g/w": "g", "d/beta": "d"})
    assert [mean for mean, _ in pairs] == ["d/real/mean", "d/fake/mean"]


def test_a_mean_of_softmax_cross_entropies_is_a_loss_of_labels_and_logits():
    found = patterns.recognise(built(softmax_entropy)[0])
    assert found.kind == "categorical_crossentropy"
    assert [x.op.name for x in found.inputs] == ["y", "x"]
    assert patterns.recognise(built(lambda: softmax_entropy([0]))[0]) is None


@pytest.mark.parametrize(("axis", "kind"), [([-1], "binary_crossentropy"), ([], "op")])
def test_kerass_mean_of_the_means_of_rows_is_a_mean_over_all(axis, kind):
    def losses():
        labels, logits = (tf.placeholder(tf.float32, [None, 3]) for _ in "ab")
        each = tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits)
        rows = tf.reduce_mean(each, axis) if axis else tf.reduce_mean(each, 0)
        count = tf.cast(tf.size(rows if axis else each), tf.float32)
        return [tf.div_no_nan(tf.reduce_sum(tf.reduce_sum(rows)), count)]

    (mean,) = built(losses)
    found = patterns.recognise(mean)
    assert (found.kind if found else "op") == kind


@pytest.mark.parametrize(
    ("given", "word"),
    [
        (("call", "input"), "real_images"),
        (("draw", "call"), "epsilon"),
        (("draw", "input"), "real_images"),
        (("call", "call"), "x1"),
    ],
)
def test_a_networks_argument_is_called_after_what_any_of_its_calls_is_fed_or_draws(given, word):
    names = {"input": "real_images", "draw": "epsilon/RandomStandardNormal", "call": "g/Tanh"}
    calls = []
    for kind in given:  # a discriminator's: on reals, on fakes
        piece = SimpleNamespace(kind=kind, op=SimpleNamespace(name=names[kind]))
        calls.append(SimpleNamespace(inputs=[None, Out(piece, 0)]))
    bodies = SimpleNamespace(_calls=calls, key=lambda _: "discriminator", unnamed={})
    assert Bodies._argument_word(bodies, calls[0], 1) == word
