"""PyTorch's classes in a recording, as the kinds and settings that are compared."""

from collections.abc import Sequence

import numpy as np

from dcgan_v1.migration.recordings.port_recorder.torch_functions import FUNCTIONS
from dcgan_v1.migration.records import Settings, Variable
from dcgan_v1.migration.runners.recorded_terms import Entry, Terms
from dcgan_v1.migration.runners.torch import classes as torch_classes
from dcgan_v1.migration.runners.torch import function_names, torch_optimizers

WITH_KERNELS = ("conv", "deconv", "dense")


class TorchTerms(Terms):
    """See `Terms`."""

    framework, kind = "PyTorch", "Torch"
    classes, optimizers = torch_classes, torch_optimizers

    def variable(self, entry: Entry, module: Entry) -> Variable:
        return torch_classes.variable(
            torch_classes.owner_of(str(entry["layer"])),
            str(entry["attribute"]),
            entry["shape"],
            dtype=str(entry["dtype"]),
            trainable=bool(entry["trainable"]),
            classes=module.get("classes", ()),
            averages=bool(module.get("averages")),
            scales=bool(module.get("scales")),
            groups=int(module.get("groups", 1)),
        )

    def layer_kind(self, module: Entry) -> str:
        return torch_classes.kind_of(
            module.get("classes", ()),
            averages=bool(module.get("averages")),
            scales=bool(module.get("scales")),
        )

    def function_kind(self, name: str) -> str:
        return FUNCTIONS.get(name, "other")

    def function_settings(self, name: str, numbers: Entry) -> Settings:
        return function_names.settings(name, numbers)

    def function_part(self, name: str, argument: str) -> str:
        return function_names.part(name, argument)

    def function_layout(self, entry: Entry, argument: str, shape: Sequence[int]) -> str:
        name = str(entry["function"])
        kind = FUNCTIONS.get(name)
        if self.function_part(name, argument) != "kernel" or kind not in WITH_KERNELS:
            return ""
        return function_names.layout(name, shape, entry["settings"].get("groups", 1))

    def oriented(self, array: np.ndarray) -> np.ndarray:
        return array.transpose(0, 2, 3, 1) if array.ndim == 4 else array  # of [N, C, H, W]

    def kept_of_average(self, call: Entry) -> float | None:
        usual = 0.1 if "function" in call else None  # a layer's None: an average of all batches
        momentum = call["settings"].get("momentum", usual)
        return None if momentum is None else 1 - float(momentum)

    def slots(self, entry: Entry) -> dict[str, str]:
        group = entry["settings"]
        absent = {"momentum_buffer": group.get("momentum"), "grad_avg": group.get("centered")}
        of_kind = torch_optimizers.SLOTS.get(self.optimizer_kind(entry), {})
        return {key: slot for slot, key in of_kind.items() if absent.get(key, True)}
