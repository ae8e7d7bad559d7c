"""Kinds of layers that TensorFlow's ops make, by the names of the ops alone.

Those that a program runs without a layer."""

from collections.abc import Mapping
from typing import Any

from dcgan_v1.migration.recordings.port_recorder.tensorflow_functions import OPS
from dcgan_v1.migration.records import Settings

PARTS = {"conv": "kernel", "deconv": "kernel", "dense": "kernel", "bias": "bias"}
NORM_PARTS = {1: "gamma", 2: "beta", 3: "mean", 4: "variance"}  # by the place of an input
SETTINGS = {"alpha": "slope"}


def of_layer(op: str) -> str:
    """'FusedBatchNormV3' -> 'fusedbatchnorm', what the layer that it makes is called."""
    return op.removesuffix("V2").removesuffix("V3").lower()


def settings(op: str, numbers: Mapping[str, Any]) -> Settings:
    """Returns what an op says of itself, as a comparison has it.

    Args:
      op: its type.
      numbers: by its attributes' names, others as they are.
    """
    return {"class": op, **{SETTINGS.get(k, k): float(v) for k, v in numbers.items()}}


def part(op: str, place: int) -> str:
    """What a variable is to the layer that an op makes, by which of its inputs it is."""
    kind = OPS.get(op, "")
    return NORM_PARTS.get(place, "") if kind == "norm" else PARTS.get(kind, "")
