"""What a program does when it is asked: by its own runner, or by one in another process.

`runners.tf1`, `runners.keras` and `runners.torch` fulfil it where the framework is loaded,
`runners.process` from anywhere else. All arrays are in the program's own names and layout.
"""

from typing import Protocol

import numpy as np

from dcgan_v1.errors import UserError
from dcgan_v1.migration.measures import ReplayRow
from dcgan_v1.migration.records import (
    Arrays,
    Batch,
    GradientKey,
    Observation,
    PortInfo,
    State,
    Tf1Info,
)
from dcgan_v1.migration.sources import OptimizerChange


class NoDouble(UserError):
    """A program that cannot be made float64."""


class Runner(Protocol):
    """A program that can be stepped and looked into."""

    def state(self) -> State:
        """Returns all that training moves."""
        ...

    def load(self, state: State) -> None:
        """Sets what the state holds, and leaves the rest."""
        ...

    def step(self, batch: Batch, *, is_observed: bool = False) -> Observation:
        """Does one training step.

        Args:
          batch: what the step is given.
          is_observed: whether to return layers, gradients and settings, too, not scalars alone.

        Raises:
          UserError: the program fails.
        """
        ...

    def inference(self, batch: Batch, forward: dict[str, list[str]]) -> Observation:
        """Does the forward pass in inference.

        Args:
          batch: as for `step`.
          forward: model of a port -> names of the inputs it is given; TF1 has no use for it.
        """
        ...


class Tf1Runner(Runner, Protocol):
    """A TF1 graph."""

    def describe(self) -> Tf1Info:
        """Returns what the graph says of itself."""
        ...

    def initial(self) -> State:
        """Returns the values to start from: the checkpoint's, else the graph's own."""
        ...

    def draw(self, batch: Batch) -> Arrays:
        """Returns what the random ops of a step draw, op -> array, each op's own kind."""
        ...

    def still_step(self, batch: Batch, *, is_observed: bool = False) -> Observation:
        """A step whose learning rates are 0: no update moves a weight before another."""
        ...

    def step_along(self, batch: Batch, weights: dict[int, Arrays]) -> Observation:
        """An observed step in which a session call begins with other weights than the one before
        it left.

        Args:
          batch: as for `step`.
          weights: number of an update -> variable -> array, set before the call that does it.
        """
        ...

    def leaks(self, batch: Batch) -> dict[GradientKey, np.ndarray]:
        """Returns what the losses of other updates would add to each gradient, were they not cut
        off from it; no weight moves."""
        ...

    def pulled_back(self, batch: Batch, run: int, above: Arrays, to: list[str]) -> Arrays:
        """Returns the gradient of sum(array * op), over all ops of `above`, by each op or variable
        of `to` that it reaches, as a session call has them; no weight moves.

        Args:
          batch: as for `step`; run: number of the session call.
          above: op -> array of its output's shape.
          to: names of ops or variables.
        """
        ...

    def change(self, changes: list[OptimizerChange]) -> None:
        """Sets what its optimisers have instead of their own numbers, for all that comes."""
        ...

    def replay(self, folder: str, against: str) -> list[ReplayRow]:
        """Replays a recording, see `recordings.replay`."""
        ...

    def save(self, path: str) -> None:
        """Writes all variables as a Saver does."""
        ...


class PortRunner(Runner, Protocol):
    """A port made of Keras models, tf.Modules or torch.nn.Modules."""

    def describe(self) -> PortInfo:
        """Returns what the port says of itself."""
        ...

    def weights_before_updates(self, batch: Batch) -> dict[int, Arrays]:
        """Does a step. Returns number of an update -> variable -> array just before it."""
        ...

    def still_step(self, batch: Batch) -> Observation:
        """A step, looked into, whose learning rates are 0: no update moves a weight before another.

        Raises:
          UserError: the program fails, or its rates cannot be set.
        """
        ...

    def save(self, path: str, to: str) -> None:
        """Writes a folder in a format of the port's framework, see `conversion.FORMATS`."""
        ...

    def restore(self, path: str, to: str) -> None:
        """Reads what `save` wrote."""
        ...
