"""Compares two recordings of one port's program, on two versions of its framework.

Did the upgrade change anything? Pure numpy; no program is run."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from dcgan_v1.errors import UserError
from dcgan_v1.migration.recordings.port_recording import Item
from dcgan_v1.migration.records import Batch, Observation
from dcgan_v1.migration.runners.recorded_port import RecordedPort

FLOAT64 = {"layers": 1e-12, "losses": 1e-12, "gradients": 1e-10, "state": 1e-8}  # as compare's
SAME = {"float64": 1e-12, "float32": 1e-6}  # of what both begin with, and are given
SINGLE, AGAIN = "float32", "again"
EPSILON, TIMES_ROUNDING = float(np.finfo(np.float32).eps), 10
SCALE = 1e-3  # of the largest array of its kind in a step, the least that counts as one
MOST = 12  # lines of what differs
GIVEN = ("batch", "draw", "raw")  # kinds of items that no network computes


@dataclass
class Row:
    """How far the arrays of one kind are apart.

    Attributes:
      kind: one of FLOAT64.
      arrays: how many.
      relative: the largest difference, of the array's own largest value.
      worst: which array has it, and after which step.
    """

    kind: str
    arrays: int = 0
    relative: float = 0.0
    worst: str = ""


@dataclass
class Versions:
    """What came of comparing two recordings.

    Attributes:
      names: what both were made on.
      rows: kind -> Row.
      found: what differs, a line each, the first in a step first.
      is_judged: whether rounding is known: of float32 it must have been measured.
      allowed: how far arrays of each kind may be apart by rounding.
      dtype: in which both were recorded.
    """

    names: tuple[str, str]
    rows: dict[str, Row] = field(default_factory=dict)
    found: list[str] = field(default_factory=list)
    is_judged: bool = True
    allowed: dict[str, float] = field(default_factory=lambda: dict(FLOAT64))
    dtype: str = "float64"

    def __bool__(self) -> bool:
        return self.is_judged and not self.found

    def lines(self) -> list[str]:
        """Returns the table and the verdict."""
        table = [
            f"{row.kind}: {row.arrays} arrays, {row.relative:.1e} apart at most"
            + (f", in {row.worst}" if row.relative else "")
            + (f"; by rounding {self.allowed[row.kind]:.1e}" if self.dtype == "float32" else "")
            for row in self.rows.values()
        ]
        between = f"{self.names[0]} against {self.names[1]}"
        if not self.is_judged:
            return [
                *table,
                f"not judged: {between}: recorded in float32, whose noise was not measured",
            ]
        if not self.found:
            return [*table, f"same: {between} compute the same"]
        lines = self.found[:MOST]
        if more := len(self.found) - len(lines):
            lines = [*lines, f"and {more} more"]
        return [*table, f"differs: {between}", *(f"  {line}" for line in lines)]


def compare_versions(first: str | Path, second: str | Path) -> Versions:
    """Compares two recordings of the same program, array by array, in all steps that both have.

    Args:
      first, second: folders that `port_recorder` wrote.

    Raises:
      UserError: one is no recording, or they were given other data or other values to begin with.
    """
    ports = RecordedPort(first), RecordedPort(second)
    there = min(len(port.recording.steps) for port in ports)
    _refuse_other_programs(*ports)
    a, b = (port.recording.dtype for port in ports)
    if a != b:
        raise UserError(
            f"one recording is in {a}, the other in {b}: record both with --dtype {SINGLE}"
        )
    names = tuple(_version(port) for port in ports)
    result = Versions((names[0], names[1]), dtype=a)
    if a == SINGLE:
        noise = [n for n in (_noise(port.recording.folder) for port in ports) if n]
        result.is_judged = bool(noise)
        for kind in FLOAT64 if noise else ():
            most = max(EPSILON, *(n.get(kind, 0.0) for n in noise))
            result.allowed[kind] = TIMES_ROUNDING * most
    has_differed = False
    for step in range(there):
        observations = [port.step(Batch(), is_observed=True) for port in ports]
        result.found += _settings(step, observations[0], observations[1], result.names)
        arrays = [dict(_arrays(port, one)) for port, one in zip(ports, observations, strict=True)]
        _add(result, step, *arrays)
        may_differ = bool(result.found) or not result.is_judged
        if may_differ:
            _refuse_other_data(step, *ports, has_differed=has_differed)
        has_differed = may_differ
    return result


def _noise(folder: Path) -> dict[str, float] | None:
    """How far a recording in float32 is from that with other kernels, if there is one."""
    again = folder / AGAIN
    if not (again / "recording.json").is_file():
        return None
    ports = RecordedPort(folder), RecordedPort(again)
    apart = Versions(("", ""), is_judged=False)
    for step in range(min(len(port.recording.steps) for port in ports)):
        observations = [port.step(Batch(), is_observed=True) for port in ports]
        arrays = [dict(_arrays(port, one)) for port, one in zip(ports, observations, strict=True)]
        _add(apart, step, *arrays)
    return {kind: row.relative for kind, row in apart.rows.items()}


def _version(port: RecordedPort) -> str:
    made_on = port.told["made on"]
    return f"{port.reads.framework} {made_on.get(str(port.told['framework']), '')}"


def _refuse_other_programs(a: RecordedPort, b: RecordedPort) -> None:
    shapes = [{n: v.shape for n, v in port.describe().variables.items()} for port in (a, b)]
    other = sorted(
        n for n in shapes[0].keys() | shapes[1].keys() if shapes[0].get(n) != shapes[1].get(n)
    )
    if other:
        raise UserError(
            f"the recordings are of two programs: {other[0]} is {shapes[0].get(other[0])} in one "
            f"and {shapes[1].get(other[0])} in the other"
        )
    ours, theirs = a.state_after(0).variables, b.state_after(0).variables
    for name in shapes[0]:
        if _apart(ours[name], theirs[name], 0.0) > SAME[a.recording.dtype]:
            raise UserError(
                f"the programs begin with other values ({name}): seed both, or let them load the "
                "same checkpoint"
            )


def _refuse_other_data(step: int, a: RecordedPort, b: RecordedPort, *, has_differed: bool) -> None:
    """Refuses two recordings that differ for what they were given.

    Args:
      step: in which a difference was found.
      a, b: the recordings.
      has_differed: whether anything differed before this step.
    """
    ours, theirs = a.items(step), b.items(step)
    names = [[item.name for item in items] for items in (ours, theirs)]
    if names[0] != names[1]:
        raise UserError(
            f"step {step + 1} is given other things in the two recordings: {', '.join(names[0])}; "
            f"{', '.join(names[1])}"
        )
    for one, other in zip(ours, theirs, strict=True):
        if _apart(one.array, other.array, 0.0) <= SAME[a.recording.dtype]:
            continue
        if one.kind in GIVEN or not (has_differed or _may_be_computed(step, one, a, b)):
            raise UserError(
                f"the recordings were given other data: {one.name} of step {step + 1} "
                f"({one.place}) differs: seed both programs"
            )


def _may_be_computed(step: int, item: Item, a: RecordedPort, b: RecordedPort) -> bool:
    """Whether an array that a network is called with may be another one because what the programs
    computed before it in the step is: a layer that differs; or unknown, as of bare variables."""
    is_any = False
    for number, update in enumerate(a.recording.steps[step][: item.update + 1]):
        entries = a.told["updates"][update]["layers"]
        layers = range(item.after if number == item.update else len(entries))
        is_any = is_any or bool(layers)
        arrays = [port.recording.update(port.recording.steps[step][number]) for port in (a, b)]
        for name in (f"layer/{i}" for i in layers):
            ours, theirs = (of_one.get(name) for of_one in arrays)
            if ours is None or theirs is None:
                return True
            if _apart(ours, theirs, 0.0) > SAME[a.recording.dtype]:
                return True
    return item.kind == "argument" and not is_any


def _arrays(
    port: RecordedPort, observation: Observation
) -> Iterator[tuple[tuple[str, str], np.ndarray]]:
    """Yields ((kind, name), array) in the order in which a step does things."""
    for layer in observation.layers:
        yield ("layers", layer.name), layer.output
    for name, value in observation.scalars.items():
        yield ("losses", name), np.asarray(value)
    for key, array in observation.gradients.items():
        yield ("gradients", f"{key.variable} (update {key.update + 1})"), array
    state = port.state()
    for name in port.describe().variables:
        yield ("state", name), state.variables[name]
    for slot, array in state.slots.items():
        yield ("state", f"{slot.slot} of {slot.variable}"), array


def _add(
    result: Versions,
    step: int,
    ours: dict[tuple[str, str], np.ndarray],
    theirs: dict[tuple[str, str], np.ndarray],
) -> None:
    largest: dict[str, float] = {}
    for (kind, _), array in ours.items():
        largest[kind] = max(largest.get(kind, 0.0), float(np.max(np.abs(array), initial=0.0)))
    kinds: set[str] = set()
    for kind, name in {**ours, **theirs}:
        row = result.rows.setdefault(kind, Row(kind))
        row.arrays += 1
        pair = [arrays.get((kind, name)) for arrays in (ours, theirs)]
        lone = next((n for n, array in zip(result.names, pair, strict=True) if array is None), "")
        a, b = pair
        off = np.inf if a is None or b is None else _apart(a, b, SCALE * largest.get(kind, 0.0))
        if not off <= row.relative:
            row.relative, row.worst = off, f"{name} of step {step + 1}"
        if not off <= result.allowed[kind] and kind not in kinds and result.is_judged:
            kinds.add(kind)  # the first of its kind: what follows comes of it
            text = f"is not in that of {lone}" if lone else f"differs by {off:.1e}"
            result.found.append(f"step {step + 1}, {kind}: {name} {text}")


def _apart(a: np.ndarray, b: np.ndarray, least: float) -> float:
    if a.shape != b.shape:
        return np.inf
    off = float(np.max(np.abs(np.subtract(a, b, dtype=np.float64)), initial=0.0))
    scale = max(float(np.max(np.abs(a), initial=0.0)), least)
    return off / scale if scale else float(off > 0)


def _settings(step: int, a: Observation, b: Observation, names: tuple[str, str]) -> list[str]:
    """What the optimisers of both say of themselves, where it is not the same."""
    return [
        f"step {step + 1}: {optimizer}'s {name} is {ours.get(name, 'not there')} in {names[0]}, "
        f"{theirs.get(name, 'not there')} in {names[1]}"
        for optimizer in {**a.settings, **b.settings}
        for ours, theirs in [(a.settings.get(optimizer, {}), b.settings.get(optimizer, {}))]
        for name in {**ours, **theirs}
        if ours.get(name) != theirs.get(name)
    ]
