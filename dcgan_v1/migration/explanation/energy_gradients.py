"""Whether an energy's gradient is taken through its image, or through what a network makes of it.

The energy's derivative by both is worked out by hand; TF1's graph takes it on to the weights."""

import itertools

import numpy as np

from dcgan_v1.migration.comparison.evidence import GRADIENT, Key
from dcgan_v1.migration.explanation.case import Case, Cause
from dcgan_v1.migration.explanation.kinds import Kind
from dcgan_v1.migration.explanation.reconstructions import (
    ENDS,
    FORMS,
    NO_END,
    PULL_WEIGHT,
    PULLS,
    Energy,
    Told,
)
from dcgan_v1.migration.records import Arrays

NEAR = 1e-7  # relative, of gradients that are the same
WHOLE = "taken through both"
CUT = {
    "image": "its image, which is a constant where it is the energy's target",
    "output": "what {0} gives, which is a constant",
}


def find(case: Case, loss: str, update: int, told: Told) -> list[Cause]:
    """Returns the cause that one side's gradient of an energy leaves out its image or its output.

    Args:
      case: whose experiments are asked.
      loss: whose gradient it is; update: the number of the update that takes it.
      told: by which energies both sides' losses differ.
    """
    of = told.of
    if of is None or of.is_fed or not told.is_alike or len(told.old) > 1 or len(told.new) > 1:
        return []
    names = case.evidence.old.updates[update].variables
    sides = []
    for place, energy, arrays in (
        (0, told.old[0], case.evidence.ours),
        (1, told.new[0], case.evidence.theirs),
    ):
        keys = {name: Key(GRADIENT, name, "", 0, update) for name in names}
        wanted = {name: arrays[key] for name, key in keys.items() if key in arrays}
        sides.append(_taken_through(case, told, place, energy, update, wanted))
    ours, theirs = sides
    if not ours or not theirs or ours == theirs:
        return []
    texts = []
    for side, way, other in (("the port", theirs, ours), ("TF1", ours, theirs)):
        if way != WHOLE:
            whose = "TF1's is" if other == WHOLE and side == "the port" else "the port's is"
            through = CUT[way].format(told.network)
            texts.append(f"{side}'s gradient of {loss} is not taken through {through}; {whose}")
    key = Key(GRADIENT, names[0], "", 0, update)
    return [Cause(Kind.CUT_OFF, key.name, "; ".join(texts))] if len(texts) == 1 else []


def _taken_through(
    case: Case, told: Told, place: int, energy: Energy, update: int, wanted: Arrays
) -> str:
    """Through what a side's gradient is taken, as its numbers tell; '' where they tell nothing."""
    of = told.of
    assert of is not None
    output_op, image_op = of.ops
    if output_op is None or image_op is None or not wanted:
        return ""
    output, image = (of.ours, of.theirs)[place]
    by_rest = derivative(energy[0], image - ENDS[energy[1]](output))
    by_output = -by_rest * _slope(energy[1], output)
    beside = _of_codes(told, place)
    ways = {
        WHOLE: {
            output_op.name: by_output.reshape(output_op.output.shape),
            image_op.name: by_rest.reshape(image_op.output.shape),
        },
        "image": {output_op.name: by_output.reshape(output_op.output.shape)},
        "output": {image_op.name: by_rest.reshape(image_op.output.shape)},
    }
    fitting = []
    for way, above in ways.items():
        above = {name.partition(" (run ")[0]: a for name, a in (above | beside).items()}
        made = case.experiments.pulled_back(above, list(wanted), update)
        if made.keys() == wanted.keys() and all(_is_near(made[n], a) for n, a in wanted.items()):
            fitting.append(way)
    return fitting[0] if len(fitting) == 1 else ""


def _of_codes(told: Told, place: int) -> Arrays:
    """The derivative of a side's pull-away term by its codes, where it has one."""
    if told.codes is None or told.codes.old is None:
        return {}
    codes = (told.codes.old, told.codes.new)[place].output
    for old, new in itertools.permutations(PULLS, 2):
        if told.beside.startswith(f", and {PULLS[new]} for") and told.beside.endswith(PULLS[old]):
            slope = PULL_WEIGHT * _pull_derivative(codes, *(old, new)[place])
            return {told.codes.old.name: slope}
    return {}


def derivative(form: str, rest: np.ndarray) -> np.ndarray:
    """Returns the derivative of a form of an energy by what is left of images.

    Args:
      form: a key of FORMS; rest: [N, pixels].
    """
    assert form in FORMS
    rows, size = len(rest), rest.size
    norms = np.linalg.norm(rest, axis=1, keepdims=True)
    of_form = {
        "the mean of its squares": lambda: 2 * rest / size,
        "the mean over images of the sums of its squares": lambda: 2 * rest / rows,
        "half the mean over images of the sums of its squares": lambda: rest / rows,
        "the mean of its absolute values": lambda: np.sign(rest) / size,
        "the mean over images of the sums of its absolute values": lambda: np.sign(rest) / rows,
        "the mean over images of its norms": lambda: rest / norms / rows,
        "the norm of all of it over the batch's size": lambda: rest / np.linalg.norm(rest) / rows,
    }
    return np.asarray(of_form[form]())


def _slope(end: str, y: np.ndarray) -> np.ndarray:
    made = ENDS[end](y)
    return np.asarray(
        {NO_END: np.ones_like(y), "sigmoid": made * (1 - made), "tanh": 1 - made**2}[end]
    )


def _pull_derivative(codes: np.ndarray, is_of_all: bool, is_squared: bool) -> np.ndarray:
    """The derivative of a pull-away term by its codes [N, C]."""
    count = len(codes)
    sizes = np.abs(codes).sum() if is_of_all else np.linalg.norm(codes, axis=1, keepdims=True)
    units = codes / sizes
    alike = units @ units.T
    by_units = 4 * alike @ units if is_squared else np.broadcast_to(2 * units.sum(0), units.shape)
    by_units = by_units / (count * (count - 1))
    if is_of_all:
        return np.asarray(by_units / sizes - np.sign(codes) * np.sum(by_units * codes) / sizes**2)
    inner = np.sum(units * by_units, axis=1, keepdims=True)
    return np.asarray((by_units - units * inner) / sizes)


def _is_near(a: np.ndarray, b: np.ndarray) -> bool:
    size = float(np.max(np.abs(b), initial=0.0))
    return a.shape == b.shape and float(np.max(np.abs(a - b), initial=0.0)) <= NEAR * size
