"""Tells a decay that one side has in its gradients and the other takes off beside its steps.

Of plain gradient descent both are the same training: a step is the rate times their sum. Pure
numpy."""

import dataclasses

import numpy as np

from dcgan_v1.migration.comparison.differences import FLOAT64
from dcgan_v1.migration.comparison.evidence import GRADIENT, STATE, WEIGHT, Evidence, Key
from dcgan_v1.migration.records import Update

EXACT = 1e-6  # relative, how far a decay may be from one number times the weights
Decays = dict[str, float]  # variable -> how many times itself its gradient holds more in the port


def in_tf1_place(evidence: Evidence, known: dict[int, Decays] | None = None) -> Evidence:
    """Returns evidence in which the port's gradients hold a decay where TF1's do.

    Args:
      evidence: as both programs gave it.
      known: of an update, of another dtype, where rounding hides none.
    """
    if evidence.first is None:
        return evidence
    own = evidence.old.updates
    found = {n: _found(evidence, n, update) for n, update in enumerate(own)}
    found = {n: of_one for n, of_one in found.items() if of_one} if known is None else known
    if not found:
        return evidence
    theirs = dict(evidence.theirs)
    for number, decays in found.items():
        for name, decay in decays.items():
            key = Key(GRADIENT, name, "", 0, number)
            if key in theirs:
                theirs[key] = theirs[key] - decay * evidence.start.variables[name]
    return dataclasses.replace(evidence, theirs=theirs, decays=found)


def _found(evidence: Evidence, number: int, update: Update) -> Decays:
    """What the port's gradients hold more of the weights, where both sides' are of plain gradient
    descent and leave the same weights all the same."""
    if not (_is_plain(evidence, update) and _ends_alike(evidence, update)):
        return {}
    decays = {}
    for name in update.variables:
        key = Key(GRADIENT, name, "", 0, number)
        if key not in evidence.ours or key not in evidence.theirs:
            return {}
        ours, theirs = evidence.ours[key], evidence.theirs[key]
        if _are_near(ours, theirs, FLOAT64[GRADIENT]):
            continue
        weight, off = np.asarray(evidence.start.variables[name], np.float64), theirs - ours
        size = float(np.vdot(weight, weight))
        decays[name] = float(np.vdot(weight, off)) / size if size else 0.0
        if not _are_near(off, decays[name] * weight, EXACT):
            return {}
    of_all = list(decays.values())
    return decays if of_all and np.ptp(of_all) <= EXACT * max(map(abs, of_all)) else {}


def _is_plain(evidence: Evidence, update: Update) -> bool:
    """Whether an update is of gradient descent without momentum on both sides, and the only one of
    its variables in a step."""
    assert evidence.first is not None
    new = evidence.matching.optimizers.get(update.optimizer, "")
    names = (update.optimizer, new)
    kinds = [s.settings.get(n, {}).get("kind") for s, n in zip(evidence.first, names, strict=True)]
    moving = [u for u in evidence.old.updates if set(u.variables) & set(update.variables)]
    return kinds == ["GradientDescent"] * 2 and len(moving) == 1


def _ends_alike(evidence: Evidence, update: Update) -> bool:
    """Whether both sides leave the same weights after every step that was looked at."""
    keys = [Key(STATE, n, WEIGHT, s) for n in update.variables for s in evidence.checked]
    return all(
        key in evidence.ours
        and key in evidence.theirs
        and _are_near(evidence.ours[key], evidence.theirs[key], FLOAT64[STATE])
        for key in keys
    )


def _are_near(a: np.ndarray, b: np.ndarray, bound: float) -> bool:
    if np.shape(a) != np.shape(b):
        return False
    size = float(np.max(np.abs(a), initial=0.0))
    return float(np.max(np.abs(np.subtract(a, b)), initial=0.0)) <= bound * size


def sentences(evidence: Evidence) -> list[str]:
    """Returns what is said of each update whose decay is elsewhere."""
    told = []
    for number, decays in evidence.decays.items():
        share = next(iter(decays.values()))
        who, other = ("the port", "TF1") if share > 0 else ("TF1", "the port")
        told.append(
            f"{who} has {abs(share):.6g} times the weights in the gradient of "
            f"{evidence.old.updates[number].name}, {other} takes as much off beside its step: of "
            "plain gradient descent that is the same"
        )
    return told
