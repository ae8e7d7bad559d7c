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
        self.means: dict[str, str] = {}  # of a norm -> the bias that is ahead of it
        of_norms = {v.layer: n for n, v in variables.items() if v.part == "mean"}
        self._norms: dict[str, str] = {}  # its layer -> its mean
        for update in told["updates"]:
            ahead: dict[str, str] = {}  # model -> the bias that was added last
            for call in update["layers"]:
                name, model = call["name"], call["name"].partition("/")[0]
                if name in self._by_layer:
                    ahead[model] = self._by_layer[name]
                elif name in of_norms and model in ahead:
                    self._norms[name] = of_norms[name]
                    self.means.setdefault(of_norms[name], ahead.pop(model))

    def without(self, layer: LayerOutput, values: Arrays) -> np.ndarray:
        """Returns a layer's output [..., C] without its bias [C]."""
        bias = self._by_layer.get(layer.name)
        return layer.output if bias is None else layer.output - values[bias]

    def in_averages(self, values: Arrays) -> Arrays:
        """Returns mean -> what of it is its bias, which has been what it is for long."""
        return {mean: values[bias] for mean, bias in self.means.items()}

    def follow(self, held: Arrays, calls: Sequence[Mapping[str, Any]], values: Arrays) -> Arrays:
        """Returns mean -> what of it is its bias after calls of layers with other values of it.

        Args:
          held: the same before.
          calls: as they were recorded; values: of the biases by then.
        """
        held = dict(held)
        for call in calls:
            mean = self._norms.get(call["name"])
            kept = None if mean is None else self._terms.kept_of_average(call["settings"])
            if mean is not None and kept is not None:
                held[mean] = kept * held[mean] + (1 - kept) * values[self.means[mean]]
        return held
