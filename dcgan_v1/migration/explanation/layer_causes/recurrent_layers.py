"""Why a recurrent layer's output differs: the order of its gates, its forget bias."""

import itertools
from collections.abc import Callable

import numpy as np

from dcgan_v1.migration.comparison.pairs.alignment import apart
from dcgan_v1.migration.comparison.pairs.functions import sigmoid
from dcgan_v1.migration.explanation.kinds import Kind
from dcgan_v1.migration.explanation.layer_causes.layer_case import AGREE, LayerCase, Reason
from dcgan_v1.migration.matching import layouts
from dcgan_v1.migration.matching.matching import Row

TF1_GATES = "ijfo"


def recurrent(layer: LayerCase) -> Reason | None:
    """Takes the port's gates in every order, and with another forget bias: worked out by hand
    where the layer is an LSTM over a whole sequence from zeros, else by running the port."""
    matching, path = layer.case.evidence.matching, layer.row.new.name.partition("#")[0]
    info = layer.case.evidence.new.variables
    own = [
        r
        for r in matching.rows
        if info[r.new].layer == path or info[r.new].layer.startswith(f"{path}/")
    ]
    gated = [r for r in own if info[r.new].gates or _is_gated(layer, r)]
    if not gated:
        return None
    by_hand = _by_hand(layer, gated)
    for forget, gates in itertools.product((0.0, 1.0, -1.0), itertools.permutations("ijfo")):
        order = "".join(gates)
        changed = [
            r._replace(
                layout=r.layout._replace(
                    gates=_through(r.layout.gates or TF1_GATES, order),
                    forget=r.layout.forget + forget,
                )
            )
            for r in gated
        ]
        if by_hand is not None:
            output = by_hand(changed)
        else:
            output = layer.case.experiments.output_with(changed, layer.row.new.name, layer.mode)
        if output.shape == layer.ours.shape and apart(layer.ours, output)[0] < AGREE:
            text = _gates_text(order, forget)
            return Reason(Kind.LSTM, text) if text else None
    return None


def _is_gated(layer: LayerCase, row: Row) -> bool:
    axis = -1 if row.layout.kind == "plain" else 0
    return layer.case.evidence.new.variables[row.new].shape[axis] % 4 == 0


def _by_hand(layer: LayerCase, gated: list[Row]) -> Callable[[list[Row]], np.ndarray] | None:
    """Returns a function from rows of the map to what the layer would give, where what it gave can
    be worked out: gates 'ifjo', sigmoids and tanh, from zeros."""
    case, x = layer.case, layer.x
    values = case.evidence.start.variables
    info = case.evidence.new.variables
    if x.ndim != 3:
        return None

    def output(rows: list[Row]) -> np.ndarray:
        parts = {
            info[r.new].part: _plain(r.layout.to_port(np.asarray(values[r.old], np.float64)), r)
            for r in rows
        }
        sequence = lstm(x, parts["kernel"], parts["recurrent"], parts["bias"])
        return sequence if layer.theirs.ndim == 3 else sequence[:, -1]

    try:
        agrees = apart(layer.theirs, output(gated))[0] < AGREE
    except (KeyError, ValueError):  # another cell, or an argument of its own
        return None
    return output if agrees else None


def _plain(array: np.ndarray, row: Row) -> np.ndarray:
    axes = layouts.AXES[row.layout.kind]
    return array.transpose(axes) if axes and array.ndim == len(axes) else array


def lstm(x: np.ndarray, kernel: np.ndarray, recurrent: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """An LSTM from zeros, gates in the order input, forget, candidate, output.

    Args:
      x: [N, T, inputs].
      kernel: [inputs, 4 units].
      recurrent: [units, 4 units].
      bias: [4 units].

    Returns:
      [N, T, units].
    """
    units = recurrent.shape[0]
    h = c = np.zeros((len(x), units))
    outputs = []
    for t in range(x.shape[1]):
        gates = x[:, t] @ kernel + h @ recurrent + bias  # [N, 4 units]
        i, f, j, o = np.split(gates, 4, axis=1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(j)
        h = sigmoid(o) * np.tanh(c)
        outputs.append(h)
    return np.stack(outputs, axis=1)


def _through(own: str, gates: str) -> str:
    """The order that results where the port's own is taken for another."""
    return "".join(own[TF1_GATES.index(g)] for g in gates)


def _gates_text(gates: str, forget: float) -> str:
    causes = []
    if gates != TF1_GATES:
        causes.append("the gates are in another order")
    if forget:
        causes.append(f"the forget bias is off by {-forget:+g}")
    return "LSTM cell: " + ", and ".join(causes) if causes else ""
