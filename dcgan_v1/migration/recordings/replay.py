"""Runs the graph of a recording here, on what was recorded, and says how far today's
TensorFlow is from the one that it was made on."""

from pathlib import Path

import numpy as np

from dcgan_v1.migration.comparison import batches

AVERAGES = "averages at the end, which runs between the training runs may move"
LIKE = (
    "losses of the first run",
    "losses of later runs",
    "gradients of the first run",
    "gradients of later runs",
    "weights at the end",
    "slots at the end",
    AVERAGES,
)


def replay(side, folder, against):
    """Replays a recording.

    Args:
      side: a float32 GraphSide of the recording.
      folder: where to write what is computed, named as in a recording.
      against: folder to compare it with: the recording's, or another replay's.

    Returns:
      list of {"what", "arrays", "worst", "relative", "absolute"}: the largest
      difference, and what it is of the largest value among the arrays.
    """
    recording, folder, against = side.program.recording, Path(folder), Path(against)
    fed = recording.fed
    side.load(side.initial())
    found = {what: [] for what in LIKE}
    for step, runs in enumerate(recording.steps):
        made = _step(side, {name: values[step] for name, values in fed.items()})
        for number, run in enumerate(runs):
            name = f"run_{run:04d}.npz"
            np.savez(folder / name, **made[number])
            when = "later runs" if step or number else "the first run"
            for key, there in batches.read(against / name).items():
                if key in made[number]:
                    kind, _, of = key.partition("/")
                    what = "losses" if kind == "fetch" else "gradients"
                    row = _off(of.partition("|")[0], made[number][key], there)
                    found[f"{what} of {when}"].append(row)
    after = {n: a for n, a in side.values.read().items() if a.dtype.kind == "f"}
    np.savez(folder / "after.npz", **after)
    if recording.is_whole:
        _add_state(found, side, after, batches.read(against / "after.npz"))
    return [_worst(what, rows) for what, rows in found.items() if rows]


def _step(side, batch):
    """Returns for each run 'fetch/<scalar>' and 'gradient/<variable>|<op>' -> array."""
    before = len(side.per_run)
    _, gradients, _ = side.step(batch, look=True)
    made = [
        {f"fetch/{name}": np.asarray(value) for name, value in scalars.items()}
        for scalars in side.per_run[before:]
    ]
    for key, array in gradients.items():
        number, _, variable = key.partition("|")
        run, update = side.roles.applied[int(number)]
        op = next(a.op.name for a in update.applies if a.variable == variable)
        made[run][f"gradient/{variable}|{op}"] = array
    return made


def _add_state(found, side, after, there):
    slots = {*side.roles.slots, *side.roles.powers}
    trained = {a.variable for _, u in side.roles.applied for a in u.applies}
    for name in after.keys() & there.keys():
        what = "weights at the end" if name in trained else AVERAGES
        what = "slots at the end" if name in slots else what
        found[what].append(_off(name, after[name], there[name]))


def _off(name, here, there):
    """Returns (name, largest difference, largest value there)."""
    here, there = np.asarray(here, np.float64), np.asarray(there, np.float64)
    off = np.max(np.abs(here - there), initial=0.0)
    return name, float(off), float(np.max(np.abs(there), initial=0.0))


def _worst(what, rows):
    # a bias before a batch norm has a gradient of rounding alone: what counts is how
    # much it is beside the others
    size = max(size for *_, size in rows) or 1.0
    name, off, _ = max(rows, key=lambda row: row[1])
    return {
        "what": what,
        "arrays": len(rows),
        "worst": name,
        "absolute": off,
        "relative": off / size,
    }
