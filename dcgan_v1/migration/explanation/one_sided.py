"""What one side alone has: gradients, losses, draws, outputs."""

from dcgan_v1.migration.comparison.evidence import GRADIENT, LOSS, STATE, Key
from dcgan_v1.migration.explanation.case import Case, Cause
from dcgan_v1.migration.explanation.kinds import Kind


def structure(case: Case) -> list[Cause]:
    """Returns causes of gradients that one side alone takes."""
    alone = case.evidence.alone
    gradients = [key for key in alone if key.kind == GRADIENT and key not in case.accounted]
    ours = [key for key in gradients if alone[key] == "TF1"]
    theirs = [key for key in gradients if alone[key] == "port"]
    keys = frozenset([*gradients, *_states_of(case, {k.name for k in gradients})])
    for key in theirs:
        other = next((o for o in ours if o.name == key.name), None)
        if other is not None:
            names = [_optimizer(case, k.update) for k in (other, key)]
            text = (
                f"is trained by {names[1]}, in TF1 by {names[0]}: the wrong "
                "optimiser, or the wrong list of variables"
            )
            return [Cause(Kind.TRAINED, key.name, text, keys)]
    if theirs:
        name = _optimizer(case, theirs[0].update)
        text = (
            f"{name}'s update also trains {len(theirs)} variables that TF1's leaves "
            "alone: a network is not frozen, or a stop_gradient is missing"
        )
        return [Cause(Kind.TRAINED, theirs[0].name, text, keys)]
    if ours:
        more = f", nor {len(ours) - 1} more" if len(ours) > 1 else ""
        name = _optimizer(case, ours[0].update)
        text = f"is trained by {name} in TF1 and not in the port{more}"
        return [Cause(Kind.TRAINED, ours[0].name, text, keys)]
    return []


def _states_of(case: Case, names: set[str]) -> list[Key]:
    """Keys of states of some variables: what moves otherwise because its gradient is another."""
    return [
        d.key
        for d in case.differences
        if d.is_over and d.key.kind == STATE and case.evidence.variable_of(d.key.name) in names
    ]


def alone(case: Case) -> list[Cause]:
    """Returns causes of losses that nothing in TF1 is like, of random numbers that nothing in the
    port takes, and of outputs of a shape that TF1 has not."""
    for key in case.evidence.alone:
        if key in case.accounted:
            continue
        keys = frozenset([key])
        if key.part == "drawn":
            text = "TF1 drops out here by these random numbers, the port has no dropout for them"
            return [Cause(Kind.DROPOUT, key.name, text, keys)]
        if key.kind != GRADIENT and key.kind != LOSS and key.counts:
            text = "TF1 computes nothing of that shape"
            if case.evidence.alone[key] == "TF1":
                text = "TF1's network goes on to this, the port's ends before it"
            return [Cause(Kind.OUTPUT, key.name, text, keys)]
        if key.kind == LOSS:
            text = "no loss of the port's has the value of one of TF1's"
            return [Cause(Kind.LOSS, key.name, text, keys)]
    return []


def _optimizer(case: Case, update: int) -> str:
    own = case.evidence.old.updates
    name = own[update].optimizer if 0 <= update < len(own) else ""
    return case.evidence.matching.optimizers.get(name, name) or f"update {update + 1}"
