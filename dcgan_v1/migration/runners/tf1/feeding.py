"""What a session call of a foreign graph is fed: inputs, the mode, rates, changed settings."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow.compat.v1 as tf

from dcgan_v1.migration.records import Batch
from dcgan_v1.migration.runners.tf1.reading.roles import Roles
from dcgan_v1.migration.runners.tf1.variables import Variables
from dcgan_v1.migration.sources import OptimizerChange
from dcgan_v1.migration.specs import Tf1

Feed = dict[tf.Tensor, Any]


@dataclass(frozen=True)
class Feeding:
    """Makes feeds.

    Attributes:
      graph: that is run.
      spec: numbers that say the mode, in training and in inference.
      roles, variables: its inputs, draws and updates; its constants and counts of updates.
      changes: settings of optimisers that an explanation puts right.
      gates: for each run what opens the gates that it does not wait at, see `races`.
    """

    graph: tf.Graph
    spec: Tf1
    roles: Roles
    variables: Variables
    changes: list[OptimizerChange]
    gates: list[Feed]

    def of_run(
        self, batch: Batch, *, is_training: bool, rate: float | None = None, run: int = 0
    ) -> Feed:
        """Returns what a run is fed: of `z@2` and `z` the second run takes the first.

        Args:
          batch: of the step.
          is_training: which mode the switches say.
          rate: a learning rate that stands for all others.
          run: its number in the step, from 0.
        """
        feed: Feed = {
            self.graph.get_operation_by_name(n).outputs[0]: a
            for n, a in self.variables.constants.items()
        }
        values = self.spec.training if is_training else self.spec.inference
        for name, tensor in {**self.roles.inputs, **self.roles.random}.items():
            if name in values:
                feed[tensor] = values[name]
            elif name in self.roles.switches:
                feed[tensor] = is_training
            elif name in batch.inputs:
                feed |= _feed(tensor, batch.inputs.get(f"{name}@{run + 1}", batch.inputs[name]))
        for number, gates in enumerate(self.gates):
            if number == run or not is_training:  # in inference nothing waits
                feed |= gates
        if is_training and self.changes:
            feed |= self._changed_settings()
        if rate is not None:
            for _, update in self.roles.applied:
                for apply in update.applies:
                    feed[apply.settings["learning rate"]] = rate
        return feed

    def _changed_settings(self) -> Feed:
        """Settings of optimisers that an explanation puts right."""
        feed: Feed = {}
        for change in self.changes:
            value = change.value
            if change.is_after_correction:
                # TF1 adds epsilon before the correction, sqrt(1 - beta2^t): so it acts as after it
                count = self.variables.state().updates.get(change.optimizer, 0)
                beta2 = self.variables.setting(change.optimizer, "beta2")
                value *= float(np.sqrt(1 - beta2 ** (count + 1)))
            for update in self.roles.updates:
                if update.optimizer == change.optimizer:
                    for apply in update.applies:
                        tensor = apply.settings.get(change.setting)
                        if tensor is not None and self.graph.is_feedable(tensor):
                            feed[tensor] = value
        return feed


def _feed(tensor: tf.Tensor, array: np.ndarray) -> Feed:
    """What is fed for an input. What a graph draws or reads in float32 is given to whatever takes
    it in float64 as well, so that nothing of a port's float64 is lost."""
    feed: Feed = {tensor: array}
    if tensor.dtype == tf.float32 and np.asarray(array).dtype == np.float64:
        casts = (op for op in tensor.consumers() if op.type == "Cast")
        feed |= {op.outputs[0]: array for op in casts if op.outputs[0].dtype == tf.float64}
    return feed
