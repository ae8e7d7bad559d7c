"""tf.contrib.distributions beyond tf.distributions: the normal distribution of independent axes.

Variational autoencoders have it."""

from typing import Any

import tensorflow.compat.v1 as tf


class MultivariateNormalDiag:
    """Independent normal distributions, the last axis one event.

    Args:
      loc: means [..., k], or None for 0.
      scale_diag: deviations [..., k], or None for 1.
    """

    def __init__(
        self,
        loc: Any = None,
        scale_diag: Any = None,
        scale_identity_multiplier: Any = None,
        name: str = "MultivariateNormalDiag",
        **_: Any,
    ) -> None:
        if scale_diag is None:
            scale_diag = tf.ones_like(tf.convert_to_tensor(loc))
        if scale_identity_multiplier is not None:
            scale_diag = scale_diag * tf.convert_to_tensor(scale_identity_multiplier)[..., None]
        self.loc = tf.zeros_like(scale_diag) if loc is None else tf.convert_to_tensor(loc)
        self.scale_diag = tf.convert_to_tensor(scale_diag)
        self.name = name
        self.axes = tf.distributions.Normal(self.loc, self.scale_diag, name=name)

    def sample(self, sample_shape: Any = (), seed: int | None = None, name: Any = None) -> Any:
        """-> [sample_shape, ..., k]."""
        return self.axes.sample(sample_shape, seed, name or "sample")

    def log_prob(self, value: Any, name: str = "log_prob") -> tf.Tensor:
        """[..., k] -> [...]."""
        return tf.reduce_sum(self.axes.log_prob(value), -1, name=name)

    def prob(self, value: Any, name: str = "prob") -> tf.Tensor:
        """[..., k] -> [...]."""
        return tf.exp(self.log_prob(value), name=name)

    def entropy(self, name: str = "entropy") -> tf.Tensor:
        return tf.reduce_sum(self.axes.entropy(), -1, name=name)

    def mean(self, name: str = "mean") -> tf.Tensor:
        return self.axes.mean(name)

    mode = mean

    def stddev(self, name: str = "stddev") -> tf.Tensor:
        return self.axes.stddev(name)

    def variance(self, name: str = "variance") -> tf.Tensor:
        return self.axes.variance(name)

    def covariance(self) -> tf.Tensor:
        return tf.matrix_diag(self.variance())

    def kl_divergence(self, other: "MultivariateNormalDiag") -> tf.Tensor:
        return tf.reduce_sum(tf.distributions.kl_divergence(self.axes, other.axes), -1)

    batch_shape = property(lambda self: self.axes.batch_shape[:-1])
    event_shape = property(lambda self: self.axes.batch_shape[-1:])


class WithSoftplusScale(MultivariateNormalDiag):
    """Of deviations before a softplus."""

    def __init__(self, loc: Any, scale_diag: Any, **options: Any) -> None:
        super().__init__(loc, tf.nn.softplus(scale_diag), **options)


def kl_divergence(
    distribution_a: Any, distribution_b: Any, allow_nan_stats: bool = True, name: str | None = None
) -> tf.Tensor:
    """`tf.distributions.kl_divergence`, of these, too."""
    if isinstance(distribution_a, MultivariateNormalDiag):
        return distribution_a.kl_divergence(distribution_b)
    return tf.distributions.kl_divergence(distribution_a, distribution_b, allow_nan_stats, name)


NAMES = {
    "MultivariateNormalDiag": MultivariateNormalDiag,
    "MultivariateNormalDiagWithSoftplusScale": WithSoftplusScale,
    "kl_divergence": kl_divergence,
    "kl": kl_divergence,
}
