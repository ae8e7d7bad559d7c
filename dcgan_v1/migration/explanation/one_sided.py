"""What one side alone has: gradients, losses, draws, outputs."""

import numpy as np

from dcgan_v1.migration.comparison.evidence import FORWARD, GRADIENT, LOSS, STATE, WEIGHT, Key
from dcgan_v1.migration.explanation import estimates, losses
from dcgan_v1.migration.explanation.case import Case, Cause, silent
from dcgan_v1.migration.explanation.kinds import Kind

ONE = 1e-6  # how far from 1 a factor of steps must be, by rounding


def structure(case: Case) -> list[Cause]:
    """Returns causes of gradients that one side alone takes."""
    alone = case.evidence.alone
    gradients = [key for key in alone if key.kind == GRADIENT and key not in case.accounted]
    ours = [key for key in gradients if alone[key] == "TF1"]
    theirs = [key for key in gradients if alone[key] == "port"]
    keys = frozenset([*gradients, *_states_of(case, {k.name for k in gradients})])
    if gradients and (text := _other_number(case)):
        every = keys | {d.key for d in case.differences if d.key.kind != FORWARD}
        return [Cause(Kind.TRAINED, gradients[0].name, text, every)]
    both = {key.name for key in ours} & {key.name for key in theirs}
    if alike := {name for name in both if _moves_alike(case, name)}:
        # other groups of the same updates: what moves in the same way is no cause
        return [silent(frozenset(k for k in gradients if k.name in alike))]
    for key in theirs:
        other = next((o for o in ours if o.name == key.name), None)
        if other is not None:
            names = [_optimizer(case, k.update) for k in (other, key)]
            if times := _times_as_far(case, key.name):
                text = (
                    f"steps of {names[1]} for it are {times:.6g} times as long as those of "
                    f"{_own_name(case, other.update)}, which TF1 trains it by: the rate of a group "
                    "of variables, or the wrong optimiser"
                )
                return [Cause(Kind.LEARNING_RATE, key.name, text, keys, stage=STATE)]
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


def shared_slots(case: Case) -> list[Cause]:
    """Returns causes of variables that one optimiser of the port's moves twice in a step, with the
    same slots, where TF1 has an optimiser with slots of its own for each of both."""
    evidence = case.evidence
    mark = Key(STATE, "", "shared slots")
    if evidence.first is None or mark in case.accounted:
        return []
    pairs: dict[tuple[str, ...], list[str]] = {}  # TF1's optimisers -> what they move
    for name in sorted(evidence.trained):
        movers = {u.optimizer: "" for u in evidence.old.updates if name in u.variables}
        news = {evidence.matching.optimizers.get(optimizer) for optimizer in movers}
        has_slots = any(key.variable == name for key in evidence.old.slots.values())
        if len(movers) > 1 and len(news) == 1 and None not in news and has_slots:
            pairs.setdefault(tuple(movers), []).append(name)
    causes = []
    for both, names in pairs.items():
        new = evidence.matching.optimizers[both[0]]
        text = (
            f"{new} makes {len(both)} updates of {len(names)} variables in a step, with the same "
            f"slots; TF1 has an optimiser for each, {' and '.join(both)}, with slots of its own: "
            "what comes after the first of them cannot be compared"
        )
        if any(d.is_over and _is_moved(case, d.key, names) for d in case.differences):
            keys = frozenset([mark, *_after_second(case, both, names)])
            causes.append(Cause(Kind.OPTIMIZER, new, text, keys))
    return causes


def _after_second(case: Case, both: tuple[str, ...], names: list[str]) -> list[Key]:
    """Keys of what differs and is of variables that are moved twice, or of what is computed when
    the second of their updates is made. What comes before that has causes of its own."""
    second = [i for i, u in enumerate(case.evidence.old.updates) if {*u.variables} & {*names}][1]
    counts = [f"updates of {optimizer}" for optimizer in both]

    def is_after(key: Key) -> bool:
        if key.kind == GRADIENT:
            return key.update > second
        if key.kind == LOSS and not key.step:
            return min(losses.updates_of(case, key), default=-1) > second
        return key.step > 1 or (key.kind == STATE and case.evidence.owner(key.name) > second)

    keys = [d.key for d in case.differences if d.is_over]
    return [k for k in keys if k.name in counts or _is_moved(case, k, names) or is_after(k)]


def _is_moved(case: Case, key: Key, names: list[str]) -> bool:
    """Whether something is the state of one of some variables, or of a slot of it."""
    return key.kind == STATE and case.evidence.variable_of(key.name) in names


def _moves_alike(case: Case, name: str) -> bool:
    weight = Key(STATE, name, WEIGHT, 1)
    return weight in case.evidence.theirs and not _states_of(case, {name})


def _times_as_far(case: Case, name: str) -> float | None:
    """How many times as far a variable moves in the port's first step, where one number tells:
    what moves alike in it may part later, and no rate turns a step around."""
    evidence, key = case.evidence, Key(STATE, name, WEIGHT, 1)
    if key not in evidence.ours or key not in evidence.theirs:
        return None
    before = np.asarray(evidence.start.variables[name], np.float64)
    times = estimates.factor(evidence.ours[key] - before, evidence.theirs[key] - before)
    return times if times is not None and times > 0 and abs(times - 1) > ONE else None


def _own_name(case: Case, update: int) -> str:
    own = case.evidence.old.updates
    return own[update].optimizer if 0 <= update < len(own) else f"update {update + 1}"


def _other_number(case: Case) -> str:
    """Says which optimiser a step applies more often on one side, or ''. One side may have a single
    optimiser for what the other does by two: then there are as many updates in all."""
    evidence = case.evidence
    if evidence.first is None:
        return ""
    gradients, matching = evidence.first[1].gradients, evidence.matching.optimizers
    if len({k.update for k in gradients}) == len(evidence.old.updates):
        return ""
    for new in dict.fromkeys(matching.values()):
        ours = sum(matching.get(update.optimizer) == new for update in evidence.old.updates)
        theirs = len({k.update for k in gradients if k.optimizer == new})
        if theirs and ours != theirs:
            return (
                f"{new} is applied {_times(theirs)} in a step of the port, {_times(ours)} in "
                "TF1's: what comes after the first of them cannot be compared"
            )
    return ""


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"


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
            what = "value" if _is_of_known_shape(case, key) else "shape"
            text = f"TF1 computes nothing of that {what}"
            if case.evidence.alone[key] == "TF1":
                text = "TF1's network goes on to this, the port's ends before it"
            return [Cause(Kind.OUTPUT, key.name, text, keys)]
        if key.kind == LOSS:
            text = "no loss of the port's has the value of one of TF1's"
            return [Cause(Kind.LOSS, key.name, text, keys)]
    return []


def _is_of_known_shape(case: Case, key: Key) -> bool:
    """Whether TF1 computes something of the shape that a layer of the port gives."""
    rows = [r for r in case.evidence.aligned.get(key.part, []) if r.new.name == key.name]
    shapes = {layer.output.shape for layer in case.evidence.layers.get(key.part, [])}
    return any(row.new.output.shape in shapes for row in rows)


def _optimizer(case: Case, update: int) -> str:
    own = case.evidence.old.updates
    name = own[update].optimizer if 0 <= update < len(own) else ""
    return case.evidence.matching.optimizers.get(name, name) or f"update {update + 1}"
