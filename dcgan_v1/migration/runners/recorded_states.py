"""States of a recorded port: what its variables and slots were after each step."""

import numpy as np

from dcgan_v1.migration.recordings.port_recording import PortRecording
from dcgan_v1.migration.records import Arrays, SlotKey, State
from dcgan_v1.migration.runners.recorded_terms import Terms

ADAGRAD_START = "initial_accumulator_value"  # of Keras 3; before 2.11 with an underscore ahead


def after(recording: PortRecording, reads: Terms, steps: int) -> State:
    """Returns the state after so many steps. Slots that the framework makes in the first update are
    0 before, but for those of Adagrad.

    Args:
      recording: of the port.
      reads: its framework's terms.
      steps: 0 for the state that the first one begins with.
    """
    arrays, told = recording.state(steps), recording.told
    variables = values_of(arrays)
    slots: dict[SlotKey, np.ndarray] = {}
    updates: dict[str, int] = {}
    last = recording.steps[steps - 1][-1] if steps else None
    counts = told["updates"][last]["counts"] if last is not None else {}
    for name, entry in told["optimizers"].items():
        updates[name] = int(counts.get(name, 0))
        starts = [v for k, v in entry["settings"].items() if k.endswith(ADAGRAD_START)]
        first = starts[0] if starts else 0.0
        for key, slot in reads.slots(entry).items():
            for variable in entry["variables"]:
                array = arrays.get(f"slot/{name}|{variable}|{key}")
                if array is None and variable in variables:
                    array = np.full_like(variables[variable], first)
                if array is not None:
                    slots[SlotKey(variable, name, slot)] = array
    return State(variables, slots, updates)


def values_of(arrays: Arrays) -> Arrays:
    """Returns variable -> value, of the arrays of a recorded state."""
    return {n.removeprefix("state/"): a for n, a in arrays.items() if n.startswith("state/")}
