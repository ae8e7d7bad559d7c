"""An activation that one side's network alone ends in."""

from dcgan_v1.migration.comparison.evidence import Aligned
from dcgan_v1.migration.comparison.pairs.alignment import model_of
from dcgan_v1.migration.explanation import estimates
from dcgan_v1.migration.explanation.case import Case
from dcgan_v1.migration.explanation.kinds import Kind
from dcgan_v1.migration.explanation.layer_causes.layer_case import Reason


def is_end(rows: list[Aligned], place: int) -> bool:
    """Whether a layer is the last of a call of its network, of whose layers TF1 has the one before.

    Args:
      rows: layers side by side, in order.
      place: of the layer among them.
    """
    row, before = rows[place], rows[place - 1] if place else None
    behind = rows[place + 1].new if place + 1 < len(rows) else None
    model, (_, _, call) = model_of(row.new.name), row.new.name.partition("#")
    is_last = (
        behind is None
        or behind.kind == "model"
        or model_of(behind.name) != model
        or behind.name.partition("#")[2] != call
    )
    is_behind = before is not None and model_of(before.new.name) == model and before.old is not None
    return row.old is None and is_last and is_behind


def find(case: Case, mode: str, row: Aligned) -> Reason | None:
    """Returns the activation that makes what the port's network gives of what TF1's ends in, of
    which TF1 makes none itself, or the reverse; None where there is none.

    Args:
      case: where it is looked for.
      mode: 'training' or 'inference'.
      row: what the port's network gives, and the op beside it.
    """
    if row.old is not None and row.new.kind != "model":
        return None  # a layer that has an op beside it, whose activation that tells
    theirs, reads = row.new.output, row.new.reads if row.old is None else row.old.reads
    ops = [o for o in case.evidence.layers[mode] if set(o.reads) == set(reads)]
    ops = [o for o in ([row.old] if row.old else []) + ops if o.output.shape == theirs.shape]
    if any(o.kind == "activation" for o in ops):
        return None  # TF1's network has one there, too
    for op in ops:
        name = estimates.added_activation(op.output, theirs)
        # a loss may make a softplus of what its network ends in, by several ops
        if name and not (name == "softplus" and op.is_last):
            text = f"the network ends in {name}, TF1's in none ({op.name})"
            return Reason(Kind.ACTIVATION, text, values=(name, "none"))
    return None
