"""Compares two recordings of one TF1 program, on two versions of TensorFlow.

The graph that the program builds on the second is run here from the first one's values, on its
batches and its draws, and must compute what the first computed.
"""

import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dcgan_v1.errors import UserError
from dcgan_v1.migration.comparison.differences import TIMES_ROUNDING
from dcgan_v1.migration.recordings import replay_report
from dcgan_v1.migration.recordings.tf1_recording import Recording
from dcgan_v1.migration.sources import Source

LEAST = float(np.finfo(np.float32).eps)


@dataclass(frozen=True)
class Tf1Versions:
    """What came of it.

    Attributes:
      names: what both were recorded on.
      replay: the second one's graph on what the first was given.
      other: kinds of arrays that are farther apart than rounding takes them.
    """

    names: tuple[str, str]
    replay: replay_report.Replay
    other: list[str]

    def __bool__(self) -> bool:
        return not self.other

    def lines(self) -> list[str]:
        """Returns the table and the verdict."""
        rows = zip(self.replay.rows, self.replay.rounding, strict=True)
        table = [
            f"{row.what}: {row.arrays} arrays, {row.relative:.1e} apart at most, in {row.worst}; "
            f"rounding alone {rounding:.1e}"
            for row, rounding in rows
        ]
        between = f"{self.names[0]} against {self.names[1]}"
        verdict = f"same: {between} compute the same"
        if self.other:
            verdict = f"differs: {between}: {', '.join(self.other)}"
        return [*table, *self.replay.races, verdict]


def compare_recordings(
    first: str | Path, second: str | Path, *, trust: bool = False
) -> Tf1Versions:
    """Compares two recordings of the same TF1 program.

    Args:
      first, second: folders that the recorder or `run_legacy.py --record` wrote.
      trust: run a graph that holds ops which touch the machine.

    Raises:
      UserError: one is no recording, or they are of two programs.
    """
    ours, theirs = Recording(first), Recording(second)
    _refuse_other_programs(ours, theirs)
    with tempfile.TemporaryDirectory(prefix="versions_") as place:
        crossed = Path(place, "crossed")
        shutil.copytree(ours.folder, crossed)
        shutil.copyfile(theirs.meta, crossed / "graph.meta")
        source = Source(tf1={"recording": str(crossed)}, folder=str(Path.cwd()), trust=trust)
        replayed = replay_report.replay(source, crossed)
    other = [
        f"{row.what}, {row.worst} first"
        for row, rounding in zip(replayed.rows, replayed.rounding, strict=True)
        if not row.relative <= TIMES_ROUNDING * max(rounding, LEAST)
    ]
    names = [f"TensorFlow {r.made_on.get('tensorflow')}" for r in (ours, theirs)]
    return Tf1Versions((names[0], names[1]), replayed, other)


def _refuse_other_programs(ours: Recording, theirs: Recording) -> None:
    if ours.runs != theirs.runs:
        raise UserError(
            f"the recordings are of two programs: a step runs {_text(ours)} in one, "
            f"{_text(theirs)} in the other"
        )
    shapes = [{n: a.shape for n, a in r.values.items()} for r in (ours, theirs)]
    for name in sorted(shapes[0].keys() | shapes[1].keys()):
        if shapes[0].get(name) != shapes[1].get(name):
            raise UserError(
                f"the recordings are of two programs: {name} is {shapes[0].get(name)} in one and "
                f"{shapes[1].get(name)} in the other"
            )


def _text(recording: Recording) -> str:
    return "; ".join(", ".join(run) for run in recording.runs)


def is_of_port(folder: Path) -> bool:
    """Whether a recording is a port's.

    Raises:
      UserError: it cannot be read.
    """
    try:
        contents = json.loads((folder / "recording.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"{folder / 'recording.json'} cannot be read") from error
    return isinstance(contents, dict) and contents.get("kind") == "port"
