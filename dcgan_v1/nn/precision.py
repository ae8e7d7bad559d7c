"""Networks in half precision whose weights, moments and averages stay float32 (`--precision`).

Micikevicius et al. 2018.

A layer computes in the type of its input, whatever its variables' is (`storage`). So a network
computes in the type it is given; batch norm's moments are taken in float32.
"""

from __future__ import annotations

from typing import Any

import tensorflow.compat.v1 as tf

from dcgan_v1.nn.storage import HALF_TYPES
from dcgan_v1.nn.training_steps import Network, Output

HALF = dict(zip(("mixed", "mixed_float16"), HALF_TYPES, strict=True))


def in_half(network: Network, precision: str) -> Network:
    """Returns a network that computes inside as `precision` says; what goes in and what comes
    out is as before.

    Args:
      network: function of (latents or images, is_training, **options), see `training_steps`.
      precision: 'float32' returns the network as it is; 'mixed' computes in bfloat16,
        'mixed_float16' in float16, whose losses want scaling (`loss_scaling`).
    """
    if precision == "float32":
        return network
    half = HALF[precision]

    def casting(x: tf.Tensor, is_training: bool | tf.Tensor, **options: Any) -> Output:
        y, updates = network(tf.cast(x, half), is_training, **options)
        return tf.cast(y, x.dtype), updates

    return casting
