"""The new side where it is made of Keras models or tf.Modules."""

import contextlib
import inspect

import h5py
import keras
import numpy as np
import tensorflow as tf

from dcgan_v1.errors import UserError
from dcgan_v1.migration.runners import port
from dcgan_v1.migration.runners.keras import instruments, keras_layers, keras_optimizers


class KerasSide:
    """See `worker` for what a side does.

    Args:
      altered: list that what is changed in the port is added to.
    """

    def __init__(self, made, dtype, altered):
        self.dtype, self.altered = dtype, altered
        self.port = made
        self.models = self.port.models
        self.optimizers = dict(self.port.optimizers) or self._compiled()
        for name, changed in keras_optimizers.make_exact(self.optimizers).items():
            if dtype == "float64":
                self.altered.append(
                    f"{', '.join(changed)} of {name} as float64: Keras rounds a Python "
                    "number to float32"
                )
        self._name_variables()
        self.draws, self.maps = port.Draws(), {}
        self.forward = {k: [list(v)] for k, v in self.port.forward.items()}
        self.nested = {}  # model -> whether it takes its inputs as one list
        self.layers = {}
        for name, model in self.models.items():
            for path, layer in keras_layers.layers(model, name):
                self.layers.setdefault(id(layer), (path, layer))
        self.step_function = self.port.step or self._train_on_batch()

    # ---- set-up ----

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
            paths = keras_layers.variable_paths(model)
            for variable in variables:
                if id(variable) in seen or not keras_layers.is_float(variable):
                    continue
                seen.add(id(variable))
                path = paths.get(id(variable)) or keras_layers.path_of(variable)
                full = f"{name}/{path}"
                shared[full] = shared.get(full, 0) + 1
                if shared[full] > 1:
                    full += f"_{shared[full] - 1}"
                self.variables[full] = variable
        self.names = {keras_layers.key_of(v): name for name, v in self.variables.items()}

    # ---- what a side does ----

    def describe(self):
        return port.describe(self) | {
            "kind": "Keras",
            "framework": f"TensorFlow {tf.version.VERSION}, Keras {keras.__version__}",
            "variables": {n: self._describe(n, v) for n, v in self.variables.items()},
            "dropouts": sum(isinstance(x, keras.layers.Dropout) for _, x in self.layers.values()),
        }

    def _describe(self, name, variable):
        layer, _, last = name.rpartition("/")
        return {
            "shape": list(variable.shape),
            "dtype": keras_layers.dtype_of(variable),
            "trainable": bool(variable.trainable),
            "layout": "plain",
            "part": keras_layers.PARTS.get(last, ""),
            "layer": layer,
            "gates": "ifjo" if self._is_lstm(variable) else "",
        }

    def _is_lstm(self, variable):
        return any(
            isinstance(layer, keras.layers.LSTM | keras.layers.LSTMCell)
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
        for of, slot, variable, factor in keras_optimizers.slots(optimizer):
            of = self.names.get(keras_layers.key_of(of))
            if of is not None:
                yield f"{of}|{name}|{slot}", variable, factor

    def hyper(self):
        return {n: keras_optimizers.settings(o) for n, o in self.optimizers.items()}

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
                stack.enter_context(instruments.drawing(self))
            if look:
                stack.enter_context(instruments.recording_gradients(self, gradients))
                stack.enter_context(instruments.recording(self, layers))
                stack.enter_context(instruments.noting_inputs(self, batch))
            returned = self.step_function(**{n: _tensor(a) for n, a in batch.items()})
        return port.scalars(returned, np.asarray), gradients, layers

    def inference(self, batch, choice=0):
        """Returns the layers of each model's pass in inference.

        Args:
          choice: which of the inputs that the model was seen to take it is given.
        """
        layers, self.applied = [], 0
        for name, model, inputs in port.passes(self, batch, choice):
            with instruments.recording(self, layers):
                called = [_tensor(x) for x in inputs]
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


def _tensor(array):
    return tf.constant(array)


def _call(model, inputs):
    if isinstance(model, keras.Model):
        return model(*inputs, training=False)
    takes = inspect.signature(model.__call__).parameters
    return model(*inputs, **({"training": False} if "training" in takes else {}))


def exact_slopes(altered):
    """Spells `tf.nn.leaky_relu` out for float64, before a port's file takes hold of it.

    Args:
      altered: list that is told of it when it is used.
    """
    plain = tf.nn.leaky_relu
    said = "tf.nn.leaky_relu is spelled out: the op keeps its slope as a float32"

    def leaky_relu(features, alpha=0.2, name=None):
        x = tf.convert_to_tensor(features)
        if x.dtype != tf.float64:
            return plain(x, alpha, name)
        if said not in altered:
            altered.append(said)
        return tf.where(x > 0, x, x * tf.constant(float(alpha), x.dtype))

    tf.nn.leaky_relu = leaky_relu
