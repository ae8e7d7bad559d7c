"""What networks end in: the numbers that losses are made of."""

import numpy as np

from dcgan_v1.migration.comparison.pairs.alignment import model_of, reads_of
from dcgan_v1.migration.explanation import loss_kinds
from dcgan_v1.migration.explanation.case import Case
from dcgan_v1.migration.records import LayerOutput


def ends(case: Case) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Returns the logits that networks end in, one number for each row: TF1's and the port's. Of a
    batch that is joined on one side its parts are meant."""
    ours: list[np.ndarray] = []
    theirs: list[np.ndarray] = []
    for row in case.evidence.aligned.get("training", []):
        end = row.new.output
        if not _is_column(end):
            continue
        olds = [row.old.output] if row.old is not None and row.old.output.ndim else []
        if row.by in ("use", "nothing"):  # of a joined batch it may be an op of the loss
            olds = _joined_ends(case, row.new) or olds
        for old in olds:
            count = min(len(old), len(end))
            for outputs, array in ((ours, old), (theirs, end)):
                if row.function == "sigmoid":
                    array = np.log(array) - np.log1p(-array)
                _add_parts(outputs, array, count)
    return ours, theirs


def losses(case: Case) -> tuple[list[loss_kinds.Known], list[loss_kinds.Known]]:
    """Returns the losses of this field that are made of both sides' ends. Numbers that are all
    alike are left out: of these, losses of other kinds have the same value."""
    ours, theirs = ([y for y in side if np.ptp(y) > 0] for side in ends(case))
    return list(loss_kinds.values(ours)), list(loss_kinds.values(theirs))


def _is_column(array: np.ndarray) -> bool:
    """Whether an array holds one number for each row."""
    return bool(array.ndim) and array.size == len(array)


def _add_parts(outputs: list[np.ndarray], array: np.ndarray, count: int) -> None:
    """Adds the parts of an array that have so many rows, but for such as are there."""
    for part in np.split(array, len(array) // count) if len(array) % count == 0 else [array]:
        if not any(part.shape == a.shape and np.array_equal(part, a) for a in outputs):
            outputs.append(part)


def _joined_ends(case: Case, layer: LayerOutput) -> list[np.ndarray]:
    """What TF1's network ends in, where that is of as many rows as several of the port's calls, or
    several of its copies are of as many as one call; then perhaps ops of the loss."""
    model = model_of(layer.name)
    own = {r.old for r in case.evidence.matching.rows if model_of(r.new) == model}
    found = []
    for op in case.evidence.layers.get("training", []):
        if not _is_column(op.output):
            continue
        few, many = sorted((len(op.output), len(layer.output)))
        is_joined = few < many and not many % few
        if op.is_last and is_joined and layer.reads and reads_of(op, own) == set(layer.reads):
            found.append(op.output)
    return found
