"""Whether a number is the share of one side of a mixture in TF1 and of the other in the port.

WGAN-GP's penalty is taken between real and fake images: x + a (fake - x) in some programs,
a x + (1 - a) fake in others. With a uniform from 0 to 1 both have one law."""

from collections.abc import Iterator

import numpy as np

from dcgan_v1.migration.comparison.evidence import FORWARD, GRADIENT, LOSS, Aligned
from dcgan_v1.migration.comparison.pairs.alignment import apart, model_of
from dcgan_v1.migration.explanation.case import MIXED_SHARES, Case, Cause
from dcgan_v1.migration.explanation.kinds import Kind
from dcgan_v1.migration.explanation.layer_causes.layer_case import AGREE
from dcgan_v1.migration.sources import ShareChange

ORDERS = ((0, 1, 2, 3), (0, 3, 1, 2))  # of maps, channels last and first
MIXED = 0.05  # apart from either side, relative: what is nearer is no mixture


def find(case: Case) -> list[Cause]:
    """Returns the cause of a network's call on such a mixture: what the port's is given is one of
    its arrays by the number itself, and TF1 has the mixture by one minus the number."""
    over = {d.key.name: d.key for d in case.over(FORWARD) if d.key.part == "training"}
    if not over or (case.agrees(LOSS) and case.agrees(GRADIENT)):
        return []
    rows = case.evidence.aligned.get("training", [])
    for row in rows:
        for name, of in _exchanged(case, rows, row):
            keys = frozenset(over[n] for n in _call_of(row, rows) if n in over)
            if not keys:
                continue
            text = (
                f"it is the share of {of} in what {model_of(row.new.name)} is given, in TF1 the "
                "share of what that is mixed with"
            )
            share = case.evidence.batch[name]
            is_share = share.min() >= 0 and share.max() <= 1
            text += " (the same law, where it is uniform from 0 to 1)" if is_share else ""
            accepted = MIXED_SHARES if is_share else ""
            change = (ShareChange(name),)
            return [Cause(Kind.SHARE, f"input {name}", text, keys, change, name=accepted)]
    return []


def _call_of(row: Aligned, rows: list[Aligned]) -> list[str]:
    """Names of the layers that a network calls from a layer on, in the same call."""
    model, _, number = _parts(row)
    place = next(i for i, other in enumerate(rows) if other is row)
    later = (r for r in rows[place:] if _parts(r)[::2] == (model, number))
    return [r.new.name for r in later]


def _parts(row: Aligned) -> tuple[str, str, str]:
    path, _, number = row.new.name.partition("#")
    return model_of(row.new.name), path, number


def _exchanged(case: Case, rows: list[Aligned], row: Aligned) -> Iterator[tuple[str, str]]:
    """Yields (a number, an array of a batch) for what a layer is given, where the number is the
    array's share in it and TF1 has the reverse."""
    x = row.new.input
    if x is None or not x.ndim:
        return
    size = x.size
    batch = {n: a for n, a in case.evidence.batch.items() if a.dtype.kind == "f" and a.ndim}
    shares = {n: a for n, a in batch.items() if a.size in (len(x), size) and len(a) == len(x)}
    theirs = [r.new.output for r in rows if r.new.output.size == size]
    ours = [la.output for la in case.evidence.layers["training"] if la.output.size == size]
    for order in ORDERS if shares and x.ndim == 4 else ORDERS[:1] if shares else ():
        flat, by_port, by_tf1 = (
            _flat(x, order),
            *([_flat(array, order) for array in arrays if array.ndim] for arrays in (theirs, ours)),
        )
        for name, share in shares.items():
            a = _flat(share, order)
            for of, side in batch.items():
                if side.size == size and side is not share:
                    for said, kept in ((of, a), (f"what {of} is mixed with", 1.0 - a)):
                        if _is_reverse(flat, _flat(side, order), kept, by_port, by_tf1):
                            yield name, said


def _is_reverse(
    x: np.ndarray,
    side: np.ndarray,
    kept: np.ndarray,
    theirs: list[np.ndarray],
    ours: list[np.ndarray],
) -> bool:
    """Whether the port mixes x of a side with the share `kept`, and TF1 with one minus it."""
    if apart(side, x)[0] < MIXED:
        return False
    return (
        _is_mixed(x, side, kept, theirs)
        and not any(_is_mixed(y, side, kept, ours) for y in ours)
        and any(_is_mixed(y, side, 1.0 - kept, ours) for y in ours)
    )


def _is_mixed(x: np.ndarray, side: np.ndarray, kept: np.ndarray, others: list[np.ndarray]) -> bool:
    """Whether x is one side by its share, and any of the others by the rest."""
    left = x - kept * side
    return any(
        apart((1.0 - kept) * other, left)[0] < AGREE and apart(other, x)[0] > MIXED
        for other in others
    )


def _flat(array: np.ndarray, order: tuple[int, ...]) -> np.ndarray:
    """Rows of numbers, [N, K]; those of maps in an order of their axes."""
    return (array.transpose(order) if array.ndim == 4 else array).reshape(len(array), -1)
