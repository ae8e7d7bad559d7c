"""Cuts a graph's tensors into pieces: a layer or loss that a pattern knows, or a single op."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dcgan_v1.porting.description import Constant, Weight
from dcgan_v1.porting.graphs import rows
from dcgan_v1.porting.graphs.graph import Graph, Op, Tensor, through, variable_of
from dcgan_v1.porting.graphs.matching import number_of
from dcgan_v1.porting.graphs.shapes import ELEMENTWISE, broadcast
from dcgan_v1.porting.patterns import layers as patterns
from dcgan_v1.porting.reading import gradients

SOURCES = ("Placeholder", "PlaceholderV2", "PlaceholderWithDefault", "IteratorGetNext")
DRAWS = ("RandomUniform", "RandomStandardNormal", "TruncatedNormal")
OTHER_DRAWS = re.compile(r"(Stateless)?(Random|Multinomial|TruncatedNormal|ParameterizedTr)")
CONTROL = (
    *("Switch", "RefSwitch", "Merge", "RefMerge", "Enter", "RefEnter", "Exit", "RefExit"),
    *("NextIteration", "LoopCond", "While", "StatelessWhile", "If", "StatelessIf"),
    *("TensorArrayV3", "TensorArrayReadV3", "TensorArrayGatherV3", "TensorArrayScatterV3"),
)
Shape = tuple[int | None, ...]


@dataclass(eq=False, repr=False)
class Piece:
    """What becomes a node: see `description.Node`.

    Attributes:
      stage: how many effects of its run come before it.
      moments: tensors of a batch norm's mean and variance.
    """

    kind: str
    inputs: "list[Operand]"
    settings: dict[str, Any]
    variables: dict[str, str]
    outputs: list[tuple[tuple[int | None, ...] | None, str]]
    op: Op
    stage: int = 0
    moments: tuple[Tensor, ...] = ()
    users: "list[Piece]" = field(default_factory=list)


@dataclass(frozen=True)
class Out:
    """An output of a piece."""

    piece: Piece
    index: int = 0


Operand = Out | Constant | Weight


class Flow:
    """The pieces of one session run.

    Args:
      graph: in its mode.
      stage_of: how many effects come before an op.
      switched_off: names of patterns that are left out.
    """

    def __init__(
        self,
        graph: Graph,
        stage_of: Callable[[Op], int],
        switched_off: frozenset[str] = frozenset(),
    ) -> None:
        self.graph, self.stage_of, self.switched_off = graph, stage_of, switched_off
        self.pieces: list[Piece] = []
        self.refused: list[str] = []
        self._known: dict[Tensor, Operand] = {}
        self._scopes = gradients.scopes(graph)

    def operand(self, tensor: Tensor) -> Operand:
        """Returns what a tensor is, with all the pieces that it needs."""
        tensor = through(tensor)
        if tensor not in self._known:
            self._known[tensor] = self._made(tensor)
        return self._known[tensor]

    def _made(self, tensor: Tensor) -> Operand:
        op = tensor.op
        if tensor.array is not None:
            return Constant(tensor.array)
        name = variable_of(tensor)
        if name is not None:
            return Weight(name, tensor.shape)
        if OTHER_DRAWS.match(op.type) and op.type not in DRAWS:
            self.refused.append(f"random numbers of {op.type} ({op.name})")
        if op.type in SOURCES or op.type.startswith("QueueDequeue"):
            return self._add(Piece("input", [], {}, {}, _outputs(op), op), tensor.index)
        if op.type in DRAWS:
            shape = self._size(through(op.inputs[0]))
            settings = {"type": op.type, "dtype": op.output.dtype}
            rest = [self.operand(t) for t in op.inputs[1:]]
            return self._add(Piece("draw", [shape, *rest], settings, {}, _outputs(op), op))
        if (scope := gradients.scope_of(op, self._scopes)) is not None:
            return self._gradient(tensor, scope)
        found = patterns.recognise(tensor, self.switched_off)
        if found is not None:
            inputs = [self._numbered(t, found.kind) for t in found.inputs]
            if found.before:
                first, size, large = found.before
                resized = [(large, tensor.dtype)]
                operands = [*inputs, Constant(size)]
                inputs = [self._add(Piece("op", operands, first, {}, [*resized], op))]
            inputs += [Constant(array) for array in found.settings.pop("constants", ())]
            if "label" in found.settings:
                label = found.settings.pop("label")
                inputs.insert(0, Constant(np.asarray(label, np.float32)))
            outputs = [(tensor.shape, tensor.dtype)]
            piece = Piece(found.kind, inputs, found.settings, found.variables, outputs, op)
            piece.moments = found.moments
            return self._add(piece)
        if op.type in CONTROL:
            self.refused.append(f"{op.type} ({op.name})")
            return self._add(Piece("op", [], {"type": op.type}, {}, _outputs(op), op), tensor.index)
        inputs = [self._narrow(op, t) for t in op.inputs]
        settings = {"type": op.type, **op.attributes}
        known = self._known.get(op.outputs[0]) if tensor.index else None
        if isinstance(known, Out):
            return Out(known.piece, tensor.index)
        made = self._add(Piece("op", inputs, settings, {}, _outputs(op), op), tensor.index)
        for other in op.outputs:
            self._known.setdefault(other, Out(made.piece, other.index))
        return made

    def _numbered(self, tensor: Tensor, kind: str) -> Operand:
        """Returns an operand; labels that are all alike are their number."""
        number = number_of(tensor) if kind.endswith("crossentropy") else None
        return self.operand(tensor) if number is None else Constant(np.asarray(number, np.float32))

    def _narrow(self, op: Op, tensor: Tensor) -> Operand:
        """Returns an operand; tf.ones_like(x) and the like that widen nothing are their number."""
        number = number_of(tensor) if op.type in ELEMENTWISE and tensor.array is None else None
        others = [t.shape for t in op.inputs if t is not tensor]
        if number is None or not tensor.dtype.startswith("float"):
            return self.operand(tensor)
        is_wide = op.output.shape is None or broadcast(others) != op.output.shape
        return self.operand(tensor) if is_wide else Constant(np.asarray(number, tensor.dtype))

    def _add(self, piece: Piece, index: int = 0) -> Out:
        piece.stage = self.stage_of(piece.op)
        self.pieces.append(piece)
        for operand in piece.inputs:
            if isinstance(operand, Out):
                operand.piece.users.append(piece)
        return Out(piece, index)

    # ---- random numbers ----

    def _size(self, shape: Tensor) -> Operand:
        """The size of what is drawn. As large as something within a network is as many rows as the
        network is fed, of a size that is known, where that something has these very rows."""
        of, sides = rows.and_rest(shape)
        is_fed = of is not None and of.op.type in SOURCES
        if of is None or None in sides or (is_fed and shape.op.type == "Shape"):
            return self.operand(shape)
        fed = [of] if is_fed else rows.fed_with_rows_of(of, SOURCES)
        if not fed:
            return self.operand(shape)
        source = min(fed, key=lambda t: t.op.index)
        first = [Constant(np.asarray([n], np.int32)) for n in (0, 1, 1)]
        others = [Constant(np.asarray(n, np.int32)) for n in sides]

        def made(type_: str, inputs: list[Operand], size: Shape, **settings: int) -> Out:
            words = {"type": type_, **settings}
            return self._add(Piece("op", inputs, words, {}, [(size, "int32")], shape.op))

        whole = made("Shape", [self.operand(source)], (None,))
        count = made("StridedSlice", [whole, *first], (), shrink_axis_mask=1)
        return made("Pack", [count, *others], (1 + len(sides),), axis=0)

    # ---- gradients inside of a loss ----

    def _gradient(self, tensor: Tensor, scope: str) -> Operand:
        """A gradient that a loss is made of: of which tensor, and by which."""
        y, x = gradients.of(self.graph, scope), gradients.taken_by(self.graph, tensor, scope)
        if y is None or x is None:
            self.refused.append(f"a gradient inside of a loss ({tensor.op.name})")
            return Constant(0)  # type: ignore[arg-type]  # refused as a whole
        inputs = [self.operand(y), self.operand(x)]
        if not all(isinstance(i, Out) for i in inputs):
            self.refused.append(f"a gradient by a variable inside of a loss ({tensor.op.name})")
        outputs = [(tensor.shape, tensor.dtype)]
        return self._add(Piece("gradient", inputs, {}, {}, outputs, tensor.op))


def _outputs(op: Op) -> list[tuple[tuple[int | None, ...] | None, str]]:
    return [(t.shape, t.dtype) for t in op.outputs]
