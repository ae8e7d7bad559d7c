"""What a program's generator draws, and what it draws that of."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dcgan_v1.porting import description as d


@dataclass(frozen=True)
class Drawn:
    """What a program's generator draws, TF1's inputs that are its noise, and whether an activation
    sets its limits."""

    network: str
    shape: tuple[int, ...]
    low: float
    high: float
    noise: frozenset[str]
    is_limited: bool
    call: d.Node


def of(program: d.Program) -> Drawn | None:
    """The first network that makes what another one is given, or more numbers than it takes."""
    nodes = [n for s in program.stages for n in d.walk(s.nodes)]
    by_value = {v.name: n for n in nodes for v in n.values}
    calls = [n for n in nodes if n.kind == "call"]
    for call in calls:
        shape = tuple(n or 1 for n in (call.value.shape or ())[1:])
        names = _sources(call.inputs, by_value)
        sizes = [int(np.prod([n or 1 for n in (v.shape or ())[1:]])) for v in names]
        is_noise = bool(names) and all(_is_vector(v) for v in names)
        goes_on = any(call is not other and _leads(call, other.inputs, by_value) for other in calls)
        if not (shape and goes_on and is_noise and int(np.prod(shape)) > max(sizes)):
            continue
        kind = _end(program, call)
        low, high = (0.0, 1.0) if kind == "sigmoid" else (-1.0, 1.0)
        fed = {n.value: n.ops[0] for n in program.inputs}
        noise = frozenset(fed[v].partition("@")[0] for v in names if v in fed)
        return Drawn(call.settings["network"], shape, low, high, noise, bool(kind), call)
    return None


def _is_vector(v: d.Value) -> bool:
    """Whether a row has one axis that is longer than 1: [N, 100], [N, 1, 1, 100]."""
    return v.shape is not None and sum((n or 1) > 1 for n in v.shape[1:]) <= 1 < len(v.shape)


def _sources(inputs: tuple[d.Operand, ...], by_value: Mapping[str, d.Node]) -> list[d.Value]:
    """The inputs and draws that operands are made of."""
    result: list[d.Value] = []
    for x in inputs:
        if not isinstance(x, d.Value):
            continue
        node = by_value.get(x.name)
        if node is None or node.kind in ("input", "draw"):
            result.append(x)
        else:
            result += _sources(node.inputs, by_value)
    return result


def _leads(call: d.Node, inputs: tuple[d.Operand, ...], by_value: Mapping[str, d.Node]) -> bool:
    for x in inputs:
        node = by_value.get(x.name) if isinstance(x, d.Value) else None
        if node is call or (node is not None and _leads(call, node.inputs, by_value)):
            return True
    return False


def _end(program: d.Program, call: d.Node) -> str:
    """A network's last activation that has limits; '' for none."""
    network = next(n for n in program.networks if n.name == call.settings["network"])
    function = next(f for f in network.functions if f.name == call.settings["function"])
    kinds = [n.kind for n in function.nodes if n.kind in ("tanh", "sigmoid")]
    return kinds[-1] if kinds else ""
