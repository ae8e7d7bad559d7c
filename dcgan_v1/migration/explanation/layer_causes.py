"""Why a layer's output differs: small experiments on its input and both outputs."""

import numpy as np

from dcgan_v1.migration.comparison.alignment import apart
from dcgan_v1.migration.explanation import layer_experiments, probes
from dcgan_v1.migration.explanation.layer_experiments import AGREE


def forward(pair, over):
    """Yields (where, cause) of the first layers that differ though what they are given
    does not: one for each model."""
    keys = {d.key for d in over}
    seen_models, found = set(), []
    for mode in ("training", "inference"):
        rows = pair.aligned.get(mode, [])
        for place, row in enumerate(rows):
            model = row.new.name.partition("/")[0]
            if model in seen_models or not _is_over(row, mode, keys):
                continue
            if (
                place
                and _is_over(rows[place - 1], mode, keys)
                and _is_downstream(pair, mode, rows, place)
            ):
                continue
            seen_models.add(model)
            cause = _cause(pair, mode, rows, place)
            if mode == "inference":
                alone = "in inference alone: " if "training" in pair.aligned else ""
                cause = _in_inference(pair, row) or f"{alone}{cause}"
            idle = place and _is_idle(rows, place - 1)
            found.append((_name(rows[place - 1] if idle else row), cause))
        if found:
            break
    return found


def _is_over(row, mode, keys):
    return any(k.name == row.new.name and k.part == mode for k in keys)


def _is_downstream(pair, mode, rows, place):
    """Whether a layer is given what already differs."""
    row = rows[place]
    return row.new.input is None or _like_any(pair, mode, row.new.input) is None


def _is_idle(rows, place):
    """Whether a layer gives what it is given."""
    if not place:
        return False
    before, now = rows[place - 1].new.output, rows[place].new.output
    return before.shape == now.shape and np.array_equal(before, now)


def _name(row):
    base = row.new.name.partition("#")[0]
    return f"{base} (TF1: {row.old.name})"


def _like_any(pair, mode, array):
    """Returns the Seen of TF1's that has the same values as an array, or None."""
    for seen in pair.layers_old[mode]:
        if seen.output.shape == array.shape and apart(seen.output, array)[0] <= AGREE:
            return seen
    for name, value in pair.inputs_of_step().items():
        if value.shape == array.shape and np.array_equal(value, array):
            return name
    return None


def _cause(pair, mode, rows, place):
    row = rows[place]
    before = rows[place - 1].new.output if place else None
    x, ours, theirs = row.new.input, row.old.output, row.new.output
    if x is not None and before is not None and _like_any(pair, mode, x) is None:
        # what the layer is given differs already: something between the two layers
        between = _between(pair, mode, rows[place - 1], before, x)
        if between:
            return between
    x = before if x is None else x
    if x is None:
        return f"the output differs by {row.absolute:.1e}"
    if place and (skipped := _skipped(pair, mode, rows[place - 1], row, x)):
        return skipped
    weights = _weights(pair, row.new.name)
    find = layer_experiments.BY_KIND.get(row.new.kind, layer_experiments.anything)
    cause = find(pair, mode, row, x, ours, theirs, weights)
    return cause or f"the output differs by {row.absolute:.1e} ({row.relative:.1e})"


def _skipped(pair, mode, last, row, x):
    """What TF1 does between two layers that the port leaves out."""
    names = [seen.name for seen in pair.layers_old[mode]]
    if last.old is None:
        return None
    start, stop = names.index(last.old.name), names.index(row.old.name)
    for seen in pair.layers_old[mode][start + 1 : stop]:
        y = seen.output
        if y.shape != x.shape or apart(y, x)[0] <= AGREE:
            continue
        kept = y != 0
        if not kept.all() and kept.any() and np.ptp(y[kept] / x[kept]) < AGREE:
            return "dropout is left off: the output is the input"
        name = probes.activation(x, y)
        if name:
            return f"{name} is left out before it; TF1 has it ({seen.name})"
    return None


def _between(pair, mode, row, x, theirs):
    """What a port does between two layers by itself: TF1's ops of that shape that come
    next are tried."""
    names = [seen.name for seen in pair.layers_old[mode]]
    start = names.index(row.old.name) if row.old else 0
    for seen in pair.layers_old[mode][start + 1 : start + 12]:
        if seen.output.shape == theirs.shape:
            cause = layer_experiments.anything(pair, mode, row, x, seen.output, theirs, {})
            if cause:
                return cause
    return None


def _weights(pair, name):
    """part -> TF1's array of the layer's variables, at the start."""
    path = name.partition("#")[0]
    return {
        pair.theirs["variables"][r.new]["part"]: pair.start[r.old]
        for r in pair.matching.rows
        if pair.theirs["variables"][r.new]["layer"] == path
    }


def _in_inference(pair, row):
    """Averages of weights: TF1 may read shadows where the port reads raw weights."""
    shadows = {
        name.removesuffix("/ExponentialMovingAverage"): name
        for name in pair.start
        if name.endswith("/ExponentialMovingAverage")
    }
    used = {r.old for r in pair.matching.rows} & shadows.keys()
    if not used:
        return None
    start = pair.start | {name: pair.start[shadows[name]] for name in used}
    output = pair.output_with([], row.new.name, "inference", start)
    if _like_any(pair, "inference", output) is not None:
        return (
            "TF1 reads the moving averages of the weights (ExponentialMovingAverage "
            "shadows) in inference, the port the raw weights"
        )
    return None
