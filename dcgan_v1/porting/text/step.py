"""A training step as every writer needs it: names of values, what updates need, effects."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from dcgan_v1.porting import description as d
from dcgan_v1.porting.text import alike, contents
from dcgan_v1.porting.text import names as naming
from dcgan_v1.porting.text.printing import Names, inlined, uses_of

Paths = Callable[[d.Program, d.Network], dict[str, str]]


@dataclass(frozen=True)
class Variables:
    """Variables as a port says them: whole networks, and what is left beside them."""

    networks: tuple[str, ...]
    rest: tuple[str, ...]


class Step:
    """The step of a program.

    Args:
      program: what is written.

    Attributes:
      inputs, draws: value -> argument of the step.
      values: value -> name.
      nodes: value -> the node that makes it.
      used: values that something is made of, or that are returned.
    """

    def __init__(self, program: d.Program) -> None:
        self.program = program
        self.inputs = {n.value.name: _word(n) for n in program.inputs}
        self.draws = {n.value.name: _word(n) for n in program.draws}
        every = tuple(n for s in program.stages for n in s.nodes)
        drawn = [n for n in d.walk(every) if n.kind == "draw"]
        arguments = [n.settings["argument"].name for n in drawn]
        once = {
            n.value.name: self.draws[argument]
            for n, argument in zip(drawn, arguments, strict=True)
            if arguments.count(argument) == 1
        }
        kept = [v.name for v in program.losses.values()]
        wished = {v.name: name for name, v in program.losses.items()}
        self.values = naming.allocate(every, self.inputs | self.draws | once, kept, wished)
        self.nodes = {v.name: n for n in d.walk(every) for v in n.values}
        self._uses = uses_of(every)
        of_effects = [x for s in program.stages for e in s.effects for x in e.losses]
        self._uses.update([x.name for x in of_effects if isinstance(x, d.Value)] + kept)
        self.used = {*self._uses}

    def needed_beyond(self, nodes: tuple[d.Node, ...]) -> set[str]:
        """Returns the values that others than these nodes are given, too, or that are returned."""
        return {name for name, count in uses_of(nodes).items() if count < self._uses[name]}

    def function_of(self, call: d.Node) -> tuple[d.Network, d.Function]:
        """Returns what a call calls."""
        name = call.settings["network"]
        network = next(n for n in self.program.networks if n.name == name)
        return network, next(f for f in network.functions if f.name == call.settings["function"])

    def split(self, names: tuple[str, ...]) -> Variables:
        """Returns variables as networks, and what is no whole network."""
        own = {n.name: self._weights(n) for n in self.program.networks}
        left = set(names)
        networks = []
        for name, variables in own.items():
            if variables and set(variables) <= left:
                networks.append(name)
                left -= set(variables)
        return Variables(tuple(networks), tuple(v for v in names if v in left))

    def with_averages(self, names: tuple[str, ...]) -> str:
        """Returns the network of which these are all the variables, its averages too, '' where it
        is none or keeps none."""
        for network in self.program.networks:
            trained = [self.program.variables[v].trainable for v in network.variables]
            if set(names) == set(network.variables) and not all(trained):
                return network.name
        return ""

    def _weights(self, network: d.Network) -> list[str]:
        """Returns the weights that a network has in the port: those that no update trains, a batch
        norm's that TF1's list of variables leaves out, are among them."""
        nodes = [n for f in network.functions for n in d.walk(f.nodes)]
        parts = [pair for n in nodes if n.kind in d.LAYERS for pair in n.variables.items()]
        held = [v for part, v in parts if part not in ("mean", "variance")]
        own = [v for v in network.variables if self.program.variables[v].trainable]
        return list(dict.fromkeys([*own, *held]))

    def updates(self, run: int) -> list[d.Effect]:
        """Returns the updates of a run, in their order."""
        stages = [s for s in self.program.stages if s.run == run]
        return [e for s in stages for e in s.effects if e.kind == "update"]

    def needs(self, effect: d.Effect) -> set[str]:
        """Returns the values that an update's losses are made of."""
        return self.behind([x.name for x in effect.losses if isinstance(x, d.Value)])

    def behind(self, names: list[str]) -> set[str]:
        """Returns the values that these are made of, themselves too."""
        reached: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name in reached or name not in self.nodes:
                continue
            reached.add(name)
            node = self.nodes[name]
            waiting += [x.name for x in node.inputs if isinstance(x, d.Value)]
            waiting += [v.name for n in node.body for v in n.values]
        return reached

    def made_in(self, stage: d.Stage) -> set[str]:
        """Returns the values that a stage makes."""
        return {v.name for n in d.walk(stage.nodes) for v in n.values}

    def made_in_all(self, places: Sequence[int]) -> set[str]:
        """Returns the values that some stages make."""
        return set().union(*(self.made_in(self.program.stages[i]) for i in places))


def together(effects: tuple[d.Effect, ...]) -> Iterator[list[d.Effect]]:
    """Yields effects in their order, those alike that are no updates at once."""
    done: set[int] = set()
    for i, effect in enumerate(effects):
        if i in done:
            continue
        alike = [i]
        if effect.kind in ("clip", "average"):
            alike = [j for j in range(i, len(effects)) if _are_alike(effects[j], effect)]
        done |= set(alike)
        yield [effects[j] for j in alike]


def _are_alike(a: d.Effect, b: d.Effect) -> bool:
    own = [{k: v for k, v in e.settings.items() if k != "of"} for e in (a, b)]
    return a.kind == b.kind and own[0] == own[1]


def _word(node: d.Node) -> str:
    return node.value.name.partition(".")[0]


def refuse_networks(program: d.Program) -> None:
    """Refuses what no class can be written for.

    Raises:
      Refused: networks without layers.
    """
    names = [n.name for n in program.networks if not n.functions]
    if names:
        each = (f"{name}: its variables are trained, and it has no layers" for name in names)
        raise d.Refused("; ".join(each))


def places(program: d.Program, paths: Paths) -> dict[str, str]:
    """Returns TF1 variable -> expression in the port.

    Args:
      program: what is written.
      paths: returns variable -> path in a network.
    """
    return {
        variable: f"self.{network.name}.{path.replace('/', '.')}"
        for network in program.networks
        for variable, path in paths(program, network).items()
    }


def weight_of(places: dict[str, str]) -> Callable[[str], str]:
    """Returns the function that says a variable.

    Args:
      places: TF1 variable -> expression in the port.
    """

    def weight(variable: str) -> str:
        if variable not in places:
            raise d.Refused(f"{variable}, a variable of no network that is trained")
        return places[variable]

    return weight


def body(
    nodes: tuple[d.Node, ...],
    printer: Names,
    kept: set[str],
    of_node: Callable[[d.Node], list[str]],
) -> list[str]:
    """Returns the lines of some nodes.

    Args:
      nodes: of a stage, or of a gradient.
      printer: that says expressions.
      kept: values that have a line of their own.
      of_node: returns the lines of one node.
    """
    within = inlined(nodes, kept)
    sums, terms = alike.said(nodes, printer, kept)
    lines: list[str] = []
    for node in nodes:
        name = node.value.name
        if name in terms:
            continue
        if name in sums and name not in within:
            lines.append(f"{printer.made(node)} = {sums[name]}")
        elif name in sums:
            printer.waiting[name] = sums[name]
        elif name in within:
            printer.waiting[node.value.name] = printer.expression(node)
        else:
            lines += of_node(node)
    return lines


def call(step: Step, node: d.Node, printer: Names, says_mode: bool = True) -> str:
    """Returns the line that calls a network.

    Args:
      step: that calls it.
      node: the call.
      printer: that says expressions.
      says_mode: whether the mode is an argument.
    """
    network, function = step.function_of(node)
    s = node.settings
    words = ["training=True"] if says_mode and function.takes_training and s["training"] else []
    if contents.keeps_averages(function) and s["training"] and not s["moves"]:
        words.append("moves=False")
    if contents.has_sets(function) and s["averages"]:
        words.append(f"averages={s['averages']}")
    method = "" if function.name == "call" else f".{function.name}"
    inputs = [printer.operand(x) for x in node.inputs]
    called = f"self.{network.name}{method}({', '.join([*inputs, *words])})"
    if not {v.name for v in node.values} & step.used:
        return f"{called}  # moves its averages"
    return f"{printer.made(node)} = {called}"
