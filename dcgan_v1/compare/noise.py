"""How far TF1 is from itself in float32: on one thread without oneDNN, and from start
weights that are off in their last place."""

import numpy as np

# Runs from nudged start weights, and how many of them train for more than one step.
# One activation that lands on the other side of a kink moves a gradient a thousand
# times as far as rounding does, but rarely: to meet such jumps every other nudge is of
# up to 16 units, and counts for all but the layers' outputs.
NUDGED, NUDGED_TRAINED, KINK_UNITS = 16, 4, 16


def observe(pair):
    raise NotImplementedError
