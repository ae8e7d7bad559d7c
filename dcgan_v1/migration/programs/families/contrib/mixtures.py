"""tf.contrib.distributions' mixtures, and categories as vectors (relaxed: Gumbel-softmax)."""

from collections.abc import Sequence
from typing import Any

import tensorflow.compat.v1 as tf

TINY = 1e-20  # under a logarithm


class Mixture:
    """One of several distributions, drawn by a Categorical. Of one batch: all are of shape []."""

    def __init__(
        self, cat: Any, components: Sequence[Any], name: str = "Mixture", **_: Any
    ) -> None:
        self.cat, self.components, self.name = cat, list(components), name

    def sample(self, sample_shape: Any = (), seed: int | None = None, name: Any = None) -> Any:
        """-> [sample_shape, event]."""
        with tf.name_scope(name, f"{self.name}_sample"):
            # a seed of its own for each: they are independent
            seeds = [None if seed is None else seed + i for i in range(len(self.components) + 1)]
            chosen = tf.one_hot(self.cat.sample(sample_shape, seeds[-1]), len(self.components))
            pairs = zip(self.components, seeds, strict=False)
            drawn = [component.sample(sample_shape, own) for component, own in pairs]
            total = tf.zeros_like(drawn[0])
            for i, part in enumerate(drawn):
                is_this = tf.cast(chosen[..., i], part.dtype)
                events = tf.rank(part) - tf.rank(is_this)
                shape = tf.concat([tf.shape(is_this), tf.ones([events], tf.int32)], 0)
                total += tf.reshape(is_this, shape) * part
            return total

    def log_prob(self, value: Any, name: str = "log_prob") -> tf.Tensor:
        weights = tf.unstack(tf.nn.log_softmax(self.cat.logits), axis=-1)
        pairs = zip(weights, self.components, strict=True)
        return tf.reduce_logsumexp([w + c.log_prob(value) for w, c in pairs], 0, name=name)

    def prob(self, value: Any, name: str = "prob") -> tf.Tensor:
        return tf.exp(self.log_prob(value), name=name)

    def mean(self, name: str = "mean") -> tf.Tensor:
        weights = tf.unstack(tf.nn.softmax(self.cat.logits), axis=-1)
        pairs = zip(weights, self.components, strict=True)
        return tf.add_n([w * c.mean() for w, c in pairs], name=name)


class OneHotCategorical:
    """Categories as vectors of a 1 and zeros: logits or probs [..., k]."""

    def __init__(
        self,
        logits: Any = None,
        probs: Any = None,
        dtype: Any = tf.int32,
        name: str = "OneHotCategorical",
        **_: Any,
    ) -> None:
        self.logits = tf.log(probs) if logits is None else tf.convert_to_tensor(logits)
        self.probs = tf.nn.softmax(self.logits)
        self.dtype, self.name = dtype, name

    def sample(self, sample_shape: Any = (), seed: int | None = None, name: Any = None) -> Any:
        """-> [sample_shape, ..., k]."""
        drawn = tf.distributions.Categorical(self.logits).sample(sample_shape, seed)
        return tf.one_hot(drawn, self.logits.shape[-1], dtype=self.dtype, name=name)

    def log_prob(self, value: Any, name: str = "log_prob") -> tf.Tensor:
        chosen = tf.cast(value, self.logits.dtype)
        return tf.reduce_sum(chosen * tf.nn.log_softmax(self.logits), -1, name=name)

    def prob(self, value: Any, name: str = "prob") -> tf.Tensor:
        return tf.exp(self.log_prob(value), name=name)

    def entropy(self, name: str = "entropy") -> tf.Tensor:
        return -tf.reduce_sum(self.probs * tf.nn.log_softmax(self.logits), -1, name=name)


class ExpRelaxedOneHotCategorical:
    """The logarithm of RelaxedOneHotCategorical."""

    def __init__(self, temperature: Any, logits: Any = None, probs: Any = None, **_: Any) -> None:
        self.logits = tf.log(probs) if logits is None else tf.convert_to_tensor(logits)
        self.temperature = tf.cast(temperature, self.logits.dtype)

    def sample(self, sample_shape: Any = (), seed: int | None = None, name: Any = None) -> Any:
        """-> [sample_shape, ..., k]."""
        first = tf.reshape(tf.convert_to_tensor(sample_shape, tf.int32), [-1])
        shape = tf.concat([first, tf.shape(self.logits)], 0)
        uniform = tf.random_uniform(shape, TINY, 1.0, self.logits.dtype, seed)
        noisy = (self.logits - tf.log(-tf.log(uniform))) / self.temperature
        drawn = tf.nn.log_softmax(noisy, name=name)
        drawn.set_shape(tf.TensorShape(tf.get_static_value(first)).concatenate(self.logits.shape))
        return drawn


class RelaxedOneHotCategorical(ExpRelaxedOneHotCategorical):
    """Vectors near a 1 and zeros, through which gradients pass."""

    def sample(self, sample_shape: Any = (), seed: int | None = None, name: Any = None) -> Any:
        return tf.exp(super().sample(sample_shape, seed), name=name)


NAMES: dict[str, Any] = {
    kind.__name__: kind
    for kind in (Mixture, OneHotCategorical, ExpRelaxedOneHotCategorical, RelaxedOneHotCategorical)
}
