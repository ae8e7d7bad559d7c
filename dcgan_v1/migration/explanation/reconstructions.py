"""Losses of autoencoders: how far what a network gives is from the image that it is given.

EBGAN's and BEGAN's discriminators are of this kind. Ports give such an energy another form, or
leave out the activation that the network ends in: then only the losses tell."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from dcgan_v1.migration.comparison.evidence import OUTPUT, Aligned
from dcgan_v1.migration.comparison.pairs.alignment import model_of
from dcgan_v1.migration.explanation.case import Case, Cause
from dcgan_v1.migration.explanation.kinds import Kind
from dcgan_v1.migration.records import LayerOutput

EXACT = 1e-10  # relative, what rounding may leave of the difference of two losses
ROUNDING = 1e-14  # relative to a loss, by which it may be off in float64
MARGINS = (1.0, 5.0, 10.0, 20.0)  # of EBGAN's hinge
PULL_WEIGHT = 0.1
PULLS = {  # whether codes are over the sum of all their numbers, whether squares are taken
    (False, False): "the mean similarity of codes of length 1",
    (False, True): "the mean square of the similarity of codes of length 1",
    (True, False): "the mean similarity of codes over the sum of all absolute values",
    (True, True): "the mean square of the similarity of codes over the sum of all absolute values",
}
NO_END = "no activation"
ENDS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    NO_END: lambda y: y,
    "sigmoid": lambda y: 1 / (1 + np.exp(-y)),
    "tanh": np.tanh,
}
FORMS: dict[str, Callable[[np.ndarray], float]] = {  # of what is left of images, [N, pixels]
    "the mean of its squares": lambda d: float(np.mean(d**2)),
    "the mean over images of the sums of its squares": lambda d: float(np.sum(d**2) / len(d)),
    "half the mean over images of the sums of its squares": lambda d: float(
        np.sum(d**2) / len(d) / 2
    ),
    "the mean of its absolute values": lambda d: float(np.mean(np.abs(d))),
    "the mean over images of the sums of its absolute values": lambda d: float(
        np.sum(np.abs(d)) / len(d)
    ),
    "the mean over images of its norms": lambda d: float(np.mean(np.linalg.norm(d, axis=1))),
    "the norm of all of it over the batch's size": lambda d: float(np.linalg.norm(d) / len(d)),
}
Energy = tuple[str, str]  # its form and what the network ends in


@dataclass(frozen=True)
class Reconstruction:
    """What a network gives for an image, on both sides; arrays are [N, pixels].

    Attributes:
      network: of the port's, whose output it is.
      is_fed: whether the image is an input of the step; else a network draws it.
      ours, theirs: (output, image) of TF1 and of the port.
      is_alike: whether both sides' outputs are the same.
      ops: TF1's that give both, with the shapes of what they give; '' of an image that is fed.
    """

    network: str
    is_fed: bool
    ours: tuple[np.ndarray, np.ndarray]
    theirs: tuple[np.ndarray, np.ndarray]
    is_alike: bool
    ops: tuple[LayerOutput | None, LayerOutput | None] = (None, None)

    def energies(self, side: str) -> dict[Energy, float]:
        """Returns what each form of an energy is of one side: 'ours' or 'theirs'."""
        output, image = self.ours if side == "ours" else self.theirs
        rests = {end: image - of_output(output) for end, of_output in ENDS.items()}
        return {
            (form, end): of_rest(rest)
            for end, rest in rests.items()
            for form, of_rest in FORMS.items()
        }


@dataclass(frozen=True)
class Told:
    """By which energies two losses differ: TF1's and the port's, of a network's output. Where
    several have one value, each of them is there. With what they are made of: the output and its
    image, and codes for a pull-away term."""

    network: str
    old: tuple[Energy, ...]
    new: tuple[Energy, ...]
    is_alike: bool
    beside: str = ""
    of: Reconstruction | None = None
    codes: Aligned | None = None

    @property
    def text(self) -> str:
        """What is said of the losses."""
        return (
            f"takes of what {self.network} leaves of its image {_either(self.new)}, "
            f"TF1's {_either(self.old)}{self.beside}"
        )

    def left_out_end(self) -> list[Cause]:
        """Returns the cause that one side's network ends in another activation, where only the
        losses tell: what comes before it is alike."""
        old, new = ({end for _, end in energies} for energies in (self.old, self.new))
        if not self.is_alike or old & new or len(old) > 1 or len(new) > 1:
            return []
        (theirs,), (ours,) = new, old
        text = (
            f"the network ends in {theirs} in the port, in {ours} in TF1, as the losses tell that "
            "are made of its output"
        )
        return [Cause(Kind.ACTIVATION, self.network, text, values=(theirs, ours))]


Beside = tuple[float, str, Aligned | None]  # what a loss has beside an energy, see `_pulls`
Whose = tuple[Reconstruction, Aligned | None]  # and the codes of its pull-away term
Sides = list[tuple[Reconstruction, dict[Energy, float], dict[Energy, float]]]


def told(case: Case, ours: float, theirs: float) -> Told | None:
    """Returns by which energies of an autoencoder TF1's loss and the port's differ; None where no
    two explain the whole difference, with EBGAN's hinge or its pull-away term or without, or where
    two of several networks do."""
    sides, pulls = case.once(_sides)
    every: list[tuple[float, tuple[str, bool, str], tuple[Energy, Energy], Whose]] = []
    for old, new in itertools.permutations([(form, end) for end in ENDS for form in FORMS], 2):
        for first, of_tf1, of_port in sides:
            apart = of_port[new] - of_tf1[old]
            seconds = [b for b in sides if first.is_fed and not b[0].is_fed]
            hinges = (
                max(m - b[2][new], 0.0) - max(m - b[1][old], 0.0) for b in seconds for m in MARGINS
            )
            besides: list[Beside] = [(more, "", None) for more in (0.0, *hinges)]
            for more, beside, codes in besides + ([] if first.is_fed else pulls):
                left = abs(apart + more - (theirs - ours))
                if _is(apart + more, theirs - ours, ours):
                    of = (first.network, first.is_alike, beside)
                    every.append((left, of, (old, new), (first, codes)))
    # of numbers near 0 a tanh is nearly what it is given
    most = max(10 * min((left for left, *_ in every), default=0.0), ROUNDING * abs(ours))
    found: dict[tuple[str, bool, str], list[tuple[Energy, Energy]]] = {}
    whose: list[Whose] = []
    for left, of, pair, whole in every:
        if left <= most:
            found.setdefault(of, []).append(pair)
            whose.append(whole)
    if len(found) != 1:
        return None
    (((network, is_alike, beside), pairs),) = found.items()
    old_ones, new_ones = (tuple(dict.fromkeys(side)) for side in zip(*pairs, strict=True))
    return Told(network, old_ones, new_ones, is_alike, beside, *whose[-1])


def _sides(case: Case) -> tuple[Sides, list[Beside]]:
    """What networks give for images with its energies on both sides, and pull-away terms."""
    every = list(_reconstructions(case))
    sides = [(r, r.energies("ours"), r.energies("theirs")) for r in every]
    return sides, list(_pulls(case)) if every else []


def _pulls(case: Case) -> Iterator[Beside]:
    """Yields how far two forms of EBGAN's pull-away term of the same codes are apart, what is said
    of them, and the codes."""
    for row in case.evidence.aligned.get("training", []):
        if row.by != "value" or row.new.output.ndim != 2 or row.new.output.shape[1] < 2:
            continue
        values = {form: _pull(row.new.output, *form) for form in PULLS}
        for old, new in itertools.permutations(PULLS, 2):
            text = f", and {PULLS[new]} for a pull-away term, TF1's {PULLS[old]}"
            yield PULL_WEIGHT * (values[new] - values[old]), text, row


def _pull(codes: np.ndarray, is_of_all: bool, is_squared: bool) -> float:
    count = len(codes)
    sizes = np.abs(codes).sum() if is_of_all else np.linalg.norm(codes, axis=1, keepdims=True)
    alike = (codes / sizes) @ (codes / sizes).T
    return float((np.sum(alike**2 if is_squared else alike) - count) / (count * (count - 1)))


def _is(apart: float, wanted: float, size: float) -> bool:
    return apart != 0 and abs(apart - wanted) <= EXACT * max(abs(wanted), 1e-3 * abs(size))


def _either(energies: tuple[Energy, ...]) -> str:
    return " or ".join(f"{energy[0]}{_ending(energy)}" for energy in energies)


def _ending(energy: Energy) -> str:
    return "" if energy[1] == NO_END else f", with {energy[1]} behind it"


def _reconstructions(case: Case) -> Iterator[Reconstruction]:
    """Yields what each network of the port's ends in beside each image that came before."""
    images: list[tuple[LayerOutput | None, np.ndarray, np.ndarray]] = [
        (None, _rows(a), _rows(a)) for a in case.evidence.batch.values() if a.ndim > 1
    ]
    seen: list[np.ndarray] = []
    for row in case.evidence.aligned.get("training", []):
        is_end = row.new.name.partition("#")[0].endswith(OUTPUT)
        if not is_end or row.old is None or row.old.output.ndim < 2 or row.new.output.ndim < 2:
            continue
        old, new = _rows(row.old.output), _rows(row.new.output)
        if old.shape != new.shape or any(_same(new, other) for other in seen):
            continue
        seen.append(new)
        for op, ours, theirs in images:
            if theirs.shape == new.shape and _is_telling(theirs - new):
                network, alike = model_of(row.new.name), row.by == "value"
                pairs = (old, ours), (new, theirs)
                yield Reconstruction(network, op is None, *pairs, alike, (row.old, op))
        images.append((row.old, old, new))


def _is_telling(rest: np.ndarray) -> bool:
    """Whether what is left of images [N, pixels] has another value in each form of an energy: a
    column may be of labels, and of one image, or of such as are alike, forms are the same."""
    return rest.shape[1] > 1 and bool(np.any(np.ptp(rest, axis=0) > 0))


def _rows(array: np.ndarray) -> np.ndarray:
    return np.asarray(array, np.float64).reshape(len(array), -1)


def _same(a: np.ndarray, b: np.ndarray) -> bool:
    return a.shape == b.shape and np.array_equal(a, b)
