"""Why slots and weights differ after a step: each side's update is worked out by hand from its own
gradient, so that it can be judged even where the gradients differ."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from dcgan_v1.migration.comparison.evidence import AVERAGE, STATE, UPDATES, WEIGHT, Key, Keyed
from dcgan_v1.migration.explanation import probes
from dcgan_v1.migration.explanation.case import EPSILON_PLACE, Case, Cause
from dcgan_v1.migration.explanation.update_rules import AFTER, PLACES, Rule
from dcgan_v1.migration.records import Arrays, Change, Setting, Settings, Update

EXACT = 1e-9  # relative, what a rule worked out by hand may leave of a step
NUMBERS = ("learning rate", "beta1", "beta2", "epsilon", "rho", "momentum")
WORDS = ("kind", "nesterov")


@dataclass(frozen=True)
class Step:
    """What one update did to one variable on one side.

    Attributes:
      before, after: the weight. slots, slots_after: by TF1's names of slots.
      gradient: that it was given. updates: how often the optimiser was applied before.
    """

    before: np.ndarray
    after: np.ndarray
    gradient: np.ndarray
    slots: Arrays
    slots_after: Arrays
    updates: int

    def follows(self, rule: Rule, clip: float | None = None) -> bool:
        """Whether a rule makes this step, up to rounding; `clip`: bound of the new weights."""
        return self.remainder(rule, clip) <= EXACT

    def remainder(self, rule: Rule, clip: float | None = None) -> float:
        """Returns what a rule leaves of this step, relative to the step; inf where it is not
        known."""
        made = rule.apply(self.before, self.gradient, self.slots, self.updates)
        if made is None:
            return np.inf
        weight, slots = made
        if clip is not None:
            weight = np.clip(weight, -clip, clip)
        off = [_share(weight - self.after, self.after - self.before)]
        off += [
            _share(slots[name] - array, array)
            for name, array in self.slots_after.items()
            if name in slots
        ]
        return max(off)


def _share(off: np.ndarray, whole: np.ndarray) -> float:
    size = float(np.max(np.abs(whole), initial=0.0))
    distance = float(np.max(np.abs(off), initial=0.0))
    return distance / size if size else float(distance > 1e-300)


def find(case: Case, update: Update) -> list[Cause]:
    """Returns the causes of what differs after an update of the first step."""
    names = set(update.variables)
    keys = [
        d.key
        for d in case.over(STATE)
        if d.key.step == 1
        and d.key.part not in (AVERAGE, UPDATES)
        and case.evidence.variable_of(d.key.name) in names
    ]
    if not keys:
        return []
    repeats = sum(u.optimizer == update.optimizer for u in case.evidence.old.updates)
    variables = [n for n in update.variables if any(_is_of(case, k, n) for k in keys)]
    steps = {name: _steps(case, update, name) for name in variables} if repeats == 1 else {}
    known = {name: pair for name, pair in steps.items() if pair is not None}
    if not known or len(known) < len(variables):
        return [_unknown(case, update, keys)]
    ours, theirs = _settings(case, update)
    rule = Rule(str(ours.get("kind", update.kind)), ours)
    accounted = frozenset(keys)
    return (
        _idle(case, update, known, accounted)
        or _same_rule(case, rule, known, accounted)
        or _clipped(case, update, rule, ours, theirs, known, accounted)
        or _other_settings(case, update, rule, theirs, known, accounted)
        or [_unknown(case, update, keys)]
    )


def _is_of(case: Case, key: Key, name: str) -> bool:
    return case.evidence.variable_of(key.name) == name


def _settings(case: Case, update: Update) -> tuple[Settings, Settings]:
    """Returns both sides' settings of an update's optimiser, as the first step had them."""
    first = case.evidence.first
    assert first is not None
    other = case.evidence.matching.optimizers.get(update.optimizer, "")
    return first[0].settings.get(update.optimizer, {}), first[1].settings.get(other, {})


def optimizer_name(case: Case, update: Update) -> str:
    """What the port calls an update's optimiser."""
    return case.evidence.matching.optimizers.get(update.optimizer, update.optimizer)


def _steps(case: Case, update: Update, name: str) -> tuple[Step, Step] | None:
    """Returns what an update did to a variable on both sides; None where an array is missing."""
    evidence = case.evidence
    before = np.asarray(evidence.start.variables[name], np.float64)
    slots = {
        key.slot: np.asarray(array, np.float64)
        for key, array in evidence.start.slots.items()
        if key.variable == name and key.optimizer == update.optimizer
    }
    count = evidence.start.updates.get(update.optimizer, 0)
    steps = []
    for side, arrays in (("TF1", evidence.ours), ("port", evidence.theirs)):
        gradient = case.gradient(side, name)
        after = arrays.get(Key(STATE, name, WEIGHT, 1))
        if gradient is None or after is None:
            return None
        slots_after = dict(_slots_after(case, arrays, update, name))
        steps.append(
            Step(before, after, np.asarray(gradient, np.float64), slots, slots_after, count)
        )
    return steps[0], steps[1]


def _slots_after(
    case: Case, arrays: Keyed, update: Update, name: str
) -> Iterator[tuple[str, np.ndarray]]:
    for slot, key in case.evidence.old.slots.items():
        if key.variable == name and key.optimizer == update.optimizer:
            array = arrays.get(Key(STATE, slot, key.slot, 1))
            if array is not None:
                yield key.slot, array


Steps = dict[str, tuple[Step, Step]]


def _idle(case: Case, update: Update, steps: Steps, keys: frozenset[Key]) -> list[Cause]:
    """One side moves nothing, though there is a gradient."""
    for name, (ours, theirs) in steps.items():
        moved = [bool(np.any(s.after != s.before)) for s in (ours, theirs)]
        has_gradient = bool(np.any(ours.gradient))
        if has_gradient and not moved[0] and moved[1]:
            text = (
                f"TF1's train op {update.name} trains nothing: the "
                "gradient is there, the weight does not move"
            )
            return [Cause(name, text, keys)]
        if has_gradient and moved[0] and not moved[1]:
            text = "does not move in the port, though it has a gradient"
            return [Cause(name, text, keys)]
    return []


def _same_rule(case: Case, rule: Rule, steps: Steps, keys: frozenset[Key]) -> list[Cause]:
    """The port does to its own gradient what TF1 does to its own: no fault of the update's. The
    differing gradient is, and has a cause of its own."""
    if all(theirs.follows(rule) for _, theirs in steps.values()):
        return [Cause("", "", keys)]
    return []


def _clipped(
    case: Case,
    update: Update,
    rule: Rule,
    ours: Settings,
    theirs: Settings,
    steps: Steps,
    keys: frozenset[Key],
) -> list[Cause]:
    """One side holds its new weights within bounds."""
    for who, place in (("TF1", 0), ("the port", 1)):
        bound = max(float(np.max(np.abs(pair[place].after))) for pair in steps.values())
        free = max(float(np.max(np.abs(pair[1 - place].after))) for pair in steps.values())
        own = Rule(rule.kind, {**ours, **theirs} if place else ours)
        candidates = (rule, own, replace(own, place=PLACES.get(rule.kind, "")))
        held = any(
            all(pair[place].follows(r, clip=bound) for pair in steps.values()) for r in candidates
        )
        alone = any(
            np.max(np.abs(np.clip(pair[1 - place].after, -bound, bound) - pair[place].after))
            > EXACT * bound
            for pair in steps.values()
        )
        if free > bound * (1 + 1e-9) and (held or not alone):
            other = "the port" if who == "TF1" else "TF1"
            text = f"{who} clips weights to ±{bound:.3g} after the update, {other} does not"
            return [Cause(next(iter(steps)), text, keys)]
    return []


def _other_settings(
    case: Case, update: Update, rule: Rule, theirs: Settings, steps: Steps, keys: frozenset[Key]
) -> list[Cause]:
    """The port's own settings, in TF1's rule or with epsilon where other frameworks have it, make
    its step: each that matters is a cause."""
    kind = str(theirs.get("kind", rule.kind))
    name = optimizer_name(case, update)
    where = f"{name} (first seen in {next(iter(steps))})"
    if kind != rule.kind:
        return [Cause(where, f"{name} is {kind}, TF1's is {rule.kind}", keys)]
    port_settings: Settings = {**rule.settings, **theirs}
    for place in ("", PLACES.get(kind, "")):
        port_rule = Rule(kind, port_settings, place)
        if all(s.follows(port_rule) for _, s in steps.values()):
            return list(_each(case, update, rule, port_rule, steps, keys, where))
    return _by_arithmetic(case, update, rule, steps, keys, where)


def _each(
    case: Case,
    update: Update,
    rule: Rule,
    port_rule: Rule,
    steps: Steps,
    keys: frozenset[Key],
    where: str,
) -> Iterator[Cause]:
    """Yields a cause for every setting without which the port's step would be another one."""
    name = optimizer_name(case, update)
    for setting in (*NUMBERS, "nesterov"):
        old, new = rule.settings.get(setting), port_rule.settings.get(setting)
        if old is None or new is None or (setting == "epsilon" and port_rule.place):
            continue
        put_back = replace(port_rule, settings={**port_rule.settings, setting: old})
        left = max(s.remainder(put_back) for _, s in steps.values())
        if left > EXACT:  # else it acts alike
            text = f"{_setting_text(name, setting, old, new)} (with TF1's: {left:.1e} off)"
            yield Cause(where, text, keys, _change(update, setting, new))
    if port_rule.place:
        yield _of_place(update, rule, port_rule, steps, keys, where, name)


def _of_place(
    update: Update,
    rule: Rule,
    port_rule: Rule,
    steps: Steps,
    keys: frozenset[Key],
    where: str,
    name: str,
) -> Cause:
    """Epsilon where TF1 has it not."""
    old, new = rule.number("epsilon"), port_rule.number("epsilon")
    if port_rule.place != AFTER:
        text = f"{name}'s epsilon {new:.2g} is added {port_rule.place}, TF1's {old:.2g} inside"
        return Cause(where, text, keys)
    count = next(iter(steps.values()))[0].updates
    acting = new * float(np.sqrt(1 - port_rule.number("beta2") ** (count + 1)))
    text = (
        f"{name}'s epsilon acts as {acting:.2g} in the first step, TF1's as {old:.2g}, with equal "
        f"moments: it is {new:.2g}, added {AFTER}"
    )
    changes = (Change(update.optimizer, "optimizer epsilon after", new),)
    return Cause(where, text, keys, changes, EPSILON_PLACE if new == old else "")


def _setting_text(name: str, setting: str, old: Setting, new: Setting) -> str:
    if isinstance(old, float) and isinstance(new, float):
        if np.float32(old) == np.float32(new):
            return f"{name}'s {setting} is {new!r}, TF1's {old!r}: the decimal as a float32"
        if setting == "learning rate":
            longer = new / old if old else np.inf
            return (
                f"steps of {name} are {longer:.4g} times as long as TF1's: learning rate "
                f"{new:.6g} against {old:.6g}"
            )
        if setting == "epsilon":
            return (
                f"{name}'s epsilon acts as {new:.2g} in the first step, TF1's as {old:.2g}, with "
                "equal moments"
            )
    return f"{name}'s {setting} is {_text(new)}, TF1's {_text(old)}"


def _text(value: Setting) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _change(update: Update, setting: str, value: Setting) -> tuple[Change, ...]:
    """What gives TF1's optimiser the port's number."""
    if isinstance(value, bool | str):
        return ()
    return (Change(update.optimizer, f"optimizer {setting}", float(value)),)


def _by_arithmetic(
    case: Case, update: Update, rule: Rule, steps: Steps, keys: frozenset[Key], where: str
) -> list[Cause]:
    """What its settings do not tell: a step that is TF1's, times a number; an epsilon."""
    name = optimizer_name(case, update)
    ratios = []
    for _, step in steps.values():
        made = rule.apply(step.before, step.gradient, step.slots, step.updates)
        if made is None:
            return []
        own, wanted = step.after - step.before, made[0] - step.before
        longer = probes.ratio(wanted, own)
        if np.max(np.abs(own - longer * wanted)) > EXACT * np.max(np.abs(own)):
            break
        ratios.append(longer)
    else:
        longer = float(np.median(ratios))
        text = f"steps of {name} are {longer:.4g} times as long as TF1's"
        return [Cause(where, text, keys)]
    if rule.kind == "Adam":
        return _adam_epsilon(rule, steps, keys, where, name)
    return []


def _adam_epsilon(
    rule: Rule, steps: Steps, keys: frozenset[Key], where: str, name: str
) -> list[Cause]:
    """Equal moments, other weights: what is left is epsilon, which the step tells."""
    _, step = next(iter(steps.values()))
    made = rule.apply(step.before, step.gradient, step.slots, step.updates)
    if made is None:
        return []
    powers = [rule.number(b) ** (step.updates + 1) for b in ("beta1", "beta2")]
    rate = rule.number("learning rate") * np.sqrt(1 - powers[1]) / (1 - powers[0])
    epsilon = probes.adam_epsilon(step.after - step.before, made[1]["m"], made[1]["v"], rate)
    acting = replace(rule, settings={**rule.settings, "epsilon": epsilon})
    left = max(s.remainder(acting) for _, s in steps.values())
    if epsilon < 0 or left > 1e-6:
        return []
    text = (
        f"{name}'s epsilon acts as {epsilon:.2g} in the first step, TF1's as "
        f"{rule.number('epsilon'):.2g}, with equal moments"
    )
    return [Cause(where, text, keys)]


def _unknown(case: Case, update: Update, keys: list[Key]) -> Cause:
    """What no rule tells, with what both sides say of themselves."""
    first = next(d for d in case.differences if d.key == keys[0])
    ours, theirs = _settings(case, update)
    name = optimizer_name(case, update)
    words = settings_that_differ(ours, theirs)
    account = f"; by their own account: {', '.join(words)}" if words else ""
    text = f"moves otherwise than TF1's, by {first.relative:.1e}: {name}'s settings differ{account}"
    return Cause(str(first.key), text, frozenset(keys))


def settings_that_differ(ours: Settings, theirs: Settings) -> list[str]:
    """Returns what both sides say of an optimiser, where that differs."""
    words = []
    for name, old in ours.items():
        new = theirs.get(name)
        if isinstance(old, bool | str) or isinstance(new, bool | str) or new is None:
            continue
        if old != new and abs(old - new) > 1e-12 * abs(old):
            text = f"{name} {new:.6g} against {old:.6g}"
            if np.float32(old) == np.float32(new):
                text = f"{name} {new!r} against {old!r}: the decimal as a float32"
            words.append(text)
    return words
