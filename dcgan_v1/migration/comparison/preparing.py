"""What both sides are given before they are compared: inputs, draws, a start."""

import numpy as np

from dcgan_v1.errors import UserError
from dcgan_v1.migration.adam_powers import updates_done
from dcgan_v1.migration.comparison import batches
from dcgan_v1.migration.recordings.recording import Recording


class Preparing:
    """The part of `comparing.Pair` that prepares."""

    def prepare_inputs(self):
        """Writes the batches, and has TF1 draw what it draws."""
        job = self.job
        modes = [*self.ours["switches"], *self.ours["modes"]]
        inputs, given = self._recorded(modes)
        made = batches.make(inputs, given, job.steps, job.batch_size, job.seed, modes)
        path = job.folder / "inputs.npz"
        arguments = self.theirs["step"] or sorted(
            {n for names in job.map.forward.values() for n in names}
        )
        inputs = {n: v for n, v in self.ours["inputs"].items() if n not in modes}
        self.bound, dropped = batches.bind(
            arguments,
            self.theirs["optional"],
            self.theirs["step takes more"] or not self.theirs["step"],
            inputs,
            self._drawn() if self.trains else {},
            job.map.inputs,
            self.theirs["dropouts"],
        )
        if not path.exists():
            np.savez(path, **made)
            self.old.do("use", inputs=str(path))
            self.start = self._start()
            if self.ours["random"] and self.trains:
                self.old.load(self.start)
                for batch in dict.fromkeys(key.partition("/")[0] for key in made):
                    self.old.do("draw", batch=batch)
                    drawn = self.old.arrays()
                    for name, array in drawn.items():
                        made.setdefault(f"{batch}/{name}", array)
                np.savez(path, **made)
        for side in self._sides():
            side.do("use", inputs=str(path))
        if self.like is not None or not hasattr(self, "start"):
            self.start = self._start()
        self.dropped = dropped
        self._bind()

    def _recorded(self, modes):
        """Returns (what a step is given, arrays for it): of a recording, what was drawn
        is given, too."""
        inputs, given = self.ours["inputs"], self.job.inputs
        if not self.ours["recording"]:
            return inputs, given
        recording = Recording(self.ours["recording"])
        if len(recording.steps) < self.job.steps:
            raise UserError(
                f"{recording.folder} has {len(recording.steps)} whole steps, not "
                f"{self.job.steps}: --steps {len(recording.steps)}, or record more"
            )
        self.not_compared += [
            f"{name} as it was recorded: it is in a branch or a loop, and drawn anew"
            for name in recording.drawn_anew
        ]
        fed = recording.fed
        random = {n: v for n, v in self.ours["random"].items() if n in fed}
        known = inputs | random
        fed = {n: a for n, a in fed.items() if n in known and n not in modes}
        return known, fed | given

    def _drawn(self):
        """What TF1 draws in a step; not what a network beside it draws."""
        beside = self.ours["beside"]
        return {n: v for n, v in self.ours["random"].items() if n not in beside}

    def _bind(self):
        self.new.do("bind", arguments=self.bound, drawn=self.dropped, forward=self.job.map.forward)

    def _start(self):
        """Returns the state both sides begin with."""
        if self.like is not None:  # the same numbers in another dtype
            return self.like.start
        self.old.do("initial")
        start = self.old.arrays()
        if self.job.start:
            start |= self._given(start)
            return start
        # averages as they are made, all alike, would hide a mean taken for a variance
        rng = np.random.default_rng(self.job.seed)
        for name, v in self.ours["variables"].items():
            value = start[name]
            plain = value.size and (np.all(value == 0) or np.all(value == 1))
            if not v["trainable"] and value.ndim and plain:
                # fit for a mean and for a variance
                start[name] = rng.uniform(0.5, 1.5, value.shape).astype(value.dtype)
        return start

    def _given(self, start):
        """The start values that were given, counts of updates for powers of beta."""
        given, powers = self.job.start, self.ours["powers"]
        lacking = [
            name
            for name in self.ours["variables"]
            if name not in given or given[name].shape != start[name].shape
        ]
        if lacking:
            raise UserError(
                f"what to start from does not fit: {lacking[0]} is missing or of "
                f"another shape, and so are {len(lacking) - 1} more"
            )
        found = {n: a.astype(start[n].dtype) for n, a in given.items() if n in start}
        for name, (optimizer, power) in powers.items():
            if power == "beta2_power" and name in given:
                updates = updates_done(np.asarray(given[name])[()])
                found[f"updates:{optimizer}"] = np.asarray(updates)
        return found
