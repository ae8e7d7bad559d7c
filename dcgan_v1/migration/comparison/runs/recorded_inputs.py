"""What TF1's step is given of a recorded port's, and what the port's arrays are for it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from dcgan_v1.errors import UserError
from dcgan_v1.migration.comparison.inputs import batches, feeding
from dcgan_v1.migration.comparison.inputs.bindings import Bindings
from dcgan_v1.migration.comparison.inputs.preparation import Request
from dcgan_v1.migration.matching.matching import Matching
from dcgan_v1.migration.recordings.tf1_recording import Recording
from dcgan_v1.migration.records import Arrays, Input, Tf1Info
from dcgan_v1.migration.runners.recorded_port import RecordedPort


def feeding_of(
    old: Tf1Info, port: RecordedPort, request: Request, matching: Matching
) -> tuple[Arrays, feeding.Feeding]:
    """Returns (what TF1 itself was fed, which of the port's arrays its inputs are)."""
    modes = {*old.switches, *old.modes}
    fed = Recording(old.recording).fed if old.recording else {}
    wanted = {
        name: v
        for name, v in old.inputs.items()
        if name not in modes and v.is_of_step and "@" not in name and not _is_number(name, v, fed)
    }
    wanted |= {n: v for n, v in old.random.items() if n not in old.beside and "@" not in n}
    windows: list[set[int]] = []
    for run in range(len(old.runs)):
        own = {matching.updates.get(i, i) for i, u in enumerate(old.updates) if u.run == run}
        windows.append(own or (windows[-1] if windows else {0}))
    items = port.items(0)
    return fed, feeding.feed(wanted, items, windows, old.needs, fed, request.map.inputs)


def numbers_of(
    old: Tf1Info, port: RecordedPort, fed: Arrays, steps: int, rates: Iterable[float] = ()
) -> tuple[dict[str, str], list[str]]:
    """Returns (TF1's input -> the number of the port's own that a term of a loss is multiplied by,
    notes), of what both sides have another of in later steps and begin with the same: those of one
    name, and the one that is left where it fits the only one that is left.

    Args:
      old: what TF1's program says of itself.
      port: the recorded side.
      fed: TF1's input -> [steps, ...] as it was recorded.
      steps: that are compared.
      rates: that the port's optimisers learn at in the first step: what begins so may be one.
    """
    wanted = {
        n: fed[n][:steps] for n, v in old.inputs.items() if n in fed and _is_number(n, v, fed)
    }
    wanted = {n: a for n, a in wanted.items() if a.dtype.kind == "f" and np.ptp(a) > 0}
    of_steps = [port.recording.numbers(step) for step in range(steps)]
    tracks = {n: tuple(own.get(n, np.nan) for own in of_steps) for n in of_steps[0]}
    moving = [n for n, track in tracks.items() if len(set(track)) > 1]
    fits = {k: [n for n in moving if _is_near(tracks[n][0], a[0])] for k, a in wanted.items()}
    called = {
        k: [n for n in found if n.partition("#")[0] == k.rpartition("/")[2]]
        for k, found in fits.items()
    }
    bound = _only(called, tracks)
    taken = {tracks[n] for n in bound.values()}
    rest = {k: [n for n in fits[k] if tracks[n] not in taken] for k in fits if k not in bound}
    may_be_rates = {k for k in rest if any(_is_near(rate, wanted[k][0]) for rate in rates)}
    bound |= {k: n for k, n in _only(rest, tracks).items() if k not in may_be_rates}
    notes = [_note(name, bound.get(name), fits[name]) for name in wanted]
    return bound, notes


def _only(
    fits: Mapping[str, Sequence[str]], tracks: Mapping[str, tuple[float, ...]]
) -> dict[str, str]:
    """Returns TF1's input -> the port's number where neither fits another. What is the same in all
    steps is one number, used more than once."""
    numbers = {k: {tracks[n] for n in found} for k, found in fits.items()}
    uses = Counter(track for found in numbers.values() for track in found)
    return {
        k: found[0]
        for k, found in fits.items()
        if len(numbers[k]) == 1 and uses[tracks[found[0]]] == 1
    }


def _note(name: str, found: str | None, fitting: Sequence[str]) -> str:
    if found:
        return (
            f"TF1's {name} is given the port's {found} of each step: how a program works it out "
            "from step to step is not compared"
        )
    why = (
        f"which of the port's numbers it is, nothing tells ({', '.join(fitting)})"
        if fitting
        else "the port multiplies no term of its losses by one that begins so and changes"
    )
    return f"TF1's {name} is fed as its own program fed it, another number in each step: {why}"


def _is_near(a: float, b: float) -> bool:
    return bool(np.isclose(a, b, rtol=1e-6, atol=1e-12))


def bindings_of(old: Tf1Info, items: dict[str, str], arrays: Arrays) -> Bindings:
    """What the port's arrays are for TF1, and where one side alone was given another one in a later
    run of a step: TF1's recording tells what its own program fed there.

    Args:
      old: what TF1's program says of itself.
      items: TF1's input, with '@2' behind it for a later run -> the port's item.
      arrays: the port's item -> its array in the first step.
    """
    arguments = {item: key for key, item in items.items()}
    if not old.recording:
        return Bindings(arguments, of_port=True)
    again, used_again = {}, {}
    for name in (n for n in old.inputs if "@" not in n and n in items):
        for run, needed in enumerate(old.needs[1:], start=2):
            key = f"{name}@{run}"
            item = items.get(key, items[name])
            is_other = not np.array_equal(arrays[item], arrays[items[name]])
            if is_other and key not in old.inputs:
                again[item] = items[name]
            elif key in old.inputs and name in needed and not is_other:
                used_again[key] = items[name]
    return Bindings(arguments, again=again, used_again=used_again, of_port=True)


def repeated(
    items: dict[str, str], batch: Arrays, own: Arrays
) -> dict[str, tuple[list[int], str, list[int]]]:
    """What the port draws fewer numbers for than TF1, see `Bindings`."""
    return {
        key: (list(batch[key].shape), name, list(own[name].shape))
        for key, name in items.items()
        if key in batch and batch[key].size > own[name].size and batch[key].ndim == own[name].ndim
    }


def batch_of(
    old: Tf1Info, port: RecordedPort, given: feeding.Feeding, fed: Arrays, step: int
) -> Arrays:
    """What TF1 is given in one step, in its own names."""
    items = {item.name: item for item in port.items(step)}
    inputs = {**old.inputs, **old.random}
    batch: Arrays = {}
    for key, name in given.items.items():
        v = inputs[key.partition("@")[0]]
        array = feeding.fitted(items[name].array, v, key, items[name].law)
        if array is None:
            raise UserError(
                f"the port's {name} has another shape in step {step + 1}: record fewer steps"
            )
        batch[key] = array.astype(v.dtype) if v.dtype.startswith(("int", "uint")) else array
    scalars = [n for n, v in old.inputs.items() if _is_number(n, v, fed)]
    for name in (n for n in scalars if n in fed and n not in batch):  # a rate that is fed, say
        batch[name] = fed[name][min(step, len(fed[name]) - 1)]
    return batch


def _is_number(name: str, v: Input, fed: Arrays) -> bool:
    """Whether an input is a single number: by its shape or, where it has none, by what was fed."""
    return v.shape == [] or (v.shape is None and name in fed and fed[name].ndim == 1)


def beside(old: Tf1Info, batch: Arrays) -> Arrays:
    """Drawn values of inputs that no step is fed: the noise of a sampler, say, which stands in the
    graph beside what is trained."""
    inputs = {
        name: v
        for name, v in old.inputs.items()
        if not v.is_of_step and v.shape and None not in v.shape[1:] and name not in batch
    }
    rows = next((len(array) for array in batch.values() if array.ndim), 1)
    modes = {*old.switches, *old.modes}
    return batches.make(inputs, {}, 1, rows, 0, modes)[0]
