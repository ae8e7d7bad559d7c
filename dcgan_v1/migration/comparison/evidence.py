"""What two programs computed from the same start, under keys that say what each array is.

`collection` gathers it, the later stages are functions of it: no process is needed to read it.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from dcgan_v1.migration import serialization
from dcgan_v1.migration.matching.fingerprints import Certificate, PixelsOf
from dcgan_v1.migration.matching.layouts import Layout
from dcgan_v1.migration.matching.matching import Matching, Row
from dcgan_v1.migration.records import (
    Arrays,
    LayerOutput,
    Observation,
    PortInfo,
    SlotKey,
    State,
    Tf1Info,
)
from dcgan_v1.migration.runners import worker
from dcgan_v1.migration.runners.recorded_names import OUTPUT as OUTPUT

FORWARD, LOSS, GRADIENT, STATE = "forward", "loss", "gradient", "state"
WEIGHT, AVERAGE, UPDATES = "weight", "average", "updates"  # parts of a state, beside slots


class Key(NamedTuple):
    """What an array is.

    Attributes:
      kind: FORWARD, LOSS, GRADIENT or STATE.
      name: a layer, a loss or a variable, in TF1's names; a layer or a loss in the port's.
      part: of a layer 'training' or 'inference'; of a state WEIGHT, AVERAGE, UPDATES, or what
        TF1's optimiser calls a slot; else ''.
      step: after which one; 0 where it is of the first step itself.
      update: number of the update that a gradient goes to, else -1.
    """

    kind: str
    name: str
    part: str = ""
    step: int = 0
    update: int = -1

    @property
    def quantity(self) -> str:
        """What rounding in float32 is measured over."""
        if self.kind == STATE:
            return f"{self.part} after {self.step}"
        if self.kind == LOSS and self.step:
            return "later losses"
        return self.kind

    @property
    def counts(self) -> bool:
        """Whether the verdict rests on it: what programs compute, not what layers they write."""
        return self.kind != FORWARD or self.name.endswith(OUTPUT)

    def __str__(self) -> str:
        text = self.name
        if self.kind == FORWARD:
            text = f"{self.part}: {self.name}"
        elif self.kind == GRADIENT:
            text = f"update {self.update + 1}: {self.name}"
        elif self.kind == STATE and self.part not in (WEIGHT, AVERAGE, UPDATES):
            text = f"{self.name} ({self.part})"
        return f"{text} after step {self.step}" if self.step else text


Keyed = dict[Key, np.ndarray]


@dataclass(frozen=True)
class Aligned:
    """A layer of the port and the op of TF1's that stands beside it.

    Attributes:
      new: the port's, its pixels numbered as TF1 numbers them.
      old: TF1's; None where nothing is like it.
      by: 'value'; 'function' where the port's output is `function` of TF1's; 'use' where both
        are made of the same variables, and differ; 'nothing'.
      relative, absolute: how far the outputs are apart.
      function: name of a function in `FUNCTIONS`, or ''.
    """

    new: LayerOutput
    old: LayerOutput | None
    by: str
    relative: float
    absolute: float
    function: str = ""


@dataclass(frozen=True)
class Evidence:
    """What both programs computed in one dtype.

    Attributes:
      dtype: 'float64' or 'float32'.
      old, new: what they say of themselves.
      matching, certificate: which variable is which, and what proves it.
      start: TF1's state that both began with.
      batch: name -> array, what the first step was given, in TF1's names.
      trains: whether both have a step.
      checked: the steps after which states were looked at.
      first: what the first step showed of TF1 and of the port; None where nothing trains.
      ours, theirs: Key -> array, of TF1 and of the port: what both have.
      alone: Key of what one side alone has -> 'TF1' or 'port'.
      aligned: 'training', 'inference' -> the port's layers and what stands beside them.
      layers: the same -> TF1's layers.
      losses: loss of the port -> TF1's scalar.
      forward: model -> choices of inputs for inference.
      pixels: see `records.Observation`.
      units: update -> how many times TF1's loss the port's is, where its optimiser makes up for
        that; `theirs` is in TF1's units.
      decays: update -> variable -> how many times itself the port's gradient held more than TF1's,
        which takes it off beside its step; `theirs` is without.
      notes: what the verdict is not said of, a sentence each.
    """

    dtype: str
    old: Tf1Info
    new: PortInfo
    matching: Matching
    certificate: Certificate
    start: State
    batch: Arrays
    trains: bool
    checked: list[int] = field(default_factory=list)
    first: tuple[Observation, Observation] | None = None
    ours: Keyed = field(default_factory=dict)
    theirs: Keyed = field(default_factory=dict)
    alone: dict[Key, str] = field(default_factory=dict)
    aligned: dict[str, list[Aligned]] = field(default_factory=dict)
    layers: dict[str, list[LayerOutput]] = field(default_factory=dict)
    losses: dict[str, str] = field(default_factory=dict)
    forward: dict[str, list[list[str]]] = field(default_factory=dict)
    pixels: PixelsOf = field(default_factory=dict)
    units: dict[int, float] = field(default_factory=dict)
    decays: dict[int, dict[str, float]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def trained(self) -> set[str]:
        """Names of TF1's variables that an update moves; others are averages."""
        return {name for update in self.old.updates for name in update.variables}

    def variable_of(self, name: str) -> str:
        """The variable that a slot is of, or the name itself."""
        key = self.old.slots.get(name)
        return key.variable if key else name

    def owner(self, name: str) -> int:
        """Number of the last update that trains a variable, or whose slot it is; -1 for none."""
        variable = self.variable_of(name)
        return max(
            (i for i, u in enumerate(self.old.updates) if variable in u.variables), default=-1
        )

    def save(self, path: str | Path) -> None:
        """Writes it as one .npz."""
        serialization.dump(path, self)


def load(path: str | Path) -> Evidence:
    """Reads what `Evidence.save` wrote.

    Raises:
      ValueError: the file holds something else.
    """
    evidence = serialization.load(path)
    if not isinstance(evidence, Evidence):
        raise ValueError(f"{path} holds no evidence")
    return evidence


def state_keys(state: State, info: Tf1Info, trained: set[str], step: int) -> Keyed:
    """Returns the arrays of a state in TF1's names.

    Args:
      info: TF1's.
      trained: names of trained variables; others are averages.
      step: after which one.
    """
    names: dict[SlotKey, str] = {key: name for name, key in info.slots.items()}
    arrays = {
        Key(STATE, name, WEIGHT if name in trained else AVERAGE, step): array
        for name, array in state.variables.items()
    }
    arrays |= {
        Key(STATE, names[key], key.slot, step): array
        for key, array in state.slots.items()
        if key in names
    }
    arrays |= {
        Key(STATE, f"updates of {optimizer}", UPDATES, step): np.asarray(count)
        for optimizer, count in state.updates.items()
    }
    return {key: np.asarray(array, np.float64) for key, array in arrays.items()}


serialization.register(
    (*worker.CLASSES, Certificate, Layout, Row, Matching, Key, Aligned, Evidence)
)
