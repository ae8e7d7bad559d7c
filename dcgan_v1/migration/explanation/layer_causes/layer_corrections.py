"""The changes to TF1's graph that would make a layer compute what the port's layer does."""

from dcgan_v1.migration.comparison.evidence import Aligned
from dcgan_v1.migration.comparison.pairs.alignment import model_of, reads_of
from dcgan_v1.migration.explanation.case import Case
from dcgan_v1.migration.explanation.layer_causes.layer_case import Reason
from dcgan_v1.migration.records import TYPE, LayerOutput
from dcgan_v1.migration.sources import Change, NumberChange, PaddingChange, TypeChange


def of_op(case: Case, at: Aligned, reason: Reason) -> tuple[Change, ...]:
    """What gives an op between two layers, and the same op in other copies of the network, the
    port's function."""
    if reason.op is None:
        return ()
    found = {
        _change(op, attribute, value)
        for name, value in reason.settings.items()
        for layer in (reason.op, *_copies(case, at, reason.op, name))
        for op, attribute in layer.knobs.get(name, [])
    }
    return tuple(sorted(found, key=lambda c: c.op))


def changes(case: Case, at: Aligned, settings: dict[str, float]) -> tuple[Change, ...]:
    """What gives every op of TF1's that stands beside a layer the port's numbers; those beside
    others of its kind, where both sides say the same numbers as there: what is found in one batch
    norm is not looked for in each; and the same ops in other copies of the network.

    Args:
      case: the evidence, and what may be asked of both programs.
      at: the layer whose difference is put right.
      settings: setting -> the port's number.
    """
    found = {
        _change(op, attribute, value)
        for rows in case.evidence.aligned.values()
        for row in rows
        if row.old is not None
        for name, value in settings.items()
        if base(row) == base(at) or is_alike(row, at, name)
        for layer in (row.old, *_copies(case, row, row.old, name))
        for op, attribute in layer.knobs.get(name, [])
    }
    return tuple(sorted(found, key=lambda c: c.op))


def _copies(case: Case, row: Aligned, beside: LayerOutput, name: str) -> list[LayerOutput]:
    """Ops of TF1's that are what stands beside a layer, in other copies of its network: where it is
    given what already differs, no value tells which of them is which."""
    model, aligned = model_of(row.new.name), case.evidence.aligned.values()
    every = [r for rows in aligned for r in rows]
    own = {n for r in every if model_of(r.new.name) == model for n in r.new.reads}
    # what a network makes of this one's output is made of the same weights, too
    others = {r.old.name for r in every if r.old and model_of(r.new.name) != model}
    seen = {n for r in every if r.old and model_of(r.new.name) == model for n in r.old.reads}
    behind = {n for r in every if model_of(r.new.name) != model for n in r.new.reads} - own - seen
    made_of, ours = reads_of(beside, own), beside.settings.get(name)
    return [
        op
        for layers in case.evidence.layers.values()
        for op in layers
        if made_of
        and op.kind == beside.kind
        and op.name not in others
        and not behind & set(op.reads)
        and (ours is not None or op.settings.get("op") == beside.settings.get("op"))
        and op.settings.get(name) == ours
        and reads_of(op, own) == made_of
    ]


def paddings(
    case: Case, at: Aligned, padding: tuple[int, int, int, int] | None
) -> tuple[Change, ...]:
    """What gives every convolution of TF1's that stands beside a layer the port's padding.

    Args:
      case: the evidence, and what may be asked of both programs.
      at: the layer whose difference is put right.
      padding: the port's.
    """
    if padding is None:
        return ()
    ops = {
        op
        for rows in case.evidence.aligned.values()
        for row in rows
        if row.old is not None and base(row) == base(at)
        for op, _ in row.old.knobs.get("padding", [])
    }
    return tuple(PaddingChange(op, padding[:2], padding[2:]) for op in sorted(ops))


def _change(op: str, attribute: str, value: float) -> NumberChange | TypeChange:
    """What a knob, see `LayerOutput`, is set to."""
    if attribute.startswith(TYPE):
        return TypeChange(op, attribute.removeprefix(TYPE), value)
    return NumberChange(op, attribute, value)


def base(row: Aligned) -> str:
    return row.new.name.partition("#")[0]


def is_alike(row: Aligned, at: Aligned, name: str) -> bool:
    """Whether both sides' settings of a name are as at another layer of the same kind; where the
    port's has no such number, ReLU no slope, whether it is of the same class.

    Args:
      row: the layer that is asked about.
      at: the layer whose difference is put right.
      name: of the setting.
    """
    if row.old is None or at.old is None or row.new.kind != at.new.kind:
        return False
    if name not in row.new.settings and not (name in row.old.knobs and name in at.old.knobs):
        return False
    theirs, ours = _set_to(row.new, name), row.old.settings.get(name)
    is_same_op = ours is not None or row.old.settings.get("op") == at.old.settings.get("op")
    is_as_there = ours == at.old.settings.get(name) and is_same_op
    return theirs is not None and theirs == _set_to(at.new, name) and is_as_there


def _set_to(layer: LayerOutput, name: str) -> object:
    return layer.settings.get(name, layer.settings.get("class"))
