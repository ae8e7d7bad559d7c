"""What the stages of a comparison hand to each other: plain records of numbers and names.

The runners write them (`runners.protocol`), the stages read them; `serialization` carries them
between processes and into files. Nothing here imports a framework.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

Arrays = dict[str, np.ndarray]
Setting = float | str | bool
Settings = dict[str, Setting]

TYPE = "type "  # how the attribute of a knob begins that is the op's type: 'type Tanh'
LAYER_KINDS = (  # what a layer is, whichever framework it comes from
    "conv",
    "deconv",
    "dense",
    "norm",
    "activation",
    "pool",
    "resize",
    "dropout",
    "recurrent",
    "bias",
    "add",
    "mul",
    "merge",
    "identity",
    "reshape",
    "model",
    "other",
)
DECAY_APART = "weight decay beside the step"  # of AdamW, times the rate
OPEN = "open"  # layout of a tensor that any function may be given: a step shows it
PARTS = ("kernel", "bias", "gamma", "beta", "mean", "variance")  # what a variable is to its layer
SECOND_BIAS = "second bias"  # the same, of a recurrent layer that adds two


# ---- names ----


class SlotKey(NamedTuple):
    """A slot of an optimiser: 'm' of Adam `optimizer` for `variable`."""

    variable: str
    optimizer: str
    slot: str


class GradientKey(NamedTuple):
    """A gradient: number of the update in a step (from 0), its optimiser, its variable."""

    update: int
    optimizer: str
    variable: str


# ---- what programs say of themselves ----


@dataclass(frozen=True)
class Variable:
    """A variable.

    Attributes:
      shape, dtype: as the program has it.
      trainable: None where nobody knows.
      part: one of PARTS, 'recurrent', SECOND_BIAS, or '' where nothing tells.
      layer: path of the layer that holds it; a port's only.
      layer_kind: what that is, one of LAYER_KINDS; '' where nothing tells; a port's only.
      layout: one of `matching.layouts.AXES`, or OPEN; a port's only.
      gates: order of an LSTM's gates in its last axis, or ''; a port's only.
      forget_bias: what is added to a bias at an LSTM's forget gate; None where nothing tells;
        TF1's only.
    """

    shape: list[int]
    dtype: str = "float64"
    trainable: bool | None = True
    part: str = ""
    layer: str = ""
    layout: str = "plain"
    gates: str = ""
    forget_bias: float | None = None
    layer_kind: str = ""


@dataclass(frozen=True)
class Input:
    """A placeholder, a source of batches or a random op.

    Attributes:
      shape: None where it is unknown.
      dtype: as numpy calls it.
      is_of_step: whether a training step needs it; else an output beside the step does.
      is_drawn: whether it is a random op's.
    """

    shape: list[int | None] | None
    dtype: str
    is_of_step: bool = True
    is_drawn: bool = False


@dataclass(frozen=True)
class Update:
    """One application of an optimiser in TF1's step.

    Attributes:
      name: the op that applies it.
      optimizer: name of the first update with the same slots.
      kind: 'Adam', 'Momentum', 'GradientDescent' and so on.
      variables: those it trains; losses: scalars that its gradients are of.
      run: number of the session call that does it.
    """

    name: str
    optimizer: str
    kind: str = ""
    variables: list[str] = field(default_factory=list)
    losses: list[str] = field(default_factory=list)
    run: int = 0


@dataclass(frozen=True)
class Tf1Info:
    """What a TF1 program is, read off its graph.

    Attributes:
      framework, source: for messages and the report.
      variables: name -> Variable; without slots and powers of Adam's betas.
      slots: slot variable -> SlotKey.
      beta2_powers: variable that holds a power of Adam's beta2 -> optimiser.
      step_counts: optimiser -> variable that counts what it has done.
      inputs, random: name -> Input of what is fed, and of what the graph draws.
      beside: names of random ops that no step runs.
      switches: inputs that say the mode; modes: inputs whose value a user or a recording gave.
      runs: op names of each session call of a step.
      needs: for each of them the names of inputs and random ops that it reads.
      updates: in the order of their effect.
      not_run: UPDATE_OPS that no run does; unread: weights that nothing is computed of.
      heads: weights that no run needs, behind a network that the step trains.
      not_in_checkpoint: variables whose values the graph made, though there is a checkpoint.
      left_in_float32, spelled_out: op type -> count, of float64.
      races: a sentence for each kind of race in a session call.
      is_channels_first: whether its maps are [N, C, H, W].
      recording: folder of the recording it comes from, or None.
    """

    framework: str = ""
    source: str = ""
    variables: dict[str, Variable] = field(default_factory=dict)
    slots: dict[str, SlotKey] = field(default_factory=dict)
    beta2_powers: dict[str, str] = field(default_factory=dict)
    step_counts: dict[str, str] = field(default_factory=dict)
    inputs: dict[str, Input] = field(default_factory=dict)
    random: dict[str, Input] = field(default_factory=dict)
    beside: list[str] = field(default_factory=list)
    switches: list[str] = field(default_factory=list)
    modes: list[str] = field(default_factory=list)
    runs: list[list[str]] = field(default_factory=list)
    updates: list[Update] = field(default_factory=list)
    not_run: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    not_in_checkpoint: list[str] = field(default_factory=list)
    left_in_float32: dict[str, int] = field(default_factory=dict)
    spelled_out: dict[str, int] = field(default_factory=dict)
    races: list[str] = field(default_factory=list)
    is_channels_first: bool = False
    recording: str | None = None
    needs: list[list[str]] = field(default_factory=list)


@dataclass(frozen=True)
class PortInfo:
    """What a port is.

    Attributes:
      kind: 'Keras' or 'Torch'.
      framework: for the report.
      variables: name -> Variable.
      models: names, in the port's order; bare: those that are tensors alone, with nothing to call.
      optimizers: name -> settings.
      arguments: what its step takes; None where it has no step.
      optional: arguments with a default; takes_more: whether it takes any other by name.
      dropouts: number of its dropout layers.
      forward: model -> choices of inputs for inference, where its owner names them.
      altered: what was changed in the framework for float64, a sentence each.
    """

    kind: str = ""
    framework: str = ""
    variables: dict[str, Variable] = field(default_factory=dict)
    models: list[str] = field(default_factory=list)
    optimizers: dict[str, Settings] = field(default_factory=dict)
    arguments: list[str] | None = None
    optional: list[str] = field(default_factory=list)
    takes_more: bool = False
    dropouts: int = 0
    forward: dict[str, list[list[str]]] = field(default_factory=dict)
    altered: list[str] = field(default_factory=list)
    bare: list[str] = field(default_factory=list)


# ---- what programs compute ----


@dataclass(frozen=True)
class State:
    """All that training moves.

    Attributes:
      variables: name -> array.
      slots: SlotKey -> array.
      updates: optimiser -> how often it was applied.
    """

    variables: Arrays = field(default_factory=dict)
    slots: dict[SlotKey, np.ndarray] = field(default_factory=dict)
    updates: dict[str, int] = field(default_factory=dict)

    def replaced(self, variables: Arrays) -> "State":
        """Returns the state with other values of some variables."""
        return State({**self.variables, **variables}, self.slots, self.updates)


@dataclass(frozen=True)
class Batch:
    """What one step is given: inputs by name, and uniform numbers for a port's dropouts."""

    inputs: Arrays = field(default_factory=dict)
    draws: Arrays = field(default_factory=dict)


@dataclass(frozen=True)
class LayerOutput:
    """What a layer gave.

    Attributes:
      name: its own side's, with '#2' behind it for the second call.
      kind: one of LAYER_KINDS.
      settings: what a port must have alike, name -> number or text.
      output: feature maps as [N, H, W, C].
      input: the first input where no layer seen before gave it; else None.
      given: on a port's side the shape of the first input.
      applied: how many updates of the step came before.
      reads: on TF1's side the variables that the output is made of; on a port's those of the
        layers of its model up to this one.
      is_last: on TF1's side, whether no op that reads a variable comes after it: what a network
        ends in, or a part of a loss.
      is_inference_only: on TF1's side, whether it is of a network that no step runs.
      knobs: on TF1's side, setting -> [(op, attribute)], where its number stands in the graph; the
        attribute 'value' is a constant's, and one that begins with TYPE what the op may become.
      parts: on a port's side, part -> variable, where a function makes the layer and is given them.
    """

    name: str
    kind: str
    settings: Settings
    output: np.ndarray
    input: np.ndarray | None = None
    applied: int = 0
    reads: tuple[str, ...] = ()
    is_last: bool = False
    is_inference_only: bool = False
    knobs: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    parts: dict[str, str] = field(default_factory=dict)
    given: tuple[int, ...] = ()


@dataclass(frozen=True)
class Observation:
    """What one step, or one pass in inference, showed of a program.

    Attributes:
      scalars: name -> number.
      layers: in the order of their calls.
      gradients: GradientKey -> array, in the program's own names and layout.
      settings: optimiser -> its settings as this step had them.
      pixels: layer of a port -> {'rows' or 'columns': `matching.layouts.Pixels`} where it meets
        feature maps.
      forward: model of a port -> the inputs it was seen to be called with, each a list of names.
      layouts: variable of a port -> its layout, where only a call shows it: of a bare tensor.
      unused_draws: random numbers that no dropout of the port took.
      altered: see `PortInfo`, by the end of the step.
    """

    scalars: dict[str, float] = field(default_factory=dict)
    layers: list[LayerOutput] = field(default_factory=list)
    gradients: dict[GradientKey, np.ndarray] = field(default_factory=dict)
    settings: dict[str, Settings] = field(default_factory=dict)
    pixels: dict[str, dict[str, tuple[int, ...]]] = field(default_factory=dict)
    forward: dict[str, list[list[str]]] = field(default_factory=dict)
    layouts: dict[str, str] = field(default_factory=dict)
    unused_draws: list[str] = field(default_factory=list)
    altered: list[str] = field(default_factory=list)
