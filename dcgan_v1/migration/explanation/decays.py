"""Decays of averages as people write them: 0.99, or what several passes make of it."""


def plain(number: float) -> str:
    """Returns a decay in six digits at most."""
    return f"{number:.6g}"


def root(kept: float, number: int) -> float | None:
    """Returns the decay of one pass of `number` that keep so much, where that is a number such as
    people write; else None."""
    of_one = kept ** (1 / number) if kept > 0 else 0.0
    written = round(of_one, 3)
    return written if 0 < written < 1 and abs(of_one - written) < 1e-7 else None


def as_power(kept: float, number: int) -> str:
    """Returns ' (0.99^4)' where TF1's number is a power of a plainer one; as many passes as the
    port has come first."""
    exponents = ([number] if number > 1 else []) + ([2, 3, 4] if root(kept, 1) is None else [])
    roots = ((root(kept, exponent), exponent) for exponent in exponents)
    return next((f" ({of_one:g}^{exponent})" for of_one, exponent in roots if of_one), "")
