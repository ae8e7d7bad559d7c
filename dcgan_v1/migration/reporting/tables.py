"""What a comparison found, as one dict of tables that JSON can hold."""

import os
import platform
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dcgan_v1 import __version__
from dcgan_v1.migration.comparison import differences, gradient_check, program_lines, units
from dcgan_v1.migration.comparison.differences import Difference
from dcgan_v1.migration.comparison.evidence import FORWARD, GRADIENT, LOSS, STATE
from dcgan_v1.migration.comparison.pipeline import Comparison, Outcome
from dcgan_v1.migration.comparison.preparation import Request
from dcgan_v1.migration.comparison.rounding import KINK_UNITS
from dcgan_v1.migration.explanation.case import PORT_AVERAGES, SECOND_NOISE, Finding
from dcgan_v1.migration.explanation.layers import written_otherwise
from dcgan_v1.migration.recordings.replay import Replay
from dcgan_v1.migration.reporting import settings
from dcgan_v1.runtime import cores, processor

Report = dict[str, Any]  # of what JSON holds
TITLES = {
    FORWARD: "outputs of the layers",
    LOSS: "losses",
    GRADIENT: "gradients of the first step",
    STATE: "weights, slots and averages",
}

DEVICES = {  # as a report names them
    "cpu": "CPU (GPUs are hidden: their kernels are not reproducible)",
    "gpu": "GPU for TF1's program and a Keras port, whose kernels are not reproducible",
}


def build(
    outcome: Outcome,
    request: Request,
    title: tuple[str, str],
    notes: Mapping[str, str],
    accepted: Sequence[str] = (),
    replay: Replay | None = None,
) -> Report:
    """Returns the report.

    Args:
      outcome: of a comparison that went through.
      request: what was asked for.
      title: what TF1's side is called, and the port.
      notes: name -> text that goes to the environment.
      accepted: names of causes that are no difference.
      replay: of a recording, how far its TensorFlow is from today's.
    """
    comparisons = outcome.comparisons
    exact = next(iter(comparisons.values()))
    found = [*exact.findings, *_averages(outcome), *_second_noise(outcome)]
    agrees = not any(d.is_over and d.key.counts for d in exact.differences)
    findings = [*found, *(_rounding(comparisons) if agrees or not found else [])]
    open_findings = [f for f in findings if f.name not in accepted or not f.name]
    return {
        "old": title[0],
        "new": title[1],
        "same": not open_findings,
        "findings": [_finding(f) for f in open_findings],
        "accepted": [_finding(f) for f in findings if f not in open_findings],
        "compared": _scope(exact),
        "roles": _roles(outcome),
        "written otherwise": [
            *written_otherwise(exact.evidence.aligned),
            *units.sentences(exact.evidence),
        ],
        "altered": exact.evidence.new.altered,
        "races": exact.evidence.old.races,
        "not compared": list(dict.fromkeys(n for c in comparisons.values() for n in c.notes)),
        "precision": _precision(comparisons, outcome.refused),
        "environment": {**_environment(outcome, request), **notes},
        "variables": _variables(exact),
        "layers": _layers(exact),
        "summary": [row for c in comparisons.values() for row in _summary(c)],
        "speed": _speed(next(reversed(comparisons.values()))),
        "settings": settings.sides(exact),
        "differences": {
            dtype: [_row(d) for d in c.differences] for dtype, c in comparisons.items()
        },
        "noise": _floors(comparisons),
        "replay": replay.as_dict() if replay else None,
    }


def _finding(finding: Finding) -> dict[str, str]:
    return {"where": finding.where, "cause": finding.cause, "name": finding.name}


def _averages(outcome: Outcome) -> list[Finding]:
    """Averages that only the port keeps."""
    names = outcome.pairing.port_only_averages
    if not names:
        return []
    text = (
        f"the port keeps {len(names)} averages that TF1 has not, and no training step reads: "
        "training is compared, inference is another function"
    )
    return [Finding(names[0], text, PORT_AVERAGES)]


def _second_noise(outcome: Outcome) -> list[Finding]:
    """What one side takes once more, where the other uses in all runs of its step what it has."""
    bindings = outcome.prepared.bindings
    given = "TF1 was given both" if bindings.of_port else "both were given that one"
    findings = [
        Finding(
            f"argument {argument}",
            f"the port takes it apart from {first}; TF1 uses {bindings.arguments[first]} in all "
            f"runs of its step (here {given})",
            SECOND_NOISE,
        )
        for argument, first in bindings.again.items()
    ]
    return findings + [
        Finding(
            f"input {key}",
            f"TF1 is given another {key.partition('@')[0]} in a later run of its step, the port "
            f"{argument} again (here both were given that one)",
            SECOND_NOISE,
        )
        for key, argument in bindings.used_again.items()
    ]


def _rounding(comparisons: Mapping[str, Comparison]) -> list[Finding]:
    """The finding where only float32 is over, and float64 agrees or was not run."""
    over = [d for c in comparisons.values() for d in c.differences if d.is_over and d.key.counts]
    if not over:
        return []
    exact = comparisons.get("float64")
    agrees = exact is not None and not any(d.is_over and d.key.counts for d in exact.differences)
    known = "float64 agrees: rounding, not logic" if agrees else "unknown"
    first = over[0]
    cause = f"differs by {first.relative:.1e}, allowed are {first.tolerance:.1e}"
    return [Finding(str(first.key), f"{cause}; cause: {known}")]


def _scope(exact: Comparison) -> str:
    """What 'same' is said of."""
    if exact.evidence.trains:
        return ""
    why = (
        "the TF1 graph trains nothing" if not exact.evidence.old.updates else "the port has no step"
    )
    return f" in the forward pass, which is all that was compared ({why})"


def _roles(outcome: Outcome) -> list[str]:
    """What was read off the TF1 graph, and what the port's step is given, one line each."""
    evidence = next(iter(outcome.comparisons.values())).evidence
    old, certificate = evidence.old, outcome.pairing.certificate
    bindings = outcome.prepared.bindings
    lines = program_lines.of(old, bindings)
    if certificate.loss is not None:
        lines.append(
            f"under equal values for equal shapes {certificate.losses} "
            f"losses are {certificate.loss:.1e} apart"
        )
    if old.not_in_checkpoint:
        names = ", ".join(old.not_in_checkpoint[:5])
        lines.append(f"not in the checkpoint, as the graph makes them: {names}")
    if old.not_run:
        lines.append(f"UPDATE_OPS that no run does: {len(old.not_run)}, {old.not_run[0]} first")
    lines += [
        f"{name}: its gradient is rounding and nothing else (a batch norm "
        "takes it away again): exempt, and held at TF1's value"
        for name in evidence.matching.exempt
    ]
    return lines


def _precision(comparisons: Mapping[str, Comparison], refused: Mapping[str, str]) -> list[str]:
    lines = [f"{dtype}: not compared: {why}" for dtype, why in refused.items()]
    exact = comparisons.get("float64")
    if exact is None:
        return lines
    old = exact.evidence.old
    for text, ops in (
        ("spelled out of other ops", old.spelled_out),
        ("not fully double, still float32", old.left_in_float32),
    ):
        if ops:
            lines.append(f"float64: {text}: {', '.join(f'{n} {op}' for op, n in ops.items())}")
    if exact.checked:
        lines.append(gradient_check.sentence(exact.checked))
    if "float32" in comparisons:
        lines.append(f"float32 against float64 of the TF1 graph: {_apart(comparisons)}")
    return lines


def _apart(comparisons: Mapping[str, Comparison]) -> str:
    exact, rounded = (comparisons[d].evidence.ours for d in ("float64", "float32"))
    worst: dict[str, float] = {}
    for d in differences.between(exact, rounded):
        if d.key.kind in (FORWARD, GRADIENT) and np.isfinite(d.relative):
            worst[d.key.kind] = max(worst.get(d.key.kind, 0.0), d.relative)
    return ", ".join(f"{TITLES[kind]} {off:.1e}" for kind, off in worst.items())


def _environment(outcome: Outcome, request: Request) -> dict[str, object]:
    evidence = next(iter(outcome.comparisons.values())).evidence
    nudges = (
        "one thread without oneDNN; start weights nudged by a unit in their last "
        f"place, and, but for the layers' outputs, by up to {KINK_UNITS}"
    )
    rows = next((len(a) for a in evidence.batch.values() if np.ndim(a)), "-")
    return {
        "TF1 side": evidence.old.framework,
        "port": evidence.new.framework,
        "numpy": np.__version__,
        "dcgan_v1": __version__,
        "Python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}, {processor()}",
        "device": DEVICES[request.device],
        "threads of each side": cores(),
        "control of float32": nudges if "float32" in outcome.comparisons else "not run",
        "seed": request.seed,
        "batch size": rows,
        "steps": request.steps if evidence.trains else 0,
    }


def _variables(exact: Comparison) -> list[dict[str, object]]:
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


def _layers(exact: Comparison) -> list[dict[str, object]]:
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


def _row(d: Difference) -> dict[str, object]:
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


def _summary(comparison: Comparison) -> list[dict[str, object]]:
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


def _floors(comparisons: Mapping[str, Comparison]) -> dict[str, float]:
    """Quantity -> the largest difference of TF1 from itself, in float32."""
    floors: dict[str, float] = {}
    for comparison in comparisons.values():
        for d in comparison.control:
            floors[d.key.quantity] = max(floors.get(d.key.quantity, 0.0), d.relative)
    return floors


def _speed(comparison: Comparison) -> dict[str, object] | None:
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
