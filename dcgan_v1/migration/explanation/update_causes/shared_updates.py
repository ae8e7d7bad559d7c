"""Updates by several optimisers of the same variables.

What is left of such a weight after a step tells of all of them together."""

import itertools
from collections.abc import Sequence
from dataclasses import replace

from dcgan_v1.migration.comparison.evidence import Key
from dcgan_v1.migration.explanation.case import Case, Cause, silent
from dcgan_v1.migration.explanation.update_causes.judged_updates import Judged
from dcgan_v1.migration.explanation.update_causes.update_rules import Rule
from dcgan_v1.migration.explanation.update_causes.update_settings import rules_of, settings_of
from dcgan_v1.migration.explanation.update_causes.update_steps import Step, steps_of
from dcgan_v1.migration.records import Arrays, Update

Pairs = dict[str, tuple[Step, Step]]  # variable -> TF1's step and the port's


def shared(case: Case, update: Update) -> list[Update]:
    """Returns an update and those of other optimisers that move one of its variables, too: what
    is left of such a weight after a step tells of all of them together."""
    found = [update]
    for other in case.evidence.old.updates:
        if all(other.optimizer != u.optimizer for u in found) and any(
            set(other.variables) & set(u.variables) for u in found
        ):
            found.append(other)
    return found


def of_several(case: Case, together: list[Update], keys: list[Key]) -> list[Cause]:
    """Returns causes of updates by several optimisers of the same variables: the rules that make
    all of the port's steps together; none where no rules do.

    Args:
      together: an update of each optimiser.
      keys: what differs after them.
    """
    made: list[Pairs] = []
    for update in together:
        steps = {name: steps_of(case, update, name) for name in update.variables}
        made.append({name: pair for name, pair in steps.items() if pair is not None})
    known = {name for steps in made for name in steps}
    if any(case.evidence.variable_of(key.name) not in known for key in keys):
        return []
    settings = [settings_of(case, update) for update in together]
    rules = [
        rules_of(u, ours, theirs) for u, (ours, theirs) in zip(together, settings, strict=True)
    ]
    of_tf1 = _alone(made, [own[0] for own in rules], 0)
    for chosen in itertools.product(*rules):
        of_port = _alone(made, chosen, 1)
        if of_tf1 is None or of_port is None:
            continue
        judged = [
            Judged(case, u, own[0], theirs, _paired(ours, steps), frozenset(keys))
            for u, own, (_, theirs), ours, steps in zip(
                together, rules, settings, of_tf1, of_port, strict=True
            )
        ]
        if all(j.follows(rule, None) for j, rule in zip(judged, chosen, strict=True)):
            causes = [c for j, r in zip(judged, chosen, strict=True) for c in j.told_by(r, None)]
            return causes or [silent(frozenset(keys))]
    return []


def _alone(made: list[Pairs], rules: Sequence[Rule], side: int) -> list[dict[str, Step]] | None:
    """The steps of each optimiser without what the others moved; None where a rule is not known.

    Args:
      made: of each optimiser, variable -> TF1's step and the port's, of all together.
      rules: of each optimiser.
      side: 0 for TF1's steps, 1 for the port's.
    """
    moves: list[Arrays] = []
    for steps, rule in zip(made, rules, strict=True):
        results = {name: pair[side].by(rule) for name, pair in steps.items()}
        if any(result is None for result in results.values()):
            return None
        moves.append({n: r[0] - steps[n][side].before for n, r in results.items() if r})
    return [
        {
            name: replace(
                pair[side],
                after=pair[side].after
                - sum(m[name] for other, m in enumerate(moves) if other != number and name in m),
            )
            for name, pair in steps.items()
        }
        for number, steps in enumerate(made)
    ]


def _paired(ours: dict[str, Step], theirs: dict[str, Step]) -> Pairs:
    return {name: (step, theirs[name]) for name, step in ours.items()}
