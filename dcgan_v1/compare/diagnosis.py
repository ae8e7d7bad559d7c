"""From what two sides computed to where they part and why.

Nothing here knows what was planted or how the port was written: each cause is worked
out from numbers both sides gave for the same input, or give when they are asked again.
"""

from typing import NamedTuple

from dcgan_v1.compare import layer_causes, update_causes
from dcgan_v1.compare.observe import FORWARD, GRADIENT, LOSS, STATE


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

    A stage is looked into only where the ones before it agree: whatever differs in the
    forward pass differs ever after.
    """
    over = {
        kind: [d for d in pair.found if d.is_over and d.key.kind == kind]
        for kind in (FORWARD, GRADIENT, LOSS, STATE)
    }
    first_losses = [d for d in over[LOSS] if not d.key.step]
    later_losses = [d for d in over[LOSS] if d.key.step]
    stages = (
        (update_causes.structure, pair.lone),
        (update_causes.order, over[GRADIENT] if _in_repeats(pair) else []),
        (layer_causes.forward, over[FORWARD]),
        (update_causes.gradients, over[GRADIENT]),
        (update_causes.losses, first_losses),
        (update_causes.states, over[STATE]),
        (update_causes.losses, later_losses),
    )
    for find, differing in stages:
        if differing:
            found = [Finding(*row) for row in find(pair, differing)]
            if found:
                return found
    return []


def _in_repeats(pair):
    """Whether layers differ in later calls alone: between the calls stands an update."""
    over = [d.key.name for d in pair.found if d.is_over and d.key.kind == FORWARD]
    return not over or all("#" in name for name in over)
