"""Why layers differ: finds the first of each network whose output differs with equal inputs.

Its kind says which experiments are made."""

from collections.abc import Iterable

import numpy as np

from dcgan_v1.migration.comparison.alignment import apart, model_of
from dcgan_v1.migration.comparison.evidence import FORWARD, GRADIENT, LOSS, OUTPUT, Aligned, Key
from dcgan_v1.migration.explanation import layer_experiments, norm_layers, probes
from dcgan_v1.migration.explanation.case import Case, Cause, Named
from dcgan_v1.migration.explanation.layer_case import AGREE, LayerCase, Reason
from dcgan_v1.migration.records import (
    TYPE,
    Arrays,
    Change,
    LayerOutput,
    NumberChange,
    PaddingChange,
    TypeChange,
)

ROUNDED = 1e-6  # relative, of what was computed in float32 once
AHEAD = 12  # ops of TF1's after a layer that may do what the port does between two layers


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
    causes = []
    for place, row in enumerate(rows):
        model = model_of(row.new.name)
        if model in models or row.new.name not in over or row.old is None:
            continue
        if row.relative <= AGREE:  # it is another call that differs
            continue
        if row.new.kind == "model" and _has_layers(rows[:place], model, over):
            continue  # what its layers make
        if place and rows[place - 1].new.name in over and _is_downstream(case, mode, row):
            continue
        cause = _cause(case, mode, rows, place)
        if cause is not None:
            models.add(model)
            causes.append(cause)
    return causes


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
    return x is None or not (_is_known(case, mode, x) or _scaled_input(case, x))


def _is_known(case: Case, mode: str, array: np.ndarray) -> bool:
    """Whether TF1 computes the values of an array, or is given them."""
    for layer in case.evidence.layers[mode]:
        if layer.output.shape == array.shape and apart(layer.output, array)[0] <= AGREE:
            return True
    return any(
        value.shape == array.shape and np.array_equal(value, array)
        for value in case.evidence.batch.values()
    )


def _cause(case: Case, mode: str, rows: list[Aligned], place: int) -> Cause | None:
    """The cause of one layer; None where it does what TF1 would do of what it is given."""
    row = rows[place]
    assert row.old is not None
    reason = _in_inference(case, row) if mode == "inference" else None
    reason = reason or _reason(case, mode, rows, place)
    text = reason.text
    if not text:
        return None
    if mode == "inference" and "training" in case.evidence.aligned and "TF1 reads" not in text:
        text = f"in inference alone: {text}"
    alike = frozenset(_base(r) for r in rows for name in reason.settings if _is_alike(r, row, name))
    if others := len(alike - {_base(row)}):
        text += f" (set so in {others} more layer{'s' if others > 1 else ''})"
    at = rows[place - 1] if _is_idle(rows, place - 1) else row
    base = at.new.name.partition("#")[0]
    beside = f" (TF1: {at.old.name})" if at.old else ""
    changes = (*_changes(case, row, reason.settings), *_paddings(case, row, reason.padding))
    proof = Key(FORWARD, row.new.name, mode)
    settings = frozenset([*reason.settings, *reason.named])
    named = Named(alike | {_base(row)}, settings, reason.place) if settings else None
    keys = _consequences(case, mode, _apart_from(case, mode, rows, model_of(row.new.name)))
    return Cause(f"{base}{beside}", text, keys, changes, proof, named=named)


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


def _apart_from(case: Case, mode: str, rows: list[Aligned], model: str) -> set[str]:
    """Other networks that are given nothing of a model's: what they begin with TF1 has, too. A
    generator is one, beside its discriminator."""
    first: dict[str, Aligned] = {}
    for row in rows:
        first.setdefault(model_of(row.new.name), row)
    return {
        other
        for other, row in first.items()
        if other != model and row.new.input is not None and _is_known(case, mode, row.new.input)
    }


def _changes(case: Case, at: Aligned, settings: dict[str, float]) -> tuple[Change, ...]:
    """What gives every op of TF1's that stands beside a layer the port's numbers; and those beside
    others of its kind, where both sides say the same numbers as there: what is found in one batch
    norm is not looked for in each."""
    changes = {
        _change(op, attribute, value)
        for rows in case.evidence.aligned.values()
        for row in rows
        if row.old is not None
        for name, value in settings.items()
        if _base(row) == _base(at) or _is_alike(row, at, name)
        for op, attribute in row.old.knobs.get(name, [])
    }
    return tuple(sorted(changes, key=lambda c: c.op))


def _paddings(
    case: Case, at: Aligned, padding: tuple[int, int, int, int] | None
) -> tuple[Change, ...]:
    """What gives every convolution of TF1's that stands beside a layer the port's padding."""
    if padding is None:
        return ()
    ops = {
        op
        for rows in case.evidence.aligned.values()
        for row in rows
        if row.old is not None and _base(row) == _base(at)
        for op, _ in row.old.knobs.get("padding", [])
    }
    return tuple(PaddingChange(op, padding[:2], padding[2:]) for op in sorted(ops))


def _change(op: str, attribute: str, value: float) -> NumberChange | TypeChange:
    """What a knob, see `LayerOutput`, is set to."""
    if attribute.startswith(TYPE):
        return TypeChange(op, attribute.removeprefix(TYPE))
    return NumberChange(op, attribute, value)


def _base(row: Aligned) -> str:
    return row.new.name.partition("#")[0]


def _is_alike(row: Aligned, at: Aligned, name: str) -> bool:
    """Whether both sides' settings of a name are as at another layer of the same kind."""
    if row.old is None or at.old is None or row.new.kind != at.new.kind:
        return False
    theirs, ours = row.new.settings.get(name), row.old.settings.get(name)
    return (
        theirs is not None
        and theirs == at.new.settings.get(name)
        and ours == at.old.settings.get(name)
    )


def _is_idle(rows: list[Aligned], place: int) -> bool:
    """Whether a layer gives what it is given, and not for a bias of 0. What a whole model gives is
    that of its last layer, and no layer ahead of the next model's first."""
    if place < 1 or rows[place].new.kind in ("bias", "model"):
        return False
    before, now = rows[place - 1].new.output, rows[place].new.output
    return before.shape == now.shape and np.array_equal(before, now)


def _reason(case: Case, mode: str, rows: list[Aligned], place: int) -> Reason:
    row = rows[place]
    assert row.old is not None
    unknown = Reason(f"the output differs by {row.absolute:.1e} ({row.relative:.1e})")
    before = rows[place - 1].new.output if place else None
    x, ours, theirs = row.new.input, row.old.output, row.new.output
    if x is not None and not _is_known(case, mode, x):
        # what the layer is given differs already: something between the two layers
        between = _scaled_input(case, x)
        if between is None and before is not None:
            between = _between(case, mode, rows[place - 1], before, x)
        if between is not None:
            return between
    x = before if x is None else x
    if x is None:
        return unknown
    layer = LayerCase(case, mode, row, x, ours, theirs, _weights(case, row.new))
    if row.new.kind == "norm" and (elsewhere := norm_layers.elsewhere(layer)):
        return elsewhere
    if place and (skipped := _skipped(case, mode, rows[place - 1], row, x)):
        return skipped
    find_by_kind = layer_experiments.BY_KIND.get(row.new.kind, layer_experiments.anything)
    return find_by_kind(layer) or unknown


def _scaled_input(case: Case, x: np.ndarray) -> Reason | None:
    """Whether a network is given an input of the step in another range."""
    for name, value in case.evidence.batch.items():
        if value.shape != x.shape or value.dtype.kind != "f" or not np.ptp(value):
            continue
        a = float(np.ptp(x) / np.ptp(value))
        for scale in (a, -a):
            shift = float(np.mean(x) - scale * np.mean(value))
            if apart(x, scale * value + shift)[0] < AGREE:
                return Reason(
                    f"the port scales its input: {scale:.4g} times TF1's {name}, plus {shift:.4g} "
                    f"({x.min():.3g} to {x.max():.3g}, TF1's {value.min():.3g} to "
                    f"{value.max():.3g})"
                )
    return None


def _skipped(case: Case, mode: str, last: Aligned, row: Aligned, x: np.ndarray) -> Reason | None:
    """What TF1 does between two layers that the port leaves out."""
    layers = case.evidence.layers[mode]
    names = [layer.name for layer in layers]
    if last.old is None or row.old is None:
        return None
    start, stop = names.index(last.old.name), names.index(row.old.name)
    for layer in layers[start + 1 : stop]:
        y = layer.output
        if y.shape != x.shape and _is_flattened(x, last.new.output):
            x = last.new.output
        if y.shape != x.shape or apart(y, x)[0] <= AGREE:
            continue
        if apart(y, x)[0] < ROUNDED:
            return Reason(f"what it is given is TF1's {layer.name} as float32 rounds it")
        before = last.new.output
        if before.size == x.size and not np.array_equal(before.ravel(), x.ravel()):
            known = [probes.named_activation(before.reshape(x.shape), side) for side in (y, x)]
            if None not in known and known[0] != known[1]:
                return Reason("the activation is {1}, TF1's is {0}".format(*known))
        if name := probes.named_activation(x, y):
            return Reason(f"{name} is left out before it; TF1 has it ({layer.name})")
        kept = y != 0
        if not kept.all() and kept.any() and np.ptp(y[kept] / x[kept]) < AGREE:
            return Reason("dropout is left off: the output is the input")
    return None


def _is_flattened(x: np.ndarray, maps: np.ndarray) -> bool:
    """Whether an array holds the numbers of another one, in any order."""
    return x.size == maps.size and np.array_equal(np.sort(x, axis=None), np.sort(maps, axis=None))


def _between(
    case: Case, mode: str, row: Aligned, x: np.ndarray, theirs: np.ndarray
) -> Reason | None:
    """What a port does between two layers by itself: TF1's ops of that shape that come next, and
    are made of the same variables, are tried."""
    layers = case.evidence.layers[mode]
    names = [layer.name for layer in layers]
    start = names.index(row.old.name) if row.old else 0
    for layer in layers[start + 1 : start + AHEAD]:
        if layer.output.shape == theirs.shape:
            tried = LayerCase(case, mode, row, x, layer.output, theirs, {})
            if reason := layer_experiments.anything(tried):
                return reason
    return None


def _weights(case: Case, layer: LayerOutput) -> Arrays:
    """part -> TF1's array of the layer's variables, at the start."""
    path = layer.name.partition("#")[0]
    info = case.evidence.new.variables
    if layer.parts:
        old_of = {r.new: r.old for r in case.evidence.matching.rows}
        return {
            part: case.evidence.start.variables[old_of[name]]
            for part, name in layer.parts.items()
            if name in old_of
        }
    return {
        info[r.new].part: case.evidence.start.variables[r.old]
        for r in case.evidence.matching.rows
        if info[r.new].layer == path
    }


def _in_inference(case: Case, row: Aligned) -> Reason | None:
    """Averages of weights: TF1 may read shadows where the port reads raw weights."""
    start = case.evidence.start
    shadows = {
        name.removesuffix("/ExponentialMovingAverage"): name
        for name in start.variables
        if name.endswith("/ExponentialMovingAverage")
    }
    used = {r.old for r in case.evidence.matching.rows} & shadows.keys()
    if not used:
        return None
    averaged = start.replaced({name: start.variables[shadows[name]] for name in used})
    output = case.experiments.output_with([], row.new.name, "inference", averaged)
    if _is_known(case, "inference", output):
        return Reason(
            "TF1 reads the moving averages of the weights (ExponentialMovingAverage "
            "shadows) in inference, the port the raw weights"
        )
    return None


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
