"""Why slots and weights differ after a step: optimisers, schedules, penalties, clipped weights.

Each side's update is worked out by hand from its own gradient, so that it can be judged even where
the gradients differ."""

import numpy as np

from dcgan_v1.migration.comparison.evidence import AVERAGE, STATE, UPDATES, WEIGHT, Key
from dcgan_v1.migration.explanation import estimates
from dcgan_v1.migration.explanation.case import Case, Cause, Named
from dcgan_v1.migration.explanation.kinds import BY_SETTING, Kind
from dcgan_v1.migration.explanation.update_causes import second_biases
from dcgan_v1.migration.explanation.update_causes.judged_updates import Judged
from dcgan_v1.migration.explanation.update_causes.shared_updates import of_several, shared
from dcgan_v1.migration.explanation.update_causes.update_rules import Rule
from dcgan_v1.migration.explanation.update_causes.update_settings import (
    change_of,
    optimizer_name,
    setting_text,
    settings_of,
)
from dcgan_v1.migration.explanation.update_causes.update_steps import steps_of
from dcgan_v1.migration.records import Settings, Update


def find(case: Case, update: Update) -> list[Cause]:
    """Returns the causes of what differs after an update of the first step."""
    together = shared(case, update)
    names = {n for u in together for n in u.variables} - second_biases.names_of(case)
    keys = [
        d.key
        for d in case.over(STATE)
        if d.key.step == 1
        and d.key.part not in (AVERAGE, UPDATES)
        and case.evidence.variable_of(d.key.name) in names
    ]
    if not keys:
        return []
    if len(together) > 1:
        return of_several(case, together, keys) or [_unknown(case, update, keys)]
    variables = [n for n in update.variables if any(_is_of(case, k, n) for k in keys)]
    steps = {name: steps_of(case, update, name) for name in variables}
    known = {name: pair for name, pair in steps.items() if pair is not None}
    if not known or len(known) < len(variables):
        return [_unknown(case, update, keys)]
    ours, theirs = settings_of(case, update)
    rule = Rule(str(ours.get("kind", update.kind)), ours)
    judged = Judged(case, update, rule, theirs, known, frozenset(keys))
    return judged.idle() or judged.causes() or [_unknown(case, update, keys)]


def dormant(case: Case) -> list[Cause]:
    """Returns causes of what acts from the second step on: a momentum, where the first has none;
    the largest second moment so far, where it is the first."""
    later = frozenset(d.key for d in case.differences if d.is_over and d.key.step > 1)
    if case.evidence.first is None or not later - case.accounted:
        return []
    causes = []
    for update in case.evidence.old.updates:
        ours, theirs = settings_of(case, update)
        name = optimizer_name(case, update)
        if theirs.get("amsgrad") and not ours.get("amsgrad"):
            text = f"{name} is Adam with amsgrad, TF1's without: it acts from the second step on"
            named = Named(frozenset({name}), frozenset({"amsgrad"}))
            causes.append(Cause(Kind.AMSGRAD, name, text, later, named=named))
        slots = [a for k, a in case.evidence.start.slots.items() if k.optimizer == update.optimizer]
        causes += _dampened(case, update, later)
        old, new = ours.get("momentum"), theirs.get("momentum")
        is_alike = ours.get("kind") == theirs.get("kind") == "Momentum"
        if not is_alike or old == new or any(np.any(a) for a in slots):
            continue
        text = f"{setting_text(name, 'momentum', old or 0.0, new or 0.0)}, from the second step on"
        changes = change_of(update, "momentum", new or 0.0)
        named = Named(frozenset({name}), frozenset({"momentum"}))
        causes.append(Cause(Kind.MOMENTUM, name, text, frozenset(), changes, named=named))
    return causes


def _dampened(case: Case, update: Update, later: frozenset[Key]) -> list[Cause]:
    """The dampening of a recorded port's momentum, whose first step takes in the whole gradient: a
    weight is as far off later as the momentum that moves it."""
    ours, theirs = settings_of(case, update)
    name, share = optimizer_name(case, update), theirs.get("dampening")
    is_alike = ours.get("kind") == theirs.get("kind") == "Momentum"
    rate = ours.get("learning rate")
    if not is_alike or not isinstance(share, float) or not share or not isinstance(rate, float):
        return []
    off = {k: case.evidence.theirs[k] - case.evidence.ours[k] for k in later if k.kind == STATE}
    slots = {(case.evidence.variable_of(k.name), k.step): k for k in off if k.part == "accum"}
    keys = set()
    for (variable, step), key in slots.items():
        weight = Key(STATE, variable, WEIGHT, step)
        if weight in off and estimates.is_near(off[weight], -rate * off[key]):
            keys |= {key, weight}
    if not keys:
        return []
    words = setting_text(name, "dampening", 0.0, share)
    text = f"{words}: it acts from the second step on"
    named = Named(frozenset({name}), frozenset({"dampening"}))
    return [Cause(Kind.DAMPENING, name, text, frozenset(keys), named=named)]


def _is_of(case: Case, key: Key, name: str) -> bool:
    return case.evidence.variable_of(key.name) == name


def _unknown(case: Case, update: Update, keys: list[Key]) -> Cause:
    """What no rule tells, with what both sides say of themselves."""
    first = next(d for d in case.differences if d.key == keys[0])
    ours, theirs = settings_of(case, update)
    name = optimizer_name(case, update)
    told = settings_that_differ(ours, theirs)
    why = ", for no cause that was found"
    if told:
        why = f"; by their own account: {', '.join(words for _, words in told)}"
    text = f"moves otherwise than TF1's by {name}, by {first.relative:.1e}{why}"
    kind = the_one_kind(told) or Kind.UPDATE
    return Cause(kind, str(first.key), text, frozenset(keys))


def the_one_kind(told: list[tuple[Kind, str]]) -> Kind | None:
    """Returns the kind of the only setting that differs by more than rounding, if there is one."""
    kinds = {kind for kind, _ in told} - {Kind.ROUNDING}
    return kinds.pop() if len(kinds) == 1 else None


def settings_that_differ(ours: Settings, theirs: Settings) -> list[tuple[Kind, str]]:
    """Returns what both sides say of an optimiser, where that differs: (kind, words) of each."""
    told = []
    for name, old in ours.items():
        new = theirs.get(name)
        if isinstance(old, bool | str) or isinstance(new, bool | str) or new is None:
            continue
        if old != new and abs(old - new) > 1e-12 * abs(old):
            kind, text = BY_SETTING.get(name, Kind.UPDATE), f"{name} {new:.6g} against {old:.6g}"
            if np.float32(old) == np.float32(new):
                text = f"{name} {new!r} against {old!r}: the decimal as a float32"
                kind = Kind.ROUNDING
            told.append((kind, text))
    return told
