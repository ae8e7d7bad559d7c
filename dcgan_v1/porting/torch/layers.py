"""Layers of a PyTorch port: their constructors, and their calls with what SAME pads and cuts."""

from dataclasses import dataclass, field

from dcgan_v1.porting import description as d
from dcgan_v1.porting.text import contents
from dcgan_v1.porting.text import names as naming
from dcgan_v1.porting.text.contents import Contents
from dcgan_v1.porting.text.printing import square
from dcgan_v1.porting.torch import layer_norms, layout
from dcgan_v1.porting.torch import norms as torch_norms
from dcgan_v1.porting.torch.functions import transposed_sizes

LSTM = '''\
class Lstm(nn.Module):
    """TF1's LSTM: gates i, j, f, o of one kernel, and one bias, where torch's has two."""

    def __init__(self, features, units, forget_bias):
        super().__init__()
        self.forget_bias = forget_bias
        self.kernel = nn.Parameter(torch.zeros(features + units, 4 * units))
        self.bias = nn.Parameter(torch.zeros(4 * units))

    def forward(self, x):
        h = c = x.new_zeros(len(x), len(self.bias) // 4)
        outputs = []
        for row in x.unbind(1):
            i, j, f, o = (torch.cat((row, h), 1) @ self.kernel + self.bias).chunk(4, 1)
            c = c * torch.sigmoid(f + self.forget_bias) + torch.sigmoid(i) * torch.tanh(j)
            h = torch.tanh(c) * torch.sigmoid(o)
            outputs.append(h)
        return torch.stack(outputs, 1)
'''
Pads = tuple[layout.Sides, layout.Sides]


@dataclass
class Layers:
    """A network's layers.

    Attributes:
      constructors: attribute -> the expression that makes the layer.
      padded: attributes of convolutions that are given maps with pixels around them.
      norms: attributes of batch norms that are not torch's own.
      holds: whether a call may leave averages as they are.
      refused: what torch has no layer for.
    """

    constructors: dict[str, str] = field(default_factory=dict)
    padded: set[str] = field(default_factory=set)
    norms: set[str] = field(default_factory=set)
    holds: bool = False
    refused: list[str] = field(default_factory=list)

    def call(self, name: str, node: d.Node, x: str) -> str:
        """Returns the call of a layer.

        Args:
          name: its attribute; node: the call; x: what it is given.
        """
        if node.kind == "conv" and name in self.padded:
            return f"self.{name}({layout.with_pads(x, _pads(node))})"
        if node.kind == "deconv":
            return f"self.{name}({x}){_transposed(node)[2]}"
        words = [x]
        if name in self.norms and contents.sets(node):
            words += ["moves=moves"] if self.holds else []
            words += ["averages=averages"] if contents.sets(node) > 1 else []
        return f"self.{name}({', '.join(words)})"


def of(program: d.Program, network: d.Network, own: Contents) -> Layers:
    """Returns a network's layers.

    Args:
      program: the description.
      network: whose layers are written.
      own: what the network holds, by its attributes.
    """
    layers = Layers(holds=contents.holds_averages(program, network))
    uses: dict[str, list[d.Node]] = {}
    for node in contents.nodes(network):
        key = naming.key_of(node)
        if key is not None and node.kind != "op":
            uses.setdefault(own.attributes[key], []).append(node)
    for name, nodes in uses.items():
        try:
            layers.constructors[name] = _constructor(program, network, name, nodes, layers)
        except d.Refused as error:
            layers.refused.append(f"{error} ({', '.join(nodes[0].ops)})")
    return layers


def _constructor(
    program: d.Program, network: d.Network, name: str, nodes: list[d.Node], layers: Layers
) -> str:
    node = nodes[0]
    if node.kind == "dropout":
        return f"nn.Dropout({node.settings['rate']})"
    if node.kind == "batch_norm":
        if not torch_norms.is_own(program, network, node):
            layers.norms.add(name)
        return torch_norms.constructor(program, network, node)
    if node.kind == "layer_norm":
        return layer_norms.constructor(program, network, node)
    if node.kind == "lstm":
        width = program.variables[node.variables["kernel"]].shape[0]
        units = node.settings["units"]
        return f"Lstm({width - units}, {units}, forget_bias={node.settings['forget']})"
    bias = [] if "bias" in node.variables else ["bias=False"]
    shape = program.variables[node.variables["kernel"]].shape
    if node.kind == "dense":
        return f"nn.Linear({', '.join([str(shape[0]), str(shape[1]), *bias])})"
    if node.kind == "conv":
        return _conv(shape, name, nodes, bias, layers)
    if node.kind == "deconv":
        return _deconv(shape, nodes, bias)
    raise d.Refused(f"a layer of kind {node.kind}")


def _conv(
    shape: tuple[int, ...], name: str, nodes: list[d.Node], bias: list[str], layers: Layers
) -> str:
    s = nodes[0].settings
    size, inputs, filters = shape[:2], shape[2], shape[3]
    words = [str(inputs), str(filters), square(size)]
    words += [f"stride={square(s['strides'])}"] if set(s["strides"]) != {1} else []
    pads = {_pads(node) for node in nodes}
    rows, columns = next(iter(pads))
    if len(pads) > 1 or rows[0] != rows[1] or columns[0] != columns[1]:
        layers.padded.add(name)  # more on one side, or another number in another call
    elif rows[0] or columns[0]:
        words.append(f"padding={square((rows[0], columns[0]))}")
    words += [f"dilation={square(s['dilations'])}"] if set(s["dilations"]) != {1} else []
    return f"nn.Conv2d({', '.join([*words, *bias])})"


def _deconv(shape: tuple[int, ...], nodes: list[d.Node], bias: list[str]) -> str:
    s = nodes[0].settings
    size, filters, inputs = shape[:2], shape[2], shape[3]
    known = {_transposed(node)[:2] for node in nodes}
    if len(known) > 1:
        raise d.Refused("a transposed convolution that is called with maps of several sizes")
    pad, out = next(iter(known))
    words = [str(inputs), str(filters), square(size)]
    words += [f"stride={square(s['strides'])}"] if set(s["strides"]) != {1} else []
    words += [f"padding={square(pad)}"] if set(pad) != {0} else []
    words += [f"output_padding={square(out)}"] if set(out) != {0} else []
    return f"nn.ConvTranspose2d({', '.join([*words, *bias])})"


def _pads(node: d.Node) -> Pads:
    return layout.pads(node.inputs[0].shape, node.settings)


def _transposed(node: d.Node) -> tuple[layout.Sides, layout.Sides, str]:
    return transposed_sizes(node.inputs[0].shape, node.value.shape, node.settings)
