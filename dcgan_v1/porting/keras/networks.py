"""networks.py of a Keras port: each network a `keras.Model` of Keras's own layers."""

from dataclasses import dataclass

from dcgan_v1.porting import description as d
from dcgan_v1.porting.keras import initializers as keras_starts
from dcgan_v1.porting.keras import layer_norms
from dcgan_v1.porting.keras import layers as keras_layers
from dcgan_v1.porting.keras import norms as keras_norms
from dcgan_v1.porting.tensorflow import tf_ops
from dcgan_v1.porting.text import contents, imports
from dcgan_v1.porting.text import names as naming
from dcgan_v1.porting.text.contents import attribute_of, class_name, has_sets, sets


def text(program: d.Program) -> str:
    """Returns the file."""
    own = {n.name: contents.of(program, n) for n in program.networks}
    layers = {
        network.name: {
            name: keras_layers.of(program, network, node)
            for name, node in own[network.name].layers.items()
        }
        for network in program.networks
    }
    known = keras_layers.shared(layer for of in layers.values() for layer in of.values())
    bodies = []
    for network in program.networks:
        made = {name: layer.line(name, known) for name, layer in layers[network.name].items()}
        bodies.append(_network(program, network, own[network.name], made))
    starts, bodies = keras_starts.shared(bodies)
    shared = [f"{line}\n" for line in (*starts, *keras_layers.definitions(known))]
    code = "\n\n".join([*(["".join(shared)] if shared else []), *bodies])
    taken = imports.lines(code, {"own_layers": own_layers(program)})
    return "\n".join(['"""The networks of a TF1 program, in Keras."""', "", *taken, "", "", code])


def own_layers(program: d.Program) -> dict[str, str]:
    """Returns name -> definition of what Keras lacks: norms and functions."""
    return tf_ops.OWN | {"LayerNorm": layer_norms.NORM} | keras_norms.classes(program)


def _network(
    program: d.Program, network: d.Network, own: contents.Contents, layers: dict[str, str]
) -> str:
    """Returns a network's class.

    Args:
      program: what is written; network: itself.
      own: what it holds.
      layers: attribute -> constructor.
    """
    lines = [f"class {class_name(network)}(keras.Model):"]
    lines += ["    def __init__(self, **kwargs):", "        super().__init__(**kwargs)"]
    lines += [f"        self.{name} = {made}" for name, made in layers.items()]
    lines += [f"        {_weight(program, v, network)}" for v in own.weights]
    for function in network.functions:
        lines += ["", *_function(program, network, function, own.attributes)]
    return "\n".join(lines) + "\n"


def _weight(program: d.Program, variable: str, network: d.Network) -> str:
    known = program.variables[variable]
    name = attribute_of(network, variable)
    initializer = keras_starts.initializer(program, variable, "")
    more = f", initializer={initializer}" if initializer else ""
    trains = "" if known.trainable else ", trainable=False"
    return f'self.{name} = self.add_weight(shape={known.shape}, name="{name}"{more}{trains})'


def _function(
    program: d.Program,
    network: d.Network,
    function: d.Function,
    attributes: dict[tuple[str, ...], str],
) -> list[str]:
    holds = contents.holds_averages(program, network)
    fixed = contents.arguments(function)
    values = naming.allocate(function.nodes, fixed, [v.name for v in function.outputs])
    is_call = function.name == "call"
    words = ["self", *fixed.values()]
    words += ["training=False"] if function.takes_training and not is_call else []
    words += ["moves=True"] if holds and contents.keeps_averages(function) else []
    words += ["averages=0"] if has_sets(function) else []
    printer = tf_ops.Printer(
        values, lambda name: f"self.{attribute_of(network, name)}", "keras.config.floatx()"
    )
    more = Modes(is_call, holds)
    lines = contents.body(function, printer, lambda node: _right(node, printer, attributes, more))
    if printer.refused:
        raise d.Refused("; ".join(printer.refused))
    head = f"    def {function.name}({', '.join(words)}):"
    return [head, *(f"        {line}" for line in lines)]


@dataclass(frozen=True)
class Modes:
    """What a network's function hands on to its layers.

    Attributes:
      is_call: whether Keras does so with the mode: in `call`, which is run by the model's own.
      holds: whether a call may leave averages as they are.
    """

    is_call: bool
    holds: bool

    def words(self, node: d.Node) -> str:
        """Returns the arguments of a layer after what it is given."""
        training = "" if self.is_call else ", training=training"
        if node.kind == "dropout":
            return training
        if node.kind != "batch_norm" or not sets(node):
            return ""
        more = ", moves=moves" if self.holds else ""
        return training + more + (", averages=averages" if sets(node) > 1 else "")


def _right(
    node: d.Node, printer: tf_ops.Printer, attributes: dict[tuple[str, ...], str], modes: Modes
) -> str:
    """Returns the right side of a node's line in a network's function.

    Args:
      node: itself; printer: that says expressions.
      attributes: key of a layer -> attribute.
      modes: what is handed on.
    """
    key = naming.key_of(node)
    if key is None or node.kind == "op":
        return printer.expression(node)
    return f"self.{attributes[key]}({printer.operand(node.inputs[0])}{modes.words(node)})"


def paths(program: d.Program, network: d.Network) -> dict[str, str]:
    """Returns TF1 variable -> path in the network, of what its layers train."""
    layers = contents.of(program, network).layers
    return {
        variable: f"{attribute}/{part}"
        for attribute, node in layers.items()
        if node.kind in d.LAYERS and node.kind != "lstm"  # its kernel is two in Keras
        for part, variable in node.variables.items()
        if part not in ("mean", "variance")
    }
