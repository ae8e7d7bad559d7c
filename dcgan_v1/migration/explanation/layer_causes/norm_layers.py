"""Why a batch norm's output differs: experiments on what it is given."""

import numpy as np

from dcgan_v1.migration.comparison.pairs.alignment import apart
from dcgan_v1.migration.explanation import estimates
from dcgan_v1.migration.explanation.kinds import Kind
from dcgan_v1.migration.explanation.layer_causes.layer_case import AGREE, LayerCase, Reason


def norm(layer: LayerCase) -> Reason | None:
    """Another epsilon, in another place; batch or averages."""
    weights, mean, variance = layer.weights, None, None
    if layer.mode == "inference":
        mean, variance = weights.get("mean"), weights.get("variance")
        by_batch = estimates.norm_epsilon(layer.x, layer.theirs, weights)
        if by_batch and by_batch[2] < AGREE and 0 <= by_batch[0] < 1:
            return Reason(Kind.NORM_MODE, "normalises by the batch, TF1 by the averages")
    ours, theirs = (
        estimates.norm_epsilon(layer.x, y, weights, mean, variance)
        for y in (layer.ours, layer.theirs)
    )
    if layer.mode == "training" and (other := _by_averages(layer)):
        return other
    if ours is None or theirs is None or max(ours[2], theirs[2]) > 1e-3:
        return _of_rows(layer) or Reason(Kind.NORM, "normalises otherwise")
    (e, place, _), (e2, place2, _) = ours, theirs
    if place != place2 and max(abs(e), abs(e2)) > 1e-12:
        return Reason(
            Kind.NORM_EPSILON,
            f"epsilon {e2:.2g} is added {place2} the root of the variance, TF1 adds "
            f"{e:.2g} {place} it",
            named=("epsilon",),
            place=f"{place2} the root",
        )
    return Reason(
        Kind.NORM_EPSILON,
        f"batch norm's epsilon is {e2:.3g}, TF1's {e:.3g}",
        {"epsilon": float(f"{e2:.6g}")},
        values=(f"{e2:.3g}", f"{e:.3g}"),
    )


def _of_rows(layer: LayerCase) -> Reason | None:
    """What each side normalises by itself, and by which epsilon."""
    first, second = (_normalised(layer, y) for y in (layer.ours, layer.theirs))
    if first is None or second is None:
        return None
    (ours, own), (theirs, other) = first, second
    if ours != theirs:
        text = f"normalises {theirs} by itself, TF1 {ours}"
        return Reason(Kind.NORM_GROUPS, text, values=(theirs, ours))
    return Reason(
        Kind.ROW_EPSILON,
        f"the norm's epsilon is {other:.3g}, TF1's {own:.3g}",
        {"epsilon": float(f"{other:.6g}")},
        values=(f"{other:.3g}", f"{own:.3g}"),
    )


def _normalised(layer: LayerCase, y: np.ndarray) -> tuple[str, float] | None:
    """What is normalised by itself to make y of what a layer is given, and the epsilon."""
    if told := estimates.row_norm(layer.x, y, layer.weights):
        return told
    of_batch = estimates.norm_epsilon(layer.x, y, layer.weights)
    if of_batch is None or of_batch[2] > AGREE:
        return None
    return "each channel of the batch", of_batch[0]


def _by_averages(layer: LayerCase) -> Reason | None:
    """Whether one side normalises by its averages in training, the other one by the batch."""
    axes = tuple(range(layer.x.ndim - 1))
    batch = layer.x.mean(axes), layer.x.var(axes)
    averages = layer.weights.get("mean"), layer.weights.get("variance")
    if averages[0] is None or averages[1] is None:
        return None
    sides = (layer.ours, layer.theirs)
    by_batch = [_epsilon(layer, y, *batch) for y in sides]
    by_averages = [_epsilon(layer, y, averages[0], averages[1]) for y in sides]
    if by_batch[0] is not None and by_averages[1] is not None and by_batch[1] is None:
        text = "normalises by its averages in training, TF1's by the batch"
        own, other = by_batch[0], by_averages[1]
    elif by_averages[0] is not None and by_batch[1] is not None and by_batch[0] is None:
        text = "normalises by the batch in training, TF1's by its averages"
        own, other = by_averages[0], by_batch[1]
    else:
        return None
    if abs(own - other) <= 1e-3 * max(own, other):
        return Reason(Kind.NORM_MODE, text)
    text = f"{text}; its epsilon is {other:.3g}, TF1's {own:.3g}"
    return Reason(Kind.NORM_MODE, text, named=("epsilon",))


def _epsilon(
    layer: LayerCase, y: np.ndarray, mean: np.ndarray, variance: np.ndarray
) -> float | None:
    """The epsilon with which y is what a layer is given, normalised; None where there is none.

    Args:
      layer: batch norm.
      y: that it may give, of the shape of what it is given.
      mean, variance: [C] that it may normalise by.
    """
    found = estimates.norm_epsilon(layer.x, y, layer.weights, mean, variance)
    if found is None or not 0 <= found[0] < 1:
        return None
    root = np.sqrt(variance + found[0])
    if found[1] == "outside":
        root = np.sqrt(variance) + found[0]
    made = (layer.x - mean) / root * layer.weights.get("gamma", 1) + layer.weights.get("beta", 0)
    return found[0] if apart(y, made)[0] < AGREE else None


def elsewhere(layer: LayerCase) -> Reason | None:
    """Batch norm after an activation on one side, before it on the other: what TF1 normalises and
    what the port does are a known function of each other."""
    x, ours = layer.x, layer.ours
    for op in layer.case.evidence.layers[layer.mode]:
        own = op.output
        if own.shape != x.shape or apart(own, x)[0] <= AGREE:
            continue
        by_tf1 = estimates.norm_epsilon(own, ours, layer.weights)
        if by_tf1 is None or by_tf1[2] > AGREE or not 0 <= by_tf1[0] < 1:
            continue
        # a leaky ReLU's inverse is one, too: which of both it is, TF1's op says
        if op.kind == "activation" and (name := estimates.named_activation(x, own)):
            text = f"batch norm comes before the {name} in the port, after it in TF1"
            return Reason(Kind.NORM_PLACE, text)
        if name := estimates.named_activation(own, x):
            text = f"batch norm comes after the {name} in the port, before it in TF1"
            return Reason(Kind.NORM_PLACE, text)
    return None
