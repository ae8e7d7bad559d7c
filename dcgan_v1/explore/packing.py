"""Networks for the page: their layers as JSON, their weights as bytes (`network.js`)."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow.compat.v1 as tf

from dcgan_v1 import image_files
from dcgan_v1.explore.page import Packed
from dcgan_v1.export.layers import Layer, UnknownLayer, read_layers, scale_and_shift
from dcgan_v1.export.networks import Network
from dcgan_v1.sample import draw_noise

DRAWS = 64
SCORES = 0.005  # of D's probabilities, which the page shows as whole percents
PLAIN = ("relu", "tanh", "sigmoid")
WITH_WEIGHTS = ("linear", "conv2d", "conv2d_transpose", "resize_conv2d")


def pack(network: Network, images: np.ndarray | None = None) -> Packed:
    """Returns a network's (layers, weights), batch norm by its averages.

    Weights are float16, or float32 where it shows: where 64 draws with float16 ones are more
    than 1 of 255 off, or D's probabilities more than `SCORES`; biases and batch norm are float32.

    Args:
      network: a generator, or with `images` a discriminator.
      images: [N, H, W, C] in the system's range, to be judged.

    Raises:
      UnknownLayer: it has a layer that the page does not know.
    """
    half = halves_do(network, images)
    packed: list[dict[str, Any]] = []
    data = bytearray()

    def place(array: np.ndarray, half: bool = False) -> dict[str, Any]:
        array = np.ascontiguousarray(array, "<f2" if half else "<f4")
        offset = len(data)
        data.extend(array.tobytes())
        data.extend(bytes(-len(data) % 4))
        return {"offset": offset, "count": array.size, "half": half}

    for layer in read_layers(network):
        for description, weights in _packed(layer):
            places = {name: place(w, half and name == "w") for name, w in weights}
            packed.append({**description, "weights": places})
    return packed, bytes(data)


def halves_do(network: Network, images: np.ndarray | None = None) -> bool:
    """Whether float16 weights draw the same pixels, but for 1 of 255; or judge `images` alike."""
    system, session = network.system, network.session
    x = draw_noise(system.noise, DRAWS, system.z_dim, seed=0) if images is None else images
    with session.graph.as_default():
        weights = [v for v in tf.global_variables() if v.op.name.endswith("/w")]
    before = session.run(weights)
    exact = session.run(network.y, {network.x: x})
    for variable, array in zip(weights, before, strict=True):
        variable.load(array.astype(np.float16).astype(np.float32), session)
    rough = session.run(network.y, {network.x: x})
    for variable, array in zip(weights, before, strict=True):
        variable.load(array, session)
    if images is not None:
        judged = [1 / (1 + np.exp(-y.astype(np.float64))) for y in (exact, rough)]
        return bool(np.abs(judged[0] - judged[1]).max() <= SCORES)
    pixels = [image_files.to_uint8(y, system.image_range).astype(int) for y in (exact, rough)]
    return int(np.abs(pixels[0] - pixels[1]).max()) <= 1


def _packed(layer: Layer) -> list[tuple[dict[str, Any], list[tuple[str, np.ndarray]]]]:
    """Returns [(a layer of network.js, [(name, array)] of its weights)]."""
    shapes = {"below": layer.input_shape, "above": layer.output_shape}
    if layer.kind == "reshape":
        return []
    if layer.kind == "batch_norm":
        scale, shift = scale_and_shift(layer)
        return [({"kind": "scale_and_shift"}, [("scale", scale), ("shift", shift)])]
    if layer.kind == "leaky_relu":
        return [({"kind": "leaky_relu", "slope": layer.settings["slope"]}, [])]
    if layer.kind == "avg_pool":
        return [({"kind": "avg_pool", **shapes, "size": layer.settings["size"]}, [])]
    if layer.kind in PLAIN:
        return [({"kind": layer.kind}, [])]
    if layer.kind not in WITH_WEIGHTS:
        raise UnknownLayer(f"the page has no layer for {layer.kind}")
    w = layer.weights["w"]
    bias = [("b", layer.weights["b"])] if "b" in layer.weights else []
    if layer.kind == "linear":
        return [({"kind": "linear", **shapes}, [("w", w), *bias])]
    settings = {"stride": 2, "padding": "SAME", **layer.settings}
    description = {"kind": layer.kind, "size": w.shape[0], **shapes, **settings}
    if layer.kind == "conv2d":
        return [(description, [("w", w), *bias])]
    if layer.kind == "conv2d_transpose":
        w = w.transpose(3, 0, 1, 2)  # [in, size, size, out]
        return [(description, [("w", w), *bias])]
    height, width, channels = layer.input_shape
    large = {"below": (2 * height, 2 * width, channels), "kind": "conv2d"}
    return [
        ({"kind": "grow", "below": layer.input_shape}, []),
        ({**description, **large}, [("w", w), *bias]),
    ]
