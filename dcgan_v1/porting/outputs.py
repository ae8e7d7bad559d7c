"""What a graph without a training step is for: the tensors that nothing goes on with."""

import re

from dcgan_v1.porting.flow import DRAWS, SOURCES
from dcgan_v1.porting.graph import VARIABLES, Graph, Op, Tensor, above

BESIDE = re.compile(  # what computes nothing of a network
    r".*Summary.*|NoOp|Assert|Print|PrintV2|StringFormat|PyFunc|EagerPyFunc|Save.*|Restore.*"
    r"|MergeV2Checkpoints|ShardedFilename|Assign.*|IsVariableInitialized|Shape|ArgMax|Cast"
)


def of(graph: Graph) -> list[Tensor]:
    """Returns the outputs of a graph's networks: made of what is fed or drawn and of variables,
    and used by nothing but summaries and the like."""
    made: list[Op] = []
    for op in graph.ops.values():
        needed = above([op], data_only=True)
        is_fed = any(o.type in (*SOURCES, *DRAWS) or o.type.startswith("Queue") for o in needed)
        if is_fed and any(o.type in VARIABLES for o in needed) and not BESIDE.fullmatch(op.type):
            made.append(op)
    inside = set(made)
    return [
        op.output
        for op in made
        if op.outputs
        and op.output.array is None
        and op.output.dtype.startswith("float")
        and not any(user in inside for t in op.outputs for user in t.users)
    ]
