"""Which averages belong to which batch norm."""

from dcgan_v1.porting import graph, patterns
from dcgan_v1.porting.norm_patterns import bare


class Averages:
    """Which averages belong to which batch norm.

    Attributes:
      of: key of a batch norm -> [(variable of its mean, of its variance)].
      members: names of all of them.
      by_moment: mean or variance of a batch -> what is normalised by it, in training.
    """

    def __init__(self) -> None:
        self.by_moment: dict[graph.Tensor, graph.Tensor] = {}
        self.of: dict[tuple[str, ...], list[tuple[str, str]]] = {}
        self.members: set[str] = set()


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
            for moment in found.moments:
                averages.by_moment.setdefault(bare(moment), op.output)
            if found.settings["by"] != "averages":
                continue
            pair = found.variables["mean"], found.variables["variance"]
            rows = averages.of.setdefault(key_of(found.variables), [])
            if pair not in rows:
                rows.append(pair)
            averages.members |= set(pair)
    return averages


FUSED = ("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3")


def key_of(variables: dict[str, str]) -> tuple[str, ...]:
    """Returns what two calls of a batch norm have alike."""
    return tuple(variables.get(part, "") for part in ("gamma", "beta"))
