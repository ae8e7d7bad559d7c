"""How far the TensorFlow that a recording was made on and today's are apart: its graph
is run here on what was fed and drawn there."""

import tempfile
from pathlib import Path

from dcgan_v1.migration.comparison.comparing import cores
from dcgan_v1.migration.recordings.recording import Recording
from dcgan_v1.migration.runners.process import Side


def replay(spec, folder):
    """Replays a recording in float32 with oneDNN and without it, each in a process of
    its own: what these two are apart is rounding.

    Args:
      spec: what `worker.open_side` takes of the TF1 side.
      folder: of the recording.

    Returns:
      {'made on': text, 'here': text, 'steps': number, 'rows': see `sides.replay`; each
      with 'rounding', what oneDNN makes}.
    """
    recording = Recording(folder)
    spec = {**spec, "dtype": "float32", "threads": cores(), "is_old": True}
    with tempfile.TemporaryDirectory(prefix="replay_") as place:
        first, second = Path(place, "with"), Path(place, "without")
        here, rows = _replayed(spec, first, recording.folder.resolve(), onednn="1")
        _, others = _replayed(spec, second, first, onednn="0")
    rounding = {row["what"]: row["relative"] for row in others}
    made = recording.made_on
    return {
        "made on": f"TensorFlow {made.get('tensorflow')}, Python {made.get('python')}",
        "here": here,
        "steps": len(recording.steps),
        "rows": [{**row, "rounding": rounding[row["what"]]} for row in rows],
    }


def _replayed(spec, folder, against, onednn):
    folder.mkdir()
    side = Side("TF1", spec, folder, onednn)
    try:
        side.answer()
        here = side.do("describe")["framework"]
        return here, side.do("replay", folder=str(folder), against=str(against))
    finally:
        side.close()


def lines(found):
    """Returns a replay in words, a line each."""
    if not found:
        return []
    made = [
        f"recorded on {found['made on']}; replayed on {found['here']}, "
        f"{found['steps']} steps in float32 (in brackets: with oneDNN and without):"
    ]
    made += [
        f"  {row['what']}: {row['relative']:.1e} apart at most "
        f"({row['rounding']:.1e}), in {row['worst']}; {row['arrays']} arrays"
        for row in found["rows"]
    ]
    return made
