"""How losses look in a TF1 graph; see `patterns`."""

import math

import numpy as np

from dcgan_v1.porting.graphs.graph import VARIABLES, Tensor, above, through
from dcgan_v1.porting.graphs.matching import ADD, ANY, SELECT, Match, any_of, match, number_of

CROSS_ENTROPY = (
    ADD,
    ("Sub", (SELECT, ("GreaterEqual", "logits", 0), "logits", 0), ("Mul", "logits", "labels")),
    ("Log1p", ("Exp", (SELECT, ANY, ("Neg", "logits"), "logits"))),
)
OF_ONES = (  # logits * 1 are logits
    ADD,
    ("Sub", (SELECT, ("GreaterEqual", "logits", 0), "logits", 0), "logits"),
    ("Log1p", ("Exp", (SELECT, ANY, ("Neg", "logits"), "logits"))),
)


def sigmoid_cross_entropy(y: Tensor) -> Match | None:
    """tf.nn.sigmoid_cross_entropy_with_logits."""
    bound = any_of(y, CROSS_ENTROPY, OF_ONES)
    if bound is None:
        return None
    labels = [bound["labels"]] if "labels" in bound else []
    settings = {} if labels else {"label": 1.0}
    return Match("sigmoid_crossentropy", [*labels, bound["logits"]], settings)


def mean_loss(y: Tensor) -> Match | None:
    """A mean over everything of what a framework has a loss for; a mean, where tf.losses has it as
    a sum and the number of what is summed up."""
    inner = _mean_of(y)
    if inner is None:
        return None
    cross_entropy = sigmoid_cross_entropy(inner)
    if cross_entropy:
        cross_entropy.kind = "binary_crossentropy"
        return cross_entropy
    sparse = "SparseSoftmaxCrossEntropyWithLogits"
    if inner.op.type == sparse and not inner.index:
        logits, labels = inner.op.inputs
        return Match("sparse_crossentropy", [labels, logits])
    if inner.op.type == "SoftmaxCrossEntropyWithLogits" and not inner.index:
        logits, labels = map(through, inner.op.inputs)
        return Match("categorical_crossentropy", [_given(labels), logits])
    bound = any_of(inner, ("Square", ("Sub", "x", "y")), ("SquaredDifference", "x", "y"))
    if (
        bound
        and bound["x"].shape == bound["y"].shape
        and number_of(bound["x"]) is None
        and number_of(bound["y"]) is None
    ):
        return Match("mse", [bound["y"], bound["x"]])
    if y.op.type == "Mean" or not inner.shape:
        return None
    return Match("op", [inner], {"type": "Mean", "constants": (np.arange(len(inner.shape)),)})


def _given(labels: Tensor) -> Tensor:
    """Labels without a stop of their gradient, where nothing that is trained made them."""
    source = labels.op
    if source.type != "StopGradient" or any(op.type in VARIABLES for op in above([source])):
        return labels
    return through(source.inputs[0])


def _mean_of(y: Tensor) -> Tensor | None:
    """What a tensor is the mean of, over all elements, else None."""
    op = y.op
    if op.type == "Mean" and op.inputs[1].array is not None:
        rank = len(op.inputs[0].shape or ())
        axes = {int(a) % max(rank, 1) for a in op.inputs[1].array.reshape(-1)}
        return (
            through(op.inputs[0])
            if len(axes) == rank and not op.attributes.get("keep_dims")
            else None
        )
    # tf.losses: a sum, divided by the number of elements
    bound = any_of(
        y,
        ("DivNoNan", ("Sum", ("Sum", "x", ANY), ANY), "count"),
        ("DivNoNan", ("Sum", "x", ANY), "count"),
    )
    if bound is None or y.shape or not _counts(bound["count"], bound["x"]):
        return None
    x = through(bound["x"])
    # Keras's: of the means of rows
    return through(x.op.inputs[0]) if x.op.type == "Mean" else x


def _counts(count: Tensor, x: Tensor) -> bool:
    """Whether a tensor is the number of x's elements."""
    if count.number is not None:
        return (
            x.shape is not None
            and None not in x.shape
            and math.prod(n or 0 for n in x.shape) == count.number
        )
    if sized := match(count, ("Cast", ("Size", "x"))):
        return through(sized["x"]) is through(x)
    bound = match(count, ("Sum", "ones", ANY))
    if bound is None or number_of(bound["ones"]) != 1:
        return False
    return through(_shaped_as(bound["ones"])) is x


def _shaped_as(ones: Tensor) -> Tensor:
    """What ones have the shape of."""
    ones = through(ones)
    if ones.op.type == "Fill" and ones.op.inputs[0].op.type == "Shape":
        return ones.op.inputs[0].op.inputs[0]
    if ones.op.type == "Mul":
        return _shaped_as(max(ones.op.inputs, key=lambda t: len(t.shape or ())))
    return ones.op.inputs[0] if ones.op.type == "OnesLike" else ones
