"""The rows of a report's tables: variables, layers, differences, their summary, speed."""

import os
import statistics
from collections.abc import Mapping

from dcgan_v1.migration.comparison import differences
from dcgan_v1.migration.comparison.differences import Difference
from dcgan_v1.migration.comparison.evidence import FORWARD, GRADIENT, LOSS, STATE
from dcgan_v1.migration.comparison.pipeline import Comparison

TITLES = {
    FORWARD: "outputs of the layers",
    LOSS: "losses",
    GRADIENT: "gradients of the first step",
    STATE: "weights, slots and averages",
}


def variables(exact: Comparison) -> list[dict[str, object]]:
    """Which variable is which, by what, and those of TF1's that have no counterpart."""
    ours, theirs = exact.evidence.old.variables, exact.evidence.new.variables
    matching = exact.evidence.matching
    rows: list[dict[str, object]] = [
        {
            "tf1": row.old,
            "shape": ours[row.old].shape,
            "other": row.new,
            "other_shape": theirs[row.new].shape,
            "layout": row.layout.text(),
            "trainable": ours[row.old].trainable,
            "by": row.by,
            "distance": row.distance,
            "runner_up": row.runner_up,
            "sure": bool(row.is_sure),
        }
        for row in matching.rows
    ]
    empty: dict[str, object] = {
        "other": "",
        "other_shape": "",
        "layout": "",
        "by": "",
        "distance": None,
    }
    for name in matching.old_only:
        own = {"tf1": name, "shape": ours[name].shape, "trainable": ours[name].trainable}
        rows.append({**own, **empty, "distance": None, "runner_up": None, "sure": True})
    return rows


def layers(exact: Comparison) -> list[dict[str, object]]:
    """Which op of TF1's stands beside each layer, by what, and how far apart."""
    return [
        {
            "mode": mode,
            "other": a.new.name,
            "tf1": f"{a.function} of {a.old.name}" if a.function and a.old else a.old.name,
            "by": a.by,
            "relative": a.relative,
        }
        if a.old
        else {"mode": mode, "other": a.new.name, "tf1": "", "by": a.by, "relative": None}
        for mode, rows in exact.evidence.aligned.items()
        for a in rows
    ]


def difference(d: Difference) -> dict[str, object]:
    """One array of both programs, and how far apart."""
    return {
        "kind": d.key.kind,
        "name": str(d.key),
        "part": d.key.part,
        "step": d.key.step,
        "counts": d.key.counts,
        "absolute": d.absolute,
        "relative": d.relative,
        "tolerance": d.tolerance,
        "largest": d.largest,
        "is_over": d.is_over,
    }


def summary(comparison: Comparison) -> list[dict[str, object]]:
    """One row for each kind of array: its worst case and TF1's own rounding."""
    rows = []
    for kind in TITLES:
        of_kind = [d for d in comparison.differences if d.key.kind == kind]
        if not of_kind:
            continue
        first = next((d for d in of_kind if d.is_over), differences.worst(of_kind))
        own = [d.relative for d in comparison.control if d.key.quantity == first.key.quantity]
        rows.append(
            {
                "dtype": comparison.evidence.dtype,
                "kind": kind,
                "arrays": len(of_kind),
                "over": sum(d.is_over for d in of_kind),
                "worst": str(first.key),
                "relative": first.relative,
                "absolute": first.absolute,
                "tolerance": first.tolerance,
                "noise": max(own) if own else None,
            }
        )
    return rows


def floors(comparisons: Mapping[str, Comparison]) -> dict[str, float]:
    """Quantity -> the largest difference of TF1 from itself, in float32."""
    floors: dict[str, float] = {}
    for comparison in comparisons.values():
        for d in comparison.control:
            floors[d.key.quantity] = max(floors.get(d.key.quantity, 0.0), d.relative)
    return floors


def speed(comparison: Comparison) -> dict[str, object] | None:
    """Medians of the timed rounds, and their ratios round by round."""
    if not comparison.speeds:
        return None
    ours, theirs = zip(*comparison.speeds, strict=True)
    ratios = [b.seconds / a.seconds for a, b in comparison.speeds]
    return {
        "tf1_seconds": statistics.median(s.seconds for s in ours),
        "other_seconds": statistics.median(s.seconds for s in theirs),
        "ratio": statistics.median(ratios),
        "ratio_range": [min(ratios), max(ratios)],
        "tf1_peak_bytes": ours[-1].peak_bytes,
        "other_peak_bytes": theirs[-1].peak_bytes,
        "dtype": comparison.evidence.dtype,
        "load": os.getloadavg()[0],
    }
