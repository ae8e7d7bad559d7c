"""networks.py of a Keras port: each network a `keras.Model` of Keras's own layers."""

from dcgan_v1.porting import description as d
from dcgan_v1.porting.graphs import tf_ops
from dcgan_v1.porting.keras import starts as keras_starts
from dcgan_v1.porting.text import contents, starts
from dcgan_v1.porting.text import names as naming
from dcgan_v1.porting.text.contents import attribute_of, class_name, has_norm, has_sets, sets
from dcgan_v1.porting.text.printing import square

BATCH_NORM = '''\
class BatchNorm(layers.BatchNormalization):
    """Batch norm that moves its averages where it is told to{more}."""

    def call(self, x, training=False, moves=True):
        if not training:
            return super().call(x, training=False)
        mean, variance = tf.nn.moments(x, list(range(len(x.shape) - 1)))
        if moves:
            n = tf.cast(tf.size(x) // x.shape[-1], x.dtype)
            average = {average}
            self.moving_mean.assign_sub((1 - self.momentum) * (self.moving_mean - mean))
            self.moving_variance.assign_sub((1 - self.momentum) * (self.moving_variance - average))
        gamma, beta = self.gamma if self.scale else None, self.beta if self.center else None
        return tf.nn.batch_normalization(x, mean, variance, beta, gamma, self.epsilon)


'''


def text(program: d.Program) -> str:
    """Returns the file."""
    bodies = [_network(program, network) for network in program.networks]
    kinds = [n for w in program.networks for n in contents.nodes(w)]
    starts, bodies = keras_starts.shared(bodies)
    lines = ['"""The networks of a TF1 program, in Keras."""', ""]
    lines += ["from functools import partial", ""] if starts else []
    has_array = any("np." in body for body in bodies)
    lines += ["import keras", *(["import numpy as np"] if has_array else [])]
    lines += ["import tensorflow as tf", "", "layers = keras.layers", *starts, "", "", ""]
    norms = [n for n in kinds if n.kind == "batch_norm"]
    classes = "".join(_batch_norm_classes(norms))
    return "\n".join(lines) + classes + "\n\n".join(bodies)


def _batch_norm_classes(norms: list[d.Node]) -> list[str]:
    fused = any(n.settings["fused"] for n in norms)
    plain = any(not n.settings["fused"] for n in norms)
    made = []
    if plain:
        made.append(BATCH_NORM.format(more="", average="variance").replace(_COUNT, ""))
    if fused:
        body = BATCH_NORM.format(
            more=";\n    they follow the unbiased variance, as TF1's fused kernels have it",
            average="variance * n / (n - 1)",
        )
        made.append(body.replace("class BatchNorm(", "class FusedBatchNorm("))
    for is_fused, kind in ((False, "BatchNorm"), (True, "FusedBatchNorm")):
        several = [n for n in norms if n.settings["fused"] == is_fused and sets(n) > 1]
        made += [SETS.format(kind=kind)] if several else []
    return made


SETS = '''\
class {kind}OfSets({kind}):
    """The same with several pairs of averages: TF1 keeps one for reals and another for fakes."""

    def __init__(self, sets, **kwargs):
        super().__init__(**kwargs)
        self.sets = sets

    def build(self, input_shape):
        super().build(input_shape)
        words = {{"shape": self.moving_mean.shape, "trainable": False}}
        self.pairs = [(self.moving_mean, self.moving_variance)]
        for i in range(1, self.sets):
            mean = self.add_weight(name=f"moving_mean_{{i}}", initializer="zeros", **words)
            variance = self.add_weight(name=f"moving_variance_{{i}}", initializer="ones", **words)
            self.pairs.append((mean, variance))

    def call(self, x, training=False, moves=True, averages=0):
        self.moving_mean, self.moving_variance = self.pairs[averages]
        y = super().call(x, training=training, moves=moves)
        self.moving_mean, self.moving_variance = self.pairs[0]
        return y


'''
_COUNT = "            n = tf.cast(tf.size(x) // x.shape[-1], x.dtype)\n"


def _network(program: d.Program, network: d.Network) -> str:
    own = contents.of(program, network)
    lines = [f"class {class_name(network)}(keras.Model):"]
    lines += ["    def __init__(self, **kwargs):", "        super().__init__(**kwargs)"]
    for name, node in own.layers.items():
        lines.append(f"        self.{name} = {_named(_layer(program, node), name)}")
    lines += [f"        {_weight(program, v, network)}" for v in own.weights]
    for function in network.functions:
        lines += ["", *_function(network, function, own.attributes)]
    return "\n".join(lines) + "\n"


def _named(constructor: str, name: str) -> str:
    """A layer's constructor with its name, which weights files and the map go by."""
    inner = constructor.removesuffix(")")
    return f'{inner}{"" if inner.endswith("(") else ", "}name="{name}")'


def _weight(program: d.Program, variable: str, network: d.Network) -> str:
    known = program.variables[variable]
    name = attribute_of(network, variable)
    initializer = _initializer(program, variable, "")
    more = f", initializer={initializer}" if initializer else ""
    trains = "" if known.trainable else ", trainable=False"
    return f'self.{name} = self.add_weight(shape={known.shape}, name="{name}"{more}{trains})'


def _initializer(program: d.Program, variable: str, default: str) -> str:
    kind, numbers = starts.kind_of(program, variable)
    if kind in ("zeros", "ones", "glorot_uniform"):
        return "" if kind == default else f'"{kind}"'
    arguments = {
        "constant": ("Constant", ("value",)),
        "normal": ("RandomNormal", ("mean", "stddev")),
        "truncated_normal": ("TruncatedNormal", ("mean", "stddev")),
        "uniform": ("RandomUniform", ("low", "high")),
    }.get(kind)
    if arguments is None:
        return ""
    name, words = arguments
    inner = ", ".join(repr(numbers[w]) for w in words)
    return f"keras.initializers.{name}({inner})"


def _layer(program: d.Program, node: d.Node) -> str:
    """Returns the constructor of a layer."""
    s, v = node.settings, node.variables
    words: list[str] = []
    if node.kind == "dropout":
        return f"layers.Dropout({s['rate']})"
    if node.kind == "batch_norm":
        return _batch_norm(program, node)
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
    elif bias := _initializer(program, v["bias"], "zeros"):
        words.append(f"bias_initializer={bias}")
    if kernel := _initializer(program, v["kernel"], "glorot_uniform"):
        words.append(f"kernel_initializer={kernel}")
    kind = {"dense": "Dense", "conv": "Conv2D", "deconv": "Conv2DTranspose"}[node.kind]
    return f"layers.{kind}({', '.join(words)})"


def _lstm(program: d.Program, node: d.Node) -> str:
    words = [str(node.settings["units"]), "return_sequences=True"]
    if node.settings["forget"] != 1:
        words.append("unit_forget_bias=False")
    if kernel := _initializer(program, node.variables["kernel"], ""):
        words += [f"kernel_initializer={kernel}", f"recurrent_initializer={kernel}"]
    return f"layers.LSTM({', '.join(words)})"


def _batch_norm(program: d.Program, node: d.Node) -> str:
    s, v = node.settings, node.variables
    momentum = s["momentum"] if s["momentum"] is not None else 0.99
    words = [f"momentum={momentum}", f"epsilon={s['epsilon']}"]
    words += ["scale=False"] if "gamma" not in v else []
    words += ["center=False"] if "beta" not in v else []
    if "gamma" in v and (gamma := _initializer(program, v["gamma"], "ones")):
        words.append(f"gamma_initializer={gamma}")
    if "beta" in v and (beta := _initializer(program, v["beta"], "zeros")):
        words.append(f"beta_initializer={beta}")
    kind = "FusedBatchNorm" if s["fused"] else "BatchNorm"
    if sets(node) > 1:
        kind += "OfSets"
        words.insert(0, str(sets(node)))
    return f"{kind}({', '.join(words)})"


def _function(
    network: d.Network, function: d.Function, attributes: dict[tuple[str, ...], str]
) -> list[str]:
    fixed = contents.arguments(function)
    values = naming.allocate(function.nodes, fixed, [v.name for v in function.outputs])
    words = ["self", *fixed.values()]
    words += ["training=False"] if function.takes_training else []
    words += ["moves=True"] if has_norm(function) else []
    words += ["averages=0"] if has_sets(function) else []
    printer = tf_ops.Printer(
        values, lambda name: f"self.{attribute_of(network, name)}", "keras.config.floatx()"
    )
    lines = contents.body(function, printer, lambda node: _right(node, printer, attributes))
    if printer.refused:
        raise d.Refused("; ".join(printer.refused))
    head = f"    def {function.name}({', '.join(words)}):"
    return [head, *(f"        {line}" for line in lines)]


def _right(node: d.Node, printer: tf_ops.Printer, attributes: dict[tuple[str, ...], str]) -> str:
    """Returns the right side of a node's line in a network's function."""
    key = naming.key_of(node)
    if key is None or node.kind == "op":
        return printer.expression(node)
    norm = ", training=training, moves=moves"
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
