"""First values of variables, by kind and numbers, as writers say them."""

import math

from dcgan_v1.porting import description as d

NEAR = 1e-5  # relative, of limits in float32
TRUNCATED = 0.87962566103423978  # deviation of normal numbers, those beyond 2 drawn again
DISTRIBUTIONS = {  # kind -> what Keras calls it
    **{"normal": "untruncated_normal", "truncated_normal": "truncated_normal"},
    "uniform": "uniform",
}


def numbers_of(program: d.Program, variable: str) -> tuple[str, dict[str, float]]:
    """Returns (kind, numbers) as `description.Variable` has them."""
    known = program.variables.get(variable)
    return known.initializer if known else ("", {})


def kind_of(program: d.Program, variable: str) -> tuple[str, dict[str, float]]:
    """Returns the same, but for uniform numbers within the limits of Glorot's rule the kind
    'glorot_uniform', within 1 / sqrt(fan in) 'fan_in_uniform'. A framework's own rule gives these
    limits for what has the axes that it goes by: a layer's kernel, and no part of one."""
    kind, numbers = numbers_of(program, variable)
    known = program.variables.get(variable)
    if known is None:
        return "", {}
    if kind == "uniform" and len(known.shape) > 1:
        area = math.prod(known.shape[:-2])
        limits = {
            "glorot_uniform": math.sqrt(6 / (area * sum(known.shape[-2:]))),
            "fan_in_uniform": math.prod(known.shape[:-1]) ** -0.5,
        }
        low, high = numbers["low"], numbers["high"]
        for name, limit in limits.items():
            if abs(low + limit) <= NEAR * limit and abs(high - limit) <= NEAR * limit:
                return name, {}
    return kind, numbers


def scaling_of(program: d.Program, variable: str) -> tuple[float, str, str] | None:
    """Returns (scale, mode, distribution) of Keras's `VarianceScaling` where a kernel's numbers are
    by a rule that counts its inputs ('fan_in') or these and its outputs ('fan_avg').

    It is one where kernels of other sizes have it too: as many inputs and as large numbers would
    be no reason.
    """
    own = _scales(program, variable)
    for mode, (scale, fan, distribution) in own.items():
        others = (_scales(program, name).get(mode) for name in program.variables)
        if any(
            other[2] == distribution and other[1] != fan and abs(other[0] - scale) <= NEAR * scale
            for other in others
            if other is not None
        ):
            return float(f"{scale:.5g}"), mode, distribution
    return None


def _scales(program: d.Program, variable: str) -> dict[str, tuple[float, float, str]]:
    """Mode -> (scale, fan, distribution) that give a kernel's numbers."""
    kind, numbers = numbers_of(program, variable)
    shape = program.variables[variable].shape
    if len(shape) < 2 or kind not in DISTRIBUTIONS or not all(shape):
        return {}
    if kind == "uniform":
        if abs(numbers["low"] + numbers["high"]) > NEAR * numbers["high"]:
            return {}
        variance = numbers["high"] ** 2 / 3
    elif numbers["mean"]:
        return {}
    else:
        variance = (numbers["stddev"] * (TRUNCATED if kind == "truncated_normal" else 1)) ** 2
    if not variance:
        return {}
    area = math.prod(shape[:-2])
    fans = {"fan_in": area * shape[-2], "fan_avg": area * (shape[-2] + shape[-1]) / 2}
    return {mode: (variance * fan, fan, DISTRIBUTIONS[kind]) for mode, fan in fans.items()}
