"""What one step, or one pass in inference, showed of a side; and what can be read off
two of them: losses that belong together, gradients that are rounding. Pure numpy."""

from typing import NamedTuple

import numpy as np

from dcgan_v1.errors import UserError
from dcgan_v1.migration.comparison.alignment import Seen


class Look(NamedTuple):
    """What one step, or one pass in inference, showed.

    Attributes:
      scalars: name -> number.
      layers: list of Seen.
      gradients, state: name -> array, in the side's own names.
      hyper: optimiser -> settings.
      learned: what a port only shows when it runs.
    """

    scalars: dict
    layers: list
    gradients: dict
    state: dict
    hyper: dict
    learned: dict


def read(side):
    """Returns the Look that a side has answered with."""
    answer, arrays = side.answer(), side.arrays()
    layers = [
        Seen(
            name,
            kind,
            settings,
            arrays[f"output {i}"],
            arrays.get(f"input {i}"),
            settings.pop("applied", 0),
            tuple(settings.pop("twin", ())),
        )
        for i, (name, kind, settings) in enumerate(answer["layers"])
    ]
    parts = {
        part: {
            key.removeprefix(f"{part} "): array
            for key, array in arrays.items()
            if key.startswith(f"{part} ")
        }
        for part in ("gradient", "state")
    }
    learned = {k: answer[k] for k in ("maps", "forward", "left", "altered")}
    return Look(
        answer.get("scalars", {}),
        layers,
        parts["gradient"],
        parts["state"],
        answer.get("hyper", {}),
        learned,
    )


def refuse_nan(ours, theirs=None):
    """Raises UserError where TF1's Look or the port's holds what is no number."""
    for side, look in (("TF1 program", ours), ("port", theirs)):
        if look is None:
            continue
        where = [
            *((f"layer {seen.name}", seen.output) for seen in look.layers),
            *((f"loss {name}", np.asarray(v)) for name, v in look.scalars.items()),
            *((f"gradient {name}", a) for name, a in look.gradients.items()),
        ]
        for name, array in where:
            if not np.isfinite(array).all():
                raise UserError(f"the {side} computes what is no number, first in {name}")


def updates_of(look):
    """[(optimiser, variables)] of a port's step, in their order."""
    found = {}
    for key in look.gradients:
        count, optimizer, name = key.split("|", 2)
        found.setdefault(int(count), (optimizer, []))[1].append(name)
    return [found[count] for count in sorted(found)]


def without_gradient(ours, theirs, limit):
    """Variables whose gradients are rounding on both sides: a bias that a batch norm
    takes away again."""
    largest = {}
    for key, array in ours.items():
        size = float(np.max(np.abs(array), initial=0.0))
        largest[key.update] = max(largest.get(key.update, 0.0), size)
    tiny, real = set(), set()
    for key, array in ours.items():
        least = limit * largest[key.update]
        sizes = [np.max(np.abs(a), initial=0.0) for a in (array, theirs.get(key, array))]
        is_noise = 0 < max(sizes) <= least and array.ndim == 1
        (tiny if is_noise else real).add(key.name)
    return sorted(tiny - real)


def pair_losses(steps, updates):
    """Loss of the port -> scalar of TF1's: by value, by name, or by order where both
    have as many. Others are left out.

    Args:
      steps: [(TF1's scalars, the port's)] of one or more steps from equal starts.
    """
    ours, theirs = steps[0]
    named = {name.rpartition("/")[2]: name for name in ours}
    losses = list(dict.fromkeys(n for u in updates for n in u["losses"] if n in ours))

    def off(name, other):
        return max(
            abs(a[other] - b[name]) / max(abs(b[name]), 1e-30)
            for a, b in steps
            if other in a and name in b
        )

    found = {}
    for i, name in enumerate(theirs):
        # a mean before its parts, where values are equal
        near = min(ours, key=lambda other: off(name, other), default=None)
        if near is not None and off(name, near) <= 1e-6:
            found[name] = near
        elif name in named:
            found[name] = named[name]
        elif len(losses) == len(theirs):
            found[name] = losses[i]
    return found
