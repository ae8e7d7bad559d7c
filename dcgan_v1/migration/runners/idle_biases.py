"""Biases of a recorded port that a batch norm takes away again, where TF1 has none.

TF1 computes without them: what the layers ahead of the norm gave, and the norm's averages, are told
without them, too."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dcgan_v1.migration.records import Arrays, LayerOutput, Variable
from dcgan_v1.migration.runners.recorded_terms import Terms


class IdleBiases:
    """What these biases add, and where.

    Args:
      biases: their names.
      variables: of the port.
      told: its recording's description.
      terms: of its framework.
    """

    def __init__(
        self,
        biases: Sequence[str],
        variables: Mapping[str, Variable],
        told: Mapping[str, Any],
        terms: Terms,
    ) -> None:
        self.biases, self._terms = list(biases), terms
        self._by_layer = {variables[name].layer: name for name in biases}
        self._of_norms = {v.layer: n for n, v in variables.items() if v.part == "mean"}
        self.means: dict[str, str] = {}  # of a norm -> the bias that is ahead of it
        self.unfollowed: list[str] = []  # means that nothing tells the decay of
        for update in told["updates"]:
            ahead: dict[str, str] = {}  # model -> the bias that was added last
            for call in update["layers"]:
                model, (bias, mean) = call["name"].partition("/")[0], self._met(call)
                if bias:
                    ahead[model] = bias
                elif mean and model in ahead:
                    self.means.setdefault(mean, ahead.pop(model))
                    if terms.kept_of_average(call) is None and mean not in self.unfollowed:
                        self.unfollowed.append(mean)

    def _met(self, call: Mapping[str, Any]) -> tuple[str | None, str | None]:
        """(The bias that a call adds, the mean of the norm that it is); a function's entry has its
        model's name, and tells its variables."""
        if "function" not in call:
            return self._by_layer.get(call["name"]), self._of_norms.get(call["name"])
        by_part = {
            self._terms.function_part(call["function"], argument): name
            for argument, name in call["parts"].items()
        }
        bias = next((name for name in by_part.values() if name in self.biases), None)
        return bias, by_part.get("mean")

    def notes(self) -> list[str]:
        """Returns what a comparison says of them."""
        ahead = [
            f"{name}: a batch norm takes it away again, and TF1 has none: what is ahead of the "
            "norm is told without it"
            for name in self.biases
        ]
        return ahead + [
            f"{mean}: nothing tells how much of it a batch replaces (an average of all batches, "
            f"say): how it follows {self.means[mean]} within a step is not told"
            for mean in self.unfollowed
        ]

    def without(self, layer: LayerOutput, values: Arrays) -> np.ndarray:
        """Returns a layer's output [..., C] without its bias [C]."""
        of_function = (name for name in layer.parts.values() if name in self.biases)
        bias = self._by_layer.get(layer.name) or next(of_function, None)
        return layer.output if bias is None else layer.output - values[bias]

    def in_averages(self, values: Arrays) -> Arrays:
        """Returns mean -> what of it is its bias, which has been what it is for long."""
        return {mean: values[bias] for mean, bias in self.means.items()}

    def follow(
        self, held: Arrays, calls: Sequence[Mapping[str, Any]], values: Arrays, after: Arrays
    ) -> Arrays:
        """Returns mean -> what of it is its bias after an update's calls, with other values of it.

        Args:
          held: the same before.
          calls: of layers, as they were recorded; in inference they move no average.
          values: of the variables as they are called; after: of the same behind the update.
        """
        held = dict(held)
        for call in calls:
            _, mean = self._met(call)
            if mean not in self.means or call["settings"].get("training") is False:
                continue
            kept = self._terms.kept_of_average(call)
            if kept is not None and not np.array_equal(values[mean], after[mean]):
                held[mean] = kept * held[mean] + (1 - kept) * values[self.means[mean]]
        return held
