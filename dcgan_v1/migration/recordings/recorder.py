"""Records what a TF1 program computes: its graph, its weights, its first training runs.

One file, alone: runs on TensorFlow 1.4 to 1.15 and 2.x with Python 3.5 and later.

    python recorder.py --record rec --steps 10 main.py its own arguments

or, in the program, before it makes a session:

    import recorder
    recorder.start("rec", steps=10)

A recording is a folder of data only: `graph.meta` (MetaGraphDef), `before.npz` and
`after.npz` (variable -> array), `run_0000.npz` and so on (one training run each), and
`recording.json`, which is written last. A run's arrays are `feed/<tensor>` (what was
fed), `source/<tensor>` (what an input pipeline gave), `draw/<op>` (what random ops
drew), `fetch/<tensor>` (scalars that the program fetched) and
`gradient/<variable>|<op>`.
"""

# No syntax and no library that Python 3.5 lacks: this file goes where old programs are.
import argparse
import atexit
import io
import json
import os
import platform
import re
import runpy
import sys
import threading
import time
import zipfile
import zlib

import numpy as np

FORMAT = 1
SOURCES = (
    "IteratorGetNext",
    "QueueDequeueV2",
    "QueueDequeueManyV2",
    "QueueDequeueUpToV2",
    "QueueDequeue",
    "QueueDequeueMany",
    "QueueDequeueUpTo",
)
RANDOM = (
    "RandomUniform",
    "RandomUniformInt",
    "RandomStandardNormal",
    "TruncatedNormal",
    "ParameterizedTruncatedNormal",
    "Multinomial",
    "RandomGamma",
    "RandomPoisson",
    "RandomPoissonV2",
    "RandomShuffle",
    "StatelessRandomUniform",
    "StatelessRandomNormal",
    "StatelessTruncatedNormal",
    "StatelessMultinomial",
)
BY_HAND = (
    "AssignAdd",
    "AssignSub",
    "ScatterAdd",
    "ScatterSub",
    "AssignAddVariableOp",
    "AssignSubVariableOp",
    "ResourceScatterAdd",
    "ResourceScatterSub",
)
GRADIENT = ("grad", "delta", "gradient")
ONE_KIND = 130  # runs of one kind before it is taken for the whole step
SETS = ("Assign", "AssignVariableOp")
VARIABLES = ("VariableV2", "Variable", "VarHandleOp")
COUNTERS = ("Placeholder", "PlaceholderWithDefault") + VARIABLES
GAIN = 0.7  # of its size, to which compressing an array must bring it
SAMPLE = 1 << 14  # bytes of an array that are tried for that
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
        self.kinds, self.described, self.done = [], [], False
        self._known, self._graph, self._is_whole = {}, None, False
        self.calls = []  # `Contents`, one for each kind of run
        self.trained = 0  # runs that train; others assign to what is trained, as clips do
        self.session, self.losses = None, []
        self._here = threading.local()  # a thread that feeds a queue is not this one
        self.trainers = set()  # threads that trained: they alone are stopped
        self.ended, self._lock = threading.Event(), threading.RLock()
        self._is_large, self._told, self._version = False, 0.0, 0

    def install(self):
        """Has every `Session.run` of this process pass here, and what Keras trains by.
        Returns self."""
        from tensorflow.python.client import session

        plain, close = session.BaseSession.run, session.BaseSession.close
        prepare = getattr(session.BaseSession, "_make_callable_from_options", None)
        recorder = self

        def run(self, fetches, feed_dict=None, options=None, run_metadata=None):
            if recorder.done and recorder.stop and threading.get_ident() in recorder.trainers:
                raise Stop()  # a bare `except:` of the program's took the first
            if recorder.done or getattr(recorder._here, "is_busy", False):
                return plain(self, fetches, feed_dict, options, run_metadata)
            recorder._here.is_busy = True
            try:
                return recorder._run(plain, self, fetches, feed_dict, options, run_metadata)
            finally:
                recorder._here.is_busy = False

        def closing(self):
            if self is recorder.session and not recorder.done:
                recorder._save_after(self)  # the program may end without enough runs
            return close(self)

        def prepared(self, options):
            # Keras's `K.function` calls no `run`: its fetches and feeds are texts, made ready once
            plain_call = prepare(self, options)
            if options.tensor_connection:
                return plain_call  # it feeds tensors, not numbers
            fetches = [self.graph.get_tensor_by_name(name) for name in options.fetch]
            targets = [self.graph.get_operation_by_name(name) for name in options.target]
            fed = [self.graph.get_tensor_by_name(name) for name in options.feed]

            def call(*values, **words):
                if recorder.done and not recorder.stop:
                    return plain_call(*values, **words)
                metadata = words.get("run_metadata")
                feed_dict = dict(zip(fed, values))
                recorder._here.is_prepared = True
                try:
                    return self.run([fetches, targets], feed_dict, run_metadata=metadata)[0]
                finally:
                    recorder._here.is_prepared = False

            return call

        session.BaseSession.run, session.BaseSession.close = run, closing
        if prepare is not None:  # TensorFlow 1.5
            session.BaseSession._make_callable_from_options = prepared
        self._plain = plain
        return self

    def _run(self, plain, session, fetches, feed_dict, options, run_metadata):
        ops = list(fetched_ops(fetches, session.graph))
        key = (id(session.graph), tuple(op.name for op in ops))
        if key not in self._known:
            self._known[key] = Contents(ops)
        contents = self._known[key]
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
        every = frozenset(op.name for op in session.graph.get_operations() if _is_apply(op))
        self._is_whole = contents.kind - {op.name for op in contents.sets} == every
        if getattr(self._here, "is_prepared", False):  # Keras makes G's updates after D's first run
            moved = {_variable_name(op.inputs[0]) for op in contents.applies}
            self._is_whole = self._is_whole and moved >= _trainable(session.graph)
        if not self.folder:
            return
        if not os.path.isdir(self.folder):
            os.makedirs(self.folder)
        for name in os.listdir(self.folder):
            if name == "recording.json" or re.match(r"run_\d{4,}\.npz$", name):
                os.remove(os.path.join(self.folder, name))
        self._export(session.graph)
        values = self._variables(session)
        self._announce(session.graph, values)
        self._save("before.npz", values)
        self._version = session.graph.version

    def _grow(self, session):
        """Records a graph anew that has become larger, and the variables that came with it: Keras
        makes its updates when each is first asked for."""
        if session.graph.version == self._version:
            return
        self._export(session.graph)
        with np.load(self._path("before.npz"), allow_pickle=False) as before:
            values = {name: before[name] for name in before.files}
        new = self._variables(session, without=values)
        if new:
            values.update(new)
            self._save("before.npz", values)
        self._version = session.graph.version

    def _announce(self, graph, values):
        """Says how much a recording will be; of a large one, less is recorded."""
        trained = [values[n].nbytes for n in _trainable(graph) if n in values]
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
        taken = [(op, _is_taken(op, truths)) for op in contents.inside]
        contents.hidden = sorted(op.name for op, is_taken in taken if is_taken is None)
        live = [op for op, is_taken in taken if is_taken]
        return contents.extra(live, gradients=not (self._is_large and is_again))

    def _progress(self, size):
        now = time.time()
        if now - self._told >= QUIET:
            self._told = now
            of = "" if self.runs is None else " of %d" % self.runs
            print("recorded run %d%s, %s" % (self.trained, of, megabytes(size)), flush=True)

    def _export(self, graph):
        # a session of tf.train's has finished its graph, and exporting adds to it
        was_final = graph.finalized
        if was_final:
            graph._unsafe_unfinalize()
        try:
            with graph.as_default():
                _v1().train.export_meta_graph(
                    self._path("graph.meta"), clear_devices=True, graph=graph
                )
        finally:
            if was_final:
                graph.finalize()

    def _note(self, session, contents, fetches, feed_dict, values, more):
        self.kinds.append(contents.kind)
        self.trained += bool(contents.applies)
        if contents not in self.calls:
            contents.modes = modes_of(feed_dict)
            self.calls.append(contents)
        is_within = contents.applies and contents.kind <= self.kinds[0]
        self._is_whole = bool(self._is_whole and is_within)
        scalars = dict(scalars_of(fetches, values, session.graph))
        self.losses = [float(x) for x in scalars.values()]
        if not self.folder:
            return
        arrays = {}
        numbers, left_out = {}, []
        for tensor, value in feed_dict.items():
            try:
                arrays["feed/" + _tensor_name(tensor, session.graph)] = value
            except (TypeError, ValueError, KeyError):
                left_out.append("feed/" + str(tensor))  # a sparse tensor, a tuple of them
        arrays.update(("fetch/" + name, x) for name, x in scalars.items())
        arrays.update(more)
        for name, value in arrays.items():
            array = np.asarray(value)
            if array.dtype.kind in "biufc":
                numbers[name] = array
            else:
                left_out.append(name)  # texts, and what a pickle would be needed for
        size = self._save("run_%04d.npz" % len(self.described), numbers)
        self.described.append(
            {
                "kind": contents.name,
                "ops": contents.targets,
                "fetched": [op.name for op in contents.ops],
                "left out": left_out,
                "inside branches": contents.hidden,
            }
        )
        self._progress(size)

    def _is_enough(self):
        if self.runs is not None:
            return self.trained >= self.runs
        if self.steps is None:
            return False
        steps = whole_steps(self.kinds, self._is_whole)
        return len(steps) >= self.steps or departs(self.kinds, steps)

    def _end(self, session):
        self.done = True
        self.ended.set()
        if self.folder:
            self._save_after(session)
            every = list(range(len(self.kinds)))  # where no step is seen to end
            description = {
                "format": FORMAT,
                "made on": made_on(),
                "runs": self.described,
                "is large": self._is_large,
                "steps": whole_steps(self.kinds, self._is_whole) or [every],
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
            slots = self._slots() if self._is_large else ()
            values = self._variables(session, without=slots)
            if values:  # a session that is closed has none
                self._save("after.npz", values)

    def finish(self):
        """Ends a recording early, where the program is over before it was complete."""
        if not self.done and self.kinds:
            self.stop, self._here.is_busy = False, True
            self._end(self.session)
            self._here.is_busy = False
        return self.done

    def _slots(self):
        """Names of the optimisers' own variables."""
        names = set()
        for contents in self._known.values():
            for op in contents.applies:
                names.update(_variable_name(t) for t in op.inputs if _is_reference(t))
        return names - _trainable(self._graph)

    def _variables(self, session, without=()):
        keys = _v1().GraphKeys
        variables = session.graph.get_collection(keys.GLOBAL_VARIABLES)
        variables = variables + session.graph.get_collection(keys.LOCAL_VARIABLES)
        chosen = {v.op.name: v for v in variables if v.op.name not in without}
        values = self._read(session, sorted(chosen.items()))
        return {n: a for n, a in values.items() if np.asarray(a).dtype.kind in "biufc"}

    def _read(self, session, variables):
        """Returns name -> value of those (name, variable) that are initialised.

        All in one call, for TensorFlow optimises the whole graph for each call of other
        tensors; where one of them has no value, the two halves.
        """
        try:
            return dict(self._plain(session, dict(variables)))
        except Exception:  # not initialised, and then not used either
            if len(variables) <= 1:
                return {}
        middle = len(variables) // 2
        values = self._read(session, variables[:middle])
        values.update(self._read(session, variables[middle:]))
        return values

    def _save(self, name, arrays):
        """Writes an .npz, and returns how many bytes it has."""
        path = self._path(name)
        save_arrays(path, arrays)
        return os.path.getsize(path)

    def _path(self, name):
        return os.path.join(self.folder, name)


class Contents:
    """What a run of some ops does: which updates, gradients and draws are in it.

    Attributes:
      applies: ops that train; sets: those that assign to what is trained, as clips do.
      modes: op -> the truth that it was fed, in the first of these runs.
      inside: random ops and sources in branches and loops; hidden: names of those of them that
        the last run could not be asked for.
    """

    def __init__(self, ops):
        above = _above(ops)
        self.applies = sorted((o for o in above if _is_apply(o)), key=lambda o: o.name)
        self.sets = [op for op in above if _sets(op)]
        self.kind = frozenset(op.name for op in self.applies + self.sets)
        moving = set(self.applies + self.sets)
        self.targets = [op.name for op in ops if moving & _above([op])]
        self.ops, self.modes = ops, {}
        self.name = self.targets[0] if self.targets else ""
        drawing = [op for op in above if op.type in RANDOM + SOURCES]
        self.inside = [op for op in drawing if _is_inside(op)]
        self.outside = [op for op in drawing if not _is_inside(op)]
        self.hidden = []

    def extra(self, live=(), gradients=True):
        """Tensors to fetch along with what the program fetches; `live` are those of `inside` that
        a run does."""
        tensors = {}
        for op in self.applies if gradients else ():
            names = [argument.name for argument in op.op_def.input_arg]
            place = next((names.index(g) for g in GRADIENT if g in names), None)
            if place is not None and not _is_inside(op):
                variable = _variable_name(op.inputs[0])
                tensors["gradient/%s|%s" % (variable, op.name)] = op.inputs[place]
        for op in live:  # it has a value, though Python's side would not ask for it
            op.graph._unfetchable_ops.discard(op)
        for op in self.outside + list(live):
            if op.type in RANDOM:
                tensors["draw/" + op.name] = op.outputs[0]
                continue
            for tensor in op.outputs:
                tensors["source/" + _short(tensor.name)] = tensor
        return tensors


def modes_of(feed_dict):
    """Returns op -> bool of what is fed a single truth value: whether a run trains."""
    fed = [
        (key, np.asarray(value)) for key, value in (feed_dict or {}).items() if hasattr(key, "op")
    ]
    return {key.op: bool(value) for key, value in fed if value.dtype == bool and value.size == 1}


def whole_steps(kinds, alone=False):
    """Returns the runs that make up each whole step: [[0, 1, 2], [3, 4, 5], ...].

    A step begins where the first kind of run comes again after another kind. Steps that
    are unlike the first one are left out, with all after them.

    Args:
      kinds: what each run updates.
      alone: whether the first run does all the updates that the graph has.
    """
    if not kinds:
        return []
    if alone or (set(kinds) == {kinds[0]} and len(kinds) >= ONE_KIND):
        return [[i] for i, kind in enumerate(kinds) if kind == kinds[0]]
    starts = [0] + [
        i for i in range(1, len(kinds)) if kinds[i] == kinds[0] and kinds[i - 1] != kinds[0]
    ]
    if len(starts) == 1:
        return []  # the end of the first step is not known yet
    pattern = kinds[: starts[1]]
    steps, begin = [], 0
    while kinds[begin : begin + len(pattern)] == pattern:
        steps.append(list(range(begin, begin + len(pattern))))
        begin += len(pattern)
    return steps


def departs(kinds, steps):
    """Whether runs after the whole steps are not the beginning of another like them."""
    if not steps:
        return False
    pattern = [kinds[i] for i in steps[0]]
    rest = kinds[steps[-1][-1] + 1 :]
    return rest != pattern[: len(rest)]


def save_arrays(path, arrays):
    """Writes an .npz whose arrays are compressed where they become smaller by it."""
    with zipfile.ZipFile(path, "w", allowZip64=True) as file:
        for name in sorted(arrays):
            array = np.asanyarray(arrays[name])
            data = io.BytesIO()
            np.lib.format.write_array(data, array, allow_pickle=False)
            kind = zipfile.ZIP_DEFLATED if _is_compressible(array) else zipfile.ZIP_STORED
            file.writestr(name + ".npy", data.getvalue(), compress_type=kind)


def _is_compressible(array):
    """Whether compressing gains: trained weights lose a twentieth, for minutes of time."""
    if array.nbytes <= SAMPLE:
        return True
    values = array.reshape(-1)
    count = max(1, SAMPLE // array.itemsize)
    places = (0, (values.size - count) // 2, values.size - count)
    sample = b"".join(values[place : place + count].tobytes() for place in places)
    return len(zlib.compress(sample, 1)) < GAIN * len(sample)


def megabytes(size):
    """'12 MB'."""
    return "%d MB" % round(size / 1e6) if size >= 1e6 else "under 1 MB"


def made_on():
    """Returns the versions that a recording is made with."""
    import tensorflow as tf

    return {
        "tensorflow": getattr(tf, "__version__", ""),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "machine": platform.machine(),
        "system": platform.system(),
    }


def fetched_ops(fetches, graph):
    """Yields the operations behind whatever `Session.run` takes."""
    for one in _flat(fetches):
        try:
            element = graph.as_graph_element(one)
        except (TypeError, ValueError, KeyError):
            continue  # a sparse tensor or the like
        yield getattr(element, "op", element)


def scalars_of(fetches, values, graph):
    """Yields (tensor name, number) of what a program fetched, as it fetched it."""
    if isinstance(fetches, dict):
        for key in fetches:
            for pair in scalars_of(fetches[key], values[key], graph):
                yield pair
    elif isinstance(fetches, (list, tuple)):
        for one, value in zip(fetches, values):
            for pair in scalars_of(one, value, graph):
                yield pair
    elif isinstance(values, (float, np.floating)) or getattr(values, "shape", 0) == ():
        number = np.asarray(values)
        if number.dtype.kind == "f":
            yield _tensor_name(fetches, graph), number


def _flat(fetches):
    if isinstance(fetches, dict):
        fetches = list(fetches.values())
    if isinstance(fetches, (list, tuple)):
        for one in fetches:
            for inner in _flat(one):
                yield inner
    elif fetches is not None:
        yield fetches


def _above(ops):
    """Returns the ops that a run of `ops` runs; what fills a queue is not of it."""
    above, stack = set(), list(ops)
    while stack:
        op = stack.pop()
        if op in above:
            continue
        above.add(op)
        if op.type not in SOURCES:
            stack.extend(t.op for t in op.inputs)
            stack.extend(op.control_inputs)
    return above


def _is_apply(op):
    """Whether an op updates a variable: an optimiser's, or one written by hand."""
    if "Apply" in op.type:
        return bool(op.inputs) and "Dataset" not in op.type
    return (
        op.type in BY_HAND
        and _variable_name(op.inputs[0]) in _trainable(op.graph)
        and not _counts(op)
    )


def _sets(op):
    """Whether an op assigns a value made of variables to what is trained: a clip, a copy."""
    if op.type not in SETS or op.inputs[1].shape.ndims == 0:  # of a rate, say
        return False
    if _variable_name(op.inputs[0]) not in _trainable(op.graph):
        return False
    return any(above.type in VARIABLES for above in _above([op.inputs[1].op]))


def _counts(op):
    """Whether an update by hand is bookkeeping: of an integer, or by a constant."""
    added = op.inputs[len(op.inputs) - 1]
    if not added.dtype.base_dtype.is_floating:
        return True
    return not any(above.type in COUNTERS + SOURCES + RANDOM for above in _above([added.op]))


def _is_reference(tensor):
    return tensor.dtype._is_ref_dtype or tensor.dtype.base_dtype.name == "resource"


def _trainable(graph):
    return {v.op.name for v in graph.get_collection("trainable_variables")}


def _is_inside(op):
    """Whether an op is in a branch or a loop, where it has no value to fetch."""
    context = op._get_control_flow_context()
    return context is not None or not op.graph.is_fetchable(op.outputs[0] if op.outputs else op)


def truths_of(feed_dict):
    """Returns name of an op -> whether the single number that it is fed is true."""
    truths = {}
    for key, fed in feed_dict.items():
        if np.size(fed) == 1 and not isinstance(fed, (tuple, str)):  # tuples are sparse tensors
            value = np.asarray(fed)
            if value.dtype.kind in "biuf":
                name = getattr(key, "name", str(key))
                truths[name.partition(":")[0]] = bool(value.reshape(-1)[0])
    return truths


def _is_taken(op, truths):
    """Whether a run comes to an op in a branch; None where that is computed, or it is a loop."""
    context, known = op._get_control_flow_context(), []
    while context is not None:
        pred = getattr(context, "pred", None)
        truth = None if pred is None else _truth(pred.op, truths)
        known.append(None if truth is None else truth is bool(context.branch))
        context = context.outer_context
    if False in known:
        return False
    return None if None in known else True


def _truth(op, truths):
    """The value of a condition that is fed, a default or a constant; None where it is computed."""
    if op.name in truths:
        return truths[op.name]
    if op.type == "Const":
        value = _v1().make_ndarray(op.get_attr("value"))
        return bool(value) if value.size == 1 else None
    if op.type == "LogicalNot":
        truth = _truth(op.inputs[0].op, truths)
        return None if truth is None else not truth
    if op.type in ("Identity", "Switch", "Cast", "PlaceholderWithDefault"):
        return _truth(op.inputs[0].op, truths)
    return None


def _variable_name(tensor):
    op = tensor.op
    while op.type in ("Identity", "Enter", "RefEnter", "Switch", "RefSwitch"):
        op = op.inputs[0].op
    return op.name


def _tensor_name(tensor, graph):
    element = graph.as_graph_element(tensor, allow_operation=False)
    return _short(element.name)


def _short(name):
    return name[:-2] if name.endswith(":0") else name


def _v1():
    import tensorflow as tf

    compat = getattr(tf, "compat", None)
    return getattr(compat, "v1", tf)


def start(folder, steps=10, stop=False):
    """Records the next `steps` training runs of this process into a folder."""
    recorder = Recorder(folder, runs=steps, stop=stop).install()
    atexit.register(recorder.finish)  # where the program has fewer runs
    return recorder


def main(arguments=None):
    """Runs and records a program. Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--record", required=True, metavar="FOLDER")
    parser.add_argument(
        "--steps", type=int, default=10, metavar="K", help="training runs to record (default: 10)"
    )
    parser.add_argument("program")
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    args = parser.parse_args(arguments)
    if args.steps < 1:
        parser.error("--steps must be at least 1")
    if not os.path.isfile(args.program):
        parser.error("%s does not exist" % args.program)
    recorder = Recorder(args.record, runs=args.steps).install()
    sys.argv = [args.program] + args.arguments
    sys.path.insert(0, os.path.dirname(os.path.abspath(args.program)))
    try:
        runpy.run_path(args.program, run_name="__main__")
    except Stop:
        pass
    except SystemExit as error:
        if not recorder.done and error.code not in (None, 0):
            raise
    if not recorder.finish():
        print("error: the program ended before any training run", file=sys.stderr)
        return 2
    runs = recorder.trained
    print("recorded %d training runs in %s" % (runs, args.record))
    if runs < args.steps:
        print("%d were asked for: the program ended before" % args.steps)
    return 0


if __name__ == "__main__":
    sys.exit(main())
