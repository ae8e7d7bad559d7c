"""Detects a loss that is a constant multiple of TF1's, with a rate that makes up for it.

A sum with a smaller rate for a mean is the same training. Pure numpy."""

import dataclasses

import numpy as np

from dcgan_v1.migration.comparison.evidence import GRADIENT, LOSS, STATE, Evidence, Key
from dcgan_v1.migration.comparison.observations import SAME_VALUE
from dcgan_v1.migration.records import Observation, Settings, State, Update

EXACT = 1e-9
POWERS = {"accum": 1, "m": 1, "v": 2}  # of the unit, in an optimiser's slots


def in_tf1_units(evidence: Evidence, known: dict[int, float] | None = None) -> Evidence:
    """Returns evidence in which the port's losses, gradients and slots are in TF1's units.

    Args:
      evidence: as both programs gave it.
      known: update -> unit, of another dtype, where rounding hides none.
    """
    if evidence.first is None:
        return evidence
    units = found(evidence) if known is None else known
    if not units:
        return evidence
    theirs = {key: array / _of(evidence, key, units) for key, array in evidence.theirs.items()}
    first = evidence.first[0], _in_units(evidence, evidence.first[1], units)
    return dataclasses.replace(evidence, theirs=theirs, first=first, units=units)


def slots_in_tf1_units(state: State, evidence: Evidence, units: dict[int, float]) -> State:
    """Returns a state of the port's with TF1's names, its slots in TF1's units.

    Args:
      state: of it.
      evidence: of its first step.
      units: of its updates, see `found`.
    """
    slots = {
        key: array / units.get(evidence.owner(key.variable), 1.0) ** POWERS.get(key.slot, 0)
        for key, array in state.slots.items()
    }
    return dataclasses.replace(state, slots=slots)


def found(evidence: Evidence) -> dict[int, float]:
    """Returns number of an update -> how many times TF1's its gradients are in the port, where its
    optimiser makes up for that."""
    if evidence.first is None:
        return {}
    units = {}
    for number, update in enumerate(evidence.old.updates):
        unit = _unit(evidence, number)
        if unit is not None and _makes_up(evidence, update, unit):
            units[number] = unit
    return units


def _unit(evidence: Evidence, number: int) -> float | None:
    """How many times TF1's every gradient of an update is; None where that is no one number, or
    1."""
    pairs = [
        (array, evidence.theirs[key])
        for key, array in evidence.ours.items()
        if key.kind == GRADIENT and key.update == number and key in evidence.theirs
    ]
    if not pairs or any(a.shape != b.shape for a, b in pairs):
        return None
    size = sum(float(np.vdot(a, a)) for a, _ in pairs)
    unit = sum(float(np.vdot(a, b)) for a, b in pairs) / size if size else 0.0
    if unit <= 0 or abs(unit - 1) < EXACT:
        return None
    largest = max(float(np.max(np.abs(b), initial=0.0)) for _, b in pairs)
    off = max(float(np.max(np.abs(b - unit * a), initial=0.0)) for a, b in pairs)
    return unit if off <= EXACT * largest else None


def _makes_up(evidence: Evidence, update: Update, unit: float) -> bool:
    """Whether the port's optimiser does the same with gradients of this unit as TF1's with its
    own."""
    ours, theirs = _settings(evidence, update)
    if ours.get("kind") != theirs.get("kind") or ours.get("nesterov") != theirs.get("nesterov"):
        return False
    if ours.get("kind") in ("GradientDescent", "Momentum"):
        wanted = {"learning rate": 1 / unit}
    elif ours.get("kind") == "Adam":
        wanted = {"epsilon": unit}
    else:
        return False
    names = {n for n, v in ours.items() if isinstance(v, float)}
    return all(
        abs(float(theirs.get(n, 0.0)) - wanted.get(n, 1.0) * float(ours[n]))
        <= EXACT * abs(float(theirs.get(n, 0.0)))
        for n in names
    )


def _settings(evidence: Evidence, update: Update) -> tuple[Settings, Settings]:
    assert evidence.first is not None
    other = evidence.matching.optimizers.get(update.optimizer, "")
    first, second = evidence.first
    return first.settings.get(update.optimizer, {}), second.settings.get(other, {})


def _of(evidence: Evidence, key: Key, units: dict[int, float]) -> float:
    """What an array of the port's is divided by."""
    if key.kind == GRADIENT:
        return units.get(key.update, 1.0)
    if key.kind == LOSS:
        now, then = (float(s[Key(LOSS, key.name)]) for s in (evidence.theirs, evidence.ours))
        bound = SAME_VALUE[evidence.dtype] * abs(now)
        alike = (unit for unit in units.values() if abs(now - unit * then) <= bound)
        return next(alike, 1.0)
    if key.kind == STATE and key.part in POWERS:
        return units.get(evidence.owner(key.name), 1.0) ** POWERS[key.part]
    return 1.0


def _in_units(evidence: Evidence, seen: Observation, units: dict[int, float]) -> Observation:
    """The port's settings, as far as they count gradients."""
    settings = dict(seen.settings)
    for number, unit in units.items():
        update = evidence.old.updates[number]
        name = evidence.matching.optimizers.get(update.optimizer, "")
        own = dict(settings.get(name, {}))
        if own.get("kind") == "Adam":
            own["epsilon"] = float(own["epsilon"]) / unit
        else:
            own["learning rate"] = float(own["learning rate"]) * unit
        settings[name] = own
    return dataclasses.replace(seen, settings=settings)


def sentences(evidence: Evidence) -> list[str]:
    """Returns what is said of each update whose loss is in other units."""
    return [
        f"the loss of {evidence.old.updates[n].name} is {unit:.6g} times TF1's in the port, and "
        "its optimiser makes up for that"
        for n, unit in evidence.units.items()
    ]
