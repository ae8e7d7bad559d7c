"""Arguments of Keras 1, which the package keras, version 2, took under their old names, too.

`Convolution2D(64, 5, 5, border_mode='same')`, `fit(nb_epoch=3)`. What it refused is refused here.
`tf.keras` never took them: its layers stay as they are (`Conv2D(64, 5, 2)` has strides of 2).
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np
import tensorflow.compat.v1 as tf

ORDERS = {"tf": "channels_last", "th": "channels_first", "default": None}
WAYS = {"cpu": 1, "mem": 1, "gpu": 2}  # of a recurrent layer's products
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
    "consume_less": "implementation",
    "gamma_init": "gamma_initializer",
    "beta_init": "beta_initializer",
}
OF_EMBEDDINGS = {
    "init": "embeddings_initializer",
    "W_regularizer": "embeddings_regularizer",
    "W_constraint": "embeddings_constraint",
}
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
LAYERS = {  # how many arguments each took without a name; None where that was not counted
    **dict.fromkeys(("LeakyReLU", "Flatten"), None),
    **dict.fromkeys(("GlobalAveragePooling2D", "GlobalMaxPooling2D"), None),
    "BatchNormalization": 0,
    **dict.fromkeys(("Dense", "GaussianNoise", "GaussianDropout", "LSTM", "GRU", "SimpleRNN"), 1),
    **dict.fromkeys(("UpSampling1D", "UpSampling2D", "ZeroPadding2D"), 1),
    **dict.fromkeys(("Conv1D", "Conv2D", "Conv3D", "Conv2DTranspose", "SeparableConv2D"), 2),
    "Embedding": 2,
    **dict.fromkeys(("MaxPooling1D", "MaxPooling2D", "AveragePooling1D", "AveragePooling2D"), 3),
    "Dropout": 3,
}
SIDES = {
    **dict.fromkeys(("Conv2D", "Conv2DTranspose", "SeparableConv2D"), ("nb_row", "nb_col")),
    "Conv3D": ("kernel_dim1", "kernel_dim2", "kernel_dim3"),
}
IF_TWO_SIDES = ("padding", "strides", "data_format")  # new names, which then raise


def accept(keras: Any) -> None:
    """Has the models of Keras 2 take what they took under Keras 1's names."""
    model, functional = keras.models.Model, type(_smallest(keras))
    for kind in {model, *functional.__mro__, *keras.models.Sequential.__mro__}:
        for method in set(METHODS) & set(vars(kind)):
            plain = getattr(kind, method)
            setattr(kind, method, _changed(plain, _of_generator))
    functional.__init__ = _changed(functional.__init__, _renamed(OF_MODELS))
    plain_new = model.__new__
    rename = _renamed(OF_MODELS)
    model.__new__ = lambda cls, *given, **named: plain_new(cls, *rename(given, named)[0], **named)
    model.predict_classes, model.predict_proba = predict_classes, predict_proba


def layers(plain: Any) -> dict[str, Any]:
    """Returns the layers of the package keras, under all of their names.

    Args:
      plain: module of those of tf.keras.
    """
    own = {getattr(plain, name): _layer(getattr(plain, name), name) for name in LAYERS}
    found = {name: getattr(plain, name) for name in dir(plain)}
    aliases = {k: v for k, v in found.items() if isinstance(v, type) and v in own}
    names = {name: own[kind] for name, kind in aliases.items()}
    return {**names, "Deconvolution2D": names["Conv2DTranspose"]}


def _layer(plain: Any, name: str) -> Any:
    """A layer as the package keras has it; what tf_keras makes itself is one, too."""

    class Kind(type(plain)):  # type: ignore[misc]
        def __instancecheck__(cls, instance: Any) -> bool:
            is_plain = cls is own and isinstance(instance, plain)
            return is_plain or super().__instancecheck__(instance)

    init = _changed(plain.__init__, _of_layer(name))
    own = Kind(plain.__name__, (plain,), {"__init__": init, "__module__": plain.__module__})
    return own


def _smallest(keras: Any) -> Any:
    """A model of inputs and outputs, whose class has no public name; in a graph of its own, for a
    program may ask its graph what it is to be fed."""
    with tf.Graph().as_default():
        x = keras.layers.Input((1,))
        return keras.models.Model(x, x)


Change = Callable[[tuple[Any, ...], dict[str, Any]], tuple[tuple[Any, ...], dict[str, Any]]]


def _changed(plain: Any, change: Change) -> Any:
    @wraps(plain)
    def wrapper(self: Any, *given: Any, **named: Any) -> Any:
        given, named = change(given, named)
        return plain(self, *given, **named)

    return wrapper


def _renamed(names: dict[str, str]) -> Change:
    def change(given: tuple[Any, ...], named: dict[str, Any]) -> Any:
        for old in [old for old in named if old in names]:
            if names[old] in named:
                raise TypeError(f"both {old} and {names[old]}, which is its name in Keras 2")
            named[names[old]] = named.pop(old)
        return given, named

    return change


def _of_generator(given: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """Images became batches where the generator said of how many."""
    generator: Any = given[0] if given else named.get("generator")
    if "samples_per_epoch" in named and hasattr(generator, "batch_size"):
        named["samples_per_epoch"] //= generator.batch_size
    return _renamed(OF_TRAINING)(given, named)


def _of_layer(name: str) -> Change:
    """What a layer is given, as Keras 2 read it."""
    rename = _renamed(OF_EMBEDDINGS if name == "Embedding" else OF_LAYERS)
    most = LAYERS[name]

    def change(given: tuple[Any, ...], named: dict[str, Any]) -> Any:
        if name == "BatchNormalization" and named.pop("mode", 0) != 0:
            raise TypeError("BatchNormalization: Keras 2 has no mode=1 and mode=2")
        if name == "Conv1D" and "input_dim" in named:
            named["input_shape"] = (named.pop("input_length", None), named.pop("input_dim"))
        if name == "SeparableConv2D" and "init" in named:
            first = named.pop("init")
            named |= {"depthwise_initializer": first, "pointwise_initializer": first}
        if name == "Conv2DTranspose":  # which works it out itself
            named.pop("output_shape", None)
            given = given[:3] if len(given) == 4 and isinstance(given[3], tuple) else given
        if name == "Embedding":
            named.pop("dropout", None)
        if name in SIDES:
            given = _with_sides(given, named, SIDES[name])
        if most is not None and len(given) > most:
            raise TypeError(f"{name} takes {most} arguments without a name, {len(given)} are given")
        for old, values in (("dim_ordering", ORDERS), ("consume_less", WAYS)):
            if named.get(old) in values:
                named[old] = values[named[old]]
        return rename(given, named)

    return change


def _with_sides(
    given: tuple[Any, ...], named: dict[str, Any], names: tuple[str, ...]
) -> tuple[Any, ...]:
    """Makes a kernel's sides one argument, where they are given one by one."""
    first = [side for side in given[1:] if isinstance(side, int)]
    rest = names[len(first) :]
    if len(first) < len(given) - 1 or not all(side in named for side in rest):
        return given
    if not rest and (new := [name for name in IF_TWO_SIDES if name in named]):
        raise ValueError(f"{', '.join(new)} beside a kernel whose sides are given one by one")
    sides = (*first, *(named.pop(side) for side in rest))
    if given:
        return (given[0], sides)
    named["kernel_size"] = sides
    return given


def predict_classes(model: Any, x: Any, batch_size: int | None = None, verbose: int = 0) -> Any:
    """The class of most weight; of a single output, whether it is over a half."""
    found = model.predict(x, batch_size=batch_size, verbose=verbose)
    if found.shape[-1] > 1:
        return found.argmax(axis=-1)
    return (found > 0.5).astype(np.int32)


def predict_proba(model: Any, x: Any, batch_size: int | None = None, verbose: int = 0) -> Any:
    return model.predict(x, batch_size=batch_size, verbose=verbose)
