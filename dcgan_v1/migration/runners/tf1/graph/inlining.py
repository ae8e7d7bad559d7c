"""Brings control flow of version 2 and functions to the form of version 1: ops of one graph.

Those can be looked at, fed and raised to float64."""

from typing import Any

import tensorflow.compat.v1 as tf
from tensorflow.core.protobuf import rewriter_config_pb2
from tensorflow.python.grappler import tf_optimizer

from dcgan_v1.errors import UserError, reason

BRANCHING = ("If", "While", "Case", "StatelessIf", "StatelessWhile", "StatelessCase")
CALLS = ("PartitionedCall", "StatefulPartitionedCall")
LOWER = "_lower_using_switch_merge"


def inline(meta: Any) -> None:
    """Inlines the functions of a MetaGraphDef, in place. Leaves it alone where it calls
    none.

    Raises:
      UserError: TensorFlow could not.
    """
    nodes = meta.graph_def.node
    functions = {f.signature.name for f in meta.graph_def.library.function}
    if not any(n.op in (*BRANCHING, *CALLS) or n.op in functions for n in nodes):
        return
    copy = type(meta)()
    copy.CopyFrom(meta)
    copy.ClearField("collection_def")
    inputs = {name.lstrip("^").partition(":")[0] for n in nodes for name in n.input}
    for node in copy.graph_def.node:
        if node.op in BRANCHING:
            node.attr[LOWER].b = True
    # what nothing uses would be pruned
    ends = [node.name for node in nodes if node.name not in inputs]
    copy.collection_def["train_op"].node_list.value.extend(ends)
    config = tf.ConfigProto()
    options = config.graph_options.rewrite_options
    options.min_graph_nodes = -1
    options.meta_optimizer_iterations = rewriter_config_pb2.RewriterConfig.ONE
    options.optimizers.append("function")
    try:
        inlined = tf_optimizer.OptimizeGraph(config, copy)
    except (tf.errors.OpError, ValueError) as error:
        raise UserError(f"the graph's functions cannot be inlined: {reason(error)}") from (error)
    with tf.Graph().as_default() as graph:  # which puts them into an order
        tf.import_graph_def(inlined, name="")
    meta.graph_def.CopyFrom(graph.as_graph_def())
