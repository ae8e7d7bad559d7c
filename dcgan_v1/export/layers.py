"""A network as a list of layers with their weights, read off its graph, to be built elsewhere."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from dcgan_v1.errors import UserError
from dcgan_v1.export.networks import Network
from dcgan_v1.porting.graphs.graph import build
from dcgan_v1.porting.graphs.opening import raw_ops
from dcgan_v1.porting.reading.flow import Flow, Out, Piece

KINDS = {  # as `porting` calls them -> as `nn` does
    **{"dense": "linear", "conv": "conv2d", "deconv": "conv2d_transpose", "flatten": "reshape"}
}
KNOWN = (
    *("linear", "conv2d", "conv2d_transpose", "resize_conv2d", "batch_norm", "leaky_relu"),
    *("relu", "tanh", "sigmoid", "reshape", "avg_pool"),
)
PARTS = {"kernel": "w", "bias": "b", "gamma": "gamma", "beta": "beta"}
PARTS |= {"mean": "moving_mean", "variance": "moving_variance"}
AVERAGES = ("moving_mean", "moving_variance")


class UnknownLayer(UserError):
    """A network that is not a chain of known layers."""


class Layer(NamedTuple):
    """One layer.

    Attributes:
      kind: the layer's function in `nn`; or relu, tanh, sigmoid, reshape, avg_pool.
      scope: the last word of its variable scope, '' where it has none of its own.
      input_shape, output_shape: without the batch.
      settings: stride, padding, slope, epsilon, is_training, or size, by kind.
      weights: name -> float32 array: w, b; gamma, beta, moving_mean, moving_variance.
    """

    kind: str
    scope: str
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]
    settings: dict[str, Any]
    weights: dict[str, np.ndarray]


def read_layers(network: Network) -> list[Layer]:
    """Returns a network's layers, from its input to its output, as `porting` recognises them.

    Raises:
      UnknownLayer: it is not a chain of known layers; the op in the way is named.
    """
    graph = network.session.graph
    names = {op.name for op in graph.get_operations()}
    graph_pieces = build(raw_ops(graph, names), {})
    out = Flow(graph_pieces, lambda _: 0).operand(graph_pieces.tensor(network.y.name))
    layers: list[Layer] = []
    while isinstance(out, Out) and out.piece.kind != "input":
        piece = out.piece
        x = _before(piece)
        kind = KINDS.get(piece.kind, piece.kind)
        if kind == "conv2d" and (small := _before_growth(x.piece)):
            kind, x = "resize_conv2d", small
        if kind not in KNOWN:
            type_ = piece.settings.get("type", piece.kind)
            raise UnknownLayer(f"no known layer computes op {type_} ({piece.op.name})")
        layers.append(_layer(network, kind, piece, x))
        out = x
    return layers[::-1]


def _before(piece: Piece) -> Out:
    """Returns the one value that a layer is given."""
    inputs = [x for x in piece.inputs if isinstance(x, Out)]
    if len(inputs) != 1 or (len(inputs) < len(piece.inputs) and piece.kind != "op"):
        type_ = piece.settings.get("type", piece.op.type)
        raise UnknownLayer(f"no known layer computes op {type_} ({piece.op.name})")
    return inputs[0]


def _before_growth(piece: Piece) -> Out | None:
    """Returns what a bilinear resize to twice the size is given, else None."""
    if piece.settings.get("type") != "ResizeBilinear":
        return None
    x = _before(piece)
    before, after = x.piece.outputs[x.index][0], piece.outputs[0][0]
    if not before or not after or [2 * (n or 0) for n in before[1:3]] != list(after[1:3]):
        return None
    return x


def _layer(network: Network, kind: str, piece: Piece, x: Out) -> Layer:
    variables = {v.op.name: v for v in network.session.graph.get_collection("variables")}
    names = {PARTS[part]: name for part, name in piece.variables.items()}
    weights = network.session.run({part: variables[name] for part, name in names.items()})
    settings = _settings(kind, piece)
    if settings.get("is_training"):  # it reads no averages
        like = next(iter(weights.values()))
        weights |= dict(zip(AVERAGES, (np.zeros_like(like), np.ones_like(like)), strict=True))
    scope = next(iter(names.values()), "").rpartition("/")[0].rpartition("/")[2]
    shapes = x.piece.outputs[x.index][0], piece.outputs[0][0]
    input_shape, output_shape = (tuple(int(n or 0) for n in (s or ())[1:]) for s in shapes)
    return Layer(kind, scope, input_shape, output_shape, settings, weights)


def _settings(kind: str, piece: Piece) -> dict[str, Any]:
    s = piece.settings
    if kind in ("conv2d", "conv2d_transpose"):
        return {"stride": s["strides"][0], "padding": s["padding"].upper()}
    if kind == "batch_norm":
        return {"is_training": s["by"] == "batch", "epsilon": s["epsilon"]}
    if kind == "leaky_relu":
        return {"slope": s["slope"]}
    if kind == "avg_pool":
        if s["size"] != s["strides"] or s["padding"] != "same":
            raise UnknownLayer(f"no known layer computes op AvgPool ({piece.op.name})")
        return {"size": s["size"][0]}
    return {}


def scale_and_shift(layer: Layer) -> tuple[np.ndarray, np.ndarray]:
    """Returns batch norm by its averages as float32 (scale [C], shift [C]): y is
    x * scale + shift."""
    w = {name: array.astype(np.float64) for name, array in layer.weights.items()}
    scale = w.get("gamma", 1.0) / np.sqrt(w["moving_variance"] + layer.settings["epsilon"])
    shift = w["beta"] - w["moving_mean"] * scale
    return scale.astype(np.float32), shift.astype(np.float32)
