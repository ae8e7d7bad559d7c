"""Which averages belong to which batch norm."""

from collections.abc import Iterable, Mapping

from dcgan_v1.porting.graphs import graph
from dcgan_v1.porting.patterns import layers as patterns
from dcgan_v1.porting.patterns.norms import bare, moment_of
from dcgan_v1.porting.reading import effects


class Averages:
    """Which averages belong to which batch norm.

    Attributes:
      of: key of a batch norm -> [(variable of its mean, of its variance)].
      members: names of all of them.
      by_moment: mean or variance of a batch -> what is normalised by it, in training.
      unbiased: those that follow n / (n - 1) of the batch's variance.
    """

    def __init__(self) -> None:
        self.unbiased: set[str] = set()
        self.by_moment: dict[graph.Tensor, graph.Tensor] = {}
        self.parts: dict[graph.Tensor, list[graph.Tensor]] = {}  # of a norm, its moments
        self.keys: dict[graph.Tensor, tuple[str, ...]] = {}
        self.of: dict[tuple[str, ...], list[tuple[str, str]]] = {}
        self.members: set[str] = set()
        self.behind: dict[tuple[str, str], list[set[str]]] = {}  # variables of what is normalised

    def put_fed_first(self, network_of: Mapping[str, str]) -> None:
        """Of several pairs, brings those to the front that what is fed is normalised by, before
        those of fakes: a network that is called alone goes by the first.

        Args:
          network_of: variable -> network.
        """
        for key, pairs in self.of.items():
            known = [network_of[v] for v in key if v in network_of]
            own = {*known[:1], None}
            fed = [
                pair
                for pair in pairs
                if any({network_of.get(v) for v in of} <= own for of in self.behind.get(pair, []))
            ]
            pairs[:] = fed + [pair for pair in pairs if pair not in fed]

    def add_moved(self, moves: Iterable[effects.Move]) -> None:
        """Adds averages that follow a batch norm's moments though nothing reads them: TF1 keeps
        some for fakes that only those of reals are used of."""
        followed: dict[graph.Tensor, dict[int, str]] = {}
        for move in moves:
            average = effects.average(move)
            moment = moment_of(average.of) if average else None
            norm = self.by_moment.get(moment) if moment is not None else None
            if average is None or moment is None or norm is None:
                continue
            part = self.parts[norm].index(moment)
            followed.setdefault(norm, {})[part] = average.variable
            if moment is not bare(average.of):
                self.unbiased.add(average.variable)
        for norm, variables in followed.items():
            rows = self.of.setdefault(self.keys[norm], [])
            if len(variables) == 2 and (pair := (variables[0], variables[1])) not in rows:
                rows.append(pair)
                self.members |= set(pair)


def averages_of(graphs: list[graph.Graph], switched_off: frozenset[str]) -> Averages:
    """Returns the averages that batch norms read in inference."""
    averages = Averages()
    for each in graphs:
        for op in each.ops.values():
            if op.type not in ("Add", "AddV2", *FUSED) or not op.outputs:
                continue
            found = patterns.recognise(op.output, switched_off)
            if found is None or found.kind != "batch_norm":
                continue
            norm = _whole(op.output, found.kind, switched_off)
            averages.keys[norm] = key_of(found.variables)
            averages.parts[norm] = [bare(moment) for moment in found.moments]
            for moment in averages.parts[norm]:
                averages.by_moment.setdefault(moment, norm)
            if found.settings["by"] != "averages":
                continue
            pair = found.variables["mean"], found.variables["variance"]
            rows = averages.of.setdefault(key_of(found.variables), [])
            if pair not in rows:
                rows.append(pair)
            averages.behind.setdefault(pair, []).append(_variables_of(found.inputs[0]))
            averages.members |= set(pair)
    return averages


def _whole(norm: graph.Tensor, kind: str, switched_off: frozenset[str]) -> graph.Tensor:
    """What a norm of rows gives: the reshape of the map that a fused kernel makes of them."""
    for user in norm.users:
        if user.type == "Reshape":
            found = patterns.recognise(user.output, switched_off)
            if found is not None and found.kind == kind:
                return user.output
    return norm


def _variables_of(tensor: graph.Tensor) -> set[str]:
    """Names of the variables that a tensor is computed from."""
    ops, stack = {tensor.op}, [tensor.op]
    while stack:
        new = {t.op for t in stack.pop().inputs if t is not None} - ops
        ops |= new
        stack += new
    return {op.name for op in ops if op.type in graph.VARIABLES}


FUSED = ("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3")


def key_of(variables: dict[str, str]) -> tuple[str, ...]:
    """Returns what two calls of a batch norm have alike."""
    return tuple(variables.get(part, "") for part in ("gamma", "beta"))
