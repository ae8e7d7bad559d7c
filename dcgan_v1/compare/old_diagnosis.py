"""From what two sides computed to where they part and why.

Nothing here knows what was planted or how the counterpart was written: each cause is
worked out from numbers both sides gave for the same input.
"""

import numpy as np

from dcgan_v1.compare import old_matching as matching, probes
from dcgan_v1.compare.old_matching import Finding, variable_of


def diagnose(pair):
    """Returns the Findings of a finished `run.Pair`, the earliest cause first.

    A stage is looked into only where the ones before it agree: whatever differs in the
    forward pass differs ever after.
    """
    if pair.unmatched:
        return pair.unmatched
    over = {kind: [d for d in pair.found if d.is_over and d.kind == kind]
            for kind in ("forward", "loss", "gradient", "state")}  # fmt: skip
    if unmatched := matching.arrays(pair):
        return unmatched
    if over["forward"]:
        return _forward(pair, over["forward"])
    if over["gradient"]:
        return _gradients(pair, over["gradient"])
    if over["loss"]:
        first = over["loss"][0]
        return [Finding(first.name, f"the loss differs by {first.relative:.1e}")]
    if over["state"]:
        return _states(pair, over["state"])
    return []


# ---- forward ----


def _forward(pair, over):
    """The first layer over tolerance in each network, and what it does differently."""
    findings = []
    mode = over[0].name.partition("/")[0]
    for net in ("generator", "discriminator"):
        prefix = f"{mode}/{net}/"
        first = next((d.name for d in over if d.name.startswith(prefix)), None)
        if first:
            where = f"{net}/{first.removeprefix(prefix)}"
            findings.append(Finding(where, _layer_cause(pair, first, net)))
    return findings


def _layer_cause(pair, name, net):
    ours, theirs = (pair.seen[side]["forward"] for side in ("tf1", "other"))
    prefix, _, layer = name.rpartition("/")
    layers = [key for key in ours if key.startswith(f"{prefix}/")]
    place = layers.index(name)
    before = layers[place - 1] if place else None
    a, b = ours[name], theirs[name]
    if layer.startswith("lrelu"):
        slopes = [probes.slope(ours[before], y) for y in (a, b)]
        return "leaky ReLU has slope {1:.3g}, TF1's has {0:.3g}".format(*slopes)
    if layer.startswith("dropout"):
        if np.array_equal(b, theirs[before]):
            return "dropout is left off: the output is the input"
        return "dropout drops or scales otherwise"
    if layer.startswith(("conv", "deconv")):
        return _convolution_cause(pair, before, name, net)
    if layer.startswith("bn"):
        cause = "batch norm normalises otherwise"
        return _with_settings(pair, f"{net}/{layer}", cause)
    return f"the output differs by {np.max(np.abs(a - b)):.1e}"


def _convolution_cause(pair, before, name, net):
    """Tells padding from other differences by computing a few pixels anew."""
    ours, theirs = (pair.seen[side]["forward"] for side in ("tf1", "other"))
    layer = name.rpartition("/")[2]
    scope = f"{pair.job.config.model}/{net}/{layer}"
    if before is None:
        x = pair.real
    else:  # a batch norm is followed by a plain ReLU, which has no tap
        x = ours[before]
        x = np.maximum(x, 0) if "/bn" in before and x.ndim == 4 else x
    w, bias = pair.start[f"{scope}/w"], pair.start.get(f"{scope}/b", 0)
    transposed = layer.startswith("deconv")
    if x.ndim == 4 and x.shape[3] == w.shape[3 if transposed else 2]:
        pads = [
            probes.padding(x, w, side[name] - bias, transposed)
            for side in (ours, theirs)
        ]
        if None not in pads and pads[0] != pads[1]:
            return (
                f"padding: {pads[1]} rows and columns are added before the image, TF1 "
                f"adds {pads[0]} (its SAME is not symmetric here)"
            )
    return "the convolution differs (stride, or the layout of its kernel)"


# ---- gradients ----


def _gradients(pair, over):
    """Compares what differs with what two well-known mistakes would give."""
    first = over[0]
    theirs, ours = (pair.seen[side]["gradient"] for side in ("other", "tf1"))
    where = variable_of(first.name)
    leak = {
        key: ours[key] + pair.hypotheses[f"leak/{variable_of(key)}"]
        for key in ours
        if "/g_adam/" in key
    }
    differing = [d.name for d in over]
    if all(key in leak for key in differing) and _explains(leak, theirs, differing):
        cause = (
            "G's gradient also holds that of D's loss on fakes: a stop_gradient "
            "(detach) is missing"
        )
        return [Finding(where, cause)]
    late = {k.removeprefix("late/"): v for k, v in pair.hypotheses.items()}
    if all(key in late for key in differing) and _explains(late, theirs, differing):
        update = int(first.name.partition("/")[0]) + 1
        cause = (
            f"the gradient of the step's update {update} is taken before D's update, "
            "TF1's after it: the update order differs"
        )
        return [Finding(where, cause)]
    return [Finding(where, f"its gradient differs by {first.relative:.1e}")]


def _explains(hypothesis, theirs, keys):
    """Whether a hypothesis gives every differing gradient, up to rounding."""
    return all(
        np.max(np.abs(hypothesis[key] - theirs[key]))
        <= 1e-6 * np.max(np.abs(hypothesis[key]))
        or np.max(np.abs(theirs[key])) < 1e-12
        for key in keys
    )


# ---- what an update makes of a gradient ----


def _states(pair, over):
    """Moments, weights and averages after the first step, all gradients being equal."""
    first = [d for d in over if d.name.endswith("after step 1")]
    if not first:
        cause = f"agrees after step 1 and differs by {over[0].relative:.1e} later"
        return [Finding(over[0].name, cause)]
    findings = []
    average = next((d for d in first if "/moving_" in d.name), None)
    if average:
        findings.append(_average_finding(pair, variable_of(average.name)))
    others = [d for d in first if "/moving_" not in d.name]
    moments = [d for d in others if d.quantity.startswith(("m ", "v "))]
    weights = [d for d in others if d.quantity.startswith("weight ")]
    if moments:
        name = variable_of(moments[0].name)
        adam = name.rpartition("/")[2].removesuffix("_1")
        cause = "its moment moves otherwise: Adam's betas differ"
        findings.append(Finding(name, _with_settings(pair, adam, cause)))
    elif weights:
        findings.append(_adam_finding(pair, variable_of(weights[0].name)))
    elif not findings:
        d = first[0]
        findings.append(Finding(d.name, f"differs by {d.relative:.1e}"))
    return findings


def _adam_finding(pair, name):
    """Equal moments, other weights: what is left are rate and epsilon."""
    states = {side: pair.seen[side]["state", 1] for side in ("tf1", "other")}
    ours = states["tf1"]
    adam = next(
        k.rpartition("/")[2]
        for k in ours
        if k.startswith(f"{name}/") and k.endswith("_adam")
    )
    powers = [pair.start[f"{adam}/beta{i}_power"] for i in (1, 2)]
    settings = pair.descriptions["tf1"]["settings"][adam]
    rate = settings["learning rate"] * np.sqrt(1 - powers[1]) / (1 - powers[0])
    m, v = ours[f"{name}/{adam}"], ours[f"{name}/{adam}_1"]
    epsilons = [
        probes.adam_epsilon(state[name] - pair.start[name], m, v, rate)
        for state in states.values()
    ]
    cause = (
        f"{adam}'s epsilon acts as {epsilons[1]:.2g} in the first step, TF1's as "
        f"{epsilons[0]:.2g}, with equal moments"
    )
    return Finding(f"{adam} (first seen in {name})", _with_settings(pair, adam, cause))


def _average_finding(pair, name):
    """Tells another decay from another variance."""
    layer, _, kind = name.rpartition("/")
    net_layer = "/".join(name.split("/")[1:3])
    ours, theirs = (pair.seen[side]["state", 1] for side in ("tf1", "other"))
    if kind == "moving_variance":
        mean = f"{layer}/moving_mean"
        if np.allclose(ours[mean], theirs[mean], rtol=1e-6, atol=1e-9):
            decay = pair.descriptions["tf1"]["settings"][net_layer]["decay"]
            before = pair.start[name]
            n = probes.variance_count(before, ours[name], theirs[name], decay)
            if n is not None:
                kinds = ("unbiased", "biased") if n > 0 else ("biased", "unbiased")
                return Finding(
                    name,
                    f"the average follows the {kinds[0]} variance, TF1's the "
                    f"{kinds[1]} one (they differ by n / (n - 1) with n = {abs(n)})",
                )
    kept = probes.ratio(ours[name] - pair.start[name], theirs[name] - pair.start[name])
    cause = f"batch norm's decay differs: the average moves {kept:.3g} times as far"
    return Finding(name, _with_settings(pair, net_layer, cause))


def _with_settings(pair, name, cause):
    """Adds what both sides say of a layer or optimiser, where that differs."""
    ours, theirs = (
        pair.descriptions[side]["settings"].get(name, {}) for side in ("tf1", "other")
    )
    said = [
        f"{key} {theirs[key]:g} against {value:g}"
        for key, value in ours.items()
        if key in theirs and not np.isclose(value, theirs[key], rtol=1e-5, atol=0)
    ]
    return f"{cause}; by their own account: {', '.join(said)}" if said else cause
