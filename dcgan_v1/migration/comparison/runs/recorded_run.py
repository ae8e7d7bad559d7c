"""Compares TF1's graph with a recorded port, step by step.

The graph is given the port's weights, batches and draws of each step, and its results stand beside
the recorded ones."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from dcgan_v1.errors import UserError
from dcgan_v1.migration.comparison.inputs import batches, feeding
from dcgan_v1.migration.comparison.inputs.bindings import Bindings
from dcgan_v1.migration.comparison.inputs.preparation import Prepared, Request, without_idle
from dcgan_v1.migration.comparison.observations import NO_GRADIENT, SAME_VALUE, Gradients
from dcgan_v1.migration.comparison.pairs import pixel_order
from dcgan_v1.migration.comparison.pairs.alignment import SHADOW, model_of
from dcgan_v1.migration.comparison.pairs.pairing import Pairing, idle_biases
from dcgan_v1.migration.comparison.programs import Programs
from dcgan_v1.migration.matching import by_use
from dcgan_v1.migration.matching.fingerprints import Certificate, distance
from dcgan_v1.migration.matching.identify import updates_of
from dcgan_v1.migration.matching.matching import Matching, Row
from dcgan_v1.migration.recordings.tf1_recording import Recording
from dcgan_v1.migration.records import Arrays, Batch, Input, Observation, PortInfo, State, Tf1Info
from dcgan_v1.migration.runners.recorded_port import RecordedPort


def prepare(
    programs: Programs, port: RecordedPort, request: Request, tell: Callable[[list[str]], object]
) -> tuple[Prepared, Pairing]:
    """Pairs variables and inputs, and takes start and batches from the port.

    Args:
      programs: open.
      port: the recorded side of them.
      request: what is asked for.
      tell: called with the table of bindings.

    Raises:
      UserError: the recording is too short, or something fits nothing.
    """
    old = programs.old.describe()
    new, notes = _without_copies(port.describe(), port, old)
    steps = len(port.recording.steps)
    if steps < request.steps:
        raise UserError(
            f"{port.recording.folder} has {steps} whole steps, not {request.steps}: "
            f"--steps {steps}, or record more"
        )
    if not old.updates:
        raise UserError("the TF1 side has no training step, and a recorded port is nothing else")
    port.position = 0
    seen = port.step(Batch(), is_observed=True)
    port.position = 0
    choices = by_use.matchings(old, new, updates_of(seen.gradients), seen.pixels, request.map)
    fed, given = _feeding(old, port, request, choices[0])
    tell(given.lines)
    arrays = [_batch(old, port, given, fed, step) for step in range(request.steps)]
    beside = _beside(old, arrays[0])
    arrays = [beside | batch for batch in arrays]
    small = batches.small(arrays[0], {**old.inputs, **old.random})
    own = {item.name: item.array for item in port.items(0)}
    bindings = replace(
        _bindings(old, given.items, own), repeated=_repeated(given.items, arrays[0], own)
    )
    initial = programs.old.initial()
    prepared = Prepared(arrays, small, bindings, initial, [])
    pairing = Pairing(old, new, choices[0], Certificate(None, 0), trains=True)
    idle_old, idle_new = _idle(programs, port, prepared, pairing, seen)
    choices = [replace(m, idle_old=idle_old, idle_new=idle_new) for m in choices]
    pairing = replace(pairing, matching=choices[0])
    of_idle = port.hold(list(idle_new)) if idle_new else []
    if idle_new:
        seen, port.position = port.step(Batch(), is_observed=True), 0
    if pairing.is_whole and len(choices) > 1:
        best = min(choices, key=lambda m: _apart(programs, old, port, prepared, m, seen))
        pairing = replace(pairing, matching=best)
    if pairing.is_whole and seen.pixels:  # an order of pixels that shapes suggest may be another
        agreeing = partial(_agreeing, programs, old, port, prepared, pairing, seen)
        matching = pixel_order.settled(pairing.matching, new, seen.pixels, agreeing)
        pairing = replace(pairing, matching=matching)
    tell([_row_line(row) for row in pairing.matching.rows])
    prepared = without_idle(prepared, idle_old)
    start = state_of(port, pairing.matching, old, prepared.start)
    notes = [*notes, *prepared.notes, *of_idle]
    return replace(prepared, start=start, notes=notes), pairing


def _idle(
    programs: Programs, port: RecordedPort, prepared: Prepared, pairing: Pairing, seen: Observation
) -> tuple[list[str], dict[str, list[int]]]:
    """Biases that one side alone has, and that a batch norm takes away again."""

    def ours() -> Gradients:
        programs.old.load(state_of(port, pairing.matching, pairing.old, prepared.start))
        batch = prepared.tf1_batch(0, programs.dtype)
        return programs.old.still_step(batch, is_observed=True).gradients

    return idle_biases(pairing, ours, seen.gradients, NO_GRADIENT[programs.dtype])


def _without_copies(new: PortInfo, port: RecordedPort, old: Tf1Info) -> tuple[PortInfo, list[str]]:
    """Leaves out networks that no step calls, averages of weights, where TF1 keeps none."""
    called = {model_of(layer["name"]) for u in port.told["updates"] for layer in u["layers"]}
    trained = {v for o in port.told["optimizers"].values() for v in o["variables"]}
    copies = [
        name
        for name in new.variables
        if called and model_of(name) not in called and name not in trained
    ]
    if not copies or any(name.endswith(SHADOW) for name in old.variables):
        return new, []
    variables = {n: v for n, v in new.variables.items() if n not in copies}
    models = [m for m in new.models if any(n.startswith(f"{m}/") for n in variables)]
    note = f"the port's {model_of(copies[0])}: no step calls it, and TF1 has no averages of weights"
    return replace(new, variables=variables, models=models), [note]


def state_of(port: RecordedPort, matching: Matching, old: Tf1Info, rest: State) -> State:
    """Returns the port's present state as TF1's.

    Args:
      port: at a step of its recording.
      matching: which of its variables is which of TF1's.
      old: what TF1's says of itself.
      rest: where what the port has not is taken from.
    """
    state = matching.to_tf1(port.start(), old)
    return State(
        {**rest.variables, **state.variables},
        {**rest.slots, **state.slots},
        {**rest.updates, **state.updates},
    )


def _feeding(
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


def _bindings(old: Tf1Info, items: dict[str, str], arrays: Arrays) -> Bindings:
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


def _repeated(
    items: dict[str, str], batch: Arrays, own: Arrays
) -> dict[str, tuple[list[int], str, list[int]]]:
    """What the port draws fewer numbers for than TF1, see `Bindings`."""
    return {
        key: (list(batch[key].shape), name, list(own[name].shape))
        for key, name in items.items()
        if key in batch and batch[key].size > own[name].size and batch[key].ndim == own[name].ndim
    }


def _batch(
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


def _beside(old: Tf1Info, batch: Arrays) -> Arrays:
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


def _apart(
    programs: Programs,
    old: Tf1Info,
    port: RecordedPort,
    prepared: Prepared,
    matching: Matching,
    seen: Observation,
) -> float:
    """How far TF1's gradients are from the port's where variables are paired so; one that the
    port's update does not take is as far as can be."""
    programs.old.load(state_of(port, matching, old, prepared.start))
    ours = programs.old.step(prepared.tf1_batch(0, programs.dtype), is_observed=True).gradients
    theirs, _ = matching.gradients(seen.gradients, old)
    return sum(
        distance(a.ravel(), theirs[k].ravel()) if k in theirs else 1.0 for k, a in ours.items()
    )


def _agreeing(
    programs: Programs,
    old: Tf1Info,
    port: RecordedPort,
    prepared: Prepared,
    pairing: Pairing,
    seen: Observation,
    matching: Matching,
) -> tuple[int, int]:
    """Returns how many layers of the port's first step give what TF1's ops give where variables
    are paired so, of how many."""
    programs.old.load(state_of(port, matching, old, prepared.start))
    ops = programs.old.step(prepared.tf1_batch(0, programs.dtype), is_observed=True).layers
    return pixel_order.in_agreement(ops, seen, pairing.new, matching, SAME_VALUE[programs.dtype])


def _row_line(row: Row) -> str:
    layout = row.layout.text()
    return f"port's {row.new} -> TF1's {row.old} (by {row.by}{', ' + layout if layout else ''})"


def forward_choices(port: RecordedPort, prepared: Prepared, new: PortInfo) -> list[str]:
    """Models whose inference was recorded on what TF1 is given in its own, too: in its first run.

    Args:
      port: the recorded side.
      prepared: what both are given.
      new: what the port says of itself.
    """
    given = [np.asarray(a) for name, a in prepared.batches[0].items() if "@" not in name]
    known = []
    for model, arrays in port.inference_inputs().items():
        forms = [port.reads.oriented(a) for a in arrays]
        if model in new.models and all(
            any(f.size == g.size and np.array_equal(f.ravel(), g.ravel()) for g in given)
            for f in forms
        ):
            known.append(model)
    return known
