"""How far the TensorFlow that a recording was made on and today's are apart: its graph
is run here on what was fed and drawn there."""

import tempfile
from pathlib import Path

from dcgan_v1.compare.comparing import cores
from dcgan_v1.compare.host import Side
from dcgan_v1.compare.recording import Recording


def replay(spec, folder):
    """Replays a recording in float32, in a process of its own.

    Args:
      spec: what `worker.open_side` takes of the TF1 side.
      folder: of the recording.

    Returns:
      {'made on': text, 'here': text, 'steps': number, 'rows': see `sides.replay`}.
    """
    recording = Recording(folder)
    more = {"dtype": "float32", "threads": cores(), "is_old": True}
    with tempfile.TemporaryDirectory(prefix="replay_") as place:
        side = Side("TF1", {**spec, **more}, Path(place))
        try:
            side.answer()
            here = side.do("describe")["framework"]
            rows = side.do("replay")
        finally:
            side.close()
    made = recording.made_on
    return {
        "made on": f"TensorFlow {made.get('tensorflow')}, Python {made.get('python')}",
        "here": here, "steps": len(recording.steps), "rows": rows,
    }  # fmt: skip


def lines(found):
    """Returns a replay in words, a line each."""
    if not found:
        return []
    made = [
        f"recorded on {found['made on']}; replayed on {found['here']}, "
        f"{found['steps']} steps in float32:"
    ]
    made += [
        f"  {row['what']}: {row['relative']:.1e} apart at most, in {row['worst']} "
        f"({row['absolute']:.1e}; {row['arrays']} arrays)"
        for row in found["rows"]
    ]
    return made
