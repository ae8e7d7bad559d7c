"""What a TF1 program is, said without TensorFlow: networks, layers, calls, draws, losses, updates.

`reader` makes it, the writers print it. A body is a list of nodes in the order of their
computation, each of which makes values out of earlier ones.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dcgan_v1.errors import UserError


class Refused(UserError):
    """A program that cannot be written in the framework that was asked for."""


# kinds of nodes that a network holds as a layer
LAYERS = ("dense", "conv", "deconv", "batch_norm", "layer_norm", "lstm", "dropout")
# kinds of (labels, logits) that a framework has a loss for
LOSSES = ("binary_crossentropy", "sparse_crossentropy", "categorical_crossentropy", "mse")


@dataclass(frozen=True)
class Value:
    """A value that a node makes, or an input; `name` is unique in its body."""

    name: str
    shape: tuple[int | None, ...] | None = None
    dtype: str = "float32"


@dataclass(frozen=True)
class Constant:
    """A number or an array that the graph holds."""

    array: np.ndarray

    @property
    def shape(self) -> tuple[int | None, ...]:
        """Its shape, as values have one."""
        return self.array.shape

    @property
    def number(self) -> Any:
        """The Python number where all elements are equal, else None."""
        flat = self.array.reshape(-1)
        if flat.size == 0 or not np.all(flat == flat[0]):
            return None
        if self.array.dtype.kind != "f":
            return flat[0].item()
        return float(f"{float(flat[0]):.7g}")  # the decimal that somebody wrote

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Constant)
            and self.array.dtype == other.array.dtype
            and np.array_equal(self.array, other.array)
        )

    def __hash__(self) -> int:
        return hash((self.array.shape, self.array.tobytes()))


@dataclass(frozen=True)
class Weight:
    """A variable of TF1's, used as it is."""

    variable: str
    shape: tuple[int | None, ...] | None = None


Operand = Value | Constant | Weight


@dataclass(frozen=True)
class Node:
    """One line of a body.

    Attributes:
      kind: one of LAYERS; what else a pattern knows ('relu', 'concat', 'mse'); 'beside_pixels'
        (rows, behind the channels of maps); 'input' (fed),
        'draw' (random), 'call' (of a network), 'gradient' (of inputs[0] by inputs[1], as part of
        a loss); or 'op', which settings['type'] names as TF1 does.
      values: that it makes.
      inputs: that it takes, in the order of TF1's op, or of the kind.
      settings: numbers and words, by kind; TF1's attributes of an 'op'.
      variables: part of the layer -> TF1 variable: kernel, bias, gamma, beta, mean, variance.
      body: of a 'gradient', the nodes between inputs[1] and inputs[0].
      ops: names of the TF1 ops that it stands for; the last makes the value.
    """

    kind: str
    values: tuple[Value, ...]
    inputs: tuple[Operand, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    body: "tuple[Node, ...]" = ()
    ops: tuple[str, ...] = ()

    @property
    def value(self) -> Value:
        """The first value that it makes."""
        return self.values[0]


@dataclass(frozen=True)
class Function:
    """What a network computes: `inputs` lead by `nodes` to `outputs`.

    Attributes:
      name: 'call', or of a variant of it that TF1 built otherwise.
      takes_training: whether a layer in it acts otherwise in training.
    """

    name: str
    inputs: tuple[Value, ...]
    nodes: tuple[Node, ...]
    outputs: tuple[Value, ...]
    takes_training: bool = False


@dataclass(frozen=True)
class Network:
    """A network.

    Attributes:
      name: an identifier, 'generator'.
      scope: common scope of its variables, '' for none.
      functions: 'call' first.
      variables: names of all its variables in the graph's order.
      copies: instance -> {variable: the copy's variable}, of averages of its weights.
    """

    name: str
    scope: str
    functions: tuple[Function, ...]
    variables: tuple[str, ...]
    copies: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Variable:
    """A variable of TF1's.

    Attributes:
      initializer: (kind, numbers): 'zeros', 'ones', 'constant', 'normal', 'truncated_normal',
        'uniform', or '' where it is none of these.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    trainable: bool
    initializer: tuple[str, dict[str, float]] = ("", {})


@dataclass(frozen=True)
class Optimizer:
    """An optimiser.

    Attributes:
      name: an identifier, unique: 'd_adam'; tf1: its name in the comparison.
      kind: 'Adam', 'RMSProp', 'Momentum', 'GradientDescent', 'Adagrad' and so on, TF1's.
      settings: 'learning rate', 'beta1' ... -> number; a rate that changes is missing here.
      schedule: (kind, numbers) of a learning rate that depends on the step alone.
      variables: what it trains.
    """

    name: str
    tf1: str
    kind: str
    settings: dict[str, Any]
    variables: tuple[str, ...]
    schedule: tuple[str, dict[str, Any]] | None = None


@dataclass(frozen=True)
class Effect:
    """What a step moves, in its order.

    Attributes:
      kind: 'update' (of an optimiser), 'clip' (weights, by value), 'average' (of weights) or
        'assign'.
      name: of the update or of the TF1 op.
      optimizer: name of an `Optimizer`.
      losses: of an update: values whose sum is its loss.
      variables: that are moved.
      settings: 'clip norm', 'clip value', 'clip global norm', 'low', 'high', 'decay'.
    """

    kind: str
    name: str
    variables: tuple[str, ...]
    optimizer: str = ""
    losses: tuple[Operand, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Stage:
    """A part of a step: what is computed with the weights as they are, then what moves them.

    Attributes:
      run: number of TF1's session run that it is in.
    """

    run: int
    nodes: tuple[Node, ...]
    effects: tuple[Effect, ...]


@dataclass(frozen=True)
class Program:
    """A TF1 program.

    Attributes:
      source: where it came from, for messages.
      variables: by name.
      networks, optimizers: in the order of the graph.
      inputs: what a step is fed; draws: what it draws unless that is given.
      stages: of one training step; empty where there is none.
      losses: name -> value of each run's body that a step returns.
      forward: nodes of the outputs beside the step, in inference.
      left_out: what was left out, a sentence each.
      dropouts: TF1's random numbers in the order in which the networks' dropouts take them, where
        that is not TF1's.
    """

    source: str
    variables: dict[str, Variable]
    networks: tuple[Network, ...]
    optimizers: tuple[Optimizer, ...]
    inputs: tuple[Node, ...]
    draws: tuple[Node, ...]
    stages: tuple[Stage, ...]
    losses: dict[str, Value]
    forward: tuple[Node, ...] = ()
    left_out: tuple[str, ...] = ()
    dropouts: tuple[str, ...] = ()


def walk(nodes: tuple[Node, ...]) -> Iterator[Node]:
    """Yields nodes, and those inside of them."""
    for node in nodes:
        yield from walk(node.body)
        yield node
