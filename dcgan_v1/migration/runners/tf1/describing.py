"""Fills a `Tf1Info` record from an opened graph: inputs, variables, updates, layers."""

import dataclasses
from typing import TYPE_CHECKING

import tensorflow.compat.v1 as tf

from dcgan_v1.migration.records import Arrays, Input, Tf1Info, Update, Variable
from dcgan_v1.migration.runners.tf1.graph import channels_first
from dcgan_v1.migration.runners.tf1.reading import graph_ops, heads

if TYPE_CHECKING:
    from dcgan_v1.migration.runners.tf1.runner import GraphRunner


def describe(runner: "GraphRunner") -> Tf1Info:
    """Returns what a runner's graph holds and does."""
    roles, program = runner.roles, runner.program
    readers = runner.variables.readers
    own = [
        name
        for name in program.variables
        if name not in {*roles.slots, *roles.powers} and readers[name].dtype.base_dtype.is_floating
    ]
    weights = [n for n in own if n in program.trainable]
    outputs = {n: runner.graph.get_operation_by_name(n).outputs[0] for n in weights}
    return Tf1Info(
        framework=f"TensorFlow {tf.version.VERSION}, tf.compat.v1",
        source=program.source,
        variables={name: _variable(runner, name) for name in own},
        slots=roles.slots,
        beta2_powers={n: o for n, (o, power) in roles.powers.items() if power == "beta2_power"},
        step_counts=roles.step_counts,
        inputs=_inputs(runner, roles.inputs),
        random=_inputs(runner, roles.random),
        beside=roles.beside,
        switches=sorted(roles.switches),
        modes=sorted({*runner.spec.training, *runner.spec.inference}),
        runs=[[op.name for op in run] for run in roles.runs],
        updates=[
            Update(
                u.name,
                u.optimizer,
                u.kind,
                [a.variable for a in u.applies],
                [t.op.name for t in losses],
                run,
            )
            for (run, u), losses in zip(roles.applied, roles.losses, strict=True)
        ],
        not_run=_not_run(runner),
        unread=(unread := [n for n in weights if graph_ops.is_unread(outputs[n])]),
        heads=heads.find(
            runner.graph,
            [n for n in weights if outputs[n].op not in roles.step_ops and n not in unread],
            roles,
        ),
        not_in_checkpoint=[
            n
            for n in program.variables
            if program.values and n not in program.values and n not in {*roles.slots, *roles.powers}
        ],
        left_in_float32=dict(runner.left),
        spelled_out=dict(runner.spelled),
        races=runner.races,
        is_channels_first=any(map(channels_first.is_first, runner.nodes.values())),
        recording=runner.spec.recording and str(runner.spec.recording),
        needs=[_needs(runner, run) for run in roles.runs],
    )


def _needs(runner: "GraphRunner", run: list[tf.Operation]) -> list[str]:
    """Names of what a session call reads of all that is fed or drawn."""
    above = graph_ops.above(run)
    sources = {**runner.roles.inputs, **runner.roles.random}
    return [name for name, tensor in sources.items() if tensor.op in above]


def _variable(runner: "GraphRunner", name: str) -> Variable:
    return Variable(
        shape=runner.variables.shape(name),
        dtype=runner.variables.readers[name].dtype.base_dtype.name,
        trainable=_is_trainable(runner, name),
        part=graph_ops.part(runner.graph.get_operation_by_name(name)),
        forget_bias=graph_ops.forget_bias(runner.graph.get_operation_by_name(name)),
    )


def _is_trainable(runner: "GraphRunner", name: str) -> bool | None:
    """None where nothing tells: a frozen graph, or one without its collection. A rate in a
    `tf.Variable` is in the collection, and is no weight."""
    applies = [a for u in runner.roles.updates for a in u.applies]
    if any(a.variable == name for a in applies):
        return True
    settings = {tensor.op for a in applies for tensor in a.settings.values()}
    if any(op.name == name for op in graph_ops.above(settings, data_only=True)):
        return False
    return name in runner.program.trainable if runner.program.knows_trainable else None


def _not_run(runner: "GraphRunner") -> list[str]:
    """UPDATE_OPS that no run of the step does."""
    inside = graph_ops.above([op for run in runner.roles.runs for op in run])
    names = runner.program.collections.get("update_ops", [])
    ops = [graph_ops.operation(runner.graph, name) for name in names]
    return [op.name for op in ops if op not in inside] if runner.roles.runs else []


def _inputs(runner: "GraphRunner", tensors: dict[str, tf.Tensor]) -> dict[str, Input]:
    """What the inputs are; what a later run of a step has its own of, too."""
    recording = runner.program.recording
    feeds = recording.fed if recording else None
    ops = runner.roles.step_ops
    inputs = {
        name: _input(tensor, tensor.op in ops and (feeds is None or name in feeds), name, feeds)
        for name, tensor in tensors.items()
    }
    for name in feeds or ():
        of, _, number = name.partition("@")
        if number and of in tensors and _reads(runner, int(number) - 1, tensors[of]):
            inputs[name] = _input(tensors[of], True, name, feeds)
    random = runner.roles.random
    return {
        name: dataclasses.replace(v, is_drawn=name.partition("@")[0] in random)
        for name, v in inputs.items()
    }


def _reads(runner: "GraphRunner", run: int, tensor: tf.Tensor) -> bool:
    """Whether the updates of a run are made of a tensor: a summary beside them may be, too."""
    runs = runner.roles.runs
    return run >= len(runs) or tensor.op in graph_ops.above(runs[run])


def _input(tensor: tf.Tensor, is_of_step: bool, name: str, feeds: Arrays | None) -> Input:
    """An input; of a shape that the graph leaves open, a recording shows how many axes it has."""
    shape = None if tensor.shape.rank is None else tensor.shape.as_list()
    if shape is None and feeds is not None and name in feeds:
        row = feeds[name].shape[2:]
        shape = [None, *row] if feeds[name].ndim > 1 else []
    return Input(shape, tensor.dtype.base_dtype.name, is_of_step)
