"""What both sides of a pair compute from the same start, under the same keys."""

import numpy as np

from dcgan_v1.errors import UserError
from dcgan_v1.migration.comparison import looking, observe
from dcgan_v1.migration.comparison.alignment import align
from dcgan_v1.migration.comparison.observe import FORWARD, LOSS, Key

NO_GRADIENT = {"float64": 1e-12, "float32": 1e-6}  # of an update's largest: rounding


class Observing:
    """The part of `comparing.Pair` that runs both sides and notes what they give."""

    def observe(self):
        self.trained = {v for u in self.ours["updates"] for v in u["variables"]}
        self.shapes = {n: v["shape"] for n, v in self.ours["variables"].items()}
        self.owners = {v: i for i, u in enumerate(self.ours["updates"]) for v in u["variables"]}
        self.owners |= {
            slot: self.owners.get(of, -1) for slot, (_, _, of) in self.ours["slots"].items()
        }
        self.loss_names, self.layers_old = {}, {}
        self.seen_old, self.seen_new, self.aligned = {}, {}, {}
        self.looks = None
        self.load()
        if self.trains:
            self._first_step()
            self._later_steps()
        self.load()
        self._inference()

    def load(self, start=None):
        """Sets both sides to a state of TF1's."""
        start = self.start if start is None else start
        self.old.load(start)
        self.new.load(self.matching.to_port(start, self.ours["slots"]))

    def _first_step(self):
        for side in (self.old, self.new):
            side.ask("look", batch="0")
        looks = self.read_look(self.old), self.read_look(self.new)
        self.looks = looks
        looking.refuse_nan(looks[0]._replace(layers=[]), looks[1])
        if left := looks[1].learned["left"]:
            self.lone[Key(FORWARD, left[0], "drawn")] = "TF1"
        ours = observe.gradient_keys(looks[0].gradients)
        theirs = observe.gradient_keys(self.matching.gradients(looks[1].gradients, self.shapes))
        if self.like is None:
            self.matching.exempt = looking.without_gradient(ours, theirs, NO_GRADIENT[self.dtype])
        exempt = set(self.matching.exempt)
        self._note(
            *({k: a for k, a in side.items() if k.name not in exempt} for side in (ours, theirs))
        )
        self._losses(looks[0].scalars, looks[1].scalars, 0)
        self.state_after(1, looks[0].state, looks[1].state)
        self._align("training", [(looks[0].layers, looks[1].layers)])
        looking.refuse_nan(looks[0]._replace(layers=self._beside("training")))
        self.progress()

    def _later_steps(self):
        done = 1
        self._follow(self.looks[0].state)
        stops = self.job.checked if not self.matching.exempt else range(1, self.job.steps + 1)
        for stop in stops:
            if stop <= done:
                continue
            for side in (self.old, self.new):
                side.ask("steps", first=done, last=stop)
            scalars = [side.answer() for side in (self.old, self.new)]
            for i, step in enumerate(range(done, stop)):
                self._losses(scalars[0][i], scalars[1][i], step + 1)
            states = self.old.arrays(), self.new.arrays()
            if stop in self.job.checked:
                self.state_after(stop, *states)
                self.progress()
            self._follow(states[0])
            done = stop

    def _follow(self, state):
        """Sets what has no gradient but rounding to TF1's value: Adam would turn that
        into steps of full length, each side's its own."""
        wanted = {}
        for name in self.matching.exempt:
            wanted[name] = state[name]
            wanted |= {s: state[s] for s, (_, _, of) in self.ours["slots"].items() if of == name}
        if wanted:
            self.new.load(self.matching.to_port(wanted, self.ours["slots"]))

    def state_after(self, step, ours, theirs):
        """Notes both states, without what is exempt."""
        theirs = self.matching.to_tf1(theirs, self.ours["slots"], self.shapes)
        exempt = set(self.matching.exempt)
        exempt |= {s for s, (_, _, of) in self.ours["slots"].items() if of in exempt}
        trained = {of for _, _, of in self.ours["slots"].values()} | self.trained
        lone = [
            n
            for n in ours
            if n not in theirs
            and n not in self.ours["powers"]
            and (n in self.ours["slots"] or n in trained)
        ]
        if lone and step == 1:
            self.not_compared.append(
                f"{len(lone)} slots of optimisers that the port has not, {lone[0]} first"
            )
        ours = {n: a for n, a in ours.items() if n in theirs and n not in exempt}
        theirs = {n: a for n, a in theirs.items() if n in ours}
        self._note(
            *(observe.state_keys(s, self.ours["slots"], self.trained, step) for s in (ours, theirs))
        )

    def _losses(self, ours, theirs, step):
        """Pairs the losses by name, else by the value that they have in the first
        step."""
        if step == 0 and self.like is not None:
            self.loss_names = self.like.loss_names
        elif step == 0:
            self.loss_names = looking.pair_losses(
                [(ours, theirs), *self.more_scalars], self.ours["updates"]
            )
        if step == 0 and self.like is None:
            unpaired = [name for name in theirs if name not in self.loss_names]
            if unpaired and not self.loss_names:
                self.lone[Key(LOSS, unpaired[0])] = "port"
            elif unpaired:
                self.not_compared.append(
                    f"the port's {', '.join(unpaired)}: TF1 has no loss of that value"
                )
        for name, other in self.loss_names.items():
            if other in ours and name in theirs:
                for side, value in (("TF1 program", ours[other]), ("port", theirs[name])):
                    if not np.isfinite(value):
                        raise UserError(
                            f"the {side} computes what is no number: loss {name} "
                            f"of step {max(step, 1)}"
                        )
                key = Key(LOSS, name, "", step)
                self.seen_old[key] = np.asarray(ours[other])
                self.seen_new[key] = np.asarray(theirs[name])

    def _inference(self):
        """A model that was seen to take several inputs is given each; what counts is
        the one under which most of its layers agree."""
        self.old.ask("inference", batch="0")
        self.new.ask("inference", batch="0")
        ours = self.read_look(self.old)
        theirs = [self.read_look(self.new)]
        forward = theirs[0].learned["forward"]
        for choice in range(1, max(map(len, forward.values()), default=0)):
            self.new.ask("inference", batch="0", choice=choice)
            theirs.append(self.read_look(self.new))
        self.maps = {**self.maps, **theirs[0].learned["maps"]}
        self.forward = forward
        parts = []
        for model in self.theirs["models"]:
            of_model = [
                [s for s in look.layers if s.name.startswith((f"{model}/", f"{model}:"))]
                for look in theirs
            ]
            among = self._of_model(model, ours.layers)
            layers = max(of_model, key=lambda found: self._agreeing(among, found))
            if self._has_no_inference(model, among, layers):
                self.not_compared.append(
                    f"{model} in inference: TF1's graph normalises by its batches "
                    "always; it was built for training alone"
                )
                continue
            parts.append((among, layers))
            if not layers:
                self.not_compared.append(
                    f"{model} in inference: name its inputs, forward={{{model!r}: […]}}"
                )
        self._align("inference", parts)
        layers = [seen for _, found in parts for seen in found]
        looking.refuse_nan(
            ours._replace(layers=self._beside("inference")), theirs[0]._replace(layers=layers)
        )
        self.progress()

    def _of_model(self, model, layers):
        """The ops of TF1's that a model may be compared with in inference: of the
        network that is there for inference alone, where the program has one that reads
        the model's weights, and no switch between its modes."""
        twins = self._own_twins(model, layers)
        return layers if self.ours["switches"] or not twins else twins

    def _own_twins(self, model, layers):
        own = {
            r.old
            for r in self.matching.rows
            if r.new.startswith(f"{model}/") and self.ours["variables"][r.old]["trainable"]
        }
        return [seen for seen in layers if own & set(seen.twin)]

    def _beside(self, mode):
        """TF1's layers that stand beside one of the port's."""
        return [a.old for a in self.aligned[mode] if a.old is not None]

    def _has_no_inference(self, model, among, layers):
        """Whether a program has one network for both modes and nothing that switches,
        and a port's averages are not what it normalises by."""
        averages = any(
            n.startswith(f"{model}/") and v["part"] in ("mean", "variance")
            for n, v in self.theirs["variables"].items()
        )
        switches = self.ours["switches"] or self.ours["modes"]
        one = self.trains and not switches and not self._own_twins(model, among)
        return one and averages and self._agreeing(among, layers) < len(layers)

    def _agreeing(self, ours, theirs):
        aligned = align(ours, theirs, self._tolerance(), self.maps)
        return sum(a.by == "value" for a in aligned)

    def _tolerance(self):
        """Below which relative difference layers are taken for the same."""
        return 1e-9 if self.dtype == "float64" else 1e-4

    def _align(self, mode, parts):
        """Puts layers of the port beside ops of TF1's.

        Args:
          parts: [(TF1's, the port's)], each aligned by itself.
        """
        found = [
            a for ours, theirs in parts for a in align(ours, theirs, self._tolerance(), self.maps)
        ]
        ours = [seen for part, _ in parts for seen in part]
        if self.like is not None:  # what stands beside what is known by now
            before = {
                a.new.name: a.old.name for a in self.like.aligned.get(mode, []) if a.old is not None
            }
            by_name = {seen.name: seen for seen in ours}
            found = [a._replace(old=by_name.get(before.get(a.new.name), a.old)) for a in found]
        self.aligned[mode], self.layers_old[mode] = found, ours
        for a in found:
            key = Key(FORWARD, a.new.name, mode)
            if a.old is not None:
                self.seen_old[key], self.seen_new[key] = a.old.output, a.new.output
            else:
                self.lone[key] = "port"

    def _note(self, ours, theirs):
        for key, array in ours.items():
            if key in theirs:
                self.seen_old[key] = array
            else:
                self.lone[key] = "TF1"
        for key, array in theirs.items():
            if key in ours:
                self.seen_new[key] = array
            else:
                self.lone[key] = "port"

    def look(self, side, batch):
        side.ask("look", batch=batch)
        return self.read_look(side)

    def read_look(self, side):
        """Returns what a side answered; a port says by then what was altered in it."""
        look = looking.read(side)
        if look.learned["altered"]:
            self.theirs["altered"] = look.learned["altered"]
        return look
