"""What the layers of a graph gave in one session call, as records."""

from collections.abc import Collection, Mapping

import numpy as np
import tensorflow.compat.v1 as tf
from tensorflow.core.framework.node_def_pb2 import NodeDef

from dcgan_v1.migration.records import Arrays, LayerOutput
from dcgan_v1.migration.runners.tf1.fetches import Fetches
from dcgan_v1.migration.runners.tf1.reading import graph_layers, knobs


def layer_outputs(
    nodes: Mapping[str, NodeDef],
    fetches: Fetches,
    channels_first: Collection[str],
    ops: list[tf.Operation],
    values: Arrays,
    *,
    run: int = 0,
    applied: int = 0,
) -> list[LayerOutput]:
    """Returns a record for each op.

    Args:
      nodes: of the program by name, as they were written.
      fetches: of the graph as it runs.
      channels_first: names of ops that give maps as [N, C, H, W].
      ops: that make layers, in the order of their calls.
      values: op name -> what it gave.
      run: number of the session call, from 0.
      applied: how many updates of the step came before.
    """
    suffix = f" (run {run + 1})" if run else ""
    return [
        LayerOutput(
            op.name + suffix,
            graph_layers.KINDS[nodes[op.name].op],
            {
                "op": nodes[op.name].op,
                **graph_layers.settings(nodes[op.name]),
                **knobs.settings(op),
            },
            _nhwc(values[op.name], op.name in channels_first),
            applied=applied,
            reads=tuple(sorted(fetches.reads[op])),
            is_last=op not in fetches.before_weights,
            is_inference_only=op in fetches.inference_only,
            knobs=knobs.of(op, nodes),
        )
        for op in ops
    ]


def _nhwc(array: np.ndarray, is_first: bool) -> np.ndarray:
    """Maps in the usual order, also where they are [N, C, H, W]."""
    return array.transpose(0, 2, 3, 1) if is_first and array.ndim == 4 else array
