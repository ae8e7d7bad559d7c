"""Functions that one program has as a layer and the other elsewhere: activations, reshapes."""

from collections.abc import Callable

import numpy as np

Function = Callable[[np.ndarray], np.ndarray]


def sigmoid(x: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-x)), without overflow."""
    return np.exp(-np.logaddexp(0, -x))


def _softmax(x: np.ndarray) -> np.ndarray:
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def _channels_first(x: np.ndarray) -> np.ndarray:
    return np.moveaxis(x, -1, 1).reshape(len(x), -1) if x.ndim > 2 else x


ACTIVATIONS: dict[str, Function] = {
    "ReLU": lambda x: np.maximum(x, 0),
    "ReLU6": lambda x: np.clip(x, 0, 6),
    "tanh": np.tanh,
    "sigmoid": sigmoid,
    "softplus": lambda x: np.logaddexp(0, x),
    "ELU": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "softmax": _softmax,
    "no activation": lambda x: x,
}
FUNCTIONS: dict[str, Function] = {  # of TF1's output, that may be the port's
    "sigmoid": sigmoid,
    "tanh": np.tanh,
    "softmax": _softmax,
    "ReLU": lambda x: np.maximum(x, 0),
    "log of the sigmoid": lambda x: -np.logaddexp(0, -x),
    "1 - sigmoid": lambda x: sigmoid(-x),
    "logit": lambda x: np.log(x) - np.log1p(-x),
    "log": np.log,
    "exp": np.exp,
    "1 - x": lambda x: 1 - x,
    "-x": lambda x: -x,
    "(x + 1) / 2": lambda x: (x + 1) / 2,
    "2 x - 1": lambda x: 2 * x - 1,
    "flattened": lambda x: x.reshape(len(x), -1),
    "squeezed": lambda x: x.reshape(-1) if x.ndim and x.size == len(x) else x,
    "flattened channels first": _channels_first,
    "sigmoid, squeezed": lambda x: sigmoid(x.reshape(-1)) if x.size == len(x) else x,
}
