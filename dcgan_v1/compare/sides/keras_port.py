"""The new side where it is made of Keras models or tf.Modules."""

import contextlib
import inspect
from functools import partial

import h5py
import keras
import numpy as np
import tensorflow as tf

from dcgan_v1.compare.sides import port
from dcgan_v1.errors import UserError

L = keras.layers
KINDS = (
    (L.Conv1DTranspose, "deconv"), (L.Conv2DTranspose, "deconv"),
    (L.Conv3DTranspose, "deconv"), (L.Conv1D, "conv"), (L.Conv2D, "conv"),
    (L.Conv3D, "conv"), (L.DepthwiseConv2D, "conv"), (L.SeparableConv2D, "conv"),
    (L.Dense, "dense"), (L.BatchNormalization, "norm"), (L.LayerNormalization, "norm"),
    (L.LeakyReLU, "activation"), (L.ReLU, "activation"), (L.ELU, "activation"),
    (L.PReLU, "activation"), (L.Activation, "activation"), (L.Softmax, "activation"),
    (L.MaxPooling2D, "pool"), (L.AveragePooling2D, "pool"),
    (L.GlobalAveragePooling2D, "pool"), (L.UpSampling2D, "resize"),
    (L.Resizing, "resize"), (L.Dropout, "dropout"), (L.RNN, "recurrent"),
)  # fmt: skip
NO_LAYERS = (L.Flatten, L.Reshape, L.InputLayer, L.Permute, L.Concatenate)
PARTS = {
    "kernel": "kernel", "bias": "bias", "gamma": "gamma", "beta": "beta",
    "moving_mean": "mean", "moving_variance": "variance", "embeddings": "kernel",
    "recurrent_kernel": "recurrent",
}  # fmt: skip
SLOTS = {  # optimiser -> what TF1 calls a slot -> attribute
    "Adam": {"m": "_momentums", "v": "_velocities"},
    "AdamW": {"m": "_momentums", "v": "_velocities"},
    "RMSprop": {"ms": "_velocities", "mom": "_momentums", "mg": "_average_gradients"},
    "SGD": {"accum": "momentums"},
    "Adagrad": {"accum": "_accumulators"},
}
TF1_KINDS = {"SGD": "GradientDescent", "RMSprop": "RMSProp"}
ROUNDED = ("beta_1", "beta_2", "rho", "momentum")
SETTINGS = {
    "learning_rate": "learning rate", "beta_1": "beta1", "beta_2": "beta2",
    "epsilon": "epsilon", "rho": "rho", "momentum": "momentum",
}  # fmt: skip
LAYER_SETTINGS = {
    "negative_slope": "slope", "epsilon": "epsilon", "momentum": "decay",
    "rate": "rate", "strides": "strides", "padding": "padding", "unbiased": "unbiased",
}  # fmt: skip


class KerasSide:
    """See `worker` for what a side does."""

    def __init__(self, made, dtype):
        self.dtype, self.altered = dtype, []
        if dtype == "float64":
            self._exact_slopes()
        self.port = made
        self.models = self.port.models
        self.optimizers = dict(self.port.optimizers) or self._compiled()
        self._exact_betas()
        self._name_variables()
        self.draws, self.maps = port.Draws(), {}
        self.forward = {k: [list(v)] for k, v in self.port.forward.items()}
        self.nested = {}  # model -> whether it takes its inputs as one list
        self.layers = {}
        for name, model in self.models.items():
            for path, layer in _layers(model, name):
                self.layers.setdefault(id(layer), (path, layer))
        self.step_function = self.port.step or self._train_on_batch()

    # ---- set-up ----

    def _exact_slopes(self):
        plain = tf.nn.leaky_relu
        said = "tf.nn.leaky_relu is spelled out: the op keeps its slope as a float32"

        def leaky_relu(features, alpha=0.2, name=None):
            x = tf.convert_to_tensor(features)
            if x.dtype != tf.float64:
                return plain(x, alpha, name)
            if said not in self.altered:
                self.altered.append(said)
            return tf.where(x > 0, x, x * tf.constant(float(alpha), x.dtype))

        tf.nn.leaky_relu = leaky_relu

    def _exact_betas(self):
        for name, optimizer in self.optimizers.items():
            changed = []
            for setting in ROUNDED:
                value = getattr(optimizer, setting, None)
                if type(value) is float:
                    setattr(optimizer, setting, np.float64(value))
                    changed.append(setting)
            if changed and self.dtype == "float64":
                self.altered.append(
                    f"{', '.join(changed)} of {name} as float64: Keras rounds a Python "
                    "number to float32"
                )

    def _compiled(self):
        return {
            name: model.optimizer
            for name, model in self.models.items()
            if getattr(model, "optimizer", None) is not None
        }

    def _train_on_batch(self):
        compiled = [m for m in self.models.values() if getattr(m, "compiled", False)]
        if len(compiled) != 1:
            return None
        (model,) = compiled

        def step(x, y):
            return model.train_on_batch(x, y, return_dict=True)

        return step

    def _name_variables(self):
        self.variables = {}
        seen, shared = set(), {}
        for name, model in self.models.items():
            variables = getattr(model, "weights", None)
            if variables is None:
                variables = model.variables  # a tf.Module's
            elif not model.built:
                raise UserError(
                    f"{name} has no variables yet: build it (call it once) in the "
                    "function that returns it"
                )
            paths = _variable_paths(model)
            for variable in variables:
                if id(variable) in seen or not _is_float(variable):
                    continue
                seen.add(id(variable))
                full = f"{name}/{paths.get(id(variable)) or _path(variable)}"
                shared[full] = shared.get(full, 0) + 1
                if shared[full] > 1:
                    full += f"_{shared[full] - 1}"
                self.variables[full] = variable
        self.names = {_key(v): name for name, v in self.variables.items()}

    # ---- what a side does ----

    def describe(self):
        step = self.step_function
        names, optional, rest = port.arguments(step) if step else ([], [], False)
        return {
            "kind": "Keras",
            "framework": f"TensorFlow {tf.version.VERSION}, Keras {keras.__version__}",
            "variables": {n: self._describe(n, v) for n, v in self.variables.items()},
            "dtypes": sorted({_dtype(v) for v in self.variables.values()}),
            "optimizers": self.hyper(),
            "step": names if step else None,
            "optional": optional,
            "step takes more": rest,
            "altered": self.altered,
            "models": list(self.models),
            "dropouts": sum(isinstance(x, L.Dropout) for _, x in self.layers.values()),
        }

    def _describe(self, name, variable):
        layer, _, last = name.rpartition("/")
        return {
            "shape": list(variable.shape),
            "dtype": _dtype(variable),
            "trainable": bool(variable.trainable),
            "layout": "plain",
            "part": PARTS.get(last, ""),
            "layer": layer,
            "gates": "ifjo" if self._is_lstm(variable) else "",
        }

    def _is_lstm(self, variable):
        return any(
            isinstance(layer, L.LSTM | L.LSTMCell)
            and any(variable is v for v in layer.weights)
            for _, layer in self.layers.values()
        )

    def state(self):
        found = {name: np.asarray(v) for name, v in self.variables.items()}
        for name, optimizer in self.optimizers.items():
            for key, slot, factor in self._slots(name, optimizer):
                found[key] = np.asarray(slot) * factor
            if optimizer.built:
                found[f"updates:{name}"] = np.asarray(int(optimizer.iterations))
        return found

    def load(self, arrays):
        for name, variable in self.variables.items():
            if name in arrays:
                variable.assign(arrays[name])
        for name, optimizer in self.optimizers.items():
            self._build(name, optimizer, arrays)
            for key, slot, factor in self._slots(name, optimizer):
                if key in arrays:
                    slot.assign(arrays[key] / factor)
            if f"updates:{name}" in arrays:
                optimizer.iterations.assign(int(arrays[f"updates:{name}"]))

    def _build(self, name, optimizer, arrays):
        """Makes the slots that are to be loaded, if the optimiser has not yet."""
        if not optimizer.built and any(f"|{name}|" in key for key in arrays):
            # for whatever the port may train with it
            optimizer.build([v for v in self.variables.values() if v.trainable])

    def _slots(self, name, optimizer):
        """Yields (key, variable, factor that makes it TF1's)."""
        if not optimizer.built:
            return
        kind = _optimizer_kind(optimizer)
        for slot, attribute in SLOTS.get(kind, {}).items():
            held = getattr(optimizer, attribute, None) or []
            for of, variable in zip(optimizer._trainable_variables, held, strict=False):
                if variable is None or _key(of) not in self.names:
                    continue
                # Keras's momentum holds steps, TF1's gradients
                rate = float(optimizer.learning_rate)
                factor = -1 / rate if kind == "SGD" else 1.0
                yield f"{self.names[_key(of)]}|{name}|{slot}", variable, factor

    def hyper(self):
        found = {}
        for name, optimizer in self.optimizers.items():
            kind = _optimizer_kind(optimizer)
            settings = {
                text: float(getattr(optimizer, attribute))
                for attribute, text in SETTINGS.items()
                if getattr(optimizer, attribute, None) is not None
            }
            settings["learning rate"] = float(f"{settings['learning rate']:.7g}")
            if kind == "SGD" and settings.get("momentum"):
                kind = "Momentum"
            found[name] = {
                "kind": TF1_KINDS.get(kind, kind),
                "nesterov": bool(getattr(optimizer, "nesterov", False)),
                **settings,
            }
        return found

    def step(self, batch, look=False):
        """Does one training step; returns what `GraphSide.step` does, in own names."""
        batch, drawn = batch
        gradients, layers, self.applied = {}, [], 0
        with contextlib.ExitStack() as stack:
            if look or drawn:
                tf.config.run_functions_eagerly(True)
                stack.callback(tf.config.run_functions_eagerly, False)
            self.draws.fill(drawn)
            if drawn:
                stack.enter_context(self._drawing())
            if look:
                stack.enter_context(self._recording_gradients(gradients))
                stack.enter_context(self._recording(layers))
                stack.enter_context(self._noting_inputs(batch))
            returned = self.step_function(**{n: _tensor(a) for n, a in batch.items()})
        return port.scalars(returned, np.asarray), gradients, layers

    def inference(self, batch, choice=0):
        """Returns the layers of each model's pass in inference.

        Args:
          choice: which of the inputs that the model was seen to take it is given.
        """
        layers, self.applied = [], 0
        for name, model in self.models.items():
            choices = self.forward.get(name) or [[]]
            inputs = choices[min(choice, len(choices) - 1)]
            if not inputs or any(n not in batch for n in inputs):
                continue
            with self._recording(layers):
                called = [_tensor(batch[n]) for n in inputs]
                y = _call(model, [called] if self.nested.get(name) else called)
            if tf.is_tensor(y):
                layers.append((f"{name}: output", "model", np.asarray(y), None, {}))
        return layers

    def save(self, path, to):
        """Writes a folder: for 'tf2' a tf.train.Checkpoint of everything; for 'keras'
        `<model>.weights.h5` and `<optimiser>.optimizer.h5`, by Keras's own
        functions."""
        if to == "tf2":
            self._checkpoint().write(f"{path}/checkpoint")
            return
        for name, model in self.models.items():
            model.save_weights(f"{path}/{name}.weights.h5")
        for name, optimizer in self.optimizers.items():
            with h5py.File(f"{path}/{name}.optimizer.h5", "w") as file:
                optimizer.save_own_variables(file)

    def restore(self, path, to):
        if to == "tf2":
            self._checkpoint().read(f"{path}/checkpoint").assert_consumed()
            return
        for name, model in self.models.items():
            model.load_weights(f"{path}/{name}.weights.h5")
        for name, optimizer in self.optimizers.items():
            with h5py.File(f"{path}/{name}.optimizer.h5") as file:
                optimizer.load_own_variables(file)

    def _checkpoint(self):
        return tf.train.Checkpoint(**self.models, **self.optimizers)

    def time(self, batch, steps):
        for _ in range(steps):
            self.step(batch)

    # ---- looking inside ----

    @contextlib.contextmanager
    def _recording_gradients(self, gradients):
        def apply(plain, *args, **kwargs):
            self.applied += 1
            return plain(*args, **kwargs)

        def update_step(plain, name, gradient, variable, *args, **kwargs):
            key = self.names.get(_key(variable), "")
            gradients[f"{self.applied - 1}|{name}|{key}"] = np.asarray(
                tf.convert_to_tensor(gradient)
            )
            return plain(gradient, variable, *args, **kwargs)

        for name, optimizer in self.optimizers.items():
            optimizer.apply = partial(apply, optimizer.apply)
            optimizer.update_step = partial(update_step, optimizer.update_step, name)
        try:
            yield
        finally:
            for optimizer in self.optimizers.values():
                del optimizer.apply, optimizer.update_step

    @contextlib.contextmanager
    def _recording(self, found):
        """Appends a row for every call of a layer: name, kind, output, input or None,
        settings; with them how many updates of the step came before."""
        calls, outputs, kept = {}, set(), []

        def record(plain, layer, *args, **kwargs):
            y = plain(layer, *args, **kwargs)
            path, _ = self.layers.get(id(layer), (None, None))
            tensor = y[0] if isinstance(y, list | tuple) and y else y
            if path is None or not tf.is_tensor(tensor) or not hasattr(tensor, "numpy"):
                return y
            calls[path] = calls.get(path, 0) + 1
            name = path if calls[path] == 1 else f"{path}#{calls[path]}"
            x = tf.nest.flatten(args[0])[0] if args else None
            fresh = x is not None and id(x) not in outputs and tf.is_tensor(x)
            outputs.add(id(tensor))
            kept.append(tensor)  # or its id might be another's
            settings = {**_settings(layer), "applied": self.applied}
            row = (name, _kind(layer), np.asarray(tensor))
            found.append((*row, np.asarray(x) if fresh else None, settings))
            return y

        classes = {_definer(type(layer)) for _, layer in self.layers.values()}
        with contextlib.ExitStack() as stack:
            for cls in classes:
                stack.enter_context(_patched_call(cls, record))
            yield

    @contextlib.contextmanager
    def _drawing(self):
        """Dropout layers take the old program's uniform numbers."""
        found = [x for _, x in self.layers.values() if isinstance(x, L.Dropout)]

        def call(layer, inputs, training=False):
            if not training or not layer.rate:
                return inputs
            x = tf.convert_to_tensor(inputs)
            kept = tf.cast(self.draws.take(x.shape) >= layer.rate, x.dtype)
            return x * kept / (1 - layer.rate)

        for layer in found:
            layer.call = partial(call, layer)
        try:
            yield
        finally:
            for layer in found:
                del layer.call

    @contextlib.contextmanager
    def _noting_inputs(self, batch):
        """Works out which inputs each model is called with."""
        wanted = {id(m): n for n, m in self.models.items() if n not in self.forward}
        classes = {type(m) for m in self.models.values() if id(m) in wanted}
        with contextlib.ExitStack() as stack:
            for cls in {_definer(cls) for cls in classes}:
                stack.enter_context(
                    _patched_call(cls, partial(self._note, wanted, batch))
                )
            yield

    def _note(self, wanted, batch, plain, model, *args, **kwargs):
        name = wanted.get(id(model))
        if name is not None and args:
            called = [x for x in tf.nest.flatten(args) if not isinstance(x, bool)]
            self.nested[name] = isinstance(args[0], list | tuple)
            if not any(isinstance(x, keras.KerasTensor) for x in called):
                names = port.inputs_of(called, batch, np.asarray)
                known = self.forward.setdefault(name, [])
                if names and names not in known:
                    known.append(names)
        return plain(model, *args, **kwargs)


def _layers(model, name):
    """Yields (path, layer) of everything inside a model that a layer can be."""
    if isinstance(model, keras.Model):
        found = list(model._flatten_layers(include_self=False))
        cells = {id(x) for rnn in found if isinstance(rnn, L.RNN)
                 for x in rnn._flatten_layers(include_self=False)}  # fmt: skip
        for layer in found:
            if id(layer) in cells:  # they run in a loop, which TF1 has no output of
                continue
            if not isinstance(layer, (keras.Model, *NO_LAYERS)):
                path = getattr(layer, "path", None) or layer.name
                yield f"{name}/{path.removeprefix(model.name + '/')}", layer
    else:
        seen = {id(model): name}
        for module in model.submodules:
            attribute = next(
                (k for k, v in vars(model).items() if v is module),
                type(module).__name__,
            )
            if id(module) not in seen and callable(module):
                seen[id(module)] = f"{name}/{attribute}"
                yield f"{name}/{attribute}", module


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


def _kind(layer):
    return next((kind for cls, kind in KINDS if isinstance(layer, cls)), "other")


def _settings(layer):
    found = {"class": type(layer).__name__}
    for attribute, name in LAYER_SETTINGS.items():
        value = getattr(layer, attribute, None)
        if isinstance(value, bool | str):
            found[name] = value
        elif isinstance(value, int | float | np.floating):
            found[name] = float(f"{float(value):.6g}")
        elif isinstance(value, tuple):
            found[name] = "x".join(map(str, value))
    if isinstance(found.get("padding"), str):
        found["padding"] = found["padding"].upper()
    function = getattr(layer, "activation", None)
    if function is not None:
        found["activation"] = getattr(function, "__name__", "")
    return found


def _optimizer_kind(optimizer):
    """The name of Keras's own class that an optimiser is, or is derived from."""
    names = [cls.__name__ for cls in type(optimizer).__mro__]
    return next((n for n in names if n in SLOTS), names[0])


def _call(model, inputs):
    if isinstance(model, keras.Model):
        return model(*inputs, training=False)
    takes = inspect.signature(model.__call__).parameters
    return model(*inputs, **({"training": False} if "training" in takes else {}))


def _variable_paths(model):
    """id of a variable -> its place: its layer's path, or that among the attributes of
    a tf.Module."""
    if isinstance(model, keras.Model):
        return {
            id(v): f"{path.partition('/')[2]}/{v.name}"
            for path, layer in reversed(list(_layers(model, "")))
            for v in layer.weights
        }
    flat = model._flatten(
        predicate=lambda x: isinstance(x, tf.Variable), with_path=True
    )
    return {id(v): "/".join(map(str, path)) for path, v in flat}


def _path(variable):
    return getattr(variable, "path", None) or variable.name.partition(":")[0]


def _key(variable):
    """Keras wraps the tf.Variable that an optimiser may be given as it is."""
    return (
        id(getattr(variable, "value", variable))
        if hasattr(variable, "path")
        else id(variable)
    )


def _dtype(variable):
    return tf.as_dtype(variable.dtype).name


def _is_float(variable):
    return tf.as_dtype(variable.dtype).is_floating


def _tensor(array):
    return tf.constant(array)
