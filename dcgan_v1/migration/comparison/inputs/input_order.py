"""Finds the order of a port's arguments where no names tell: its step is tried with each order.

A step fails where it is given a noise for its images."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import permutations

from dcgan_v1.errors import UserError
from dcgan_v1.migration.comparison.inputs.bindings import Bindings
from dcgan_v1.migration.comparison.inputs.preparation import Prepared
from dcgan_v1.migration.comparison.programs import Programs
from dcgan_v1.migration.records import Input

MOST = 4  # arguments whose orders are tried


def settle(programs: Programs, prepared: Prepared, inputs: Mapping[str, Input]) -> Prepared | None:
    """Returns what both are given, in the one order that the port's step takes; None where it takes
    the present one, none or several.

    Args:
      programs: open; the port is opened again.
      prepared: what its step failed with.
      inputs: TF1's, and what it draws.
    """
    bound = prepared.bindings
    programs.reopen_port()
    if not 1 < len(bound.by_order) <= MOST or _takes(programs, prepared):
        return None
    fitting = []
    for other in _orders(bound, inputs):
        tried = replace(prepared, bindings=other)
        if _takes(programs, tried):
            fitting.append(tried)
    return fitting[0] if len(fitting) == 1 else None


def _takes(programs: Programs, prepared: Prepared) -> bool:
    """Whether the port does a step; it is opened again after it."""
    try:
        programs.new.step(prepared.port_batch(0, programs.dtype), is_observed=True)
    except UserError:
        return False
    finally:
        programs.reopen_port()
    return True


def _orders(bound: Bindings, inputs: Mapping[str, Input]) -> Iterator[Bindings]:
    """Yields the other orders that give an argument another shape; inputs of one shape stay in
    TF1's order."""
    names = [bound.arguments[a] for a in bound.by_order]
    known = {_shapes(names, inputs)}
    for order in permutations(names):
        if (shapes := _shapes(order, inputs)) in known:
            continue
        known.add(shapes)
        arguments = {**bound.arguments, **dict(zip(bound.by_order, order, strict=True))}
        # what is given the same as another argument follows it
        arguments |= {a: arguments[first] for a, first in bound.again.items()}
        yield replace(bound, arguments=arguments)


def _shapes(names: tuple[str, ...] | list[str], inputs: Mapping[str, Input]) -> tuple[object, ...]:
    shapes = [(inputs[n].shape, inputs[n].dtype) for n in names]
    return tuple((None if s is None else tuple(s), dtype) for s, dtype in shapes)
