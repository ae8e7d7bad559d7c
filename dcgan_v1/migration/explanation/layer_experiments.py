"""Why one layer's output differs, by its kind: experiments on what it is given.

Each function takes the pair, the mode, the row, the layer's input, TF1's output, the
port's output and TF1's weights by part; and returns a cause or None.
"""

import itertools

import numpy as np

from dcgan_v1.migration.comparison.alignment import apart
from dcgan_v1.migration.explanation import probes
from dcgan_v1.migration.matching import layouts

AGREE = 1e-9


def activation(pair, mode, row, x, ours, theirs, weights):
    names = [probes.activation(x, y) for y in (ours, theirs)]
    slopes = [probes.slope(x, y) if x.min() < 0 else None for y in (ours, theirs)]
    if all(n is None for n in names) and None not in slopes:
        return "leaky ReLU has slope {1:.3g}, TF1's has {0:.3g}".format(*slopes)
    if names[0] != names[1] and any(names):
        known = [
            name or f"leaky ReLU of slope {slope:.3g}"
            for name, slope in zip(names, slopes, strict=True)
        ]
        return "the activation is {1}, TF1's is {0}".format(*known)
    return None


def dropout(pair, mode, row, x, ours, theirs, weights):
    if x.shape == theirs.shape and np.array_equal(theirs, x):
        return "dropout is left off: the output is the input"
    if x.shape == ours.shape and np.array_equal(ours, x):
        return "drops out where TF1 drops out nothing"
    scales = [probes.ratio(x, y) for y in (ours, theirs)]
    return "dropout scales what it keeps by {1:.3g}, TF1's by {0:.3g}".format(*scales)


def norm(pair, mode, row, x, ours, theirs, weights):
    mean, variance = None, None
    if mode == "inference":
        mean, variance = weights.get("mean"), weights.get("variance")
        by_batch = probes.norm_epsilon(x, theirs, weights)
        if by_batch and by_batch[2] < AGREE and 0 <= by_batch[0] < 1:
            return "normalises by the batch, TF1 by the averages"
    found = [probes.norm_epsilon(x, y, weights, mean, variance) for y in (ours, theirs)]
    if None in found:
        return "normalises otherwise"
    (e, place, spread), (e2, place2, spread2) = found
    if max(spread, spread2) > 1e-3:
        return "normalises otherwise"
    if place != place2:
        return (
            f"epsilon {e2:.2g} is added {place2} the root of the variance, TF1 adds "
            f"{e:.2g} {place} it"
        )
    return f"batch norm's epsilon is {e2:.3g}, TF1's {e:.3g}"


def convolution(pair, mode, row, x, ours, theirs, weights):
    kernel, bias = weights.get("kernel"), weights.get("bias", 0)
    transposed = row.new.kind == "deconv"
    if kernel is not None and x.ndim == 4 and kernel.ndim == 4:
        pads = [probes.padding(x, kernel, y - bias, transposed) for y in (ours, theirs)]
        if None in pads:  # TF1's op may come before its bias is added
            pads = [probes.padding(x, kernel, y, transposed) for y in (ours, theirs)]
        if None not in pads and pads[0] != pads[1]:
            return (
                f"padding: {pads[1]} rows and columns are added before the image, TF1 "
                f"adds {pads[0]} (its SAME is not symmetric here)"
            )
    return "the convolution differs (stride, or the layout of its kernel)"


def dense(pair, mode, row, x, ours, theirs, weights):
    """Whether the sides number the pixels that a kernel's rows stand for otherwise."""
    kernel, bias = weights.get("kernel"), weights.get("bias", 0)
    if kernel is None or x.ndim != 2 or x.shape[1] != kernel.shape[0]:
        return None
    path = row.new.name.partition("#")[0]
    chw = pair.maps.get(path, {}).get("rows") or _pixels_before(pair, mode, row, x)
    if not chw:
        return None
    orders = {
        "as it is": x,
        "last": layouts.channels_last(x, tuple(chw)),
        "first": layouts.channels_first(x, tuple(chw)),
    }
    found = [
        next(
            (
                name
                for name, pixels in orders.items()
                for added in (0, bias)
                if apart(y, pixels @ kernel + added)[0] < AGREE
            ),
            None,
        )
        for y in (ours, theirs)
    ]
    if None in found or found[0] == found[1]:
        return None
    return (
        "the rows of its kernel are in another order: the port flattens maps of "
        f"{'x'.join(map(str, chw))} (C, H, W) otherwise than TF1"
    )


def _pixels_before(pair, mode, row, x):
    """(C, H, W) of the last maps before a layer that have as many values as it
    takes."""
    rows = [a.new for a in pair.aligned[mode]]
    place = next(i for i, seen in enumerate(rows) if seen.name == row.new.name)
    for seen in reversed(rows[:place]):
        if seen.output.ndim == 4 and seen.output[0].size == x.shape[1]:
            _, h, w, c = seen.output.shape
            return c, h, w
    return None


def resize(pair, mode, row, x, ours, theirs, weights):
    kinds = [probes.resize_kind(x, y) for y in (ours, theirs)]
    if kinds[0] != kinds[1] and any(kinds):
        return "the resize is {1}, TF1's is {0}".format(*(k or "another" for k in kinds))
    return None


def anything(pair, mode, row, x, ours, theirs, weights):
    """Tries what may stand in a layer of a user's own, or between two layers."""
    is_gated = any(w.ndim == 2 and w.shape[1] % 4 == 0 for w in weights.values())
    cause = is_gated and recurrent(pair, mode, row, x, ours, theirs, weights)
    if cause:
        return cause
    if ours.shape == theirs.shape and x.shape == ours.shape:
        if cause := activation(pair, mode, row, x, ours, theirs, weights):
            return cause
        if np.array_equal(x, theirs):
            return "gives its input as it is, TF1 does not"
        if weights.get("beta") is not None or weights.get("gamma") is not None:
            return norm(pair, mode, row, x, ours, theirs, weights)
    if x.ndim == 4 and ours.ndim == 4:
        return resize(pair, mode, row, x, ours, theirs, weights)
    if ours.ndim == 2 and x.ndim == 4:
        _, h, w, c = x.shape
        if apart(ours, layouts.channels_last(theirs, (c, h, w)))[0] < AGREE:
            return f"flattens {c}x{h}x{w} maps channel by channel, TF1 pixel by pixel"
    return None


def recurrent(pair, mode, row, x, ours, theirs, weights):
    """Runs the port again with its gates in every order, and another forget bias."""
    path = row.new.name.partition("#")[0]
    gated = [
        r
        for r in pair.matching.rows
        if pair.theirs["variables"][r.new]["layer"] == path
        and r.layout.shape(pair.shapes[r.old])[-1 if r.layout.kind == "plain" else 0] % 4 == 0
    ]
    for gates in map("".join, itertools.permutations("ijfo")):
        for forget in (0.0, 1.0, -1.0):
            changed = [
                r._replace(
                    layout=r.layout._replace(
                        gates=_through(r.layout.gates or "ijfo", gates),
                        forget=r.layout.forget + forget,
                    )
                )
                for r in gated
            ]
            if apart(ours, pair.output_with(changed, row.new.name, mode))[0] < AGREE:
                return _gate_cause(gates, forget)
    return None


def _through(own, gates):
    """The order that results where the port's own is taken for another."""
    return "".join(own["ijfo".index(g)] for g in gates)


def _gate_cause(gates, forget):
    said = []
    if gates != "ijfo":
        said.append("the gates are in another order")
    if forget:
        said.append(f"the forget bias is off by {-forget:+g}")
    return "LSTM cell: " + ", and ".join(said) if said else None


BY_KIND = {
    "activation": activation,
    "dropout": dropout,
    "norm": norm,
    "conv": convolution,
    "deconv": convolution,
    "dense": dense,
    "resize": resize,
    "recurrent": recurrent,
}
