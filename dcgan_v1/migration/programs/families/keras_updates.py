"""Keras's optimisers for programs that ask them for their updates.

`get_updates(params, constraints, loss)` of Keras 1 and `get_updates(loss, params)` of Keras 2 gave
a list of assignments, which a program runs, or takes apart to unroll a step. tf_keras gives one op.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import tensorflow.compat.v1 as tf

Moves = Iterator[tuple[tf.Variable, tf.Tensor]]
# (optimiser, rate, count of steps before this one, weights, gradients) -> what to assign, in order
Rule = Callable[[Any, tf.Tensor, tf.Tensor, Sequence[Any], Sequence[Any]], Moves]


def _sgd(self: Any, rate: tf.Tensor, _: Any, params: Any, grads: Any) -> Moves:
    momentum = self._get_hyper("momentum")
    for p, g, m in zip(params, grads, _zeros(params), strict=True):
        moved = momentum * m - rate * g
        yield m, moved
        yield p, p + (momentum * moved - rate * g if self.nesterov else moved)


def _rmsprop(self: Any, rate: tf.Tensor, _: Any, params: Any, grads: Any) -> Moves:
    rho = self._get_hyper("rho")
    for p, g, a in zip(params, grads, _zeros(params), strict=True):
        mean = rho * a + (1 - rho) * tf.square(g)
        yield a, mean
        yield p, p - rate * g / (tf.sqrt(mean) + self.epsilon)


def _adagrad(self: Any, rate: tf.Tensor, _: Any, params: Any, grads: Any) -> Moves:
    for p, g, a in zip(params, grads, _zeros(params), strict=True):
        total = a + tf.square(g)
        yield a, total
        yield p, p - rate * g / (tf.sqrt(total) + self.epsilon)


def _adadelta(self: Any, rate: tf.Tensor, _: Any, params: Any, grads: Any) -> Moves:
    rho, epsilon = self._get_hyper("rho"), self.epsilon
    both = zip(params, grads, _zeros(params), _zeros(params), strict=True)
    for p, g, a, d in both:
        mean = rho * a + (1 - rho) * tf.square(g)
        yield a, mean
        step = g * tf.sqrt(d + epsilon) / tf.sqrt(mean + epsilon)
        yield p, p - rate * step
        yield d, rho * d + (1 - rho) * tf.square(step)


def _adam(self: Any, rate: tf.Tensor, count: tf.Tensor, params: Any, grads: Any) -> Moves:
    beta_1, beta_2 = self._get_hyper("beta_1"), self._get_hyper("beta_2")
    t = count + 1
    rate = rate * tf.sqrt(1 - tf.pow(beta_2, t)) / (1 - tf.pow(beta_1, t))
    slots = _zeros(params), _zeros(params), _zeros(params) if self.amsgrad else params
    for p, g, m, v, largest in zip(params, grads, *slots, strict=True):
        first = beta_1 * m + (1 - beta_1) * g
        second = beta_2 * v + (1 - beta_2) * tf.square(g)
        under = tf.maximum(largest, second) if self.amsgrad else second
        if self.amsgrad:
            yield largest, under
        yield m, first
        yield v, second
        yield p, p - rate * first / (tf.sqrt(under) + self.epsilon)


def _adamax(self: Any, rate: tf.Tensor, count: tf.Tensor, params: Any, grads: Any) -> Moves:
    beta_1, beta_2 = self._get_hyper("beta_1"), self._get_hyper("beta_2")
    rate = rate / (1 - tf.pow(beta_1, count + 1))
    for p, g, m, u in zip(params, grads, _zeros(params), _zeros(params), strict=True):
        first = beta_1 * m + (1 - beta_1) * g
        largest = tf.maximum(beta_2 * u, tf.abs(g))
        yield m, first
        yield u, largest
        yield p, p - rate * first / (largest + self.epsilon)


RATES = {"Adadelta": 1.0, "Adagrad": 0.01, "Adamax": 0.002}  # where tf_keras has another default
RULES: dict[str, Rule] = {
    "SGD": _sgd,
    "RMSprop": _rmsprop,
    "Adagrad": _adagrad,
    "Adadelta": _adadelta,
    "Adam": _adam,
    "Adamax": _adamax,
}


def _zeros(params: Sequence[Any]) -> list[tf.Variable]:
    return [_variable(tf.zeros(p.shape, p.dtype.base_dtype)) for p in params]


def _variable(value: Any, name: str = "Variable") -> tf.Variable:
    return tf.Variable(value, trainable=False, use_resource=False, name=name)


class Asked:
    """What an optimiser does where the program itself asks it; models ask by keywords."""

    rule: Rule
    rate: float | None  # that of 2.2.5, where it is another
    clipnorm: float | None
    clipvalue: float | None
    iterations: Any

    def __init__(self, *arguments: Any, **options: Any) -> None:
        if self.rate is not None and not arguments and not {"lr", "learning_rate"} & options.keys():
            options["learning_rate"] = self.rate
        super().__init__(*arguments, **options)

    def get_updates(self, *arguments: Any, **options: Any) -> list[Any]:
        """-> the assignments: of a count of steps, of slots and of the weights."""
        if not arguments:
            return super().get_updates(**options)  # type: ignore[misc]
        loss, params, constraints = _told(arguments, options)
        if self._iterations is None:  # type: ignore[attr-defined]
            name = f"{type(self).__name__}/iterations"
            self.iterations = _variable(tf.constant(0, tf.int64), name)
        self._create_hypers()  # type: ignore[attr-defined]
        updates = [tf.assign_add(self.iterations, 1)]
        # no edge orders these in Keras; a variable's read shares its memory, so that what is made
        # of it in TensorFlow 1 finds the step counted already
        with tf.control_dependencies(updates):
            rate = self._decayed_lr(tf.float32)  # type: ignore[attr-defined]
            count = tf.cast(self.iterations, tf.float32)
        grads = self._clipped(loss, params)
        for variable, value in type(self).rule(self, rate, count, params, grads):
            if limit := constraints.get(variable.name) or getattr(variable, "constraint", None):
                value = limit(value)
            updates.append(tf.assign(variable, value))
        return updates

    def _clipped(self, loss: tf.Tensor, params: Sequence[Any]) -> list[tf.Tensor]:
        grads = tf.gradients(loss, params)
        if any(g is None for g in grads):
            raise ValueError("An operation has `None` for gradient.")
        if self.clipnorm:
            grads, _ = tf.clip_by_global_norm(grads, self.clipnorm)
        if self.clipvalue:
            grads = [tf.clip_by_value(g, -self.clipvalue, self.clipvalue) for g in grads]
        return list(grads)


def _told(
    arguments: tuple[Any, ...], options: Mapping[str, Any]
) -> tuple[tf.Tensor, list[Any], dict[str, Callable[[Any], Any]]]:
    """-> loss, weights, name of a weight -> its constraint."""
    is_first = isinstance(arguments[0], list | tuple)  # Keras 1: params, constraints, loss
    names = ("params", "constraints", "loss") if is_first else ("loss", "params")
    told = dict(options) | dict(zip(names, arguments, strict=False))
    limits = told.get("constraints") or {}
    by_name = {p.name: limit for p, limit in limits.items()} if isinstance(limits, Mapping) else {}
    return told["loss"], list(told["params"]), by_name


def names(optimizers: Any) -> dict[str, type]:
    """Returns name -> class, of the optimisers that a module of Keras has."""
    return {
        name: type(
            name, (Asked, getattr(optimizers, name)), {"rule": rule, "rate": RATES.get(name)}
        )
        for name, rule in RULES.items()
    }
