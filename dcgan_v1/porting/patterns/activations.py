"""How activations and dropout look in a TF1 graph; see `patterns`."""

from dcgan_v1.porting.graphs.graph import Tensor, through
from dcgan_v1.porting.graphs.matching import (
    ADD,
    DIVIDE,
    SELECT,
    Match,
    Number,
    any_of,
    match,
    number_of,
)

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
    """Leaky ReLU: the op, a maximum of x and slope * x, or of the lesser of that and 0, or a sum of
    x and |x|. Where its derivative
    at 0 is not the slope, as the op's is, `form` says which function a port has for it."""
    if y.op.type == "LeakyRelu":
        return Match("leaky_relu", [y.op.inputs[0]], {"slope": _decimal(y.op.attributes["alpha"])})
    bound = any_of(
        y,
        ("Maximum", "x", ("Mul", "x", Number("slope"))),
        (SELECT, ("Greater|GreaterEqual", "x", 0), "x", ("Mul", "x", Number("slope"))),
    )
    if bound and 0 <= bound["slope"] < 1:
        first = through(y.op.inputs[0])  # whose gradient a maximum of two equals has
        is_one = first is bound["x"] or first.op.type == "GreaterEqual"
        form = {"form": "leaky_max"} if is_one else {}
        return Match("leaky_relu", [bound["x"]], {"slope": _decimal(bound["slope"]), **form})
    bound = match(y, ("Maximum", "x", ("Minimum", 0, ("Mul", "x", Number("slope")))))
    if bound and 0 < bound["slope"] < 1:
        leaks = {"slope": _decimal(bound["slope"])}
        outer = y.op.inputs[0]  # whose gradient a maximum of two equals has
        if through(outer) is bound["x"]:
            return Match("leaky_relu", [bound["x"]], {**leaks, "form": "leaky_max"})
        is_none = number_of(through(outer).op.inputs[0]) == 0  # the minimum's first is the number
        form = {"form": "leaky_min"} if is_none else {}
        return Match("leaky_relu", [bound["x"]], {**leaks, **form})
    bound = match(y, (ADD, ("Mul", "x", Number("a")), ("Mul", ("Abs", "x"), Number("b"))))
    if bound and abs(bound["a"] + bound["b"] - 1) < 1e-6:
        slope = _decimal(bound["a"] - bound["b"])
        return Match("leaky_relu", [bound["x"]], {"slope": slope, "form": "leaky_abs"})
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
        (SELECT, ("GreaterEqual", "random", Number("rate")), ("Mul", "x", Number("scale")), 0),
        (SELECT, ("GreaterEqual", "random", Number("rate")), (DIVIDE, "x", Number("keep")), 0),
    )
    if bound is None or bound["random"].op.type != "RandomUniform":
        return None
    if _is_shared(bound["random"].shape, bound["x"].shape):
        return None  # numbers that several elements share
    rate = bound.get("rate", 1 - bound.get("keep", 0.0))
    if "keep" in bound and abs(bound["keep"] + rate - 1) > 1e-6:
        return None
    if "scale" in bound and abs(bound["scale"] * (1 - rate) - 1) > 1e-6:
        return None
    return Match("dropout", [bound["x"]], {"rate": _decimal(rate), "draw": bound["random"].op.name})


def _is_shared(drawn: tuple[int | None, ...] | None, shape: tuple[int | None, ...] | None) -> bool:
    """Whether fewer numbers are drawn than there are elements, as far as shapes are known."""
    if drawn is None or shape is None:
        return False
    pairs = zip(drawn, shape, strict=False)
    return len(drawn) != len(shape) or any(a != b and None not in (a, b) for a, b in pairs)
