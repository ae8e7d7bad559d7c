"""Layers of a tf.Module port: lines of TF's ops, and classes for what keeps averages."""

from collections.abc import Callable
from textwrap import indent

from dcgan_v1.porting import description as d
from dcgan_v1.porting.keras.norms import MOMENTS, ONCE
from dcgan_v1.porting.text import contents, initializers
from dcgan_v1.porting.text.printing import square
from dcgan_v1.porting.tf2 import layer_norms

DECONV = '''\
def conv2d_transpose(x, kernel, size, strides, padding):
    """A transposed convolution to maps of a size: height and width."""
    shape = [tf.shape(x)[0], *size, kernel.shape[2]]
    return tf.nn.conv2d_transpose(x, kernel, shape, strides, padding)
'''
DROPOUT = """\
class Dropout(tf.Module):
    def __init__(self, rate):
        super().__init__()
        self.rate = rate

    def __call__(self, x, training):
        return tf.nn.dropout(x, self.rate) if training else x
"""
LSTM = '''\
class Lstm(tf.Module):
    """TF1's LSTM: gates i, j, f, o of one kernel."""

    def __init__(self, kernel, bias, forget_bias):
        super().__init__()
        self.kernel, self.bias = tf.Variable(kernel), tf.Variable(bias)
        self.forget_bias = forget_bias

    def __call__(self, x):
        h = c = tf.zeros([tf.shape(x)[0], self.bias.shape[0] // 4], x.dtype)
        outputs = []
        for row in tf.unstack(x, axis=1):
            gates = tf.matmul(tf.concat([row, h], 1), self.kernel) + self.bias
            i, j, f, o = tf.split(gates, 4, 1)
            c = c * tf.sigmoid(f + self.forget_bias) + tf.sigmoid(i) * tf.tanh(j)
            h = tf.tanh(c) * tf.sigmoid(o)
            outputs.append(h)
        return tf.stack(outputs, 1)
'''
OWN = {"conv2d_transpose": DECONV, "Dropout": DROPOUT, "Lstm": LSTM}
WORDS = {"gamma": "scale", "beta": "center"}
HEAD = '''\
class {name}(tf.Module):
    """{said}."""

    def __init__({arguments}):
        super().__init__()
        {kept}
        self.gamma = {gamma}
        self.beta = {beta}
'''
ONE = """\
        self.moving_mean = tf.Variable(tf.zeros([features], dtype), trainable=False)
        self.moving_variance = tf.Variable(tf.ones([features], dtype), trainable=False)

    def __call__(self, x, training, moves):
        means, variances = self.moving_mean, self.moving_variance
"""
SETS = """\
        rows = range(sets)
        self.means = [tf.Variable(tf.zeros([features], dtype), trainable=False) for _ in rows]
        self.variances = [tf.Variable(tf.ones([features], dtype), trainable=False) for _ in rows]

    def __call__(self, x, training, moves, averages):
        means, variances = self.means[averages], self.variances[averages]
"""
BODY = """\
        if not training:
            return tf.nn.batch_normalization(
                x, means, variances, self.beta, self.gamma, self.epsilon
            )
        mean, variance = tf.nn.moments(x, list(range(len(x.shape) - 1)))
        if moves:
            means.assign_sub((1 - self.momentum) * (means - mean))
{average}            variances.assign_sub((1 - self.momentum) * (variances - {moved}))
        return tf.nn.batch_normalization(x, mean, variance, self.beta, self.gamma, self.epsilon)
"""
UNBIASED = """\
n = tf.cast(tf.size(x) // x.shape[-1], x.dtype)
unbiased = variance * n / (n - 1)  # as TF1's fused kernels have it
"""
ALONE = """
    def __call__(self, x):
        mean, variance = tf.nn.moments(x, list(range(len(x.shape) - 1)))
        return tf.nn.batch_normalization(x, mean, variance, self.beta, self.gamma, self.epsilon)
"""


def kernel_layer(node: d.Node, x: str, weight: Callable[[str], str]) -> str:
    """Returns the line of a dense layer or a convolution.

    Args:
      node: itself; x: what it is given.
      weight: TF1 variable -> expression.
    """
    s, kernel = node.settings, weight(node.variables["kernel"])
    if node.kind == "dense":
        made = f"tf.matmul({x}, {kernel})"
    elif node.kind == "conv":
        more = "" if set(s["dilations"]) == {1} else f", dilations={square(s['dilations'])}"
        words = f'{square(s["strides"])}, "{s["padding"].upper()}"{more}'
        made = f"tf.nn.conv2d({x}, {kernel}, {words})"
    elif node.kind == "deconv":
        _, h, w, _ = node.value.shape or (None,) * 4
        words = f'({h}, {w}), {square(s["strides"])}, "{s["padding"].upper()}"'
        made = f"conv2d_transpose({x}, {kernel}, {words})"
    else:
        raise d.Refused(f"a layer of kind {node.kind} ({', '.join(node.ops)})")
    return f"{made} + {weight(node.variables['bias'])}" if "bias" in node.variables else made


def norm(program: d.Program, network: d.Network, node: d.Node) -> str:
    """Returns the expression that makes a batch norm, or a layer norm.

    Args:
      program: whose steps call it; network: that holds it.
      node: the norm.
    """
    s, v = node.settings, node.variables
    if node.kind == "layer_norm":
        return layer_norms.constructor(program, network, node)
    momentum = s["momentum"] if s["momentum"] is not None else 0.99
    words = [str((node.value.shape or (0,))[-1])]
    words += [f"momentum={momentum}"] if contents.sets(node) else []
    words += [f"epsilon={s['epsilon']}", "dtype=dtype"]
    words += [f"{word}=False" for part, word in WORDS.items() if part not in v]
    words += [f"sets={contents.sets(node)}"] if contents.sets(node) > 1 else []
    return f"{class_of(node)}({', '.join(words)})"


def norm_starts(program: d.Program, node: d.Node, name: str) -> list[str]:
    """Returns the lines that give a batch norm other first values than ones and zeros.

    Args:
      program: what is written; node: the batch norm.
      name: its attribute.
    """
    from dcgan_v1.porting.tf2.networks import start

    return [
        f"self.{name}.{part}.assign({start(program, node.variables[part])})"
        for part, usual in (("gamma", "ones"), ("beta", "zeros"))
        if part in node.variables
        and initializers.kind_of(program, node.variables[part])[0] not in ("", usual)
    ]


def lstm(program: d.Program, node: d.Node) -> str:
    """Returns the expression that makes an LSTM.

    Raises:
      Refused: the length of its sequences is not known.
    """
    from dcgan_v1.porting.tf2.networks import start

    shape = node.inputs[0].shape
    if shape is None or shape[1] is None:
        raise d.Refused(f"an LSTM over sequences of unknown length ({', '.join(node.ops)})")
    words = [start(program, node.variables[part]) for part in ("kernel", "bias")]
    return f"Lstm({', '.join(words)}, forget_bias={node.settings['forget']})"


def class_of(node: d.Node) -> str:
    """Returns the class of a batch norm."""
    count = contents.sets(node)
    if not count:
        return "BatchNormAlone"
    name = "FusedBatchNorm" if node.settings["fused"] else "BatchNorm"
    return f"{name}OfSets" if count > 1 else name


def classes(program: d.Program) -> dict[str, str]:
    """Returns name -> class of all norms."""
    of_class: dict[str, list[d.Node]] = {}
    twice: set[str] = set()
    for network in program.networks:
        for node in contents.nodes(network):
            if node.kind == "batch_norm":
                of_class.setdefault(class_of(node), []).append(node)
                if node.settings["fused"] and contents.is_penalised(program, network):
                    twice.add(class_of(node))
    texts = {name: _class(name, nodes) for name, nodes in of_class.items()}
    texts = {n: t.replace(ONCE, MOMENTS) if n in twice else t for n, t in texts.items()}
    return texts | layer_norms.classes()


def _class(name: str, nodes: list[d.Node]) -> str:
    node = nodes[0]
    count = contents.sets(node)
    lacking = {p for p in ("gamma", "beta") if any(p not in n.variables for n in nodes)}
    arguments = ["self", "features", *(["momentum"] if count else []), "epsilon", "dtype"]
    arguments += [f"{word}=True" for part, word in WORDS.items() if part in lacking]
    arguments += ["sets=2"] if count > 1 else []
    made = {
        part: f"tf.Variable(tf.{values}([features], dtype))"
        + (f" if {WORDS[part]} else None" if part in lacking else "")
        for part, values in (("gamma", "ones"), ("beta", "zeros"))
    }
    kept = "self.momentum, self.epsilon = momentum, epsilon" if count else "self.epsilon = epsilon"
    said, words = _said(node), ", ".join(arguments)
    head = HEAD.format(name=name, said=said, arguments=words, kept=kept, **made)
    if not count:
        return head + ALONE
    averages = SETS if count > 1 else ONE
    fused = bool(node.settings["fused"])
    body = BODY.format(
        average=indent(UNBIASED, " " * 12) if fused else "",
        moved="unbiased" if fused else "variance",
    )
    return head + averages + body


def _said(node: d.Node) -> str:
    if not contents.sets(node):
        return "Batch norm by the batch alone: TF1 kept no averages"
    if contents.sets(node) > 1:
        return "Batch norm with averages of its own for each call: TF1 kept them apart"
    return "Batch norm that moves its averages where the step says so"
