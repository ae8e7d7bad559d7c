"""What a comparison found: as a dict, in the terminal, as JSON and as one HTML page."""

import json
import os
import platform
import statistics
from pathlib import Path

import jinja2
import numpy as np
import rich.box
import rich.console
import rich.table

from dcgan_v1 import __version__
from dcgan_v1.compare import defaults, differences, plots
from dcgan_v1.compare.diagnosis import diagnose
from dcgan_v1.compare.old_matching import Finding
from dcgan_v1.compare.run import KINK_UNITS
from dcgan_v1.files import write_atomically
from dcgan_v1.ports import names
from dcgan_v1.runtime import cores, processor

TITLES = {
    "forward": "outputs of the layers",
    "loss": "losses of the first step",
    "gradient": "gradients of the first step",
    "state": "weights, moments, averages, later losses, samples",
}


def build(job, pairs):
    """Returns the report as a dict that JSON can hold.

    Args:
      job: the `run.Job`.
      pairs: dtype -> finished `run.Pair`.
    """
    exact = pairs.get("float64") or next(iter(pairs.values()))
    findings = diagnose(exact) or _rounding(pairs)
    return {
        "model": job.config.model,
        "against": job.against,
        "same": not findings,
        "findings": [finding._asdict() for finding in findings],
        "environment": _environment(job, pairs),
        "variables": _variables(job, exact),
        "summary": [row for pair in pairs.values() for row in _summary(pair)],
        "speed": _speed(next(iter(pairs.values()))),
        "settings": [
            dict(zip(("setting", "tf1", "other", "differs"), row, strict=True))
            for row in (defaults.sides(exact) if exact.seen else ())
        ],
        "defaults": defaults.SILENT,
        "differences": {
            dtype: [d._asdict() | {"is_over": d.is_over} for d in pair.found]
            for dtype, pair in pairs.items()
        },
        "noise": _noise(pairs),
    }


def verdict(report):
    """Returns the verdict as text: one line, and one for each finding."""
    pair = f"{report['model']} against {report['against']}"
    if report["same"]:
        return f"same: {pair} compute the same function"
    lines = [f"  {f['where']}: {f['cause']}" for f in report["findings"]]
    return "\n".join([f"differs: {pair}", *lines])


def show(report, width=None):
    """Prints the tables and the verdict."""
    console = rich.console.Console(width=width, highlight=False)
    table = rich.table.Table(box=rich.box.SIMPLE, pad_edge=False)
    for column in ("dtype", "compared", "arrays", "over", "worst", "relative",
                   "absolute", "allowed", "TF1 and itself"):  # fmt: skip
        table.add_column(column, overflow="fold")
    for row in report["summary"]:
        cells = [
            row["dtype"],
            TITLES[row["kind"]],
            str(row["arrays"]),
            str(row["over"]),
        ]
        cells.append(row["worst"])
        for key in ("relative", "absolute", "tolerance", "noise"):
            cells.append("-" if row[key] is None else f"{row[key]:.1e}")
        table.add_row(*cells, style="bold red" if row["over"] else None)
    console.print(table)
    for line in _speed_lines(report):
        console.print(line)
    environment = report["environment"]
    console.print("; ".join(f"{key}: {value}" for key, value in environment.items()))
    matched = sum(v["matched"] for v in report["variables"])
    console.print(f"variables: {matched} of {len(report['variables'])} matched by name")
    same = sum(not row["differs"] for row in report["settings"])
    console.print(f"settings: {same} of {len(report['settings'])} are the same")
    drifted = [row for row in report["settings"] if row["differs"]]
    for row in drifted:
        console.print(f"set differently: {row['setting']}: TF1 {row['tf1']}, "
                      f"{report['against']} {row['other']}")  # fmt: skip
    console.print(verdict(report), style="bold green" if report["same"] else "bold red")


def write(report, pairs, folder):
    """Writes report.json and report.html, a page that needs no other file."""
    template = Path(__file__).with_name("report.html.j2").read_text("utf-8")
    page = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    page.filters["sci"] = lambda x: "-" if x is None else f"{x:.2e}"
    html = page.from_string(template).render(
        report=report,
        verdict=verdict(report),
        titles=TITLES,
        silent=defaults.SILENT,
        speed=_speed_lines(report),
        pictures=plots.make(pairs) if all(p.seen for p in pairs.values()) else None,
    )
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(_plain(report), indent=1, allow_nan=False)
    write_atomically(folder / "report.json", text.encode())
    write_atomically(folder / "report.html", html.encode())


def _plain(value):
    """Returns the report with what JSON has no number for as text."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return str(value) if isinstance(value, float) and not np.isfinite(value) else value


def _rounding(pairs):
    """The finding where only float32 is over, and float64 agrees or was not run."""
    over = [d for pair in pairs.values() for d in pair.found if d.is_over]
    if not over:
        return []
    known = "float64 agrees: rounding, not logic" if "float64" in pairs else "unknown"
    first = over[0]
    cause = f"differs by {first.relative:.1e}, allowed are {first.tolerance:.1e}"
    return [Finding(first.name, f"{cause}; cause: {known}")]


def _environment(job, pairs):
    pair = next(iter(pairs.values()))
    config = job.config
    given = ", ".join(f"{name} {value}" for name, value in job.settings.items())
    nudges = (
        "one thread without oneDNN; start weights nudged by a unit in their last "
        f"place, and, but for the layers' outputs, by up to {KINK_UNITS}"
    )
    return {
        "TF1 side": pair.descriptions["tf1"]["framework"],
        "counterpart": pair.descriptions["other"]["framework"],
        "numpy": np.__version__,
        "dcgan_v1": __version__,
        "Python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}, {processor()}",
        "device": "CPU (GPUs are hidden: their kernels are not reproducible)",
        "threads of each side": cores(),
        "oneDNN": "on" if pair.descriptions["tf1"]["onednn"] else "off",
        "control of float32": nudges if "float32" in pairs else "not run",
        "seed": config.seed,
        "batch size": config.batch_size,
        "settings given": given or "none",
        "steps": job.steps,
        "started from": job.source or "TF1's initial values, averages drawn at random",
        "planted difference": job.planted or "none",
    }


def _variables(job, pair):
    """The map: every variable of TF1's with its counterpart, as that lists it."""
    rows = []
    listed = pair.descriptions["other"]["variables"]
    for name, v in pair.descriptions["tf1"]["variables"].items():
        row = names.row(job.config.model, job.against, name, v["shape"])
        other, shape = name.rpartition("/")[0] + ": number of updates", []
        matched = True  # counts and slots go with the optimiser
        if row:
            weight = name if not row.slot else name.rpartition("/")[0]
            found = listed.get(weight)
            other, shape = row.other, found and found["shape"]
            matched = found is not None and (
                bool(row.slot) or found["trainable"] == v["trainable"]
            )
        rows.append(
            {
                "tf1": name,
                "other": other,
                "shape": v["shape"],
                "other_shape": shape,
                "trainable": v["trainable"],
                "matched": matched,
            }
        )
    return rows


def _summary(pair):
    """One row for each kind of comparison: its worst case and TF1's own noise."""
    rows = []
    for kind in TITLES if pair.found else ():
        found = [d for d in pair.found if d.kind == kind]
        first = next((d for d in found if d.is_over), differences.worst(found))
        noise = [d.relative for d in pair.control if d.quantity == first.quantity]
        rows.append(
            {
                "dtype": pair.dtype,
                "kind": kind,
                "arrays": len(found),
                "over": sum(d.is_over for d in found),
                "worst": first.name,
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
            floors[d.quantity] = max(floors.get(d.quantity, 0.0), d.relative)
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


def _speed_lines(report):
    speed = report["speed"]
    if speed is None:
        return []
    low, high = speed["ratio_range"]
    return [
        f"a step ({speed['dtype']}, fed from arrays): TF1 "
        f"{1e3 * speed['tf1_seconds']:.0f} ms, {report['against']} "
        f"{1e3 * speed['other_seconds']:.0f} ms: {speed['ratio']:.2f} times as long "
        f"({low:.2f} to {high:.2f} in rounds in alternation)",
        f"peak memory: TF1 {speed['tf1_peak_bytes'] / 1e9:.2f} GB, {report['against']} "
        f"{speed['other_peak_bytes'] / 1e9:.2f} GB",
    ]
