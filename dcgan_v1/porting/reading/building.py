"""Puts the pieces and calls of one session run into the stages where they are computed."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from dcgan_v1.porting import description as d
from dcgan_v1.porting.reading import segments
from dcgan_v1.porting.reading.flow import DRAWS, Operand, Out, Piece
from dcgan_v1.porting.reading.network_names import unused, value_name
from dcgan_v1.porting.reading.segments import Call

if TYPE_CHECKING:
    from dcgan_v1.porting.reading.nodes import Bodies

Unit = Piece | Call
SAID_OF = re.compile(r"_(placeholder|ph)(?=@|$)", re.IGNORECASE)  # what all inputs are
UNNAMED = re.compile(  # TF1's own names
    r"(?:Placeholder|IteratorGetNext|(?:shuffle_)?batch(?:_join)?)(?:_\d+)?(?::\d+)?(@\d+)?"
)
PIXELS = 28**2  # of a flat picture, at least: no noise has as many numbers
LABELS = 12  # classes; what is longer is noise, as far as a name goes


class Building:
    """Puts the units of one run into the stages where they are computed."""

    def __init__(self, bodies: "Bodies", number: int) -> None:
        self.bodies, self.number = bodies, number
        self.buckets: dict[int, list[d.Node]] = {}
        self.values: dict[tuple[Piece, int], d.Value] = {}
        self._done: set[int] = set()
        self._open: set[int] = set()  # units whose needs are looked at
        self._collectors: list[list[d.Node]] = []

    def operand(self, x: Operand) -> d.Operand:
        if not isinstance(x, Out):
            return x
        self._visit(self._unit(x.piece))
        return self.values[x.piece, x.index]

    def visit_first(self, norms: list[Piece], pieces: list[Piece]) -> None:
        """Calls networks in the order in which TF1 moves their batch norms' averages, but for
        those whose gradient is a part of a loss: these have their place there. Then those that
        drop out, in the order in which TF1 has them: a port's dropouts draw in that order."""
        inner: dict[int, Unit] = {}
        for piece in pieces:
            if piece.kind == "gradient" and all(isinstance(x, Out) for x in piece.inputs):
                y, x = (self._unit(x.piece) for x in piece.inputs if isinstance(x, Out))
                inner |= {id(unit): piece for unit in self._depending(y, x)}
        for norm in norms:
            if id(self._unit(norm)) not in inner:
                self._visit(self._unit(norm))
        dropouts = [piece for piece in pieces if piece.kind == "dropout"]
        for piece in sorted(dropouts, key=lambda piece: piece.op.index):
            unit = self._unit(piece)
            self._visit(inner.get(id(unit), unit))

    def _unit(self, piece: Piece) -> Unit:
        return self.bodies.of_piece.get(piece, piece)

    def _needs(self, unit: Unit) -> list[Unit]:
        inputs = unit.inputs
        return [self._unit(x.piece) for x in inputs if isinstance(x, Out)]

    def _visit(self, unit: Unit) -> None:
        if id(unit) in self._done:
            return
        if isinstance(unit, Piece) and unit.kind == "gradient":
            self._gradient(unit)
            return
        if id(unit) in self._open:
            name = unit.network if isinstance(unit, Call) else unit.op.name
            raise d.Refused(
                f"{name}, which needs what it makes itself: random numbers in a network must be a "
                "dropout's, or of a size that is known outside"
            )
        self._open.add(id(unit))
        for other in self._needs(unit):
            self._visit(other)
        self._done.add(id(unit))
        if isinstance(unit, Call):
            self._put(self._call(unit), max(p.stage for p in unit.pieces))
        elif unit.kind == "input":
            for i in range(len(unit.outputs)):
                self._input(unit, i)
        elif unit.kind == "draw":
            self._draw(unit)
        else:
            self._put(self.bodies.node(unit, self.values), unit.stage)

    def _put(self, node: d.Node, stage: int) -> None:
        if self._collectors:
            self._collectors[-1].append(node)
        else:
            self.buckets.setdefault(stage, []).append(node)

    def _input(self, unit: Piece, i: int) -> None:
        bodies, name = self.bodies, self._given_here(unit.op.name + (f":{i}" if i else ""))
        if name not in bodies.fed:
            word = bodies.names.inputs.get(name) or value_name(
                input_word(name, unit, i, bodies.unnamed)
            )
            taken = {n.value.name.partition(".")[0] for n in bodies.fed.values()}
            value = bodies.value(Out(unit, i), unused(word, taken))
            bodies.fed[name] = d.Node("input", (value,), ops=(name,))
        self.values[unit, i] = bodies.fed[name].value

    def _given_here(self, name: str) -> str:
        """The name of what is fed or drawn, 'z@2' where this run is given its own."""
        own = f"{name}@{self.number + 1}"
        return own if own in self.bodies.again else name

    def _draw(self, unit: Piece) -> None:
        bodies, name = self.bodies, self._given_here(unit.op.name)
        if name not in bodies.drawn:
            word = bodies.names.inputs.get(name) or value_name(draw_word(unit.op.name))
            nodes = (*bodies.fed.values(), *bodies.drawn.values())
            taken = {n.value.name.partition(".")[0] for n in nodes}
            value = bodies.value(Out(unit), unused(word, taken))
            bodies.drawn[name] = d.Node("draw", (value,), ops=(name,))
        argument = bodies.drawn[name].value
        node = bodies.node(unit, self.values, argument.name.partition(".")[0])
        settings = {**node.settings, "argument": argument}
        self._put(replace(node, settings=settings), unit.stage)

    def _call(self, call: Call) -> d.Node:
        bodies = self.bodies
        function = bodies.functions[call.network][segments.signature(call)]
        inputs = tuple(bodies.operand(x, self.values) for x in call.inputs)
        outputs = []
        for i, j in sorted(bodies.outputs[bodies.key(call)]):
            value = bodies.value(Out(call.pieces[i], j), f"{call.network}_out")
            self.values[call.pieces[i], j] = value
            outputs.append(value)
        norms = [p for p in call.pieces if p.kind == "batch_norm"]
        by = {p.settings["by"] for p in norms}
        moved = {p: bodies.moved[self.number].get(p) for p in norms}
        moving = {m is not None for p, m in moved.items() if p.settings["by"] == "batch"}
        whiches = {m[1] for m in moved.values() if m}
        if len(by) > 1 or len(moving) > 1 or len(whiches) > 1:
            bodies.refused.append(f"batch norms in several modes in one call of {call.network}")
        if "averages" in by and any(p.kind == "dropout" for p in call.pieces):
            bodies.refused.append(f"dropout beside norms by averages in a call of {call.network}")
        training = by == {"batch"} or any(p.kind == "dropout" for p in call.pieces)
        drops = [
            (p.op.index, self._given_here(p.settings["draw"]))
            for p in call.pieces
            if p.kind == "dropout"
        ]
        settings = {
            "network": call.network,
            "function": function.name,
            "training": training,
            "moves": moving == {True},
            "averages": next(iter(whiches), 0),
            **({"dropouts": drops} if drops else {}),
        }
        return d.Node("call", tuple(outputs), inputs, settings)

    def _gradient(self, unit: Piece) -> None:
        y, x = unit.inputs
        assert isinstance(y, Out) and isinstance(x, Out)
        self._visit(self._unit(x.piece))
        depending = self._depending(self._unit(y.piece), self._unit(x.piece))
        for other in depending:
            for need in self._needs(other):
                if need not in depending:
                    self._visit(need)
        body: list[d.Node] = []
        self._collectors.append(body)
        self._visit(self._unit(y.piece))
        self._collectors.pop()
        self._done.add(id(unit))
        node = self.bodies.node(unit, self.values, "gradient")
        self._put(replace(node, body=tuple(body)), unit.stage)

    def _depending(self, y: Unit, x: Unit) -> list[Unit]:
        """The units from x to y, y the last."""
        known: dict[int, bool] = {id(x): False}
        found: list[Unit] = []

        def visit(unit: Unit) -> bool:
            if unit is x:
                return True
            if id(unit) not in known:
                known[id(unit)] = False
                known[id(unit)] = any([visit(n) for n in self._needs(unit)])  # noqa: C419  # all are visited
                if known[id(unit)]:
                    found.append(unit)
            return known[id(unit)]

        visit(y)
        return found


def draw_word(name: str) -> str:
    """What a draw is called: after its op, or the function that made it.

    Args:
      name: of the op, 'epsilon/RandomStandardNormal'.
    """
    words = name.split("/")
    return words[-1] if words[-1] not in DRAWS or len(words) == 1 else words[-2]


def unnamed_inputs(pieces: Iterable[Piece]) -> Counter[str]:
    """Returns scope -> how many inputs without a name of their own it holds.

    Args:
      pieces: of all session runs of a step.
    """
    inputs = {(p.op.name, i) for p in pieces if p.kind == "input" for i in range(len(p.outputs))}
    scopes = (name.rpartition("/") for name, _ in inputs)
    return Counter(scope for scope, _, last in scopes if UNNAMED.fullmatch(last))


def input_word(name: str, unit: Piece, i: int, beside: Mapping[str, int]) -> str:
    """What an input is called: after its op, its scope, or where neither tells after its shape.

    Args:
      name: of the placeholder or the source.
      unit: the run of the graph that is given it.
      i: its place among the inputs.
      beside: scope -> how many inputs without a name it holds: it is the name of none of several.
    """
    scope, _, last = name.rpartition("/")
    unnamed = UNNAMED.fullmatch(last)
    if unnamed is None:
        return SAID_OF.sub("", last) or last
    if scope and beside.get(scope, 1) == 1:
        return scope.rpartition("/")[2] + (unnamed[1] or "")
    shape = unit.outputs[i][0] or ()
    if len(shape) == 4 and shape[3] in (1, 3, 4):
        return "images" + (unnamed[1] or "")
    longest = max((n or 0 for n in shape[1:]), default=0)
    squares = (longest // channels for channels in (1, 3) if longest % channels == 0)
    if len(shape) == 2 and any(n >= PIXELS and math.isqrt(n) ** 2 == n for n in squares):
        return "images" + (unnamed[1] or "")
    return ("z" if longest > LABELS else "y") + (unnamed[1] or "")
