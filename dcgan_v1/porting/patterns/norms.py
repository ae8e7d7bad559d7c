"""How batch norms and layer norms look in a TF1 graph; see `patterns`."""

from dcgan_v1.porting.graphs.graph import Tensor, through, variable_of
from dcgan_v1.porting.graphs.matching import ADD, DIVIDE, Match, Number, any_of, match, number_of

RESHAPING = ("Squeeze", "Reshape", "ExpandDims")
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
    (ADD, ("Mul", ("Sub", "x", "mean"), ("Mul", INVERSE, "gamma")), "beta"),
    (ADD, ("Mul", ("Mul", ("Sub", "x", "mean"), "gamma"), INVERSE), "beta"),
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
    if not x.shape or not _are_moments(x, mean, variance, [*range(len(x.shape) - 1)]):
        return None
    return Match("batch_norm", [x], {**settings, "by": "batch"}, named, (mean, variance))


def layer_norm(y: Tensor) -> Match | None:
    """Layer norm of rows or maps, over all axes but the batch, with a gamma and a beta a channel:
    contrib's layer_norm."""
    bound = any_of(y, *BY_FACTOR, *BY_CENTRING)
    if bound is None or not {"gamma", "beta"} <= bound.keys():
        return None
    x, shape = bound["x"], bound["x"].shape
    if shape is None or len(shape) not in (2, 4):
        return None
    if not _are_moments(x, bound["mean"], bound["variance"], [*range(1, len(shape))]):
        return None
    named: dict[str, str] = {}
    for part in ("gamma", "beta"):
        name = variable_of(bound[part])
        if name is None or bound[part].shape != shape[-1:]:
            return None
        named[part] = name
    held = _holds_gradient(bound["variance"])
    return Match("layer_norm", [x], {"epsilon": bound["epsilon"], "held": held}, named)


def bare(t: Tensor) -> Tensor:
    """Looks through what only reshapes statistics, or holds gradients back."""
    t = through(t)
    while t.op.type in (*RESHAPING, "StopGradient"):
        t = through(t.op.inputs[0])
    return t


def moment_of(t: Tensor) -> Tensor:
    """Returns the moment that an average follows, where it follows n / (n - 1) of it, too."""
    bound = match(bare(t), ("Mul", "moment", (DIVIDE, "n", ("Sub", "n", 1))))
    return bare(bound["moment"]) if bound else bare(t)


def _are_moments(x: Tensor, mean: Tensor, variance: Tensor, axes: list[int]) -> bool:
    """Whether these are the mean and variance of x over some axes, with their first derivative: of
    what is held back, only the mean within the variance has none."""
    if _is_held(mean) or _is_held(variance):
        return False
    rank = len(x.shape or ())
    mean, variance = bare(mean), bare(variance)
    if not _is_mean(mean, rank, axes) or through(mean.op.inputs[0]) is not through(x):
        return False
    bound = match(variance, ("Sub", "squares", ("Square", "mean")))
    if bound and bare(bound["mean"]) is mean:  # E(x^2) - E(x)^2
        if _is_held(bound["mean"]) or _is_held(bound["squares"]):
            return False
        squares = bare(bound["squares"])
        of = match(squares.op.inputs[0], ("Square", "x")) if _is_mean(squares, rank, axes) else None
        return of is not None and of["x"] is through(x)
    if not _is_mean(variance, rank, axes):
        return False
    squares = through(variance.op.inputs[0])
    difference = squares
    wanted = "SquaredDifference"
    if squares.op.type == "Square":
        difference, wanted = through(squares.op.inputs[0]), "Sub"
    if difference.op.type != wanted:
        return False
    a, b = difference.op.inputs
    return through(a) is through(x) and bare(b) is mean


def _is_held(t: Tensor) -> bool:
    """Whether a statistic's gradient is held back."""
    t = through(t)
    while t.op.type in RESHAPING:
        t = through(t.op.inputs[0])
    return t.op.type == "StopGradient"


def _is_mean(t: Tensor, rank: int, axes: list[int]) -> bool:
    """Whether a tensor is a mean over some axes."""
    array = t.op.inputs[1].array if t.op.type == "Mean" else None
    return array is not None and sorted(int(a) % rank for a in array.reshape(-1)) == axes


def _holds_gradient(variance: Tensor) -> bool:
    """Whether a variance is of differences from a mean that holds its gradient back, as
    `tf.nn.moments` has it."""
    squares = through(bare(variance).op.inputs[0]).op
    inner = squares if squares.type == "SquaredDifference" else through(squares.inputs[0]).op
    return any(through(t).op.type == "StopGradient" for t in inner.inputs)


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
