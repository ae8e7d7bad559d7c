"""What a foreign graph says of itself to the process that compares: data alone."""

import tensorflow.compat.v1 as tf

from dcgan_v1.migration.runners.tf1 import graph_ops


def describe(side):
    roles, readers = side.roles, side.values.readers
    trained = {a.variable for u in roles.updates for a in u.applies}
    kept = {*roles.slots, *roles.powers}
    return {
        "framework": f"TensorFlow {tf.version.VERSION}, tf.compat.v1",
        "source": side.program.source,
        "variables": {
            name: {
                "shape": side.values.shape(name),
                "dtype": readers[name].dtype.base_dtype.name,
                "trainable": _is_trainable(side, name, trained),
                "part": graph_ops.part(side.graph.get_operation_by_name(name)),
            }
            for name in side.program.variables
            if name not in kept and readers[name].dtype.base_dtype.is_floating
        },
        "slots": {n: list(s) for n, s in roles.slots.items()},
        "powers": {n: list(p) for n, p in roles.powers.items()},
        "inputs": _described(side, roles.inputs),
        "random": _described(side, roles.random),
        "recording": side.spec.recording,
        "beside": roles.beside,
        "switches": sorted(roles.switches),
        "modes": sorted({*side.spec.training, *side.spec.inference}),
        "runs": [[op.name for op in run] for run in roles.runs],
        "updates": [
            {
                "name": u.name,
                "run": run,
                "optimizer": u.optimizer,
                "kind": u.kind,
                "variables": [a.variable for a in u.applies],
                "losses": [t.op.name for t in losses],
            }
            for (run, u), losses in zip(roles.applied, roles.losses, strict=True)
        ],
        "not run": _not_run(side),
        "not in checkpoint": [
            n
            for n in side.program.variables
            if side.program.values and n not in side.program.values and n not in kept
        ],
        "left in float32": side.left,
        "spelled out": side.spelled,
        "altered": [],
        "frozen": side.program.frozen,
    }


def _is_trainable(side, name, trained):
    """None where nothing tells: a frozen graph, or one without its collection."""
    if name in trained or side.program.knows_trainable:
        return name in trained or name in side.program.trainable
    return None


def _not_run(side):
    """UPDATE_OPS that no run of the step does."""
    inside = graph_ops.above([op for run in side.roles.runs for op in run])
    names = side.program.collections.get("update_ops", [])
    ops = [graph_ops.operation(side.graph, name) for name in names]
    return [op.name for op in ops if op not in inside] if side.roles.runs else []


def _described(side, tensors):
    """What the inputs are; what a later run of a step has its own of, too."""
    found = {name: _input(tensor) for name, tensor in tensors.items()}
    recording = side.program.recording
    for name in recording.fed if recording else ():
        of, _, number = name.partition("@")
        if number and of in tensors:
            found[name] = _input(tensors[of])
    return found


def _input(tensor):
    shape = tensor.shape
    return {
        "shape": None if shape.rank is None else shape.as_list(),
        "dtype": tensor.dtype.base_dtype.name,
    }
