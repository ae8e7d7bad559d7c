"""Records what a PyTorch training program computes in its first steps, as it is. One
file, alone: runs beside the program's own framework with Python 3.6 and later.

    python port_recorder.py --record rec --steps 3 train.py its own arguments
    python port_recorder.py --record rec --steps 3 -m package.train its own arguments
    python port_recorder.py --record rec --steps 3 notebook.ipynb

The program runs in float64 where it lets itself be raised, else in float32, on the CPU.

A recording is a folder of data only: `before.npz` (the variables at the start, and what
layers give in inference), `update_0000.npz` and so on (one update of an optimiser each:
what was fed and drawn since the one before, layers, gradients, the state after it), and
`recording.json`, which is written last and names all of it.
"""

# No syntax that Python 3.6 lacks: this file goes where the program is.
import argparse
import functools
import inspect
import json
import linecache
import os
import platform
import random
import re
import runpy
import subprocess
import sys
import threading
import traceback
import types

import numpy as np

FORMAT = 1
HERE = os.path.abspath(__file__)
ASSIGNED = re.compile(r"^\s*(?:self\.)?([A-Za-z_]\w*)\s*(?::[^=]+)?=[^=]")
LINES = 8  # of a statement that are searched for what it assigns to
NOT_RAISED = 3  # exit code: the program failed in float64 and may run in float32
LARGE = 2e9  # bytes of one update's file from which a program is refused
NUMPY_DRAWS = (
    "rand randn random random_sample uniform normal standard_normal randint choice permutation "
    "binomial beta gamma exponential poisson multivariate_normal laplace"
).split()
PYTHON_DRAWS = "random uniform gauss normalvariate randint randrange choice sample".split()
TORCH_DRAWS = (
    "rand randn randint randperm normal bernoulli multinomial rand_like randn_like".split()
)
TENSOR_DRAWS = (
    "normal_ uniform_ bernoulli_ random_ exponential_ cauchy_ log_normal_ geometric_ bernoulli "
    "multinomial"
).split()
TORCH_SETTINGS = (
    "negative_slope eps p stride padding scale_factor mode align_corners unbiased momentum"
).split()


class Stop(SystemExit):
    """Ends the program: all steps are recorded. `except Exception` does not catch it."""


class Refused(Exception):
    """What a program does that no recording can hold: one line for its owner."""


# ---- what happens, in order ----


class Update:
    """What was seen up to one update of an optimiser, and what came of it."""

    def __init__(self):
        self.items, self.arrays, self.layers, self.losses = [], {}, [], {}
        self.optimizer = None
        self.gradients, self.settings = [], {}
        self.alive = []  # tensors whose ids must not be used again


class Recorder:
    """Notes what a program is given, draws and computes, update by update.

    Args:
      folder: where the recording goes.
      steps: whole steps: all updates until the first kind comes again.
      program: path of the main file, for messages and to know the program's own frames.
    """

    def __init__(self, folder, steps, program):
        self.folder, self.steps, self.program = folder, steps, program
        self.root = os.path.dirname(os.path.abspath(program))
        self.pid, self.lock = os.getpid(), threading.RLock()
        self.kinds, self.described, self.notes = [], [], []
        self.update, self.side = Update(), None
        self.is_pending = self.is_busy = self.done = False
        self.children = []  # where the program starts processes
        self.options = {}

    def sees(self):
        """Whether what happens is the program's, in its own process."""
        return not (self.is_busy or self.done) and os.getpid() == self.pid

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

    def item(self, kind, function, value, tensor=None):
        """Notes something that a step is given: kind 'batch', 'tensor', 'draw' or 'call'.

        A call is named as the program holds `tensor`, others as what they are assigned to.
        """
        frames = self.frames()
        if not frames:
            return  # a library's own
        self.event()
        name = ""
        if kind == "call":
            name = self.held_as(tensor)
        elif function != "dropout":
            name = self._assigned(frames)
        name = name or function
        array = np.asarray(value)
        if array.dtype.kind not in "biuf":
            return
        frame = frames[0]
        place = "%s:%d" % (os.path.basename(frame.f_code.co_filename), frame.f_lineno)
        number = len(self.update.items)
        self.update.items.append({"kind": kind, "function": function, "name": name, "place": place})
        self.update.arrays["item/%d" % number] = np.array(array)

    def frames(self):
        """The program's own frames that are running, the innermost first."""
        frame, found = sys._getframe(1), []
        while frame is not None:
            if self.is_own(frame.f_code.co_filename):
                found.append(frame)
            frame = frame.f_back
        return found

    def is_own(self, filename):
        """Whether a file is the program's."""
        path = os.path.abspath(filename)
        inside = path.startswith(self.root + os.sep) and "site-packages" not in path
        return path != HERE and inside and os.sep + "dist-packages" not in path

    def _assigned(self, frames):
        """What the innermost statement that assigns to one name calls it."""
        for frame in frames:
            filename, line = frame.f_code.co_filename, frame.f_lineno
            for back in range(LINES):
                text = linecache.getline(filename, line - back)
                match = ASSIGNED.match(text)
                if match:
                    if back and text.count("(") <= text.count(")"):
                        break  # a statement that ended before
                    return match.group(1)
                if back == 0 and re.match(r"\s*(return|def|for|with|if|while)\b", text):
                    break
        return ""

    def loss(self, value, tensor):
        """Notes what gradients are taken of, by the program's own name for it."""
        self.event()
        name = self.held_as(tensor) or "loss"
        while name in self.update.losses:
            name += "'"
        self.update.losses[name] = float(value)

    def held_as(self, tensor):
        """The name of a running function's variable that holds a tensor, or ''."""
        for frame in self.frames()[:2]:
            for name, held in list(frame.f_locals.items()):
                if held is tensor:
                    return name
        return ""

    def begin_update(self, optimizer):
        """Notes that an optimiser is about to move variables."""
        self.event()
        self.update.optimizer = optimizer

    def follow(self, gradients, settings):
        """Notes the gradients that the update follows, and its optimiser's settings. In a closure
        the whole step comes before this."""
        if not self.kinds:
            self._start()
        self.update.gradients, self.update.settings = gradients, settings

    def end_update(self):
        self.kinds.append(self.side.optimizer_name(self.update.optimizer))
        self.is_pending = True

    def _is_enough(self):
        if len(self.side.optimizers) == 1:
            return len(self.kinds) >= self.steps
        starts = [
            i
            for i in range(1, len(self.kinds))
            if self.kinds[i] == self.kinds[0] and self.kinds[i - 1] != self.kinds[0]
        ]
        return len(starts) >= self.steps

    # ---- files ----

    def _start(self):
        if not os.path.isdir(self.folder):
            os.makedirs(self.folder)
        self.side.name_everything(self.frames())
        self._save("before.npz", self.side.start())

    def _write(self, update):
        number = len(self.described)
        arrays = dict(update.arrays)
        described_layers = []
        for layer in update.layers:
            name = self.side.layer_name(layer["of"])
            if name:
                self._put_layer(arrays, described_layers, layer, name)
        for variable, array in update.gradients:
            arrays["gradient/" + self.side.variable_name(variable)] = array
        arrays.update(self.side.state())
        size = sum(a.nbytes for a in arrays.values())
        if size > LARGE:
            raise Refused("one update is %d MB: record a smaller one" % (size / 1e6))
        self._save("update_%04d.npz" % number, arrays)
        self.described.append(
            {
                "optimizer": self.kinds[number],
                "settings": update.settings,
                "items": update.items,
                "layers": described_layers,
                "losses": update.losses,
                "counts": self.side.counts(),
            }
        )

    def _put_layer(self, arrays, described, layer, name):
        number = len(described)
        arrays["layer/%d" % number] = layer["output"]
        if layer["input"] is not None:
            arrays["layer_input/%d" % number] = layer["input"]
        described.append({"name": name, "settings": layer["settings"], "given": layer["given"]})

    def _save(self, name, arrays):
        with open(os.path.join(self.folder, name), "wb") as file:
            np.savez(file, **arrays)

    def end(self):
        """Writes what names all the rest."""
        self.done = True
        described = {
            "format": FORMAT,
            "kind": "port",
            "framework": self.side.name,
            "made on": self.side.made_on(),
            "dtype": self.side.dtype,
            "program": os.path.basename(self.program),
            "updates": self.described,
            "alone": len(self.side.optimizers) == 1,
            "notes": self.notes,
        }
        described.update(self.side.describe())
        with open(os.path.join(self.folder, "recording.json"), "w") as file:
            json.dump(described, file, indent=1)

    def finish(self):
        """Ends a recording where the program is over. Returns whether there is one."""
        if not self.done and self.is_pending:
            self.is_busy, self.is_pending = True, False
            self._write(self.update)
            self.is_busy = False
        if not self.done and self.described:
            self.end()
        return self.done

    def note(self, text):
        """Keeps a sentence about what is not as the program says, once."""
        if text not in self.notes:
            self.notes.append(text)


def patched(recorder, holder, name, make):
    """Puts `make(plain)` in the place of a function that is there."""
    plain = getattr(holder, name, None)
    if plain is None:
        return
    wrapper = make(plain)
    try:
        wrapper = functools.wraps(plain)(wrapper)
    except AttributeError:
        pass  # a C function without a name
    setattr(holder, name, wrapper)


def drawing(recorder, function, kind="draw", to_array=np.asarray):
    """Returns what makes a function one whose results are noted."""

    def make(plain):
        def call(*args, **kwargs):
            if not recorder.sees():
                return plain(*args, **kwargs)
            recorder.is_busy = True
            try:
                value = plain(*args, **kwargs)
            finally:
                recorder.is_busy = False
            if value is not None and not is_of_loader():
                recorder.item(kind, function, to_array(value))
            return value

        return call

    return make


def is_of_loader():
    """Whether a loader draws: an order of rows, a seed of its workers."""
    frame = sys._getframe(2)
    while frame is not None:
        filename = frame.f_code.co_filename
        if os.path.join("torch", "utils", "data") in filename:
            return True
        frame = frame.f_back
    return False


def install_python(recorder):
    """Notes draws of Python's and numpy's, and processes that the program starts."""
    for name in PYTHON_DRAWS:
        patched(recorder, random, name, drawing(recorder, "random." + name))
    for name in NUMPY_DRAWS:
        patched(recorder, np.random, name, drawing(recorder, "np.random." + name))
    if hasattr(np.random, "default_rng"):
        patched(
            recorder,
            np.random,
            "default_rng",
            lambda plain: functools.partial(_generator, recorder, plain),
        )

    def forking(plain):
        def fork():
            frames = recorder.frames()
            if frames and os.getpid() == recorder.pid and not is_of_loader():
                recorder.children.append(
                    "%s:%d" % (os.path.basename(frames[0].f_code.co_filename), frames[0].f_lineno)
                )
            return plain()

        return fork

    patched(recorder, os, "fork", forking)


def _generator(recorder, plain, *args, **kwargs):
    return Generator(recorder, plain(*args, **kwargs))


class Generator:
    """One of numpy's generators, whose draws are noted."""

    def __init__(self, recorder, plain):
        self._recorder, self._plain = recorder, plain

    def __getattr__(self, name):
        value = getattr(self._plain, name)
        if not callable(value) or name == "shuffle":
            return value
        return drawing(self._recorder, "rng." + name)(value)


def held_names(frames, main):
    """Yields (name, object) of what the program holds: variables of its running functions,
    of their objects' attributes and of its modules, in lists and dicts, too."""
    spaces = [frame.f_locals for frame in frames] + [main]
    modules = {id(frame.f_globals): frame.f_globals for frame in frames}
    spaces += list(modules.values())
    seen = set()
    objects = []
    for space in spaces:
        for name, value in list(space.items()):
            if not name.startswith("__"):
                for pair in _inside(name, value):
                    yield pair
                if hasattr(value, "__dict__") and not isinstance(value, (type, types.ModuleType)):
                    objects.append(value)
    for value in objects:
        if id(value) not in seen:
            seen.add(id(value))
            for name, held in list(getattr(value, "__dict__", {}).items()):
                if name == "_modules" and isinstance(held, dict):
                    for pair in held.items():
                        yield pair
                for pair in _inside(name, held):
                    yield pair


def _inside(name, value):
    yield name, value
    if isinstance(value, dict):
        pairs = [(str(key), held) for key, held in list(value.items())[:200]]
    elif isinstance(value, (list, tuple)):
        pairs = [(str(i), held) for i, held in enumerate(value[:200])]
    else:
        return
    for key, held in pairs:
        yield "%s.%s" % (name, key), held


# ---- PyTorch ----


class Torch:
    """PyTorch: modules, bare tensors and optimisers of a program.

    Args:
      recorder: is told of everything.
      dtype: 'float64' or 'float32'.
    """

    name = "torch"

    def __init__(self, recorder, dtype):
        import torch

        self.torch, self.recorder, self.dtype = torch, recorder, dtype
        self.optimizers, self.roots, self.depth = [], [], 0
        self.first_values, self.inference = {}, []
        self.mode = "training"
        self.names, self.module_names, self.optimizer_names = {}, {}, {}
        self.variables, self.modules, self.owners = {}, {}, {}

    def install(self):
        """Has everything of PyTorch's that is noted pass here."""
        torch, recorder = self.torch, self.recorder
        if self.dtype == "float64":
            self._raise()
        self._stay_on_the_cpu()
        for name in TORCH_DRAWS:
            patched(recorder, torch, name, drawing(recorder, "torch." + name, "draw", self.array))
        for name in TENSOR_DRAWS:
            patched(
                recorder,
                torch.Tensor,
                name,
                drawing(recorder, "Tensor." + name, "draw", self.array),
            )
        for name in ("from_numpy", "tensor", "as_tensor", "FloatTensor", "DoubleTensor", "Tensor"):
            if isinstance(getattr(torch, name), type):
                continue  # a class, which programs ask isinstance of
            patched(recorder, torch, name, drawing(recorder, "torch." + name, "tensor", self.array))
        functional = torch.nn.functional
        for name in ("dropout", "dropout2d"):
            patched(recorder, functional, name, functools.partial(self._dropout, name))
        patched(recorder, torch.nn.Module, "__call__", self._calling)
        patched(recorder, torch.optim.Optimizer, "__init__", self._optimizing)
        patched(recorder, torch.Tensor, "backward", self._backward)
        patched(recorder, torch.autograd, "backward", self._backward)
        self._loaders()
        if hasattr(torch, "compile"):
            torch.compile = lambda model=None, **options: model or (lambda function: function)
        if hasattr(torch, "autocast"):
            patched(recorder, torch.autocast, "__init__", self._without_autocast)

    # -- as the program is run --

    def _raise(self):
        """Float64 wherever the program says float32."""
        torch = self.torch
        double = torch.float64
        torch.set_default_dtype(double)
        single = {torch.float32, torch.float16, torch.bfloat16}
        torch.float32 = torch.float = torch.float16 = torch.half = double
        torch.FloatTensor = torch.HalfTensor = torch.DoubleTensor
        raised = lambda x: x.double() if isinstance(x, torch.Tensor) and x.dtype in single else x  # noqa: E731

        def casting(plain):
            def to(self, *args, **kwargs):
                args = [double if any(a is s for s in single) else a for a in args]
                if any(kwargs.get("dtype") is s for s in single):
                    kwargs["dtype"] = double
                return plain(self, *args, **kwargs)

            return to

        for cls in (torch.Tensor, torch.nn.Module):
            for name in ("float", "half", "bfloat16"):
                setattr(cls, name, cls.double)
            patched(self.recorder, cls, "to", casting)
        patched(self.recorder, torch.Tensor, "type", self._typed)
        for name in ("from_numpy", "tensor", "as_tensor", "load"):
            patched(
                self.recorder, torch, name, lambda plain: lambda *a, **k: raised(plain(*a, **k))
            )
        self.raised = raised

    def _typed(self, plain):
        def cast(tensor, dtype=None, *args, **kwargs):
            if isinstance(dtype, str):
                dtype = dtype.replace("cuda.", "").replace("FloatTensor", "DoubleTensor")
            return plain(tensor, *(() if dtype is None else (dtype,)), *args, **kwargs)

        return cast

    def _stay_on_the_cpu(self):
        """A program that asks for a GPU is run on the CPU, and that is said."""
        torch, recorder = self.torch, self.recorder
        note = "the program asks for a GPU: it was recorded on the CPU"

        def is_gpu(value):
            return (
                str(value).startswith("cuda") if isinstance(value, (str, torch.device)) else False
            )

        def moving(plain):
            def to(self, *args, **kwargs):
                if any(map(is_gpu, args)) or is_gpu(kwargs.get("device")):
                    recorder.note(note)
                    args = ["cpu" if is_gpu(a) else a for a in args]
                    if "device" in kwargs:
                        kwargs["device"] = "cpu"
                return plain(self, *args, **kwargs)

            return to

        def staying(self, *args, **kwargs):
            recorder.note(note)
            return self

        def making(plain):
            def make(*args, **kwargs):
                if is_gpu(kwargs.get("device")):
                    recorder.note(note)
                    kwargs["device"] = "cpu"
                return plain(*args, **kwargs)

            return make

        for cls in (torch.Tensor, torch.nn.Module):
            patched(recorder, cls, "to", moving)
            cls.cuda = staying
        for name in ("zeros", "ones", "full", "empty", "tensor", "as_tensor", *TORCH_DRAWS):
            patched(recorder, torch, name, making)
        if not torch.cuda.is_available():
            torch.cuda.FloatTensor = torch.FloatTensor
            torch.cuda.LongTensor = torch.LongTensor

    def _without_autocast(self, plain):
        def init(this, device_type, *args, **kwargs):
            kwargs["enabled"] = False
            self.recorder.note("mixed precision is switched off")
            plain(this, device_type, **{k: v for k, v in kwargs.items() if k != "dtype"})

        return init

    def _dropout(self, name, plain):
        """Dropout by uniform numbers that are noted: what is at least p stays."""
        torch, recorder = self.torch, self.recorder

        def dropout(input, p=0.5, training=True, inplace=False):
            if not training or not p or not recorder.sees() or p >= 1:
                return plain(input, p, training, inplace)
            shape = list(input.shape)
            if name == "dropout2d":
                shape[2:] = [1] * len(shape[2:])
            recorder.is_busy = True
            drawn = torch.rand(shape, dtype=input.dtype)
            recorder.is_busy = False
            recorder.item("draw", "dropout", self.array(drawn))
            return input * (drawn >= p).to(input.dtype) / (1 - p)

        return dropout

    def _loaders(self):
        """Notes batches as they come out of a DataLoader."""
        from torch.utils.data import dataloader

        recorder = self.recorder

        def giving(plain):
            def give(this):
                if not recorder.sees():
                    return plain(this)
                batch = plain(this)
                if self.dtype == "float64":
                    batch = mapped(self.raised, batch)
                for tensor in flat(batch):
                    if isinstance(tensor, self.torch.Tensor):
                        recorder.item("batch", "batch", self.array(tensor))
                if not recorder.kinds:
                    self.first_values.clear()  # what came before was no step
                return batch

            return give

        patched(recorder, dataloader._BaseDataLoaderIter, "__next__", giving)
        dataloader._BaseDataLoaderIter.next = dataloader._BaseDataLoaderIter.__next__

    def _calling(self, plain):
        recorder = self.recorder

        def call(module, *args, **kwargs):
            if (
                recorder.done
                or recorder.is_busy
                or os.getpid() != recorder.pid
                or self._is_loss(module)
            ):
                return plain(module, *args, **kwargs)
            is_root = not self.depth
            if is_root:
                self._enter(module, plain, args, kwargs)
            self.depth += 1
            try:
                y = plain(module, *args, **kwargs)
            finally:
                self.depth -= 1
            if is_root or not list(module.children()):
                self._note_layer(module, args, y)
            return y

        return call

    def _is_loss(self, module):
        return type(module).__module__ == "torch.nn.modules.loss"

    def _enter(self, module, plain, args, kwargs):
        """A module that the program calls itself: what it is given, how it begins."""
        recorder = self.recorder
        recorder.event()
        tensors = [x for x in args if isinstance(x, self.torch.Tensor)]
        for x in tensors:
            if not x.requires_grad and not self._is_output(x):
                recorder.item("call", "input", self.array(x), x)
        if not any(module is known for known in self.roots):
            self.roots.append(module)
        if recorder.kinds:
            return
        for tensor in [*module.parameters(), *module.buffers()]:
            self.first_values.setdefault(id(tensor), self.array(tensor))
        if all(module is not known[0] for known in self.inference) and tensors:
            self._infer(module, plain, args, kwargs, tensors)

    def _is_output(self, x):
        """Whether a tensor is what a module gave, detached."""
        return any(x.data_ptr() == known.data_ptr() for known in self.recorder.update.alive)

    def _infer(self, module, plain, args, kwargs, tensors):
        """What its layers give in inference, before anything has moved."""
        modes = {part: part.training for part in module.modules()}
        layers, self.recorder.update.layers = self.recorder.update.layers, []
        generator = self.torch.get_rng_state()
        self.inference.append((module, [self.array(x) for x in tensors], []))
        self.depth += 1
        try:
            module.eval()
            with self.torch.no_grad():
                y = plain(module, *args, **kwargs)
            self.depth -= 1
            self._note_layer(module, args, y)
            self.depth += 1
            self.inference[-1][2].extend(self.recorder.update.layers)
        except Exception as error:
            self.recorder.note("a module was not called in inference: %s" % error)
            self.inference.pop()
        finally:
            self.depth -= 1
            self.torch.set_rng_state(generator)
            for part, mode in modes.items():
                part.training = mode
            self.recorder.update.layers = layers

    def _note_layer(self, module, args, y):
        y = y[0] if isinstance(y, tuple) and y else y
        if not isinstance(y, self.torch.Tensor):
            return
        alive = self.recorder.update.alive
        x = args[0] if args and isinstance(args[0], self.torch.Tensor) else None
        is_new = x is not None and not any(x is known for known in alive)
        alive.append(y)
        self.recorder.update.layers.append(
            {
                "of": (module, not list(module.children()), not self.depth),
                "settings": layer_settings(module, TORCH_SETTINGS),
                "output": self.array(y),
                "input": self.array(x) if is_new else None,
                "given": list(x.shape) if x is not None else [],
            }
        )

    def _backward(self, plain):
        recorder = self.recorder

        def backward(tensor, *args, **kwargs):
            if recorder.sees():
                for one in tensor if isinstance(tensor, (list, tuple)) else [tensor]:
                    if one.numel() == 1:
                        recorder.loss(one.item(), one)
                recorder.is_busy = True
                try:
                    return plain(tensor, *args, **kwargs)
                finally:
                    recorder.is_busy = False
            return plain(tensor, *args, **kwargs)

        return backward

    def _optimizing(self, plain):
        def init(optimizer, *args, **kwargs):
            plain(optimizer, *args, **kwargs)
            if "step" not in vars(optimizer):
                self.optimizers.append(optimizer)
                # a method, which schedules wrap once more
                optimizer.step = types.MethodType(self._step(type(optimizer).step), optimizer)

        return init

    def _step(self, plain):
        recorder = self.recorder

        def step(optimizer, closure=None, *args, **kwargs):
            if not recorder.sees():
                return plain(optimizer, closure, *args, **kwargs)
            recorder.begin_update(optimizer)
            noted = []

            def note():
                if not noted:
                    noted.append(True)
                    recorder.follow(self._gradients(optimizer), self._settings(optimizer))

            def once():
                loss = closure()
                note()
                return loss

            if closure is None:
                note()
                value = plain(optimizer, *args, **kwargs)
            else:
                value = plain(optimizer, once, *args, **kwargs)
            recorder.end_update()
            return value

        return step

    def _gradients(self, optimizer):
        """What the update follows: with an L2 that it adds itself."""
        gradients = []
        for group in optimizer.param_groups:
            decay = group.get("weight_decay", 0)
            if type(optimizer).__name__ == "AdamW" or group.get("decoupled_weight_decay"):
                decay = 0
            for parameter in group["params"]:
                if parameter.grad is not None:
                    array = self.array(parameter.grad)
                    if decay:
                        array = array + decay * self.array(parameter)
                    gradients.append((parameter, array))
        return gradients

    def _settings(self, optimizer):
        group = optimizer.param_groups[0]
        values = {k: v for k, v in group.items() if k != "params"}
        return {k: v for k, v in map(plain_setting, values.items()) if v is not None}

    # -- what it is --

    def name_everything(self, frames):
        """Gives modules, bare tensors and optimisers the names that the program has for them."""
        torch = self.torch
        main = vars(sys.modules["__main__"])
        held = list(held_names(frames, main))
        known = {}
        for name, value in held:
            if isinstance(value, (torch.Tensor, torch.nn.Module, torch.optim.Optimizer)):
                known.setdefault(id(value), (name, value))
        classes = {type(root) for root in self.roots}
        for _, value in known.values():  # a copy of a network: averages of its weights
            if type(value) in classes and not any(value is root for root in self.roots):
                self.roots.append(value)
        inner = {id(m) for root in self.roots for m in root.modules() if m is not root}
        roots = [root for root in self.roots if id(root) not in inner]
        trained = {id(p) for o in self.optimizers for g in o.param_groups for p in g["params"]}
        for root in roots:
            name = self._unused(known.get(id(root), (type(root).__name__,))[0])
            for path, module in root.named_modules():
                place = ("%s/%s" % (name, path.replace(".", "/"))).rstrip("/")
                self.module_names.setdefault(id(module), place)
                self.modules.setdefault(place, module_facts(module))
                own = list(module.named_parameters(recurse=False))
                own += list(module.named_buffers(recurse=False))
                for attribute, tensor in own:
                    if tensor is not None and tensor.is_floating_point():
                        self._add(place, module, attribute, tensor, trained)
        for number, optimizer in enumerate(self.optimizers):
            for group in optimizer.param_groups:
                for tensor in group["params"]:
                    if id(tensor) not in self.names:
                        default = "tensor%d" % len(self.names)
                        name = known.get(id(tensor), (default,))[0].replace(".", "_")
                        self._add("tensors", None, name, tensor, trained)
            default = "%s%d" % (type(optimizer).__name__.lower(), number + 1)
            self.optimizer_names[id(optimizer)] = known.get(id(optimizer), (default,))[0]

    def _unused(self, name):
        taken = {place.partition("/")[0] for place in self.module_names.values()}
        name, number = name.replace("/", "_"), 1
        while name in taken:
            number += 1
            name = "%s_%d" % (name.rpartition("_")[0] or name, number)
        return name

    def _add(self, place, module, attribute, tensor, trained):
        if id(tensor) in self.names:
            return
        name = "%s/%s" % (place, attribute)
        self.names[id(tensor)] = name
        self.variables[name] = {
            "shape": list(tensor.shape),
            "dtype": str(tensor.dtype).replace("torch.", ""),
            "trainable": id(tensor) in trained,
            "layer": place,
            "attribute": attribute,
        }
        self.owners[name] = (module, attribute, tensor)

    def variable_name(self, tensor):
        return self.names.get(id(tensor), "?")

    def optimizer_name(self, optimizer):
        return self.optimizer_names.get(id(optimizer), "?")

    def layer_name(self, of):
        module, is_leaf, is_root = of
        name = self.module_names.get(id(module), "")
        return name + ": output" if name and is_root and not is_leaf else name

    def _now(self, name):
        module, attribute, tensor = self.owners[name]
        # a module may put another tensor in a buffer's place
        return tensor if module is None else getattr(module, attribute)

    def start(self):
        """Arrays of `before.npz`."""
        arrays = {}
        for name in self.variables:
            tensor = self._now(name)
            first = self.first_values.get(id(self.owners[name][2]))
            arrays["state/" + name] = self.array(tensor) if first is None else first
        arrays.update(self._slots())
        self.inferred = []
        for module, inputs, layers in self.inference:
            described = []
            name = self.module_names.get(id(module))
            if not name:
                continue
            for i, x in enumerate(inputs):
                arrays["%s/input/%d" % (name, i)] = x
            for layer in layers:
                own = self.layer_name(layer["of"])
                if own:
                    arrays["%s/layer/%d" % (name, len(described))] = layer["output"]
                    described.append(
                        {"name": own, "settings": layer["settings"], "given": layer["given"]}
                    )
            self.inferred.append({"model": name, "inputs": len(inputs), "layers": described})
        return arrays

    def state(self):
        arrays = {"state/" + name: self.array(self._now(name)) for name in self.variables}
        arrays.update(self._slots())
        return arrays

    def _slots(self):
        arrays = {}
        for optimizer in self.optimizers:
            for tensor, entries in optimizer.state.items():
                for key, value in entries.items():
                    if isinstance(value, self.torch.Tensor) and value.shape == tensor.shape:
                        if key != "step":
                            name = "|".join(
                                [self.optimizer_name(optimizer), self.variable_name(tensor), key]
                            )
                            arrays["slot/" + name] = self.array(value)
        return arrays

    def counts(self):
        counts = {}
        for name in self.recorder.kinds:
            counts[name] = counts.get(name, 0) + 1
        return counts

    def describe(self):
        return {
            "variables": self.variables,
            "modules": self.modules,
            "optimizers": {
                self.optimizer_name(o): {
                    "classes": [c.__name__ for c in type(o).__mro__],
                    "settings": self._settings(o),
                    "variables": [
                        self.variable_name(p) for g in o.param_groups for p in g["params"]
                    ],
                }
                for o in self.optimizers
            },
            "inference": self.inferred,
        }

    def made_on(self):
        return {
            "torch": self.torch.__version__,
            "python": platform.python_version(),
            "numpy": np.__version__,
            "machine": platform.machine(),
        }

    def array(self, tensor):
        """A tensor as numpy has it, a copy."""
        if not isinstance(tensor, self.torch.Tensor):
            return np.asarray(tensor)
        return np.array(tensor.detach().cpu().numpy())


def module_facts(module):
    """What a reader must know of a module that it cannot import."""
    weight = getattr(module, "weight", None)
    return {
        "classes": [cls.__name__ for cls in type(module).__mro__],
        "scales": getattr(weight, "ndim", 0) == 1,
        "averages": any(b.is_floating_point() for b in module.buffers(recurse=False)),
        "is leaf": not list(module.children()),
    }


def layer_settings(module, names):
    """name -> number, text or list of an attribute, and its class."""
    values = {"class": type(module).__name__}
    for name in names:
        key, value = plain_setting((name, getattr(module, name, None)))
        if value is not None:
            values[key] = value
    return values


def plain_setting(pair):
    """(name, value) with a value that JSON can hold, or None."""
    name, value = pair
    if isinstance(value, (bool, str, int, float)):
        return name, value
    if isinstance(value, (tuple, list)) and all(isinstance(v, (int, float)) for v in value):
        return name, list(value)
    if getattr(value, "shape", None) == ():
        return name, float(value)
    return name, None


def flat(batch):
    """Yields what is in a batch of lists and dicts."""
    if isinstance(batch, dict):
        batch = list(batch.values())
    if isinstance(batch, (list, tuple)):
        for one in batch:
            for inner in flat(one):
                yield inner
    else:
        yield batch


def mapped(function, batch):
    """A batch of lists and dicts with a function of everything in it."""
    if isinstance(batch, dict):
        return {key: mapped(function, value) for key, value in batch.items()}
    if isinstance(batch, tuple) and hasattr(batch, "_fields"):
        return type(batch)(*(mapped(function, one) for one in batch))
    if isinstance(batch, (list, tuple)):
        return type(batch)(mapped(function, one) for one in batch)
    return function(batch)


# ---- running a program ----


def record(folder, steps, dtype, program, arguments, as_module=False):
    """Runs a program and records it. Returns the exit code.

    Args:
      folder: where the recording goes.
      steps: whole steps.
      dtype: 'float64' or 'float32'.
      program: path of a .py or .ipynb, or with `as_module` a module's name.
      arguments: what it is given.
    """
    path = program
    if as_module:
        sys.path.insert(0, os.getcwd())
        path = module_file(program)
        if path is None:
            return failed("there is no module %s here" % program)
    recorder = Recorder(os.path.abspath(folder), steps, path)
    if as_module:
        for _ in range(program.count(".")):
            recorder.root = os.path.dirname(recorder.root)
    recorder.side = Torch(recorder, dtype)
    recorder.side.install()
    install_python(recorder)
    random.seed(0)  # of a program that seeds nothing: two recordings of it draw the same
    np.random.seed(0)
    recorder.side.torch.manual_seed(0)
    sys.argv = [path, *arguments]
    try:
        if as_module:
            runpy.run_module(program, run_name="__main__", alter_sys=True)
        elif path.endswith(".ipynb"):
            run_notebook(path)
        else:
            sys.path.insert(0, recorder.root)
            runpy.run_path(path, run_name="__main__")
    except Stop:
        pass
    except SystemExit as error:
        if error.code not in (None, 0) and not recorder.done:
            return failed("the program ended itself: exit code %s" % error.code)
    except Refused as error:
        return failed(str(error))
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        if not recorder.done:
            return explain(error, recorder, dtype)
    if not recorder.finish():
        return failed(unseen(recorder))
    described = recorder.described
    print(
        "recorded %d updates of %s in %s, in %s"
        % (len(described), ", ".join(sorted(set(recorder.kinds))), folder, dtype)
    )
    for note in recorder.notes:
        print("note: " + note)
    return 0


def module_file(name):
    """The file of a module below the working directory, or None. Nothing is imported: the packages
    above it may import a framework."""
    base = os.path.join(os.getcwd(), *name.split("."))
    for path in (base + ".py", os.path.join(base, "__main__.py")):
        if os.path.isfile(path):
            return path
    return None


def unseen(recorder):
    """Why there is no recording of a program that ended."""
    if recorder.children:
        return (
            "no optimiser was applied in this process, and the program starts others (%s): "
            "let it train in one process" % recorder.children[0]
        )
    if not recorder.side.optimizers and ("tensorflow" in sys.modules or "keras" in sys.modules):
        return "the program trains with TensorFlow or Keras: this recorder follows PyTorch alone"
    if recorder.side.optimizers:
        return "the program ended before any update of its optimiser"
    return "the program ended and made no optimiser: nothing trains"


def explain(error, recorder, dtype):
    """Says in one line where a program failed. Returns the exit code."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if recorder.is_own(f.filename)]
    where = "%s:%d: " % (os.path.basename(frames[-1].filename), frames[-1].lineno) if frames else ""
    text = " ".join(str(error).split())[:300]
    if "CUDA" in text or "NVIDIA" in text or "cuda" in text:
        return failed("%sthe program needs a GPU: %s" % (where, text))
    failed("%sthe program failed: %s: %s" % (where, type(error).__name__, text))
    return NOT_RAISED if dtype == "float64" else 2


def failed(text):
    """Prints one line. Returns the exit code."""
    print("error: " + text, file=sys.stderr)
    return 2


def run_notebook(path):
    """Runs the code of a notebook's cells in order; magics do nothing."""
    with open(path, encoding="utf-8") as file:
        cells = json.load(file).get("cells", [])
    module = types.ModuleType("__main__")
    module.__file__ = path
    vars(module)["display"] = print
    vars(module)["get_ipython"] = lambda: None
    sys.modules["__main__"] = module
    sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
    for number, cell in enumerate(cells):
        if cell.get("cell_type") != "code":
            continue
        source = "".join(cell.get("source", ""))
        if source.lstrip().startswith("%%"):
            continue
        source = re.sub(r"^([ \t]*)[%!].*$", r"\1pass", source, flags=re.M)
        name = "%s[%d]" % (path, number + 1)
        linecache.cache[name] = len(source), None, source.splitlines(True), name
        exec(compile(source, name, "exec"), vars(module))


def main(arguments=None):
    """Runs and records a program. Returns the exit code."""
    parser = argparse.ArgumentParser(description=inspect.cleandoc(__doc__).split("\n\n")[0])
    parser.add_argument("--record", required=True, metavar="FOLDER")
    parser.add_argument(
        "--steps", type=int, default=3, metavar="K", help="whole steps (default: 3)"
    )
    parser.add_argument("--dtype", choices=("auto", "float64", "float32"), default="auto")
    parser.add_argument("-m", dest="as_module", action="store_true", help="PROGRAM is a module")
    parser.add_argument("program")
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    args = parser.parse_args(arguments)
    if args.steps < 1:
        parser.error("--steps must be at least 1")
    if not args.as_module and not os.path.isfile(args.program):
        parser.error("%s does not exist" % args.program)
    if os.path.exists(os.path.join(args.record, "recording.json")):
        parser.error("%s holds a recording: choose another folder" % args.record)
    if args.dtype != "auto":
        return record(
            args.record, args.steps, args.dtype, args.program, args.arguments, args.as_module
        )
    for dtype in ("float64", "float32"):
        words = [sys.executable, HERE, "--record", args.record, "--steps", str(args.steps)]
        words += ["--dtype", dtype] + (["-m"] if args.as_module else [])
        code = subprocess.call([*words, args.program, *args.arguments])
        if code != NOT_RAISED:
            return code
        print("in float64 the program failed: again in float32", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
