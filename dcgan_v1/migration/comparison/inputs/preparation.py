"""What both programs are given before they are compared: inputs, draws, a start."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from dcgan_v1.errors import UserError
from dcgan_v1.migration.adam_powers import UNDERFLOWED, updates_done
from dcgan_v1.migration.comparison.inputs import batches, bindings
from dcgan_v1.migration.comparison.inputs.bindings import Bindings
from dcgan_v1.migration.matching.map_file import Map
from dcgan_v1.migration.recordings.tf1_recording import Recording
from dcgan_v1.migration.records import Arrays, Batch, Input, PortInfo, State, Tf1Info
from dcgan_v1.migration.runners.protocol import Tf1Runner


@dataclass(frozen=True)
class Request:
    """What is asked of a comparison.

    Attributes:
      map: what a user knows better than the programs tell.
      inputs: name -> array, as a user gave them.
      steps: training steps; checked: after which the state is looked at.
      batch_size: rows of what is drawn, or None; seed: of it.
      start: name -> array that stands for TF1's own start values, or None.
      trained: name -> array that the report's pictures are drawn by, or None: by the start.
      timing_steps: steps in each round of timing; 0 for none.
      device: 'cpu', or 'gpu' for TF1's program and a Keras port.
    """

    map: Map = field(default_factory=Map)
    inputs: Arrays = field(default_factory=dict)
    steps: int = 3
    checked: list[int] = field(default_factory=lambda: [1, 3])
    batch_size: int | None = None
    seed: int = 0
    start: Arrays | None = None
    trained: Arrays | None = None
    timing_steps: int = 0
    device: str = "cpu"


@dataclass(frozen=True)
class Prepared:
    """What both programs are given, the same in every dtype.

    Attributes:
      batches: for every step name -> array, in TF1's names.
      small: a few rows of the first one, to match variables with.
      bindings: which of them the port's arguments are.
      start: TF1's state that both begin with.
      notes: what is not as it was recorded.
      reversed: inputs of which TF1 is given one minus their numbers.
    """

    batches: list[Arrays]
    small: Arrays
    bindings: Bindings
    start: State
    notes: list[str] = field(default_factory=list)
    reversed: frozenset[str] = frozenset()

    def tf1_batch(self, step: int, dtype: str) -> Batch:
        """Returns what TF1's step is given."""
        batch = cast(self.batches[step], dtype)
        return Batch({n: 1 - a if n in self.reversed else a for n, a in batch.items()})

    def port_batch(self, step: int, dtype: str) -> Batch:
        """Returns what the port's step is given."""
        return self.bindings.batch(cast(self.batches[step], dtype))

    def port_inference(self, dtype: str) -> Batch:
        """Returns what the port's models are given in inference: of what later runs of a step have
        anew, what the first run has, as TF1's graph is."""
        arrays = self.batches[0]
        first = {n: arrays.get(n.partition("@")[0], a) for n, a in arrays.items()}
        return self.bindings.batch(cast(first, dtype))


def cast(arrays: Arrays, dtype: str) -> Arrays:
    """Returns arrays with floating point numbers of one dtype."""
    return {n: a.astype(dtype) if a.dtype.kind == "f" else a for n, a in arrays.items()}


def bind(old: Tf1Info, new: PortInfo, map_: Map, trains: bool) -> Bindings:
    """Pairs the arguments of a port's step with what TF1 is fed and draws.

    Args:
      old, new: what the programs say of themselves.
      map_: a user's.
      trains: whether both train.
    """
    modes = {*old.switches, *old.modes}
    inputs = {n: v for n, v in old.inputs.items() if n not in modes}
    random = {n: v for n, v in old.random.items() if n not in old.beside} if trains else {}
    of_forward = sorted({n for names in map_.forward.values() for n in names})
    arguments = new.arguments or of_forward
    bound = bindings.bind(new, arguments, inputs, random, map_.inputs)
    if not trains:
        return bound  # a map's order of dropouts is of a step
    dropouts = _by_runs(bound.dropouts, old.needs)
    if unknown := [name for name in map_.dropouts if name not in dropouts]:
        raise UserError(
            f"the map's [step] dropouts has {unknown[0]}, which TF1 draws for no dropout of the "
            f"port's; it draws {', '.join(dropouts) or 'none'}"
        )
    rest = [name for name in dropouts if name not in map_.dropouts]
    return replace(bound, dropouts=[*map_.dropouts, *rest])


def _by_runs(dropouts: Sequence[str], needs: Sequence[list[str]]) -> list[str]:
    """Names of what dropouts draw in the order of TF1's runs, in which a port calls them; 'x@2' of
    what the second run is fed again."""
    names: list[str] = []
    for run, needed in enumerate(needs):
        suffix = f"@{run + 1}" if run else ""
        for name in dropouts:
            if "@" not in name and name in needed:
                is_first = name not in names
                names.append(name if is_first else name + suffix)
    return names + [name for name in dropouts if name not in names]


def prepare(
    runner: Tf1Runner, old: Tf1Info, bound: Bindings, request: Request, trains: bool
) -> Prepared:
    """Makes the batches, has TF1 draw what it draws, and takes its start.

    Args:
      runner: TF1's.
      old: what it says of itself.
      bound: see `bind`.
      request: what was asked for.
      trains: whether both train.

    Raises:
      UserError: inputs or start values do not fit.
    """
    modes = [*old.switches, *old.modes]
    inputs, given, notes = _recorded(old, request, modes)
    made = batches.make(inputs, given, request.steps, request.batch_size, request.seed, modes)
    small = batches.small(made[0], inputs)
    start = _start(runner, old, request)
    if old.random and trains:
        runner.load(start)
        made = [runner.draw(Batch(batch)) | batch for batch in made]
        small = runner.draw(Batch(small)) | small
    return Prepared(made, small, bound, start, notes)


def without_idle(prepared: Prepared, idle: list[str]) -> Prepared:
    """Returns what both are given, with TF1's idle biases (see `Matching`) at 0."""
    zeros = {n: np.zeros_like(prepared.start.variables[n]) for n in idle}
    notes = [
        f"{name}: a batch norm takes it away again, and the port has none: held at 0"
        for name in idle
    ]
    start = prepared.start.replaced(zeros)
    return replace(prepared, start=start, notes=[*prepared.notes, *notes])


def _recorded(
    old: Tf1Info, request: Request, modes: list[str]
) -> tuple[dict[str, Input], Arrays, list[str]]:
    """Returns (what a step is given, arrays for it, notes): of a recording what was drawn is
    given, too."""
    if not old.recording:
        return old.inputs, request.inputs, []
    recording = Recording(old.recording)
    if len(recording.steps) < request.steps:
        raise UserError(
            f"{recording.folder} has {len(recording.steps)} whole steps, not "
            f"{request.steps}: --steps {len(recording.steps)}, or record more"
        )
    notes = [
        f"{name} as it was recorded: it is in a branch or a loop, and drawn again here"
        for name in recording.drawn_anew
    ]
    fed = recording.fed
    random = {n: v for n, v in old.random.items() if n in fed}
    known = old.inputs | random
    fed = {n: a for n, a in fed.items() if n in known and n not in modes}
    return known, fed | request.inputs, notes


def _start(runner: Tf1Runner, old: Tf1Info, request: Request) -> State:
    """Returns the state both sides begin with."""
    start = runner.initial()
    if request.start is not None:
        return _given_start(start, old, request.start)
    # averages as they are made, all alike, would hide a mean taken for a variance
    rng = np.random.default_rng(request.seed)
    values: Arrays = {}
    for name, v in old.variables.items():
        value = start.variables[name]
        is_plain = value.size and (np.all(value == 0) or np.all(value == 1))
        if not v.trainable and value.ndim and is_plain:
            # fit for a mean and for a variance
            values[name] = rng.uniform(0.5, 1.5, value.shape).astype(value.dtype)
    return start.replaced(values)


def _given_start(start: State, old: Tf1Info, given: Arrays) -> State:
    """The start values that a user gave, of a checkpoint in TF1's names."""
    slots = {key: name for name, key in old.slots.items()}
    lacking = [
        name
        for name, array in start.variables.items()
        if name in old.variables and (name not in given or given[name].shape != array.shape)
    ]
    if lacking:
        raise UserError(
            f"what to start from does not fit: {lacking[0]} is missing or of "
            f"another shape, and so are {len(lacking) - 1} more"
        )
    variables = {n: given[n].astype(a.dtype) for n, a in start.variables.items() if n in given}
    own_slots = {
        key: given[slots[key]].astype(a.dtype) if slots[key] in given else a
        for key, a in start.slots.items()
    }
    updates = dict(start.updates)
    for name, optimizer in old.beta2_powers.items():
        if name in given:
            updates[optimizer] = updates_done(np.asarray(given[name])[()])
    powered = {optimizer for name, optimizer in old.beta2_powers.items() if name in given}
    for optimizer, name in old.step_counts.items():
        has_power = optimizer in powered
        if name in given and (not has_power or updates.get(optimizer) == UNDERFLOWED):
            updates[optimizer] = int(given[name])  # no power tells, or none any more
    return State({**start.variables, **variables}, own_slots, updates)
