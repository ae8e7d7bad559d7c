"""Why one layer's output differs, by its kind: experiments on what it is given."""

from collections.abc import Callable

import numpy as np

from dcgan_v1.migration.comparison.pairs.alignment import apart
from dcgan_v1.migration.explanation import estimates
from dcgan_v1.migration.explanation.kinds import Kind
from dcgan_v1.migration.explanation.layer_causes import map_probes
from dcgan_v1.migration.explanation.layer_causes.convolutions import convolution
from dcgan_v1.migration.explanation.layer_causes.layer_case import AGREE, LayerCase, Reason
from dcgan_v1.migration.explanation.layer_causes.norm_layers import norm
from dcgan_v1.migration.explanation.layer_causes.recurrent_layers import recurrent
from dcgan_v1.migration.matching import layouts
from dcgan_v1.migration.matching.layouts import Pixels


def activation(layer: LayerCase) -> Reason | None:
    """Another function, another slope, or a softmax over another axis."""
    found = other_activation(layer.x, layer.ours, layer.theirs)
    if found or not layer.x.shape == layer.ours.shape == layer.theirs.shape:
        return found
    ours, theirs = (estimates.softmax_axis(layer.x, y) for y in (layer.ours, layer.theirs))
    if None in (ours, theirs) or ours == theirs:
        return None
    text = f"the softmax is over axis {theirs}, TF1's over axis {ours}"
    return Reason(Kind.ACTIVATION, text, values=(f"axis {theirs}", f"axis {ours}"))


def other_activation(x: np.ndarray, ours: np.ndarray, theirs: np.ndarray) -> Reason | None:
    """Whether TF1 makes `ours` of x by one activation, and the port `theirs` by another."""
    sides = ours, theirs
    known = [estimates.named_activation(x, y) for y in sides]
    if None in known or known[0] == known[1]:
        return None
    own, other = (
        None if estimates.activation(x, y) else estimates.leaky_slope(x, y) for y in sides
    )
    if own is not None and other is not None:
        text = f"leaky ReLU has slope {other:.6g}, TF1's has {own:.6g}"
        settings = {"slope": float(f"{other:.9g}")}
        return Reason(Kind.SLOPE, text, settings, values=(f"{other:.6g}", f"{own:.6g}"))
    text = "the activation is {1}, TF1's is {0}".format(*known)
    slope = 0.0 if known[1] == "ReLU" else other
    settings = {str(known[1]): 1.0} if slope is None else {"slope": float(f"{slope:.9g}")}
    return Reason(Kind.ACTIVATION, text, settings, values=(str(known[1]), str(known[0])))


def dropout(layer: LayerCase) -> Reason | None:
    """Left off on one side, or another rate."""
    x, ours, theirs = layer.x, layer.ours, layer.theirs
    if x.shape == theirs.shape and np.array_equal(theirs, x):
        return Reason(Kind.DROPOUT, "dropout is left off: the output is the input")
    if x.shape == ours.shape and np.array_equal(ours, x):
        return Reason(Kind.DROPOUT, "drops out where TF1 drops out nothing")
    if not x.shape == ours.shape == theirs.shape:
        return None
    scales = [estimates.ratio(x[y != 0], y[y != 0]) for y in (ours, theirs) if np.any(y)]
    shares = [float(np.mean(y == 0)) for y in (ours, theirs)]
    if len(scales) < 2:
        return None
    own, other = (_told_dropout(*both) for both in zip(scales, shares, strict=True))
    text = f"dropout {other}, TF1's {own}"
    rates = [f"{_rate(*both):.2g}" for both in zip(scales, shares, strict=True)]
    if rates[0] == rates[1]:
        text = (
            f"dropout of the same rate, {rates[0]}, drops other elements than TF1's: random numbers"
        )
        text += " may come in another order ([step] dropouts in a map)"
        return Reason(Kind.OUTPUT, text, named=("rate",))
    return Reason(Kind.DROPOUT_RATE, text, named=("rate",), values=(rates[1], rates[0]))


def _rate(scale: float, zeros: float) -> float:
    return 1 - 1 / scale if scale > 1 else zeros


def _told_dropout(scale: float, zeros: float) -> str:
    """What a dropout does, by the factor of what it keeps: its zeros may come in another op."""
    if scale > 1:
        rate = f"{_rate(scale, zeros):.2g}"
        return f"scales what it keeps by {scale:.3g}, as one that drops {rate} does"
    return f"drops {zeros:.2g} and scales what it keeps by {scale:.3g}"


def dense(layer: LayerCase) -> Reason | None:
    """Whether the sides number the pixels that a kernel's rows stand for otherwise."""
    x, kernel, bias = layer.x, layer.weights.get("kernel"), layer.weights.get("bias", np.zeros(()))
    if kernel is None or x.ndim != 2 or x.shape[1] != kernel.shape[0]:
        return None
    path = layer.row.new.name.partition("#")[0]
    chw = layer.case.evidence.pixels.get(path, {}).get("rows") or _pixels_before(layer)
    if not chw:
        made = [x @ kernel + added for added in (np.zeros(()), bias)]
        is_right = any(
            y.shape == layer.theirs.shape and apart(y, layer.theirs)[0] < AGREE for y in made
        )
        return Reason(Kind.FLATTENING, "") if is_right else None
    orders = {
        "as it is": x,
        "last": layouts.channels_last(x, chw),
        "first": layouts.channels_first(x, chw),
    }

    def order_of(y: np.ndarray) -> str | None:
        return next(
            (
                name
                for name, pixels in orders.items()
                for added in (np.zeros(()), bias)
                if apart(y, pixels @ kernel + added)[0] < AGREE
            ),
            None,
        )

    ours, theirs = order_of(layer.ours), order_of(layer.theirs)
    if None in (ours, theirs) or ours == theirs:
        return None
    return Reason(
        Kind.FLATTENING,
        "the rows of its kernel are in another order: the port flattens maps of "
        f"{'x'.join(map(str, chw))} (C, H, W) otherwise than TF1",
    )


def _pixels_before(layer: LayerCase) -> Pixels | None:
    """(C, H, W) of the last maps before a layer that have as many values as it takes."""
    outputs = [a.new for a in layer.case.evidence.aligned[layer.mode]]
    place = next(i for i, s in enumerate(outputs) if s.name == layer.row.new.name)
    for output in reversed([s.output for s in outputs[:place]]):
        if output.ndim == 4 and output[0].size == layer.x.shape[1]:
            _, h, w, c = output.shape
            return c, h, w
    return None


def resize(layer: LayerCase) -> Reason | None:
    """Another way of resizing."""
    kinds = [map_probes.resize_kind(layer.x, y) for y in (layer.ours, layer.theirs)]
    if kinds[0] != kinds[1] and any(kinds):
        old, new = (k or "another" for k in kinds)
        text = f"the resize is {new}, TF1's is {old}"
        return Reason(Kind.RESIZE, text, values=(new, old))
    return None


def pool(layer: LayerCase) -> Reason | None:
    """The largest for the mean of a block, or the reverse."""
    kinds = [map_probes.pool_kind(layer.x, y) for y in (layer.ours, layer.theirs)]
    if kinds[0] and kinds[1] and kinds[0] != kinds[1]:
        text = "pools {1} of each block, TF1 {0}".format(*kinds)
        return Reason(Kind.POOL, text, values=(kinds[1], kinds[0]))
    return None


def anything(layer: LayerCase) -> Reason | None:
    """Tries what may stand in a layer of a user's own, or between two layers."""
    x, ours, theirs, weights = layer.x, layer.ours, layer.theirs, layer.weights
    is_gated = any(w.ndim == 2 and w.shape[1] % 4 == 0 for w in weights.values())
    if is_gated and (reason := recurrent(layer)):
        return reason
    if ours.shape == theirs.shape and x.shape == ours.shape:
        if reason := activation(layer):
            return reason
        # what a whole model gives is what its last layer does
        if np.array_equal(x, theirs) and layer.row.new.kind != "model":
            return Reason(Kind.OUTPUT, "gives its input as it is, TF1 does not")
        if weights.get("beta") is not None or weights.get("gamma") is not None:
            return norm(layer)
    if x.ndim == 4 and ours.ndim == 4:
        return pool(layer) or resize(layer)
    if ours.ndim == 2 and x.ndim == 4 and ours.shape == theirs.shape:
        _, h, w, c = x.shape
        if apart(ours, layouts.channels_last(theirs, (c, h, w)))[0] < AGREE:
            text = f"flattens {c}x{h}x{w} maps channel by channel, TF1 pixel by pixel"
            return Reason(Kind.FLATTENING, text)
    return None


BY_KIND: dict[str, Callable[[LayerCase], Reason | None]] = {
    "activation": activation,
    "dropout": dropout,
    "norm": norm,
    "conv": convolution,
    "deconv": convolution,
    "dense": dense,
    "pool": pool,
    "resize": resize,
    "recurrent": recurrent,
}

# layers whose function shows in any input and output
OF_ITSELF: dict[str, Callable[[np.ndarray, np.ndarray], str | None]] = {
    "activation": estimates.named_activation,
    "pool": map_probes.pool_kind,
    "resize": map_probes.resize_kind,
}
CALLED = {"activation": "the activation is", "pool": "the pool takes", "resize": "the resize is"}
KIND_OF_ITSELF = {"activation": Kind.ACTIVATION, "pool": Kind.POOL, "resize": Kind.RESIZE}
