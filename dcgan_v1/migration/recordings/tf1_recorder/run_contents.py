"""Which updates, gradients and random draws a run of some ops contains."""

from dcgan_v1.migration.recordings.tf1_recorder.branches import is_in_branch
from dcgan_v1.migration.recordings.tf1_recorder.graph_ops import (
    RANDOM,
    SOURCES,
    is_apply,
    is_set,
    ops_above,
    sets_by_variables,
    short_name,
    variable_name,
)

GRADIENT = ("grad", "delta", "gradient")


def _moving(ops, trains):
    """Those of the fetched ops that train, and that assign what training does not: averages and
    slots, which a program clips in the same call; no metric."""
    found = [op for op in ops if trains & ops_above([op])]
    done = ops_above(found)
    return [op for op in ops if op in found or any(map(sets_by_variables, ops_above([op]) - done))]


class Contents:
    """What a run of some ops does: which updates, gradients and draws are in it.

    Attributes:
      applies: ops that train; sets: those that assign to what is trained, as clips do.
      modes: op -> the truth that it was fed, in the first of these runs.
      inside: random ops and sources in branches and loops; hidden: names of those of them that
        the last run could not be asked for.
    """

    def __init__(self, ops):
        above = ops_above(ops)
        self.applies = sorted((o for o in above if is_apply(o)), key=lambda o: o.name)
        self.sets = [op for op in above if is_set(op)]
        self.kind = frozenset(op.name for op in self.applies + self.sets)
        self.targets = [op.name for op in _moving(ops, set(self.applies + self.sets))]
        self.ops, self.modes = ops, {}
        self.name = self.targets[0] if self.targets else ""
        drawing = [op for op in above if op.type in RANDOM + SOURCES]
        self.inside = [op for op in drawing if is_in_branch(op)]
        self.outside = [op for op in drawing if not is_in_branch(op)]
        self.hidden = []

    def extra(self, live=(), gradients=True):
        """Tensors to fetch along with what the program fetches; `live` are those of `inside` that
        a run does."""
        tensors = {}
        for op in self.applies if gradients else ():
            names = [argument.name for argument in op.op_def.input_arg]
            place = next((names.index(g) for g in GRADIENT if g in names), None)
            if place is not None and not is_in_branch(op):
                variable = variable_name(op.inputs[0])
                tensors["gradient/%s|%s" % (variable, op.name)] = op.inputs[place]
        for op in live:  # it has a value, though Python's side would not ask for it
            op.graph._unfetchable_ops.discard(op)
        for op in self.outside + list(live):
            if op.type in RANDOM:
                tensors["draw/" + op.name] = op.outputs[0]
                continue
            for tensor in op.outputs:
                tensors["source/" + short_name(tensor.name)] = tensor
        return tensors
