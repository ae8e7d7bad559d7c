"""Reads what `recordings.tf1_recorder` wrote: data only, nothing of it is run here.

Pure numpy. Names are those of the graph; `z@2` is what the second session call of a
step was given for `z`, where that is not what the first one was.
"""

from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from dcgan_v1.errors import UserError
from dcgan_v1.migration.arrays import read_npz
from dcgan_v1.migration.recordings import description
from dcgan_v1.migration.records import Arrays

FORMAT = 1
FED = ("feed/", "source/", "draw/")


class Recording:
    """A recording.

    Attributes:
      made_on: {'tensorflow': '1.15.5', 'python': ..., ...}.
      steps: for each training step, numbers of the runs it is made of.
      runs: op names of each session call of a step, as `specs.Tf1` has them.
      fetched: of each of these, names of all ops that the program asked for.
      drawn_anew: random ops and sources inside branches, which could not be fetched.
      is_whole: whether the whole steps are all that was recorded, so that `after.npz`
        is what they lead to.

    Raises:
      UserError: the folder holds none, or not all of one.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        contents = _contents(self.folder)
        self.made_on, self.steps = contents["made on"], contents["steps"]
        self._entries = contents["runs"]
        of_step = [self._entries[i] for i in self.steps[0]]
        self.runs = [run["ops"] for run in of_step]
        self.fetched = [run.get("fetched", run["ops"]) for run in of_step]
        self.drawn_anew = sorted(
            {name for run in self._entries for name in run.get("inside branches", [])}
        )
        self.is_whole = sum(map(len, self.steps)) == len(self._entries)

    @property
    def meta(self) -> str:
        """Path of its graph."""
        return str(self.folder / "graph.meta")

    def run(self, number: int) -> Arrays:
        """'feed/x', 'draw/y', 'fetch/loss', 'gradient/w|op' -> array of one run."""
        return read_npz(self._path(number))

    def _path(self, number: int) -> Path:
        return self.folder / f"run_{number:04d}.npz"

    @cached_property
    def values(self) -> Arrays:
        """Variable -> array before the first run."""
        return read_npz(self.folder / "before.npz")

    @cached_property
    def fed(self) -> Arrays:
        """Name -> arrays [steps, ...] of all that a step is given."""
        feeds = [[self._feed(i) for i in step] for step in self.steps]
        arrays: dict[str, list[np.ndarray]] = {}
        for number in range(len(self.runs)):
            for key in feeds[0][number]:
                values = [step[number].get(key) for step in feeds]
                self._add(arrays, key.partition("/")[2], number, values)
        return {n: np.stack(values) for n, values in arrays.items()}

    def _feed(self, number: int) -> Arrays:
        """What one run was fed and drew; its gradients are not read."""
        return read_npz(self._path(number), FED)

    def _add(
        self,
        by_name: dict[str, list[np.ndarray]],
        name: str,
        number: int,
        values: list[np.ndarray | None],
    ) -> None:
        """A run that is given what the first one was has no name of its own."""
        arrays = [v for v in values if v is not None]
        if len(arrays) < len(values) or any(v.shape != arrays[0].shape for v in arrays):
            raise UserError(
                f"{self.folder}: {name} has another shape from step to step; record fewer steps"
            )
        if name not in by_name:
            by_name[name] = arrays
        elif not all(map(np.array_equal, by_name[name], arrays)):
            by_name[f"{name}@{number + 1}"] = arrays

    def modes(self) -> Arrays:
        """Returns name -> value of single numbers that were the same in every run: the
        mode, a rate that keeps."""
        return {
            name: _as_written(values[0])
            for name, values in self.fed.items()
            if values.ndim == 1 and "@" not in name and np.all(values == values[0])
        }


def _as_written(value: np.ndarray) -> np.ndarray:
    """A number that was fed as float32 as the decimal that it was written as: a rate of 1e-4."""
    if value.dtype != np.float32:
        return value
    decimal = float(f"{float(value):.7g}")
    return np.asarray(decimal) if np.float32(decimal) == value else value


def _contents(folder: Path) -> dict[str, Any]:
    path = folder / "recording.json"
    contents = description.read(path, first_file="graph.meta")
    if not isinstance(contents, dict) or contents.get("format") != FORMAT:
        raise UserError(f"{path} is of another format than {FORMAT}: record again")
    if not _is_sound(contents):
        raise UserError(f"{path} is no recording: its steps and runs do not fit")
    return contents


def _is_sound(contents: dict[str, Any]) -> bool:
    """Whether everything is of the type it should be, and steps are alike."""
    made_on, runs, steps = (contents.get(k) for k in ("made on", "runs", "steps"))
    return (
        isinstance(made_on, dict)
        and isinstance(runs, list)
        and all(isinstance(run, dict) and _are(run.get("ops"), str) for run in runs)
        and all(_are(run.get(k, []), str) for run in runs for k in ("inside branches", "fetched"))
        and isinstance(steps, list)
        and bool(steps)
        and all(_are(step, int) and len(step) == len(steps[0]) for step in steps)
        and all(0 <= i < len(runs) for step in steps for i in step)
    )


def _are(values: object, kind: type) -> bool:
    return isinstance(values, list) and all(isinstance(v, kind) for v in values)
