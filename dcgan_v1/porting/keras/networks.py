"""networks.py of a Keras port: each network a `keras.Model` of Keras's own layers."""

from dcgan_v1.porting import description as d
from dcgan_v1.porting.graphs import tf_ops
from dcgan_v1.porting.keras import norms as keras_norms
from dcgan_v1.porting.keras import starts as keras_starts
from dcgan_v1.porting.text import contents
from dcgan_v1.porting.text import names as naming
from dcgan_v1.porting.text.contents import attribute_of, class_name, has_sets, sets
from dcgan_v1.porting.text.printing import square


def text(program: d.Program) -> str:
    """Returns the file."""
    bodies = [_network(program, network) for network in program.networks]
    starts, bodies = keras_starts.shared(bodies)
    lines = ['"""The networks of a TF1 program, in Keras."""', ""]
    lines += ["from functools import partial", ""] if starts else []
    has_array = any("np." in body for body in bodies)
    lines += ["import keras", *(["import numpy as np"] if has_array else [])]
    lines += ["import tensorflow as tf", "", "layers = keras.layers", *starts, "", "", ""]
    classes = "".join(keras_norms.classes(program))
    return "\n".join(lines) + classes + "\n\n".join(bodies)


def _network(program: d.Program, network: d.Network) -> str:
    own = contents.of(program, network)
    lines = [f"class {class_name(network)}(keras.Model):"]
    lines += ["    def __init__(self, **kwargs):", "        super().__init__(**kwargs)"]
    for name, node in own.layers.items():
        lines.append(f"        self.{name} = {_named(_layer(program, network, node), name)}")
    lines += [f"        {_weight(program, v, network)}" for v in own.weights]
    for function in network.functions:
        lines += ["", *_function(program, network, function, own.attributes)]
    return "\n".join(lines) + "\n"


def _named(constructor: str, name: str) -> str:
    """A layer's constructor with its name, which weights files and the map go by."""
    inner = constructor.removesuffix(")")
    return f'{inner}{"" if inner.endswith("(") else ", "}name="{name}")'


def _weight(program: d.Program, variable: str, network: d.Network) -> str:
    known = program.variables[variable]
    name = attribute_of(network, variable)
    initializer = keras_starts.initializer(program, variable, "")
    more = f", initializer={initializer}" if initializer else ""
    trains = "" if known.trainable else ", trainable=False"
    return f'self.{name} = self.add_weight(shape={known.shape}, name="{name}"{more}{trains})'


def _layer(program: d.Program, network: d.Network, node: d.Node) -> str:
    """Returns the constructor of a layer."""
    s, v = node.settings, node.variables
    words: list[str] = []
    if node.kind == "dropout":
        return f"layers.Dropout({s['rate']})"
    if node.kind == "batch_norm":
        return keras_norms.constructor(program, network, node)
    if node.kind == "lstm":
        return _lstm(program, node)
    if node.kind == "dense":
        words.append(str(s["units"]))
    else:
        words += [str(s["filters"]), square(s["size"])]
        if set(s["strides"]) != {1}:
            words.append(f"strides={square(s['strides'])}")
        if s["padding"] != "valid":
            words.append(f'padding="{s["padding"]}"')
        if set(s["dilations"]) != {1}:
            words.append(f"dilation_rate={square(s['dilations'])}")
    if "bias" not in v:
        words.append("use_bias=False")
    elif bias := keras_starts.initializer(program, v["bias"], "zeros"):
        words.append(f"bias_initializer={bias}")
    if kernel := keras_starts.initializer(program, v["kernel"], "glorot_uniform"):
        words.append(f"kernel_initializer={kernel}")
    kind = {"dense": "Dense", "conv": "Conv2D", "deconv": "Conv2DTranspose"}[node.kind]
    return f"layers.{kind}({', '.join(words)})"


def _lstm(program: d.Program, node: d.Node) -> str:
    words = [str(node.settings["units"]), "return_sequences=True"]
    if node.settings["forget"] != 1:
        words.append("unit_forget_bias=False")
    if kernel := keras_starts.initializer(program, node.variables["kernel"], ""):
        words += [f"kernel_initializer={kernel}", f"recurrent_initializer={kernel}"]
    return f"layers.LSTM({', '.join(words)})"


def _function(
    program: d.Program,
    network: d.Network,
    function: d.Function,
    attributes: dict[tuple[str, ...], str],
) -> list[str]:
    holds = contents.holds_averages(program, network)
    fixed = contents.arguments(function)
    values = naming.allocate(function.nodes, fixed, [v.name for v in function.outputs])
    words = ["self", *fixed.values()]
    words += ["training=False"] if function.takes_training else []
    words += ["moves=True"] if holds and contents.has_norm(function) else []
    words += ["averages=0"] if has_sets(function) else []
    printer = tf_ops.Printer(
        values, lambda name: f"self.{attribute_of(network, name)}", "keras.config.floatx()"
    )
    lines = contents.body(function, printer, lambda node: _right(node, printer, attributes, holds))
    if printer.refused:
        raise d.Refused("; ".join(printer.refused))
    head = f"    def {function.name}({', '.join(words)}):"
    return [head, *(f"        {line}" for line in lines)]


def _right(
    node: d.Node, printer: tf_ops.Printer, attributes: dict[tuple[str, ...], str], holds: bool
) -> str:
    """Returns the right side of a node's line in a network's function.

    Args:
      node: itself; printer: that says expressions.
      attributes: key of a layer -> attribute.
      holds: whether a call may leave averages as they are.
    """
    key = naming.key_of(node)
    if key is None or node.kind == "op":
        return printer.expression(node)
    norm = ", training=training" + (", moves=moves" if holds else "")
    norm += ", averages=averages" if sets(node) > 1 else ""
    more = {"batch_norm": norm, "dropout": ", training=training"}
    return f"self.{attributes[key]}({printer.operand(node.inputs[0])}{more.get(node.kind, '')})"


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
