"""Runs both sides, each in a process of its own, from the same start on the same
batches, and gathers what they compute."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from dcgan_v1.compare import (
    alignment,
    batches,
    differences,
    noise,
    observe,
    self_check,
)
from dcgan_v1.compare.alignment import Seen, align
from dcgan_v1.compare.diagnosis import diagnose
from dcgan_v1.compare.host import Side
from dcgan_v1.compare.identify import identify
from dcgan_v1.compare.observe import FORWARD, LOSS, Key
from dcgan_v1.errors import UserError
from dcgan_v1.ports.names import updates_done
from dcgan_v1.runtime import cores

ROUNDS = 5  # of timing, in alternation
NO_GRADIENT = {"float64": 1e-12, "float32": 1e-6}  # of an update's largest: rounding
LOUD = 0.1  # noise of float32 that leaves nothing to be said


class Job(NamedTuple):
    """What is compared.

    Attributes:
      old, new: what `worker.open_side` takes, without dtype and threads.
      map: a `map_file.Map`.
      inputs: name -> array, as a user gave them.
      steps: training steps; checked: after which the state is looked at.
      batch_size, seed, timing_steps: numbers.
      folder: a directory for what the processes hand over.
      start: name -> array that stands for TF1's own start values, or None.
      draw_averages: whether averages start from drawn values: as they are made, all
        alike, they would hide a mean taken for a variance.
    """

    old: dict
    new: dict
    map: Any
    inputs: dict
    steps: int
    checked: list
    batch_size: int | None
    seed: int
    timing_steps: int
    folder: Path
    start: dict | None = None
    draw_averages: bool = True


class Look(NamedTuple):
    """What one step, or one pass in inference, showed.

    Attributes:
      scalars: name -> number.
      layers: list of Seen.
      gradients, state: name -> array, in the side's own names.
      hyper: optimiser -> settings.
      learned: what a port only shows when it runs.
    """

    scalars: dict
    layers: list
    gradients: dict
    state: dict
    hyper: dict
    learned: dict


class Pair:
    """Both sides in one dtype; in float32 TF1 against itself, too.

    Attributes filled in by `run`:
      ours, theirs: what the sides say of themselves.
      matching, certificate: see `identify`.
      start: TF1's state that both begin with, in its names.
      aligned: mode -> list of Aligned.
      seen_old, seen_new: Key -> array.
      looks: (Look, Look) of the first step; None where there is none.
      lone: Keys that one side alone has -> 'TF1' or 'port'.
      found: every Difference; control: in float32 those of TF1 from itself.
      findings: where the sides part and why, worked out in the first dtype.
      not_compared: lines: what the verdict is not said of.
      timing: by side.
    """

    def __init__(self, job, dtype, progress=lambda: None, like=None):
        self.job, self.dtype, self.progress, self.like = job, dtype, progress, like
        self.folder = job.folder / dtype
        self.folder.mkdir(exist_ok=True)
        more = {"dtype": dtype, "threads": cores()}
        self.old = Side("TF1", {**job.old, **more, "is_old": True}, self.folder)
        self.new_spec = {**job.new, **more, "is_old": False}
        self.new = Side("port", self.new_spec, self.folder)
        self.control_side = None
        if dtype == "float32":
            alone = {**job.old, **more, "threads": 1, "is_old": True}
            self.control_side = Side("control", alone, self.folder, onednn="0")
        self.control, self.timing, self.lone = [], {}, {}
        self.found, self.findings, self.checked = [], [], []
        self.not_compared, self.few = [], "few"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for side in (self.old, self.new, self.control_side):
            if side:
                side.close()

    # ---- set-up ----

    def run(self):
        self.open()
        self.prepare_inputs()
        self.identify()
        if self.matching.new_only or self.missing():
            return
        self.observe()
        if not self.seen_old:
            raise UserError(
                "nothing of the two could be compared: the port has no step, and "
                "no model "
                "whose inputs are known; give step=, or forward={model: [inputs]}"
            )
        self.found = differences.between(self.seen_old, self.seen_new, self.group)
        if self.job.timing_steps and self.trains:
            self.time()
        if self.control_side:
            self.control = noise.measure(self)
            tolerances = differences.noise_tolerances(self.control)
            self.found = [
                d._replace(tolerance=tolerances.get(d.key.quantity, d.tolerance))
                for d in self.found
            ]
            self.not_compared += [
                f"{quantity} in float32: TF1 is {tolerance / 10:.1e} from itself"
                for quantity, tolerance in tolerances.items()
                if tolerance > 10 * LOUD
            ]
        if self.like is None:
            self.findings = diagnose(self)
        if self.dtype == "float64" and self.trains:
            try:
                self.checked = self_check.central_differences(self)
            except UserError as error:
                self.not_compared.append(f"the self-check of float64: {error}")
        self.inputs_seen = self.inputs_of_step()

    def group(self, key):
        """What an array shares its scale with: what one update trains."""
        owner = self.owners.get(key.name, -1) if key.kind == observe.STATE else 0
        of = key.name if key.kind == FORWARD or key.part == "updates" else ""
        return key.kind, key.part, key.step, key.update, owner, of

    def open(self):
        for side in self._sides():
            side.answer()
        self.ours = self.old.do("describe")
        self.theirs = self.new.do("describe")
        wrong = [d for d in self.theirs["dtypes"] if d != self.dtype]
        if wrong:
            raise CannotBe(
                f"the port's variables are {wrong[0]}, not {self.dtype}: let its "
                "function take a dtype"
            )
        self.trains = bool(self.ours["updates"]) and self.theirs["step"] is not None

    def _sides(self):
        return [s for s in (self.old, self.new, self.control_side) if s]

    def prepare_inputs(self):
        """Writes the batches, and has TF1 draw what it draws."""
        job = self.job
        modes = [*self.ours["switches"], *job.map.training]
        made = batches.make(
            self.ours["inputs"], job.inputs, job.steps, job.batch_size, job.seed, modes
        )
        path = job.folder / "inputs.npz"
        arguments = self.theirs["step"] or sorted(
            {n for names in job.map.forward.values() for n in names}
        )
        inputs = {n: v for n, v in self.ours["inputs"].items() if n not in modes}
        self.bound, dropped = batches.bind(
            arguments, self.theirs["optional"],
            self.theirs["step takes more"] or not self.theirs["step"],
            inputs, self.ours["random"] if self.trains else {}, job.map.inputs,
            self.theirs["dropouts"],
        )  # fmt: skip
        if not path.exists():
            np.savez(path, **made)
            self.old.do("use", inputs=str(path))
            self.start = self._start()
            if self.ours["random"] and self.trains:
                self.old.load(self.start)
                for batch in dict.fromkeys(key.partition("/")[0] for key in made):
                    self.old.do("draw", batch=batch)
                    drawn = self.old.arrays()
                    made |= {f"{batch}/{name}": a for name, a in drawn.items()}
                np.savez(path, **made)
        for side in self._sides():
            side.do("use", inputs=str(path))
        if self.like is not None or not hasattr(self, "start"):
            self.start = self._start()
        self.dropped = dropped
        self._bind()

    def _bind(self):
        self.new.do(
            "bind", arguments=self.bound, drawn=self.dropped,
            forward=self.job.map.forward,
        )  # fmt: skip

    def _start(self):
        """Returns the state both sides begin with."""
        if self.like is not None:  # the same numbers in another dtype
            return self.like.start
        self.old.do("initial")
        start = self.old.arrays()
        if self.job.start:
            start |= self._given(start)
            return start
        if not self.job.draw_averages:
            return start
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
                "another "
                f"shape, and so are {len(lacking) - 1} more"
            )
        found = {n: a.astype(start[n].dtype) for n, a in given.items() if n in start}
        for name, (optimizer, power) in powers.items():
            if power == "beta2_power" and name in given:
                updates = updates_done(np.asarray(given[name])[()])
                found[f"updates:{optimizer}"] = np.asarray(updates)
        return found

    def identify(self):
        """Finds which variable is which."""
        self.more_scalars = []  # pairs (TF1's, the port's) of another step
        if self.like is not None:
            self.matching, self.certificate = self.like.matching, self.like.certificate
            self.maps = self.like.maps
            return
        rows = self.job.map.variables
        self.maps = {}
        # by shapes alone: where these do not fit, a port may not even run
        self.matching, self.certificate = identify(
            self.ours, self.theirs, rows, None, None
        )
        if self.matching.new_only or self.missing():
            return
        port_run = None
        if self.trains:
            self._few_or_all()
            seen = self.look(self.new, self.few)
            port_run = {"updates": _updates_of(seen), "maps": seen.learned["maps"]}
        self.maps = (port_run or {}).get("maps", {})
        run_equal = self._run_equal if self.trains else None
        self.matching, self.certificate = identify(
            self.ours, self.theirs, rows, port_run, run_equal
        )
        if self.trains:
            self._reopen()

    def _few_or_all(self):
        """A few rows are enough to match variables, where a graph takes fewer."""
        self.old.load(self.start)
        try:
            self.old.do("loss_at", batch=self.few)
        except UserError:  # the number of rows stands in the graph
            self.few = "0"

    def _reopen(self):
        """Starts the port anew: a schedule of its own may have counted the steps that
        were done to match variables."""
        self.new.close()
        self.new = Side("port", self.new_spec, self.folder)
        self.new.answer()
        self.new.do("use", inputs=str(self.job.folder / "inputs.npz"))
        self._bind()

    def _run_equal(self, old_values, new_values):
        """A step of either side with values that are equal for equal shapes."""
        zeros = {
            name: np.zeros_like(array)
            for name, array in self.start.items()
            if name in self.ours["slots"] or name.startswith("updates:")
        }
        self.old.load({**zeros, **old_values})
        self.new.do("state")
        slots = {k: np.zeros_like(a) for k, a in self.new.arrays().items()
                 if "|" in k or k.startswith("updates:")}  # fmt: skip
        self.new.load({**slots, **new_values})
        found = [self.look(side, self.few) for side in (self.old, self.new)]
        self.more_scalars = [tuple(look.scalars for look in found)]
        return [
            {"scalars": f.scalars, "gradients": f.gradients, "state": f.state}
            for f in found
        ]

    def missing(self):
        """Variables of TF1's that training or the networks need, and the port has
        not."""
        return [
            name
            for name in self.matching.old_only
            if self.ours["variables"][name]["trainable"]
        ]

    # ---- observing ----

    def observe(self):
        self.trained = {v for u in self.ours["updates"] for v in u["variables"]}
        self.shapes = {n: v["shape"] for n, v in self.ours["variables"].items()}
        self.owners = {
            v: i for i, u in enumerate(self.ours["updates"]) for v in u["variables"]
        }
        self.owners |= {
            slot: self.owners.get(of, -1)
            for slot, (_, _, of) in self.ours["slots"].items()
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
        self._refuse_nan(looks)
        if left := looks[1].learned["left"]:
            self.lone[Key(FORWARD, left[0], "drawn")] = "TF1"
        ours = observe.gradient_keys(looks[0].gradients)
        theirs = observe.gradient_keys(
            self.matching.gradients(looks[1].gradients, self.shapes)
        )
        if self.like is None:
            self.matching.exempt = _without_gradient(
                ours, theirs, NO_GRADIENT[self.dtype]
            )
        exempt = set(self.matching.exempt)
        self._note(*(
            {k: a for k, a in side.items() if k.name not in exempt}
            for side in (ours, theirs)
        ))  # fmt: skip
        self._losses(looks[0].scalars, looks[1].scalars, 0)
        self.state_after(1, looks[0].state, looks[1].state)
        self._align("training", [(looks[0].layers, looks[1].layers)])
        self.progress()

    def _later_steps(self):
        done = 1
        self._follow(self.looks[0].state)
        stops = (
            self.job.checked
            if not self.matching.exempt
            else range(1, self.job.steps + 1)
        )
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
            wanted |= {s: state[s] for s, (_, _, of) in self.ours["slots"].items()
                       if of == name}  # fmt: skip
        if wanted:
            self.new.load(self.matching.to_port(wanted, self.ours["slots"]))

    def state_after(self, step, ours, theirs):
        """Notes both states, without what is exempt."""
        theirs = self.matching.to_tf1(theirs, self.ours["slots"], self.shapes)
        exempt = set(self.matching.exempt)
        exempt |= {s for s, (_, _, of) in self.ours["slots"].items() if of in exempt}
        trained = {of for _, _, of in self.ours["slots"].values()} | self.trained
        lone = [n for n in ours if n not in theirs and n not in self.ours["powers"]
                and (n in self.ours["slots"] or n in trained)]  # fmt: skip
        if lone and step == 1:
            self.not_compared.append(
                f"{len(lone)} slots of optimisers that the port has not, "
                f"{lone[0]} first"
            )
        ours = {n: a for n, a in ours.items() if n in theirs and n not in exempt}
        theirs = {n: a for n, a in theirs.items() if n in ours}
        self._note(*(
            observe.state_keys(s, self.ours["slots"], self.trained, step)
            for s in (ours, theirs)
        ))  # fmt: skip

    def _losses(self, ours, theirs, step):
        """Pairs the losses by name, else by the value that they have in the first
        step."""
        if step == 0 and self.like is not None:
            self.loss_names = self.like.loss_names
        elif step == 0:
            self.loss_names = _pair_losses(
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
                for side, value in (
                    ("TF1 program", ours[other]),
                    ("port", theirs[name]),
                ):
                    if not np.isfinite(value):
                        raise UserError(
                            f"the {side} computes what is no number: loss {name} "
                            "of step "
                            f"{max(step, 1)}"
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
                [
                    s
                    for s in look.layers
                    if s.name.startswith((f"{model}/", f"{model}:"))
                ]
                for look in theirs
            ]
            among = self._of_model(model, ours.layers)
            layers = max(of_model, key=lambda found: self._agreeing(among, found))
            parts.append((among, layers))
            if not layers:
                self.not_compared.append(
                    f"{model} in inference: name its inputs, forward={{{model!r}: […]}}"
                )
        self._align("inference", parts)
        layers = [seen for _, found in parts for seen in found]
        beside = [a.old for a in self.aligned["inference"] if a.old is not None]
        self._refuse_nan(
            (ours._replace(layers=beside), theirs[0]._replace(layers=layers))
        )
        self.progress()

    def _of_model(self, model, layers):
        """The ops of TF1's that a model may be compared with in inference: of the
        network
        that is there for inference alone, where the program has one that reads the
        model's weights, and no switch between its modes."""
        own = {
            r.old for r in self.matching.rows
            if r.new.startswith(f"{model}/")
            and self.ours["variables"][r.old]["trainable"]
        }  # fmt: skip
        twins = [seen for seen in layers if own & set(seen.twin)]
        return layers if self.ours["switches"] or not twins else twins

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
            a
            for ours, theirs in parts
            for a in align(ours, theirs, self._tolerance(), self.maps)
        ]
        ours = [seen for part, _ in parts for seen in part]
        if self.like is not None:  # what stands beside what is known by now
            before = {
                a.new.name: a.old.name
                for a in self.like.aligned.get(mode, []) if a.old is not None
            }  # fmt: skip
            by_name = {seen.name: seen for seen in ours}
            found = [
                a._replace(old=by_name.get(before.get(a.new.name), a.old))
                for a in found
            ]
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
        answer, arrays = side.answer(), side.arrays()
        layers = [
            Seen(name, kind, settings, arrays[f"output {i}"], arrays.get(f"input {i}"),
                 settings.pop("applied", 0), tuple(settings.pop("twin", ())))
            for i, (name, kind, settings) in enumerate(answer["layers"])
        ]  # fmt: skip
        parts = {
            part: {
                key.removeprefix(f"{part} "): array
                for key, array in arrays.items()
                if key.startswith(f"{part} ")
            }
            for part in ("gradient", "state")
        }
        learned = {k: answer[k] for k in ("maps", "forward", "left", "altered")}
        if learned["altered"]:
            self.theirs["altered"] = learned["altered"]
        return Look(answer.get("scalars", {}), layers, parts["gradient"],
                    parts["state"], answer.get("hyper", {}), learned)  # fmt: skip

    def _refuse_nan(self, looks):
        for side, look in zip(("TF1 program", "port"), looks, strict=True):
            where = [
                *((f"layer {seen.name}", seen.output) for seen in look.layers),
                *((f"loss {name}", np.asarray(v)) for name, v in look.scalars.items()),
                *((f"gradient {name}", a) for name, a in look.gradients.items()),
            ]
            for name, array in where:
                if not np.isfinite(array).all():
                    raise UserError(
                        f"the {side} computes what is no number, first in {name}"
                    )

    # ---- asking again ----

    def variable_of(self, name):
        """The variable that a slot is of, or the name itself."""
        return self.ours["slots"].get(name, (None, None, name))[2]

    def inputs_of_step(self):
        """Name -> array of the first step's batch, in this dtype."""
        with np.load(self.job.folder / "inputs.npz") as file:
            found = {k.partition("/")[2]: file[k] for k in file.files
                     if k.startswith("0/")}  # fmt: skip
        return {
            k: a.astype(self.dtype) if a.dtype.kind == "f" else a
            for k, a in found.items()
        }

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
        return next(
            alignment.in_tf1_order(s, self.maps) for s in layers if s.name == layer
        )

    def asked_gradients(self):
        """Returns (late, leak): TF1's gradients of the first step if no update moved a
        weight, and what the losses of other updates would add. Key -> array."""
        self.old.load(self.start)
        self.old.do("gradients_of", batch="0", leaks=True)
        found = self.old.arrays()
        return tuple(
            observe.gradient_keys(
                {k.removeprefix(f"{kind} "): a for k, a in found.items()
                 if k.startswith(f"{kind} ")}
            )
            for kind in ("late", "leak")
        )  # fmt: skip

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


class CannotBe(Exception):
    """A dtype in which this pair cannot be compared, and why."""


def _updates_of(look):
    """[(optimiser, variables)] of a port's step, in their order."""
    found = {}
    for key in look.gradients:
        count, optimizer, name = key.split("|", 2)
        found.setdefault(int(count), (optimizer, []))[1].append(name)
    return [found[count] for count in sorted(found)]


def _without_gradient(ours, theirs, limit):
    """Variables whose gradients are rounding on both sides: a bias that a batch norm
    takes away again."""
    largest = {}
    for key, array in ours.items():
        size = float(np.max(np.abs(array), initial=0.0))
        largest[key.update] = max(largest.get(key.update, 0.0), size)
    tiny, real = set(), set()
    for key, array in ours.items():
        least = limit * largest[key.update]
        sizes = [
            np.max(np.abs(a), initial=0.0) for a in (array, theirs.get(key, array))
        ]
        is_noise = 0 < max(sizes) <= least and array.ndim == 1
        (tiny if is_noise else real).add(key.name)
    return sorted(tiny - real)


def _pair_losses(steps, updates):
    """Loss of the port -> scalar of TF1's: by value, by name, or by order where both
    have as many. Others are left out.

    Args:
      steps: [(TF1's scalars, the port's)] of one or more steps from equal starts.
    """
    ours, theirs = steps[0]
    named = {name.rpartition("/")[2]: name for name in ours}
    losses = list(dict.fromkeys(n for u in updates for n in u["losses"] if n in ours))

    def off(name, other):
        return max(
            abs(a[other] - b[name]) / max(abs(b[name]), 1e-30)
            for a, b in steps
            if other in a and name in b
        )

    found = {}
    for i, name in enumerate(theirs):
        # a mean before its parts, where values are equal
        near = min(ours, key=lambda other: off(name, other), default=None)
        if near is not None and off(name, near) <= 1e-6:
            found[name] = near
        elif name in named:
            found[name] = named[name]
        elif len(losses) == len(theirs):
            found[name] = losses[i]
    return found


def run(job, dtypes, progress=lambda: None):
    """Returns ({dtype: finished Pair}, {dtype: why it could not be}), float64 first:
    its map serves float32, too."""
    pairs, refused = {}, {}
    for dtype in sorted(dtypes, reverse=True):
        first = next(iter(pairs.values()), None)
        try:
            with Pair(job, dtype, progress, first) as pair:
                pair.run()
        except CannotBe as error:
            refused[dtype] = str(error)
        else:
            pairs[dtype] = pair
            if pair.matching.new_only or pair.missing():
                break
    if not pairs:
        raise UserError(f"cannot compare in {dtype}: {refused[dtype]}")
    return pairs, refused
