"""Looks into a step of a Keras port: layers, gradients, what draws and what is fed."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from dcgan_v1.migration.records import Arrays, GradientKey, LayerOutput, Settings
from dcgan_v1.migration.runners import ports
from dcgan_v1.migration.runners.keras import keras_layers, keras_optimizers

if TYPE_CHECKING:
    from dcgan_v1.migration.runners.keras.runner import KerasRunner

Layers = dict[int, tuple[str, Any]]  # id of a layer -> its path, itself


@dataclass
class Applied:
    """How many updates a step has applied so far."""

    count: int = 0


@contextlib.contextmanager
def recording_gradients(
    optimizers: dict[str, Any],
    names: dict[int, str],
    gradients: dict[GradientKey, np.ndarray],
    before: Callable[[int], object],
    settings: dict[str, Settings],
) -> Iterator[Applied]:
    """Adds every gradient that an optimiser is given to `gradients`.

    Args:
      optimizers: by name.
      names: `keras_layers.key_of` a variable -> its name.
      gradients: what they are added to; settings: the same of what optimisers have in their first
        update, before a schedule goes on.
      before: called with the number of each update before it is done.
    """
    applied = Applied()

    def apply(plain: Callable[..., Any], name: str, *args: Any, **kwargs: Any) -> Any:
        before(applied.count)
        applied.count += 1
        settings.setdefault(name, keras_optimizers.settings(optimizers[name]))
        return plain(*args, **kwargs)

    def update_step(
        plain: Callable[..., Any],
        name: str,
        gradient: Any,
        variable: Any,
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        key = GradientKey(applied.count - 1, name, names.get(keras_layers.key_of(variable), ""))
        gradients[key] = np.asarray(tf.convert_to_tensor(gradient))
        return plain(gradient, variable, *args, **kwargs)

    for name, optimizer in optimizers.items():
        optimizer.apply = partial(apply, optimizer.apply, name)
        optimizer.update_step = partial(update_step, optimizer.update_step, name)
    try:
        yield applied
    finally:
        for optimizer in optimizers.values():
            del optimizer.apply, optimizer.update_step


@contextlib.contextmanager
def recording_layers(
    layers: Layers, outputs: list[LayerOutput], applied: Applied
) -> Iterator[None]:
    """Appends what every call of a layer gives to `outputs`.

    Args:
      layers: those that are looked into.
      outputs: what is appended to.
      applied: counts the updates of the step.
    """
    calls: dict[str, int] = {}
    ids: set[int] = set()
    alive: list[Any] = []

    def record(plain: Callable[..., Any], layer: Any, *args: Any, **kwargs: Any) -> Any:
        y = plain(layer, *args, **kwargs)
        path, _ = layers.get(id(layer), ("", None))
        tensor = y[0] if isinstance(y, list | tuple) and y else y
        if not path or not tf.is_tensor(tensor) or not hasattr(tensor, "numpy"):
            return y
        calls[path] = calls.get(path, 0) + 1
        name = path if calls[path] == 1 else f"{path}#{calls[path]}"
        x = tf.nest.flatten(args[0])[0] if args else None
        is_new = x is not None and id(x) not in ids and tf.is_tensor(x)
        ids.add(id(tensor))
        alive.append(tensor)  # or its id might be another's
        outputs.append(
            LayerOutput(
                name,
                keras_layers.kind(layer),
                keras_layers.settings(layer),
                np.asarray(tensor),
                np.asarray(x) if is_new else None,
                applied.count,
                given=tuple(x.shape) if x is not None and tf.is_tensor(x) else (),
            )
        )
        return y

    classes = {definer(type(layer)) for _, layer in layers.values()}
    with contextlib.ExitStack() as stack:
        for cls in classes:
            stack.enter_context(patched_call(cls, record))
        yield


@contextlib.contextmanager
def drawing(layers: Layers, draws: ports.Draws) -> Iterator[None]:
    """Dropout layers take the old program's uniform numbers."""
    dropouts = [x for _, x in layers.values() if keras_layers.is_dropout(x)]
    of_keras = [x for x in dropouts if isinstance(x, keras.layers.Dropout)]

    def call(layer: Any, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        if not training or not layer.rate:
            return inputs
        x = tf.convert_to_tensor(inputs)
        mask = tf.cast(draws.take(x.shape) >= layer.rate, x.dtype)
        return x * mask / (1 - layer.rate)

    def module(plain: Callable[..., Any], *args: Any, **kwargs: Any) -> tf.Tensor:
        del plain
        return call(*args, **kwargs)

    for layer in of_keras:
        layer.call = partial(call, layer)
    try:
        with contextlib.ExitStack() as stack:
            for cls in {type(x) for x in dropouts if x not in of_keras}:
                stack.enter_context(patched_call(cls, module))
            yield
    finally:
        for layer in of_keras:
            del layer.call


@contextlib.contextmanager
def noting_inputs(runner: "KerasRunner", inputs: Arrays) -> Iterator[None]:
    """Works out which of the step's inputs each model is called with."""
    names = {id(m): n for n, m in runner.models.items() if n not in runner.forward}

    def note(plain: Callable[..., Any], model: Any, *args: Any, **kwargs: Any) -> Any:
        name = names.get(id(model))
        if name is not None and args:
            tensors = [x for x in tf.nest.flatten(args) if not isinstance(x, bool)]
            runner.takes_list[name] = isinstance(args[0], list | tuple)
            if not any(isinstance(x, keras.KerasTensor) for x in tensors):
                calls = runner.forward.setdefault(name, [])
                ports.note_inputs(calls, tensors, inputs, np.asarray)
        return plain(model, *args, **kwargs)

    classes = {type(m) for m in runner.models.values() if id(m) in names}
    with contextlib.ExitStack() as stack:
        for cls in {definer(cls) for cls in classes}:
            stack.enter_context(patched_call(cls, note))
        yield


@contextlib.contextmanager
def patched_call(cls: Any, function: Callable[..., Any]) -> Iterator[None]:
    """Has `function(plain, layer, ...)` called wherever a layer of a class is."""
    plain = cls.__call__

    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        return function(plain, self, *args, **kwargs)

    cls.__call__ = call
    try:
        yield
    finally:
        cls.__call__ = plain


def definer(cls: type) -> type:
    """Returns the class that a class has its `__call__` of."""
    return next(base for base in cls.__mro__ if "__call__" in vars(base))
