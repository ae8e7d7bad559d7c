"""A generator for the page: its layers as JSON, its weights as bytes (`network.js`)."""

import numpy as np
import tensorflow.compat.v1 as tf

from dcgan_v1 import pictures
from dcgan_v1.export import chain
from dcgan_v1.sample import draw_noise

DRAWS = 64
PLAIN = ("relu", "tanh", "sigmoid")
WITH_WEIGHTS = ("linear", "conv2d", "conv2d_transpose", "resize_conv2d")


def pack(network):
    """Returns (layers, bytes) of a `networks.Network`, batch norm by its averages.

    Weights are float16, or float32 where 64 draws with float16 ones are more than 1 of
    255 off; biases and batch norm are float32.

    Raises:
      chain.UnknownLayer: it has a layer that the page does not know.
    """
    half = halves_do(network)
    layers, data = [], bytearray()

    def place(array, half=False):
        array = np.ascontiguousarray(array, "<f2" if half else "<f4")
        offset = len(data)
        data.extend(array.tobytes())
        data.extend(bytes(-len(data) % 4))
        return {"offset": offset, "count": array.size, "half": half}

    for link in chain.read(network):
        for layer, weights in _layers(link):
            places = {name: place(w, half and name == "w") for name, w in weights}
            layers.append({**layer, "weights": places})
    return layers, bytes(data)


def halves_do(network):
    """Whether float16 weights draw the same pixels, but for 1 of 255."""
    system, session = network.system, network.session
    z = draw_noise(system.noise, DRAWS, system.z_dim, seed=0)
    with session.graph.as_default():
        weights = [v for v in tf.global_variables() if v.op.name.endswith("/w")]
    before = session.run(weights)
    exact = session.run(network.y, {network.x: z})
    for variable, array in zip(weights, before, strict=True):
        variable.load(array.astype(np.float16).astype(np.float32), session)
    rough = session.run(network.y, {network.x: z})
    for variable, array in zip(weights, before, strict=True):
        variable.load(array, session)
    drawn = [pictures.to_uint8(y, system.image_range).astype(int) for y in (exact, rough)]
    return int(np.abs(drawn[0] - drawn[1]).max()) <= 1


def _layers(link):
    """Returns [(a layer of network.js, [(name, array)] of its weights)]."""
    shapes = {"below": link.below, "above": link.above}
    if link.kind == "reshape":
        return []
    if link.kind == "batch_norm":
        scale, shift = chain.scale_and_shift(link)
        return [({"kind": "scale_and_shift"}, [("scale", scale), ("shift", shift)])]
    if link.kind == "leaky_relu":
        return [({"kind": "leaky_relu", "slope": link.settings["slope"]}, [])]
    if link.kind in PLAIN:
        return [({"kind": link.kind}, [])]
    if link.kind not in WITH_WEIGHTS:
        raise chain.UnknownLayer(f"the page has no layer for {link.kind}")
    w = link.weights["w"]
    bias = [("b", link.weights["b"])] if "b" in link.weights else []
    if link.kind == "linear":
        return [({"kind": "linear", **shapes}, [("w", w), *bias])]
    settings = {"stride": 2, "padding": "SAME", **link.settings}
    layer = {"kind": link.kind, "size": w.shape[0], **shapes, **settings}
    if link.kind == "conv2d":
        return [(layer, [("w", w), *bias])]
    if link.kind == "conv2d_transpose":
        w = w.transpose(3, 0, 1, 2)  # [in, size, size, out]
        return [(layer, [("w", w), *bias])]
    height, width, channels = link.below
    large = {"below": (2 * height, 2 * width, channels), "kind": "conv2d"}
    return [({"kind": "grow", "below": link.below}, []), ({**layer, **large}, [("w", w), *bias])]
