"""First values of variables, by kind and numbers, as writers say them."""

import math

from dcgan_v1.porting import description as d

NEAR = 1e-5  # relative, of limits in float32


def kind_of(program: d.Program, variable: str) -> tuple[str, dict[str, float]]:
    """Returns (kind, numbers) as `description.Variable` has them, and 'glorot_uniform' for uniform
    numbers within the limits of Glorot's rule."""
    known = program.variables.get(variable)
    if known is None:
        return "", {}
    kind, numbers = known.initializer
    if kind == "uniform" and len(known.shape) > 1:
        area = math.prod(known.shape[:-2])
        limit = math.sqrt(6 / (area * sum(known.shape[-2:])))
        low, high = numbers["low"], numbers["high"]
        if abs(low + limit) <= NEAR * limit and abs(high - limit) <= NEAR * limit:
            return "glorot_uniform", {}
    return kind, numbers
