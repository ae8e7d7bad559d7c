"""What agrees after the first step and differs later: schedules, and what comes of the first."""

import numpy as np

from dcgan_v1.migration.comparison.evidence import AVERAGE, GRADIENT, LOSS, STATE
from dcgan_v1.migration.explanation import losses
from dcgan_v1.migration.explanation.case import Case, Cause, silent
from dcgan_v1.migration.explanation.kinds import Kind
from dcgan_v1.migration.explanation.layer_causes.layer_case import AGREE
from dcgan_v1.migration.explanation.update_causes import updates
from dcgan_v1.migration.records import Settings


def find(case: Case) -> list[Cause]:
    """Returns the cause of what agrees after the first step and differs later; where the first step
    differs, too, it is what comes of that."""
    states = [d for d in case.over(STATE) if d.key.step > 1]
    later = frozenset(d.key for kind in (STATE, LOSS) for d in case.over(kind) if d.key.step > 1)
    before = {k for k in case.accounted if k.kind in (GRADIENT, STATE, LOSS)}
    if later and any(k.part != AVERAGE for k in before):
        return [silent(later)]
    if before and (moved := frozenset(k for k in later if k.part == AVERAGE)):
        return [silent(moved)]  # averages move no weight
    if not states:
        return losses.find(case, later=True)
    first = states[0]
    text = f"agrees after step 1 and differs by {first.relative:.1e} later"
    told = _by_their_own_account(case) or _of_second_step(case)
    account = f"; by their own account: {', '.join(words for _, words in told)}" if told else ""
    kind = updates.the_one_kind(told) or Kind.UNEXPLAINED
    return [Cause(kind, str(first.key), f"{text}{account}", later, stage=STATE)]


def _of_second_step(case: Case) -> list[tuple[Kind, str]]:
    """The same in the second step: a schedule goes on."""
    if case.evidence.first is None:
        return []
    sides = case.experiments.second_settings()
    return [(kind, f"{words} in the second step") for kind, words in _told(case, *sides)]


def _by_their_own_account(case: Case) -> list[tuple[Kind, str]]:
    """In what optimisers differ, as both programs say."""
    first = case.evidence.first
    return _told(case, *(side.settings for side in first)) if first else []


def _told(
    case: Case, old_settings: dict[str, Settings], new_settings: dict[str, Settings]
) -> list[tuple[Kind, str]]:
    """In what settings of both sides' optimisers differ."""
    told = []
    for old, new in case.evidence.matching.optimizers.items():
        ours, theirs = old_settings.get(old, {}), new_settings.get(new, {})
        if ours.get("kind") != theirs.get("kind"):
            words = f"{new} is {theirs.get('kind')}, TF1's is {ours.get('kind')}"
            told.append((Kind.OPTIMIZER, words))
        told += updates.settings_that_differ(ours, _but_for_place(case, old, ours, theirs))
    return told


def _but_for_place(case: Case, optimizer: str, ours: Settings, theirs: Settings) -> Settings:
    """The port's settings, without an epsilon that TF1 was given for its place after the bias
    correction."""
    done = case.evidence.start.updates.get(optimizer, 0)
    old, new = ours.get("epsilon"), theirs.get("epsilon")
    if not isinstance(old, float) or not isinstance(new, float):
        return theirs
    beta2 = float(theirs.get("beta2", 0.0))
    acting = (new * np.sqrt(1 - beta2**count) for count in (done + 1, done + 2))
    is_placed = any(abs(old - epsilon) <= AGREE * epsilon for epsilon in acting)
    return {**theirs, "epsilon": old} if is_placed else theirs
