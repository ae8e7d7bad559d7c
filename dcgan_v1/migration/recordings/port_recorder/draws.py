"""Draws of Python's and numpy's, and processes that a program starts."""

import copy
import functools
import multiprocessing.process
import os
import random
import subprocess

import numpy as np

from dcgan_v1.migration.recordings.port_recorder.places import is_of_loader, place_of

NUMPY_DRAWS = (
    "rand randn random random_sample ranf sample uniform normal standard_normal randint choice "
    "permutation binomial beta gamma exponential poisson multivariate_normal laplace bytes "
    "standard_gamma logistic lognormal geometric random_integers truncnorm"
).split()
PYTHON_DRAWS = (
    "random uniform gauss normalvariate randint randrange choice choices sample triangular "
    "betavariate expovariate lognormvariate getrandbits"
).split()
UNIFORM, NORMAL = ("low", "high"), ("mean", "deviation")
OTHER = {"other": 1.0}  # drawn from nothing that has a name here
RAW = {"low": 0.0, "high": 1.0}
LAWS = {  # last part of a function's name -> what its arguments are called, and the usual ones
    "rand": (UNIFORM, (), (0.0, 1.0)),
    "rand_like": (UNIFORM, (), (0.0, 1.0)),
    "random": (UNIFORM, (), (0.0, 1.0)),
    "random_sample": (UNIFORM, (), (0.0, 1.0)),
    "ranf": (UNIFORM, (), (0.0, 1.0)),
    "uniform": (UNIFORM, (("low", "a"), ("high", "b")), (0.0, 1.0)),
    "uniform_": (UNIFORM, (("from",), ("to",)), (0.0, 1.0)),
    "randn": (NORMAL, (), (0.0, 1.0)),
    "randn_like": (NORMAL, (), (0.0, 1.0)),
    "standard_normal": (NORMAL, (), (0.0, 1.0)),
    "normal": (NORMAL, (("loc", "mean"), ("scale", "std")), (0.0, 1.0)),
    "normal_": (NORMAL, (("mean",), ("std",)), (0.0, 1.0)),
    "gauss": (NORMAL, (("mu",), ("sigma",)), (0.0, 1.0)),
    "normalvariate": (NORMAL, (("mu",), ("sigma",)), (0.0, 1.0)),
}


def law_of(function, args, kwargs):
    """What a draw is drawn from: {'low': 0.0, 'high': 1.0}, or OTHER.

    Args:
      function: name of the function, its last part tells.
      args, kwargs: what it was called with.
    """
    names, keys, usual = LAWS.get(function.rpartition(".")[2], ((), (), ()))
    if not names:
        return OTHER
    values = []
    for i, default in enumerate(usual):
        value = default
        if keys:
            value = args[i] if len(args) > i else default
            for key in keys[i]:
                value = kwargs.get(key, value)
        try:
            values.append(float(value))
        except (TypeError, ValueError):
            return OTHER  # an array of them
    return dict(zip(names, values))


def patched(holder, name, make):
    """Puts `make(plain)` in the place of a function that is there.

    Args:
      holder: a module or class.
      name: of its function.
      make: is given the plain function, and returns what takes its place.
    """
    plain = getattr(holder, name, None)
    if plain is None:
        return
    wrapper = make(plain)
    try:
        wrapper = functools.wraps(plain)(wrapper)
    except AttributeError:
        pass  # a C function without a name
    setattr(holder, name, wrapper)


def drawing(recorder, function, kind="draw", to_array=np.asarray, is_method=False):
    """Returns what makes a function one whose results are noted.

    Args:
      recorder: is told.
      function: what it is called.
      kind: see `Recorder.item`.
      to_array: of what it returns.
      is_method: whether its first argument is the tensor that it fills.
    """

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
                of_draw = law_of(function, args[1:] if is_method else args, kwargs)
                law = of_draw if kind == "draw" else None
                recorder.item(kind, function, to_array(value), law=law)
            return value

        return call

    return make


def install_python(recorder):
    """Notes draws of Python's and numpy's, and processes that the program starts."""
    for name in PYTHON_DRAWS:
        patched(random, name, drawing(recorder, "random." + name))
    for name in NUMPY_DRAWS:
        patched(np.random, name, drawing(recorder, "np.random." + name))
    if hasattr(np.random, "default_rng"):
        np.random.default_rng = functools.partial(_generator, recorder, np.random.default_rng)
    plain = np.random.RandomState
    methods = {
        name: drawing(recorder, "RandomState." + name, is_method=True)(getattr(plain, name))
        for name in NUMPY_DRAWS
        if hasattr(plain, name)
    }
    np.random.RandomState = type("RandomState", (plain,), methods)
    patched(os, "fork", functools.partial(_starting, recorder))
    patched(os, "system", functools.partial(_starting, recorder))
    patched(multiprocessing.process.BaseProcess, "start", functools.partial(_starting, recorder))
    patched(subprocess.Popen, "__init__", functools.partial(_starting, recorder))


def _starting(recorder, plain):
    def start(*args, **kwargs):
        frames = recorder.places.frames()
        is_own = frames and not recorder.places.imports()
        if is_own and recorder.is_here() and not is_of_loader():
            recorder.children.append(place_of(frames[0]))
        return plain(*args, **kwargs)

    return start


def _generator(recorder, plain, *args, **kwargs):
    seed = args[0] if args else kwargs.get("seed")
    return seed if isinstance(seed, Generator) else Generator(recorder, plain(*args, **kwargs))


class Generator:
    """One of numpy's generators, whose draws are noted."""

    def __init__(self, recorder, plain):
        self._recorder, self._plain = recorder, plain
        recorder.generators.append(plain)

    def __deepcopy__(self, memo):
        return Generator(self._recorder, copy.deepcopy(self._plain, memo))

    def __reduce__(self):
        return self._plain.__reduce__()  # what is pickled may be read where nothing is recorded

    def __getattr__(self, name):
        if name in ("_recorder", "_plain") or name[:2] == "__":
            raise AttributeError(name)  # before it is made, or of what Python asks for by itself
        value = getattr(self._plain, name)
        if not callable(value) or name in ("shuffle", "spawn"):
            return value
        return drawing(self._recorder, "rng." + name)(value)
