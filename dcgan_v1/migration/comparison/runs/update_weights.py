"""The weights that a port has before each update of its first step, in TF1's names."""

from dcgan_v1.migration.comparison.programs import Programs
from dcgan_v1.migration.matching.matching import Matching
from dcgan_v1.migration.records import Arrays, Batch, State, Tf1Info


def weights_before_updates(
    programs: Programs, matching: Matching, old: Tf1Info, batch: Batch
) -> dict[int, Arrays]:
    """Returns number of an update of TF1's -> the weights that the port has before its own; nothing
    of what both sides do first, from the same start: a port may clip its weights meanwhile.

    Args:
      programs: open, the port before its first step.
      matching: which of its variables is which of TF1's.
      old: what TF1's program says of itself.
      batch: what the port's step is given.
    """
    back = {new: number for number, new in matching.updates.items()}
    trained = {name for update in old.updates for name in update.variables}
    along = {}
    for number, arrays in programs.new.weights_before_updates(batch).items():
        state = matching.to_tf1(State(arrays), old)
        is_first = not number and not back.get(number, number)
        of_update = {n: a for n, a in state.variables.items() if n in trained and not is_first}
        along[back.get(number, number)] = of_update
    return along
