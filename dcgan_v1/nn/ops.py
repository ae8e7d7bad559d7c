"""The layers, from `tf.get_variable` and `tf.nn` alone: no tf.layers, no Keras.

Every layer opens a variable scope of its own and creates `w` and `b` (or, for batch
norm, `beta`, `gamma`, `moving_mean`, `moving_variance`) in it, so a variable's name
spells its place: `mnist_beginners/generator/conv2/w`. Called again under a reusing
scope a layer shares its variables. Feature maps are NHWC; the dtype follows the input, that
of variables is `stored` for it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import tensorflow.compat.v1 as tf

from dcgan_v1.distributed import collectives
from dcgan_v1.nn import convolutions, fast_ops
from dcgan_v1.nn.layer_registry import register
from dcgan_v1.nn.storage import stored


def truncated_normal(stddev: float) -> tf.Initializer:
    return tf.truncated_normal_initializer(stddev=stddev)


def linear(
    x: tf.Tensor,
    units: int,
    scope: str,
    *,
    w_initializer: tf.Initializer,
    b_initializer: tf.Initializer | None = None,
) -> tf.Tensor:
    """Affine map of the rows of x.

    Args:
      x: [N, features].
      b_initializer: None leaves the bias out.

    Returns:
      [N, units].
    """
    with tf.variable_scope(scope):
        shape = [int(x.shape[1]), units]
        w = tf.get_variable("w", shape, stored(x.dtype), w_initializer)
        y = fast_ops.matmul(x, tf.cast(w, x.dtype))  # [N, units]
        return register("linear", x, add_bias(y, b_initializer))


def conv2d(
    x: tf.Tensor,
    filters: int,
    size: int,
    scope: str,
    *,
    stride: int,
    w_initializer: tf.Initializer,
    b_initializer: tf.Initializer | None = None,
    padding: str = "SAME",
) -> tf.Tensor:
    """Convolution with a size x size kernel.

    Args:
      x: [N, H, W, C].
      b_initializer: None leaves the bias out.
      padding: 'SAME', or 'VALID' for none.

    Returns:
      [N, ceil(H / stride), ceil(W / stride), filters]; with 'VALID' H - size + 1 and
      W - size + 1 instead of H and W.
    """
    with tf.variable_scope(scope):
        shape = [size, size, int(x.shape[3]), filters]
        w = tf.get_variable("w", shape, stored(x.dtype), w_initializer)

        def conv(x: tf.Tensor) -> tf.Tensor:
            return convolutions.conv2d(x, tf.cast(w, x.dtype), stride, padding)

        y = collectives.on_rows(conv, x)
        y = add_bias(y, b_initializer)
        return register("conv2d", x, y, stride=stride, padding=padding)


def conv2d_transpose(
    x: tf.Tensor,
    filters: int,
    size: int,
    scope: str,
    *,
    stride: int,
    w_initializer: tf.Initializer,
    b_initializer: tf.Initializer | None = None,
    padding: str = "SAME",
) -> tf.Tensor:
    """Transposed convolution: the gradient of `conv2d`.

    Args:
      x: [N, H, W, C].
      b_initializer: None leaves the bias out.
      padding: 'SAME', or 'VALID' for none.

    Returns:
      [N, H * stride, W * stride, filters]; with 'VALID' each side is
      (H - 1) * stride + size.
    """
    with tf.variable_scope(scope):
        _, height, width, channels = x.shape.as_list()
        shape = [size, size, filters, channels]  # output channels first, as TF1 has it
        w = tf.get_variable("w", shape, stored(x.dtype), w_initializer)
        sides = [height * stride, width * stride]
        if padding == "VALID":
            sides = [side - stride + size for side in sides]

        def conv_transpose(x: tf.Tensor) -> tf.Tensor:
            return convolutions.conv2d_transpose(x, tf.cast(w, x.dtype), sides, stride, padding)

        y = collectives.on_rows(conv_transpose, x)
        y = add_bias(y, b_initializer)
        return register("conv2d_transpose", x, y, stride=stride, padding=padding)


def leaky_relu(x: tf.Tensor, slope: float) -> tf.Tensor:
    """x where it is positive, slope * x elsewhere."""
    return register("leaky_relu", x, tf.nn.leaky_relu(x, alpha=slope), slope=slope)


def dropout(x: tf.Tensor, keep: tf.Tensor, rate: float) -> tf.Tensor:
    """Zeroes what is not kept and scales the rest up (Srivastava et al. 2014).

    Args:
      x: [N, ...].
      keep: bool of x's shape, each true with probability 1 - rate. It is given, not
        drawn here, so that whoever has the same masks gets the same result.
      rate: the part that is dropped, in [0, 1).
    """
    return x * (tf.cast(keep, x.dtype) / (1 - rate))


def batch_norm(
    x: tf.Tensor,
    is_training: bool | tf.Tensor,
    scope: str,
    *,
    decay: float,
    epsilon: float,
    gamma_initializer: tf.Initializer | None = None,
    averages: str = "",
    first_variance: float = 1.0,
    unbiased: bool = False,
) -> tuple[tf.Tensor, list[tf.Operation]]:
    """Batch normalisation with hand-kept moving averages (Ioffe & Szegedy 2015).

    is_training True reads the moments of the batch, and each of the returned updates
    moves its average: `average -= (1 - decay) * (average - moment)`.
    is_training False reads the averages; running the updates changes nothing.
    A bool tensor chooses between the two when the graph runs.

    Args:
      x: [N, ..., C]; the moments are taken over all axes but the last.
      decay: how much of an average is kept by one update.
      epsilon: added to the variance.
      gamma_initializer: None leaves gamma out (TF1's contrib default).
      averages: names the set of averages to use, where a layer that is built more than
        once keeps a set for each use; beta and gamma are shared all the same.
      first_variance: where moving_variance starts. tf.contrib's layer has 1;
        ExponentialMovingAverage over a tensor has 0, as for the mean.
      unbiased: let the average follow n / (n - 1) times the batch's variance, n being
        the number of values it is taken over: PyTorch's way. The batch itself is
        normalised by the biased variance in either case.

    Returns:
      y of x's shape, and the list of update ops for moving_mean, moving_variance.
    """
    with tf.variable_scope(scope):
        shape, half = [int(x.shape[-1])], x
        x = tf.cast(x, stored(x.dtype))
        beta = tf.get_variable("beta", shape, x.dtype, tf.zeros_initializer())
        gamma = tf.ones(shape, x.dtype)
        if gamma_initializer is not None:
            gamma = tf.get_variable("gamma", shape, x.dtype, gamma_initializer)
        with tf.variable_scope(averages) if averages else contextlib.nullcontext():
            average_mean, average_variance = (
                tf.get_variable(name, shape, x.dtype, initializer, trainable=False)
                for name, initializer in (
                    ("moving_mean", tf.zeros_initializer()),
                    ("moving_variance", tf.constant_initializer(first_variance)),
                )
            )

        def from_batch() -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
            y, mean, variance, n = _normalize_batch(
                x, tf.convert_to_tensor(gamma), tf.convert_to_tensor(beta), epsilon
            )
            if unbiased:
                variance *= n / (n - 1)
            return y, *collectives.averaged(x, mean, variance)

        # read once: what inference uses is what its updates compare with
        mean, variance = average_mean.read_value(), average_variance.read_value()

        def from_averages() -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
            y = tf.nn.batch_normalization(x, mean, variance, beta, gamma, epsilon)
            return y, mean, variance

        if isinstance(is_training, bool):
            y, *moments = from_batch() if is_training else from_averages()
        else:
            y, *moments = tf.cond(is_training, from_batch, from_averages)
        updates = [
            tf.assign_sub(average, (1 - decay) * (value - tf.stop_gradient(moment)))
            for average, value, moment in zip(
                (average_mean, average_variance), (mean, variance), moments, strict=True
            )
        ]
        y = tf.cast(y, half.dtype)
        settings = {"epsilon": epsilon, "averages": averages}
        register("batch_norm", half, y, is_training=is_training, **settings)
        return y, updates


def _normalize_batch(
    x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor, epsilon: float
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
    """Returns (x - mean) / sqrt(variance + epsilon) * gamma + beta, mean, variance, and
    the number of values that these are taken over; of all workers where there are some.

    The gradient is the paper's (section 3), in closed form: TensorFlow's own derivation
    through the moments makes three times as many passes over the feature map.
    Gradients do not flow through the returned moments.
    """
    axes = list(range(x.shape.rank - 1))
    if fast_ops.are_plain():
        mean, variance = tf.nn.moments(x, axes)
        y = tf.nn.batch_normalization(x, mean, variance, beta, gamma, epsilon)
        return y, mean, variance, tf.cast(tf.size(x) // x.shape[-1], x.dtype)

    @tf.custom_gradient
    def normalize(
        x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor
    ) -> tuple[tuple[tf.Tensor, ...], Callable[..., tuple[tf.Tensor, ...]]]:
        mean, centered, variance, count = collectives.moments(x)
        inverse = tf.math.rsqrt(variance + epsilon)  # [C]
        y = centered * (inverse * gamma) + beta

        def gradient(dy: tf.Tensor, *_: tf.Tensor) -> tuple[tf.Tensor, ...]:
            dbeta = tf.reduce_sum(dy, axes)  # [C]
            dgamma = tf.reduce_sum(dy * centered, axes) * inverse  # [C]
            # those of the weights are summed with all others, later
            dgamma_sum, dbeta_sum = collectives.sums([dgamma, dbeta])
            slope = dgamma_sum * inverse / count  # [C]
            dx = (dy - dbeta_sum / count - centered * slope) * (inverse * gamma)
            return dx, dgamma, dbeta

        return (y, mean, variance, count), gradient

    return normalize(x, gamma, beta)


def add_bias(y: tf.Tensor, initializer: tf.Initializer | None) -> tf.Tensor:
    """Adds a bias `b` to y's last dimension, or nothing where initializer is None."""
    if initializer is None:
        return y
    b = tf.get_variable("b", [int(y.shape[-1])], stored(y.dtype), initializer)
    return tf.nn.bias_add(y, tf.cast(b, y.dtype))
