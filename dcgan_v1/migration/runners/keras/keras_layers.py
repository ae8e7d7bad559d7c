"""Layers of Keras models and tf.Modules: their kinds, places and settings."""

from collections.abc import Iterator
from typing import Any

import keras
import tensorflow as tf

from dcgan_v1.migration.records import Settings
from dcgan_v1.migration.runners.keras import classes

L = keras.layers
NO_LAYERS = tuple(getattr(L, name) for name in classes.NO_LAYERS)
PARTS = classes.PARTS


def layers(model: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Yields (path, layer) of everything inside a model that a layer can be."""
    if isinstance(model, keras.Model):
        inner = list(model._flatten_layers(include_self=False))
        cells = {
            id(x)
            for rnn in inner
            if isinstance(rnn, L.RNN)
            for x in rnn._flatten_layers(include_self=False)
        }
        for layer in inner:
            if id(layer) in cells:  # they run in a loop, which TF1 has no output of
                continue
            if not isinstance(layer, (keras.Model, *NO_LAYERS)):
                path = getattr(layer, "path", None) or layer.name
                yield f"{name}/{path.removeprefix(model.name + '/')}", layer
    else:
        paths = {id(model): name}
        for module in model.submodules:
            attribute = next(
                (k for k, v in vars(model).items() if v is module), type(module).__name__
            )
            if id(module) not in paths and callable(module):
                paths[id(module)] = f"{name}/{attribute}"
                yield f"{name}/{attribute}", module


def kind(layer: Any) -> str:
    """Returns one of `records.LAYER_KINDS`."""
    return classes.kind_of([cls.__name__ for cls in type(layer).__mro__])


def is_dropout(layer: Any) -> bool:
    """Whether a layer drops out: Keras's, or a tf.Module of that name with a rate."""
    is_module = type(layer).__name__ == "Dropout" and isinstance(layer, tf.Module)
    return isinstance(layer, L.Dropout) or (is_module and hasattr(layer, "rate"))


def settings(layer: Any) -> Settings:
    """Returns what a TF1 program must have alike."""
    attributes = {name: getattr(layer, name, None) for name in classes.LAYER_SETTINGS}
    function = getattr(layer, "activation", None)
    if function is not None:
        attributes["activation"] = getattr(function, "__name__", "")
    return classes.settings(type(layer).__name__, attributes)


def variable_paths(model: Any) -> dict[int, str]:
    """id of a variable -> its place: its layer's path, or that among the attributes of
    a tf.Module."""
    if isinstance(model, keras.Model):
        return {
            id(v): f"{path.partition('/')[2]}/{v.name}"
            for path, layer in reversed(list(layers(model, "")))
            for v in layer.weights
        }
    flat = model._flatten(predicate=lambda x: isinstance(x, tf.Variable), with_path=True)
    return {id(v): "/".join(map(str, path)) for path, v in flat}


def path_of(variable: Any) -> str:
    """Returns a variable's own name."""
    return getattr(variable, "path", None) or variable.name.partition(":")[0]


def key_of(variable: Any) -> int:
    """Keras wraps the tf.Variable that an optimiser may be given as it is."""
    return id(getattr(variable, "value", variable)) if hasattr(variable, "path") else id(variable)


def dtype_of(variable: Any) -> str:
    """Returns 'float64' or the like."""
    return tf.as_dtype(variable.dtype).name


def is_float(variable: Any) -> bool:
    """Whether a variable is no count."""
    return tf.as_dtype(variable.dtype).is_floating
