"""One session run of a step: its flow, and what it moves in which order."""

from typing import Any

from dcgan_v1.porting.graphs import graph
from dcgan_v1.porting.reading import effects
from dcgan_v1.porting.reading.flow import Flow
from dcgan_v1.porting.reading.updates import Updates


class Run:
    """One session run: its flow, and what it moves in which order.

    Attributes:
      effects: moves and updates in their order.
      folded: moves of batch norms' averages.
      losses: number of an update -> operands that its gradients are of.
      values: move -> operand that is assigned.
      moving: operands that are computed for the averages alone which that moves.
    """

    def __init__(
        self,
        number: int,
        flow: Flow,
        ordered: list[Any],
        folded: list[tuple[effects.Average, effects.Move]],
        updates: Updates | None,
    ) -> None:
        self.number, self.flow, self.effects = number, flow, ordered
        self.folded, self.updates = folded, updates
        self.losses: dict[int, list[Any]] = {}
        self.values: dict[effects.Move, Any] = {}
        self.moving: list[Any] = []

    def trace(self) -> None:
        """Follows losses and assigned values back to what they are made of."""
        for effect in self.effects:
            if isinstance(effect, effects.Updated):
                assert self.updates is not None
                tensors = self.updates.losses(effect.number)
                self.losses[effect.number] = [self.flow.operand(t) for t in tensors]
            elif effects.clip(effect) is None and effects.average(effect) is None:
                self.values[effect] = self.flow.operand(effect.value)


def in_order(kept: list[Any]) -> list[Any]:
    """Brings effects into the order in which one needs another; else the graph's."""
    ops = {id(e): [e.op] if isinstance(e, effects.Move) else e.ops for e in kept}
    needs = {id(e): graph.above(ops[id(e)]) for e in kept}

    def before(effect: Any) -> tuple[int, int, int]:
        others = [o for o in kept if o is not effect]
        count = sum(any(op in needs[id(effect)] for op in ops[id(o)]) for o in others)
        number = effect.number if isinstance(effect, effects.Updated) else 0
        return count, number, min(op.index for op in ops[id(effect)])

    return sorted(kept, key=before)


def stages(ordered: list[Any], whole: graph.Graph) -> Any:
    """Returns op -> how many effects come before it."""
    place: dict[graph.Op, int] = {}
    marks: dict[graph.Op, int] = {}
    for i, effect in enumerate(ordered):
        for op in [effect.op] if isinstance(effect, effects.Move) else effect.ops:
            marks[op] = i + 1
    for op in whole.ops.values():
        needed = [t.op for t in op.inputs if t is not None] + op.controls
        place[op] = max([marks.get(op, 0), *(place.get(o, 0) for o in needed)])
    return lambda op: place[op] if op not in marks else place[op] - 1
