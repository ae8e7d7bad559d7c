"""Arguments of Keras 1, which Keras 2 took under their old names, too.

`Convolution2D(64, 5, 5, border_mode='same')`, `fit(nb_epoch=3)`."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np
import tensorflow.compat.v1 as tf

ORDERS = {"tf": "channels_last", "th": "channels_first", "default": None}
OF_LAYERS = {
    "output_dim": "units",
    "init": "kernel_initializer",
    "W_regularizer": "kernel_regularizer",
    "b_regularizer": "bias_regularizer",
    "W_constraint": "kernel_constraint",
    "b_constraint": "bias_constraint",
    "bias": "use_bias",
    "nb_filter": "filters",
    "border_mode": "padding",
    "subsample": "strides",
    "dim_ordering": "data_format",
    "atrous_rate": "dilation_rate",
    "filter_length": "kernel_size",
    "subsample_length": "strides",
    "pool_length": "pool_size",
    "stride": "strides",
    "p": "rate",
    "sigma": "stddev",
    "inner_init": "recurrent_initializer",
    "inner_activation": "recurrent_activation",
    "U_regularizer": "recurrent_regularizer",
    "dropout_W": "dropout",
    "dropout_U": "recurrent_dropout",
    "gamma_init": "gamma_initializer",
    "beta_init": "beta_initializer",
}
OF_EMBEDDINGS = {**OF_LAYERS, "output_dim": "output_dim", "init": "embeddings_initializer"}
OF_MODELS = {"input": "inputs", "output": "outputs"}
OF_TRAINING = {
    "nb_epoch": "epochs",
    "samples_per_epoch": "steps_per_epoch",
    "nb_val_samples": "validation_steps",
    "val_samples": "steps",
    "nb_worker": "workers",
    "pickle_safe": "use_multiprocessing",
    "max_q_size": "max_queue_size",
}
METHODS = ("fit", "fit_generator", "evaluate_generator", "predict_generator")
LAYERS = (
    *("Dense", "Dropout", "BatchNormalization", "GaussianNoise", "GaussianDropout", "LeakyReLU"),
    *("Conv1D", "Conv2D", "Conv3D", "Conv2DTranspose", "SeparableConv2D", "Embedding"),
    *("MaxPooling1D", "MaxPooling2D", "AveragePooling2D", "UpSampling2D", "ZeroPadding2D"),
    *("LSTM", "GRU", "SimpleRNN", "GlobalAveragePooling2D", "GlobalMaxPooling2D", "Flatten"),
)


def accept(keras: Any) -> None:
    """Has the layers and models of Keras 2 take what they took under Keras 1's names."""
    for name in LAYERS:
        kind = getattr(keras.layers, name)
        names = OF_EMBEDDINGS if name == "Embedding" else OF_LAYERS
        _wrap(kind, "__init__", _of_layer(names, takes_sides=name.startswith(("Conv2D", "Sep"))))
    model, functional = keras.models.Model, type(_smallest(keras))
    for kind in {model, *functional.__mro__, *keras.models.Sequential.__mro__}:
        for method in set(METHODS) & set(vars(kind)):
            _wrap(kind, method, _renamed(OF_TRAINING))
    _wrap(functional, "__init__", _renamed(OF_MODELS))
    plain = model.__new__
    rename = _renamed(OF_MODELS)
    model.__new__ = lambda cls, *given, **named: plain(cls, *rename(given, named)[0], **named)
    model.predict_classes, model.predict_proba = predict_classes, predict_proba


def _smallest(keras: Any) -> Any:
    """A model of inputs and outputs, whose class has no public name; in a graph of its own, for a
    program may ask its graph what it is to be fed."""
    with tf.Graph().as_default():
        x = keras.layers.Input((1,))
        return keras.models.Model(x, x)


Change = Callable[[tuple[Any, ...], dict[str, Any]], tuple[tuple[Any, ...], dict[str, Any]]]


def _wrap(owner: Any, name: str, change: Change) -> None:
    plain = getattr(owner, name)

    @wraps(plain)
    def wrapper(self: Any, *given: Any, **named: Any) -> Any:
        given, named = change(given, named)
        return plain(self, *given, **named)

    setattr(owner, name, wrapper)


def _renamed(names: dict[str, str]) -> Change:
    def change(given: tuple[Any, ...], named: dict[str, Any]) -> Any:
        for old in [old for old in named if names.get(old, old) != old]:
            named[names[old]] = named.pop(old)
        return given, named

    return change


def _of_layer(names: dict[str, str], takes_sides: bool) -> Change:
    rename = _renamed(names)

    def change(given: tuple[Any, ...], named: dict[str, Any]) -> Any:
        given, named = rename(given, named)
        if "mode" in named and "axis" not in named:  # of a batch norm: samples or features
            named.pop("mode")
        if named.get("data_format") in ORDERS:
            named["data_format"] = ORDERS[named["data_format"]]
        sides = [named.pop(side) for side in ("nb_row", "nb_col") if side in named]
        if takes_sides and len(given) > 2 and all(isinstance(n, int) for n in given[1:3]):
            given = (given[0], given[1:3], *given[3:])
        elif sides:
            named["kernel_size"] = tuple(sides)
        return given, named

    return change


def predict_classes(model: Any, x: Any, batch_size: int | None = None, verbose: int = 0) -> Any:
    """The class of most weight; of a single output, whether it is over a half."""
    found = model.predict(x, batch_size=batch_size, verbose=verbose)
    if found.shape[-1] > 1:
        return found.argmax(axis=-1)
    return (found > 0.5).astype(np.int32)


def predict_proba(model: Any, x: Any, batch_size: int | None = None, verbose: int = 0) -> Any:
    return model.predict(x, batch_size=batch_size, verbose=verbose)
