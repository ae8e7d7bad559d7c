"""Known differences, planted in a counterpart to see whether the report finds them.

Each is what people really get wrong in a port. The diagnosis does not read this file:
it must find the cause from what the two sides compute.
"""

from dcgan_v1 import ports, systems
from dcgan_v1.ports import comparison

BREAKS = {
    "adam-epsilon": "another epsilon in G's Adam",
    "leaky-slope": "another slope in one leaky ReLU",
    "bn-decay": "another decay in one batch norm",
    "variance": "biased instead of unbiased variance in one average, or the reverse",
    "padding": "symmetric padding in one convolution of stride 2",
    "update-order": "D's update applied after G's gradient was taken",
    "stop-gradient": "D's loss on fakes is not cut off from G, or D is not frozen",
    "dropout": "one dropout left off",
}


def plant(name, gan, model, against):
    """Changes `gan` in the way of BREAKS[name].

    Raises:
      ValueError: this counterpart has nothing of that kind.
    """
    planters = TORCH if against == "torch" else KERAS
    if planters[name](gan, model, against) == "nothing":
        raise ValueError(f"{name}: there is nothing of the kind in {model} against {against}")


def new(model, against, planted="", **settings):
    """A counterpart as a port, with a fault planted in it where one is named."""
    width = {"width": settings["width"]} if "width" in settings else {}
    gan = ports.get(model, against).Gan(**width)
    if planted:
        plant(planted, gan, model, against)
    return comparison.port(gan, against)


def _layers(gan, attribute, prefix=""):
    """Layers of the discriminator, then of the generator, that have an attribute."""
    found = []
    for net in (gan.discriminator, gan.generator):
        children = net.layers if hasattr(net, "layers") else [m for _, m in net.named_children()]
        found += [
            layer
            for layer in children
            if hasattr(layer, attribute) and getattr(layer, "name", prefix).startswith(prefix)
        ]
    return found


# ---- Keras layers: TF2 and Keras ----


def _keras_adam_epsilon(gan, *_):
    adam = gan.optimizers["g_adam"]
    adam.epsilon = 1e-7 if adam.epsilon == 1e-8 else 1e-8


def _keras_leaky_slope(gan, *_):
    layers = _layers(gan, "negative_slope", "lrelu")
    if not layers:
        return "nothing"
    layers[0].negative_slope = 0.3 if layers[0].negative_slope == 0.2 else 0.2
    return None


def _keras_bn_decay(gan, *_):
    layer = _layers(gan, "momentum")[0]
    layer.momentum = 0.99 if layer.momentum != 0.99 else 0.9


def _keras_variance(gan, *_):
    layer = _layers(gan, "momentum")[0]
    if hasattr(layer, "unbiased"):
        layer.unbiased = not layer.unbiased
        return
    import tensorflow as tf

    plain = layer.call

    def call(x, training=False, mask=None):
        y = plain(x, training=training)
        if training:
            axes = list(range(len(x.shape) - 1))
            n = tf.cast(tf.size(x) / tf.shape(x)[-1], x.dtype)
            more = tf.math.reduce_variance(x, axes) / (n - 1)
            name = f"{getattr(layer, 'averages', '')}_moving_variance".lstrip("_")
            getattr(layer, name).assign_add((1 - layer.momentum) * more)
        return y

    layer.call = call


def _keras_padding(gan, *_):
    import tensorflow as tf

    layers = [layer for layer in _layers(gan, "strides", "conv") if layer.strides == (2, 2)]
    if not layers or layers[0].kernel_size == (4, 4):  # there SAME is symmetric
        return "nothing"
    layer = layers[0]
    pad = layer.kernel_size[0] // 2

    def call(x):
        x = tf.pad(x, [[0, 0], [pad, pad], [pad, pad], [0, 0]])
        y = tf.nn.conv2d(x, layer.kernel, 2, "VALID")
        return y if layer.bias is None else y + layer.bias

    layer.call = call
    return None


def _keras_update_order(gan, model, against):
    if against == "keras" or systems.get(model).simultaneous:  # it has no order
        return "nothing"
    late = []
    for adam, optimizer in gan.optimizers.items():
        plain = optimizer.apply_gradients
        if adam == "g_adam":

            def apply_gradients(pairs, plain=plain):
                plain(pairs)
                while late:
                    apply, pairs = late.pop(0)
                    apply(pairs)

        else:

            def apply_gradients(pairs, plain=plain):
                late.append((plain, list(pairs)))

        optimizer.apply_gradients = apply_gradients
    return None


def _keras_stop_gradient(gan, model, against):
    if against == "tf2":  # a tape only differentiates what it is asked for
        return "nothing"
    train = gan.train_on_batch

    def train_on_batch(model, *args):
        gan.discriminator.trainable = True
        return train(model, *args)

    gan.optimizers["g_adam"].built = False
    gan.optimizers["g_adam"].build(gan.combined.trainable_variables)
    gan.train_on_batch = train_on_batch
    return None


def _keras_dropout(gan, *_):
    layers = _layers(gan, "rate")
    if not layers:
        return "nothing"
    layers[0].call = lambda x, training=False: x
    return None


# ---- PyTorch ----


def _torch_adam_epsilon(gan, *_):
    adam = gan.optimizers["g_adam"]
    if hasattr(adam, "epsilon"):
        adam.epsilon = 1e-7
    else:
        adam.param_groups[0]["eps"] = 1e-7


def _torch_leaky_slope(gan, *_):
    _layers(gan, "negative_slope")[0].negative_slope = 0.3


def _torch_bn_decay(gan, *_):
    _layers(gan, "momentum")[0].momentum = 0.01


def _torch_variance(gan, *_):
    layer = _layers(gan, "momentum")[0]
    if hasattr(layer, "unbiased"):
        layer.unbiased = not layer.unbiased
        return
    plain = layer.forward

    def forward(x):
        y = plain(x)
        if layer.training:
            n = x.numel() // x.shape[1]
            less = x.detach().var(dim=(0, 2, 3), correction=1) / n
            layer.running_var = layer.running_var - layer.momentum * less
        return y

    layer.forward = forward


def _torch_padding(gan, *_):
    layers = _layers(gan, "pads")
    if not layers:
        return "nothing"
    layers[0].pads = (2, 2, 2, 2)
    return None


def _torch_update_order(gan, *_):
    d_adam, g_adam = gan.optimizers["d_adam"], gan.optimizers["g_adam"]
    d_step, g_step = d_adam.step, g_adam.step
    d_gradients = []

    def keep_gradients():
        parameters = d_adam.param_groups[0]["params"]
        d_gradients[:] = [(p, p.grad.clone()) for p in parameters]

    def both():
        g_step()
        for parameter, gradient in d_gradients:
            parameter.grad = gradient
        d_step()

    d_adam.step, g_adam.step = keep_gradients, both


def _torch_stop_gradient(gan, *_):
    import torch

    train_step = gan.train_step
    plain = torch.Tensor.detach, torch.Tensor.backward

    def leaking(**batch):
        torch.Tensor.detach = lambda tensor: tensor
        torch.Tensor.backward = lambda t: plain[1](t, retain_graph=True)
        try:
            return train_step(**batch)
        finally:
            torch.Tensor.detach, torch.Tensor.backward = plain

    gan.train_step = leaking


def _torch_dropout(*_):
    return "nothing"


KERAS = {
    "adam-epsilon": _keras_adam_epsilon,
    "leaky-slope": _keras_leaky_slope,
    "bn-decay": _keras_bn_decay,
    "variance": _keras_variance,
    "padding": _keras_padding,
    "update-order": _keras_update_order,
    "stop-gradient": _keras_stop_gradient,
    "dropout": _keras_dropout,
}


TORCH = {
    "adam-epsilon": _torch_adam_epsilon,
    "leaky-slope": _torch_leaky_slope,
    "bn-decay": _torch_bn_decay,
    "variance": _torch_variance,
    "padding": _torch_padding,
    "update-order": _torch_update_order,
    "stop-gradient": _torch_stop_gradient,
    "dropout": _torch_dropout,
}
