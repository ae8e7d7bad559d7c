"""What a graph without a training step is for: the tensors that nothing goes on with."""

import re

from dcgan_v1.porting.graphs.graph import VARIABLES, Graph, Op, Tensor
from dcgan_v1.porting.reading.flow import DRAWS, SOURCES

BESIDE = re.compile(  # what computes nothing of a network
    r".*Summary.*|NoOp|Assert|Print|PrintV2|StringFormat|PyFunc|EagerPyFunc|Save.*|Restore.*"
    r"|MergeV2Checkpoints|ShardedFilename|Assign.*|IsVariableInitialized|Shape|ArgMax|Cast"
)


def of(graph: Graph) -> list[Tensor]:
    """Returns the outputs of a graph's networks: made of what is fed or drawn and of variables,
    and used by nothing but summaries and the like."""
    fed: set[Op] = set()
    weighted: set[Op] = set()
    for op in graph.ops.values():  # each after what it needs
        needed = [t.op for t in op.inputs if t is not None]
        is_source = op.type in (*SOURCES, *DRAWS) or op.type.startswith("Queue")
        if is_source or any(o in fed for o in needed):
            fed.add(op)
        if op.type in VARIABLES or any(o in weighted for o in needed):
            weighted.add(op)
    both = fed & weighted
    made = [op for op in graph.ops.values() if op in both and not BESIDE.fullmatch(op.type)]
    inside = set(made)
    return [
        op.output
        for op in made
        if op.outputs
        and op.output.array is None
        and op.output.dtype.startswith("float")
        and not any(user in inside for t in op.outputs for user in t.users)
    ]
