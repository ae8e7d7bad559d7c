"""What a program is given, draws and computes, update by update."""

import json
import os
import random
import threading

import numpy as np

from dcgan_v1.migration.recordings.port_recorder.layer_entries import entry_of
from dcgan_v1.migration.recordings.port_recorder.places import place_of

FORMAT = 1
LARGE = 2e9  # bytes of one update's file from which a program is refused
PATIENCE = 150  # updates by one optimiser before others that there are count as idle
STOPS = 3  # times that a program may swallow its end


class Stop(SystemExit):
    """Ends the program: all steps are recorded. `except Exception` does not catch it."""


class Refused(SystemExit):
    """What a program does that no recording can hold: one line for its owner."""


class Update:
    """What was seen up to one update of an optimiser, and what came of it."""

    def __init__(self):
        self.items, self.arrays, self.layers, self.losses = [], {}, [], {}
        self.optimizer = None
        self.gradients, self.settings = [], {}
        self.alive = []  # tensors whose ids must not be used again
        self.arguments = []  # of functions, that are noted
        self.chains = {}  # id of a tensor -> the call of a function that it comes of
        self.derived = set()  # ids of tensors that TensorFlow has computed of variables


class Recorder:
    """Notes what a program is given, draws and computes, update by update.

    Args:
      folder: where the recording goes.
      steps: whole steps: all updates until the first kind comes again.
      program: path of the main file, for messages.
      places: tells which frames are the program's own.
    """

    def __init__(self, folder, steps, program, places):
        self.folder, self.steps, self.program, self.places = folder, steps, program, places
        self.pid, self.thread = os.getpid(), threading.get_ident()
        self.kinds, self.updates, self.notes = [], [], []
        self.update, self.side = Update(), None
        self.is_pending = self.is_busy = self.is_muted = self.done = False
        self.children = []  # where the program starts processes
        self.generators = []  # numpy's, whose draws are noted
        self.last_words = lambda: None  # said where a program does not let itself be ended
        self.swallowed = 0

    def is_here(self):
        """Whether this is the program's own process and thread, and no end of it."""
        return os.getpid() == self.pid and threading.get_ident() == self.thread

    def sees(self):
        """Whether what happens is the program's, and is noted."""
        return not (self.is_busy or self.is_muted or self.done) and self.is_here()

    def event(self):
        """Closes an update at the first thing that happens after it: clipping, averages of
        weights and schedules are part of it by then."""
        if self.is_pending:
            self.close()

    def close(self):
        """Writes the last update with the state after it."""
        self.is_pending, self.is_busy = False, True
        try:
            self._write(self.update)
            self.update = Update()
            if self._is_enough():
                self.end()
        finally:
            self.is_busy = False
        if self.done:
            raise Stop()

    def insist(self):
        """Ends a program that swallowed its end, in an `except:` of its own."""
        if self.done and self.is_here():
            self.swallowed += 1
            if self.swallowed > STOPS:
                self.last_words()
                os._exit(0)
            raise Stop()

    def item(self, kind, function, value, tensor=None, law=None):
        """Notes something that a step is given.

        Args:
          kind: 'batch', 'tensor', 'draw', 'raw', 'call' or 'computed'.
          function: that gave it.
          value: an array.
          tensor: named as a running function holds it; without one, as what it is assigned to.
          law: of a draw, see `law_of`.
        """
        frames = self.places.frames()
        if not frames:
            return  # a library's own
        self.event()
        name = ""
        if tensor is not None:
            name = self.places.held_as(tensor)
        elif function != "dropout":
            name = self.places.assigned(frames)
        name = name or function
        array = np.asarray(value)
        if array.dtype.kind not in "biuf":
            return
        number = len(self.update.items)
        item = {"kind": kind, "function": function, "name": name, "place": place_of(frames[0])}
        if kind == "raw" and function != "dropout":
            item["name"] += ".raw"
        if law is not None:
            item["law"] = law
        item["after"] = len(self.update.layers)
        self.update.items.append(item)
        self.update.arrays["item/%d" % number] = np.array(array)

    def loss(self, value, tensor, weight=1.0):
        """Notes what gradients are taken of, by the program's own name for it.

        Args:
          value: a number.
          tensor: that has it.
          weight: what a gradient begins with: -1 of `loss.backward(-one)`.
        """
        self.event()
        name = self.places.held_as(tensor) or "loss"
        if weight != 1:
            name = "-" + name if weight == -1 else "%g %s" % (weight, name)
        while name in self.update.losses:
            name += "'"
        self.update.losses[name] = weight * float(value)

    def turn_losses(self):
        """Has the losses of this update be what is minimised, where its optimiser maximises."""
        self.update.losses = {
            name[1:] if name.startswith("-") else "-" + name: -value
            for name, value in self.update.losses.items()
        }

    def begin_update(self, optimizer):
        """Notes that an optimiser is about to move variables."""
        self.event()
        self.update.optimizer = optimizer

    def follow(self, gradients, settings):
        """Notes the gradients that the update follows, and its optimiser's settings. In a closure
        the whole step comes before this."""
        self.begin()
        self.update.gradients, self.update.settings = gradients, settings

    def begin(self):
        """Writes what there is before the first update, once."""
        if not self.kinds and not self.side.names.variables:
            if not os.path.isdir(self.folder):
                os.makedirs(self.folder)
            self.side.name_everything()
            self._save("before.npz", self.side.start())

    def end_update(self):
        """Notes that an optimiser has moved its variables."""
        self.kinds.append(self.side.names.optimizer_name(self.update.optimizer))
        self.is_pending = True

    def _is_enough(self):
        if self._is_alone():
            return len(self.kinds) >= self.steps
        starts = [
            i
            for i in range(1, len(self.kinds))
            if self.kinds[i] == self.kinds[0] and self.kinds[i - 1] != self.kinds[0]
        ]
        return len(starts) >= self.steps

    def _is_alone(self):
        """Whether one optimiser does all updates: there is no other, or it never comes."""
        is_patient = self.done or len(self.kinds) >= PATIENCE
        return len(self.side.optimizers) == 1 or (is_patient and len(set(self.kinds)) == 1)

    # ---- what is put back ----

    def generator_states(self):
        """Where Python's and numpy's generators are."""
        states = [(g, g.bit_generator.state) for g in self.generators]
        return random.getstate(), np.random.get_state(), states

    def put_back(self, states):
        """Sets Python's and numpy's generators back to where they were."""
        random.setstate(states[0])
        np.random.set_state(states[1])
        for generator, state in states[2]:
            generator.bit_generator.state = state

    # ---- files ----

    def _write(self, update):
        names = self.side.names
        number = len(self.updates)
        arrays = dict(update.arrays)
        layers, counts = [], []  # counts: how many entries are before each
        is_affordable = self._is_affordable(update.layers)
        for layer in update.layers:
            is_left_out = isinstance(layer["of"], dict) and not is_affordable
            entry = None if is_left_out else entry_of(names, layer)
            counts.append(len(layers))
            if entry:
                if layer["input"] is not None:
                    arrays["layer_input/%d" % len(layers)] = layer["input"]
                arrays["layer/%d" % len(layers)] = layer["output"]
                layers.append(entry)
        for item in update.items:
            item["after"] = (counts + [len(layers)])[item["after"]]
        for variable, array in update.gradients:
            arrays["gradient/" + names.variable_name(variable)] = array
        arrays.update(names.state())
        size = sum(a.nbytes for a in arrays.values())
        if size > LARGE:
            raise Refused("one update is %d MB: record a smaller one" % (size / 1e6))
        self._save("update_%04d.npz" % number, arrays)
        self.updates.append(
            {
                "optimizer": self.kinds[number],
                "settings": update.settings,
                "items": update.items,
                "layers": layers,
                "losses": update.losses,
                "counts": {kind: self.kinds.count(kind) for kind in set(self.kinds)},
            }
        )

    def _is_affordable(self, layers):
        """Whether calls of functions are told, too: not where all are too large."""
        is_affordable = sum(layer["output"].nbytes for layer in layers) < LARGE / 2
        if not is_affordable and any(isinstance(layer["of"], dict) for layer in layers):
            self.note("what functions compute in networks is left out: an update is too large")
        return is_affordable

    def _save(self, name, arrays):
        with open(os.path.join(self.folder, name), "wb") as file:
            np.savez(file, **arrays)

    def end(self):
        """Writes what names all the rest."""
        self.done = True
        contents = {
            "format": FORMAT,
            "kind": "port",
            "framework": self.side.name,
            "made on": self.side.made_on(),
            "dtype": self.side.dtype,
            "program": os.path.basename(self.program),
            "updates": self.updates,
            "alone": self._is_alone(),
            "notes": self.notes,
        }
        contents.update(self.side.names.describe())
        with open(os.path.join(self.folder, "recording.json"), "w") as file:
            json.dump(contents, file, indent=1)

    def finish(self):
        """Ends a recording where the program is over. Returns whether there is one."""
        if not self.done and self.is_pending:
            self.is_busy, self.is_pending = True, False
            self._write(self.update)
            self.is_busy = False
        if not self.done and self.updates:
            self.end()
        return self.done

    def note(self, text):
        """Keeps a sentence about what is not as the program says, once."""
        if text not in self.notes:
            self.notes.append(text)
