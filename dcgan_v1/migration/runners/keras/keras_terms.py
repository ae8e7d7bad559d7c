"""Keras's classes in a recording, as the kinds and settings that are compared."""

import numpy as np

from dcgan_v1.migration.recordings.port_recorder.tensorflow_functions import OPS
from dcgan_v1.migration.records import Settings, Variable
from dcgan_v1.migration.runners.keras import classes as keras_classes
from dcgan_v1.migration.runners.keras import keras_optimizers, op_names
from dcgan_v1.migration.runners.recorded_terms import Entry, Terms


class KerasTerms(Terms):
    """See `Terms`."""

    framework, kind = "TensorFlow", "Keras"
    classes, optimizers = keras_classes, keras_optimizers

    def variable(self, entry: Entry, module: Entry) -> Variable:
        of_lstm = {"LSTM", "LSTMCell"} & set(module.get("classes", ()))
        return Variable(
            shape=list(entry["shape"]),
            dtype=str(entry["dtype"]),
            trainable=bool(entry["trainable"]),
            part=keras_classes.PARTS.get(str(entry["attribute"]), ""),
            layer=str(entry["layer"]),
            gates="ifjo" if of_lstm else "",
            layer_kind=self.layer_kind(module),
        )

    def layer_kind(self, module: Entry) -> str:
        return keras_classes.kind_of(module.get("classes", ()))

    def function_kind(self, name: str) -> str:
        return OPS.get(name, "other")

    def function_name(self, name: str) -> str:
        return op_names.of_layer(name)

    def function_settings(self, name: str, numbers: Entry) -> Settings:
        return op_names.settings(name, numbers)

    def function_part(self, name: str, argument: str) -> str:
        return op_names.part(name, int(argument))

    def oriented(self, array: np.ndarray) -> np.ndarray:
        return array

    def kept_of_average(self, call: Entry) -> float | None:
        momentum = call["settings"].get("momentum")
        return None if momentum is None else float(momentum)

    def slots(self, entry: Entry) -> dict[str, str]:
        """They are recorded by TF1's names."""
        settings, kind = entry["settings"], self.optimizer_kind(entry)
        idle = {"mom": not settings.get("momentum"), "mg": not settings.get("centered")}
        idle["accum"] = kind == "SGD" and not settings.get("momentum")
        return {slot: slot for slot in keras_optimizers.SLOTS.get(kind, {}) if not idle.get(slot)}
