"""Derivatives at exactly 0 that show only where TF1 begins.

A recorded port is compared from its own weights. Where these have biases that are not 0, no black
pixel becomes an exact 0 before an activation, as it does under the biases of 0 that TF1 begins
with."""

import numpy as np

from dcgan_v1.migration.explanation.case import Case, Cause
from dcgan_v1.migration.explanation.kinds import Kind
from dcgan_v1.migration.recordings.port_recorder.leaky_relus import derivative_at_zero


def find(case: Case) -> list[Cause]:
    """Returns a cause for the first activation that has another derivative at 0, and is given
    exact zeros in TF1's own first step."""
    apart = [
        (row.new, row.old, *sides)
        for row in case.evidence.aligned.get("training", [])
        if row.old is not None
        and None not in (sides := [derivative_at_zero(s.settings) for s in (row.new, row.old)])
        and sides[0] != sides[1]
    ]
    outputs = case.experiments.outputs_at_own_start() if apart else {}
    for new, old, theirs, ours in apart:
        output = outputs.get(old.name, np.zeros(0))
        zeros = int(np.sum(output == 0))
        # what gives numbers below 0, too, gives 0 of 0 alone
        if zeros and np.any(output < 0) and new.kind == "activation":
            under = int(np.sum(old.output == 0)) or "none"
            text = (
                f"the derivative of an activation at exactly 0 is another one: of {new.name} "
                f"{theirs:.4g}, of TF1's {old.name} {ours:.4g} ({zeros} values before it are 0 in "
                f"TF1's own first step, {under} under the port's weights, which both were given)"
            )
            return [Cause(Kind.AT_ZERO, new.name, text)]
    return []
