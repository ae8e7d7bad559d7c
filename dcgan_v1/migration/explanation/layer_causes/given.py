"""What a layer with a kernel is given instead of what TF1's op beside it is given."""

import numpy as np

from dcgan_v1.migration.comparison.pairs.alignment import apart
from dcgan_v1.migration.explanation import estimates
from dcgan_v1.migration.explanation.case import Case
from dcgan_v1.migration.explanation.kinds import Kind
from dcgan_v1.migration.explanation.layer_causes import map_probes
from dcgan_v1.migration.explanation.layer_causes.layer_case import AGREE, LayerCase, Reason
from dcgan_v1.migration.matching import layouts
from dcgan_v1.migration.records import LayerOutput

KINDS = ("conv", "deconv", "dense")


def instead(layer: LayerCase) -> Reason | None:
    """Says which of TF1's arrays a layer is given where TF1's op is given another, or the same
    times a number: both sides' kernels make of these what they give. None where it is not known."""
    row, kernel = layer.row, layer.weights.get("kernel")
    if row.new.kind not in KINDS or kernel is None or row.old is None:
        return None
    layers = layer.case.evidence.layers[layer.mode]
    stop = next((i for i, op in enumerate(layers) if op.name == row.old.name), 0)
    x = layer.x if _makes(layer, layer.x, layer.theirs) else None
    before = [op for op in layers[:stop] if x is not None and op.output.size == x.size]
    ours = next((op for op in reversed(before) if _makes(layer, op.output, layer.ours)), None)
    if x is None or ours is None or _apart(ours, x) <= AGREE:
        return None
    ours = next(op for op in before if _apart(op, ours.output.reshape(x.shape)) <= AGREE)
    factor = estimates.factor(ours.output.reshape(x.shape), x)
    if factor is not None:
        text = f"what it is given is {factor:.4g} times TF1's {ours.name}: another scale"
        return Reason(Kind.SCALE, text)
    theirs = next((op for op in reversed(before) if _apart(op, x) <= AGREE), None)
    if theirs is None:
        return None
    text = f"it is given what TF1's {theirs.name} gives, TF1's op what {ours.name} gives"
    return Reason(Kind.GIVEN, text)


def scaled_kernel(layer: LayerCase) -> Reason | None:
    """Whether a dense layer gives TF1's numbers times one, but for its bias."""
    bias = layer.weights.get("bias", np.zeros(()))
    factor = estimates.factor(layer.ours - bias, layer.theirs - bias)
    if layer.row.new.kind != "dense" or factor is None:
        return None
    text = f"it multiplies by {factor:.4g} times what TF1 multiplies by"
    return Reason(Kind.KERNEL, text)


def in_tf1_order(case: Case, layer: LayerOutput, x: np.ndarray) -> np.ndarray:
    """Returns flattened maps that a layer is given with their pixels as TF1's kernel counts them.

    Args:
      case: what is known of both sides' variables.
      layer: of the port's.
      x: what it is given.
    """
    info, path = case.evidence.new.variables, layer.name.partition("#")[0]
    places = {info[n].layer for n in layer.parts.values() if n in info} or {path}
    old = case.evidence.old.variables
    orders = [
        r.layout.rows
        for r in case.evidence.matching.rows
        if info[r.new].layer in places and r.layout.rows and old[r.old].shape[0] == x.shape[-1]
    ]
    return layouts.channels_last(x, orders[0]) if orders and x.ndim == 2 else x


def _apart(op: LayerOutput, x: np.ndarray) -> float:
    """How far what an op gives is from what a layer is given, flattened in either order."""
    y = op.output
    orders = [y, y.transpose(0, 3, 1, 2)] if y.ndim == 4 and x.ndim == 2 else [y]
    return min(apart(order.reshape(x.shape), x)[0] for order in orders)


def _makes(layer: LayerCase, x: np.ndarray, y: np.ndarray) -> bool:
    """Whether a kernel of TF1's makes y of x, with a bias or without."""
    kernel, bias = layer.weights["kernel"], layer.weights.get("bias", np.zeros(()))
    sums = (y, y - bias)
    if kernel.ndim == 2:
        flat = x.reshape(len(x), -1)
        if flat.shape[1] != kernel.shape[0] or y.ndim != 2:
            return False
        return any(apart(y_, flat @ kernel)[0] < AGREE for y_ in sums)
    is_transposed = layer.row.new.kind == "deconv"
    channels = kernel.shape[3 if is_transposed else 2]
    if x.ndim != 4 or y.ndim != 4 or x.shape[3] != channels:
        return False
    return any(map_probes.padding(x, kernel, y_, is_transposed) is not None for y_ in sums)
