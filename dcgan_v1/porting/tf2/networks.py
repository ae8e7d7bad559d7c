"""networks.py of a tf.Module port: each network's variables, named after TF1's, and TF's ops."""

from dcgan_v1.porting import description as d
from dcgan_v1.porting.tensorflow import tf_ops
from dcgan_v1.porting.text import contents, imports, initializers
from dcgan_v1.porting.text import names as naming
from dcgan_v1.porting.text.contents import attribute_of, class_name, has_sets, keeps_averages
from dcgan_v1.porting.tf2 import layers as tf2_layers

START = {
    "zeros": "tf.zeros({shape}, dtype)",
    "ones": "tf.ones({shape}, dtype)",
    "constant": "tf.fill({shape}, tf.constant({value}, dtype))",
    "normal": "tf.random.normal({shape}, {mean}, {stddev}, dtype)",
    "truncated_normal": "tf.random.truncated_normal({shape}, {mean}, {stddev}, dtype)",
    "uniform": "tf.random.uniform({shape}, {low}, {high}, dtype)",
    "glorot_uniform": "glorot({shape}, dtype)",
    "fan_in_uniform": "fan_in({shape}, dtype)",
}
RULES = {
    "glorot": '''\
def glorot(shape, dtype):
    """Uniform numbers within the limits of Glorot and Bengio."""
    limit = math.sqrt(6 / (math.prod(shape[:-2]) * sum(shape[-2:])))
    return tf.random.uniform(shape, -limit, limit, dtype)
''',
    "fan_in": '''\
def fan_in(shape, dtype):
    """Uniform numbers within 1 / sqrt(fan in)."""
    limit = 1 / math.sqrt(math.prod(shape[:-1]))
    return tf.random.uniform(shape, -limit, limit, dtype)
''',
}


def text(program: d.Program) -> str:
    """Returns the file.

    Raises:
      Refused: it holds what no line is written for.
    """
    bodies = [_network(program, network) for network in program.networks]
    code = "\n\n".join(bodies)
    taken = imports.lines(code, {"own_layers": own_layers(program)})
    head = ['"""The networks of a TF1 program, as tf.Modules."""', "", *taken]
    return "\n".join([*head, "", "", code])


def own_layers(program: d.Program) -> dict[str, str]:
    """Returns name -> definition of what TensorFlow has no function or module for."""
    return RULES | tf_ops.OWN | tf2_layers.OWN | tf2_layers.classes(program)


def _network(program: d.Program, network: d.Network) -> str:
    own = contents.of(program, network)
    lines = [f"class {class_name(network)}(tf.Module):"]
    lines += [
        "    def __init__(self, dtype=tf.float32, name=None):",
        "        super().__init__(name)",
    ]
    lines.append("        self.dtype = dtype")
    for name, node in own.layers.items():
        if node.kind == "dropout":
            lines.append(f"        self.{name} = Dropout({node.settings['rate']})")
        elif node.kind in contents.NORMS:
            lines.append(f"        self.{name} = {tf2_layers.norm(program, network, node)}")
            lines += [f"        {x}" for x in tf2_layers.norm_starts(program, node, name)]
        elif node.kind == "lstm":
            lines.append(f"        self.{name} = {tf2_layers.lstm(program, node)}")
        else:
            lines += [f"        {_variable(program, network, v)}" for v in node.variables.values()]
    lines += [f"        {_variable(program, network, v)}" for v in own.weights]
    for function in network.functions:
        lines += ["", *(f"    {line}" for line in _function(network, function, own))]
    return "\n".join(lines) + "\n"


def _variable(program: d.Program, network: d.Network, variable: str) -> str:
    trains = "" if program.variables[variable].trainable else ", trainable=False"
    name = attribute_of(network, variable)
    return f"self.{name} = tf.Variable({start(program, variable)}{trains})"


def start(program: d.Program, variable: str) -> str:
    """Returns the expression of a variable's first values; those of no known kind are Glorot's."""
    kind, numbers = initializers.kind_of(program, variable)
    shape = list(program.variables[variable].shape)
    default = "glorot_uniform" if len(shape) > 1 else "zeros"
    return START[kind or default].format(shape=shape, **numbers)


def _function(network: d.Network, function: d.Function, own: contents.Contents) -> list[str]:
    fixed = contents.arguments(function)
    values = naming.allocate(function.nodes, fixed, [v.name for v in function.outputs])
    words = ["self", *fixed.values()]
    words += ["training=False"] if function.takes_training else []
    words += ["moves=True"] if keeps_averages(function) else []
    words += ["averages=0"] if has_sets(function) else []

    def weight(variable: str) -> str:
        return f"self.{attribute_of(network, variable)}"

    printer = tf_ops.Printer(values, weight, "self.dtype")

    def right(node: d.Node) -> str:
        key = naming.key_of(node)
        if key is None or node.kind == "op":
            return printer.expression(node)
        x = printer.operand(node.inputs[0])
        if node.kind == "dropout":
            return f"self.{own.attributes[key]}({x}, training)"
        if node.kind in ("lstm", "layer_norm"):
            return f"self.{own.attributes[key]}({x})"
        if node.kind == "batch_norm":
            more = ["training", "moves"] if contents.sets(node) else []
            more += ["averages"] if contents.sets(node) > 1 else []
            return f"self.{own.attributes[key]}({', '.join([x, *more])})"
        return tf2_layers.kernel_layer(node, x, weight)

    lines = contents.body(function, printer, right)
    if printer.refused:
        raise d.Refused("; ".join(printer.refused))
    name = "__call__" if function.name == "call" else function.name
    return [f"def {name}({', '.join(words)}):", *(f"    {line}" for line in lines)]


def paths(program: d.Program, network: d.Network) -> dict[str, str]:
    """Returns TF1 variable -> path in the network."""
    own = contents.of(program, network)
    rows: dict[str, str] = {}
    for attribute, node in own.layers.items():
        if node.kind == "lstm":
            rows |= {v: f"{attribute}/{part}" for part, v in node.variables.items()}
            continue
        if node.kind not in contents.NORMS:
            rows |= {v: attribute_of(network, v) for v in node.variables.values()}
            continue
        for part in ("gamma", "beta"):
            if part in node.variables:
                rows[node.variables[part]] = f"{attribute}/{part}"
        pairs = node.settings.get("averages", ())
        for i, pair in enumerate(pairs):
            for variable, name in zip(pair, ("means", "variances"), strict=True):
                word = f"{name}/{i}" if len(pairs) > 1 else f"moving_{name.removesuffix('s')}"
                rows[variable] = f"{attribute}/{word}"
    return rows | {v: attribute_of(network, v) for v in own.weights}
