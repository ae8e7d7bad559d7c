"""Where an optimiser's slots begin.

Both programs are given the same ones, TF1's or those of a recorded port, so nothing that they
compute shows whether the other would have begun elsewhere: each is asked for its own."""

from collections.abc import Iterable

import numpy as np

from dcgan_v1.migration.comparison.evidence import Evidence
from dcgan_v1.migration.explanation.case import SLOT_START, Case, Cause
from dcgan_v1.migration.explanation.kinds import Kind
from dcgan_v1.migration.records import GradientKey, Settings, SlotKey

SLOTS = {"RMSProp": "ms", "CenteredRMSProp": "ms", "Adagrad": "accum"}  # that TF1 begins above 0
EXACT = 1e-6  # how far the elements of one slot may begin apart


def find(case: Case) -> list[Cause]:
    """Returns a cause for each optimiser whose slots begin elsewhere in the port."""
    evidence = case.evidence
    if evidence.first is None or not any(u.kind in SLOTS for u in evidence.old.updates):
        return []
    first = case.experiments.first_slots()
    begins = _begins(evidence, first)
    if not begins:
        return []
    gradients, slots = case.experiments.own_slots()
    causes = []
    for optimizer, (slot, ours) in begins.items():
        name = evidence.matching.optimizers.get(optimizer, "")
        settings = evidence.first[1].settings.get(name, {})
        theirs = _own_begin(name, slot, settings, gradients, slots)
        if theirs is not None and abs(theirs - ours) > EXACT:
            begin = round(theirs, 9) + 0.0  # no minus before a zero
            given = [a for k, a in evidence.start.slots.items() if k.optimizer == optimizer]
            whose = "TF1's" if any(np.any(a == ours) for a in given) else "the port's"
            text = (
                f"{slot} begins at {begin:.3g}, TF1's at {ours:.3g}: the first steps of a training "
                f"from scratch differ (here both were given {whose})"
            )
            causes.append(Cause(Kind.SLOT_START, name, text, name=SLOT_START))
    return causes


def _begins(evidence: Evidence, first: dict[SlotKey, np.ndarray]) -> dict[str, tuple[str, float]]:
    """TF1's optimiser -> (slot, the value that all of it begins with); none that were trained."""
    begins: dict[str, tuple[str, float]] = {}
    for update in evidence.old.updates:
        slot = SLOTS.get(update.kind)
        arrays = [
            array
            for key, array in first.items()
            if key.optimizer == update.optimizer and key.slot == slot
        ]
        if slot and arrays:
            values = {float(value) for array in arrays for value in np.unique(array)}
            if len(values) == 1:
                begins[update.optimizer] = slot, values.pop()
    return begins


def _own_begin(
    optimizer: str,
    slot: str,
    settings: Settings,
    gradients: dict[GradientKey, np.ndarray],
    slots: dict[SlotKey, np.ndarray],
) -> float | None:
    """The value that a slot of the port's began with, worked out from what a step left there."""
    kept = {"ms": float(settings.get("rho", 0.9)), "accum": 1.0}[slot]
    added = {"ms": 1 - kept, "accum": 1.0}[slot]
    values: list[float] = []
    for key, after in slots.items():
        if (key.optimizer, key.slot) != (optimizer, slot):
            continue
        own = [
            array
            for of, array in sorted(gradients.items(), key=lambda item: item[0].update)
            if (of.optimizer, of.variable) == (optimizer, key.variable)
        ]
        if own:
            values += _before(after, own, kept, added)
    if not values or np.ptp(values) > EXACT:
        return None
    return float(np.median(values))


def _before(
    after: np.ndarray, gradients: Iterable[np.ndarray], kept: float, added: float
) -> list[float]:
    """The smallest and the largest value that a sum of squares had before some updates."""
    total, factor = np.zeros_like(after), 1.0
    for gradient in gradients:
        total, factor = kept * total + added * gradient**2, factor * kept
    begin = (after - total) / factor
    return [float(np.min(begin)), float(np.max(begin))] if begin.size else []
