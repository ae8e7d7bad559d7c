"""What both sides say of an optimiser: rules of it, and words."""

import numpy as np

from dcgan_v1.migration.explanation.case import Case
from dcgan_v1.migration.explanation.update_causes.update_rules import PLACES, Rule
from dcgan_v1.migration.records import Setting, Settings, Update
from dcgan_v1.migration.sources import OptimizerChange


def rules_of(update: Update, ours: Settings, theirs: Settings) -> list[Rule]:
    """TF1's rule, that with the port's settings, and that with the port's place of epsilon.

    Args:
      update: TF1's.
      ours: settings as TF1 says them.
      theirs: as the port does.
    """
    rule = Rule(str(ours.get("kind", update.kind)), ours)
    kind = str(theirs.get("kind", rule.kind))
    settings: Settings = {**rule.settings, **theirs}
    return [rule, Rule(kind, settings), Rule(kind, settings, PLACES.get(kind, ""))]


def optimizer_name(case: Case, update: Update) -> str:
    """What the port calls an update's optimiser."""
    return case.evidence.matching.optimizers.get(update.optimizer, update.optimizer)


def setting_text(name: str, setting: str, old: Setting, new: Setting) -> str:
    """Says what both sides of an optimiser have for a setting.

    Args:
      name: of the port's optimiser.
      setting: as the report calls it.
      old, new: TF1's and the port's.
    """
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
    return f"{name}'s {setting} is {text_of(new)}, TF1's {text_of(old)}"


def text_of(value: Setting) -> str:
    """Returns a number in six digits, or a word."""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def change_of(update: Update, setting: str, value: Setting) -> tuple[OptimizerChange, ...]:
    """What gives TF1's optimiser the port's number.

    Args:
      update: TF1's.
      setting: its name.
      value: the port's number.
    """
    if isinstance(value, bool | str):
        return ()
    return (OptimizerChange(update.optimizer, setting, float(value)),)


def settings_of(case: Case, update: Update) -> tuple[Settings, Settings]:
    """Returns both sides' settings of an update's optimiser, as the first step had them."""
    first = case.evidence.first
    assert first is not None
    other = case.evidence.matching.optimizers.get(update.optimizer, "")
    return first[0].settings.get(update.optimizer, {}), first[1].settings.get(other, {})
