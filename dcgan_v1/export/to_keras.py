"""Keras's own format: a functional model of standard layers, which loads without a line
of ours."""

from dcgan_v1.errors import UserError
from dcgan_v1.export import chain
from dcgan_v1.export.networks import INPUTS

TITLE = "a Keras model"
BOUND = 2e-5
NOTE = ""
NEEDS = ()
LOAD = """\
import keras
model = keras.saving.load_model("{name}.keras")
{y} = keras.ops.convert_to_numpy(model({x}))
"""


def write(network, folder):
    """Writes `folder`/NAME.keras."""
    import keras

    links = chain.read(network)
    x = h = keras.Input(links[0].below, name=INPUTS[network.name])
    weighted = []
    for link in links:
        h, layer = _apply(keras, link, h)
        weighted += [(layer, link)] if link.weights else []
    model = keras.Model(x, h, name=network.name)
    for layer, link in weighted:
        layer.set_weights(_weights(link))
    path = folder / f"{network.name}.keras"
    model.save(path)
    return {path.name: (LOAD, BOUND)}


def _apply(keras, link, h):
    """Returns (what a link makes of h, the layer that has its weights)."""
    make, settings, filters = keras.layers, link.settings, link.above[-1]
    name = link.scope or None
    bias = {"use_bias": "b" in link.weights, "name": name}
    if link.kind == "linear":
        layer = make.Dense(filters, **bias)
    elif link.kind in ("conv2d", "conv2d_transpose"):
        kind = {"conv2d": make.Conv2D, "conv2d_transpose": make.Conv2DTranspose}
        layer = kind[link.kind](
            filters,
            link.weights["w"].shape[0],
            strides=settings["stride"],
            padding=settings["padding"].lower(),
            **bias,
        )
    elif link.kind == "resize_conv2d":
        h = _grow(keras.ops, _grow(keras.ops, h, 1), 2)
        layer = make.Conv2D(filters, 3, strides=2, padding="same", **bias)
    elif link.kind == "batch_norm":
        epsilon = settings["epsilon"]
        if settings["is_training"]:
            axes = list(range(len(link.above)))  # all but the last, the batch's first
            mean, variance = keras.ops.moments(h, axes, keepdims=True)
            h, epsilon = (h - mean) * keras.ops.rsqrt(variance + epsilon), 0.0
        scale = "gamma" in link.weights
        layer = make.BatchNormalization(epsilon=epsilon, scale=scale, name=name)
    else:
        layer = _weightless(make, link)
    return layer(h), layer


def _weightless(make, link):
    if link.kind == "leaky_relu":
        return make.LeakyReLU(negative_slope=link.settings["slope"])
    if link.kind == "reshape":
        return make.Reshape(link.above)
    if link.kind == "avg_pool":
        return make.AveragePooling2D(link.settings["size"], padding="same")
    if link.kind in ("relu", "tanh", "sigmoid"):
        return make.Activation(link.kind)
    raise UserError(f"Keras's layers have no {link.kind}; --to savedmodel can hold it")


def _grow(ops, x, axis):
    """TF1's bilinear resize to twice the size along one axis of NHWC: row 2i is x[i],
    row 2i + 1 the mean of x[i] and x[i + 1], the last row being repeated."""
    size = x.shape[axis]
    following = ops.take(x, [*range(1, size), size - 1], axis)
    between = (x + following) / 2
    pairs = ops.stack([x, between], axis + 1)
    shape = list(x.shape)
    shape[0], shape[axis] = -1, 2 * size
    return ops.reshape(pairs, shape)


def _weights(link):
    """Returns a link's weights in the order of Keras's layer."""
    weights = dict(link.weights)
    if link.kind == "batch_norm" and link.settings["is_training"]:
        weights["moving_mean"] = 0 * weights["moving_mean"]
        weights["moving_variance"] = 0 * weights["moving_variance"] + 1
    order = ("w", "b", "gamma", "beta", "moving_mean", "moving_variance")
    return [weights[name] for name in order if name in weights]
