"""What a recording says of a framework's classes, in a comparison's terms.

What is alike for all frameworks. Nothing of any is needed to read it."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from dcgan_v1.migration.records import Settings, Variable
from dcgan_v1.migration.runners import ports

Entry = Mapping[str, Any]


class Terms(ABC):
    """Reads what a recorder told of layers, variables and optimisers.

    Attributes:
      framework: its name; kind: of a port's side, 'Torch' or 'Keras'.
      classes: what its layers' classes are, by their names; optimizers: the same of optimisers.
    """

    framework: str
    kind: str
    classes: ModuleType
    optimizers: ModuleType

    def is_layer(self, module: Entry) -> bool:
        """Whether a layer is more than a way to write others."""
        return not set(module.get("classes", ())) & self.classes.NO_LAYERS

    def layer_settings(self, attributes: Entry) -> Settings:
        """Returns a layer's settings as a comparison has them."""
        settings: Settings = self.classes.settings(str(attributes.get("class", "")), attributes)
        return settings

    def optimizer_kind(self, entry: Entry) -> str:
        """The name of the framework's own class that an optimiser is, or is derived from."""
        return ports.known_class(list(entry["classes"]), self.optimizers.SLOTS)

    def optimizer_settings(self, entry: Entry, settings: Entry) -> Settings:
        """Returns the settings that an update had, as TF1 calls them."""
        by_name: Settings = self.optimizers.settings_of(self.optimizer_kind(entry), settings)
        return by_name

    @abstractmethod
    def variable(self, entry: Entry, module: Entry) -> Variable:
        """Returns a variable from its entry and its layer's."""

    @abstractmethod
    def layer_kind(self, module: Entry) -> str:
        """Returns one of `records.LAYER_KINDS`."""

    @abstractmethod
    def function_kind(self, name: str) -> str:
        """Returns the kind of layer, one of `records.LAYER_KINDS`, that a function makes."""

    def function_name(self, name: str) -> str:
        """Returns what layers that a function makes are called."""
        return name

    @abstractmethod
    def function_settings(self, name: str, numbers: Entry) -> Settings:
        """Returns what a call of a function says of itself, of the numbers that it is given."""

    @abstractmethod
    def function_part(self, name: str, argument: str) -> str:
        """Returns what a variable is to the layer that a function makes, by its argument."""

    def function_layout(self, entry: Entry, argument: str, shape: Sequence[int]) -> str:
        """Returns the layout that a function takes a variable of a shape in; '' where it tells
        none.

        Args:
          entry: of the function's call.
          argument: by which the variable is given.
          shape: of the variable.
        """
        del entry, argument, shape
        return ""

    @abstractmethod
    def oriented(self, array: np.ndarray) -> np.ndarray:
        """Returns maps as [N, H, W, C]; others as they are."""

    @abstractmethod
    def kept_of_average(self, call: Entry) -> float | None:
        """Returns the share of its averages that a batch norm's call, as it was recorded, keeps;
        None where nothing tells."""

    @abstractmethod
    def slots(self, entry: Entry) -> dict[str, str]:
        """Returns key of an optimiser's state -> what TF1 calls that slot, of those it keeps."""
