"""Why losses differ where the layers agree: labels, a mean for a sum, another kind of loss."""

import itertools
from collections.abc import Iterable

import numpy as np

from dcgan_v1.migration.comparison.evidence import GRADIENT, LOSS, Key
from dcgan_v1.migration.explanation import (
    energy_gradients,
    network_ends,
    penalties,
    reconstructions,
)
from dcgan_v1.migration.explanation.case import Case, Cause
from dcgan_v1.migration.explanation.kinds import Kind
from dcgan_v1.migration.explanation.loss_kinds import Known, is_plain

EQUAL = 1e-9
Kinded = tuple[str, tuple[float, ...]]  # kind of loss, labels
MANY = 20_000  # terms of a sum, of which a mean may be meant


def told(case: Case) -> list[Cause]:
    """Returns causes of losses that are of another kind, or of other labels, as the networks'
    outputs of either side tell: whether these agree or not."""
    causes = []
    for d in case.differences:
        mark = Key(LOSS, d.key.name, "told")
        if d.key.kind != LOSS or d.key.step or not d.is_over or mark in case.accounted:
            continue
        ours, theirs = (float(s[d.key]) for s in (case.evidence.ours, case.evidence.theirs))
        energies = reconstructions.told(case, ours, theirs)
        text = (
            _kinds(case, ours, theirs)
            or penalties.told(case, ours, theirs)
            or (energies.text if energies else _term(case, d.key, ours, theirs))
        )
        if text:
            keys = {e.key for e in case.over(LOSS) if e.key.name == d.key.name}
            gradients = {
                e.key for e in case.over(GRADIENT) if e.key.update in updates_of(case, d.key)
            }
            accounted = frozenset({mark} | keys | gradients)
            causes.append(Cause(Kind.LOSS, f"loss {d.key.name}", text, accounted))
            if energies and text == energies.text:
                causes += energies.left_out_end()
                for update in updates_of(case, d.key):
                    causes += energy_gradients.find(case, d.key.name, update, energies)
    return causes


def left_out(case: Case, update: int) -> str | None:
    """Says which term of what TF1 minimises is not in the port's loss, where that has the value of
    another scalar of TF1's; None where it is not known.

    Args:
      update: number of the update whose gradients differ.
    """
    evidence = case.evidence
    assert evidence.first is not None
    scalars, losses = evidence.first[0].scalars, evidence.losses
    minimised = {name for u in evidence.old.updates for name in u.losses}
    own = [n for n in evidence.old.updates[update].losses if n in scalars]
    if not own or own[0] in losses.values():
        return None
    for name, other in losses.items():
        key = Key(LOSS, name)
        if other in minimised or key not in evidence.theirs:
            continue
        both = scalars[own[0]], float(evidence.theirs[key])
        if text := penalties.told(case, *both) or _term(case, key, *both):
            return f"loss {name} {text}"
    return None


def updates_of(case: Case, key: Key) -> set[int]:
    """Returns the numbers of the updates whose gradients are of a loss."""
    evidence = case.evidence
    assert evidence.first is not None
    scalars = evidence.first[0].scalars
    # as TF1 had it by itself: one that goes along with the port has another value
    value = scalars.get(evidence.losses.get(key.name, ""), float(evidence.ours[key]))
    return {
        number
        for number, update in enumerate(evidence.old.updates)
        if any(_is(scalars.get(name, np.inf), value) for name in update.losses)
    }


def find(case: Case, later: bool) -> list[Cause]:
    """Returns causes of losses that differ.

    Args:
      later: whether losses of steps after the first one count.
    """
    causes = []
    for d in case.over(LOSS):
        if bool(d.key.step) != later:
            continue
        ours, theirs = (float(s[d.key]) for s in (case.evidence.ours, case.evidence.theirs))
        text = None if d.key.step else _factor(case, ours, theirs)
        when = f" in step {d.key.step}" if d.key.step else ""
        text = text or (
            f"is {theirs:.6g}, TF1's {ours:.6g}{when}, {d.relative:.1e} apart"
            + (", while layers and gradients agree" if case.agrees("gradient") else "")
        )
        keys = frozenset(e.key for e in case.over(LOSS) if e.key.name == d.key.name or later)
        causes.append(Cause(Kind.LOSS, f"loss {d.key.name}", text, keys))
        if later:
            break
    return causes


def _factor(case: Case, ours: float, theirs: float) -> str | None:
    if not ours or not np.isfinite(theirs / ours):
        return None
    ratio = theirs / ours
    sizes = {len(a) for a in case.evidence.batch.values() if a.ndim}
    for factor in (*sizes, 2, *(1 / n for n in sizes), 0.5, -1):
        if abs(ratio - factor) < EQUAL * abs(factor):
            return f"is {ratio:.6g} times TF1's: a sum for a mean, a weight, or a sign"
    return None


def _kinds(case: Case, ours: float, theirs: float) -> str | None:
    """Both sides' kinds of loss and labels, where they are known and differ."""
    old, new = case.once(network_ends.losses)
    firsts = [known[:2] for known in old if _is(known[2], ours)]
    fitting = [known[:2] for known in new if _is(known[2], theirs)]
    penalised = ["", ""]
    if bool(firsts) != bool(fitting):  # one side's loss has a penalty of its weights
        if not firsts:
            firsts, penalised[0] = _penalised(case, old, ours)
        else:
            fitting, penalised[1] = _penalised(case, new, theirs)
    if not firsts or not fitting or set(firsts) & set(fitting):
        return None
    # a critic's loss is a part of f-GAN's: of those with one value the nearest are meant
    pairs = sorted(itertools.product(firsts, fitting), key=_apart)
    nearest = [pair for pair in pairs if _apart(pair) == _apart(pairs[0])]
    first, second = (_either(side) for side in zip(*nearest, strict=True))
    second = second.replace(" with ", " with labels ", 1)
    return f"is {second}{penalised[1]}, TF1's {first}{penalised[0]}"


def _penalised(case: Case, losses: list[Known], value: float) -> tuple[list[Kinded], str]:
    """Kinds of loss with labels, and the L2 penalty that makes a value of them: of the weights of
    one update, with a factor such as people write; ([], '') where there is none."""
    start = case.evidence.start.variables
    for update in case.evidence.old.updates:
        size = sum(float(np.sum(np.square(start[n]))) / 2 for n in update.variables if n in start)
        for kind, labels, known in filter(is_plain, losses):
            if size and (factor := penalties.written((value - known) / size)):
                return [(kind, labels)], f" and an L2 penalty of {factor}"
    return [], ""


def _either(kinds: Iterable[Kinded]) -> str:
    """The kinds of loss, with labels, that have one value: of each the first way to say it."""
    said: dict[str, tuple[float, ...]] = {}
    for kind, labels in sorted(kinds, key=lambda known: known[0].startswith("minus ")):
        if kind.removeprefix("minus ") not in {name.removeprefix("minus ") for name in said}:
            said[kind] = labels
    return " or ".join(f"{kind} with {_list(labels)}" for kind, labels in said.items())


def _apart(kinds: tuple[Kinded, Kinded]) -> tuple[bool, bool]:
    """Whether two kinds of loss are others, and of other families."""
    (old, _), (new, _) = kinds
    return old != new, ("f-GAN" in old) != ("f-GAN" in new)


def _term(case: Case, key: Key, ours: float, theirs: float) -> str | None:
    """One of TF1's terms that the port weights otherwise, or leaves out: the difference is a
    multiple of it such as people write."""
    factor = theirs / ours if ours else 0.0
    if case.evidence.first is None or abs(factor - float(f"{factor:.3g}")) <= EQUAL:
        return None  # the whole loss is weighted
    own = case.evidence.losses.get(key.name, "")
    found = []
    for name, value in case.evidence.first[0].scalars.items():
        if name == own or not value or _is(value, ours):
            continue
        weight = 1 + (theirs - ours) / value
        weight = 0.0 if abs(weight) <= EQUAL else weight  # left out, but for rounding
        written = float(f"{weight:.2g}")
        if written >= 0 and written != 1 and abs(weight - written) <= EQUAL * max(1.0, written):
            found.append((len(f"{written:g}"), name, f"{written:g}"))
        elif 0 < weight < 1 and _is(1 / weight, round(1 / weight)) and 1 / weight < MANY:
            found.append((MANY, name, f"1/{round(1 / weight)}"))  # a mean for a sum
    if not found:
        return None
    _, name, times = min(found)
    if times == "0":
        note = penalties.note(case, case.evidence.first[0].scalars[name])
        return f"is TF1's without its term {name}{note}"
    return f"is TF1's with its term {name} {times} times"


def _is(value: float, wanted: float) -> bool:
    return abs(value - wanted) <= EQUAL * max(abs(wanted), 1e-12)


def _list(labels: tuple[float, ...]) -> str:
    return " and ".join(f"{label:g}" for label in labels)
