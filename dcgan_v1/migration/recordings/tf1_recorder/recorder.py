"""Counts a program's training runs, and records them."""

import json
import os
import re
import sys
import threading
import time

import numpy as np

from dcgan_v1.migration.recordings.tf1_recorder.branches import is_branch_taken, modes_of, truths_of
from dcgan_v1.migration.recordings.tf1_recorder.files import (
    made_on,
    megabytes,
    numbers_of,
    save_arrays,
)
from dcgan_v1.migration.recordings.tf1_recorder.graph_ops import (
    fed_arrays,
    fetched_ops,
    is_apply,
    scalars_of,
    trained_names,
    variable_name,
)
from dcgan_v1.migration.recordings.tf1_recorder.hooks import hook_sessions
from dcgan_v1.migration.recordings.tf1_recorder.run_contents import Contents
from dcgan_v1.migration.recordings.tf1_recorder.steps import departs, whole_steps
from dcgan_v1.migration.recordings.tf1_recorder.values import (
    export_graph,
    slot_names,
    variable_values,
)

FORMAT = 1
LARGE = 100e6  # bytes of trained variables from which less of each run is recorded
QUIET = 5.0  # seconds between two lines of progress


class Stop(SystemExit):
    """Ends the thread that trained: all runs are recorded. `except Exception` does not
    catch it, and a thread ends by it without a word."""


class Recorder:
    """Counts a program's training runs, and records them.

    Args:
      folder: where to; None to count alone.
      runs: how many training runs; or None.
      steps: how many whole steps, where `runs` is None; see `whole_steps`.
      stop: whether to end the program then, by `Stop`.
    """

    def __init__(self, folder=None, runs=None, steps=None, stop=True):
        self.folder, self.runs, self.steps, self.stop = folder, runs, steps, stop
        self.kinds, self.entries, self.done = [], [], False
        self._contents, self._graph, self._is_whole = {}, None, False
        self.calls = []  # `Contents`, one for each kind of run
        self.trained = 0  # runs that train; others assign to what is trained, as clips do
        self.session, self.losses = None, []
        self._here = threading.local()  # a thread that feeds a queue is not this one
        self.trainers = set()  # threads that trained: they alone are stopped
        self.ended, self._lock = threading.Event(), threading.RLock()
        self._is_large, self._last_line, self._version = False, 0.0, 0

    def install(self):
        """Has every `Session.run` of this process pass here, and what Keras trains by.
        Returns self."""
        self._plain = hook_sessions(self)
        return self

    def run(self, plain, session, fetches, feed_dict, options, run_metadata):
        """Does what a program's `Session.run` does, by the `plain` one, and records it.

        Args:
          plain: `Session.run` as TensorFlow has it.
          session, fetches, feed_dict, options, run_metadata: as the program gave them to it.
        """
        if self.done and self.stop and threading.get_ident() in self.trainers:
            raise Stop()  # a bare `except:` of the program's took the first
        if self.done or getattr(self._here, "is_busy", False):
            return plain(session, fetches, feed_dict, options, run_metadata)
        self._here.is_busy = True
        try:
            return self._run(plain, session, fetches, feed_dict, options, run_metadata)
        finally:
            self._here.is_busy = False

    def run_prepared(self, session, fetches, feed_dict, run_metadata):
        """Does what a callable that Keras had prepared does, as a run of the session's.

        Args:
          session: whose callable it is.
          fetches: [tensors, operations] of the callable.
          feed_dict: tensor -> what the program called it with.
          run_metadata: as the program gave it.
        """
        self._here.is_prepared = True
        try:
            return session.run(fetches, feed_dict, run_metadata=run_metadata)
        finally:
            self._here.is_prepared = False

    def before_close(self, session):
        """Saves what a program that closes its session has: it may end without enough runs."""
        if session is self.session and not self.done:
            self._save_after(session)

    def _run(self, plain, session, fetches, feed_dict, options, run_metadata):
        ops = list(fetched_ops(fetches, session.graph))
        key = (id(session.graph), tuple(op.name for op in ops))
        if key not in self._contents:
            self._contents[key] = Contents(ops)
        contents = self._contents[key]
        is_other = self._graph not in (None, session.graph)
        if is_other or not (contents.applies or (contents.sets and self._graph)):
            return plain(session, fetches, feed_dict, options, run_metadata)
        self.trainers.add(threading.get_ident())
        with self._lock:
            if self._graph is None:
                self._begin(session, contents)
            elif self.folder and contents not in self.calls and not self.done:
                self._grow(session)
        extra = self._extra(contents, feed_dict or {}) if self.folder else {}
        values, more = plain(session, [fetches, extra], feed_dict, options, run_metadata)
        with self._lock:
            if not self.done:  # by another thread, meanwhile
                self._note(session, contents, fetches, feed_dict or {}, values, more)
                if self._is_enough():
                    self._end(session)
        return values

    def _begin(self, session, contents):
        self._graph, self.session = session.graph, session
        every = frozenset(op.name for op in session.graph.get_operations() if is_apply(op))
        self._is_whole = contents.kind - {op.name for op in contents.sets} == every
        if getattr(self._here, "is_prepared", False):  # Keras makes G's updates after D's first run
            weights = {variable_name(op.inputs[0]) for op in contents.applies}
            self._is_whole = self._is_whole and weights >= trained_names(session.graph)
        if not self.folder:
            return
        if not os.path.isdir(self.folder):
            os.makedirs(self.folder)
        for name in os.listdir(self.folder):
            if name == "recording.json" or re.match(r"run_\d{4,}\.npz$", name):
                os.remove(os.path.join(self.folder, name))
        export_graph(session.graph, self._path("graph.meta"))
        values = variable_values(self._plain, session)
        self._announce(session.graph, values)
        self._save("before.npz", values)
        self._version = session.graph.version

    def _grow(self, session):
        """Records a graph anew that has become larger, and the variables that came with it: Keras
        makes its updates when each is first asked for."""
        if session.graph.version == self._version:
            return
        export_graph(session.graph, self._path("graph.meta"))
        with np.load(self._path("before.npz"), allow_pickle=False) as before:
            values = {name: before[name] for name in before.files}
        new = variable_values(self._plain, session, without=values)
        if new:
            values.update(new)
            self._save("before.npz", values)
        self._version = session.graph.version

    def _announce(self, graph, values):
        """Says how much a recording will be; of a large one, less is recorded."""
        trained = [values[n].nbytes for n in trained_names(graph) if n in values]
        self._is_large = sum(trained) > LARGE
        total = sum(np.asarray(a).nbytes for a in values.values())
        line = "recording in %s: variables of %s, twice" % (self.folder, megabytes(total))
        if self._is_large:
            line += ", and gradients of %s once for each kind of run" % megabytes(sum(trained))
            line += "; slots of optimisers are not recorded at the end"
        else:
            line += ", and with each run what it is fed and %s of gradients" % megabytes(
                sum(trained)
            )
        print(line, flush=True)

    def _extra(self, contents, feed_dict):
        """What to fetch along with a run."""
        is_again = contents.kind in self.kinds
        truths = truths_of(feed_dict) if contents.inside else {}
        pairs = [(op, is_branch_taken(op, truths)) for op in contents.inside]
        contents.hidden = sorted(op.name for op, is_taken in pairs if is_taken is None)
        live = [op for op, is_taken in pairs if is_taken]
        return contents.extra(live, gradients=not (self._is_large and is_again))

    def _progress(self, size):
        now = time.time()
        if now - self._last_line >= QUIET:
            self._last_line = now
            of = "" if self.runs is None else " of %d" % self.runs
            print("recorded run %d%s, %s" % (self.trained, of, megabytes(size)), flush=True)

    def _note(self, session, contents, fetches, feed_dict, values, more):
        self.kinds.append(contents.kind)
        self.trained += bool(contents.applies)
        if contents not in self.calls:
            contents.modes = modes_of(feed_dict)
            self.calls.append(contents)
        is_within = not contents.applies or contents.kind <= self.kinds[0]
        self._is_whole = bool(self._is_whole and is_within)
        scalars = dict(scalars_of(fetches, values, session.graph))
        self.losses = [float(x) for x in scalars.values()]
        if not self.folder:
            return
        arrays, without_name = fed_arrays(feed_dict, session.graph)
        arrays.update(("fetch/" + name, x) for name, x in scalars.items())
        arrays.update(more)
        numbers, no_numbers = numbers_of(arrays)
        size = self._save("run_%04d.npz" % len(self.entries), numbers)
        self.entries.append(
            {
                "kind": contents.name,
                "ops": contents.targets,
                "fetched": [op.name for op in contents.ops],
                "left out": without_name + no_numbers,
                "inside branches": contents.hidden,
            }
        )
        self._progress(size)

    def _is_enough(self):
        if self.runs is not None:
            return self.trained >= self.runs
        if self.steps is None:
            return False
        steps = self._whole_steps()
        return len(steps) >= self.steps or departs(self.kinds, steps)

    def _whole_steps(self):
        sets = {contents.kind for contents in self.calls if not contents.applies}
        return whole_steps(self.kinds, self._is_whole, sets)

    def _end(self, session):
        self.done = True
        self.ended.set()
        if self.folder:
            self._save_after(session)
            every = list(range(len(self.kinds)))  # where no step is seen to end
            description = {
                "format": FORMAT,
                "made on": made_on(),
                "runs": self.entries,
                "is large": self._is_large,
                "steps": self._whole_steps() or [every],
                "program": os.path.basename(
                    getattr(sys.modules.get("__main__"), "__file__", None) or ""
                ),
            }
            with open(self._path("recording.json"), "w") as file:
                json.dump(description, file, indent=1, sort_keys=True)
        if self.stop:
            raise Stop()

    def _save_after(self, session):
        if self.folder and self.kinds:
            slots = slot_names(self._contents.values(), self._graph) if self._is_large else ()
            values = variable_values(self._plain, session, without=slots)
            if values:  # a session that is closed has none
                self._save("after.npz", values)

    def finish(self):
        """Ends a recording early, where the program is over before it was complete."""
        if not self.done and self.kinds:
            self.stop, self._here.is_busy = False, True
            self._end(self.session)
            self._here.is_busy = False
        return self.done

    def _save(self, name, arrays):
        """Writes an .npz, and returns how many bytes it has."""
        path = self._path(name)
        save_arrays(path, arrays)
        return os.path.getsize(path)

    def _path(self, name):
        return os.path.join(self.folder, name)
