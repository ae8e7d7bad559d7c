"""What a comparison found: in the terminal, as JSON and as one HTML page."""

import json
from collections.abc import Collection, Mapping
from pathlib import Path

import jinja2
import numpy as np
import rich.box
import rich.console
import rich.table

from dcgan_v1.files import write_atomically
from dcgan_v1.migration.comparison.pipeline import Comparison
from dcgan_v1.migration.recordings.replay_report import Replay
from dcgan_v1.migration.recordings.replay_report import lines as replay_lines
from dcgan_v1.migration.reporting import plots
from dcgan_v1.migration.reporting.rows import TITLES
from dcgan_v1.migration.reporting.tables import Report


def verdict(report: Report) -> str:
    """Returns the verdict as text: one line, one for each finding, and what was altered in the
    port to compare it."""
    pair = f"{report['old']} against {report['new']}"
    lines = [f"differs: {pair}"]
    if report["same"] and report["accepted"]:
        lines = [f"same but for what was accepted: {pair}{report['compared']}"]
    elif report["same"]:
        lines = [f"same: {pair} compute the same function{report['compared']}"]
    lines += [f"  {f['where']}: {f['cause']}" for f in report["findings"]]
    lines += [f"  accepted ({f['name']}): {f['where']}: {f['cause']}" for f in report["accepted"]]
    names = dict.fromkeys(f["name"] for f in report["findings"])
    if all(names) and names:
        options = " ".join(f"--accept {name}" for name in names)
        lines.append(f"  the same but for this: {options} accepts it")
    lines += [f"  the same, written otherwise: {line}" for line in report["written otherwise"]]
    lines += [f"  {line}" for line in report["races"]]  # 'race: …'
    lines += [f"  not compared: {line}" for line in report["not compared"]]
    if report["altered"]:
        lines.append("  said of the port with this altered: " + "; ".join(report["altered"]))
    return "\n".join(lines)


def in_plain_words(report: Report) -> str:
    """Returns what came out, in a sentence for who knows neither side."""
    count = len(report["findings"])
    if report["same"]:
        but = ", but for what was accepted below" if report["accepted"] else ""
        return (
            f"The port computes what the TensorFlow 1 program computes{but}{report['compared']}: "
            "all that was compared agrees within rounding."
        )
    first = report["findings"][0]
    more = f"{count} differences were found, the first" if count > 1 else "One difference was found"
    return (
        f"The port does not compute what the TensorFlow 1 program computes. {more} in "
        f"{first['where']}: {first['cause']}."
    )


def show(
    report: Report,
    replay: Replay | None = None,
    width: int | None = None,
    told: Collection[str] = (),
) -> None:
    """Prints the tables and the verdict.

    Args:
      report: see `tables.build`.
      replay: of a recording.
      width: in columns; the terminal's where it is None.
      told: lines that were printed before.
    """
    console = rich.console.Console(width=width, highlight=False)
    for line in (line for line in report["roles"] if line not in told):
        console.print(line, markup=False)
    table = rich.table.Table(box=rich.box.SIMPLE, pad_edge=False)
    for column in (
        "dtype",
        "compared",
        "arrays",
        "over",
        "worst",
        "relative",
        "absolute",
        "allowed",
        "TF1 and itself",
    ):
        table.add_column(column, overflow="fold")
    for row in report["summary"]:
        cells = [row["dtype"], TITLES[row["kind"]], str(row["arrays"]), str(row["over"])]
        cells.append(row["worst"])
        for key in ("relative", "absolute", "tolerance", "noise"):
            cells.append("-" if row[key] is None else f"{row[key]:.1e}")
        table.add_row(*cells, style="bold red" if row["over"] else None)
    console.print(table)
    for line in [
        *speed_lines(report),
        *replay_lines(replay),
        *report["precision"],
        *_tables_in_words(report),
    ]:
        console.print(line, markup=False)
    environment = report["environment"]
    console.print("; ".join(f"{key}: {value}" for key, value in environment.items()), markup=False)
    style = "bold green" if report["same"] else "bold red"
    console.print(verdict(report), style=style, markup=False)


def _tables_in_words(report: Report) -> list[str]:
    by: dict[str, int] = {}
    for row in report["variables"]:
        by[row["by"]] = by.get(row["by"], 0) + 1
    ways = ", ".join(f"{count} by {how}" for how, count in by.items() if how)
    lines = [f"variables: {len(report['variables'])}, matched {ways}"]
    unsure = [row["tf1"] for row in report["variables"] if not row["sure"]]
    if unsure:
        lines.append(f"unsure: {', '.join(unsure[:5])}; say which in a map file")
    unknown = sum(row["not judged"] for row in report["settings"])
    same = sum(not row["differs"] for row in report["settings"]) - unknown
    alike = sum(row["acts alike"] for row in report["settings"])
    also = f", {alike} of them in other numbers" if alike else ""
    also += f"; {unknown} not judged: what these layers are given differs" if unknown else ""
    lines.append(f"settings: {same} of {len(report['settings'])} act alike{also}")
    for row in report["settings"]:
        if row["differs"]:
            lines.append(
                f"set differently: {row['setting']}: TF1 {row['tf1']}, port {row['other']}"
            )
    return lines


def write(
    report: Report,
    comparisons: Mapping[str, Comparison],
    folder: str | Path,
    replay: Replay | None = None,
) -> None:
    """Writes report.json and report.html, a page that needs no other file.

    Args:
      report: see `tables.build`.
      comparisons: dtype -> Comparison, for the pictures.
      folder: is made where it is not there.
      replay: of a recording.
    """
    template = Path(__file__).with_name("report.html.j2").read_text("utf-8")
    page = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    page.filters["sci"] = lambda x: "-" if x is None else f"{x:.2e}"
    html = page.from_string(template).render(
        report=report,
        verdict=verdict(report),
        lead=in_plain_words(report),
        titles=TITLES,
        speed=speed_lines(report),
        replay=replay_lines(replay),
        pictures=plots.make(comparisons) if report["summary"] else None,
    )
    text = json.dumps(plain(report), indent=2, allow_nan=False)
    Path(folder).mkdir(parents=True, exist_ok=True)
    write_atomically(Path(folder) / "report.json", text.encode())
    write_atomically(Path(folder) / "report.html", html.encode())


def plain(value: object) -> object:
    """Returns the report with what JSON has no number for as text."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if isinstance(value, frozenset):
        return sorted(map(str, value))
    if isinstance(value, np.generic):
        value = value.item()
    return str(value) if isinstance(value, float) and not np.isfinite(value) else value


def speed_lines(report: Report) -> list[str]:
    """Returns what the timing gave, in words; nothing where nothing was timed."""
    speed = report["speed"]
    if speed is None:
        return []
    low, high = speed["ratio_range"]
    return [
        f"a step ({speed['dtype']}, fed from arrays): TF1 "
        f"{1e3 * speed['tf1_seconds']:.0f} ms, port "
        f"{1e3 * speed['other_seconds']:.0f} ms: {speed['ratio']:.2f} times as long "
        f"({low:.2f} to {high:.2f} in rounds in alternation)",
        f"peak memory: TF1 {speed['tf1_peak_bytes'] / 1e9:.2f} GB, port "
        f"{speed['other_peak_bytes'] / 1e9:.2f} GB",
    ]
