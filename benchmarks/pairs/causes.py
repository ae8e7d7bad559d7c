"""Where in a step each kind of cause acts, and what stands of a finding in a cell of the table."""

import re
from collections.abc import Mapping
from typing import Any

from dcgan_v1.errors import UserError
from dcgan_v1.migration.explanation.kinds import Kind

STAGES = {  # of a step, see `rows.STAGES`
    "draws": (Kind.OWN_DRAWS, Kind.SECOND_NOISE, Kind.SHARE),
    "forward": (
        Kind.ACTIVATION,
        Kind.AVERAGED_WEIGHTS,
        Kind.CONVOLUTION,
        Kind.DROPOUT,
        Kind.DROPOUT_RATE,
        Kind.FLATTENING,
        Kind.GIVEN,
        Kind.INPUT_RANGE,
        Kind.KERNEL,
        Kind.LSTM,
        Kind.NORM,
        Kind.NORM_EPSILON,
        Kind.NORM_GROUPS,
        Kind.NORM_MODE,
        Kind.NORM_PLACE,
        Kind.NORM_ROWS,
        Kind.OUTPUT,
        Kind.PADDING,
        Kind.POOL,
        Kind.RESIZE,
        Kind.ROUNDING,
        Kind.ROW_EPSILON,
        Kind.SCALE,
        Kind.SLOPE,
    ),
    "loss": (Kind.LOSS,),
    "gradient": (
        Kind.AT_ZERO,
        Kind.CUT_OFF,
        Kind.DETACH,
        Kind.GRADIENT,
        Kind.GRADIENT_CLIPPING,
        Kind.KEPT_GRADIENTS,
        Kind.L2,
        Kind.TRAINED,
    ),
    "state": (
        Kind.AMSGRAD,
        Kind.AVERAGE_ORDER,
        Kind.AVERAGES,
        Kind.BETA1,
        Kind.BETA2,
        Kind.DAMPENING,
        Kind.EPSILON,
        Kind.EPSILON_PLACE,
        Kind.IDLE,
        Kind.LEARNING_RATE,
        Kind.MOMENTUM,
        Kind.NESTEROV,
        Kind.OPTIMIZER,
        Kind.PORT_AVERAGES,
        Kind.RHO,
        Kind.ROOT_EPSILON,
        Kind.SECOND_BIAS,
        Kind.SLOT_START,
        Kind.UPDATE,
        Kind.UPDATE_ORDER,
        Kind.WEIGHT_AVERAGES,
        Kind.WEIGHT_CLIPPING,
    ),
}
TOLD = re.compile(
    r"(is (?![-+.e\d]+, TF1's )|takes |has )"
)  # what a loss is, more than two numbers
OF_ANY_STAGE = (Kind.FAILED, Kind.UNEXPLAINED)  # a finding of these says which


def kind(finding: Mapping[str, Any]) -> Kind:
    """Returns the kind of a finding of a report.

    Raises:
      UserError: there is no such kind: the row is older than the kinds.
    """
    try:
        return Kind(finding.get("kind"))
    except ValueError:
        raise UserError(
            f"no kind of cause is called {finding.get('kind')!r} ({finding.get('cause')}): "
            "compare the pair anew"
        ) from None


def stage(finding: Mapping[str, Any]) -> str:
    """Returns where in a step the cause of a finding acts: a key of STAGES.

    Raises:
      UserError: the finding does not say: the row is older than that.
    """
    own = kind(finding)
    if finding.get("stage"):
        return str(finding["stage"])
    if own in OF_ANY_STAGE:
        raise UserError(f"a finding says no stage ({finding['cause']}): compare the pair anew")
    return next(name for name, kinds in STAGES.items() if own in kinds)


def in_short(finding: Mapping[str, Any]) -> str:
    """Returns a finding's kind, with what the port and TF1 have where it has both; of a loss what
    it is, where that was found."""
    name, values = kind(finding).value, finding.get("values")
    if kind(finding) == Kind.LOSS and TOLD.match(finding["cause"]):
        return f"a loss {finding['cause']}"
    return f"{name} ({values['port']}, TF1 {values['TF1']})" if values else name
