"""What functions gave in a recorded port: layers, as its reader names and describes them."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from dcgan_v1.migration.records import OPEN, LayerOutput, Variable
from dcgan_v1.migration.runners.layer_names import Pass
from dcgan_v1.migration.runners.recorded_terms import Terms


@dataclass
class Functions:
    """Names the layers of one step that functions make.

    Attributes:
      terms: of the framework.
    """

    terms: Terms
    _passes: dict[str, Pass] = field(default_factory=dict)
    _calls: dict[str, int] = field(default_factory=dict)

    def layer(
        self, entry: dict[str, Any], y: np.ndarray, x: np.ndarray | None, applied: int
    ) -> LayerOutput:
        """Returns what one call gave.

        Args:
          entry: what the recording says of it.
          y: what it gives; x: what it is given, where no layer gave it.
          applied: how many updates of the step came before.
        """
        model, function = str(entry["name"]), str(entry["function"])
        kind = self.terms.function_kind(function)
        own = self._passes.setdefault(model, Pass())
        if entry["call"] != self._calls.setdefault(model, entry["call"]):
            own.begin()
            self._calls[model] = entry["call"]
        variables = entry["parts"]
        return LayerOutput(
            own.name(model, self.terms.function_name(function), variables.values(), kind),
            kind,
            self.terms.function_settings(function, entry["settings"]),
            y,
            x,
            applied,
            reads=tuple(sorted(variables.values())),
            parts={self.terms.function_part(function, k): n for k, n in variables.items()},
        )


def with_layouts(
    variables: dict[str, Variable], description: dict[str, Any], terms: Terms
) -> dict[str, Variable]:
    """Returns variables, those that functions use with the layouts that these take.

    Args:
      variables: by name.
      description: of the recording.
      terms: of the framework.
    """
    by_name, names = dict(variables), set[str]()
    for update in description["updates"]:
        for entry in update["layers"]:
            for argument, name in entry.get("parts", {}).items():
                if name in by_name:
                    layout = terms.function_layout(entry, argument, by_name[name].shape)
                    if layout and name in names and layout != by_name[name].layout:
                        layout = OPEN  # tied weights: one call has them transposed
                    kind = terms.function_kind(str(entry["function"]))
                    if terms.function_part(str(entry["function"]), argument) == "kernel":
                        by_name[name] = replace(by_name[name], layer_kind=kind)
                    by_name[name] = replace(by_name[name], layout=layout or by_name[name].layout)
                    names |= {name} if layout else set()
    return by_name
