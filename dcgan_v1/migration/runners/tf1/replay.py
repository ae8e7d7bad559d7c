"""Runs a recording's graph here, on what was recorded, and measures the distance."""

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dcgan_v1.migration.arrays import read_npz, save_npz
from dcgan_v1.migration.measures import ReplayRow
from dcgan_v1.migration.records import Arrays, Batch

if TYPE_CHECKING:
    from dcgan_v1.migration.runners.tf1.runner import GraphRunner

AVERAGES = "averages at the end, which runs between the training runs may move"
KINDS = (
    "losses of the first run",
    "losses of later runs",
    "gradients of the first run",
    "gradients of later runs",
    "weights at the end",
    "slots at the end",
    AVERAGES,
)


class Distance(NamedTuple):
    """Of one array: the largest difference, and the largest value there."""

    name: str
    absolute: float
    largest: float


def replay(runner: "GraphRunner", folder: str, against: str) -> list[ReplayRow]:
    """Replays a recording.

    Args:
      runner: in float32, of the recording.
      folder: where to write what is computed, named as in a recording.
      against: folder to compare it with: the recording's, or another replay's.

    Returns:
      for each of KINDS that has arrays the largest difference, and what it is of the largest
      value among the arrays.
    """
    recording, here, there = runner.program.recording, Path(folder), Path(against)
    assert recording is not None
    runner.load(runner.initial())
    distances: dict[str, list[Distance]] = {what: [] for what in KINDS}
    for step, runs in enumerate(recording.steps):
        inputs = {name: values[step] for name, values in recording.fed.items()}
        computed = _step(runner, Batch(inputs))
        for number, run in enumerate(runs):
            name = f"run_{run:04d}.npz"
            save_npz(here / name, computed[number])
            when = "later runs" if step or number else "the first run"
            for key, recorded in read_npz(there / name).items():
                if key in computed[number]:
                    kind, _, of = key.partition("/")
                    what = "losses" if kind == "fetch" else "gradients"
                    distance = _distance(of.partition("|")[0], computed[number][key], recorded)
                    distances[f"{what} of {when}"].append(distance)
    after = {n: a for n, a in runner.variables.read().items() if a.dtype.kind == "f"}
    save_npz(here / "after.npz", after)
    if recording.is_whole:
        _add_state(distances, runner, after, read_npz(there / "after.npz"))
    return [_worst(what, rows) for what, rows in distances.items() if rows]


def _step(runner: "GraphRunner", batch: Batch) -> list[Arrays]:
    """Returns for each run 'fetch/<scalar>' and 'gradient/<variable>|<op>' -> array, the names
    that a recording's files have."""
    before = len(runner.scalars_of_runs)
    observation = runner.step(batch, is_observed=True)
    computed: list[Arrays] = [
        {f"fetch/{name}": np.asarray(value) for name, value in scalars.items()}
        for scalars in runner.scalars_of_runs[before:]
    ]
    for key, array in observation.gradients.items():
        run, update = runner.roles.applied[key.update]
        op = next(a.op.name for a in update.applies if a.variable == key.variable)
        computed[run][f"gradient/{key.variable}|{op}"] = array
    return computed


def _add_state(
    distances: dict[str, list[Distance]], runner: "GraphRunner", here: Arrays, there: Arrays
) -> None:
    slots = {*runner.roles.slots, *runner.roles.powers}
    trained = {a.variable for _, u in runner.roles.applied for a in u.applies}
    for name in here.keys() & there.keys():
        what = "weights at the end" if name in trained else AVERAGES
        what = "slots at the end" if name in slots else what
        distances[what].append(_distance(name, here[name], there[name]))


def _distance(name: str, here: np.ndarray, there: np.ndarray) -> Distance:
    a, b = np.asarray(here, np.float64), np.asarray(there, np.float64)
    off = float(np.max(np.abs(a - b), initial=0.0))
    return Distance(name, off, float(np.max(np.abs(b), initial=0.0)))


def _worst(what: str, rows: list[Distance]) -> ReplayRow:
    # a bias before a batch norm has a gradient of rounding alone: what counts is how much it is
    # beside the others
    size = max(row.largest for row in rows) or 1.0
    worst = max(rows, key=lambda row: row.absolute)
    return ReplayRow(what, len(rows), worst.name, worst.absolute, worst.absolute / size)
