"""ONNX, for ONNX Runtime and all that reads it."""

from __future__ import annotations

import logging
from pathlib import Path

from dcgan_v1.errors import UserError, reason
from dcgan_v1.export import Recipes
from dcgan_v1.export.networks import Network

TITLE = "an ONNX file"
BOUND = 2e-5
NOTE = ""
NEEDS = ("tf2onnx", "onnx", "onnxruntime")
OPSET = 17
BATCH = "batch"  # the name of the free dimension
LOAD = """\
import onnxruntime
model = onnxruntime.InferenceSession("{name}.onnx")
{y} = model.run(["{y}"], {{"{x}": {x}}})[0]
"""


def write(network: Network, folder: Path) -> Recipes:
    """Writes `folder`/NAME.onnx. Images stay NHWC."""
    import onnx
    import tf2onnx

    logging.getLogger("tf2onnx").setLevel(logging.CRITICAL)  # what matters is raised
    path = folder / f"{network.name}.onnx"
    x, y = network.x.name, network.y.name
    try:
        model, _ = tf2onnx.convert.from_graph_def(
            network.constants(), input_names=[x], output_names=[y], opset=OPSET
        )
    except (OSError, MemoryError):
        raise
    except Exception as error:  # the converter raises nearly anything
        raise UserError(
            f"ONNX cannot hold this model: {reason(error)}; --to savedmodel can"
        ) from error
    # the converter leaves an op as it is that it does not know
    foreign = {n.op_type for n in model.graph.node if not onnx.defs.has(n.op_type)}
    if foreign:
        ops = ", ".join(sorted(foreign))
        raise UserError(f"ONNX cannot hold op {ops}; --to savedmodel can")
    for value in (*model.graph.input, *model.graph.output):
        value.name = value.name.removesuffix(":0")
        # the converter has a new "unk__N" for each
        value.type.tensor_type.shape.dim[0].dim_param = BATCH
    for node in model.graph.node:
        for names in (node.input, node.output):
            for i, name in enumerate(names):
                if name in (x, y):
                    names[i] = name.removesuffix(":0")
    path.write_bytes(model.SerializeToString())
    return {path.name: (LOAD, BOUND)}
