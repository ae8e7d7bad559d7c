"""Finds the first layer of each network whose output differs although its inputs agree.

Its kind says which experiments are made."""

from collections.abc import Iterable, Iterator

import numpy as np

from dcgan_v1.migration.comparison.evidence import FORWARD, GRADIENT, LOSS, OUTPUT, Aligned, Key
from dcgan_v1.migration.comparison.pairs.alignment import model_of
from dcgan_v1.migration.explanation.case import Case, Cause, Named
from dcgan_v1.migration.explanation.kinds import Kind
from dcgan_v1.migration.explanation.layer_causes import (
    closing_activations,
    known,
    layer_corrections,
    layer_reasons,
)
from dcgan_v1.migration.explanation.layer_causes.closing_activations import is_end
from dcgan_v1.migration.explanation.layer_causes.layer_case import AGREE
from dcgan_v1.migration.explanation.layer_causes.layer_corrections import base, is_alike


def find(case: Case, mode: str, late: bool) -> list[Cause]:
    """Returns causes of the first layers that differ, one for each model.

    Args:
      case: where they are looked for.
      mode: 'training' or 'inference'.
      late: in training, whether layers count that come after an update, or are called again.
    """
    rows = case.evidence.aligned.get(mode, [])
    over = {d.key.name for d in case.over(FORWARD) if d.key.part == mode}
    if not late:
        over -= _late(case, rows)
    models: set[str] = set()
    given: set[str] = set()  # layers that are given what differs already
    causes = []
    for place, row in enumerate(rows):
        model = model_of(row.new.name)
        if model not in models and row.old is None and (late or _is_first_call(row)):
            closing = _closing(case, mode, rows, place)
            models |= {model} if closing else set()
            causes += closing
        if model in models or row.new.name not in over or row.old is None:
            continue
        if row.relative <= AGREE:  # it is another call that differs
            continue
        if _is_of_idle_bias(case, row):
            continue
        if row.new.kind == "model" and _has_layers(rows[:place], model, over):
            continue  # what its layers make
        is_behind = place > 0 and rows[place - 1].new.name in over
        is_behind = is_behind or _name_ahead(rows, place) in given
        if is_behind and _is_downstream(case, mode, row):
            given.add(row.new.name)
            continue
        cause = _cause(case, mode, rows, place)
        if cause is not None:
            models.add(model)
            causes.append(cause)
            if not cause.changes:  # else what comes after it is seen when it is put right
                causes += _further(case, mode, rows, place, over)
    return causes


def _is_first_call(row: Aligned) -> bool:
    return not row.new.applied and "#" not in row.new.name


def _closing(case: Case, mode: str, rows: list[Aligned], place: int) -> list[Cause]:
    """The cause that the port's network ends in an activation of which TF1's has none."""
    row = rows[place]
    reason = closing_activations.find(case, mode, row) if is_end(rows, place) else None
    if reason is None:
        return []
    when = "in inference: " if mode == "inference" else ""
    keys = _consequences(case, mode, apart_from(case, mode, rows, model_of(row.new.name)))
    if not keys - case.accounted:
        return []
    return [Cause(reason.kind, base(row), when + reason.text, keys, values=reason.values)]


def _name_ahead(rows: list[Aligned], place: int) -> str:
    """The last layer ahead of a place that has an op beside it."""
    return next((r.new.name for r in reversed(rows[:place]) if r.old is not None), "")


def _is_of_idle_bias(case: Case, row: Aligned) -> bool:
    """Whether a layer differs by one number for each channel, and its bias has no gradient but
    rounding: Adam moves it by chance, and the batch norm behind it takes it away again."""
    evidence = case.evidence
    if row.old is None or not set(evidence.matching.exempt) & set(row.new.reads):
        return False
    off = (row.new.output - row.old.output).reshape(-1, row.new.output.shape[-1])
    left = float(np.max(np.abs(off - off[:1]), initial=0.0))
    return left <= AGREE * float(np.max(np.abs(row.old.output), initial=0.0))


def _further(
    case: Case, mode: str, rows: list[Aligned], first: int, over: set[str]
) -> Iterator[Cause]:
    """Yields causes of layers after the first that differs, of the same network: of those whose
    function shows in what they are given and give, whatever that is.

    Args:
      rows: layers of a mode; first: place of the one that differs first.
      over: names of layers that differ.
    """
    model = model_of(rows[first].new.name)
    for place in range(first + 1, len(rows)):
        row = rows[place]
        if model_of(row.new.name) != model or row.new.name not in over or row.old is None:
            continue
        reason = layer_reasons.by_itself(case, mode, rows, place)
        if reason is not None and "#" not in row.new.name:
            where = f"{base(row)} (TF1: {row.old.name})"
            yield Cause(reason.kind, where, reason.text, values=reason.values)


def _has_layers(rows: Iterable[Aligned], model: str, names: set[str]) -> bool:
    """Whether rows hold layers of a model that are among some names."""
    return any(r.new.name in names and model_of(r.new.name) == model for r in rows)


def _late(case: Case, rows: Iterable[Aligned]) -> set[str]:
    """Layers that an update comes before on either side; and later calls of what agreed in the
    first one, for it is the same layer."""
    differing = {d.key.name for d in case.over(FORWARD) if d.key.part == "training"}
    return {
        row.new.name
        for row in rows
        if row.new.applied
        or (row.old is not None and row.old.applied)
        or ("#" in row.new.name and row.new.name.partition("#")[0] not in differing)
    }


def _is_downstream(case: Case, mode: str, row: Aligned) -> bool:
    """Whether a layer is given what already differs; an input of the step in another range is
    none of that."""
    x = row.new.input
    return x is None or not (known.is_known(case, mode, x) or known.scaled_input(case, x))


def _cause(case: Case, mode: str, rows: list[Aligned], place: int) -> Cause | None:
    """The cause of one layer; None where it does what TF1 would do of what it is given."""
    row = rows[place]
    assert row.old is not None
    reason = layer_reasons.in_inference(case, row) if mode == "inference" else None
    reason = reason or layer_reasons.find(case, mode, rows, place)
    text = reason.text
    if not text:
        return None
    if mode == "inference" and "training" in case.evidence.aligned and "TF1 reads" not in text:
        text = f"in inference{' alone' if case.agrees(GRADIENT) else ''}: {text}"
    alike = frozenset(base(r) for r in rows for name in reason.settings if is_alike(r, row, name))
    if others := len(alike - {base(row)}):
        text += f" (set so in {others} more layer{'s' if others > 1 else ''})"
    is_given = reason.kind == Kind.SCALE  # the text is of what this very layer is given
    at = rows[place - 1] if _is_idle(rows, place - 1) and not is_given else row
    layer = base(at)
    beside = f" (TF1: {at.old.name})" if at.old else ""
    beside_it = {} if reason.op else reason.settings
    changes = (
        *layer_corrections.of_op(case, row, reason),
        *layer_corrections.changes(case, row, beside_it),
        *layer_corrections.paddings(case, row, reason.padding),
    )
    proof = Key(FORWARD, row.new.name, mode)
    settings = frozenset([*reason.settings, *reason.named])
    named = Named(alike | {base(row)}, settings, reason.place) if settings else None
    keys = _consequences(case, mode, apart_from(case, mode, rows, model_of(row.new.name)))
    at_layer = f"{layer}{beside}"
    return Cause(
        reason.kind, at_layer, text, keys, changes, proof, named=named, values=reason.values
    )


def _consequences(case: Case, mode: str, others: set[str]) -> frozenset[Key]:
    """What a layer that differs makes differ: in training all that is computed from it before an
    update; in inference outputs. Not the layers of `others`."""
    kinds = (FORWARD,) if mode == "inference" else (FORWARD, LOSS, GRADIENT)
    return frozenset(
        d.key
        for d in case.differences
        if d.is_over
        and d.key.kind in kinds
        and (mode == "training" or d.key.part == "inference")
        and not (d.key.kind == FORWARD and model_of(d.key.name) in others)
    )


def apart_from(case: Case, mode: str, rows: list[Aligned], model: str) -> set[str]:
    """Other networks that are given nothing of a model's: what they begin with TF1 has, too. A
    generator is one, beside its discriminator.

    Args:
      case: the evidence, and what may be asked of both programs.
      mode: 'training' or 'inference'.
      rows: layers side by side, in order.
      model: the network whose difference is known.
    """
    first: dict[str, Aligned] = {}
    for row in rows:
        first.setdefault(model_of(row.new.name), row)
    return {
        other
        for other, row in first.items()
        if other != model
        and row.new.input is not None
        and known.is_known(case, mode, row.new.input)
    }


def _is_idle(rows: list[Aligned], place: int) -> bool:
    """Whether a layer gives what it is given, and not for a bias of 0. What a whole model gives is
    that of its last layer, and no layer ahead of the next model's first."""
    if place < 1 or rows[place].new.kind in ("bias", "model"):
        return False
    before, now = rows[place - 1].new.output, rows[place].new.output
    return before.shape == now.shape and np.array_equal(before, now)


def written_otherwise(aligned: dict[str, list[Aligned]]) -> list[str]:
    """Returns a line for each layer of the port that TF1 writes in another way, and computes all
    the same."""
    rows = aligned.get("training") or aligned.get("inference", [])
    lines = [
        f"{row.new.name.partition('#')[0].removesuffix(OUTPUT)} is the {row.function} of TF1's "
        f"{row.old.name}"
        for row in rows
        if row.by == "function" and row.old is not None
    ]
    return list(dict.fromkeys(lines))
