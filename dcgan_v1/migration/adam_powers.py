"""TF1's Adam keeps the powers of its betas; from them follows how often it was applied."""

from typing import Any

import numpy as np

from dcgan_v1.errors import UserError

BETA2 = 0.999  # Adam's own default
UNDERFLOWED = 1_000_000  # updates; 0.999 to that power is 0, in float64 too


def power_after(beta: float, updates: int, dtype: Any) -> Any:
    """Returns beta^(updates + 1) as TF1's Adam arrives at it, factor by factor.

    TensorFlow's threads take numbers below the smallest normal one for zero.

    Args:
      beta: in [0, 1).
      updates: that were done, from 0.
      dtype: of numpy's, that TF1's variable has.
    """
    product = np.multiply.accumulate(np.full(updates + 1, beta, dtype))[-1]
    if np.dtype(dtype).kind != "f":  # of a beta that is written as 0
        return product
    return product if product >= np.finfo(dtype).tiny else np.dtype(dtype).type(0)


def updates_done(beta2_power: Any, beta: float = BETA2) -> int:
    """Returns how often an Adam whose second beta power is this has been applied.

    Once the power has underflowed (in float32 after 87 000 updates) the number no
    longer changes what Adam does, and UNDERFLOWED is as good as the true one.

    Args:
      beta2_power: numpy scalar; its dtype is that of the weights.
      beta: what it is a power of.

    Raises:
      UserError: no number of updates gives that power.
    """
    power = beta2_power
    if power == 0:
        return UNDERFLOWED
    estimate = np.log(np.float64(power)) / np.log(beta)
    powers = np.multiply.accumulate(np.full(int(estimate) + 100, beta, power.dtype))
    found = np.flatnonzero(powers == power)
    if not len(found):
        raise UserError(
            f"a beta power of {power} is none that Adam reaches: it is of "
            "another optimiser or another beta; take the networks alone "
            "(scripts/export_checkpoint.py)"
        )
    return int(found[0])
