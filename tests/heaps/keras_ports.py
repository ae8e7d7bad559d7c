"""Ports of `tf1_programs` in Keras and as tf.Module, and what may go wrong in them."""

import keras
import tensorflow as tf

from dcgan_v1.compare import Keras

L = keras.layers
ACTIVATIONS = {
    "leaky_relu": lambda: L.LeakyReLU(0.2),
    "slope 0.3": lambda: L.LeakyReLU(0.3),
    "relu": lambda: L.ReLU(),
    "tanh": lambda: L.Activation("tanh"),
    "elu": lambda: L.ELU(),
    "swish": lambda: L.Activation("silu"),
    "softplus": lambda: L.Activation("softplus"),
}


def optimizer(name, rate):
    """Keras's own, by TF1's name; words after it are a fault."""
    kind, _, fault = name.partition(" ")
    if kind == "sgd":
        return keras.optimizers.SGD(rate, weight_decay=0.05 if fault else None)
    if kind == "momentum":
        return keras.optimizers.SGD(rate, momentum=0.9, nesterov=fault == "nesterov")
    epsilon = 1e-7 if fault == "epsilon" else 1e-8
    betas = {"beta1": (0.9, 0.999), "epsilon": (0.5, 0.999), "": (0.5, 0.999)}
    beta1, beta2 = betas[fault] if fault in betas else map(float, fault.split())
    return keras.optimizers.Adam(rate, beta1, beta2, epsilon=epsilon)


class FusedNorm(L.BatchNormalization):
    """Keras's, with averages of the unbiased variance, as TF1's fused kernels have them."""

    def call(self, x, training=False, mask=None):
        y = super().call(x, training=training)
        if training:
            count = tf.cast(tf.size(x) // x.shape[-1], x.dtype)
            variance = tf.math.reduce_variance(x, [0, 1, 2])
            self.moving_variance.assign_add((1 - self.momentum) * variance / (count - 1))
        return y


def discriminator(
    kind="",
    *,
    epsilon=1e-3,
    decay=0.9,
    bias=True,
    activation="leaky_relu",
    flatten="pixels last",
    probability=False,
    padding="same",
):
    """[N, 8, 8, 1] -> [N, 1]."""
    layers = [keras.Input([8, 8, 1])]
    if padding == "before":  # both rows of zeros
        layers += [L.ZeroPadding2D(((2, 0), (2, 0)))]
    layers += [L.Conv2D(3, 4, 2, "same" if padding == "same" else "valid", use_bias=bias)]
    if kind:
        norm = FusedNorm if kind == "fused" else L.BatchNormalization
        layers += [norm(momentum=decay, epsilon=epsilon)]
    layers += [ACTIVATIONS[activation]()]
    layers += [L.Permute((3, 1, 2))] if flatten == "channels first" else []
    layers += [L.Flatten(), L.Dense(1, activation="sigmoid" if probability else None)]
    return keras.Sequential(layers)


class Module(tf.Module):
    """The same of bare variables; a leaky ReLU is written in one of three ways."""

    def __init__(self, written):
        super().__init__()
        self.written = written
        self.k = tf.Variable(tf.random.normal([4, 4, 1, 3], dtype=tf.float64), name="k")
        self.kb = tf.Variable(tf.zeros([3], tf.float64), name="kb")
        self.w = tf.Variable(tf.random.normal([48, 1], dtype=tf.float64), name="w")
        self.b = tf.Variable(tf.zeros([1], tf.float64), name="b")
        self.slope = 0.2

    def __call__(self, x, training=False):
        h = tf.nn.conv2d(x, self.k, 2, "SAME") + self.kb
        if self.written == "where":
            h = tf.where(h > 0, h, self.slope * h)
        elif self.written == "maximum of h and less":
            h = tf.maximum(h, self.slope * h)
        else:
            h = tf.maximum(self.slope * h, h)
        return tf.reshape(h, [-1, 48]) @ self.w + self.b


def cross_entropy(label, y, probability):
    labels = label * tf.ones_like(y)
    if probability:  # by hand: Keras's own clips at 1e-7
        return -tf.reduce_mean(labels * tf.math.log(y) + (1 - labels) * tf.math.log(1 - y))
    return keras.losses.BinaryCrossentropy(from_logits=True)(labels, y)


def classifier(
    *,
    label=1.0,
    optimizer_name="sgd",
    rate=0.1,
    form="keras",
    slope=0.2,
    l2=0.0,
    scale=1.0,
    training=True,
    weight=1.0,
    written="where",
    **network,
):
    """D alone; `form` 'keras' or 'module', whose activation is `written` in its way."""
    model = Module(written) if form == "module" else discriminator(**network)
    model.slope = slope
    made = optimizer(optimizer_name, rate)
    probability = network.get("probability", False)

    def step(x):
        with tf.GradientTape() as tape:
            y = model(x * scale, training=training)
            loss = weight * cross_entropy(label, y, probability)
            if l2:
                loss += l2 / 2 * sum(tf.reduce_sum(v**2) for v in model.trainable_variables)
        variables = model.trainable_variables
        made.apply(tape.gradient(loss, variables), variables)
        return {"loss": loss}

    return Keras({"D": model}, {"sgd": made}, step)


def generator():
    """[N, 5] -> [N, 8, 8, 1]."""
    return keras.Sequential(
        [
            keras.Input([5]),
            L.Dense(48),
            L.Reshape([4, 4, 3]),
            L.ReLU(),
            L.Conv2DTranspose(1, 4, 2, "same", activation="tanh"),
        ]
    )


def gan(
    *,
    labels=(1.0, 0.0),
    g_label=None,
    optimizer_name="sgd",
    g_optimizer=None,
    rate=0.1,
    calls="two",
    order="d first",
    trains_all=False,
    **network,
):
    """D and G in turn.

    Args:
      order: 'd first' or 'at once', of gradients taken before either update.
      trains_all: G's update also trains D.
    """
    d, g = discriminator(**network), generator()
    d_opt, g_opt = optimizer(optimizer_name, rate), optimizer(g_optimizer or optimizer_name, rate)
    probability = network.get("probability", False)

    def d_gradients(x, fake):
        with tf.GradientTape() as tape:
            if calls == "two":
                on_real, on_fake = d(x), d(fake)
            else:
                on_real, on_fake = tf.split(d(tf.concat([x, fake], 0)), 2)
            loss = sum(
                cross_entropy(label, y, probability)
                for label, y in zip(labels, (on_real, on_fake), strict=True)
            )
        return loss, tape.gradient(loss, d.trainable_variables)

    def g_gradients(z):
        label = labels[0] if g_label is None else g_label
        variables = g.trainable_variables + (d.trainable_variables if trains_all else [])
        with tf.GradientTape() as tape:
            loss = cross_entropy(label, d(g(z)), probability)
        return loss, tape.gradient(loss, variables), variables

    def step(x, z):
        d_loss, d_grads = d_gradients(x, g(z))
        if order == "at once":
            g_loss, g_grads, variables = g_gradients(z)
            d_opt.apply(d_grads, d.trainable_variables)
        else:
            d_opt.apply(d_grads, d.trainable_variables)
            g_loss, g_grads, variables = g_gradients(z)
        g_opt.apply(g_grads, variables)
        return {"d_loss": d_loss, "g_loss": g_loss}

    return Keras({"D": d, "G": g}, {"d": d_opt, "g": g_opt}, step)
