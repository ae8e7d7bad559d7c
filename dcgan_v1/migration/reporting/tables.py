"""What a comparison found, as one dict of tables that JSON can hold."""

import platform
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dcgan_v1 import __version__
from dcgan_v1.migration.comparison import (
    decay_places,
    differences,
    gradient_check,
    loss_units,
    program_lines,
)
from dcgan_v1.migration.comparison.evidence import FORWARD, GRADIENT
from dcgan_v1.migration.comparison.inputs.preparation import Request
from dcgan_v1.migration.comparison.pipeline import Comparison, Outcome
from dcgan_v1.migration.comparison.rounding import KINK_UNITS
from dcgan_v1.migration.explanation.case import Finding
from dcgan_v1.migration.explanation.layer_causes.first_differences import written_otherwise
from dcgan_v1.migration.recordings.replay_report import Replay
from dcgan_v1.migration.reporting import findings, rows, settings
from dcgan_v1.migration.reporting.rows import TITLES
from dcgan_v1.runtime import cores, processor

Report = dict[str, Any]  # of what JSON holds

DEVICES = {  # what --device takes -> how a report names it
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
    causes = [*exact.findings, *findings.averages(outcome), *findings.second_noise(outcome)]
    causes += findings.fewer_draws(outcome)
    agrees = not any(d.is_over and d.key.counts for d in exact.differences)
    every = [*causes, *(findings.rounding(comparisons) if agrees or not causes else [])]
    open_findings = [f for f in every if f.name not in accepted or not f.name]
    return {
        "old": title[0],
        "new": title[1],
        "same": not open_findings,
        "findings": [_finding(f) for f in open_findings],
        "accepted": [_finding(f) for f in every if f not in open_findings],
        "compared": _scope(exact),
        "roles": _roles(outcome),
        "written otherwise": [
            *written_otherwise(exact.evidence.aligned),
            *loss_units.sentences(exact.evidence),
            *decay_places.sentences(exact.evidence),
        ],
        "altered": exact.evidence.new.altered,
        "races": exact.evidence.old.races,
        "not compared": list(dict.fromkeys(n for c in comparisons.values() for n in c.notes)),
        "precision": _precision(comparisons, outcome.refused),
        "environment": {**_environment(outcome, request), **notes},
        "variables": rows.variables(exact),
        "layers": rows.layers(exact),
        "summary": [row for c in comparisons.values() for row in rows.summary(c)],
        "speed": rows.speed(next(reversed(comparisons.values()))),
        "settings": settings.sides(exact),
        "differences": {
            dtype: [rows.difference(d) for d in c.differences] for dtype, c in comparisons.items()
        },
        "noise": rows.floors(comparisons),
        "replay": replay.as_dict() if replay else None,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    """What programs read of a finding: its kind, and what both sides have, too."""
    values = dict(zip(("port", "TF1"), finding.values, strict=True)) if finding.values else None
    return {
        "kind": finding.kind.value,
        "where": finding.where,
        "cause": finding.cause,
        "name": finding.name,
        "values": values,
        "stage": finding.stage,
    }


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


def _precision(comparisons: Mapping[str, Comparison], refusals: Mapping[str, str]) -> list[str]:
    lines = [f"{dtype}: not compared: {why}" for dtype, why in refusals.items()]
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
    batch_size = next((len(a) for a in evidence.batch.values() if np.ndim(a)), "-")
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
        "batch size": batch_size,
        "steps": request.steps if evidence.trains else 0,
    }
