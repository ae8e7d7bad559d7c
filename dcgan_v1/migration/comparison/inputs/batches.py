"""Makes the batches of every step: a user's arrays, or random ones. Pure numpy."""

import math
from collections.abc import Iterable, Mapping

import numpy as np

from dcgan_v1.errors import UserError
from dcgan_v1.migration.records import Arrays, Input

SMALL = 4  # rows of the batch that variables are matched with


def make(
    inputs: Mapping[str, Input],
    given: Arrays,
    steps: int,
    batch_size: int | None,
    seed: int,
    modes: Iterable[str] = (),
) -> list[Arrays]:
    """Returns name -> array for every step.

    Args:
      inputs: of the TF1 program.
      given: name -> array: [N, ...] for every step, or [steps, N, ...].
      steps: how many.
      batch_size: rows where a shape leaves them open; None: those of what is given, else 16.
      seed: of what is drawn.
      modes: names of inputs that say the mode, and are not given here.

    Raises:
      UserError: an array fits no placeholder, or one cannot be drawn.
    """
    if batch_size is not None and batch_size < 1:
        raise UserError("--batch-size must be at least 1")
    wanted = {name: v for name, v in inputs.items() if name not in set(modes)}
    given = {_match(name, wanted): array for name, array in given.items()}
    size = _batch_size(wanted, given, batch_size)
    rng = np.random.default_rng(seed)
    batches = []
    for step in range(steps):
        batch: Arrays = {}
        for name, v in wanted.items():
            if name in given:
                array = _of_step(name, given[name], v, step, steps)
            else:
                array = _drawn(name, v, size, rng)
            if v.dtype == "float32" and array.dtype.kind == "f":
                # an input pipeline stays in float32: both sides get what it can hold
                array = array.astype(np.float32)
            batch[name] = array
        batches.append(batch)
    return batches


def small(batch: Arrays, inputs: Mapping[str, Input]) -> Arrays:
    """Returns the first rows of a batch, or all where an input's number of rows is fixed."""
    if not all(_is_open(inputs[name]) for name in batch if name in inputs):
        return batch
    rows = min((len(array) for array in batch.values() if array.ndim), default=1)
    return {
        name: array[: SMALL * (len(array) // max(rows, 1))] if array.ndim else array
        for name, array in batch.items()
    }


def _match(name: str, wanted: Mapping[str, Input]) -> str:
    name = name.removesuffix(":0")
    if name not in wanted:
        raise UserError(
            f"--inputs has {name}, which is no placeholder of the TF1 program; it has "
            f"{', '.join(wanted) or 'none'}"
        )
    return name


def _is_open(v: Input) -> bool:
    return v.shape is not None and (not v.shape or v.shape[0] is None)


def _batch_size(wanted: Mapping[str, Input], given: Arrays, asked: int | None) -> int:
    """The rows of a batch. Twice as many may be of labels, and of what is drawn for reals and fakes
    in one call: a dropout's mask."""
    of_both: set[str] = {name for name, v in wanted.items() if v.is_drawn}
    rows: list[tuple[int, str]] = []
    trains = any(v.is_of_step for v in wanted.values())
    for name, v in wanted.items():
        if trains and not v.is_of_step:
            continue  # a mask that completes pictures, a sampler's noise
        if name in given:
            array, rank = given[name], None if v.shape is None else len(v.shape)
            has_steps = rank is not None and array.ndim > rank
            shape = array.shape[1:] if has_steps else array.shape
            if shape:  # else it is a number, which may change from step to step
                rows.append((shape[0], name))
                of_both |= {name} if math.prod(shape[1:]) == 1 else set()  # a number a row
        elif v.shape and v.shape[0] is not None and len(v.shape) > 1:
            rows.append((v.shape[0], name))
    least, first = min(rows, key=lambda row: row[0], default=(1, ""))
    uneven = [(n, of) for n, of in rows if n != least and (n != 2 * least or of not in of_both)]
    if uneven:
        a, (b, second) = least, uneven[0]
        raise UserError(
            f"batches of unequal size: {first} has {a} rows, {second} has {b}; give as many rows "
            "of all, labels of reals and fakes together twice as many"
        )
    if rows:
        return least
    fixed = (v.shape[0] for v in wanted.values() if v.shape and v.shape[0])
    return asked or next(fixed, 16)


def _of_step(name: str, array: np.ndarray, v: Input, step: int, steps: int) -> np.ndarray:
    shape = v.shape
    if shape is not None and array.ndim == len(shape) + 1:
        if len(array) < steps:
            raise UserError(
                f"--inputs has {len(array)} batches of {name}, too few for {steps} steps"
            )
        array = array[step]
    if v.dtype.startswith("float") and array.dtype.kind in "biu":
        array = array.astype(np.float64)
    if shape is not None and (
        array.ndim != len(shape)
        or any(n is not None and n != m for n, m in zip(shape, array.shape, strict=True))
    ):
        raise UserError(
            f"--inputs has {name} of shape {list(array.shape)}, the placeholder has {shape}"
        )
    return array


def _drawn(name: str, v: Input, size: int, rng: np.random.Generator) -> np.ndarray:
    if v.shape is None:
        raise UserError(f"the placeholder {name} has no shape: give its data in --inputs")
    if not v.shape and v.dtype != "bool":
        raise UserError(
            f"the placeholder {name} is one number, which nothing tells: give it in "
            "the map ([training] and [inference]) or in --inputs"
        )
    shape = [size if i == 0 and n is None else n for i, n in enumerate(v.shape)]
    known = [n for n in shape if n is not None]
    if len(known) < len(shape):
        raise UserError(
            f"the placeholder {name} has an open shape {v.shape}: give its data in --inputs"
        )
    if v.dtype.startswith("float"):
        return rng.uniform(-1, 1, known)
    if v.dtype == "bool":
        return rng.random(known) < 0.5
    if v.dtype.startswith(("int", "uint")):
        return rng.integers(0, 2, known).astype(v.dtype)
    raise UserError(f"the placeholder {name} is of {v.dtype}: give its data in --inputs")
