"""From what two sides computed to where they part and why.

Nothing here knows what was planted or how the port was written: each cause is worked
out from numbers both sides gave for the same input, or give when they are asked again.
"""

from typing import NamedTuple

import numpy as np

from dcgan_v1.migration.comparison.observe import FORWARD, GRADIENT, LOSS, STATE
from dcgan_v1.migration.explanation import gradient_causes, layer_causes, update_causes


class Finding(NamedTuple):
    """Where the sides part, and why.

    Attributes:
      where: a layer of the port, or a variable in TF1's names.
      cause: what was worked out, one sentence.
    """

    where: str
    cause: str


def diagnose(pair):
    """Returns the Findings of a `comparing.Pair` whose sides are still open, the
    earliest cause first.

    A stage is looked into only where the ones before it agree, in the order in which a
    step does things: layers before the first update; then of each update its gradients
    and what it makes of them; then whatever comes later.
    """
    over = [d for d in pair.found if d.is_over]
    for find, differing in _stages(pair, over):
        if differing:
            with np.errstate(all="ignore"):  # a hypothesis may divide by nothing
                found = _found(pair, find, differing)
            if found:
                return found
    return []


def _found(pair, find, differing):
    """A hypothesis that does not fit the arrays must not hide that they differ."""
    try:
        return [Finding(*row) for row in find(pair, differing)]
    except (ValueError, IndexError, KeyError, ZeroDivisionError, StopIteration):
        if isinstance(differing, dict):
            return [
                Finding(str(key), f"{who} alone has it") for key, who in list(differing.items())[:1]
            ]
        first = differing[0]
        return [Finding(str(first.key), f"differs by {first.relative:.1e}")]


def _stages(pair, over):
    """Yields (function that finds causes, what differs)."""
    of_kind = {
        kind: [d for d in over if d.key.kind == kind] for kind in (FORWARD, GRADIENT, LOSS, STATE)
    }
    differing = {d.key.name for d in of_kind[FORWARD] if d.key.part == "training"}
    # after an update, or after one in TF1: what agreed in the first call is no other
    # layer
    late = {
        a.new.name
        for a in pair.aligned.get("training", [])
        if a.new.applied or ("#" in a.new.name and a.new.name.partition("#")[0] not in differing)
    }
    first_layers = [
        d for d in of_kind[FORWARD] if d.key.part == "training" and d.key.name not in late
    ]
    yield gradient_causes.structure, pair.lone
    yield layer_causes.forward, first_layers
    for number, update in enumerate(pair.ours["updates"]):
        gradients = [d for d in of_kind[GRADIENT] if d.key.update == number]
        yield gradient_causes.gradients, gradients
        moved = set(update["variables"])
        yield (
            update_causes.states,
            [
                d
                for d in of_kind[STATE]
                if d.key.step == 1 and pair.variable_of(d.key.name) in moved
            ],
        )
    yield update_causes.states, [d for d in of_kind[STATE] if d.key.step == 1]
    yield layer_causes.forward, of_kind[FORWARD]
    yield gradient_causes.losses, [d for d in of_kind[LOSS] if not d.key.step]
    yield update_causes.states, of_kind[STATE]
    yield gradient_causes.losses, of_kind[LOSS]
    yield gradient_causes.alone, pair.lone
