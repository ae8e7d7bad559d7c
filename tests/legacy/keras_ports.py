"""Ports of the small TF1 programs in Keras, each with the faults that people really make."""

import keras
import tensorflow as tf

from dcgan_v1.compare import Keras

L = keras.layers
cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)


class FusedNorm(L.BatchNormalization):
    """Keras's batch norm, whose average is of the unbiased variance as TF1's fused
    kernels have it."""

    def call(self, x, training=False, mask=None):
        y = super().call(x, training=training)
        if training:
            n = tf.cast(tf.size(x) // x.shape[-1], x.dtype)
            variance = tf.math.reduce_variance(x, list(range(len(x.shape) - 1)))
            self.moving_variance.assign_add((1 - self.momentum) * variance / (n - 1))
        return y


def gan_losses(on_real, on_fake):
    real = cross_entropy(tf.ones_like(on_real), on_real)
    fake = cross_entropy(tf.zeros_like(on_fake), on_fake)
    return real + fake, cross_entropy(tf.ones_like(on_fake), on_fake)


def update(optimizer, tape, loss, variables):
    optimizer.apply(tape.gradient(loss, variables), variables)


def contrib_layers(fault=""):
    decay = 0.1 if fault == "momentum" else 0.9
    norm = {"momentum": decay, "epsilon": 1e-4, "scale": False}
    if fault == "epsilon":
        norm["epsilon"] = 1e-3
    generator = keras.Sequential(
        [
            keras.Input([10]),
            L.Dense(4 * 4 * 8, use_bias=False),
            FusedNorm(**norm),
            L.ReLU(),
            L.Reshape([4, 4, 8]),
            L.Conv2DTranspose(6, 5, 2, "same", use_bias=False),
            FusedNorm(**norm),
            L.ReLU(),
            L.Conv2DTranspose(1, 5, 2, "same", activation="tanh"),
        ]
    )
    discriminator = keras.Sequential(
        [
            keras.Input([16, 16, 1]),
            L.Conv2D(6, 5, 2, "same"),
            L.LeakyReLU(0.3 if fault == "slope" else 0.2),
            L.Conv2D(8, 5, 2, "same"),
            L.LeakyReLU(0.2),
            L.Flatten(),
            L.Dense(1),
        ]
    )
    d_adam = keras.optimizers.Adam(1e-3, 0.5, epsilon=1e-8)
    g_adam = keras.optimizers.Adam(2e-3, 0.5, epsilon=1e-8)

    @tf.function
    def step(real, z):
        at_first = [tf.identity(v) for v in generator.non_trainable_variables]
        with tf.GradientTape() as tape:
            on_fake = discriminator(generator(z, training=True))
            d_loss, _ = gan_losses(discriminator(real), on_fake)
        update(d_adam, tape, d_loss, discriminator.trainable_variables)
        # the second session call of the TF1 loop moves no averages
        averages = [tf.identity(v) for v in generator.non_trainable_variables]
        with tf.GradientTape() as tape:
            on_fake = discriminator(generator(z, training=True))
            _, g_loss = gan_losses(on_fake, on_fake)
        update(g_adam, tape, g_loss, generator.trainable_variables)
        if fault == "update-ops":
            averages = at_first
        if fault != "averages":
            for v, before in zip(generator.non_trainable_variables, averages, strict=True):
                v.assign(before)
        return {"d_loss": d_loss, "g_loss": g_loss}

    return Keras(
        {"generator": generator, "discriminator": discriminator}, {"d": d_adam, "g": g_adam}, step
    )


class HalfPixelFree(L.Layer):
    """TF1's bilinear resize of 4x4 (or any) maps to 8x8: no half-pixel centres."""

    def call(self, x):
        for axis in (1, 2):
            size = x.shape[axis]
            after = tf.gather(x, [*range(1, size), size - 1], axis=axis)
            pairs = tf.stack([x, (x + after) / 2], axis=axis + 1)
            shape = [-1, *(2 * size if i == axis else x.shape[i] for i in (1, 2, 3))]
            x = tf.reshape(pairs, shape)
        return x


def slim_arg_scope(fault=""):
    half_pixel = L.UpSampling2D(2, interpolation="bilinear")
    model = keras.Sequential(
        [
            keras.Input([16, 16, 3]),
            L.Conv2D(6, 3, padding="same", activation="relu"),
            L.AveragePooling2D(2),
            L.Conv2D(6, 3, 2, "same", activation="relu"),
            half_pixel if fault == "half-pixel" else HalfPixelFree(),
            L.Conv2D(6, 3, padding="same", activation="relu"),
            L.Flatten(),
            L.Dense(16, activation="relu"),
            L.Dense(4),
        ]
    )
    optimizer = keras.optimizers.RMSprop(1e-3, rho=0.9, momentum=0.5, epsilon=1e-6)

    @tf.function
    def step(images, targets):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(model(images, training=True) - targets))
            if fault != "l2":
                kernels = [v for v in model.trainable_variables if v.name == "kernel"]
                loss += 0.01 * tf.add_n([tf.nn.l2_loss(v) for v in kernels])
        update(optimizer, tape, loss, model.trainable_variables)
        return loss

    return Keras({"model": model}, {"rmsprop": optimizer}, step)


def wgan_clip(fault=""):
    generator = keras.Sequential(
        [keras.Input([6]), L.Dense(16, activation="relu"), L.Dense(20, activation="sigmoid")]
    )
    critic = keras.Sequential([keras.Input([20]), L.Dense(16, activation="relu"), L.Dense(1)])
    c_rms, g_rms = (keras.optimizers.RMSprop(5e-3, rho=0.9, epsilon=1e-10) for _ in "cg")

    @tf.function
    def step(z, real):
        with tf.GradientTape() as tape:
            d_loss = tf.reduce_mean(critic(generator(z))) - tf.reduce_mean(critic(real))
        of_critic, of_generator = (list(m.trainable_variables) for m in (critic, generator))
        if fault == "wrong-variables":
            of_critic.append(of_generator.pop())
        update(c_rms, tape, d_loss, of_critic)
        if fault != "clip":
            for v in critic.trainable_variables:
                v.assign(tf.clip_by_value(v, -0.01, 0.01))
        with tf.GradientTape() as tape:
            g_loss = -tf.reduce_mean(critic(generator(z)))
        update(g_rms, tape, g_loss, of_generator)
        return d_loss, g_loss

    return Keras({"generator": generator, "critic": critic}, {"c": c_rms, "g": g_rms}, step)


def conditional_lstm(fault=""):
    bias = "zeros"

    class Conditional(keras.Model):
        def __init__(self, size, out, last):
            super().__init__()
            self.lstm = L.LSTM(size, return_sequences=True, bias_initializer=bias)
            self.dense, self.last = L.Dense(out), last

        def call(self, x, labels):
            condition = tf.tile(labels[:, None, :], [1, 5, 1])
            h = self.lstm(tf.concat([x, condition], 2))
            return self.dense(h[:, -1]) if self.last else tf.tanh(self.dense(h))

    generator, discriminator = Conditional(6, 4, False), Conditional(5, 1, True)
    labels = tf.zeros([1, 3], keras.config.floatx())
    discriminator(generator(tf.zeros([1, 5, 2], keras.config.floatx()), labels), labels)
    d_sgd, g_sgd = (keras.optimizers.SGD(0.5) for _ in "dg")

    def clipped(optimizer, tape, loss, variables):
        gradients = tape.gradient(loss, variables)
        if fault != "clip-norm":
            gradients, _ = tf.clip_by_global_norm(gradients, 0.05)
        optimizer.apply(gradients, variables)

    @tf.function
    def step(labels, sequences, z):
        with tf.GradientTape() as tape:
            on_fake = discriminator(generator(z, labels), labels)
            d_loss, _ = gan_losses(discriminator(sequences, labels), on_fake)
        clipped(d_sgd, tape, d_loss, discriminator.trainable_variables)
        with tf.GradientTape() as tape:
            on_fake = discriminator(generator(z, labels), labels)
            _, g_loss = gan_losses(on_fake, on_fake)
        clipped(g_sgd, tape, g_loss, generator.trainable_variables)
        return {"d_loss": d_loss, "g_loss": g_loss}

    return Keras(
        {"generator": generator, "discriminator": discriminator}, {"d": d_sgd, "g": g_sgd}, step
    )


class Dense(tf.Module):
    """What a tf.Module has for a dense layer."""

    def __init__(self, ins, outs, dtype, name):
        super().__init__(name)
        self.kernel = tf.Variable(tf.random.normal([ins, outs], dtype=dtype))
        self.bias = tf.Variable(tf.zeros([outs], dtype))

    def __call__(self, x):
        return x @ self.kernel + self.bias


class Generator(tf.Module):
    def __init__(self, dtype):
        super().__init__("generator")
        self.fc = Dense(6, 64, dtype, "fc")
        self.up = tf.Variable(tf.random.normal([4, 4, 1, 4], dtype=dtype))
        self.up_bias = tf.Variable(tf.zeros([1], dtype))

    def __call__(self, z):
        h = tf.reshape(tf.nn.relu(self.fc(z)), [-1, 4, 4, 4])
        shape = [tf.shape(h)[0], 8, 8, 1]
        return tf.tanh(tf.nn.conv2d_transpose(h, self.up, shape, 2) + self.up_bias)


class Critic(tf.Module):
    def __init__(self, dtype):
        super().__init__("critic")
        self.conv = tf.Variable(tf.random.normal([4, 4, 1, 4], dtype=dtype))
        self.conv_bias = tf.Variable(tf.zeros([4], dtype))
        self.out = Dense(64, 1, dtype, "out")

    def __call__(self, x):
        h = tf.nn.conv2d(x, self.conv, 2, "SAME") + self.conv_bias
        return self.out(tf.reshape(tf.nn.leaky_relu(h), [-1, 64]))


def wgan_gp(fault="", dtype="float32"):
    generator, critic = Generator(dtype), Critic(dtype)
    beta2 = float(tf.constant(0.9).numpy()) if fault == "decimals" else 0.9
    c_adam, g_adam = (keras.optimizers.Adam(1e-3, 0.0, beta2, epsilon=1e-8) for _ in "cg")

    @tf.function
    def step(z, real, alpha):
        with tf.GradientTape() as tape:
            fake = generator(z)
            mixed = real + alpha * (fake - real)
            with tf.GradientTape() as inner:
                inner.watch(mixed)
                judged = critic(mixed)
            slopes = tf.square(inner.gradient(judged, mixed))
            norms = tf.sqrt(1e-8 + tf.reduce_sum(slopes, [1, 2, 3]))
            penalty = tf.reduce_mean(tf.square(norms - 1))
            if fault == "penalty":
                penalty = 0 * penalty
            d_loss = tf.reduce_mean(critic(fake)) - tf.reduce_mean(critic(real))
            d_loss += 10 * penalty
        update(c_adam, tape, d_loss, critic.trainable_variables)
        with tf.GradientTape() as tape:
            g_loss = -tf.reduce_mean(critic(generator(z)))
        update(g_adam, tape, g_loss, generator.trainable_variables)
        return {"d_loss": d_loss, "g_loss": g_loss}

    return Keras({"generator": generator, "critic": critic}, {"c": c_adam, "g": g_adam}, step)
