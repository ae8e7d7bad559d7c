"""Compares TF1's graph with a recorded port, step by step.

The graph is given the port's weights, batches and draws of each step, and its results stand beside
the recorded ones."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from dcgan_v1.errors import UserError
from dcgan_v1.migration.comparison.inputs import batches
from dcgan_v1.migration.comparison.inputs.feeding import Feeding
from dcgan_v1.migration.comparison.inputs.preparation import Prepared, Request, cast, without_idle
from dcgan_v1.migration.comparison.observations import NO_GRADIENT, SAME_VALUE, Gradients
from dcgan_v1.migration.comparison.pairs import pixel_order
from dcgan_v1.migration.comparison.pairs.alignment import SHADOW, model_of
from dcgan_v1.migration.comparison.pairs.pairing import Pairing, idle_biases
from dcgan_v1.migration.comparison.programs import Programs
from dcgan_v1.migration.comparison.runs import recorded_dropouts, recorded_inputs
from dcgan_v1.migration.matching import by_use
from dcgan_v1.migration.matching.fingerprints import Certificate, distance
from dcgan_v1.migration.matching.identify import updates_of
from dcgan_v1.migration.matching.matching import Matching, Row
from dcgan_v1.migration.records import (
    Arrays,
    Batch,
    LayerOutput,
    Observation,
    PortInfo,
    State,
    Tf1Info,
)
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
    recorded = len(port.recording.steps)
    if recorded < request.steps:
        raise UserError(
            f"{port.recording.folder} has {recorded} whole steps, not {request.steps}: "
            f"--steps {recorded}, or record more"
        )
    if not old.updates:
        raise UserError("the TF1 side has no training step, and a recorded port is nothing else")
    port.position = 0
    seen = port.step(Batch(), is_observed=True)
    port.position = 0
    choices = by_use.matchings(old, new, updates_of(seen.gradients), seen.pixels, request.map)
    fed, given = recorded_inputs.feeding_of(old, port, request, choices[0])
    initial = programs.old.initial()

    def ops(batch: Arrays) -> list[LayerOutput]:
        programs.old.load(state_of(port, choices[0], old, initial))
        given_now = Batch(cast(recorded_inputs.beside(old, batch) | batch, programs.dtype))
        return programs.old.step(given_now, is_observed=True).layers

    def first_batch(order: Feeding) -> Arrays:
        return recorded_inputs.batch_of(old, port, order, fed, 0)

    given = recorded_dropouts.settled(port, given, request.map, first_batch, ops)
    tell(given.lines)
    arrays = [
        recorded_inputs.batch_of(old, port, given, fed, step) for step in range(request.steps)
    ]
    rates = [float(o["learning rate"]) for o in new.optimizers.values() if "learning rate" in o]
    numbers, of_numbers = recorded_inputs.numbers_of(old, port, fed, request.steps, rates)
    for step, batch in enumerate(arrays):
        own_numbers = port.recording.numbers(step)
        batch.update({name: np.asarray(own_numbers[n]) for name, n in numbers.items()})
    beside = recorded_inputs.beside(old, arrays[0])
    arrays = [beside | batch for batch in arrays]
    small = batches.small(arrays[0], {**old.inputs, **old.random})
    own = {item.name: item.array for item in port.items(0)}
    bindings = replace(
        recorded_inputs.bindings_of(old, given.items, own),
        repeated=recorded_inputs.repeated(given.items, arrays[0], own),
    )
    prepared = Prepared(arrays, small, bindings, initial, [])
    unread = _worked_out(new)
    pairing = Pairing(old, new, choices[0], Certificate(None, 0), trains=True, unread=unread)
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
    notes = [*notes, *of_numbers, *prepared.notes, *of_idle]
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


def _worked_out(new: PortInfo) -> list[str]:
    """The second vector of `torch.nn.utils.spectral_norm`, which each training step works out of
    the first one before it is read. That of `parametrizations` goes on from its second one."""
    return [
        name
        for name, v in new.variables.items()
        if name.rpartition("/")[2] == "weight_v"
        and not v.trainable
        and name.removesuffix("weight_v") + "weight_u" in new.variables
    ]


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
