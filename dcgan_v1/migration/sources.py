"""Where a program is, and what is changed in it before it runs."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Source:
    """Where a program is, for the process that opens it.

    Attributes:
      target: 'file.py:function' or 'module:function', or '' where `tf1` says it.
      tf1: fields of a `specs.Tf1`, paths as text.
      options: arguments for the function.
      folder: the working directory it is opened in.
      trust: run a graph that holds ops which touch the machine.
      runs, training, inference: of a map file, see `specs.Tf1`.
      changes: settings of the TF1 graph that an explanation puts right, see `Change`.
      recording: folder of a port's recording, which stands for the program.
    """

    target: str = ""
    tf1: dict[str, object] | None = None
    options: dict[str, object] = field(default_factory=dict)
    folder: str = "."
    trust: bool = False
    runs: list[list[str]] | None = None
    training: dict[str, object] = field(default_factory=dict)
    inference: dict[str, object] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    recording: str = ""


@dataclass(frozen=True)
class NumberChange:
    """A number of an op: one of its attributes, or 'value', the constant that it is."""

    op: str
    attribute: str
    value: float


@dataclass(frozen=True)
class TypeChange:
    """An activation that becomes another one: `kind` 'Tanh' of a Sigmoid; 'LeakyRelu' of any, with
    its `slope`."""

    op: str
    kind: str
    slope: float = 0.0


@dataclass(frozen=True)
class PaddingChange:
    """Zeros that a convolution, or the one that a transposed convolution reverses, adds before and
    after the rows of an image, and before and after its columns."""

    op: str
    rows: tuple[int, int]
    columns: tuple[int, int]


@dataclass(frozen=True)
class ThresholdChange:
    """A Softplus that gives what it is given above a number, as PyTorch's does."""

    op: str
    above: float


@dataclass(frozen=True)
class OptimizerChange:
    """A setting of an optimiser: 'learning rate', 'beta1', 'epsilon'; `is_after_correction`: an
    epsilon that is added after the bias correction."""

    optimizer: str
    setting: str
    value: float
    is_after_correction: bool = False


@dataclass(frozen=True)
class InputChange:
    """An input that a later run of a step has of its own, and is given the first run's."""

    name: str


@dataclass(frozen=True)
class ShareChange:
    """An input of which TF1 is given one minus its numbers: the share of a mixture's other side."""

    name: str


GraphChange = NumberChange | TypeChange | PaddingChange | ThresholdChange  # of ops
Change = GraphChange | OptimizerChange | InputChange | ShareChange  # in what TF1 computes
