"""Keras's classes in a recording, as the kinds and settings that are compared."""

from collections.abc import Sequence

import numpy as np

from dcgan_v1.migration.recordings.port_recorder.tensorflow_functions import OPS
from dcgan_v1.migration.records import LayerOutput, Settings, Variable
from dcgan_v1.migration.runners.flattening import Flattening, Pixels
from dcgan_v1.migration.runners.keras import classes as keras_classes
from dcgan_v1.migration.runners.keras import keras_optimizers, op_names
from dcgan_v1.migration.runners.recorded_terms import Terms, Told


class KerasTerms(Terms):
    """See `Terms`."""

    framework, kind = "TensorFlow", "Keras"
    classes, optimizers = keras_classes, keras_optimizers

    def variable(self, told: Told, module: Told) -> Variable:
        of_lstm = {"LSTM", "LSTMCell"} & set(module.get("classes", ()))
        return Variable(
            shape=list(told["shape"]),
            dtype=str(told["dtype"]),
            trainable=bool(told["trainable"]),
            part=keras_classes.PARTS.get(str(told["attribute"]), ""),
            layer=str(told["layer"]),
            gates="ifjo" if of_lstm else "",
        )

    def layer_kind(self, module: Told) -> str:
        return keras_classes.kind_of(module.get("classes", ()))

    def function_kind(self, name: str) -> str:
        return OPS.get(name, "other")

    def function_name(self, name: str) -> str:
        return op_names.of_layer(name)

    def function_settings(self, name: str, numbers: Told) -> Settings:
        return op_names.settings(name, numbers)

    def function_part(self, name: str, argument: str) -> str:
        return op_names.part(name, int(argument))

    def oriented(self, array: np.ndarray) -> np.ndarray:
        return array

    def pixels(self, layers: Sequence[tuple[LayerOutput, Told]]) -> Pixels:
        known: Pixels = {}
        flat = Flattening()
        for layer, told in layers:
            given = tuple(told.get("given", ()))
            if given and "function" not in told and layer.kind in ("conv", "deconv", "dense"):
                path = layer.name.partition("#")[0]
                flat.note(known, path, _channels_first(given), _channels_first(layer.output.shape))
        return known

    def slots(self, told: Told) -> dict[str, str]:
        """They are recorded by TF1's names."""
        settings, kind = told["settings"], self.optimizer_kind(told)
        idle = {"mom": not settings.get("momentum"), "mg": not settings.get("centered")}
        idle["accum"] = kind == "SGD" and not settings.get("momentum")
        return {slot: slot for slot in keras_optimizers.SLOTS.get(kind, {}) if not idle.get(slot)}


def _channels_first(shape: tuple[int, ...]) -> tuple[int, ...]:
    n, *rest = shape
    return (n, rest[-1], *rest[:-1]) if rest else shape
