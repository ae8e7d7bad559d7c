"""Batch norms of a Keras port: its own layer where that is the same function, or a few lines."""

from textwrap import indent

from dcgan_v1.porting import description as d
from dcgan_v1.porting.text import contents
from dcgan_v1.porting.text.contents import sets

Pair = tuple[d.Network, d.Node]  # a batch norm and what holds it
OWN = "layers.BatchNormalization"
NORM = '''\
class {name}(layers.BatchNormalization):
    """Batch norm {said}."""

    def call(self, x, training=False{words}):
{held}{moved}
'''
HELD = """\
        if training and not moves:
            mean, variance = tf.nn.moments(x, list(range(len(x.shape) - 1)))
            return tf.nn.batch_normalization(x, mean, variance, {beta}, {gamma}, self.epsilon)
"""
ALONE = '''\
class BatchNormAlone(layers.BatchNormalization):
    """Batch norm by the batch alone: TF1 moved no averages."""

    def call(self, x):
        mean, variance = tf.nn.moments(x, list(range(len(x.shape) - 1)))
        return tf.nn.batch_normalization(x, mean, variance, {beta}, {gamma}, self.epsilon)
'''
PLAIN = "        return super().call(x, training=training)"
UNBIASED = """\
        before = tf.identity(self.moving_variance)
        y = super().call(x, training=training)
        if training:
            n = tf.cast(tf.size(x) // x.shape[-1], x.dtype)
            moved = self.moving_variance - self.momentum * before  # (1 - momentum) * variance
            self.moving_variance.assign_add(moved / (n - 1))
        return y"""
ONCE = "        mean, variance = tf.nn.moments(x, list(range(len(x.shape) - 1)))\n"
MOMENTS = """\
        axes = list(range(len(x.shape) - 1))
        mean = tf.reduce_mean(x, axes)  # tf.nn.moments holds its gradient back: a penalty needs it
        variance = tf.reduce_mean(tf.square(x - mean), axes)
"""
TWICE = f"""\
        if not training:
            return super().call(x)
{MOMENTS}{{moved}}
        return tf.nn.batch_normalization(x, mean, variance, {{beta}}, {{gamma}}, self.epsilon)"""
MOVED = """\
n = tf.cast(tf.size(x) // x.shape[-1], x.dtype)
unbiased = variance * n / (n - 1)
self.moving_mean.assign_sub((1 - self.momentum) * (self.moving_mean - mean))
self.moving_variance.assign_sub((1 - self.momentum) * (self.moving_variance - unbiased))"""
SETS = '''\
class {name}({base}):
    """Batch norm with averages of its own for each call: TF1 keeps reals and fakes apart."""

    def build(self, input_shape):
        super().build(input_shape)
{added}
        self.pairs = [(self.moving_mean, self.moving_variance), {pairs}]

    def call(self, x, training=False{words}, averages=0):
        self.moving_mean, self.moving_variance = self.pairs[averages]
        return super().call(x, training=training{given})
'''
ADDED = """
        {0}_{3} = self.add_weight(input_shape[-1:], "{1}", trainable=False, name="moving_{2}_{3}")
"""
PARTS = (("mean", "zeros", "mean"), ("var", "ones", "variance"))  # short for it, begins with, name


def is_own(program: d.Program, network: d.Network, node: d.Node) -> bool:
    """Whether Keras's own batch norm is the same function: one pair of averages, which every call
    in training moves, and which follow the biased variance.

    Args:
      program: whose steps call it; network: that holds it.
      node: the batch norm.
    """
    holds = contents.holds_averages(program, network)
    return sets(node) == 1 and not node.settings["fused"] and not holds


def classes(program: d.Program) -> dict[str, str]:
    """Returns name -> class of all batch norms that are not Keras's own."""
    pairs = [(w, n) for w in program.networks for n in contents.nodes(w)]
    of_class: dict[str, list[Pair]] = {}
    for pair in pairs:
        if pair[1].kind == "batch_norm" and not is_own(program, *pair):
            of_class.setdefault(class_of(program, *pair), []).append(pair)
    bases: dict[str, str] = {}
    several: dict[str, str] = {}
    for name, norms in of_class.items():
        base = _base(program, norms)
        if base != OWN and base not in bases:
            alike = [p for ps in of_class.values() if _base(program, ps) == base for p in ps]
            bases[base] = _class(program, base, alike)
        if sets(norms[0][1]) > 1:
            several[name] = _of_sets(program, name, base, norms)
    return bases | several


def _base(program: d.Program, norms: list[Pair]) -> str:
    """The class that norms of several pairs of averages are made of, or that others are."""
    if not sets(norms[0][1]):
        return "BatchNormAlone"
    fused = bool(norms[0][1].settings["fused"])
    if not fused and not _holds(program, norms) and sets(norms[0][1]) > 1:
        return OWN
    return "FusedBatchNorm" if fused else "BatchNorm"


def _holds(program: d.Program, norms: list[Pair]) -> bool:
    return any(contents.holds_averages(program, network) for network, _ in norms)


def _class(program: d.Program, name: str, norms: list[Pair]) -> str:
    fused, holds = name == "FusedBatchNorm", _holds(program, norms)
    said = ["that moves its averages where it is told to"] if holds else []
    if fused:
        rest = "follow the unbiased variance, as TF1's fused kernels have it"
        said.append(f"they {rest}" if holds else f"whose averages {rest}")
    words = {part: _part(part, norms) for part in ("gamma", "beta")}
    twice = any(n.settings["fused"] and contents.is_penalised(program, w) for w, n in norms)
    if name == "BatchNormAlone":
        return (ALONE.replace(ONCE, MOMENTS) if twice else ALONE).format(**words)
    if twice:
        inner = f"if moves:\n{indent(MOVED, '    ')}" if holds else MOVED
        body = TWICE.format(moved=indent(inner, " " * 8), **words)
    else:
        body = UNBIASED if fused else PLAIN
    return NORM.format(
        name=name,
        said=";\n    ".join(said),
        words=", moves=True" if holds else "",
        held=HELD.format(**words) if holds and not twice else "",
        moved=body,
    )


def _part(part: str, norms: list[Pair]) -> str:
    """The expression of gamma or beta, which some of the norms may lack, or all."""
    lacking = [part not in norm.variables for _, norm in norms]
    if all(lacking):
        return "None"
    word = {"gamma": "scale", "beta": "center"}[part]
    return f"self.{part} if self.{word} else None" if any(lacking) else f"self.{part}"


def _of_sets(program: d.Program, name: str, base: str, norms: list[Pair]) -> str:
    more = range(1, sets(norms[0][1]))
    holds = base != OWN and _holds(program, norms)
    return SETS.format(
        name=name,
        base=base,
        added="\n".join(ADDED.format(*part, i).strip("\n") for i in more for part in PARTS),
        pairs=", ".join(f"(mean_{i}, var_{i})" for i in more),
        words=", moves=True" if holds else "",
        given=", moves=moves" if holds else "",
    )


def class_of(program: d.Program, network: d.Network, node: d.Node) -> str:
    """Returns the class of a batch norm.

    Args:
      program: what is written; network: that holds it.
      node: the batch norm.
    """
    if is_own(program, network, node):
        return OWN
    if not sets(node):
        return "BatchNormAlone"
    kind, count = "FusedBatchNorm" if node.settings["fused"] else "BatchNorm", sets(node)
    return f"{kind}Of{'' if count == 2 else count}Sets" if count > 1 else kind
