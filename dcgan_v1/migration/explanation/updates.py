"""Why slots and weights differ after a step: optimisers, schedules, penalties, clipped weights.

Each side's update is worked out by hand from its own gradient, so that it can be judged even where
the gradients differ."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from dcgan_v1.migration.comparison.evidence import AVERAGE, STATE, UPDATES, WEIGHT, Key, Keyed
from dcgan_v1.migration.explanation import probes
from dcgan_v1.migration.explanation.case import EPSILON_PLACE, Case, Cause, Named
from dcgan_v1.migration.explanation.update_rules import AFTER, PLACES, Rule
from dcgan_v1.migration.records import Arrays, OptimizerChange, Setting, Settings, Update

EXACT = 1e-9  # relative, what a rule worked out by hand may leave of a step
ULPS = 4  # of a weight, that rounding may take off it in one update: much, where steps are tiny
NUMBERS = ("learning rate", "beta1", "beta2", "epsilon", "rho", "momentum")
WORDS = ("kind", "nesterov")


@dataclass(frozen=True)
class Step:
    """What an optimiser did to one variable on one side, in all of its updates of a step.

    Attributes:
      before, after: the weight. slots, slots_after: by TF1's names of slots.
      gradients: that its updates were given. updates: how often it was applied before.
    """

    before: np.ndarray
    after: np.ndarray
    gradients: list[np.ndarray]
    slots: Arrays
    slots_after: Arrays
    updates: int

    def follows(self, rule: Rule, clip: float | None = None) -> bool:
        """Whether a rule makes this step, up to rounding; `clip`: bound of the new weights."""
        return self.remainder(rule, clip) <= EXACT

    def remainder(self, rule: Rule, clip: float | None = None) -> float:
        """Returns what a rule leaves of this step, relative to the step; inf where it is not
        known."""
        made = self.by(rule, clip)
        if made is None:
            return np.inf
        weight, slots = made
        rounding = ULPS * len(self.gradients) * np.spacing(np.max(np.abs(self.before), initial=0.0))
        left = np.maximum(np.abs(weight - self.after) - rounding, 0.0)
        off = [_share(left, self.after - self.before)]
        off += [
            _share(slots[name] - array, array)
            for name, array in self.slots_after.items()
            if name in slots
        ]
        return max(off)

    def by(self, rule: Rule, clip: float | None = None) -> tuple[np.ndarray, Arrays] | None:
        """Returns (weight, slots) that a rule makes of the gradients; None where it is not known.

        Args:
          clip: bound of the weight after each update.
        """
        weight, slots = self.before, dict(self.slots)
        for number, gradient in enumerate(self.gradients):
            made = rule.apply(weight, gradient, slots, self.updates + number)
            if made is None:
                return None
            weight, slots = made[0], {**slots, **made[1]}
            if clip is not None:
                weight = np.clip(weight, -clip, clip)
        return weight, slots


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
    variables = [n for n in update.variables if any(_is_of(case, k, n) for k in keys)]
    steps = {name: _steps(case, update, name) for name in variables}
    known = {name: pair for name, pair in steps.items() if pair is not None}
    if not known or len(known) < len(variables):
        return [_unknown(case, update, keys)]
    ours, theirs = _settings(case, update)
    rule = Rule(str(ours.get("kind", update.kind)), ours)
    judged = Judged(case, update, rule, theirs, known, frozenset(keys))
    return judged.idle() or judged.causes() or [_unknown(case, update, keys)]


def dormant(case: Case) -> list[Cause]:
    """Returns causes of what acts from the second step on: a momentum, where the first has none."""
    if case.evidence.first is None or not any(
        d.is_over and d.key.step > 1 for d in case.differences
    ):
        return []
    causes = []
    for update in case.evidence.old.updates:
        ours, theirs = _settings(case, update)
        slots = [a for k, a in case.evidence.start.slots.items() if k.optimizer == update.optimizer]
        old, new = ours.get("momentum"), theirs.get("momentum")
        is_alike = ours.get("kind") == theirs.get("kind") == "Momentum"
        if not is_alike or old == new or any(np.any(a) for a in slots):
            continue
        name = optimizer_name(case, update)
        text = f"{_setting_text(name, 'momentum', old or 0.0, new or 0.0)}, from the second step on"
        changes = _change(update, "momentum", new or 0.0)
        named = Named(frozenset({name}), frozenset({"momentum"}))
        causes.append(Cause(name, text, frozenset(), changes, named=named))
    return causes


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
    """Returns what an optimiser did to a variable on both sides; None where an array is missing."""
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
        gradients = case.gradients(side, name, update.optimizer)
        after = arrays.get(Key(STATE, name, WEIGHT, 1))
        if not gradients or after is None:
            return None
        slots_after = dict(_slots_after(case, arrays, update, name))
        steps.append(Step(before, after, gradients, slots, slots_after, count))
    return steps[0], steps[1]


def _slots_after(
    case: Case, arrays: Keyed, update: Update, name: str
) -> Iterator[tuple[str, np.ndarray]]:
    for slot, key in case.evidence.old.slots.items():
        if key.variable == name and key.optimizer == update.optimizer:
            array = arrays.get(Key(STATE, slot, key.slot, 1))
            if array is not None:
                yield key.slot, array


@dataclass(frozen=True)
class Judged:
    """An update that is worked out by hand on both sides.

    Attributes:
      case, update: which one.
      rule: TF1's; theirs: the port's settings.
      steps: variable -> what was done to it by TF1 and by the port.
      keys: what differs after it.
    """

    case: Case
    update: Update
    rule: Rule
    theirs: Settings
    steps: dict[str, tuple[Step, Step]]
    keys: frozenset[Key]

    @property
    def name(self) -> str:
        """What the port calls the optimiser."""
        return optimizer_name(self.case, self.update)

    @property
    def where(self) -> str:
        """Where its settings are first seen to differ."""
        return f"{self.name} (first seen in {next(iter(self.steps))})"

    def _named(self, setting: str, place: str = "") -> Named:
        return Named(frozenset({self.name}), frozenset({setting}), place)

    def idle(self) -> list[Cause]:
        """One side moves nothing, though there is a gradient."""
        for name, (ours, theirs) in self.steps.items():
            moved = [bool(np.any(s.after != s.before)) for s in (ours, theirs)]
            has_gradient = any(np.any(gradient) for gradient in ours.gradients)
            if has_gradient and not moved[0] and moved[1]:
                text = (
                    f"TF1's train op {self.update.name} trains nothing: the "
                    "gradient is there, the weight does not move"
                )
                return [Cause(name, text, self.keys)]
            if has_gradient and moved[0] and not moved[1]:
                text = "does not move in the port, though it has a gradient"
                return [Cause(name, text, self.keys)]
        return []

    def causes(self) -> list[Cause]:
        """What differs between the two rules. Where nothing does, the port does to its own
        gradient what TF1 does to its own: the gradient is at fault, and has a cause of its own."""
        kind = str(self.theirs.get("kind", self.rule.kind))
        if kind != self.rule.kind:
            text = f"{self.name} is {kind}, TF1's is {self.rule.kind}"
            return [Cause(self.where, text, self.keys, named=self._named("kind"))]
        settings: Settings = {**self.rule.settings, **self.theirs}
        rules = [self.rule, Rule(kind, settings), Rule(kind, settings, PLACES.get(kind, ""))]
        clips = self._clip(0, [self.rule]), self._clip(1, rules)
        causes = self._clipped(*clips)
        port_rule = next((r for r in rules if self._follows(r, clips[1])), None)
        if port_rule is None:
            return causes or self._by_arithmetic()
        causes += self._each(port_rule, clips[1])
        return causes or [Cause("", "", self.keys)]

    def _follows(self, rule: Rule, clip: float | None, place: int = 1) -> bool:
        return all(pair[place].follows(rule, clip) for pair in self.steps.values())

    def _clip(self, place: int, rules: list[Rule]) -> float | None:
        """The bound within which a side holds its new weights, if that makes a rule fit that does
        not fit without."""
        bound = max(float(np.max(np.abs(pair[place].after))) for pair in self.steps.values())
        held = sum(int(np.sum(np.abs(p[place].after) >= bound)) for p in self.steps.values())
        if held < 2:  # the largest weight is always its own bound
            return None
        if any(self._follows(rule, None, place) for rule in rules):
            return None
        return bound if any(self._follows(rule, bound, place) for rule in rules) else None

    def _clipped(self, ours: float | None, theirs: float | None) -> list[Cause]:
        if ours is None and theirs is None:
            return []
        if ours is not None and theirs is not None:
            if abs(ours - theirs) <= EXACT * ours:
                return []
            text = f"the port clips weights to ±{theirs:.3g}, TF1 to ±{ours:.3g}"
            return [Cause(next(iter(self.steps)), text, self.keys)]
        who, other = ("TF1", "the port") if theirs is None else ("the port", "TF1")
        bound = ours if theirs is None else theirs
        text = f"{who} clips weights to ±{bound:.3g} after the update, {other} does not"
        return [Cause(next(iter(self.steps)), text, self.keys)]

    def _each(self, port_rule: Rule, clip: float | None) -> list[Cause]:
        """A cause for every setting without which the port's step would be another one."""
        causes = []
        for setting in (*NUMBERS, "nesterov"):
            old, new = self.rule.settings.get(setting), port_rule.settings.get(setting)
            if old is None or new is None or (setting == "epsilon" and port_rule.place):
                continue
            put_back = replace(port_rule, settings={**port_rule.settings, setting: old})
            left = max(s.remainder(put_back, clip) for _, s in self.steps.values())
            if left > EXACT:  # else it acts alike
                text = f"{_setting_text(self.name, setting, old, new)} (with TF1's: {left:.1e} off)"
                change = _change(self.update, setting, new)
                named = self._named(setting)
                causes.append(Cause(self.where, text, self.keys, change, named=named))
        if port_rule.place:
            causes.append(self._of_place(port_rule))
        return causes

    def _of_place(self, port_rule: Rule) -> Cause:
        """Epsilon where TF1 has it not."""
        old, new = self.rule.number("epsilon"), port_rule.number("epsilon")
        named = self._named("epsilon", port_rule.place)
        if port_rule.place != AFTER:
            text = f"{self.name}'s epsilon {new:.2g} is added {port_rule.place}, TF1's {old:.2g} "
            return Cause(self.where, f"{text}inside", self.keys, named=named)
        count = next(iter(self.steps.values()))[0].updates
        acting = new * float(np.sqrt(1 - port_rule.number("beta2") ** (count + 1)))
        text = (
            f"{self.name}'s epsilon acts as {acting:.2g} in the first step, TF1's as {old:.2g}, "
            f"with equal moments: it is {new:.2g}, added {AFTER}"
        )
        changes = (OptimizerChange(self.update.optimizer, "epsilon", new, True),)
        name = EPSILON_PLACE if new == old else ""
        return Cause(self.where, text, self.keys, changes, name=name, named=named)

    def _by_arithmetic(self) -> list[Cause]:
        """What its settings do not tell: a step that is TF1's, times a number; an epsilon."""
        ratios = []
        for _, step in self.steps.values():
            result = step.by(self.rule)
            if result is None or len(step.gradients) > 1:
                return []
            own, wanted = step.after - step.before, result[0] - step.before
            longer = probes.ratio(wanted, own)
            if np.max(np.abs(own - longer * wanted)) > EXACT * np.max(np.abs(own)):
                return self._adam_epsilon() if self.rule.kind == "Adam" else []
            ratios.append(longer)
        text = f"steps of {self.name} are {float(np.median(ratios)):.4g} times as long as TF1's"
        return [Cause(self.where, text, self.keys, named=self._named("learning rate"))]

    def _adam_epsilon(self) -> list[Cause]:
        """Equal moments, other weights: what is left is epsilon, which the step tells."""
        _, step = next(iter(self.steps.values()))
        result = step.by(self.rule)
        if result is None:
            return []
        powers = [self.rule.number(b) ** (step.updates + 1) for b in ("beta1", "beta2")]
        rate = self.rule.number("learning rate") * np.sqrt(1 - powers[1]) / (1 - powers[0])
        moments = result[1]
        epsilon = probes.adam_epsilon(step.after - step.before, moments["m"], moments["v"], rate)
        acting = replace(self.rule, settings={**self.rule.settings, "epsilon": epsilon})
        left = max(s.remainder(acting) for _, s in self.steps.values())
        if epsilon < 0 or left > 1e-6:
            return []
        text = (
            f"{self.name}'s epsilon acts as {epsilon:.2g} in the first step, TF1's as "
            f"{self.rule.number('epsilon'):.2g}, with equal moments"
        )
        return [Cause(self.where, text, self.keys, named=self._named("epsilon"))]


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


def _change(update: Update, setting: str, value: Setting) -> tuple[OptimizerChange, ...]:
    """What gives TF1's optimiser the port's number."""
    if isinstance(value, bool | str):
        return ()
    return (OptimizerChange(update.optimizer, setting, float(value)),)


def _unknown(case: Case, update: Update, keys: list[Key]) -> Cause:
    """What no rule tells, with what both sides say of themselves."""
    first = next(d for d in case.differences if d.key == keys[0])
    ours, theirs = _settings(case, update)
    name = optimizer_name(case, update)
    words = settings_that_differ(ours, theirs)
    why = (
        f"; by their own account: {', '.join(words)}" if words else ", for no cause that was found"
    )
    text = f"moves otherwise than TF1's by {name}, by {first.relative:.1e}{why}"
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
