"""Decides whether a layer's input, ops ahead of it or the layer itself explains a difference."""

from dataclasses import replace

import numpy as np

from dcgan_v1.migration.comparison.evidence import Aligned
from dcgan_v1.migration.comparison.pairs.alignment import apart, model_of
from dcgan_v1.migration.explanation import estimates
from dcgan_v1.migration.explanation.case import Case
from dcgan_v1.migration.explanation.kinds import Kind
from dcgan_v1.migration.explanation.layer_causes import (
    closing_activations,
    convolutions,
    given,
    known,
    layer_experiments,
    map_probes,
    norm_layers,
)
from dcgan_v1.migration.explanation.layer_causes.layer_case import AGREE, LayerCase, Reason
from dcgan_v1.migration.records import Arrays, LayerOutput

ROUNDED = 1e-6  # relative, of what was computed in float32 once
NEAR = 2  # layers before and after one
WITH_ACTIVATIONS = ("conv", "deconv", "dense")  # kinds of Keras's layers that may end in one
AHEAD = 12  # ops of TF1's after a layer that may do what the port does between two layers


def find(case: Case, mode: str, rows: list[Aligned], place: int) -> Reason:
    """Returns why a layer's output differs; that it does, where no reason is found.

    Args:
      case: where it is looked for.
      mode: 'training' or 'inference'.
      rows: layers of that mode; place: of the layer among them.
    """
    row = rows[place]
    assert row.old is not None
    unknown = Reason(Kind.OUTPUT, f"the output differs by {row.absolute:.1e} ({row.relative:.1e})")
    before = rows[place - 1].new.output if place else None
    x, ours, theirs = row.new.input, row.old.output, row.new.output
    x = None if x is None else given.in_tf1_order(case, row.new, x)
    if x is not None and not known.is_known(case, mode, x):
        # what the layer is given differs already: something between the two layers
        between = known.scaled_input(case, x)
        if between is None and before is not None:
            between = _between(case, mode, rows[place - 1], before, x)
        if between is not None:
            return between
    x = before if x is None else x
    if x is None:
        return unknown
    if activation := _own_activation(case, mode, row) or closing_activations.find(case, mode, row):
        return activation
    layer = LayerCase(case, mode, row, x, ours, theirs, weights_of(case, row.new))
    if row.new.kind == "norm" and (elsewhere := norm_layers.elsewhere(layer)):
        return elsewhere
    if place and (left_out := skipped(case, mode, rows[place - 1], row, x)):
        return left_out
    find_by_kind = layer_experiments.BY_KIND.get(row.new.kind, layer_experiments.anything)
    found = find_by_kind(layer)
    is_of_other = found is not None and (found == convolutions.CONVOLUTION or not found.text)
    if (found is None or is_of_other) and (instead := given.instead(layer)):
        return instead
    if is_of_other and not known.is_known(case, mode, x):
        return _given_other(rows[:place], row, x) or found or unknown
    if found is not None and found.kind == Kind.CONVOLUTION and not found.text:
        return unknown
    if found is None and known.is_known(case, mode, x):
        return given.scaled_kernel(layer) or unknown
    return found or unknown


def _own_activation(case: Case, mode: str, row: Aligned) -> Reason | None:
    """Another activation in a layer with weights, `Dense(5, activation="relu")`: its output is one
    of what TF1's op beside it gives, and what TF1 makes of that next is another."""
    ours, theirs, layers = row.old, row.new.output, case.evidence.layers[mode]
    if row.new.kind not in WITH_ACTIVATIONS or ours is None or ours.output.shape != theirs.shape:
        return None
    start = next((i for i, layer in enumerate(layers) if layer.name == ours.name), len(layers))
    for layer in layers[start + 1 : start + AHEAD]:
        if layer.output.shape == theirs.shape and layer.reads == ours.reads:
            found = layer_experiments.other_activation(ours.output, layer.output, theirs)
            if found is not None:
                return replace(found, op=layer)
    return None


def by_itself(case: Case, mode: str, rows: list[Aligned], place: int) -> Reason | None:
    """Returns why a layer of a known function differs where it is given something else than TF1's
    op is: what each side is given and gives tells its function.

    Args:
      case: where it is looked for.
      mode: 'training' or 'inference'.
      rows: layers of that mode; place: of the layer among them.
    """
    row, layers = rows[place], case.evidence.layers[mode]
    tell = layer_experiments.OF_ITSELF.get(row.new.kind)
    x = row.new.input if row.new.input is not None else rows[place - 1].new.output
    theirs = tell and tell(x, row.new.output)
    if tell is None or theirs is None or row.old is None:
        return None
    stop = next(i for i, layer in enumerate(layers) if layer.name == row.old.name)
    given = [layer.output for layer in layers[max(stop - AHEAD, 0) : stop]]
    told = (tell(x, row.old.output) for x in reversed(given))
    ours = next((name for name in told if name), None)
    if ours is None or ours == theirs:
        return None
    text = f"{layer_experiments.CALLED[row.new.kind]} {theirs}, TF1's is {ours}"
    kind = layer_experiments.KIND_OF_ITSELF[row.new.kind]
    return Reason(kind, text, values=(theirs, ours))


def _given_other(rows: list[Aligned], row: Aligned, x: np.ndarray) -> Reason | None:
    """What a layer is given is nothing of TF1's: what comes between it and the layer ahead of it,
    which agrees, is another function.

    Args:
      rows: ahead of the layer's own; x: what it is given.
    """
    ahead = next((r for r in reversed(rows) if r.old is not None), None)
    if ahead is None or not ahead.relative <= AGREE:
        return None
    last = ahead.new
    if model_of(last.name) != model_of(row.new.name):
        return None
    kind = map_probes.resize_kind(last.output, x) or map_probes.pool_kind(last.output, x)
    told = f" ({kind})" if kind else ""
    return Reason(
        Kind.OUTPUT,
        "what it is given is nothing that TF1 computes: what the port does between "
        f"{last.name} and it{told} is another function",
    )


def skipped(case: Case, mode: str, last: Aligned, row: Aligned, x: np.ndarray) -> Reason | None:
    """What TF1 does between two layers that the port leaves out.

    Args:
      case: the evidence, and what may be asked of both programs.
      mode: 'training' or 'inference'.
      last: the layer before, side by side.
      row: the layer that differs.
      x: what the port's layer is given.
    """
    layers = case.evidence.layers[mode]
    names = [layer.name for layer in layers]
    if row.old is None:
        return None
    stop = names.index(row.old.name)
    if last.old is None:
        return None if known.is_known(case, mode, x) else _scaled(layers[:stop], x)
    start = names.index(last.old.name)
    for layer in layers[start + 1 : stop]:
        y = layer.output
        if y.shape != x.shape and _is_flattened(x, last.new.output):
            x = last.new.output
        if y.shape != x.shape or apart(y, x)[0] <= AGREE:
            continue
        if apart(y, x)[0] < ROUNDED:
            text = f"what it is given is TF1's {layer.name} as float32 rounds it"
            return Reason(Kind.ROUNDING, text)
        before = last.new.output
        if before.size == x.size and not np.array_equal(before.ravel(), x.ravel()):
            reason = layer_experiments.other_activation(before.reshape(x.shape), y, x)
            if reason:
                return replace(reason, op=layer)
        if name := estimates.named_activation(x, y):
            text = f"{name} is left out before it; TF1 has it ({layer.name})"
            settings, values = {"no activation": 1.0}, ("none", name)
            return Reason(Kind.ACTIVATION, text, settings, values=values, op=layer)
        is_drop = before.shape == x.shape == y.shape and np.any((x == 0) & (before != 0))
        rates = layer_experiments.dropout(LayerCase(case, mode, row, before, y, x, {}))
        if is_drop and rates is not None and rates.kind == Kind.DROPOUT_RATE:
            return rates
        kept = y != 0
        drops = not kept.all() and kept.any() and np.ptp(y[kept] / x[kept]) < AGREE
        if drops and not _drops_near(case.evidence.aligned.get(mode, []), row):
            return Reason(Kind.DROPOUT, "dropout is left off: the output is the input")
    return None if known.is_known(case, mode, x) else _scaled(layers[start + 1 : stop], x)


def _scaled(between: list[LayerOutput], x: np.ndarray) -> Reason | None:
    """Whether a layer is given TF1's last array ahead of its op, times a number."""
    op = next((layer for layer in reversed(between) if layer.output.shape == x.shape), None)
    factor = estimates.factor(op.output, x) if op else None
    if op is None or factor is None or abs(factor - 1) <= ROUNDED:
        return None
    text = f"what it is given is {factor:.4g} times TF1's {op.name}: another scale"
    return Reason(Kind.SCALE, text)


def _drops_near(rows: list[Aligned], row: Aligned) -> bool:
    """Whether the port's network drops out beside a layer: ahead of its activation, or after; a
    dropout that gives what it is given does not."""
    place = next((i for i, other in enumerate(rows) if other is row), 0)
    for i in range(max(place - NEAR, 1), min(place + NEAR + 1, len(rows))):
        before, now = rows[i - 1].new, rows[i].new
        is_own = now.kind == "dropout" and model_of(now.name) == model_of(row.new.name)
        if is_own and not np.array_equal(before.output, now.output):
            return True
    return False


def _is_flattened(x: np.ndarray, maps: np.ndarray) -> bool:
    """Whether an array holds the numbers of another one, in any order."""
    return x.size == maps.size and np.array_equal(np.sort(x, axis=None), np.sort(maps, axis=None))


def _between(
    case: Case, mode: str, row: Aligned, x: np.ndarray, theirs: np.ndarray
) -> Reason | None:
    """What a port does between two layers by itself: TF1's ops of that shape that come next, and
    are made of the same variables, are tried."""
    layers = case.evidence.layers[mode]
    names = [layer.name for layer in layers]
    start = names.index(row.old.name) if row.old else 0
    for layer in layers[start + 1 : start + AHEAD]:
        if layer.output.shape == theirs.shape:
            tried = LayerCase(case, mode, row, x, layer.output, theirs, {})
            if reason := layer_experiments.anything(tried):
                return replace(reason, op=layer)
    return None


def weights_of(case: Case, layer: LayerOutput) -> Arrays:
    """Returns part -> TF1's array of a layer's variables, at the start."""
    path = layer.name.partition("#")[0]
    info = case.evidence.new.variables
    if layer.parts:
        old_of = {r.new: r.old for r in case.evidence.matching.rows}
        return {
            part: case.evidence.start.variables[old_of[name]]
            for part, name in layer.parts.items()
            if name in old_of
        }
    return {
        info[r.new].part: case.evidence.start.variables[r.old]
        for r in case.evidence.matching.rows
        if info[r.new].layer == path
    }


def in_inference(case: Case, row: Aligned) -> Reason | None:
    """Averages of weights: TF1 may read shadows where the port reads raw weights."""
    start = case.evidence.start
    shadows = {
        name.removesuffix("/ExponentialMovingAverage"): name
        for name in start.variables
        if name.endswith("/ExponentialMovingAverage")
    }
    used = {r.old for r in case.evidence.matching.rows} & shadows.keys()
    if not used:
        return None
    averaged = start.replaced({name: start.variables[shadows[name]] for name in used})
    output = case.experiments.output_with([], row.new.name, "inference", averaged)
    if known.is_known(case, "inference", output):
        return Reason(
            Kind.AVERAGED_WEIGHTS,
            "TF1 reads the moving averages of the weights (ExponentialMovingAverage "
            "shadows) in inference, the port the raw weights",
        )
    return None
