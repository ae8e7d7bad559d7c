"""Records what a TF1 program computes: its graph, its weights, its first training
runs. One file, alone: runs on TensorFlow 1.4 to 1.15 and 2.x with Python 3.5 and later.

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
import json
import os
import platform
import re
import runpy
import sys
import threading

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
COMPRESSED = 50e6  # bytes up to which variables are worth compressing


class Stop(BaseException):
    """Ends the program: all runs are recorded. `except Exception` does not catch it."""


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
        self._known, self._graph, self._every = {}, None, None
        self.session, self.losses = None, []
        self._here = threading.local()  # a thread that feeds a queue is not this one

    def install(self):
        """Has every `Session.run` of this process pass here. Returns self."""
        from tensorflow.python.client import session

        plain, close = session.BaseSession.run, session.BaseSession.close
        recorder = self

        def run(self, fetches, feed_dict=None, options=None, run_metadata=None):
            if recorder.done and recorder.stop:
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

        session.BaseSession.run, session.BaseSession.close = run, closing
        self._plain = plain
        return self

    def _run(self, plain, session, fetches, feed_dict, options, run_metadata):
        ops = list(fetched_ops(fetches, session.graph))
        key = (id(session.graph), tuple(op.name for op in ops))
        if key not in self._known:
            self._known[key] = Contents(ops)
        contents = self._known[key]
        if not contents.applies or (self._graph not in (None, session.graph)):
            return plain(session, fetches, feed_dict, options, run_metadata)
        if self._graph is None:
            self._begin(session)
        extra = contents.extra() if self.folder else {}
        values, more = plain(session, [fetches, extra], feed_dict, options, run_metadata)
        self._note(session, contents, fetches, feed_dict or {}, values, more)
        if self._is_enough():
            self._end(session)
        return values

    def _begin(self, session):
        self._graph, self.session = session.graph, session
        self._every = frozenset(op.name for op in session.graph.get_operations() if _is_apply(op))
        if not self.folder:
            return
        if not os.path.isdir(self.folder):
            os.makedirs(self.folder)
        for name in os.listdir(self.folder):
            if name == "recording.json" or re.match(r"run_\d{4,}\.npz$", name):
                os.remove(os.path.join(self.folder, name))
        self._export(session.graph)
        self._save("before.npz", self._variables(session))

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
        np.savez_compressed(self._path("run_%04d.npz" % len(self.described)), **numbers)
        self.described.append(
            {
                "kind": contents.name,
                "ops": contents.targets,
                "left out": left_out,
                "inside branches": contents.hidden,
            }
        )

    def _is_enough(self):
        if self.runs is not None:
            return len(self.kinds) >= self.runs
        if self.steps is None:
            return False
        alone = self.kinds[0] == self._every
        steps = whole_steps(self.kinds, alone)
        return len(steps) >= self.steps or departs(self.kinds, steps)

    def _end(self, session):
        self.done = True
        if self.folder:
            self._save_after(session)
            alone = self.kinds[0] == self._every
            every = list(range(len(self.kinds)))  # where no step is seen to end
            description = {
                "format": FORMAT,
                "made on": made_on(),
                "runs": self.described,
                "steps": whole_steps(self.kinds, alone) or [every],
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
            values = self._variables(session)
            if values:  # a session that is closed has none
                self._save("after.npz", values)

    def finish(self):
        """Ends a recording early, where the program is over before it was complete."""
        if not self.done and self.kinds:
            self.stop, self._here.is_busy = False, True
            self._end(self.session)
            self._here.is_busy = False
        return self.done

    def _variables(self, session):
        keys = _v1().GraphKeys
        variables = session.graph.get_collection(keys.GLOBAL_VARIABLES)
        variables = variables + session.graph.get_collection(keys.LOCAL_VARIABLES)
        values = {}
        for variable in variables:
            try:
                values[variable.op.name] = self._plain(session, variable)
            except Exception:  # not initialised, and then not used either
                continue
        return {n: a for n, a in values.items() if np.asarray(a).dtype.kind in "biufc"}

    def _save(self, name, arrays):
        size = sum(np.asarray(a).nbytes for a in arrays.values())
        save = np.savez_compressed if size < COMPRESSED else np.savez
        save(self._path(name), **arrays)

    def _path(self, name):
        return os.path.join(self.folder, name)


class Contents:
    """What a run of some ops does: which updates, gradients and draws are in it."""

    def __init__(self, ops):
        above = _above(ops)
        self.applies = sorted((o for o in above if _is_apply(o)), key=lambda o: o.name)
        self.kind = frozenset(op.name for op in self.applies)
        self.targets = [op.name for op in ops if any(_is_apply(o) for o in _above([op]))]
        self.name = self.targets[0] if self.targets else ""
        random = [op for op in above if op.type in RANDOM]
        self.hidden = sorted(op.name for op in random if _is_inside(op))
        self.random = [op for op in random if not _is_inside(op)]
        sources = [op for op in above if op.type in SOURCES]
        self.hidden += sorted(op.name for op in sources if _is_inside(op))
        self.sources = [op for op in sources if not _is_inside(op)]

    def extra(self):
        """Tensors to fetch along with what the program fetches."""
        tensors = {}
        for op in self.applies:
            names = [argument.name for argument in op.op_def.input_arg]
            place = next((names.index(g) for g in GRADIENT if g in names), None)
            if place is not None and not _is_inside(op):
                variable = _variable_name(op.inputs[0])
                tensors["gradient/%s|%s" % (variable, op.name)] = op.inputs[place]
        for op in self.random:
            tensors["draw/" + op.name] = op.outputs[0]
        for op in self.sources:
            for tensor in op.outputs:
                tensors["source/" + _short(tensor.name)] = tensor
        return tensors


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
    return op.type in BY_HAND and _variable_name(op.inputs[0]) in _trainable(op.graph)


def _trainable(graph):
    return {v.op.name for v in graph.get_collection("trainable_variables")}


def _is_inside(op):
    """Whether an op is in a branch or a loop, where it has no value to fetch."""
    context = op._get_control_flow_context()
    return context is not None or not op.graph.is_fetchable(op.outputs[0] if op.outputs else op)


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
    runs = len(recorder.kinds)
    print("recorded %d training runs in %s" % (runs, args.record))
    if runs < args.steps:
        print("%d were asked for: the program ended before" % args.steps)
    return 0


if __name__ == "__main__":
    sys.exit(main())
