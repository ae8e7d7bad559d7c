"""What both sides are given: batches for every step, read from a file or drawn. Pure
numpy."""

import zlib
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from dcgan_v1.errors import UserError

FEW = 4  # rows of the batch that variables are matched with


def read(path, prefixes=""):
    """Returns name -> array of an .npz file, of the names that begin so.

    Raises:
      UserError: it is none, or holds objects.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            return {n: file[n] for n in file.files if n.startswith(prefixes)}
    except (
        OSError,
        ValueError,
        TypeError,
        EOFError,
        AttributeError,
        BadZipFile,
        zlib.error,
    ) as error:
        said = "does not exist" if not Path(path).exists() else "is no .npz of arrays"
        raise UserError(f"{path} {said}") from error


def make(inputs, given, steps, batch_size, seed, modes=()):
    """Returns '<step>/<name>' -> array for every step, and 'few/<name>'.

    Args:
      inputs: name -> {'shape', 'dtype'} of the TF1 program's placeholders.
      given: name -> array: [N, ...] for every step, or [steps, N, ...].
      batch_size: rows where a shape leaves them open; None: those of what is given,
        else 16.
      modes: names of inputs that say the mode, and are not given here.

    Raises:
      UserError: an array fits no placeholder, or one cannot be drawn.
    """
    if batch_size is not None and batch_size < 1:
        raise UserError("--batch-size must be at least 1")
    wanted = {name: v for name, v in inputs.items() if name not in modes}
    given = {_match(name, wanted): array for name, array in given.items()}
    size = _batch_size(wanted, given, batch_size)
    rng = np.random.default_rng(seed)
    batches = {}
    for step in range(steps):
        for name, v in wanted.items():
            if name in given:
                array = _of_step(name, given[name], v, step, steps)
            else:
                array = _drawn(name, v, size, rng)
            if v["dtype"] == "float32" and array.dtype.kind == "f":
                # an input pipeline stays in float32: both sides get what it can hold
                array = array.astype(np.float32)
            batches[f"{step}/{name}"] = array
    rows = min(size, FEW) if all(_is_open(v) for v in wanted.values()) else size
    for name in wanted:
        array = batches[f"0/{name}"]
        batches[f"few/{name}"] = array[:rows] if array.ndim else array
    return batches


def _match(name, wanted):
    name = name.removesuffix(":0")
    if name not in wanted:
        raise UserError(
            f"--inputs has {name}, which is no placeholder of the TF1 program; it has "
            f"{', '.join(wanted) or 'none'}"
        )
    return name


def _is_open(v):
    shape = v["shape"]
    return shape is not None and (not shape or shape[0] is None)


def _batch_size(wanted, given, asked):
    sizes = {}
    for name, v in wanted.items():
        shape = v["shape"]
        if name in given:
            array, rank = given[name], None if shape is None else len(shape)
            if array.ndim:
                first = (
                    array.shape[1] if rank is not None and array.ndim > rank else (array.shape[0])
                )
                sizes.setdefault(first, name)
        elif shape and shape[0] is not None and len(shape) > 1:
            sizes.setdefault(shape[0], name)
    if len(sizes) > 1:
        (a, first), (b, second) = list(sizes.items())[:2]
        raise UserError(f"batches of unequal size: {first} has {a} rows, {second} has {b}")
    if sizes:
        return next(iter(sizes))
    return asked or next(
        (v["shape"][0] for v in wanted.values() if v["shape"] and v["shape"][0]), 16
    )


def _of_step(name, array, v, step, steps):
    shape = v["shape"]
    if shape is not None and array.ndim == len(shape) + 1:
        if len(array) < steps:
            raise UserError(
                f"--inputs has {len(array)} batches of {name}, too few for {steps} steps"
            )
        array = array[step]
    if v["dtype"].startswith("float") and array.dtype.kind in "biu":
        array = array.astype(np.float64)
    if shape is not None and (
        array.ndim != len(shape)
        or any(n is not None and n != m for n, m in zip(shape, array.shape, strict=True))
    ):
        raise UserError(
            f"--inputs has {name} of shape {list(array.shape)}, the placeholder has {shape}"
        )
    return array


def _drawn(name, v, size, rng):
    shape, dtype = v["shape"], v["dtype"]
    if shape is None:
        raise UserError(f"the placeholder {name} has no shape: give its data in --inputs")
    if not shape and dtype != "bool":
        raise UserError(
            f"the placeholder {name} is one number, which nothing tells: give it in "
            "the map ([training] and [inference]) or in --inputs"
        )
    shape = [size if i == 0 and n is None else n for i, n in enumerate(shape)]
    if None in shape:
        raise UserError(
            f"the placeholder {name} has an open shape {v['shape']}: give its data in --inputs"
        )
    if dtype.startswith("float"):
        return rng.uniform(-1, 1, shape)
    if dtype == "bool":
        return rng.random(shape) < 0.5
    if dtype.startswith(("int", "uint")):
        return rng.integers(0, 2, shape).astype(dtype)
    raise UserError(f"the placeholder {name} is of {dtype}: give its data in --inputs")


def bind(arguments, optional, takes_more, inputs, random, named, dropouts):
    """Returns (argument -> input, names of what the port's dropouts take).

    By a user's table, by equal names, then by order where as many are left on either
    side.

    Args:
      arguments: of the port's step; optional: those with a default, which are given
        what has their name; takes_more: whether it takes any others by name.
      inputs, random: name -> description: what TF1 is fed, and what it draws.
      named: argument -> input of a user's table.
      dropouts: how many dropout layers the port has.

    Raises:
      UserError: an argument has no input, or something drawn no place.
    """
    everything = {**inputs, **random}
    bound = {}
    for argument, name in named.items():
        name = name.removesuffix(":0")
        if name not in everything:
            raise UserError(
                f"the map gives the port's {argument} {name}, which the TF1 program "
                f"has not; it has {', '.join(everything)}"
            )
        bound[argument] = name
    for argument in (*arguments, *optional):
        if argument not in bound:
            same = [n for n in everything if _plain(n) == argument]
            if len(same) == 1 and same[0] not in bound.values():
                bound[argument] = same[0]
    left_arguments = [a for a in arguments if a not in bound]
    left = [n for n in inputs if n not in bound.values()]
    if takes_more:
        bound |= {_plain(n): n for n in left}
        left = []
    left_random = [n for n in random if n not in bound.values()]
    for pool in (left, left + left_random, left_random):
        if left_arguments and len(pool) == len(left_arguments):
            bound |= dict(zip(left_arguments, pool, strict=True))
            left_arguments = []
    if left_arguments:
        raise UserError(
            f"the port's step takes {', '.join(left_arguments)}, and the TF1 program "
            f"has {', '.join(left + left_random) or 'nothing'} left to give: pair "
            "them in the map's [inputs]"
        )
    left_random = [n for n in random if n not in bound.values()]
    if left_random and not dropouts:
        raise UserError(
            f"the TF1 program draws {left_random[0]} "
            f"{random[left_random[0]]['shape']} at random, which the port's step does "
            "not take: make it an argument, and pair them in the map's [inputs]"
        )
    return bound, left_random


def _plain(name):
    """'inputs/x' -> 'x'; 'z@2' -> 'z_2'."""
    return name.rpartition("/")[2].replace(":", "_").replace("@", "_")
