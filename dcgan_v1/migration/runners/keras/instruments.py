"""Looks into a step of a Keras port: layers, gradients, what draws and what is fed."""

import contextlib
from functools import partial

import keras
import numpy as np
import tensorflow as tf

from dcgan_v1.migration.runners import port
from dcgan_v1.migration.runners.keras import keras_layers

L = keras.layers


@contextlib.contextmanager
def recording_gradients(side, gradients):
    def apply(plain, *args, **kwargs):
        side.applied += 1
        return plain(*args, **kwargs)

    def update_step(plain, name, gradient, variable, *args, **kwargs):
        key = side.names.get(keras_layers.key_of(variable), "")
        gradients[f"{side.applied - 1}|{name}|{key}"] = np.asarray(tf.convert_to_tensor(gradient))
        return plain(gradient, variable, *args, **kwargs)

    for name, optimizer in side.optimizers.items():
        optimizer.apply = partial(apply, optimizer.apply)
        optimizer.update_step = partial(update_step, optimizer.update_step, name)
    try:
        yield
    finally:
        for optimizer in side.optimizers.values():
            del optimizer.apply, optimizer.update_step


@contextlib.contextmanager
def recording(side, found):
    """Appends a row for every call of a layer: name, kind, output, input or None,
    settings; with them how many updates of the step came before."""
    calls, outputs, kept = {}, set(), []

    def record(plain, layer, *args, **kwargs):
        y = plain(layer, *args, **kwargs)
        path, _ = side.layers.get(id(layer), (None, None))
        tensor = y[0] if isinstance(y, list | tuple) and y else y
        if path is None or not tf.is_tensor(tensor) or not hasattr(tensor, "numpy"):
            return y
        calls[path] = calls.get(path, 0) + 1
        name = path if calls[path] == 1 else f"{path}#{calls[path]}"
        x = tf.nest.flatten(args[0])[0] if args else None
        fresh = x is not None and id(x) not in outputs and tf.is_tensor(x)
        outputs.add(id(tensor))
        kept.append(tensor)  # or its id might be another's
        settings = {**keras_layers.settings(layer), "applied": side.applied}
        row = (name, keras_layers.kind(layer), np.asarray(tensor))
        found.append((*row, np.asarray(x) if fresh else None, settings))
        return y

    classes = {_definer(type(layer)) for _, layer in side.layers.values()}
    with contextlib.ExitStack() as stack:
        for cls in classes:
            stack.enter_context(_patched_call(cls, record))
        yield


@contextlib.contextmanager
def drawing(side):
    """Dropout layers take the old program's uniform numbers."""
    found = [x for _, x in side.layers.values() if isinstance(x, L.Dropout)]

    def call(layer, inputs, training=False):
        if not training or not layer.rate:
            return inputs
        x = tf.convert_to_tensor(inputs)
        kept = tf.cast(side.draws.take(x.shape) >= layer.rate, x.dtype)
        return x * kept / (1 - layer.rate)

    for layer in found:
        layer.call = partial(call, layer)
    try:
        yield
    finally:
        for layer in found:
            del layer.call


@contextlib.contextmanager
def noting_inputs(side, batch):
    """Works out which inputs each model is called with."""
    wanted = {id(m): n for n, m in side.models.items() if n not in side.forward}
    classes = {type(m) for m in side.models.values() if id(m) in wanted}
    with contextlib.ExitStack() as stack:
        for cls in {_definer(cls) for cls in classes}:
            stack.enter_context(_patched_call(cls, partial(_note, side, wanted, batch)))
        yield


def _note(side, wanted, batch, plain, model, *args, **kwargs):
    name = wanted.get(id(model))
    if name is not None and args:
        called = [x for x in tf.nest.flatten(args) if not isinstance(x, bool)]
        side.nested[name] = isinstance(args[0], list | tuple)
        if not any(isinstance(x, keras.KerasTensor) for x in called):
            known = side.forward.setdefault(name, [])
            port.note_inputs(known, called, batch, np.asarray)
    return plain(model, *args, **kwargs)


@contextlib.contextmanager
def _patched_call(cls, function):
    """Has `function(plain, layer, ...)` called wherever a layer of a class is."""
    plain = cls.__call__

    def call(self, *args, **kwargs):
        return function(plain, self, *args, **kwargs)

    cls.__call__ = call
    try:
        yield
    finally:
        cls.__call__ = plain


def _definer(cls):
    return next(base for base in cls.__mro__ if "__call__" in vars(base))
