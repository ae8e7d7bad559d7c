"""Runs a port made of Keras models or tf.Modules."""

import contextlib
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import h5py
import keras
import numpy as np
import tensorflow as tf

from dcgan_v1.errors import UserError
from dcgan_v1.migration.records import (
    Arrays,
    Batch,
    GradientKey,
    LayerOutput,
    Observation,
    PortInfo,
    Settings,
    SlotKey,
    State,
    Variable,
)
from dcgan_v1.migration.runners import ports
from dcgan_v1.migration.runners.flattening import Pixels, pixels_of
from dcgan_v1.migration.runners.keras import (
    exact,
    functional,
    instruments,
    keras_layers,
    keras_optimizers,
)
from dcgan_v1.migration.specs import Keras

LSTMS = keras.layers.LSTM | keras.layers.LSTMCell


class KerasRunner:
    """See `protocol.PortRunner`.

    Args:
      altered: list that what is changed in the port is added to.
    """

    def __init__(self, spec: Keras, dtype: str, altered: list[str]) -> None:
        self.altered = altered
        self.spec = spec  # it keeps the owner of a step alive
        self.models, self.draws = spec.models, ports.Draws()
        self.optimizers: dict[str, Any] = dict(spec.optimizers) or self._compiled()
        if dtype == "float64":
            for name, settings in exact.exact_decimals(self.optimizers).items():
                self.altered.append(
                    f"{', '.join(settings)} of {name} as float64: Keras rounds a Python "
                    "number to float32"
                )
        self.variables = self._named_variables()
        self.names = {keras_layers.key_of(v): name for name, v in self.variables.items()}
        self.forward = {k: [list(v)] for k, v in spec.forward.items()}
        self.takes_list: dict[str, bool] = {}  # model -> whether its inputs are one list
        self.layers: dict[int, tuple[str, Any]] = {}
        for name, model in self.models.items():
            for path, layer in keras_layers.layers(model, name):
                self.layers.setdefault(id(layer), (path, layer))
        self.step_function = spec.step or self._train_on_batch()
        self._before_update: Callable[[int], object] = _nothing

    # ---- set-up ----

    def _compiled(self) -> dict[str, Any]:
        return {
            name: model.optimizer
            for name, model in self.models.items()
            if getattr(model, "optimizer", None) is not None
        }

    def _train_on_batch(self) -> Callable[..., object] | None:
        compiled = [m for m in self.models.values() if getattr(m, "compiled", False)]
        if len(compiled) != 1:
            return None
        (model,) = compiled

        def step(x: tf.Tensor, y: tf.Tensor) -> object:
            return model.train_on_batch(x, y, return_dict=True)

        return step

    def _named_variables(self) -> dict[str, Any]:
        variables: dict[str, Any] = {}
        ids: set[int] = set()
        uses: dict[str, int] = {}
        for name, model in self.models.items():
            own = getattr(model, "weights", None)
            if own is None:
                own = model.variables  # a tf.Module's
            elif not model.built or not own:
                raise UserError(
                    f"{name} has no variables yet: build it (call it once) in the "
                    "function that returns it"
                )
            paths = keras_layers.variable_paths(model)
            for variable in own:
                if id(variable) in ids or not keras_layers.is_float(variable):
                    continue
                ids.add(id(variable))
                path = paths.get(id(variable)) or keras_layers.path_of(variable)
                full = f"{name}/{path}"
                uses[full] = uses.get(full, 0) + 1
                if uses[full] > 1:
                    full += f"_{uses[full] - 1}"
                variables[full] = variable
        return variables

    # ---- what a runner does ----

    def describe(self) -> PortInfo:
        step = self.step_function
        names, optional, takes_more = ports.arguments(step) if step else ([], [], False)
        return PortInfo(
            kind="Keras",
            framework=f"TensorFlow {tf.version.VERSION}, Keras {keras.__version__}",
            variables={n: self._describe(n, v) for n, v in self.variables.items()},
            models=list(self.models),
            optimizers=self._settings(),
            arguments=names if step else None,
            optional=optional,
            takes_more=takes_more,
            dropouts=sum(keras_layers.is_dropout(x) for _, x in self.layers.values()),
            forward=self.forward,
            altered=self.altered,
        )

    def _describe(self, name: str, variable: Any) -> Variable:
        layer, _, last = name.rpartition("/")
        owners = [x for _, x in self.layers.values() if any(variable is v for v in x.variables)]
        kinds = {keras_layers.kind(x) for x in owners}
        return Variable(
            shape=list(variable.shape),
            dtype=keras_layers.dtype_of(variable),
            trainable=bool(variable.trainable),
            part=keras_layers.PARTS.get(last, ""),
            layer=layer,
            gates="ifjo" if any(isinstance(x, LSTMS) for x in owners) else "",
            layer_kind=next(iter(kinds & {"conv", "deconv"}), ""),
        )

    def _settings(self) -> dict[str, Settings]:
        return {n: keras_optimizers.settings(o) for n, o in self.optimizers.items()}

    def state(self) -> State:
        slots: dict[SlotKey, np.ndarray] = {}
        updates: dict[str, int] = {}
        for name, optimizer in self.optimizers.items():
            for key, slot, factor in self._slots(name, optimizer):
                slots[key] = np.asarray(slot) * factor
            if optimizer.built:
                updates[name] = int(optimizer.iterations)
        return State({n: np.asarray(v) for n, v in self.variables.items()}, slots, updates)

    def load(self, state: State) -> None:
        for name, array in state.variables.items():
            if name in self.variables:
                self.variables[name].assign(array)
        for name, optimizer in self.optimizers.items():
            if not optimizer.built and any(key.optimizer == name for key in state.slots):
                # for whatever the port may train with it
                optimizer.build([v for v in self.variables.values() if v.trainable])
            for key, slot, factor in self._slots(name, optimizer):
                if key in state.slots:
                    slot.assign(state.slots[key] / factor)
            if name in state.updates:
                optimizer.iterations.assign(state.updates[name])

    def _slots(self, name: str, optimizer: Any) -> Iterator[tuple[SlotKey, Any, float]]:
        """Yields (key, variable, factor that makes it TF1's)."""
        for of, slot, variable, factor in keras_optimizers.slots(optimizer):
            owner = self.names.get(keras_layers.key_of(of))
            if owner is not None:
                yield SlotKey(owner, name, slot), variable, factor

    def step(self, batch: Batch, *, is_observed: bool = False) -> Observation:
        gradients: dict[GradientKey, np.ndarray] = {}
        layers: list[LayerOutput] = []
        settings: dict[str, Settings] = {}
        assert self.step_function is not None
        with contextlib.ExitStack() as stack:
            if is_observed or batch.draws:
                tf.config.run_functions_eagerly(True)
                stack.callback(tf.config.run_functions_eagerly, False)
            self.draws.fill(batch.draws)
            if batch.draws:
                stack.enter_context(instruments.drawing(self.layers, self.draws))
            if is_observed:
                applied = stack.enter_context(
                    instruments.recording_gradients(
                        self.optimizers, self.names, gradients, self._before_update, settings
                    )
                )
                stack.enter_context(self._recording(layers, applied))
                stack.enter_context(instruments.noting_inputs(self, batch.inputs))
            values = self.step_function(**{n: tf.constant(a) for n, a in batch.inputs.items()})
        scalars = ports.scalars(values, np.asarray)
        if not is_observed:
            return Observation(scalars)
        return Observation(
            scalars,
            layers,
            gradients,
            self._settings() | settings,
            self._pixels(layers, batch),
            self.forward,
            unused_draws=[name for name, _ in self.draws.waiting],
            altered=self.altered,
        )

    @contextlib.contextmanager
    def _recording(self, layers: list[LayerOutput], applied: instruments.Applied) -> Iterator[None]:
        """Appends what layers give, and what functions give in tf.Modules."""
        with (
            instruments.recording_layers(self.layers, layers, applied),
            functional.recording(self.models, self.variables, layers, applied),
        ):
            yield

    def _pixels(self, layers: list[LayerOutput], batch: Batch) -> Pixels:
        places = {name: name.rpartition("/")[0] for name in self.variables}
        return pixels_of(layers, places, batch.inputs.values())

    def weights_before_updates(self, batch: Batch) -> dict[int, Arrays]:
        weights: dict[int, Arrays] = {}
        self._before_update = lambda number: weights.setdefault(number, self.state().variables)
        try:
            self.step(batch, is_observed=True)
        finally:
            self._before_update = _nothing
        return weights

    def still_step(self, batch: Batch) -> Observation:
        rates = {o: float(o.learning_rate) for o in self.optimizers.values()}
        try:
            for optimizer in rates:
                optimizer.learning_rate = 0.0
            return self.step(batch, is_observed=True)
        except TypeError as error:  # of a schedule
            raise UserError(f"the port's learning rate cannot be set: {error}") from error
        finally:
            for optimizer, rate in rates.items():
                with contextlib.suppress(TypeError):
                    optimizer.learning_rate = rate

    def inference(self, batch: Batch, forward: dict[str, list[str]]) -> Observation:
        layers: list[LayerOutput] = []
        for name, model, inputs in ports.calls(self.models, batch.inputs, forward):
            with self._recording(layers, instruments.Applied()):
                tensors = [tf.constant(x) for x in inputs]
                y = _call(model, [tensors] if self.takes_list.get(name) else tensors)
            if tf.is_tensor(y):
                layers.append(LayerOutput(f"{name}: output", "model", {}, np.asarray(y)))
        return Observation(layers=layers, pixels=self._pixels(layers, batch), altered=self.altered)

    # ---- files ----

    def save(self, path: str, to: str) -> None:
        """Writes a folder: for 'tf2' a tf.train.Checkpoint of everything; for 'keras'
        `<model>.weights.h5` and `<optimiser>.optimizer.h5`, by Keras's own functions."""
        if to == "tf2":
            self._checkpoint().write(f"{path}/checkpoint")
            return
        for name, model in self.models.items():
            model.save_weights(f"{path}/{name}.weights.h5")
        for name, optimizer in self.optimizers.items():
            with h5py.File(f"{path}/{name}.optimizer.h5", "w") as file:
                optimizer.save_own_variables(file)

    def restore(self, path: str, to: str) -> None:
        if to == "tf2":
            self._checkpoint().read(f"{path}/checkpoint").assert_consumed()
            return
        for name, model in self.models.items():
            model.load_weights(f"{path}/{name}.weights.h5")
        for name, optimizer in self.optimizers.items():
            with h5py.File(f"{path}/{name}.optimizer.h5") as file:
                optimizer.load_own_variables(file)

    def _checkpoint(self) -> tf.train.Checkpoint:
        return tf.train.Checkpoint(**self.models, **self.optimizers)


def _nothing(_: int) -> None:
    """What is done before an update unless its weights are asked for."""


def _call(model: Any, inputs: list[Any]) -> Any:
    if isinstance(model, keras.Model):
        return model(*inputs, training=False)
    takes = inspect.signature(model.__call__).parameters
    return model(*inputs, **({"training": False} if "training" in takes else {}))
