"""What is asked of the two sides once more, to find out why they differ, and how fast
they are."""

import numpy as np

from dcgan_v1.migration.comparison import alignment, observe
from dcgan_v1.migration.comparison.observe import Key

ROUNDS = 5  # of timing, in alternation


class Asking:
    """The part of `comparing.Pair` that runs open sides again."""

    def variable_of(self, name):
        """The variable that a slot is of, or the name itself."""
        return self.ours["slots"].get(name, (None, None, name))[2]

    def inputs_of_step(self):
        """Name -> array of the first step's batch, in this dtype."""
        with np.load(self.job.folder / "inputs.npz") as file:
            found = {k.partition("/")[2]: file[k] for k in file.files if k.startswith("0/")}
        return {k: a.astype(self.dtype) if a.dtype.kind == "f" else a for k, a in found.items()}

    def output_with(self, rows, layer, mode, start=None):
        """Returns a layer's output in the port with some rows of the map replaced, or
        from another start."""
        changed = {row.new: row for row in rows}
        plain = self.matching.rows
        self.matching.rows = [changed.get(row.new, row) for row in plain]
        try:
            self.load(start)
        finally:
            self.matching.rows = plain
        self.new.ask("look" if mode == "training" else "inference", batch="0")
        layers = self.read_look(self.new).layers
        return next(alignment.in_tf1_order(s, self.maps) for s in layers if s.name == layer)

    def asked_gradients(self):
        """Returns (late, leak): TF1's gradients of the first step if no update moved a
        weight, and what the losses of other updates would add. Key -> array."""
        self.old.load(self.start)
        self.old.do("gradients_of", batch="0", leaks=True)
        found = self.old.arrays()
        return tuple(
            observe.gradient_keys(
                {
                    k.removeprefix(f"{kind} "): a
                    for k, a in found.items()
                    if k.startswith(f"{kind} ")
                }
            )
            for kind in ("late", "leak")
        )

    def kept_of_averages(self):
        """Returns, for TF1 and the port, name -> the part of each average that a step
        keeps: what becomes of a shift of its start, whatever else it is made of."""
        averages = [n for n in self.shapes if n not in self.trained]
        shifted = self.start | {n: self.start[n] + 0.125 for n in averages}
        self.load(shifted)
        for side in (self.old, self.new):
            side.ask("look", batch="0")
        looks = self.read_look(self.old), self.read_look(self.new)
        after = (
            looks[0].state,
            self.matching.to_tf1(looks[1].state, self.ours["slots"], self.shapes),
        )
        seen = self.seen_old, self.seen_new
        kept = []
        for state, before in zip(after, seen, strict=True):
            of_side = {}
            for name in averages:
                key = Key(observe.STATE, name, "average", 1)
                if name in state and key in before:
                    moved = (np.float64(state[name]) - before[key]) / 0.125
                    of_side[name] = float(np.median(moved))
            kept.append(of_side)
        return kept

    def time(self):
        """Steps in alternation; the first round is thrown away."""
        self.load()
        rounds = [
            {
                name: side.do("time", steps=self.job.timing_steps)
                for name, side in (("tf1", self.old), ("other", self.new))
            }
            for _ in range(ROUNDS + 1)
        ]
        self.timing = {
            name: {
                "seconds": [r[name]["seconds"] for r in rounds[1:]],
                "peak_bytes": rounds[-1][name]["peak_bytes"],
            }
            for name in ("tf1", "other")
        }
        self.progress()
