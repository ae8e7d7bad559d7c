"""Batch norms of a PyTorch port: its own layer where that is the same function, or a few lines."""

from textwrap import indent

from dcgan_v1.porting import description as d
from dcgan_v1.porting.text import contents

HEAD = '''\
class {name}(nn.Module):
    """{said}."""

    def __init__({arguments}):
        super().__init__()
        {kept}
        self.weight = nn.Parameter(torch.ones(features)){weight}
        self.bias = nn.Parameter(torch.zeros(features)){bias}
'''
AVERAGES = """\
        self.register_buffer("running_mean", torch.zeros(features))
        self.register_buffer("running_var", torch.ones(features))

    def forward(self, x{words}):
        mean, variance = self.running_mean, self.running_var
"""
SETS = """\
        for i in range(sets):
            self.register_buffer(f"set{i}_running_mean", torch.zeros(features))
            self.register_buffer(f"set{i}_running_var", torch.ones(features))

    def forward(self, x{words}):
        mean = getattr(self, f"set{averages}_running_mean")
        variance = getattr(self, f"set{averages}_running_var")
"""
BY_BATCH = """\
        return torch.batch_norm(  # F.batch_norm refuses a single value a channel
            x,
            weight=self.weight,
            bias=self.bias,
            running_mean=None,
            running_var=None,
            training=True,
            momentum=0.0,
            eps=self.eps,
            cudnn_enabled=True,
        )
"""
BODY = """\
        if not self.training:
            return F.batch_norm(x, mean, variance, self.weight, self.bias, eps=self.eps)
{moves}
"""
MOVES = """\
axes = [0, *range(2, x.ndim)]
batch_variance, batch_mean = torch.var_mean(x.detach(), axes, correction={correction})
mean.lerp_(batch_mean, self.momentum)
variance.lerp_(batch_variance, self.momentum)
"""
ALONE = """\
    def forward(self, x):
"""


def is_own(program: d.Program, network: d.Network, node: d.Node) -> bool:
    """Whether torch's own layer is the same function: it moves one pair of averages in every call
    in training, and they follow the unbiased variance; or it keeps none.

    Args:
      program: whose steps call it; network: that holds it.
      node: the batch norm.
    """
    parts = node.variables.keys() & {"gamma", "beta"}
    count = contents.sets(node)
    if len(parts) == 1 or count > 1:
        return False
    holds = contents.holds_averages(program, network)
    return count == 0 or (bool(node.settings["fused"]) and not holds)


def constructor(program: d.Program, network: d.Network, node: d.Node) -> str:
    """Returns the expression that makes a batch norm.

    Args:
      program: what is written; network: that holds it.
      node: the batch norm.
    """
    s, v = node.settings, node.variables
    features = (node.value.shape or (0,))[-1]
    words = [str(features), f"eps={s['epsilon']}"]
    if s["momentum"] is not None:
        words.append(f"momentum={round(1 - s['momentum'], 7)}")
    if is_own(program, network, node):
        rank = len(node.value.shape or ())
        words += ["affine=False"] if not v.keys() & {"gamma", "beta"} else []
        words += ["track_running_stats=False"] if not contents.sets(node) else []
        return f"nn.BatchNorm{1 if rank == 2 else rank - 2}d({', '.join(words)})"
    words += ["scale=False"] if "gamma" not in v else []
    words += ["center=False"] if "beta" not in v else []
    words += [f"sets={contents.sets(node)}"] if contents.sets(node) > 1 else []
    return f"{class_of(node)}({', '.join(words)})"


def class_of(node: d.Node) -> str:
    """Returns the class of a batch norm that is not torch's own."""
    if not contents.sets(node):
        return "BatchNormAlone"
    name = "FusedBatchNorm" if node.settings["fused"] else "BatchNorm"
    return f"{name}OfSets" if contents.sets(node) > 1 else name


def classes(program: d.Program) -> dict[str, str]:
    """Returns name -> class of all batch norms that are not torch's own."""
    texts: dict[str, str] = {}
    for network in program.networks:
        for node in contents.nodes(network):
            if node.kind == "batch_norm" and not is_own(program, network, node):
                name = class_of(node)
                texts.setdefault(name, _class(program, name, node))
    return texts


def _class(program: d.Program, name: str, node: d.Node) -> str:
    norms = [
        (w, n)
        for w in program.networks
        for n in contents.nodes(w)
        if n.kind == "batch_norm" and not is_own(program, w, n)
    ]
    norms = [(w, n) for w, n in norms if class_of(n) == name]
    count = contents.sets(node)
    holds = any(contents.holds_averages(program, w) for w, _ in norms)
    scales = all("gamma" in n.variables for _, n in norms)
    centres = all("beta" in n.variables for _, n in norms)
    arguments = ["self", "features", "eps", *(["momentum=0.1"] if count else [])]
    arguments += [] if scales else ["scale=True"]
    arguments += [] if centres else ["center=True"]
    arguments += ["sets=2"] if count > 1 else []
    head = HEAD.format(
        name=name,
        said=_said(node, holds),
        arguments=", ".join(arguments),
        kept="self.eps, self.momentum = eps, momentum" if count else "self.eps = eps",
        weight="" if scales else " if scale else None",
        bias="" if centres else " if center else None",
    )
    if not count:
        return f"{head}\n{ALONE}{BY_BATCH}"
    words = (", moves=True" if holds else "") + (", averages=0" if count > 1 else "")
    averages = (SETS if count > 1 else AVERAGES).replace("{words}", words)
    fused = node.settings["fused"]  # a single value has the variance 0 in either kind
    moves = MOVES.format(correction="int(x[:, 0].numel() > 1)" if fused else 0)
    moves = f"if moves:\n{indent(moves, '    ')}" if holds else moves
    return head + averages + BODY.format(moves=indent(moves, " " * 8).rstrip()) + BY_BATCH


def _said(node: d.Node, holds: bool) -> str:
    """What of it torch's own layer is not."""
    if not contents.sets(node):
        return "Batch norm by the batch alone: TF1 moved no averages"
    said = "Batch norm"
    if contents.sets(node) > 1:
        said += " with averages of its own for each call"
    elif holds:
        said += " that moves averages where the step says so"
    if not node.settings["fused"]:
        whose = "its averages" if said == "Batch norm" else "they"
        said += f"; {whose} follow the biased variance"
    return said
