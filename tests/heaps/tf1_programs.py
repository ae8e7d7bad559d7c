"""Tiny TF1 programs of building blocks that can be written in several ways.

Images are [N, 8, 8, 1], noise [N, 5], layers of three channels."""

from functools import partial

import tensorflow.compat.v1 as tf

from dcgan_v1.migration.programs import modules

SHAPE, NOISE = (8, 8, 1), 5
old_tf = modules.supply()["tensorflow"]  # with tf.layers and tf.contrib

# ---- activations ----

ACTIVATIONS = {
    "leaky_relu": lambda x: tf.nn.leaky_relu(x, 0.2),
    "maximum": lambda x: tf.maximum(x, 0.2 * x),
    "absolute": lambda x: 0.6 * x + 0.4 * tf.abs(x),
    "relu": tf.nn.relu,
    "relu6": tf.nn.relu6,
    "elu": tf.nn.elu,
    "elu by hand": lambda x: tf.where(x > 0, x, tf.exp(tf.minimum(x, 0.0)) - 1),
    "two relus": lambda x: tf.nn.relu(x) - 0.2 * tf.nn.relu(-x),
    "swish": lambda x: x * tf.sigmoid(x),
    "softplus": tf.nn.softplus,
    "tanh by sigmoid": lambda x: 2 * tf.sigmoid(2 * x) - 1,
}

# ---- losses of one label ----


def _logits(logits, label):
    labels = label * tf.ones_like(logits)
    return tf.nn.sigmoid_cross_entropy_with_logits(logits=logits, labels=labels)


def _by_hand(probability):
    def loss(logits, label):
        p = probability(logits)
        return -(label * tf.log(p) + (1 - label) * tf.log(1 - p))

    return loss


def _two_logits(logits, label):
    """The cross entropy of a softmax over the logit and 0."""
    both = tf.concat([tf.zeros_like(logits), logits], 1)
    labels = tf.concat([(1 - label) * tf.ones_like(logits), label * tf.ones_like(logits)], 1)
    return tf.nn.softmax_cross_entropy_with_logits_v2(labels=labels, logits=both)


LOSSES = {
    "logits": _logits,
    "by hand": _by_hand(tf.sigmoid),
    "1 - sigmoid(-x)": _by_hand(lambda x: 1 - tf.sigmoid(-x)),
    "softplus": lambda x, label: tf.nn.softplus(x) - label * x,
    "two logits": _two_logits,
    "squares": lambda x, label: tf.square(x - label),
    "wasserstein": lambda x, label: (1 - 2 * label) * x,
    "hinge": lambda x, label: tf.nn.relu(1 - (2 * label - 1) * x),
}
REDUCTIONS = {
    "mean": tf.reduce_mean,
    "sum": tf.reduce_sum,
    "sum over N": lambda x: tf.reduce_sum(x) / tf.cast(tf.shape(x)[0], tf.float32),
}
OPTIMIZERS = {
    "sgd": tf.train.GradientDescentOptimizer,
    "momentum": lambda rate: tf.train.MomentumOptimizer(rate, 0.9),
    "adam": lambda rate: tf.train.AdamOptimizer(rate, 0.5),
    "adam 0 0.9": lambda rate: tf.train.AdamOptimizer(rate, 0.0, 0.9),
    "rmsprop": lambda rate: tf.train.RMSPropOptimizer(rate, 0.9, epsilon=1e-3),
}

# ---- layers ----


def weight(name, shape, stddev=0.3):
    return tf.get_variable(name, shape, initializer=tf.random_normal_initializer(0, stddev))


def zeros(name, shape, value=0.0, **options):
    return tf.get_variable(name, shape, initializer=tf.constant_initializer(value), **options)


def batch_norm(x, kind, is_training, epsilon=1e-3, decay=0.9):
    """Batch norm of the last axis.

    Args:
      kind: 'moments' keeps averages of the biased variance, 'fused' of the unbiased one,
        'no averages' none; 'layers' and 'contrib' are libraries'.
    """
    if kind == "layers":
        return old_tf.layers.batch_normalization(
            x, momentum=decay, epsilon=epsilon, training=is_training
        )
    if kind == "layer":  # of each image by itself
        mean, variance = tf.nn.moments(x, [1, 2, 3], keepdims=True)
        gamma, beta = zeros("ln/gamma", [x.shape[-1]], 1.0), zeros("ln/beta", [x.shape[-1]])
        return (x - mean) * tf.rsqrt(variance + epsilon) * gamma + beta
    if kind == "instance":  # of each map by itself
        mean, variance = tf.nn.moments(x, [1, 2], keepdims=True)
        gamma, beta = zeros("in/gamma", [x.shape[-1]], 1.0), zeros("in/beta", [x.shape[-1]])
        return tf.nn.batch_normalization(x, mean, variance, beta, gamma, epsilon)
    if kind == "contrib":
        return old_tf.contrib.layers.batch_norm(
            x, decay=decay, epsilon=epsilon, is_training=is_training, scale=True
        )
    with tf.variable_scope("bn"):
        size = [x.shape[-1]]
        gamma, beta = zeros("gamma", size, 1.0), zeros("beta", size)
        axes = list(range(x.shape.rank - 1))
        mean, variance = tf.nn.moments(x, axes)
        if kind == "no averages":
            return tf.nn.batch_normalization(x, mean, variance, beta, gamma, epsilon)
        moving = [
            zeros("moving_mean", size, trainable=False),
            zeros("moving_variance", size, 1.0, trainable=False),
        ]
        count = tf.cast(tf.size(x) / x.shape[-1], tf.float32)
        added = [mean, variance * count / (count - 1) if kind == "fused" else variance]
        for average, value in zip(moving, added, strict=True):
            update = tf.assign(average, decay * average + (1 - decay) * value)
            tf.add_to_collection(tf.GraphKeys.UPDATE_OPS, update)
        used = tf.cond(is_training, lambda: (mean, variance), lambda: tuple(moving))
        return tf.nn.batch_normalization(x, *used, beta, gamma, epsilon)


def convolution(x, channels, library, bias):
    """[N, H, W, C] -> [N, H / 2, W / 2, channels]."""
    if library == "channels first":  # as programs for a GPU have it
        x = tf.transpose(x, [0, 3, 1, 2])
        w = weight("conv/w", [4, 4, x.shape[1], channels])
        y = tf.nn.conv2d(x, w, [1, 1, 2, 2], "SAME", data_format="NCHW")
        y = tf.nn.bias_add(y, zeros("conv/b", [channels]), data_format="NCHW") if bias else y
        return tf.transpose(y, [0, 2, 3, 1])
    if library == "layers":
        return old_tf.layers.conv2d(x, channels, 4, 2, "same", use_bias=bias)
    if library == "contrib":
        options = {} if bias else {"biases_initializer": None}
        return old_tf.contrib.layers.conv2d(x, channels, 4, 2, activation_fn=None, **options)
    y = tf.nn.conv2d(x, weight("conv/w", [4, 4, x.shape[-1], channels]), [1, 2, 2, 1], "SAME")
    return tf.nn.bias_add(y, zeros("conv/b", [channels])) if bias else y


def dense(x, units, library="by hand", name="fc"):
    """[N, K] -> [N, units]."""
    if library == "layers":
        return old_tf.layers.dense(x, units)
    if library == "contrib":
        return old_tf.contrib.layers.fully_connected(x, units, activation_fn=None)
    shape = [x.shape[-1], units]
    return tf.matmul(x, weight(f"{name}/w", shape)) + zeros(f"{name}/b", [units])


def discriminator(
    x,
    *,
    is_training=None,
    reuse=False,
    library="by hand",
    norm="",
    bias=True,
    activation="leaky_relu",
    flatten="pixels last",
    transposes=False,
    swapped=False,
    pool="",
):
    """[N, 8, 8, 1] -> [N, 1] logits; `flatten` 'pixels last' numbers C, then H, W; `swapped`: batch
    norm comes after the activation; `pool`: of what follows it, 'avg' or 'max' of 2x2 pixels, set
    back to 4x4 by repeating them."""
    with tf.variable_scope("discriminator", reuse=reuse):
        if transposes:  # there and back
            x = tf.transpose(tf.transpose(x, [0, 3, 1, 2]), [0, 2, 3, 1])
        h = convolution(x, 3, library, bias)  # [N, 4, 4, 3]
        if swapped:
            h = batch_norm(ACTIVATIONS[activation](h), norm, is_training)
        else:
            h = batch_norm(h, norm, is_training) if norm else h
            h = ACTIVATIONS[activation](h)
        if pool:
            pooling = tf.nn.avg_pool if pool == "avg" else tf.nn.max_pool
            h = pooling(h, [1, 2, 2, 1], [1, 2, 2, 1], "VALID")
            h = tf.image.resize_nearest_neighbor(h, [4, 4])
        if flatten == "channels first":
            h = tf.transpose(h, [0, 3, 1, 2])
        h = tf.reshape(h, [-1, 48])
        return dense(h, 1, library)  # [N, 1]


def generator(z, *, is_training=None, reuse=False, norm="", bias=True):
    """[N, 5] -> [N, 8, 8, 1] in -1 to 1."""
    with tf.variable_scope("generator", reuse=reuse):
        h = dense(z, 48)
        h = tf.reshape(h, [-1, 4, 4, 3])
        h = batch_norm(h, norm, is_training) if norm else h
        h = tf.nn.relu(h)
        w = weight("deconv/w", [4, 4, 1, 3])
        y = tf.nn.conv2d_transpose(h, w, [tf.shape(z)[0], 8, 8, 1], [1, 2, 2, 1], "SAME")
        return tf.tanh(y + zeros("deconv/b", [1]) if bias else y)  # [N, 8, 8, 1]


# ---- programs ----


def trained(
    optimizer, rate, loss, variables=None, name="train", kind="minimize", clips="", decays=False
):
    """The train op, behind the UPDATE_OPS.

    Args:
      optimizer, rate: see OPTIMIZERS.
      loss: or a list of them, whose gradients are added.
      variables: all where it is None.
      kind: 'minimize', or 'by hand' with tf.gradients.
      clips: gradients, by 'value' or by 'norm' together.
      decays: whether the rate halves in every update.
    """
    step = tf.train.get_or_create_global_step() if decays else None
    if decays:
        rate = tf.train.exponential_decay(rate, step, 1, 0.5)
    made = OPTIMIZERS[optimizer](rate)
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        if clips:
            pairs = made.compute_gradients(loss, variables)
            gradients = [tf.clip_by_value(g, -0.02, 0.02) for g, _ in pairs]
            if clips == "norm":
                gradients, _ = tf.clip_by_global_norm([g for g, _ in pairs], 0.05)
            pairs = zip(gradients, [v for _, v in pairs], strict=True)
            return made.apply_gradients(pairs, name=name)
        if decays:
            return made.minimize(loss, step, variables, name=name)
        if kind == "minimize":
            return made.minimize(loss, var_list=variables, name=name)
        variables = variables or tf.trainable_variables()
        terms = loss if isinstance(loss, list) else [loss]
        gradients = [tf.gradients(term, variables) for term in terms]
        summed = [tf.add_n(of_one) for of_one in zip(*gradients, strict=True)]
        return made.apply_gradients(zip(summed, variables, strict=True), name=name)


def mode(norm):
    switches = norm not in ("", "no averages", "layer", "instance")
    return tf.placeholder(tf.bool, [], "is_training") if switches else None


def classifier(
    *,
    loss="logits",
    label=1.0,
    reduction="mean",
    optimizer="sgd",
    rate=0.1,
    l2=0.0,
    flat=False,
    applied="minimize",
    clips="",
    decays=False,
    **network,
):
    """D alone: of images that are all real, say.

    Args:
      flat: images are fed as [N, 64].
      applied, clips, decays: see `trained`.
    """
    x = tf.placeholder(tf.float32, [None, 64] if flat else [None, *SHAPE], "x")
    images = tf.reshape(x, [-1, *SHAPE]) if flat else x
    logits = discriminator(images, is_training=mode(network.get("norm", "")), **network)
    tf.sigmoid(logits, name="probability")
    value = REDUCTIONS[reduction](LOSSES[loss](logits, label))
    if l2:
        value += l2 * tf.add_n([tf.nn.l2_loss(v) for v in tf.trainable_variables()])
    value = tf.identity(value, "loss")
    trained(optimizer, rate, value, kind=applied, clips=clips, decays=decays)


def gan(
    *,
    loss="logits",
    labels=(1.0, 0.0),
    calls="two",
    optimizer="sgd",
    rate=0.1,
    at_once=False,
    averaged=False,
    one_by_one=False,
    generator_norm="",
    weights=(1.0, 1.0),
    **network,
):
    """D and G in turn, D first.

    Args:
      labels: of real and of fake images.
      calls: 'two' of D, or one of a 'concatenated' batch.
      at_once: both updates in one session call, of gradients taken before either.
      averaged: D's loss is the mean over both halves, not their sum.
      one_by_one: D's gradients are taken of either half by itself, and added.
      weights: of the real and the fake half of D's loss.
    """
    x = tf.placeholder(tf.float32, [None, *SHAPE], "x")
    z = tf.placeholder(tf.float32, [None, NOISE], "z")
    is_training = mode(network.get("norm", "") or generator_norm)
    fake = generator(z, is_training=is_training, norm=generator_norm)
    judge = partial(discriminator, is_training=is_training, **network)
    if calls == "two":
        on_real, on_fake = judge(x), judge(fake, reuse=True)
    else:
        on_real, on_fake = tf.split(judge(tf.concat([x, fake], 0)), 2)
    halves = [
        w * tf.reduce_mean(LOSSES[loss](y, label))
        for y, label, w in zip((on_real, on_fake), labels, weights, strict=True)
    ]
    d_loss = tf.identity((halves[0] + halves[1]) * (0.5 if averaged else 1.0), "d_loss")
    g_loss = tf.identity(tf.reduce_mean(LOSSES[loss](on_fake, labels[0])), "g_loss")
    d_vars, g_vars = (tf.trainable_variables(s) for s in ("discriminator", "generator"))
    if at_once:
        pairs = []
        for value, variables in ((d_loss, d_vars), (g_loss, g_vars)):
            made = OPTIMIZERS[optimizer](rate)
            pairs.append((made, made.compute_gradients(value, variables)))
        every = [g for _, of_one in pairs for g, _ in of_one]
        with tf.control_dependencies(every):
            steps = [made.apply_gradients(of_one) for made, of_one in pairs]
        tf.group(*steps, name="train")
        return
    d_terms, kind = (halves, "by hand") if one_by_one else (d_loss, "minimize")
    trained(optimizer, rate, d_terms, d_vars, "train_d", kind)
    trained(optimizer, rate, g_loss, g_vars, "train_g")


def two_networks():
    """Two networks that have nothing to do with each other, trained one after the other."""
    x = tf.placeholder(tf.float32, [None, 6], "x")
    losses = []
    for name, units in (("first", 4), ("second", 3)):
        with tf.variable_scope(name):
            losses.append(tf.reduce_mean(tf.square(dense(x, units) - 1), name="loss"))
    for name, loss in zip(("first", "second"), losses, strict=True):
        trained("sgd", 0.1, loss, tf.trainable_variables(name), f"train_{name}")
