"""Session runs of a step that do the same again, mostly with other batches: a loop in a port."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dcgan_v1.porting import description as d


@dataclass(frozen=True)
class Repeat:
    """Session runs, and those after them that are the same.

    Attributes:
      stages: places of the first round's stages among the step's.
      others: of each later round, value of the first round -> its own.
      given: fed and drawn values of the first round that a later one has of its own.
    """

    stages: tuple[int, ...]
    others: tuple[dict[str, str], ...] = ()
    given: tuple[str, ...] = ()


def of(program: d.Program) -> list[Repeat]:
    """Returns a step's runs, those that follow each other and are the same as one: an update, or
    an update and a clip in a run of its own."""
    places: dict[int, list[int]] = {}
    for place, stage in enumerate(program.stages):
        places.setdefault(stage.run, []).append(place)
    left, repeats = list(places.values()), []
    while left:
        length, found = _longest(program, left)
        repeats.append(found)
        left = left[length * (1 + len(found.others)) :]
    return repeats


def _longest(program: d.Program, runs: list[list[int]]) -> tuple[int, Repeat]:
    """How many of the first runs make a round of a loop that does most of them, and the loop."""
    best = 1, Repeat(tuple(runs[0]))
    for length in range(1, len(runs) // 2 + 1):
        rounds = [
            [place for run in runs[i : i + length] for place in run]
            for i in range(0, len(runs), length)
        ]
        first = [program.stages[i] for i in rounds[0]]
        others: list[dict[str, str]] = []
        for own in rounds[1:]:
            found = _as_in(first, [program.stages[i] for i in own])
            if found is None:
                break
            others.append(found)
        looped = {i for own in rounds[: 1 + len(others)] for i in own}
        rest = [stage for i, stage in enumerate(program.stages) if i not in looped]
        given = _given(first, others)
        is_longer = length * (1 + len(others)) > best[0] * (1 + len(best[1].others))
        if others and is_longer and not set(given) & _used(rest):  # a loop gives them other values
            best = length, Repeat(tuple(rounds[0]), tuple(others), given)
    return best


def _as_in(first: list[d.Stage], second: list[d.Stage]) -> dict[str, str] | None:
    """Value of a run -> the one in its place in another, None where that does something else."""
    pairs: dict[str, str] = {}

    def operands(a: Sequence[d.Operand], b: Sequence[d.Operand]) -> bool:
        if len(a) != len(b):
            return False
        for x, y in zip(a, b, strict=True):
            if isinstance(x, d.Value) and isinstance(y, d.Value):
                if x.shape != y.shape or pairs.setdefault(x.name, y.name) != y.name:
                    return False
            elif x != y:
                return False
        return True

    def nodes(a: Sequence[d.Node], b: Sequence[d.Node]) -> bool:
        return len(a) == len(b) and all(
            x.kind == y.kind
            and _plain(x) == _plain(y)
            and x.variables == y.variables
            and operands(_arguments(x), _arguments(y))
            and operands(x.inputs, y.inputs)
            and nodes(x.body, y.body)
            and operands(x.values, y.values)
            for x, y in zip(a, b, strict=True)
        )

    def effects(a: Sequence[d.Effect], b: Sequence[d.Effect]) -> bool:
        return len(a) == len(b) and all(
            (x.kind, x.variables, x.optimizer, x.settings)
            == (y.kind, y.variables, y.optimizer, y.settings)
            and operands(x.losses, y.losses)
            for x, y in zip(a, b, strict=True)
        )

    is_same = len(first) == len(second) and all(
        nodes(a.nodes, b.nodes) and effects(a.effects, b.effects)
        for a, b in zip(first, second, strict=True)
    )
    return pairs if is_same and len({*pairs.values()}) == len(pairs) else None


def _plain(node: d.Node) -> str:
    settings: dict[str, Any] = {
        k: v for k, v in node.settings.items() if k not in ("argument", "dropouts")
    }
    return str(sorted(settings.items(), key=str))


def _arguments(node: d.Node) -> list[d.Value]:
    return [node.settings["argument"]] if node.kind == "draw" else []


def _given(stages: list[d.Stage], others: list[dict[str, str]]) -> tuple[str, ...]:
    """The values that the runs are given, and that are not the same for all of them."""
    made = {v.name for s in stages for n in d.walk(s.nodes) for v in n.values}
    names = dict.fromkeys(name for pairs in others for name in pairs if name not in made)
    return tuple(n for n in names if any(pairs[n] != n for pairs in others))


def _used(stages: list[d.Stage]) -> set[str]:
    nodes = [n for s in stages for n in d.walk(s.nodes)]
    return {x.name for n in nodes for x in (*n.inputs, *_arguments(n)) if isinstance(x, d.Value)}
