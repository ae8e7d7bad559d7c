"""Compares a recording with a replay of its graph: the recording's TensorFlow against today's.

The graph is run here on what was fed and drawn there."""

import dataclasses
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dcgan_v1.migration.measures import ReplayRow
from dcgan_v1.migration.recordings.tf1_recording import Recording
from dcgan_v1.migration.records import Tf1Info
from dcgan_v1.migration.runners.process import RemoteTf1
from dcgan_v1.migration.sources import Source
from dcgan_v1.runtime import cores


@dataclass(frozen=True)
class Replay:
    """A replay in float32.

    Attributes:
      made_on, here: names of both TensorFlows.
      steps: number.
      rows: how far they are apart.
      rounding: of each row, how far oneDNN alone takes them apart, relative.
      races: of the program's session calls, a sentence each.
    """

    made_on: str
    here: str
    steps: int
    rows: list[ReplayRow]
    rounding: list[float]
    races: list[str]

    def as_dict(self) -> dict[str, object]:
        """Returns what a report's JSON holds."""
        return {
            "made on": self.made_on,
            "here": self.here,
            "steps": self.steps,
            "races": self.races,
            "rows": [
                {**dataclasses.asdict(row), "rounding": rounding}
                for row, rounding in zip(self.rows, self.rounding, strict=True)
            ],
        }


def replay(source: Source, folder: str | Path) -> Replay:
    """Replays a recording in float32 with oneDNN and without it, each in a process of its own:
    what these two are apart is rounding.

    Args:
      source: of the TF1 program.
      folder: of the recording.
    """
    recording = Recording(folder)
    with tempfile.TemporaryDirectory(prefix="replay_") as place:
        first, second = Path(place, "with"), Path(place, "without")
        description, rows = _replayed(source, first, recording.folder.resolve(), onednn=True)
        _, others = _replayed(source, second, first, onednn=False)
    rounding = {row.what: row.relative for row in others}
    made_on = recording.made_on
    return Replay(
        f"TensorFlow {made_on.get('tensorflow')}, Python {made_on.get('python')}",
        description.framework,
        len(recording.steps),
        rows,
        [rounding[row.what] for row in rows],
        description.races,
    )


def _replayed(
    source: Source, folder: Path, against: Path, *, onednn: bool
) -> tuple[Tf1Info, list[ReplayRow]]:
    folder.mkdir()
    options: dict[str, Any] = {"dtype": "float32", "threads": cores(), "onednn": onednn}
    with RemoteTf1("TF1", source, folder, **options) as runner:
        runner.wait_until_open()
        return runner.describe(), runner.replay(str(folder), str(against))


def lines(replay: Replay | None) -> list[str]:
    """Returns a replay in words, a line each."""
    if replay is None:
        return []
    text = [
        f"recorded on {replay.made_on}; replayed on {replay.here}, "
        f"{replay.steps} steps in float32 (in brackets: with oneDNN and without):"
    ]
    text += [
        f"  {row.what}: {row.relative:.1e} apart at most "
        f"({rounding:.1e}), in {row.worst}; {row.arrays} arrays"
        for row, rounding in zip(replay.rows, replay.rounding, strict=True)
    ]
    if replay.races:
        text += [f"  {line}" for line in replay.races]
        text.append("  the recording may hold another order: then these distances are the race's")
    return text
