"""tf.contrib.distributions made of others: independent axes, mixtures of one family, normals."""

import math
from typing import Any

import tensorflow.compat.v1 as tf


class Independent(tf.distributions.Distribution):
    """A distribution whose last batch axes are axes of an event: log_prob sums over them.

    Args:
      distribution: of each element.
      reinterpreted_batch_ndims: how many axes; all but the first where None.
      validate_args: unused.
      name: of its ops.
    """

    def __init__(
        self,
        distribution: Any,
        reinterpreted_batch_ndims: int | None = None,
        validate_args: bool = False,
        name: str | None = None,
    ) -> None:
        ndims = distribution.batch_shape.ndims
        self.distribution = distribution
        self.reinterpreted_batch_ndims = (
            max(0, ndims - 1) if reinterpreted_batch_ndims is None else reinterpreted_batch_ndims
        )
        if self.reinterpreted_batch_ndims > ndims:
            raise ValueError(
                f"reinterpreted_batch_ndims({self.reinterpreted_batch_ndims}) cannot exceed "
                f"distribution.batch_ndims({ndims})"
            )
        self._left = ndims - self.reinterpreted_batch_ndims
        super().__init__(
            dtype=distribution.dtype,
            reparameterization_type=distribution.reparameterization_type,
            validate_args=validate_args,
            allow_nan_stats=distribution.allow_nan_stats,
            name=name or "Independent" + distribution.name,
        )

    def _batch_shape_tensor(self) -> tf.Tensor:
        return self.distribution.batch_shape_tensor()[: self._left]

    def _batch_shape(self) -> tf.TensorShape:
        return self.distribution.batch_shape[: self._left]

    def _event_shape_tensor(self) -> tf.Tensor:
        of_one = self.distribution.event_shape_tensor()
        return tf.concat([self.distribution.batch_shape_tensor()[self._left :], of_one], 0)

    def _event_shape(self) -> tf.TensorShape:
        of_one = self.distribution.event_shape
        return self.distribution.batch_shape[self._left :].concatenate(of_one)

    def _sample_n(self, n: Any, seed: int | None = None) -> tf.Tensor:
        return self.distribution.sample(n, seed)

    def _log_prob(self, x: Any) -> tf.Tensor:
        return self._summed(self.distribution.log_prob(x))

    def _entropy(self) -> tf.Tensor:
        return self._summed(self.distribution.entropy())

    def _mean(self) -> tf.Tensor:
        return self.distribution.mean()

    def _mode(self) -> tf.Tensor:
        return self.distribution.mode()

    def _variance(self) -> tf.Tensor:
        return self.distribution.variance()

    def _stddev(self) -> tf.Tensor:
        return self.distribution.stddev()

    def _summed(self, x: tf.Tensor) -> tf.Tensor:
        return tf.reduce_sum(x, [-1 - i for i in range(self.reinterpreted_batch_ndims)])


@tf.distributions.RegisterKL(Independent, Independent)
def _kl_independent(a: Independent, b: Independent, name: str | None = None) -> tf.Tensor:
    return a._summed(tf.distributions.kl_divergence(a.distribution, b.distribution, name=name))


class MixtureSameFamily:
    """One of the distributions along the last batch axis of another, drawn by a Categorical.

    Args:
      mixture_distribution: a Categorical of k categories.
      components_distribution: whose last batch axis is of size k.
      name: of its ops.
    """

    def __init__(
        self,
        mixture_distribution: Any,
        components_distribution: Any,
        name: str = "MixtureSameFamily",
        **_: Any,
    ) -> None:
        self.mixture_distribution = mixture_distribution
        self.components_distribution, self.name = components_distribution, name
        self._axes = components_distribution.event_shape.ndims
        self.batch_shape = components_distribution.batch_shape[:-1]
        self.event_shape = components_distribution.event_shape
        self._count = components_distribution.batch_shape[-1]

    def sample(self, sample_shape: Any = (), seed: int | None = None, name: Any = None) -> Any:
        """-> [sample_shape, batch, event]."""
        with tf.name_scope(name, f"{self.name}_sample"):
            own = None if seed is None else seed + 1
            drawn = self.components_distribution.sample(sample_shape, seed)
            chosen = self.mixture_distribution.sample(sample_shape, own)
            mask = tf.one_hot(chosen, self._count, dtype=drawn.dtype)
            # one choice for all of a batch, where the Categorical has none of its own
            more = self.batch_shape.ndims - self.mixture_distribution.batch_shape.ndims
            mask = tf.reshape(mask, tf.concat([tf.shape(chosen), [1] * more, [self._count]], 0))
            mask = self._for_events(mask)
            return tf.reduce_sum(drawn * mask, -1 - self._axes)

    def log_prob(self, value: Any, name: str = "log_prob") -> tf.Tensor:
        weights = tf.nn.log_softmax(self.mixture_distribution.logits)
        value = tf.expand_dims(tf.convert_to_tensor(value), -1 - self._axes)
        of_each = self.components_distribution.log_prob(value)
        return tf.reduce_logsumexp(of_each + weights, -1, name=name)

    def prob(self, value: Any, name: str = "prob") -> tf.Tensor:
        return tf.exp(self.log_prob(value), name=name)

    def mean(self, name: str = "mean") -> tf.Tensor:
        return tf.reduce_sum(self._weighted(self._means()), -1 - self._axes, name=name)

    def variance(self, name: str = "variance") -> tf.Tensor:
        apart = self._means() - tf.expand_dims(self.mean(), -1 - self._axes)
        of_each = self.components_distribution.variance() + tf.square(apart)
        return tf.reduce_sum(self._weighted(of_each), -1 - self._axes, name=name)

    def stddev(self, name: str = "stddev") -> tf.Tensor:
        return tf.sqrt(self.variance(), name=name)

    def _means(self) -> tf.Tensor:
        return self.components_distribution.mean()

    def _weighted(self, x: tf.Tensor) -> tf.Tensor:
        return self._for_events(tf.nn.softmax(self.mixture_distribution.logits)) * x

    def _for_events(self, x: tf.Tensor) -> tf.Tensor:
        """[..., k] -> [..., k, 1, 1 ...], an axis for each of an event."""
        return tf.reshape(x, tf.concat([tf.shape(x), [1] * self._axes], 0)) if self._axes else x


class MultivariateNormalTriL:
    """A normal distribution of vectors whose covariance is L L^T.

    Args:
      loc: means [..., k], or None for 0.
      scale_tril: L [..., k, k], of which what is above the diagonal does not count.
      name: of its ops.
    """

    def __init__(
        self,
        loc: Any = None,
        scale_tril: Any = None,
        name: str = "MultivariateNormalTriL",
        **_: Any,
    ) -> None:
        self.scale_tril = tf.matrix_band_part(tf.convert_to_tensor(scale_tril), -1, 0)
        zero = tf.zeros_like(self.scale_tril[..., 0])
        self.loc = zero if loc is None else tf.convert_to_tensor(loc) + zero
        self.name, self.dtype = name, self.loc.dtype
        self.event_shape, self.batch_shape = self.loc.shape[-1:], self.loc.shape[:-1]

    def sample(self, sample_shape: Any = (), seed: int | None = None, name: Any = None) -> Any:
        """-> [sample_shape, ..., k]."""
        with tf.name_scope(name, f"{self.name}_sample"):
            standard = tf.distributions.Normal(tf.zeros_like(self.loc), tf.ones_like(self.loc))
            x = standard.sample(sample_shape, seed)
            return self.loc + tf.reduce_sum(self.scale_tril * x[..., None, :], -1)

    def log_prob(self, value: Any, name: str = "log_prob") -> tf.Tensor:
        apart = tf.convert_to_tensor(value) - self.loc
        shape = tf.broadcast_dynamic_shape(tf.shape(apart)[:-1], tf.shape(self.scale_tril)[:-2])
        sides = tf.shape(self.scale_tril)[-2:]
        scale = tf.broadcast_to(self.scale_tril, tf.concat([shape, sides], 0))
        apart = tf.broadcast_to(apart, tf.concat([shape, sides[:1]], 0))
        z = tf.matrix_triangular_solve(scale, apart[..., None])[..., 0]
        size = tf.cast(sides[0], self.dtype)
        constant = 0.5 * size * math.log(2 * math.pi) + self._log_determinant()
        return tf.identity(-0.5 * tf.reduce_sum(tf.square(z), -1) - constant, name=name)

    def prob(self, value: Any, name: str = "prob") -> tf.Tensor:
        return tf.exp(self.log_prob(value), name=name)

    def entropy(self, name: str = "entropy") -> tf.Tensor:
        size = tf.cast(tf.shape(self.loc)[-1], self.dtype)
        half = 0.5 * size * (1 + math.log(2 * math.pi))
        return tf.add(half, self._log_determinant(), name=name)

    def mean(self, name: str = "mean") -> tf.Tensor:
        return tf.identity(self.loc, name=name)

    mode = mean

    def covariance(self, name: str = "covariance") -> tf.Tensor:
        return tf.matmul(self.scale_tril, self.scale_tril, transpose_b=True, name=name)

    def variance(self, name: str = "variance") -> tf.Tensor:
        return tf.reduce_sum(tf.square(self.scale_tril), -1, name=name)

    def stddev(self, name: str = "stddev") -> tf.Tensor:
        return tf.sqrt(self.variance(), name=name)

    def _log_determinant(self) -> tf.Tensor:
        return tf.reduce_sum(tf.log(tf.abs(tf.matrix_diag_part(self.scale_tril))), -1)


NAMES: dict[str, Any] = {
    kind.__name__: kind for kind in (Independent, MixtureSameFamily, MultivariateNormalTriL)
}
