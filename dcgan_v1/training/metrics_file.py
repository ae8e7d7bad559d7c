"""metrics.csv: a run's losses, a line every so many steps."""

import csv
import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from dcgan_v1 import files


class MetricsFile:
    """metrics.csv: one line per summary. A value a step did not have stays empty.

    It holds nothing that depends on the machine or the hour, so two runs of one config
    write the same bytes.
    """

    def __init__(self, path: Path, step: int, scalars: Iterable[str]) -> None:
        """Begins or goes on; lines past `step` (a restored step) are dropped.

        Args:
          path: of the file.
          step: up to which an earlier process's lines count.
          scalars: names of the columns after step and epoch.
        """
        columns = ("step", "epoch", *scalars)
        rows = [
            row
            for row in read_metrics(path)
            if int(row["step"]) <= step and set(row) == set(columns)
        ]
        buffer = io.StringIO(newline="")
        writer = csv.DictWriter(buffer, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        files.write_atomically(path, buffer.getvalue().encode())
        self._path, self._columns = path, columns

    def write(self, step: int, epoch: int, scalars: Mapping[str, float]) -> None:
        """Adds a line.

        Args:
          step, epoch: the run's.
          scalars: of that step, by name.
        """
        # nine digits tell any two float32 apart
        values = {name: f"{value:.9g}" for name, value in scalars.items()}
        buffer = io.StringIO(newline="")
        writer = csv.DictWriter(buffer, self._columns, lineterminator="\n")
        writer.writerow({"step": step, "epoch": epoch, **values})
        files.append(self._path, buffer.getvalue().encode())


def read_metrics(path: Path) -> list[dict[str, str]]:
    """Returns the complete lines of a metrics.csv as dicts of strings; [] if none."""
    if not path.exists():
        return []
    text = path.read_text(errors="replace")
    complete = text[: text.rfind("\n") + 1]  # a killed writer may leave half a line
    rows = csv.DictReader(io.StringIO(complete))
    return [row for row in rows if _is_sound(row)]


def _is_sound(row: Mapping[Any, Any]) -> bool:
    """Whether a row has a step and otherwise numbers, or nothing, in every column."""
    if None in row or None in row.values() or not row.get("step", "").isdecimal():
        return False
    try:
        return all(float(value or 0) is not None for value in row.values())
    except ValueError:
        return False
