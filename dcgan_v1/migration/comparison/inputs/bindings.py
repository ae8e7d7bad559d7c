"""Which of TF1's inputs each argument of a port's step is. Pure Python."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from dcgan_v1.errors import UserError
from dcgan_v1.migration.records import Arrays, Batch, Input, PortInfo


@dataclass(frozen=True)
class Bindings:
    """What a port's step is given.

    Attributes:
      arguments: argument -> TF1's input, or what TF1 draws.
      dropouts: names of random numbers that go to the port's dropout layers, in TF1's order; 'x@2'
        for what a second run of a step has again.
      again: argument -> another one, for TF1 has nothing else for a later run of its step.
      used_again: TF1's input of a later run of its step -> the argument that the port uses there.
      of_port: whether TF1 is given what a recorded port was given, instead of the other way round.
      repeated: TF1's input -> (its shape, the argument, whose shape): the argument has one number
        where TF1 draws several.
      by_order: arguments for which nothing but their order speaks.
    """

    arguments: dict[str, str] = field(default_factory=dict)
    dropouts: list[str] = field(default_factory=list)
    again: dict[str, str] = field(default_factory=dict)
    used_again: dict[str, str] = field(default_factory=dict)
    of_port: bool = False
    repeated: dict[str, tuple[list[int], str, list[int]]] = field(default_factory=dict)
    by_order: list[str] = field(default_factory=list)

    def batch(self, arrays: Arrays) -> Batch:
        """Returns the port's batch of one in TF1's names."""
        return Batch(
            {a: arrays[name] for a, name in self.arguments.items() if name in arrays},
            self.draws(arrays),
        )

    def draws(self, arrays: Arrays) -> Arrays:
        """Returns what the port's dropouts are given of a batch in TF1's names."""
        known = {name: name if name in arrays else _base(name) for name in self.dropouts}
        return {name: arrays[n] for name, n in known.items() if n in arrays}


def bind(
    port: PortInfo,
    arguments: list[str],
    inputs: Mapping[str, Input],
    random: Mapping[str, Input],
    of_map: dict[str, str],
) -> Bindings:
    """Pairs arguments with inputs: by a user's table, by equal names, by what a later run has of
    its own, then by order where as many are left on either side.

    Args:
      port: what its step takes, and how many dropout layers it has.
      arguments: that must be given; optional ones are given what has their name.
      inputs: what TF1 is fed; random: what it draws.
      of_map: argument -> input of a user's table.

    Raises:
      UserError: an argument has no input, or something drawn no place.
    """
    everything = {**inputs, **random}
    bound = _of_map(of_map, everything)
    _by_name(bound, [*arguments, *port.optional], everything)
    is_step = port.arguments is not None
    left = [n for n in inputs if n not in bound.values()]
    if port.takes_more or not port.arguments:
        bound |= {_plain(n): n for n in left}
        left = []
    # what no run of the step is fed is there for another purpose: a sample, an accuracy
    left = [n for n in left if inputs[n].is_of_step or not is_step]
    _by_later_run(bound, arguments, port.optional, left)
    left = [n for n in left if n not in bound.values()]
    left_random = [n for n in random if n not in bound.values()]
    by_order = [a for a in arguments if a not in bound]
    again = _open_in_order(bound, arguments, left, left_random)
    left = [n for n in left if n not in bound.values() and "@" in n]
    free = [a for a in port.optional if a not in bound]
    if left and len(left) == len(free):  # what a later run has of its own
        bound |= dict(zip(free, left, strict=True))
        by_order += free
    left_random = [n for n in random if n not in bound.values()]
    if left_random and not port.dropouts:
        raise UserError(
            f"the TF1 program draws {left_random[0]} {random[left_random[0]].shape} at random, "
            f"which the port's step ({', '.join(f'{a} = {n}' for a, n in bound.items())}) does "
            "not take: make it an argument, and pair them in the map's [inputs]"
        )
    return Bindings(bound, left_random, again, by_order=by_order)


def _of_map(of_map: dict[str, str], everything: Mapping[str, Input]) -> dict[str, str]:
    bound: dict[str, str] = {}
    for argument, name in of_map.items():
        name = name.removesuffix(":0")
        if name not in everything:
            raise UserError(
                f"the map gives the port's {argument} {name}, which the TF1 program "
                f"has not; it has {', '.join(everything)}"
            )
        bound[argument] = name
    return bound


def _by_name(
    bound: dict[str, str], arguments: Iterable[str], everything: Mapping[str, Input]
) -> None:
    """Binds arguments to what is called as they are."""
    for argument in arguments:
        if argument not in bound:
            alike = [n for n in everything if _plain(n) == argument]
            alike = alike or [n for n in everything if _of_later_run(n, argument)]
            if len(alike) == 1 and alike[0] not in bound.values():
                bound[argument] = alike[0]


def _by_later_run(
    bound: dict[str, str], arguments: list[str], optional: list[str], left: list[str]
) -> None:
    """Binds 'z_2' to the one input that a later run has of its own, 'Placeholder@2', and so 'z' to
    'Placeholder'; only where as many arguments as inputs are open."""
    later = [a for a in (*arguments, *optional) if a not in bound and _first_of(a) in arguments]
    of_later = [n for n in left if "@" in n]
    open_arguments = {a for a in (*arguments, *later) if a not in bound}
    if len(later) != 1 or len(of_later) != 1 or len(open_arguments) != len(left):
        return
    first, base = _first_of(later[0]), of_later[0].partition("@")[0]
    if bound.get(first, base) == base and (first in bound or base in left):
        bound |= {first: base, later[0]: of_later[0]}


def _open_in_order(
    bound: dict[str, str], arguments: list[str], left: list[str], left_random: list[str]
) -> dict[str, str]:
    """Binds by order the arguments that are still open; returns those that are given what another
    one is given, see `Bindings.again`."""
    open_arguments = [a for a in arguments if a not in bound]
    open_arguments = _in_order(bound, open_arguments, left, left_random)
    later = {a: first for a in open_arguments if (first := _first_of(a)) in arguments}
    firsts = [a for a in open_arguments if a not in later]
    if later and not _in_order(bound, firsts, left, left_random):
        # a second noise, where TF1 gives both runs of its step the first one
        bound |= {argument: bound[first] for argument, first in later.items()}
        return later
    if open_arguments:
        twice = "" if left + left_random else " (one input may be given to two arguments)"
        raise UserError(
            f"the port's step takes {', '.join(open_arguments)}, and the TF1 program "
            f"has {', '.join(left + left_random) or 'nothing'} left to give: pair "
            f"them in the map's [inputs]{twice}"
        )
    return {}


def _in_order(
    bound: dict[str, str], arguments: list[str], left: list[str], left_random: list[str]
) -> list[str]:
    """Binds arguments by order to what is left, where that is as many; returns those still open."""
    for pool in (left, left + left_random, left_random):
        if arguments and len(pool) == len(arguments):
            bound |= dict(zip(arguments, pool, strict=True))
            return []
    return arguments


def _first_of(argument: str) -> str:
    """The argument that another one is called after: 'z_2' and 'z2' -> 'z'; '' for none."""
    base = argument.rstrip("0123456789")
    return base.removesuffix("_") if base != argument else ""


def _base(name: str) -> str:
    """'x@2' -> 'x'."""
    return name.partition("@")[0]


def _plain(name: str) -> str:
    """'inputs/x' -> 'x'."""
    return name.rpartition("/")[2].replace(":", "_")


def _of_later_run(name: str, argument: str) -> bool:
    """Whether an argument is called as what a later run of a step has of its own: 'z@2' as 'z_2'
    or 'z2'."""
    base, _, number = _plain(name).partition("@")
    return bool(number) and argument in (f"{base}_{number}", f"{base}{number}")
