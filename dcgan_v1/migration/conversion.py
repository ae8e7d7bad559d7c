"""A TF1 checkpoint as one of a port's own, and back, bit for bit: weights, averages,
slots of optimisers and how often each was applied.

The converted checkpoint is a folder: the framework's own files, and `tf1_only.npz` with
what only TF1 has (the step, averages of weights), so that the way back gives it all.
"""

import json
import tempfile
from pathlib import Path

import numpy as np

from dcgan_v1.errors import UserError
from dcgan_v1.migration.comparison import comparing
from dcgan_v1.migration.matching import map_file
from dcgan_v1.migration.matching.identify import identify
from dcgan_v1.migration.runners.process import Side

FORMATS = {  # --to -> the frameworks that have it
    "keras": "Keras",
    "tf2": "Keras",
    "torch": "Torch",
    "safetensors": "Torch",
}
REST, NOTE = "tf1_only.npz", "conversion.json"


def convert(old, new, map_path, to, out):
    """Converts a TF1 program's checkpoint for a port, or back.

    Args:
      old: what `worker.open_side` takes of the TF1 side; new: of the port.
      map_path: of the map that pairs all variables, as `--write-map` writes it.
      to: one of FORMATS; or 'tf1', to go back: then `new` has 'source', the folder.
      out: path of the new folder; for 'tf1' a prefix.

    Returns:
      number of arrays that went over.

    Raises:
      UserError: variables are not paired, or the framework has no such format.
    """
    given = map_file.read(map_path)
    with tempfile.TemporaryDirectory(prefix="convert_") as folder:
        sides = _open(old, new, Path(folder))
        try:
            ours, theirs = (side.do("describe") for side in sides)
            matching = _matched(ours, theirs, given)
            if to == "tf1":
                return _back(sides, ours, matching, new["source"], out)
            return _over(sides, ours, theirs, matching, to, out)
        finally:
            for side in sides:
                side.close()


def _open(old, new, folder):
    more = {"dtype": "float32", "threads": comparing.cores(), "folder": str(Path.cwd())}
    new = {key: value for key, value in new.items() if key != "source"}
    sides = [
        Side("TF1", {**old, **more, "is_old": True}, folder),
        Side("port", {**new, **more, "is_old": False}, folder),
    ]
    for side in sides:
        side.answer()
    return sides


def _matched(ours, theirs, given):
    matching, _ = identify(ours, theirs, given.variables, None, None, given.optimizers)
    guessed = [row.old for row in matching.rows if row.by not in ("map", "shape")]
    if matching.new_only or guessed:
        name = (matching.new_only or guessed)[0]
        raise UserError(
            f"the map does not pair {name}: let scripts/compare.py --write-map write one"
        )
    optimizers = list(theirs["optimizers"])
    if given.optimizers:
        matching.optimizers = given.optimizers
    elif len({u["optimizer"] for u in ours["updates"]}) == len(optimizers) == 1:
        matching.optimizers = {ours["updates"][0]["optimizer"]: optimizers[0]}
    elif ours["updates"] and optimizers:
        raise UserError("the map has no [optimizers]; --write-map writes them, too")
    return matching


def _over(sides, ours, theirs, matching, to, out):
    old, new = sides
    if FORMATS[to] != theirs["kind"]:
        raise UserError(
            f"--to {to} is for a port of {FORMATS[to]}, this one is of {theirs['kind']}"
        )
    old.do("initial")
    start = old.arrays()
    new.load(matching.to_port(start, ours["slots"]))
    new.do("state")
    came = matching.to_tf1(new.arrays(), ours["slots"], _shapes(ours))
    came = {name: array for name, array in came.items() if name in start}
    shifted = {row.old for row in matching.rows if row.layout.forget}
    for name, array in list(came.items()):
        if np.array_equal(start[name], array):
            continue
        if name in shifted and _same_but_for_a_shift(start[name], array):
            came.pop(name)  # kept beside: x + 1 - 1 is not always x
        else:
            raise UserError(f"{name} does not go over bit for bit; check its layout")
    Path(out).mkdir(parents=True)
    new.do("save", path=str(Path(out).absolute()), to=to)
    rest = {name: a for name, a in start.items() if name not in came}
    np.savez(Path(out) / REST, **rest)
    note = {"to": to, "source": ours["source"]}
    (Path(out) / NOTE).write_text(json.dumps(note, indent=2) + "\n")
    return len(came)


def _back(sides, ours, matching, source, out):
    old, new = sides
    try:
        to = json.loads((Path(source) / NOTE).read_text())["to"]
        with np.load(Path(source) / REST) as file:
            rest = {name: file[name] for name in file.files}
    except (OSError, ValueError, KeyError) as error:
        raise UserError(f"{source} is no folder that this command wrote") from error
    old.do("initial")
    start = old.arrays()
    # slots must be there before they can be read
    new.load(matching.to_port(start, ours["slots"]))
    new.do("restore", path=str(Path(source).absolute()), to=to)
    new.do("state")
    came = matching.to_tf1(new.arrays(), ours["slots"], _shapes(ours))
    came = {name: array for name, array in came.items() if name in start}
    for name in came.keys() & rest.keys():
        if _same_but_for_a_shift(rest[name], came[name]):
            came[name] = rest[name]
    old.load({**start, **rest, **came})
    old.do("save", path=str(Path(out).absolute()))
    return len(came)


def _same_but_for_a_shift(a, b):
    """Whether two arrays are equal up to the rounding of a + 1 - 1 in float32: a forget
    bias that a port keeps in its variable, and TF1 adds as it runs."""
    return np.allclose(a, b, rtol=0, atol=2 * np.finfo(np.float32).eps)


def _shapes(ours):
    return {name: v["shape"] for name, v in ours["variables"].items()}
