"""Measures TF1's own rounding in float32: on one thread without oneDNN, and from moved weights.

The start weights are off in their last place."""

from collections.abc import Callable

import numpy as np

from dcgan_v1.migration.comparison import differences
from dcgan_v1.migration.comparison.differences import Difference
from dcgan_v1.migration.comparison.evidence import (
    FORWARD,
    GRADIENT,
    LOSS,
    Evidence,
    Key,
    Keyed,
    state_keys,
)
from dcgan_v1.migration.comparison.inputs.preparation import Prepared
from dcgan_v1.migration.comparison.pairs.functions import FUNCTIONS
from dcgan_v1.migration.comparison.pairs.losses import Scalars
from dcgan_v1.migration.comparison.programs import Programs
from dcgan_v1.migration.records import Arrays, LayerOutput, State
from dcgan_v1.migration.runners.protocol import Tf1Runner

# Runs from nudged start weights, and how many of them train for more than one step. One
# activation that lands on the other side of a kink moves a gradient a thousand times as far as
# rounding does, but rarely: to meet such jumps every other nudge is of up to 16 units, and counts
# for all but the layers' outputs.
NUDGED, NUDGED_TRAINED, KINK_UNITS = 16, 4, 16


def measure(
    programs: Programs, prepared: Prepared, evidence: Evidence, progress: Callable[[], object]
) -> list[Difference]:
    """Returns the Differences of TF1 from itself.

    Args:
      programs: open, in float32.
      prepared: what they are given.
      evidence: of TF1 and the port.
      progress: called after each run.
    """
    group = differences.group_of(evidence)
    assert programs.control is not None
    last = len(prepared.batches)
    other = _arrays(programs.control, prepared, evidence, prepared.start, last)
    control = differences.between(evidence.ours, other, group)
    progress()
    for seed in range(NUDGED):
        units = 1 if seed % 2 else KINK_UNITS
        start = nudged(prepared.start, seed, units)
        steps = last if seed < NUDGED_TRAINED else 1
        other = _arrays(programs.old, prepared, evidence, start, steps)
        again = differences.between(evidence.ours, other, group)
        control += [d for d in again if units == 1 or d.key.kind != FORWARD]
        progress()
    return control


def nudged(start: State, seed: int, units: int) -> State:
    """Returns a state whose weights and slots are off by a little.

    Args:
      start: the exact one.
      seed: of what they are off by.
      units: of their last place, at most.
    """
    rng = np.random.default_rng(seed)

    def nudge(value: np.ndarray) -> np.ndarray:
        if value.dtype.kind != "f" or not value.ndim or not value.any():  # 0 has no other place
            return value
        off = rng.uniform(-units, units, value.shape) * np.finfo(np.float32).eps
        return (value.astype(np.float32) * (1 + off)).astype(np.float32)

    variables: Arrays = {name: nudge(value) for name, value in start.variables.items()}
    return State(variables, {k: nudge(v) for k, v in start.slots.items()}, start.updates)


def _arrays(
    runner: Tf1Runner, prepared: Prepared, evidence: Evidence, start: State, last: int
) -> Keyed:
    """What a TF1 program gives by itself, of the keys that the evidence has."""
    arrays: Keyed = {}
    if evidence.trains:
        runner.load(start)
        seen = runner.step(prepared.tf1_batch(0, "float32"), is_observed=True)
        arrays |= {Key(GRADIENT, k.variable, "", 0, k.update): a for k, a in seen.gradients.items()}
        arrays |= _losses(evidence, seen.scalars, 0)
        arrays |= _layers(evidence, seen.layers, "training")
        arrays |= state_keys(runner.state(), evidence.old, evidence.trained, 1)
        for step in range(1, max(s for s in evidence.checked if s <= max(last, 1))):
            scalars = runner.step(prepared.tf1_batch(step, "float32")).scalars
            arrays |= _losses(evidence, scalars, step + 1)
            if step + 1 in evidence.checked:
                arrays |= state_keys(runner.state(), evidence.old, evidence.trained, step + 1)
    runner.load(State(start.variables))  # no slots: nothing is trained
    seen = runner.inference(prepared.tf1_batch(0, "float32"), {})
    return arrays | _layers(evidence, seen.layers, "inference")


def _losses(evidence: Evidence, scalars: Scalars, step: int) -> Keyed:
    return {
        Key(LOSS, name, "", step): np.asarray(scalars[other])
        for name, other in evidence.losses.items()
        if other in scalars
    }


def _layers(evidence: Evidence, layers: list[LayerOutput], mode: str) -> Keyed:
    by_name = {layer.name: layer.output for layer in layers}
    return {
        Key(FORWARD, a.new.name, mode): FUNCTIONS[a.function](output) if a.function else output
        for a in evidence.aligned.get(mode, [])
        if a.old is not None and (output := by_name.get(a.old.name)) is not None
    }
