"""An update that is worked out by hand on both sides: which of its settings act otherwise."""

from dataclasses import dataclass, replace

import numpy as np

from dcgan_v1.migration.comparison.evidence import Key
from dcgan_v1.migration.explanation import estimates
from dcgan_v1.migration.explanation.case import EPSILON_PLACE, Case, Cause, Named, silent
from dcgan_v1.migration.explanation.kinds import BY_SETTING, Kind
from dcgan_v1.migration.explanation.update_causes import decays
from dcgan_v1.migration.explanation.update_causes.update_rules import AFTER, Rule
from dcgan_v1.migration.explanation.update_causes.update_settings import (
    change_of,
    optimizer_name,
    rules_of,
    setting_text,
    text_of,
)
from dcgan_v1.migration.explanation.update_causes.update_steps import EXACT, Step
from dcgan_v1.migration.records import DECAY_APART, Settings, Update
from dcgan_v1.migration.sources import OptimizerChange

NUMBERS = ("learning rate", "beta1", "beta2", "epsilon", "rho", "momentum")
UNSAID = {"dampening": 0.0}  # settings that a side which says nothing of them has


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
            if _would_move(ours, self.rule) and not moved[0] and moved[1]:
                text = (
                    f"TF1's train op {self.update.name} trains nothing: the "
                    "gradient is there, the weight does not move"
                )
                return [Cause(Kind.IDLE, name, text, self.keys)]
            if _would_move(theirs, self.rule) and moved[0] and not moved[1]:
                text = "does not move in the port, though it has a gradient"
                return [Cause(Kind.IDLE, name, text, self.keys)]
        return []

    def causes(self) -> list[Cause]:
        """What differs between the two rules. Where nothing does, the port does to its own
        gradient what TF1 does to its own: the gradient is at fault, and has a cause of its own."""
        kind = str(self.theirs.get("kind", self.rule.kind))
        if kind != self.rule.kind:
            return [self._of_kind(kind)]
        rules = rules_of(self.update, self.rule.settings, self.theirs)
        clips = self._clip(0, [self.rule]), self._clip(1, rules)
        causes = self._clipped(*clips)
        if not causes and (decayed := self._decayed(rules)):
            return decayed
        port_rule = next((r for r in rules if self.follows(r, clips[1])), None)
        if port_rule is None:
            return causes or self._by_arithmetic()
        causes += self.each(port_rule, clips[1])
        return causes or [silent(self.keys)]

    def told_by(self, port_rule: Rule, clip: float | None) -> list[Cause]:
        """Returns the causes that a rule that makes all of the port's steps tells of."""
        if port_rule.kind != self.rule.kind:
            return [self._of_kind(port_rule.kind)]
        return self.each(port_rule, clip)

    def _of_kind(self, kind: str) -> Cause:
        text = f"{self.name} is {kind}, TF1's is {self.rule.kind}"
        named = self._named("kind")
        values = (kind, self.rule.kind)
        return Cause(Kind.OPTIMIZER, self.where, text, self.keys, named=named, values=values)

    def follows(self, rule: Rule, clip: float | None, place: int = 1) -> bool:
        """Whether a rule makes every step of a side.

        Args:
          rule: the optimiser's, with its settings.
          clip: the bounds of clipped weights, or None.
          place: 0 for TF1's steps, 1 for the port's.
        """
        return all(pair[place].follows(rule, clip) for pair in self.steps.values())

    def _clip(self, place: int, rules: list[Rule]) -> float | None:
        """The bound within which a side holds its new weights, if that makes a rule fit that does
        not fit without."""
        bound = max(float(np.max(np.abs(pair[place].after))) for pair in self.steps.values())
        held = sum(int(np.sum(np.abs(p[place].after) >= bound)) for p in self.steps.values())
        if held < 2:  # the largest weight is always its own bound
            return None
        if any(self.follows(rule, None, place) for rule in rules):
            return None
        return bound if any(self.follows(rule, bound, place) for rule in rules) else None

    def _clipped(self, ours: float | None, theirs: float | None) -> list[Cause]:
        if ours is None and theirs is None:
            return []
        if ours is not None and theirs is not None:
            if abs(ours - theirs) <= EXACT * ours:
                return []
            text = f"the port clips weights to ±{theirs:.3g}, TF1 to ±{ours:.3g}"
            return [Cause(Kind.WEIGHT_CLIPPING, next(iter(self.steps)), text, self.keys)]
        who, other = ("TF1", "the port") if theirs is None else ("the port", "TF1")
        bound = ours if theirs is None else theirs
        text = f"{who} clips weights to ±{bound:.3g} after the update, {other} does not"
        return [Cause(Kind.WEIGHT_CLIPPING, next(iter(self.steps)), text, self.keys)]

    def each(self, port_rule: Rule, clip: float | None) -> list[Cause]:
        """A cause for every setting without which the port's step would be another one."""
        causes = []
        for setting in (*NUMBERS, *UNSAID, "nesterov"):
            old, new = (
                rule.settings.get(setting, UNSAID.get(setting)) for rule in (self.rule, port_rule)
            )
            if old is None or new is None or (setting == "epsilon" and port_rule.place):
                continue
            put_back = replace(port_rule, settings={**port_rule.settings, setting: old})
            left = max(s.remainder(put_back, clip) for _, s in self.steps.values())
            if left > EXACT:  # else it acts alike
                text = f"{setting_text(self.name, setting, old, new)} (with TF1's: {left:.1e} off)"
                change = () if setting in UNSAID else change_of(self.update, setting, new)
                causes.append(
                    Cause(
                        BY_SETTING[setting],
                        self.where,
                        text,
                        self.keys,
                        change,
                        named=self._named(setting),
                        values=(text_of(new), text_of(old)),
                    )
                )
        if port_rule.number(DECAY_APART) and self.follows(self.rule, self._clip(0, [self.rule]), 0):
            causes.append(self._of_decay(0.0, port_rule.number(DECAY_APART)))
        if port_rule.place:
            causes.append(self._of_place(port_rule))
        return causes

    def _decayed(self, rules: list[Rule]) -> list[Cause]:
        """Where a side takes something off its weights beside its steps: what differs of that, and
        of the steps without it."""
        steps = [{name: pair[side] for name, pair in self.steps.items()} for side in (0, 1)]
        ours, theirs = decays.find(steps[0], [self.rule]), decays.find(steps[1], rules)
        if ours is None or theirs is None or not (ours.share or theirs.share):
            return []
        without = {name: (ours.steps[name], theirs.steps[name]) for name in self.steps}
        settings = {name: value for name, value in self.theirs.items() if name != DECAY_APART}
        causes = replace(self, steps=without, theirs=settings).causes()
        if not ours.is_like(theirs):
            rates = [own.number("learning rate") or 1.0 for own in (self.rule, rules[1])]
            causes.append(self._of_decay(ours.share / rates[0], theirs.share / rates[1]))
        return causes

    def _of_decay(self, ours: float, theirs: float) -> Cause:
        """A decay beside the step, times the rate: TF1's and the port's; 0 for none."""
        who, other = (self.name, "TF1") if theirs else ("TF1", self.name)
        own, others = (theirs, ours) if theirs else (ours, theirs)
        beside = f"{other} {others:.4g} times" if others else f"{other} does not"
        taken = f"{own:.4g} times the rate off each weight beside its step (AdamW)"
        text = f"{who} takes {taken}, {beside}"
        named = self._named(DECAY_APART)
        return Cause(Kind.OPTIMIZER, self.where, text, self.keys, named=named)

    def _of_place(self, port_rule: Rule) -> Cause:
        """Epsilon where TF1 has it not."""
        old, new = self.rule.number("epsilon"), port_rule.number("epsilon")
        named = self._named("epsilon", port_rule.place)
        if port_rule.place != AFTER:
            text = f"{self.name}'s epsilon {new:.2g} is added {port_rule.place}, TF1's {old:.2g} "
            return Cause(Kind.ROOT_EPSILON, self.where, f"{text}inside", self.keys, named=named)
        count = next(iter(self.steps.values()))[0].updates
        acting = new * float(np.sqrt(1 - port_rule.number("beta2") ** (count + 1)))
        text = (
            f"{self.name}'s epsilon acts as {acting:.2g} in the first step, TF1's as {old:.2g}, "
            f"with equal moments: it is {new:.2g}, added {AFTER}"
        )
        changes = (OptimizerChange(self.update.optimizer, "epsilon", new, True),)
        kind, name = (Kind.EPSILON_PLACE, EPSILON_PLACE) if new == old else (Kind.EPSILON, "")
        return Cause(kind, self.where, text, self.keys, changes, name=name, named=named)

    def _by_arithmetic(self) -> list[Cause]:
        """What its settings do not tell: a step that is TF1's, times a number; an epsilon; what a
        momentum takes in of a gradient."""
        if dampened := self._dampened():
            return dampened
        ratios = []
        for _, step in self.steps.values():
            result = step.by(self.rule)
            if result is None or len(step.gradients) > 1:
                return []
            own, wanted = step.after - step.before, result[0] - step.before
            longer = estimates.ratio(wanted, own)
            if np.max(np.abs(own - longer * wanted)) > EXACT * np.max(np.abs(own)):
                return self._adam_epsilon() if self.rule.kind == "Adam" else []
            ratios.append(longer)
        longer = float(np.median(ratios))
        if abs(longer - 1) <= EXACT:
            return self._kept_otherwise()
        text = f"steps of {self.name} are {longer:.4g} times as long as TF1's"
        named = self._named("learning rate")
        return [Cause(Kind.LEARNING_RATE, self.where, text, self.keys, named=named)]

    def _kept_otherwise(self) -> list[Cause]:
        """Equal steps, after which the momentum is another one: Keras keeps a step there, at the
        rate that it had."""
        kept = []
        for _, step in self.steps.values():
            made, own = (
                (step.by(self.rule) or ({}, {}))[1].get("accum"),
                step.slots_after.get("accum"),
            )
            if made is None or own is None:
                return []
            if not np.any(made) and not np.any(own):
                continue  # its gradients are all 0
            kept.append(estimates.ratio(made, own))
            if not np.max(np.abs(own - kept[0] * made)) <= EXACT * np.max(np.abs(own)):
                return []
        if not kept or self.case.evidence.new.kind != "Keras":
            return []
        text = (
            f"{self.name} keeps its last step for the next one, TF1 its gradients: as the rate "
            f"changes after the step, what is kept counts {kept[0]:.4g} times as much as TF1's"
        )
        return [Cause(Kind.MOMENTUM, self.where, text, self.keys, named=self._named("momentum"))]

    def _dampened(self) -> list[Cause]:
        """A momentum that takes in a part of each gradient alone, as its slots tell."""
        steps = [step for _, step in self.steps.values()]
        step = next((s for s in steps if np.any(s.gradients[0])), steps[0])
        after = step.slots_after.get("accum")
        if self.rule.kind != "Momentum" or after is None or len(step.gradients) > 1:
            return []
        kept = self.rule.number("momentum") * step.slots.get("accum", np.zeros_like(after))
        dampening = 1 - estimates.ratio(step.gradients[0], after - kept)
        dampened = replace(self.rule, settings={**self.rule.settings, "dampening": dampening})
        if abs(dampening) <= EXACT or not self.follows(dampened, None):
            return []
        return self.each(dampened, None)

    def _adam_epsilon(self) -> list[Cause]:
        """Equal moments, other weights: what is left is epsilon, which the step tells."""
        _, step = next(iter(self.steps.values()))
        result = step.by(self.rule)
        if result is None:
            return []
        powers = [self.rule.number(b) ** (step.updates + 1) for b in ("beta1", "beta2")]
        rate = self.rule.number("learning rate") * np.sqrt(1 - powers[1]) / (1 - powers[0])
        moments = result[1]
        epsilon = estimates.adam_epsilon(step.after - step.before, moments["m"], moments["v"], rate)
        acting = replace(self.rule, settings={**self.rule.settings, "epsilon": epsilon})
        left = max(s.remainder(acting) for _, s in self.steps.values())
        if epsilon < 0 or left > 1e-6:
            return []
        text = (
            f"{self.name}'s epsilon acts as {epsilon:.2g} in the first step, TF1's as "
            f"{self.rule.number('epsilon'):.2g}, with equal moments"
        )
        named = self._named("epsilon")
        return [Cause(Kind.EPSILON, self.where, text, self.keys, named=named)]


def _would_move(step: Step, rule: Rule) -> bool:
    """Whether a side's gradients would move its weight: next to nothing leaves it. By a rate of 0
    none does, and then it is the rate that trains nothing."""
    if not any(np.any(g) for g in step.gradients):
        return False
    made = step.by(rule) if rule.settings.get("learning rate") else None
    return made is None or not np.array_equal(made[0], step.before)
