"""Finds which of TF1's uniform numbers each dropout of a port's takes, by what these multiply.

A port may call its networks in another order than TF1's graph does. Pure numpy."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from dcgan_v1.migration.matching import candidates

CLEARLY = 0.9  # of how far TF1's next one is off, a nearer one is
UNLIKE = 1.0  # how far apart arrays are that say nothing: of signs drawn by lot it is 1.4
TIE = 1e-9  # what decides between equals: TF1's order
NEARLY = 0.9  # of the largest number below which nothing is kept, that of another op may be
FEW = 3  # numbers that are kept on both sides and tell nothing

# names in an order -> (TF1's uniform numbers by name, what the port's dropouts gave in the order of
# their calls, what TF1's ops gave)
Run = Callable[[list[str]], tuple[Mapping[str, np.ndarray], list[np.ndarray], list[np.ndarray]]]


def settled(names: list[str], shapes: Mapping[str, Sequence[int]], run: Run) -> list[str]:
    """Returns the names of TF1's uniform numbers in the order in which the port's dropouts take
    them: those of a shape go to the next dropout of that shape.

    Args:
      names: in TF1's order; shapes: of what they name.
      run: does a step of both sides in an order of names. What is dropped out behind another
        dropout is known once that one has its own.
    """
    if max(Counter(tuple(shapes[n]) for n in names).values(), default=0) < 2:
        return names
    known = names
    for _ in names:
        better = in_order(names, *run(known))
        if better == known:
            break
        known = better
    return known


def in_order(
    names: list[str],
    draws: Mapping[str, np.ndarray],
    drops: Sequence[np.ndarray],
    ops: Sequence[np.ndarray],
) -> list[str]:
    """Returns names in the order in which dropouts that gave `drops` multiply what TF1's ops do. A
    dropout that is nearer another's, or near none, takes what is left in TF1's order.

    Args:
      names: of uniform numbers, in TF1's order.
      draws: name -> these numbers.
      drops: what the port's dropouts gave; ops: what TF1's gave.
    """
    result = list(names)
    for shape in {draws[n].shape for n in names}:
        places = [i for i, n in enumerate(names) if draws[n].shape == shape]
        free = [names[i] for i in places]
        calls = [y for y in drops if y.shape == shape]
        uses = _uses({n: draws[n] for n in free}, [y for y in ops if y.shape == shape])
        if len(calls) > len(free) or not all(uses.values()):
            continue
        cost = np.array([[_least(y, uses[n]) for n in free] for y in calls]).reshape(-1, len(free))
        taken = _nearest(cost)
        left = [j for j in range(len(free)) if j not in taken.values()]
        for i, place in enumerate(places):
            result[place] = free[taken[i] if i in taken else left.pop(0)]
    return result


def _nearest(cost: np.ndarray) -> dict[int, int]:
    """Returns row -> column of the best assignment, as far as both have nothing nearer."""
    rows, columns = np.indices(cost.shape)
    in_order = np.where(rows == columns, CLEARLY * cost, cost) + TIE * (rows + columns)
    return {
        i: j
        for i, j, *_ in candidates.assign(in_order)
        if cost[i, j] < UNLIKE and CLEARLY * cost[i, j] <= min(cost[i].min(), cost[:, j].min())
    }


def _uses(
    draws: Mapping[str, np.ndarray], ops: Sequence[np.ndarray]
) -> dict[str, list[np.ndarray]]:
    """Name -> what ops gave that keep nothing where its numbers are small."""
    least = {
        n: [float(np.min(uniform[y != 0], initial=np.inf)) for y in ops]
        for n, uniform in draws.items()
    }
    uses: dict[str, list[np.ndarray]] = {n: [] for n in draws}
    for i, y in enumerate(ops):
        largest = max(below[i] for below in least.values())
        for n, uniform in draws.items():
            known = max((x for x in least[n] if x < 1), default=1.0)
            is_its = least[n][i] == largest and NEARLY * known <= largest < 1
            if is_its and np.any(uniform < largest):
                uses[n].append(y)
    return uses


def _least(y: np.ndarray, others: Sequence[np.ndarray]) -> float:
    return min(_apart(y, other) for other in others)


def _apart(y: np.ndarray, other: np.ndarray) -> float:
    """How far two arrays are apart where both are kept, whatever they are multiplied by."""
    both = (y != 0) & (other != 0)
    if np.sum(both) < FEW:
        return np.inf
    a, b = y[both], other[both]
    return float(np.linalg.norm(a / np.linalg.norm(a) - b / np.linalg.norm(b)))
