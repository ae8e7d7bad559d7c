"""TensorFlow Lite, for phones: weights as float32, and as float16 in half the size."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Any

from dcgan_v1.errors import UserError, reason
from dcgan_v1.export import Recipes, to_savedmodel
from dcgan_v1.export.networks import Network

TITLE = "TensorFlow Lite"
BOUND = 2e-5
NOTE = """How far float16 is off is reported, not bounded. The file begins with batches
of 1: these lines resize it, elsewhere resize the input to [N, ...] first."""
NEEDS: tuple[str, ...] = ()
LOAD = """\
import tensorflow as tf
model = tf.lite.Interpreter("{file}").get_signature_runner()
{y} = model({x}={x})["{y}"]
"""


def write(network: Network, folder: Path) -> Recipes:
    """Writes `folder`/NAME.tflite and NAME_float16.tflite."""
    import tensorflow as tf

    recipes: Recipes = {}
    with tempfile.TemporaryDirectory() as scratch:
        to_savedmodel.write(network, Path(scratch))
        for ending, types in (("", []), ("_float16", [tf.float16])):
            converter = tf.lite.TFLiteConverter.from_saved_model(str(Path(scratch) / network.name))
            if types:
                converter.optimizations = [tf.lite.Optimize.DEFAULT]
                converter.target_spec.supported_types = types
            path = folder / f"{network.name}{ending}.tflite"
            path.write_bytes(_convert(converter))
            recipes[path.name] = LOAD, None if types else BOUND
    return recipes


def _convert(converter: Any) -> bytes:
    try:
        return converter.convert()
    except (OSError, MemoryError):
        raise
    except Exception as error:  # the converter raises nearly anything
        ops = sorted(set(re.findall(r"'tf\.(\w+)' op is neither", str(error))))
        why = f"it has no {', '.join(ops)}" if ops else reason(error)
        raise UserError(
            f"TensorFlow Lite cannot hold this model: {why}; --to savedmodel can"
        ) from error
