"""Batch norm over a joined batch on one side, over each of its parts by itself on the other."""

from collections.abc import Iterator

import numpy as np

from dcgan_v1.migration.comparison.evidence import AVERAGE, FORWARD, GRADIENT, LOSS, STATE, Aligned
from dcgan_v1.migration.comparison.pairs.alignment import apart, model_of
from dcgan_v1.migration.explanation import estimates, passes
from dcgan_v1.migration.explanation.case import Case, Cause
from dcgan_v1.migration.explanation.kinds import Kind
from dcgan_v1.migration.explanation.layer_causes.first_differences import apart_from
from dcgan_v1.migration.explanation.layer_causes.layer_case import AGREE
from dcgan_v1.migration.explanation.layer_causes.layer_reasons import weights_of
from dcgan_v1.migration.records import Arrays, LayerOutput


def find(case: Case) -> list[Cause]:
    """Returns the cause of the first batch norm that takes its statistics of other rows: what one
    side normalises is a part of what the other does."""
    rows = case.evidence.aligned.get("training", [])
    layers = case.evidence.layers.get("training", [])
    for place, row in enumerate(rows):
        if row.new.kind != "norm" or row.by == "value":
            continue
        weights = weights_of(case, row.new)
        x = passes.given(rows[:place], row, [weights])
        op = None if x is None else _counterpart(layers, x, weights)
        if x is not None and op is not None:
            cause = _cause(case, row, len(x), op)
            return [cause] if cause.keys - case.accounted else []
    return []


def _counterpart(layers: list[LayerOutput], x: np.ndarray, weights: Arrays) -> LayerOutput | None:
    """TF1's op that normalises rows of which x is a part, or that are a part of x."""
    for place, op in enumerate(layers):
        if _is_part(op.output, x) or _is_part(x, op.output):
            for later in layers[place + 1 :]:
                told = estimates.norm_epsilon(op.output, later.output, weights)
                if told and told[2] < passes.NORMALISED and -passes.NORMALISED < told[0] < 1:
                    return later
    return None


def _is_part(whole: np.ndarray, part: np.ndarray) -> bool:
    """Whether rows are some of another array's, side by side."""
    if whole.ndim != part.ndim or whole.shape[1:] != part.shape[1:] or len(whole) <= len(part):
        return False
    return any(apart(part, rows)[0] <= AGREE for rows in _parts(whole, len(part)))


def _parts(whole: np.ndarray, size: int) -> Iterator[np.ndarray]:
    for start in range(0, len(whole) - size + 1, size):
        yield whole[start : start + size]


def _cause(case: Case, row: Aligned, count: int, op: LayerOutput) -> Cause:
    text = (
        f"normalises {count} rows by their own statistics, TF1's {len(op.output)} rows: a batch is "
        "joined on one side alone"
    )
    rows = case.evidence.aligned.get("training", [])
    others = apart_from(case, "training", rows, model_of(row.new.name))
    keys = frozenset(
        d.key
        for d in case.differences
        if d.is_over
        and (
            d.key.kind in (FORWARD, LOSS, GRADIENT)  # what keeps no averages does so in inference
            or (d.key.kind == STATE and d.key.part == AVERAGE)
        )
        and not (d.key.kind == FORWARD and model_of(d.key.name) in others)
    )
    where = f"{row.new.name.partition('#')[0]} (TF1: {op.name})"
    return Cause(Kind.NORM_ROWS, where, text, keys)
