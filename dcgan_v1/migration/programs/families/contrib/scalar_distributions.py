"""tf.contrib.distributions of numbers: logistic, Poisson, deterministic, relaxed Bernoulli."""

import math
from typing import Any

import numpy as np
import tensorflow.compat.v1 as tf
from tensorflow.python.ops.distributions import util


class Scalar(tf.distributions.Distribution):
    """A distribution of numbers, one for each place of its parameters' common shape."""

    def __init__(
        self, parameters: list[tf.Tensor], name: str, *, is_reparameterized: bool, **options: Any
    ) -> None:
        how = "FULLY_REPARAMETERIZED" if is_reparameterized else "NOT_REPARAMETERIZED"
        self._places = sum(parameters[1:], parameters[0])  # of the common shape
        super().__init__(
            dtype=parameters[0].dtype,
            reparameterization_type=getattr(tf.distributions, how),
            validate_args=options.get("validate_args", False),
            allow_nan_stats=options.get("allow_nan_stats", True),
            name=name,
        )

    def _batch_shape_tensor(self) -> tf.Tensor:
        return tf.shape(self._places)

    def _batch_shape(self) -> tf.TensorShape:
        return self._places.shape

    def _event_shape_tensor(self) -> tf.Tensor:
        return tf.constant([], tf.int32)

    def _event_shape(self) -> tf.TensorShape:
        return tf.TensorShape([])

    def _everywhere(self, x: Any) -> tf.Tensor:
        return x + tf.zeros_like(self._places)


class Logistic(Scalar):
    """Whose cumulative distribution is a sigmoid of (x - loc) / scale."""

    def __init__(self, loc: Any, scale: Any, name: str = "Logistic", **options: Any) -> None:
        self.loc = tf.convert_to_tensor(loc)
        self.scale = tf.convert_to_tensor(scale, self.loc.dtype)
        super().__init__([self.loc, self.scale], name, is_reparameterized=True, **options)

    def _sample_n(self, n: Any, seed: int | None = None) -> tf.Tensor:
        shape = tf.concat([[n], self.batch_shape_tensor()], 0)
        tiny = np.finfo(self.dtype.as_numpy_dtype).tiny
        u = tf.random_uniform(shape, tiny, 1.0, self.dtype, seed)
        return (tf.log(u) - tf.log1p(-u)) * self.scale + self.loc

    def _log_prob(self, x: Any) -> tf.Tensor:
        z = (x - self.loc) / self.scale
        return -z - 2 * tf.nn.softplus(-z) - tf.log(self.scale)

    def _cdf(self, x: Any) -> tf.Tensor:
        return tf.sigmoid((x - self.loc) / self.scale)

    def _log_cdf(self, x: Any) -> tf.Tensor:
        return -tf.nn.softplus(-(x - self.loc) / self.scale)

    def _survival_function(self, x: Any) -> tf.Tensor:
        return tf.sigmoid(-(x - self.loc) / self.scale)

    def _log_survival_function(self, x: Any) -> tf.Tensor:
        return -tf.nn.softplus((x - self.loc) / self.scale)

    def _entropy(self) -> tf.Tensor:
        return self._everywhere(2 + tf.log(self.scale))

    def _mean(self) -> tf.Tensor:
        return self._everywhere(self.loc)

    _mode = _mean

    def _stddev(self) -> tf.Tensor:
        return self._everywhere(self.scale * math.pi / math.sqrt(3))


class Poisson(Scalar):
    """Counts, of a rate or its logarithm."""

    def __init__(
        self, rate: Any = None, log_rate: Any = None, name: str = "Poisson", **options: Any
    ) -> None:
        if (rate is None) == (log_rate is None):
            raise ValueError("Must specify exactly one of `rate` and `log_rate`.")
        self.rate = tf.exp(log_rate) if rate is None else tf.convert_to_tensor(rate)
        self.log_rate = tf.log(rate) if log_rate is None else tf.convert_to_tensor(log_rate)
        super().__init__([self.rate], name, is_reparameterized=False, **options)

    def _sample_n(self, n: Any, seed: int | None = None) -> tf.Tensor:
        return tf.random_poisson(self.rate, [n], self.dtype, seed)

    def _log_prob(self, x: Any) -> tf.Tensor:
        return x * self.log_rate - tf.lgamma(1 + x) - self.rate

    def _cdf(self, x: Any) -> tf.Tensor:
        return tf.igammac(1 + x, self.rate)

    def _mean(self) -> tf.Tensor:
        return tf.identity(self.rate)

    _variance = _mean

    def _mode(self) -> tf.Tensor:
        return tf.floor(self.rate)


class Deterministic(Scalar):
    """One number, always."""

    def __init__(
        self,
        loc: Any,
        atol: Any = None,
        rtol: Any = None,
        name: str = "Deterministic",
        **options: Any,
    ) -> None:
        self.loc = tf.convert_to_tensor(loc)
        atol, rtol = (0 if slack is None else slack for slack in (atol, rtol))
        self._slack = atol + rtol * tf.abs(self.loc)
        super().__init__([self.loc], name, is_reparameterized=False, **options)

    def _sample_n(self, n: Any, seed: int | None = None) -> tf.Tensor:
        del seed
        return self.loc + tf.zeros(tf.concat([[n], tf.shape(self.loc)], 0), self.dtype)

    def _prob(self, x: Any) -> tf.Tensor:
        return tf.cast(tf.abs(x - self.loc) <= self._slack, self.dtype)

    def _cdf(self, x: Any) -> tf.Tensor:
        return tf.cast(x >= self.loc - self._slack, self.dtype)

    def _mean(self) -> tf.Tensor:
        return tf.identity(self.loc)

    _mode = _mean

    def _variance(self) -> tf.Tensor:
        return tf.zeros_like(self.loc)

    _entropy = _variance


class RelaxedBernoulli(Scalar):
    """Numbers between 0 and 1 near its ends, through which gradients pass: a sigmoid of a
    logistic distribution."""

    def __init__(
        self,
        temperature: Any,
        logits: Any = None,
        probs: Any = None,
        name: str = "RelaxedBernoulli",
        **options: Any,
    ) -> None:
        self.logits, self.probs = util.get_logits_and_probs(logits=logits, probs=probs)
        self.temperature = tf.cast(temperature, self.logits.dtype)
        self._before = Logistic(self.logits / self.temperature, 1 / self.temperature)
        super().__init__([self.logits], name, is_reparameterized=True, **options)

    def _sample_n(self, n: Any, seed: int | None = None) -> tf.Tensor:
        return tf.sigmoid(self._before.sample(n, seed))

    def _log_prob(self, x: Any) -> tf.Tensor:
        return self._before.log_prob(tf.log(x) - tf.log1p(-x)) - tf.log(x) - tf.log1p(-x)

    def _cdf(self, x: Any) -> tf.Tensor:
        return self._before.cdf(tf.log(x) - tf.log1p(-x))


class NormalWithSoftplusScale(tf.distributions.Normal):
    """Of a deviation before a softplus."""

    def __init__(
        self, loc: Any, scale: Any, name: str = "NormalWithSoftplusScale", **options: Any
    ) -> None:
        super().__init__(loc, tf.nn.softplus(scale), name=name, **options)


NAMES: dict[str, Any] = {
    kind.__name__: kind
    for kind in (Logistic, Poisson, Deterministic, RelaxedBernoulli, NormalWithSoftplusScale)
} | {"softplus_inverse": util.softplus_inverse}
