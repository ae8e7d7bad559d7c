"""From what two programs computed to where they part and why.

Nothing here knows what was planted or how the port was written: each cause is worked out from
numbers both sides gave for the same input, or give when they are asked again. The verdict rests on
outputs, losses, gradients and states; layers only explain.

Stages are gone through in the order in which a step does things: layers before the first update;
then of each update its gradients and what it makes of them; averages; then whatever comes later.
What a cause accounts for is set aside, or, where a number of TF1's graph puts it right, both
programs are run again with that number: so the next cause is found in what remains.
"""

import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import numpy as np

from dcgan_v1.errors import UserError, reason
from dcgan_v1.migration.comparison.differences import Difference
from dcgan_v1.migration.comparison.evidence import (
    FORWARD,
    GRADIENT,
    LOSS,
    STATE,
    WEIGHT,
    Evidence,
    Key,
)
from dcgan_v1.migration.comparison.runs.experiments import Experiments
from dcgan_v1.migration.explanation import (
    averages,
    gradients,
    joined_norms,
    later_steps,
    losses,
    mixed_shares,
    one_sided,
    randomness,
    second_noise,
    zeros_at_start,
)
from dcgan_v1.migration.explanation.case import Case, Cause, Finding
from dcgan_v1.migration.explanation.kinds import Kind
from dcgan_v1.migration.explanation.layer_causes import first_differences, softplus
from dcgan_v1.migration.explanation.layer_causes.layer_case import AGREE
from dcgan_v1.migration.explanation.update_causes import second_biases, slot_starts, updates

LIMIT = 12  # causes in a row, but for silent ones
Stage = Callable[[Case], list[Cause]]
KINDS = (FORWARD, LOSS, GRADIENT, STATE)


def explain(
    evidence: Evidence, differences: list[Difference], experiments: Experiments
) -> list[Finding]:
    """Returns where the sides part, and why; nothing where they compute the same.

    Args:
      evidence: what both computed.
      differences: how far it is apart.
      experiments: runs the programs again.
    """
    first = case = Case(evidence, differences, experiments)
    findings: list[Finding] = []
    rounds = 0
    while rounds < LIMIT and _differs(case) and (causes := _next(case)):
        known = case.accounted
        case, proved = _after(case, causes)
        case = _but_for_rounding(_along(case), first)
        findings += [c.finding() for c in proved if c.text]
        is_silent = not any(c.text for c in proved) and case.accounted > known
        rounds += not is_silent
    findings = _distinct(findings) + _remainder(case, findings)
    if not findings:  # what comes of nothing that is named is no consequence
        findings = _remainder(first.accounting_for(first.evidence.alone), [])
    starts = [c.finding() for c in _found(case, slot_starts.find)]
    if not any(finding.kind in (Kind.AT_ZERO, Kind.FAILED) for finding in findings):
        starts += [c.finding() for c in _found(case, zeros_at_start.find)]
    return findings + starts


def _distinct(findings: list[Finding]) -> list[Finding]:
    return list(dict.fromkeys(findings))


def _differs(case: Case) -> bool:
    """Whether anything that counts is not accounted for: a difference, or what one side alone
    has."""
    return bool(_open(case) or _lone(case))


def _lone(case: Case) -> list[Key]:
    return [
        k
        for k in case.evidence.alone
        if k not in case.accounted and (k.counts or k.part == "drawn")
    ]


def _open(case: Case) -> list[Difference]:
    return [d for kind in KINDS for d in case.over(kind) if d.key.counts]


def _next(case: Case) -> list[Cause]:
    """Returns the causes of the first stage that has any."""
    for stage in _stages(case):
        causes = _found(case, stage)
        if causes:
            return causes
    return []


def _found(case: Case, stage: Stage) -> list[Cause]:
    """An explanation that fails must not hide that the sides differ, nor that it failed."""
    try:
        with np.errstate(all="ignore"):  # a hypothesis may divide by nothing
            return stage(case)
    except Exception as error:
        if _is_debugging():
            traceback.print_exc()
        rest = _open(case)
        keys = [*(d.key for d in rest), *_lone(case)]
        size = f"differs by {rest[0].relative:.1e}; " if rest else ""
        text = (
            f"{size}looking for its cause failed "
            f"({type(error).__name__}: {reason(error, 120)}): please report it"
        )
        where = str(keys[0]) if keys else "explanation"
        accounted = frozenset([*(d.key for d in case.differences), *keys])
        kind = keys[0].kind if keys else STATE
        return [Cause(Kind.FAILED, where, text, accounted, stage=kind)]


def _is_debugging() -> bool:
    from dcgan_v1 import runtime

    return bool(getattr(runtime, "verbose", False))


def _stages(case: Case) -> Iterator[Stage]:
    """Yields functions that find causes. Layers are asked only where something that is computed
    from them differs: what reads otherwise may compute the same."""
    yield randomness.find
    yield one_sided.structure
    yield one_sided.shared_slots
    yield second_noise.find
    yield gradients.order
    matters = not (case.agrees(LOSS) and case.agrees(GRADIENT)) or _outputs_differ(case)
    if matters:
        yield softplus.find
        yield joined_norms.find
        yield partial(first_differences.find, mode="training", late=False)
        yield mixed_shares.find  # where both sides' fakes are equal by now, it is put right
    yield losses.told
    for number in range(len(case.evidence.old.updates)):
        yield partial(gradients.find, update=number)
        yield partial(_updates, number=number)
    yield second_biases.find
    yield updates.dormant
    yield averages.find
    if matters and any(d.key.step <= 1 for d in _open(case)):
        yield partial(first_differences.find, mode="training", late=True)
    if _outputs_differ(case):
        yield partial(first_differences.find, mode="inference", late=True)
    yield partial(losses.find, later=False)
    yield later_steps.find
    yield one_sided.alone


def _updates(case: Case, number: int) -> list[Cause]:
    """The causes of an update; where all of them can be put right, also those of later updates by
    other optimisers of which the same holds: each is judged by its own gradient, and both programs
    run again once for all."""
    own = case.evidence.old.updates
    causes = updates.find(case, own[number])
    seen = {own[number].optimizer}
    for later in own[number + 1 :]:
        if not causes or any(not cause.changes for cause in causes):
            break
        more = [] if later.optimizer in seen else updates.find(case, later)
        seen.add(later.optimizer)
        causes += more if all(cause.changes for cause in more) else []
    return causes


def _outputs_differ(case: Case) -> bool:
    return any(d.key.counts for d in case.over(FORWARD))


def _after(case: Case, causes: list[Cause]) -> tuple[Case, list[Cause]]:
    """Puts right what can be put right, and sets the rest aside.

    Returns:
      (the case in which to look further, the causes that hold).
    """
    changes = [change for cause in causes for change in cause.changes]
    keys = frozenset(k for cause in causes for k in cause.keys)
    if not changes:
        return case.accounting_for(keys or {d.key for d in _open(case)[:1]}), causes
    aside = case.accounting_for(keys or {d.key for d in _open(case)[:1]})
    # what does not come right by its own correction is no cause that --accept may take
    unproved = [replace(c, name="") if c.changes else c for c in causes]
    try:
        again = case.put_right(changes)
    except UserError:  # a number that the graph cannot run with
        case.experiments.take_back()
        return aside, unproved
    before, after = _size(case, keys), _size(again, keys)
    left = {d.key for d in again.differences if d.is_over}
    proofs = frozenset(c.proof for c in causes if c.proof is not None)
    is_nearer = _size(again, proofs) < 0.5 * _size(case, proofs)
    is_right = is_nearer or any(d.key not in left for d in case.differences if d.is_over)
    # another fault may make more of the difference, and this one be put right all the same
    if after >= 0.99 * before and not is_right:
        case.experiments.take_back()
        return aside, unproved
    if after > 0:
        share = max(1 - np.sqrt(after / before), 0.0)
        part = f"{share:.0%}" if share >= 0.01 else "less than 1%"
        causes = [
            replace(c, text=f"{c.text} (this explains {part} of the difference)")
            if c.changes and share < 0.995 and not is_nearer
            else c
            for c in causes
        ]
    # what was accounted for without being put right is so still
    unchanged = frozenset(k for c in causes if not c.changes for k in c.keys)
    return again.accounting_for(case.accounted | unchanged), causes


def _but_for_rounding(case: Case, first: Case) -> Case:
    """A loss of which corrections leave next to nothing: numbers that are put right are as exact as
    they could be worked out, and a mean of scores may be much smaller than these."""
    before = {d.key: d.absolute for d in first.over(LOSS)}
    finite = {key: off for key, off in before.items() if np.isfinite(off)}
    left = {
        d.key
        for d in case.over(LOSS)
        if d.absolute <= AGREE * min(finite.get(d.key, 0.0), _scores(case, d))
    }
    return case.accounting_for(left) if left else case


def _scores(case: Case, loss: Difference) -> float:
    """The size of what a loss may be the mean of: of the loss, or of TF1's outputs in training."""
    layers = case.evidence.layers.get("training", []) if case.evidence else []
    sizes = [float(np.max(np.abs(la.output), initial=0.0)) for la in layers if la.is_last]
    return max([loss.largest, *(size for size in sizes if np.isfinite(size))])


def _along(case: Case) -> Case:
    """Where an update has left other weights, for a cause that is not put right, what the step's
    later updates differ by comes of that, too: TF1 goes along with the port's weights."""
    moved = {
        k
        for k in case.accounted
        if k.kind == GRADIENT or (k.kind == STATE and k.part == WEIGHT and k.step == 1)
    }
    late = [d for kind in (GRADIENT, LOSS, FORWARD) for d in case.over(kind) if not d.key.step]
    if case.by_itself is not None or not moved or not late:
        return case
    try:
        along = case.along_port()
    except UserError:  # a port that nothing can be asked of while it steps
        return case
    # calls in another order are beside others than at first: their rows tell that they agree
    rows = along.evidence.aligned.get("training", [])
    agree = {Key(FORWARD, row.new.name, "training") for row in rows if row.relative <= AGREE}
    return along.accounting_for(agree)


def _size(case: Case, keys: frozenset[Key]) -> float:
    """How far the first step is apart: what comes later has further causes."""
    return float(
        sum(
            min(d.relative, 1e6) ** 2
            for d in case.differences
            if d.key in keys and d.is_over and d.key.step <= 1 and d.key.part != "inference"
        )
    )


def _remainder(case: Case, findings: list[Finding]) -> list[Finding]:
    """What no cause accounts for is said."""
    rest, lone = _open(case), _lone(case)
    named = "; what is named above does not explain it" if findings else ""
    if not rest and lone:
        text = f"{case.evidence.alone[lone[0]]} alone has it, for a cause that was not found{named}"
        return [Finding(Kind.UNEXPLAINED, str(lone[0]), text, stage=lone[0].kind)]
    if not rest:
        return []
    worst = max(rest, key=lambda d: d.relative)
    text = f"differs by {worst.relative:.1e} for a cause that was not found{named}"
    return [Finding(Kind.UNEXPLAINED, str(worst.key), text, stage=worst.key.kind)]
