"""Checks a foreign graph in float64: its gradients against central differences of its losses."""

from typing import NamedTuple

import numpy as np

from dcgan_v1.errors import UserError
from dcgan_v1.migration.comparison.inputs.preparation import Prepared, cast
from dcgan_v1.migration.records import Arrays, Batch, State, Tf1Info
from dcgan_v1.migration.runners.protocol import Tf1Runner

STEP = 1e-6  # of a weight
ENTRIES = 3
SMALL = 1e-6  # of the largest gradient, below which a quotient is of rounding
CLOSE = 1e-4  # what a central difference may be off: its own error is about 1e-8


class Checked(NamedTuple):
    """An entry of a gradient beside its difference quotient."""

    variable: str
    gradient: float
    quotient: float

    @property
    def relative(self) -> float:
        """How far they are apart."""
        return abs(self.gradient - self.quotient) / abs(self.gradient)


def check(
    runner: Tf1Runner, info: Tf1Info, prepared: Prepared, seed: int
) -> tuple[list[Checked], str]:
    """Checks TF1's gradients on a few rows; on a whole batch where its graph takes no fewer, as
    with labels of a fixed size.

    Args:
      runner: TF1's, in float64.
      info: what it says of itself.
      prepared: what it is given.
      seed: which variables are taken.

    Returns:
      (entries, why there are none or '').
    """
    for batch in (prepared.small, prepared.batches[0]):
        try:
            return central_differences(runner, info, prepared.start, batch, seed), ""
        except UserError as error:
            why = f"the self-check of float64: {error}"
    return [], why


def central_differences(
    runner: Tf1Runner, info: Tf1Info, start: State, batch: Arrays, seed: int
) -> list[Checked]:
    """Checks a few entries of TF1's gradients, each the largest of its variable.

    Args:
      runner: TF1's, in float64.
      info: what it says of itself.
      start: where it begins.
      batch: a small one.
      seed: which variables are taken.

    Returns:
      the entries; none where a loss was not found.
    """
    given = Batch(cast(batch, "float64"))
    runner.load(start)
    gradients = runner.still_step(given, is_observed=True).gradients
    sizes = {key: float(np.max(np.abs(a), initial=0.0)) for key, a in gradients.items()}
    largest = max(sizes.values(), default=0.0)
    keys = sorted(gradients)
    checked: list[Checked] = []
    for i in np.random.default_rng(seed).permutation(len(keys)):
        key, gradient = keys[i], gradients[keys[i]]
        update = info.updates[key.update]
        losses = update.losses
        if not losses or sizes[key] <= SMALL * largest or len(checked) == ENTRIES:
            continue
        place = np.unravel_index(np.argmax(np.abs(gradient)), gradient.shape)
        values = []
        for sign in (1, -1):
            moved = np.array(start.variables[key.variable], np.float64)
            moved[place] += sign * STEP
            # all but the slots, which no loss is made of: averages have moved, and may be weights
            runner.load(State({**start.variables, key.variable: moved}))
            scalars = runner.still_step(given).scalars
            if any(n not in scalars for n in losses):
                return []
            # of a loss that several runs of a step have, the value in this update's
            values.append(sum(scalars.get(f"{n}#{update.run + 1}", scalars[n]) for n in losses))
        quotient = (values[0] - values[1]) / (2 * STEP)
        checked.append(Checked(key.variable, float(gradient[place]), float(quotient)))
    return checked


def sentence(checked: list[Checked]) -> str:
    """Says how far gradients and quotients are apart, and what it means where that is much."""
    worst = max(checked, key=lambda c: c.relative)
    names = ", ".join(c.variable for c in checked)
    text = (
        f"float64 self-check: gradients of {names} against central differences: "
        f"{worst.relative:.1e} apart"
    )
    if worst.relative <= CLOSE:
        return text
    return (
        f"{text}: TF1's gradient of {worst.variable} is not the derivative of the loss that it is "
        "said to be of. Its loss has a stop_gradient, a custom gradient or a kink at this very "
        "point, or other terms than those that were found; both programs are compared with each "
        "other all the same"
    )
