"""The row of a pair: what of a comparison's report goes into the table."""

from typing import Any

from benchmarks.pairs.table import Pair

Row = dict[str, Any]  # of what JSON holds
STAGES = {  # kind of the report's arrays, or of a cause -> column
    "draws": "what is drawn",
    "forward": "forward pass",
    "loss": "losses",
    "gradient": "gradients",
    "state": "updates",
}


def of_report(report: dict[str, Any], pair: Pair, minutes: float) -> Row:
    """Returns the row.

    Args:
      report: what `compare.py --report` wrote.
      pair: that was compared.
      minutes: of processor time, recordings included.
    """
    environment = report["environment"]
    return {
        "name": pair.name,
        "old": f"{pair.old.repository}@{pair.old.commit}",
        "new": f"{pair.new.repository}@{pair.new.commit}",
        "same": report["same"],
        "findings": report["findings"],
        "not compared": report["not compared"],
        "written otherwise": report["written otherwise"],
        "stages": {row["kind"]: _stage(row) for row in report["summary"]},
        "weights after": _weights_after(report),
        "variables": len(report["variables"]),
        "batch size": environment["batch size"],
        "steps": environment["steps"],
        "minutes": round(minutes, 1),
        "TF1 side": environment["TF1 side"],
        "port": environment["port"],
        "dcgan_v1": environment["dcgan_v1"],
    }


def _stage(row: dict[str, Any]) -> dict[str, Any]:
    return {key: row[key] for key in ("arrays", "over", "relative")}


def _weights_after(report: dict[str, Any]) -> dict[str, float]:
    """Step -> how far the trained weights are apart at most, relative to each one's largest."""
    apart: dict[str, float] = {}
    for row in report["differences"]["float64"]:
        if row["kind"] == "state" and row["part"] == "weight":
            step = str(row["step"])
            apart[step] = max(apart.get(step, 0.0), float(row["relative"]))
    return apart
