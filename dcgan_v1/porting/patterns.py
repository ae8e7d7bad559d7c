"""How layers, activations and losses look in a TF1 graph: a function for each.

A pattern takes a tensor and returns the `Match` that it is the result of, or None. The first of
PATTERNS that matches counts; what none matches is spelled out op by op.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from dcgan_v1.porting.graph import Tensor, through, variable_of
from dcgan_v1.porting.matching import ANY, Bound, Number, any_of, match, number_of

ADD = "Add|AddV2"
DIVIDE = "RealDiv|Div"
SELECT = "Select|SelectV2"
KERNELS = ("MatMul", "Conv2D", "Conv2DBackpropInput")


@dataclass
class Match:
    """What a pattern saw.

    Attributes:
      inputs: the tensors that it is made of, weights aside.
      variables: part -> variable; settings: see `description.Node`.
      moments: of a batch norm by the batch, the tensors of its mean and variance.
    """

    kind: str
    inputs: list[Tensor]
    settings: dict[str, Any] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    moments: tuple[Tensor, ...] = ()


Pattern = Callable[[Tensor], Match | None]


# ---- layers with weights ----


def kernel_layer(y: Tensor) -> Match | None:
    """dense, conv, deconv: a product with a kernel, and the bias that is added to it."""
    bound = match(y, (f"{ADD}|BiasAdd", "x", "b"))
    if bound and y.op.type in ("Add", "AddV2", "BiasAdd"):
        bias = variable_of(bound["b"])
        x = bound["x"]
        if bias is None and y.op.type != "BiasAdd":
            bias, x = variable_of(bound["x"]), bound["b"]
        found = _kernel(through(x)) if bias else None
        is_row = bound["b"].shape is not None and len(bound["b"].shape) == 1
        if found and bias and (is_row or variable_of(bound["x"])):
            found.variables["bias"] = bias
            return found
    return _kernel(y)


def _kernel(y: Tensor) -> Match | None:
    op = y.op
    if op.type not in KERNELS or y.index:
        return None
    attributes = op.attributes
    if op.type == "MatMul":
        kernel = variable_of(op.inputs[1])
        if kernel is None or attributes.get("transpose_a") or attributes.get("transpose_b"):
            return None
        units = (y.shape or (None,))[-1]
        return Match("dense", [op.inputs[0]], {"units": units}, {"kernel": kernel})
    kernel = variable_of(op.inputs[1])
    if kernel is None or attributes.get("data_format", "NHWC") != "NHWC":
        return None
    if attributes["padding"] not in ("SAME", "VALID") or y.shape is None:
        return None
    shape = op.inputs[1].shape
    if shape is None or None in shape:
        return None
    strides, dilations = attributes["strides"][1:3], attributes.get("dilations", [1] * 4)[1:3]
    is_up = op.type == "Conv2DBackpropInput"
    x = op.inputs[2 if is_up else 0]
    settings = {
        "filters": shape[2 if is_up else 3],
        "size": tuple(shape[:2]),
        "strides": tuple(strides),
        "padding": attributes["padding"].lower(),
        "dilations": tuple(dilations),
    }
    if is_up and not _is_plain_deconv(x, y, settings):
        return None
    return Match("deconv" if is_up else "conv", [x], settings, {"kernel": kernel})


def _is_plain_deconv(x: Tensor, y: Tensor, settings: dict[str, Any]) -> bool:
    """Whether the output has the size that a framework's own layer gives it."""
    if x.shape is None or y.shape is None:
        return False
    for i in (0, 1):
        side, stride, size = x.shape[1 + i], settings["strides"][i], settings["size"][i]
        if side is None or settings["dilations"][i] != 1:
            return False
        more = max(size - stride, 0) if settings["padding"] == "valid" else 0
        if y.shape[1 + i] != side * stride + more:
            return False
    return True


# ---- batch norm ----

INVERSE = ("Rsqrt", (ADD, "variance", Number("epsilon")))
BY_FACTOR = (  # tf.nn.batch_normalization
    (
        ADD,
        ("Mul", "x", ("Mul", INVERSE, "gamma")),
        ("Sub", "beta", ("Mul", "mean", ("Mul", INVERSE, "gamma"))),
    ),
    (ADD, ("Mul", "x", INVERSE), ("Sub", "beta", ("Mul", "mean", INVERSE))),
    (
        ADD,
        ("Mul", "x", ("Mul", INVERSE, "gamma")),
        ("Mul", ("Neg", "mean"), ("Mul", INVERSE, "gamma")),
    ),
    (ADD, ("Mul", "x", INVERSE), ("Mul", ("Neg", "mean"), INVERSE)),
)
CENTRED = (
    (DIVIDE, ("Sub", "x", "mean"), ("Sqrt", (ADD, "variance", Number("epsilon")))),
    ("Mul", ("Sub", "x", "mean"), INVERSE),
)
BY_CENTRING = (
    *((ADD, ("Mul", c, "gamma"), "beta") for c in CENTRED),
    *((ADD, c, "beta") for c in CENTRED),
)


def batch_norm(y: Tensor) -> Match | None:
    """Batch norm, spelled out: by the batch's moments or by averages."""
    bound = any_of(y, *BY_FACTOR, *BY_CENTRING)
    if bound is None:
        return None
    variables = {part: variable_of(bound[part]) for part in ("gamma", "beta") if part in bound}
    if None in variables.values():
        return None
    named: dict[str, str] = {part: name for part, name in variables.items() if name}
    x, mean, variance = bound["x"], bound["mean"], bound["variance"]
    settings = {"epsilon": bound["epsilon"], "fused": False}
    averages = variable_of(mean), variable_of(variance)
    if averages[0] and averages[1]:
        named |= {"mean": averages[0], "variance": averages[1]}
        return Match("batch_norm", [x], {**settings, "by": "averages"}, named)
    if not _are_moments(x, mean, variance):
        return None
    return Match("batch_norm", [x], {**settings, "by": "batch"}, named, (mean, variance))


def bare(t: Tensor) -> Tensor:
    """Looks through what only reshapes statistics, or holds gradients back."""
    t = through(t)
    while t.op.type in ("Squeeze", "StopGradient", "Reshape", "ExpandDims"):
        t = through(t.op.inputs[0])
    return t


def _are_moments(x: Tensor, mean: Tensor, variance: Tensor) -> bool:
    """Whether these are the batch's mean and variance of x over all axes but the last."""
    rank = len(x.shape or ())
    mean, variance = bare(mean), bare(variance)
    for t in (mean, variance):
        axes = t.op.inputs[1].array if t.op.type == "Mean" else None
        if axes is None or sorted(int(a) % rank for a in axes.reshape(-1)) != list(range(rank - 1)):
            return False
    if through(mean.op.inputs[0]) is not through(x):
        return False
    squares = through(variance.op.inputs[0])
    difference = squares
    if squares.op.type == "Square":
        difference = through(squares.op.inputs[0])
    if difference.op.type not in ("SquaredDifference", "Sub"):
        return False
    a, b = difference.op.inputs
    return through(a) is through(x) and bare(b) is mean


def fused_batch_norm(y: Tensor) -> Match | None:
    """FusedBatchNorm; rows of features are given to it as maps of one pixel, and taken back."""
    op = y.op
    if op.type == "Reshape" and y.shape is not None and len(y.shape) == 2:
        inner = through(op.inputs[0])
        found = fused_batch_norm(inner) if inner.op.type.startswith("FusedBatchNorm") else None
        x = through(found.inputs[0]) if found else y
        if found is None or x.op.type != "Reshape" or (x.shape or ())[1:3] != (1, 1):
            return None
        found.inputs = [x.op.inputs[0]]
        return found if x.op.inputs[0].shape == y.shape else None
    if not op.type.startswith("FusedBatchNorm") or "Grad" in op.type or y.index:
        return None
    if op.attributes.get("data_format", "NHWC") != "NHWC":
        return None
    x, gamma, beta, mean, variance = op.inputs[:5]
    variables: dict[str, str] = {}
    for part, t, number in (("gamma", gamma, 1.0), ("beta", beta, 0.0)):
        name = variable_of(t)
        if name:
            variables[part] = name
        elif number_of(t) != number:
            return None
    epsilon = float(f"{op.attributes['epsilon']:.7g}")
    settings = {"epsilon": epsilon, "fused": True}
    if op.attributes.get("is_training", True):
        moments = (op.outputs[1], op.outputs[2])
        return Match("batch_norm", [x], {**settings, "by": "batch"}, variables, moments)
    averages = variable_of(mean), variable_of(variance)
    if averages[0] is None or averages[1] is None:
        return None
    variables |= {"mean": averages[0], "variance": averages[1]}
    return Match("batch_norm", [x], {**settings, "by": "averages"}, variables)


# ---- activations, dropout ----

UNARY = {
    **{"Relu": "relu", "Relu6": "relu6", "Elu": "elu", "Selu": "selu", "Tanh": "tanh"},
    **{"Sigmoid": "sigmoid", "Softplus": "softplus", "Softsign": "softsign"},
    **{"Softmax": "softmax", "LogSoftmax": "log_softmax"},
}


def activation(y: Tensor) -> Match | None:
    """Activations that are one op."""
    kind = UNARY.get(y.op.type)
    return Match(kind, [y.op.inputs[0]]) if kind else None


def leaky_relu(y: Tensor) -> Match | None:
    """Leaky ReLU: the op, a maximum of x and slope * x, or a sum of x and |x|."""
    if y.op.type == "LeakyRelu":
        return Match("leaky_relu", [y.op.inputs[0]], {"slope": _decimal(y.op.attributes["alpha"])})
    bound = any_of(
        y,
        ("Maximum", "x", ("Mul", "x", Number("slope"))),
        (SELECT, ("Greater|GreaterEqual", "x", 0), "x", ("Mul", "x", Number("slope"))),
    )
    if bound and 0 <= bound["slope"] < 1:
        return Match("leaky_relu", [bound["x"]], {"slope": _decimal(bound["slope"])})
    bound = match(y, (ADD, ("Mul", "x", Number("a")), ("Mul", ("Abs", "x"), Number("b"))))
    if bound and abs(bound["a"] + bound["b"] - 1) < 1e-6:
        return Match("leaky_relu", [bound["x"]], {"slope": _decimal(bound["a"] - bound["b"])})
    return None


def _decimal(number: float) -> float:
    return float(f"{number:.6g}")


def dropout(y: Tensor) -> Match | None:
    """tf.nn.dropout: x where a uniform number is large enough, scaled up."""
    kept = ("Cast", ("GreaterEqual", "random", Number("rate")))
    bound = any_of(
        y,
        ("Mul", ("Mul", "x", Number("scale")), kept),
        ("Mul", (DIVIDE, "x", Number("keep")), ("Floor", (ADD, "random", Number("keep")))),
    )
    if bound is None or bound["random"].op.type != "RandomUniform":
        return None
    rate = bound.get("rate", 1 - bound.get("keep", 0.0))
    if "scale" in bound and abs(bound["scale"] * (1 - rate) - 1) > 1e-6:
        return None
    return Match("dropout", [bound["x"]], {"rate": _decimal(rate), "draw": bound["random"].op.name})


# ---- shapes ----


def reshape(y: Tensor) -> Match | None:
    """Reshapes that keep the batch."""
    op = y.op
    if op.type != "Reshape" or y.shape is None or op.inputs[0].shape is None:
        return None
    before, after = op.inputs[0].shape, y.shape
    if not before or not after or before[0] != after[0] or None in after[1:] or None in before[1:]:
        return None
    kind = "flatten" if len(after) == 2 and len(before) > 2 else "reshape"
    return Match(kind, [op.inputs[0]], {"shape": tuple(after[1:])})


def concatenation(y: Tensor) -> Match | None:
    """tf.concat along an axis other than the batch's."""
    if y.op.type != "ConcatV2" or y.op.inputs[-1].number is None or y.shape is None:
        return None
    axis = int(y.op.inputs[-1].number) % len(y.shape)
    axis = -1 if axis == len(y.shape) - 1 else axis
    return Match("concat", y.op.inputs[:-1], {"axis": axis})


def pooling(y: Tensor) -> Match | None:
    """Max and average pooling."""
    op = y.op
    if op.type not in ("MaxPool", "AvgPool") or op.attributes["data_format"] != "NHWC":
        return None
    settings = {
        "size": tuple(op.attributes["ksize"][1:3]),
        "strides": tuple(op.attributes["strides"][1:3]),
        "padding": op.attributes["padding"].lower(),
    }
    return Match("max_pool" if op.type == "MaxPool" else "avg_pool", [op.inputs[0]], settings)


# ---- losses ----

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
    """A mean over everything of what a framework has a loss for."""
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
    bound = any_of(inner, ("Square", ("Sub", "x", "y")), ("SquaredDifference", "x", "y"))
    if bound and number_of(bound["x"]) is None and number_of(bound["y"]) is None:
        return Match("mse", [bound["y"], bound["x"]])
    return None


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
    if bound is None or y.shape:
        return None
    return bound["x"] if _counts(bound["count"], bound["x"]) else None


def _counts(count: Tensor, x: Tensor) -> bool:
    """Whether a tensor is the number of x's elements."""
    if count.number is not None:
        return (
            x.shape is not None
            and None not in x.shape
            and math.prod(n or 0 for n in x.shape) == count.number
        )
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


PATTERNS: dict[str, Pattern] = {
    "mean_loss": mean_loss,
    "sigmoid_cross_entropy": sigmoid_cross_entropy,
    "kernel_layer": kernel_layer,
    "batch_norm": batch_norm,
    "fused_batch_norm": fused_batch_norm,
    "leaky_relu": leaky_relu,
    "activation": activation,
    "dropout": dropout,
    "reshape": reshape,
    "concatenation": concatenation,
    "pooling": pooling,
}


def recognise(y: Tensor, switched_off: frozenset[str] = frozenset()) -> Match | None:
    """Returns what the first pattern says that matches a tensor."""
    for name, pattern in PATTERNS.items():
        found = None if name in switched_off else pattern(y)
        if found is not None:
            return found
    return None


__all__ = ["PATTERNS", "Bound", "Match", "recognise"]
