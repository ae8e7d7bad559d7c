"""First values of variables, by kind and numbers, as writers say them."""

import math

from dcgan_v1.porting import description as d

NEAR = 1e-5  # relative, of limits in float32


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
