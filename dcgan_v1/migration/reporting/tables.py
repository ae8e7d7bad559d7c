"""What a comparison found, as one dict of tables that JSON can hold."""

import os
import platform
import statistics

import numpy as np

from dcgan_v1 import __version__
from dcgan_v1.migration.comparison import differences, gradient_check
from dcgan_v1.migration.comparison.observe import FORWARD, GRADIENT, LOSS, STATE
from dcgan_v1.migration.comparison.rounding import KINK_UNITS
from dcgan_v1.migration.explanation.diagnosis import Finding
from dcgan_v1.migration.reporting import settings
from dcgan_v1.runtime import cores, processor

TITLES = {
    FORWARD: "outputs of the layers",
    LOSS: "losses",
    GRADIENT: "gradients of the first step",
    STATE: "weights, slots and averages",
}


def build(job, pairs, refused, title, told):
    """Returns the report as a dict that JSON can hold.

    Args:
      job: the `comparing.Job`; pairs: dtype -> finished `comparing.Pair`.
      refused: dtype -> why nothing was compared in it.
      title: (what TF1's side is called, what the port is called).
      told: name -> text that goes to the environment.
    """
    exact = next(iter(pairs.values()))
    findings = exact.findings or _rounding(pairs)
    return {
        "old": title[0],
        "new": title[1],
        "same": not findings,
        "findings": [finding._asdict() for finding in findings],
        "compared": _scope(exact),
        "roles": _roles(exact),
        "altered": exact.theirs["altered"],
        "not compared": [line for p in pairs.values() for line in p.not_compared],
        "precision": _precision(pairs, refused),
        "environment": {**_environment(job, pairs), **told},
        "variables": _variables(exact),
        "layers": _layers(exact),
        "summary": [row for pair in pairs.values() for row in _summary(pair)],
        "speed": _speed(next(reversed(pairs.values()))),
        "settings": settings.sides(exact),
        "defaults": settings.SILENT,
        "differences": {dtype: [_row(d) for d in pair.found] for dtype, pair in pairs.items()},
        "noise": _noise(pairs),
    }


def _rounding(pairs):
    """The finding where only float32 is over, and float64 agrees or was not run."""
    over = [d for pair in pairs.values() for d in pair.found if d.is_over]
    if not over:
        return []
    exact = pairs.get("float64")
    agrees = exact is not None and not any(d.is_over for d in exact.found)
    known = "float64 agrees: rounding, not logic" if agrees else "unknown"
    first = over[0]
    cause = f"differs by {first.relative:.1e}, allowed are {first.tolerance:.1e}"
    return [Finding(str(first.key), f"{cause}; cause: {known}")]


def _scope(pair):
    """What 'same' is said of."""
    if pair.trains:
        return ""
    why = "the TF1 graph trains nothing" if not pair.ours["updates"] else "the port has no step"
    return f" in the forward pass, which is all that was compared ({why})"


def _roles(pair):
    """What was read off the TF1 graph, one line each."""
    ours = pair.ours
    lines = []
    for name, v in ours["inputs"].items():
        bound = [a for a, n in pair.bound.items() if n == name]
        as_what = f" -> {bound[0]}" if bound else ""
        if name in ours["switches"]:
            as_what = " (says the mode: true in training, false in inference)"
        lines.append(f"input {name} {v['dtype']} {v['shape']}{as_what}")
    for name, v in ours["random"].items():
        bound = [a for a, n in pair.bound.items() if n == name]
        where = f" -> {bound[0]}" if bound else ""
        if name in pair.dropped:
            where = " -> the port's dropout layers"
        lines.append(f"drawn at random: {name} {v['shape']}{where}")
    for i, run in enumerate(ours["runs"]):
        lines.append(f"run {i + 1} of a step: {', '.join(run)}")
    for u in ours["updates"]:
        losses = ", ".join(u["losses"]) or "not found"
        count = len(u["variables"])
        lines.append(f"update {u['name']} ({u['kind']}, {count} variables), of loss {losses}")
    if pair.certificate.losses:
        lines.append(
            f"under equal values for equal shapes {pair.certificate.losses} "
            f"losses are {pair.certificate.loss:.1e} apart"
        )
    if ours["not in checkpoint"]:
        lines.append(
            f"not in the checkpoint, as the graph makes them: "
            f"{', '.join(ours['not in checkpoint'][:5])}"
        )
    if ours["not run"]:
        lines.append(
            f"UPDATE_OPS that no run does: {len(ours['not run'])}, {ours['not run'][0]} first"
        )
    for name in getattr(pair.matching, "exempt", []):
        lines.append(
            f"{name}: its gradient is rounding and nothing else (a batch norm "
            "takes it away again): exempt, and held at TF1's "
            "value"
        )
    return lines


def _precision(pairs, refused):
    lines = [f"{dtype}: not compared: {why}" for dtype, why in refused.items()]
    pair = pairs.get("float64")
    if pair is None:
        return lines
    left, spelled = pair.ours["left in float32"], pair.ours["spelled out"]
    if spelled:
        said = ", ".join(f"{n} {op}" for op, n in spelled.items())
        lines.append(f"float64: spelled out of other ops: {said}")
    if left:
        said = ", ".join(f"{n} {op}" for op, n in left.items())
        lines.append(f"float64: not fully double, still float32: {said}")
    if pair.checked:
        off = gradient_check.worst(pair.checked)
        names = ", ".join(name for name, *_ in pair.checked)
        lines.append(
            f"float64 self-check: gradients of {names} against central differences: {off:.1e} apart"
        )
    if "float32" in pairs:
        lines.append(f"float32 against float64 of the TF1 graph: {_apart(pairs)}")
    return lines


def _apart(pairs):
    found = differences.between(pairs["float64"].seen_old, pairs["float32"].seen_old)
    worst = {}
    for d in found:
        if d.key.kind in (FORWARD, GRADIENT) and np.isfinite(d.relative):
            worst[d.key.kind] = max(worst.get(d.key.kind, 0.0), d.relative)
    return ", ".join(f"{TITLES[kind]} {off:.1e}" for kind, off in worst.items())


def _environment(job, pairs):
    pair = next(iter(pairs.values()))
    nudges = (
        "one thread without oneDNN; start weights nudged by a unit in their last "
        f"place, and, but for the layers' outputs, by up to {KINK_UNITS}"
    )
    rows = next((np.shape(a)[0] for a in pair.inputs_seen.values() if np.ndim(a)), "-")
    return {
        "TF1 side": pair.ours["framework"],
        "port": pair.theirs["framework"],
        "numpy": np.__version__,
        "dcgan_v1": __version__,
        "Python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}, {processor()}",
        "device": "CPU (GPUs are hidden: their kernels are not reproducible)",
        "threads of each side": cores(),
        "control of float32": nudges if "float32" in pairs else "not run",
        "seed": job.seed,
        "batch size": rows,
        "steps": job.steps if pair.trains else 0,
    }


def _variables(pair):
    rows = []
    ours, theirs = pair.ours["variables"], pair.theirs["variables"]
    for row in pair.matching.rows:
        rows.append(
            {
                "tf1": row.old,
                "shape": ours[row.old]["shape"],
                "other": row.new,
                "other_shape": theirs[row.new]["shape"],
                "layout": row.layout.text(),
                "trainable": ours[row.old]["trainable"],
                "by": row.by,
                "distance": row.distance,
                "runner_up": row.runner_up,
                "sure": row.is_sure,
            }
        )
    for name in pair.matching.old_only:
        rows.append(
            {
                "tf1": name,
                "shape": ours[name]["shape"],
                "other": "",
                "other_shape": "",
                "layout": "",
                "trainable": ours[name]["trainable"],
                "by": "",
                "distance": None,
                "runner_up": None,
                "sure": True,
            }
        )
    return rows


def _layers(pair):
    """Which op of TF1's stands beside each layer, by what, and how far apart."""
    return [
        {
            "mode": mode,
            "other": a.new.name,
            "tf1": a.old.name if a.old else "",
            "by": a.by,
            "relative": a.relative if a.old else None,
        }
        for mode, rows in pair.aligned.items()
        for a in rows
    ]


def _row(d):
    return {
        "kind": d.key.kind,
        "name": str(d.key),
        "part": d.key.part,
        "step": d.key.step,
        "absolute": d.absolute,
        "relative": d.relative,
        "tolerance": d.tolerance,
        "largest": d.largest,
        "is_over": d.is_over,
    }


def _summary(pair):
    """One row for each kind of comparison: its worst case and TF1's own noise."""
    rows = []
    for kind in TITLES:
        found = [d for d in pair.found if d.key.kind == kind]
        if not found:
            continue
        first = next((d for d in found if d.is_over), differences.worst(found))
        noise = [d.relative for d in pair.control if d.key.quantity == first.key.quantity]
        rows.append(
            {
                "dtype": pair.dtype,
                "kind": kind,
                "arrays": len(found),
                "over": sum(d.is_over for d in found),
                "worst": str(first.key),
                "relative": first.relative,
                "absolute": first.absolute,
                "tolerance": first.tolerance,
                "noise": max(noise) if noise else None,
            }
        )
    return rows


def _noise(pairs):
    """Quantity -> the largest difference of TF1 from itself, in float32."""
    floors = {}
    for pair in pairs.values():
        for d in pair.control:
            of = d.key.quantity
            floors[of] = max(floors.get(of, 0.0), d.relative)
    return floors


def _speed(pair):
    """Medians of the timed rounds, and their ratios round by round."""
    if not pair.timing:
        return None
    ours, theirs = (pair.timing[side]["seconds"] for side in ("tf1", "other"))
    ratios = [b / a for a, b in zip(ours, theirs, strict=True)]
    return {
        "tf1_seconds": statistics.median(ours),
        "other_seconds": statistics.median(theirs),
        "ratio": statistics.median(ratios),
        "ratio_range": [min(ratios), max(ratios)],
        "tf1_peak_bytes": pair.timing["tf1"]["peak_bytes"],
        "other_peak_bytes": pair.timing["other"]["peak_bytes"],
        "dtype": pair.dtype,
        "load": os.getloadavg()[0],
    }
