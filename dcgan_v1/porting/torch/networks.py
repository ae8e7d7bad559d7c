"""networks.py of a PyTorch port: each network an `nn.Module` of torch's own layers.

Maps are [N, C, H, W]; see `layout` of `ops`.
"""

from dcgan_v1.porting import description as d
from dcgan_v1.porting.text import contents, imports, initializers
from dcgan_v1.porting.text import names as naming
from dcgan_v1.porting.text.contents import Contents, attribute_of, class_name
from dcgan_v1.porting.torch import layer_norms
from dcgan_v1.porting.torch import layers as torch_layers
from dcgan_v1.porting.torch import norms as torch_norms
from dcgan_v1.porting.torch.ops import Printer

PARTS = {"kernel": "weight", "bias": "bias", "gamma": "weight", "beta": "bias"}
TO_TF = {2: ".T", 4: ".permute(2, 3, 1, 0)"}  # a layer's kernel in TF1's order of axes
FUNCTIONS = {  # that PyTorch has none for
    "resize_bilinear": '''\
def resize_bilinear(x, size):
    """TF1's bilinear resizing: it begins at the corner, where torch's begins half a pixel in."""
    for axis, count in zip((2, 3), size, strict=True):
        last = x.shape[axis] - 1
        place = torch.arange(count) * (x.shape[axis] / count)
        low = place.long()
        part = (place - low).reshape([-1 if i == axis else 1 for i in range(4)]).to(x.dtype)
        above = x.index_select(axis, (low + 1).clamp(max=last))
        x = x.index_select(axis, low) * (1 - part) + above * part
    return x
''',
    "leaky_max": '''\
def leaky_max(x, slope):
    """Leaky ReLU whose derivative at 0 is 1, as TF1's maximum has it, and not the slope."""
    return torch.where(x >= 0, x, slope * x)
''',
    "leaky_abs": '''\
def leaky_abs(x, slope):
    """Leaky ReLU whose derivative at 0 is halfway, as TF1's sum with |x| has it."""
    return (1 + slope) / 2 * x + (1 - slope) / 2 * x.abs()
''',
    "leaky_min": '''\
def leaky_min(x, slope):
    """Leaky ReLU whose derivative at 0 is 0, as TF1's minimum with 0 has it, and not the slope."""
    return F.leaky_relu(x, slope) * (x != 0)
''',
    "beside_pixels": '''\
def beside_pixels(maps, rows):
    """Puts rows, [N, k], beside each pixel of maps, [N, C, H, W]."""
    rows = rows[:, :, None, None].expand(-1, -1, *maps.shape[2:])
    return torch.cat((maps, rows), 1)
''',
    "truncated_normal": '''\
def truncated_normal(shape):
    """Normal numbers, those beyond 2 drawn again."""
    return torch.nn.init.trunc_normal_(torch.empty(shape))
''',
}
WIDTH = 92  # of a line in a function, as ruff breaks it
START = {
    "zeros": "nn.init.zeros_({0})",
    "ones": "nn.init.ones_({0})",
    "constant": "nn.init.constant_({0}, {value})",
    "normal": "nn.init.normal_({0}, {mean}, {stddev})",
    "truncated_normal": "nn.init.trunc_normal_({0}, {mean}, {stddev}, {low}, {high})",
    "uniform": "nn.init.uniform_({0}, {low}, {high})",
    "glorot_uniform": "nn.init.xavier_uniform_({0})",
}


def text(program: d.Program) -> str:
    """Returns the file.

    Raises:
      Refused: it holds what PyTorch has no words for.
    """
    writer = _Writer(program)
    bodies = [writer.network(network) for network in program.networks]
    if writer.refused:
        raise d.Refused("; ".join(dict.fromkeys(writer.refused)))
    code = "\n\n".join(bodies)
    taken = imports.lines(code, {"own_layers": own_layers(program)})
    head = ['"""The networks of a TF1 program, in PyTorch. Maps are [N, C, H, W]."""', "", *taken]
    return "\n".join([*head, "", "", code])


def own_layers(program: d.Program) -> dict[str, str]:
    """Returns name -> definition of what PyTorch lacks: functions, TF1's LSTM, norms."""
    own = {"Lstm": torch_layers.LSTM, "LayerNorm": layer_norms.NORM}
    return FUNCTIONS | own | torch_norms.classes(program)


class _Writer:
    """Prints networks, and gathers what has no words."""

    def __init__(self, program: d.Program) -> None:
        self.program = program
        self.refused: list[str] = []

    def network(self, network: d.Network) -> str:
        """Returns a network's class."""
        own = contents.of(self.program, network)
        layers = torch_layers.of(self.program, network, own)
        self.refused += layers.refused
        lines = [f"class {class_name(network)}(nn.Module):"]
        lines += ["    def __init__(self):", "        super().__init__()"]
        lines += [f"        self.{name} = {made}" for name, made in layers.constructors.items()]
        lines += [f"        {self._weight(v, network)}" for v in own.weights]
        lines += [f"        {line}" for line in self._starts(own, network)]
        for function in network.functions:
            lines += ["", *self._function(network, function, own, layers)]
        return "\n".join(lines) + "\n"

    def _weight(self, variable: str, network: d.Network) -> str:
        known = self.program.variables[variable]
        shape = ", ".join(map(str, known.shape))
        made = f"nn.Parameter(torch.zeros({shape})"
        made += ")" if known.trainable else ", requires_grad=False)"
        return f"self.{attribute_of(network, variable)} = {made}  # TF1's axes"

    def _starts(self, own: Contents, network: d.Network) -> list[str]:
        """Lines that give weights their first values: once for all that are alike."""
        calls: dict[str, list[str]] = {}  # attribute -> what is done to it, as '{0}.weight'
        for name, node in own.layers.items():
            for part, variable in node.variables.items():
                if part in PARTS and (start := self._start(variable, node.kind, part)):
                    place = "{0}." + _part(node, part)
                    calls.setdefault(f"self.{name}", []).append(start.replace("{0}", place))
        lines = min(_loops(calls, by_layer=True), _loops(calls, by_layer=False), key=len)
        weights = {f"self.{attribute_of(network, v)}": self._start(v, "", "") for v in own.weights}
        lines += _loops({name: [start] for name, start in weights.items() if start}, item="weight")
        return lines

    def _start(self, variable: str, kind: str, part: str) -> str:
        """The call that makes a variable's first values, '' where torch makes the same."""
        by_rule = kind in ("dense", "conv", "deconv")  # torch counts a bare one's axes otherwise
        start, numbers = (initializers.kind_of if by_rule else initializers.numbers_of)(
            self.program, variable
        )
        usual = (("gamma", "ones"), ("beta", "zeros")) if kind in contents.NORMS else ()
        if (part, start) in usual or (kind, part, start) in (
            ("", "", "zeros"),
            ("lstm", "bias", "zeros"),
        ):
            return ""
        if start == "fan_in_uniform":
            return ""  # torch's own
        if start == "truncated_normal":
            mean, width = numbers["mean"], 2 * numbers["stddev"]
            numbers = {**numbers, "low": mean - width, "high": mean + width}
        return START[start].format("{0}", **numbers) if start else ""

    def _function(
        self, network: d.Network, function: d.Function, own: Contents, layers: torch_layers.Layers
    ) -> list[str]:
        fixed = contents.arguments(function)
        values = naming.allocate(function.nodes, fixed, [v.name for v in function.outputs])
        words = ["self", *fixed.values()]
        if contents.keeps_averages(function) and contents.holds_averages(self.program, network):
            words.append("moves=True")
        words += ["averages=0"] if contents.has_sets(function) else []
        nodes = {v.name: n for n in d.walk(function.nodes) for v in n.values}
        printer = Printer(values, lambda name: f"self.{attribute_of(network, name)}", nodes)

        def right(node: d.Node) -> str:
            key = naming.key_of(node)
            if key is None or node.kind == "op":
                return printer.expression(node)
            return layers.call(own.attributes[key], node, printer.operand(node.inputs[0]))

        lines = contents.body(function, printer, right, channels_first=True)
        self.refused += printer.refused
        name = "forward" if function.name == "call" else function.name
        return [f"    def {name}({', '.join(words)}):", *(f"        {line}" for line in lines)]


def _loops(calls: dict[str, list[str]], by_layer: bool = False, item: str = "layer") -> list[str]:
    """Returns the lines of calls, a loop for what is done to several.

    Args:
      calls: attribute -> calls with '{0}' in its place.
      by_layer: together what is done to a layer, else what is done to the same layers.
      item: what a loop calls one of them.
    """
    groups: dict[tuple[str, ...], list[str]] = {}  # calls -> attributes
    for name, own in calls.items():
        for said in [tuple(own)] if by_layer else [(call,) for call in own]:
            groups.setdefault(said, []).append(name)
    together: dict[tuple[str, ...], list[str]] = {}  # attributes -> calls
    for said, names in sorted(groups.items(), key=lambda group: ".bias" in group[0][0]):
        together.setdefault(tuple(names), []).extend(said)
    lines: list[str] = []
    for several, calls_of in together.items():
        if len(several) == 1:
            lines += [call.replace("{0}", several[0]) for call in calls_of]
            continue
        head = [f"for {item} in ({', '.join(several)}):"]
        if len(head[0]) > WIDTH:
            head = [f"for {item} in (", *(f"    {name}," for name in several), "):"]
        lines += [*head, *(f"    {call.replace('{0}', item)}" for call in calls_of)]
    return lines


def _part(node: d.Node, part: str) -> str:
    """What torch calls a part of a layer; an LSTM is a class of the port's."""
    return part if node.kind == "lstm" else PARTS[part]


def paths(program: d.Program, network: d.Network) -> dict[str, str]:
    """Returns TF1 variable -> path in the network."""
    own = contents.of(program, network)
    rows: dict[str, str] = {}
    for attribute, node in own.layers.items():
        for part, variable in node.variables.items():
            if part in PARTS:
                rows[variable] = f"{attribute}/{_part(node, part)}"
        pairs = node.settings.get("averages", ())
        for i, pair in enumerate(pairs):
            prefix = f"set{i}_" if len(pairs) > 1 else ""
            for variable, name in zip(pair, ("running_mean", "running_var"), strict=True):
                rows[variable] = f"{attribute}/{prefix}{name}"
    for variable in own.weights:
        rows.setdefault(variable, attribute_of(network, variable))
    return rows


def kernels(program: d.Program) -> dict[str, str]:
    """Returns kernel of a layer of torch's -> what brings it into TF1's order of axes."""
    return {
        node.variables["kernel"]: TO_TF[len(program.variables[node.variables["kernel"]].shape)]
        for network in program.networks
        for node in contents.nodes(network)
        if "kernel" in node.variables and node.kind != "lstm"
    }
