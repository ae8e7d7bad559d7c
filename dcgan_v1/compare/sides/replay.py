"""Runs the graph of a recording here, on what was recorded, and says how far today's
TensorFlow is from the one that it was made on."""

import numpy as np

AVERAGES = "averages at the end, which runs between the training runs may move"
LIKE = ("losses of the first run", "losses of later runs",
        "gradients of the first run", "gradients of later runs",
        "weights at the end", "slots at the end", AVERAGES)  # fmt: skip


def replay(side):
    """Returns rows of what was compared, for a float32 GraphSide of a recording.

    Returns:
      list of {"what", "arrays", "worst", "relative", "absolute"}: the largest
      difference, and what it is of the largest value among the arrays.
    """
    recording = side.program.recording
    fed = recording.fed()
    side.load(side.initial())
    found = {what: [] for what in LIKE}
    for step, runs in enumerate(recording.steps):
        batch = {name: values[step] for name, values in fed.items()}
        scalars, gradients = _step(side, batch)
        for number, run in enumerate(runs):
            when = "later runs" if step or number else "the first run"
            recorded = recording.run(run)
            for key, array in recorded.items():
                kind, _, name = key.partition("/")
                if kind == "fetch" and name in scalars[number]:
                    row = _off(name, scalars[number][name], array)
                    found[f"losses of {when}"].append(row)
                if kind == "gradient" and (number, name) in gradients:
                    row = _off(name.partition("|")[0], gradients[number, name], array)
                    found[f"gradients of {when}"].append(row)
    after, slots = recording.after(), {*side.roles.slots, *side.roles.powers}
    trained = {a.variable for _, u in side.roles.applied for a in u.applies}
    for name, array in side.values.read().items():
        if name in after and array.dtype.kind == "f":
            what = "weights at the end" if name in trained else AVERAGES
            what = "slots at the end" if name in slots else what
            found[what].append(_off(name, array, after[name]))
    return [_worst(what, rows) for what, rows in found.items() if rows]


def _step(side, batch):
    """Returns (scalars of each run, (run, 'variable|op') -> gradient)."""
    before = len(side.per_run)
    _, gradients, _ = side.step(batch, look=True)
    named = {}
    for key, array in gradients.items():
        number, _, variable = key.partition("|")
        run, update = side.roles.applied[int(number)]
        op = next(a.op.name for a in update.applies if a.variable == variable)
        named[run, f"{variable}|{op}"] = array
    return side.per_run[before:], named


def _off(name, here, recorded):
    """Returns (name, largest difference, largest recorded value)."""
    here, recorded = np.asarray(here, np.float64), np.asarray(recorded, np.float64)
    off = np.max(np.abs(here - recorded), initial=0.0)
    return name, float(off), float(np.max(np.abs(recorded), initial=0.0))


def _worst(what, rows):
    # a bias before a batch norm has a gradient of rounding alone: what counts is how
    # much it is beside the others
    size = max(size for *_, size in rows) or 1.0
    name, off, _ = max(rows, key=lambda row: row[1])
    return {"what": what, "arrays": len(rows), "worst": name, "absolute": off,
            "relative": off / size}  # fmt: skip
