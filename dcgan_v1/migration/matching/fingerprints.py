"""Pairs variables by their gradients when all values are equal: their fingerprints."""

import zlib
from collections.abc import Callable, Collection
from typing import Literal, NamedTuple

import numpy as np

from dcgan_v1.migration.matching import candidates
from dcgan_v1.migration.matching.candidates import Options
from dcgan_v1.migration.matching.layouts import Layout, Pixels, turned
from dcgan_v1.migration.matching.matching import Row
from dcgan_v1.migration.records import Arrays, GradientKey, Variable

ROUNDING = 1e-12  # of the largest gradient of an update
NEARER = 1.25  # times as near, an order of pixels counts before the usual one
Order = Literal["port", "TF1", "same"]  # who alone counts a kernel's pixels channel by channel
PixelsOf = dict[str, dict[str, Pixels]]  # see `records.Observation.pixels`
Fingerprint = dict[int, np.ndarray]  # update -> gradient; -1 -> the change of its value


class Certificate(NamedTuple):
    """What the run under equal values showed.

    Attributes:
      loss: the largest relative difference of a loss that both sides have; None where nothing
        was run.
      losses: how many were compared.
    """

    loss: float | None
    losses: int


class EqualRun(NamedTuple):
    """What a step of one side showed when all variables of a shape had the same values."""

    scalars: dict[str, float]
    gradients: dict[GradientKey, np.ndarray]
    variables: Arrays  # after the step


RunEqual = Callable[[Arrays, Arrays], tuple[EqualRun, EqualRun]]


def pixel_rows(rows: list[Row], new: dict[str, Variable], pixels: PixelsOf) -> list[Row]:
    """Returns the rows of dense kernels beside flattened maps: their order is still open.

    Args:
      rows: of pairs of variables.
      new: the port's variables by name.
      pixels: what its layers beside maps were seen to meet.
    """
    return [r for r in rows if r.by != "map" and _pixels_of(new[r.new], pixels)]


def by_gradients(
    rows: list[Row],
    options: Options,
    old: dict[str, Variable],
    new: dict[str, Variable],
    pixels: PixelsOf,
    updates: dict[int, int],
    run_equal: RunEqual,
    likely: Order = "port",
) -> Certificate:
    """Adds a row for every variable that its gradients tell from the others, and settles in which
    order rows and columns of dense kernels count pixels.

    Both sides are given values that depend on a variable's shape alone. Whoever is who, they then
    compute the same if they are of one architecture, and the gradient with respect to a variable
    depends on where in the network it is: the two nearest belong together.

    Args:
      rows: what is known; changed in place.
      options: what each of the port's variables could be.
      old, new: the sides' variables.
      pixels: layers of the port that meet feature maps.
      updates: TF1's update -> the port's.
      run_equal: runs a step of each side from such values.
      likely: which order counts unless another is clearly nearer.

    Returns:
      how far the losses of these two steps are apart.
    """
    old_values, new_values = values_of_shapes(old, new, options, rows, pixels)
    ours, theirs = run_equal(old_values, new_values)
    certificate = _certificate(ours.scalars, theirs.scalars)
    back = {j: i for i, j in updates.items()}
    prints_old = {n: _fingerprint(n, ours, old_values, {}) for n in old}
    prints_new = {n: _fingerprint(n, theirs, new_values, back) for n in new}
    _add_rows(rows, options, new, pixels, prints_old, prints_new, _largest(ours.gradients), likely)
    for k, row in enumerate(rows):
        own = _pixels_of(new[row.new], pixels)
        if own and row.by == "shape":
            off, layout = _closest(
                prints_old[row.old], prints_new[row.new], row.layout, own, likely
            )
            rows[k] = row._replace(layout=layout, distance=off)
    return certificate


def _add_rows(
    rows: list[Row],
    options: Options,
    new: dict[str, Variable],
    pixels: PixelsOf,
    prints_old: dict[str, Fingerprint],
    prints_new: dict[str, Fingerprint],
    largest: dict[int, float],
    likely: Order,
) -> None:
    choices = candidates.still_open(rows, options)
    olds = sorted({(o, lay.part) for c in choices.values() for o, lay in c})
    news = list(choices)
    cost = np.full((len(olds), len(news)), np.inf)
    layout_of: dict[tuple[int, int], Layout] = {}
    for j, name in enumerate(news):
        own = prints_new[name]
        is_trained_alike = [prints_old[o].keys() == own.keys() for o, _ in choices[name]]
        for (old_name, layout), is_alike in zip(choices[name], is_trained_alike, strict=True):
            if not is_alike and any(is_trained_alike):
                continue  # other updates train it
            i = olds.index((old_name, layout.part))
            cost[i, j], layout_of[i, j] = _closest(
                prints_old[old_name], own, layout, _pixels_of(new[name], pixels), likely
            )
    for i, j, distance, runner_up in candidates.assign(cost):
        if runner_up is not None and runner_up <= distance * (1 + 1e-9):
            continue  # as good as another: names and order must tell
        if not _is_more_than_rounding(prints_old[olds[i][0]], largest):
            continue
        rows.append(Row(olds[i][0], news[j], layout_of[i, j], "gradients", distance, runner_up))


def _pixels_of(v: Variable, pixels: PixelsOf) -> dict[str, Pixels]:
    """The pixels that an axis of a variable may count: of rows, of columns, or none."""
    sizes = pixels.get(v.layer, {}) if len(v.shape) in (1, 2) else {}
    return {k: chw for k, chw in sizes.items() if k == "columns" or len(v.shape) == 2}


def values_of_shapes(
    old: dict[str, Variable],
    new: dict[str, Variable],
    options: Options,
    rows: list[Row],
    pixels: PixelsOf,
) -> tuple[Arrays, Arrays]:
    """Returns values of all variables for both sides, the same for all of a shape.

    Args:
      old, new, options, rows, pixels: see `by_gradients`.
    """
    choices = {n: list(c) for n, c in options.items()}
    for row in rows:
        choices[row.new] = [(row.old, row.layout)]
    constant: dict[tuple[int, ...], set[int]] = {}  # shape -> axes along which values are alike
    for name, fitting in choices.items():
        own = _pixels_of(new[name], pixels)
        for old_name, _ in fitting if own else []:
            shape = tuple(old[old_name].shape)
            axes = constant.setdefault(shape, set())
            if "rows" in own and len(shape) == 2:
                axes.add(0)
            if "columns" in own:
                axes.add(len(shape) - 1)
    old_values = {
        name: equal_values(v.shape, constant.get(tuple(v.shape), set())) for name, v in old.items()
    }
    new_values = {
        name: fitting[0][1].to_port(old_values[fitting[0][0]])
        for name, fitting in choices.items()
        if fitting
    }
    return old_values, new_values


def equal_values(shape: list[int], constant: Collection[int] = ()) -> np.ndarray:
    """Returns the values that every variable of a shape is given.

    Args:
      constant: axes along which they do not change, for the order of pixels not to matter.
    """
    rng = np.random.default_rng(zlib.crc32(repr(tuple(shape)).encode()))
    draw_shape = [1 if axis in constant else n for axis, n in enumerate(shape)]
    if len(shape) < 2:
        values = rng.uniform(0.5, 1.5, draw_shape)
    else:
        values = rng.standard_normal(draw_shape) / np.sqrt(np.prod(shape[:-1]))
    return np.broadcast_to(values, shape).copy()


def _largest(gradients: dict[GradientKey, np.ndarray]) -> dict[int, float]:
    """update -> its largest gradient."""
    largest: dict[int, float] = {}
    for key, array in gradients.items():
        size = float(np.max(np.abs(array), initial=0.0))
        largest[key.update] = max(largest.get(key.update, 0.0), size)
    return largest


def _is_more_than_rounding(fingerprint: Fingerprint, largest: dict[int, float]) -> bool:
    """Whether a variable has a gradient: a bias that a batch norm takes away again has not."""
    return any(
        float(np.max(np.abs(array), initial=0.0)) > ROUNDING * largest.get(update, 0.0)
        for update, array in fingerprint.items()
    )


def _fingerprint(name: str, run: EqualRun, values: Arrays, back: dict[int, int]) -> Fingerprint:
    """What tells a variable from others: its gradients by update, else how it moved.

    Args:
      back: the port's update -> TF1's.
    """
    gradients = {
        back.get(key.update, key.update): array
        for key, array in run.gradients.items()
        if key.variable == name
    }
    if not gradients and name in run.variables and name in values:
        gradients[-1] = np.asarray(run.variables[name], np.float64) - values[name]
    return gradients


def _closest(
    old: Fingerprint, new: Fingerprint, layout: Layout, pixels: dict[str, Pixels], likely: Order
) -> tuple[float, Layout]:
    """Returns (distance, Layout): of the orders of pixels that may be, the nearest.

    The likely one counts unless another is clearly nearer: a port's owner may flatten as TF1 does,
    and TF1 itself channels first.
    """
    keys = sorted(old.keys() & new.keys())
    if not keys:
        return np.inf, layout
    choices = [layout]
    if pixels:
        theirs = _with_pixels(layout, pixels)
        back = _with_pixels(layout, {k: turned(chw) for k, chw in pixels.items()})
        orders: dict[Order, Layout] = {"port": theirs, "same": layout, "TF1": back}
        choices = [orders.pop(likely), *orders.values()]
    distances = []
    for choice in choices:
        try:
            a = np.concatenate([_part(old[k], choice).ravel() for k in keys])
            b = np.concatenate([choice.to_tf1(new[k], values=False).ravel() for k in keys])
        except ValueError:
            continue  # of another shape than the layout's
        distances.append((distance(a, b), choice))
    if not distances:
        return np.inf, layout
    nearest = min(distances, key=lambda x: x[0])
    return nearest if nearest[0] * NEARER < distances[0][0] else distances[0]


def _with_pixels(layout: Layout, pixels: dict[str, Pixels]) -> Layout:
    return layout._replace(
        rows=pixels.get("rows", layout.rows), columns=pixels.get("columns", layout.columns)
    )


def distance(a: np.ndarray, b: np.ndarray) -> float:
    """0 for equal arrays, 1 for such as have nothing in common."""
    size = np.linalg.norm(a) + np.linalg.norm(b)
    return float(np.linalg.norm(np.subtract(a, b)) / size) if size else 0.0


def _part(array: np.ndarray, layout: Layout) -> np.ndarray:
    return array[slice(*layout.part)] if layout.part else array


def _certificate(ours: dict[str, float], theirs: dict[str, float]) -> Certificate:
    """Every loss of the port beside the nearest scalar of TF1's."""
    values = np.array([v for v in ours.values() if np.isfinite(v)])
    worst = [
        float(np.min(np.abs(values - v)) / max(abs(v), 1e-30))
        for v in theirs.values()
        if len(values) and np.isfinite(v)
    ]
    return Certificate(max(worst, default=None), len(worst))
