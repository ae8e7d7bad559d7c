"""What a side gives for the same inputs, gathered under keys that say what each is."""

from typing import NamedTuple

import numpy as np

FORWARD, LOSS, GRADIENT, STATE = "forward", "loss", "gradient", "state"


class Key(NamedTuple):
    """What an array is.

    Attributes:
      kind: FORWARD, LOSS, GRADIENT or STATE.
      name: a layer, a loss or a variable, in TF1's names; a layer in the port's.
      part: of a layer 'training' or 'inference'; of a state 'weight', 'average',
        'updates', or what TF1's optimiser calls a slot; else ''.
      step: after which one; 0 where it is of the first step itself.
      update: number of the update that a gradient goes to, else -1.
    """

    kind: str
    name: str
    part: str = ""
    step: int = 0
    update: int = -1

    @property
    def quantity(self):
        """What float32's noise is taken over."""
        if self.kind == STATE:
            return f"{self.part} after {self.step}"
        if self.kind == LOSS and self.step:
            return "later losses"
        return self.kind

    def __str__(self):
        text = self.name
        if self.kind == FORWARD:
            text = f"{self.part}: {self.name}"
        elif self.kind == GRADIENT:
            text = f"update {self.update + 1}: {self.name}"
        elif self.kind == STATE and self.part not in ("weight", "average", "updates"):
            text = f"{self.name} ({self.part})"
        return f"{text} after step {self.step}" if self.step else text


def state_keys(state, slots, trained, step):
    """Returns Key -> array of a state in TF1's names.

    Args:
      slots: slot variable -> (optimizer, slot, variable).
      trained: names of trained variables; others are averages.
    """
    found = {}
    for name, array in state.items():
        if name in slots:
            _, part, _ = slots[name]
        elif name.startswith("updates:"):
            part = "updates"
        else:
            part = "weight" if name in trained else "average"
        found[Key(STATE, name, part, step)] = np.asarray(array, np.float64)
    return found


def gradient_keys(gradients):
    """'<update>|<variable>' -> array becomes Key -> array."""
    found = {}
    for text, array in gradients.items():
        update, _, name = text.removeprefix("+").partition("|")
        found[Key(GRADIENT, name, "", 0, int(update))] = np.asarray(array)
    return found
