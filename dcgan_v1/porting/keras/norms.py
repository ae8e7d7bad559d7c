"""Batch norms of a Keras port: its own layer where that is the same function, or a few lines."""

from dcgan_v1.porting import description as d
from dcgan_v1.porting.text import contents
from dcgan_v1.porting.text.contents import sets

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


def is_own(program: d.Program, network: d.Network, node: d.Node) -> bool:
    """Whether Keras's own batch norm is the same function: one pair of averages, which every call
    in training moves, and which follow the biased variance.

    Args:
      program: whose steps call it; network: that holds it.
      node: the batch norm.
    """
    holds = contents.holds_averages(program, network)
    return sets(node) == 1 and not node.settings["fused"] and not holds


def _norms(program: d.Program) -> list[d.Node]:
    """The batch norms that are not Keras's own."""
    pairs = [(w, n) for w in program.networks for n in contents.nodes(w)]
    return [n for w, n in pairs if n.kind == "batch_norm" and not is_own(program, w, n)]


def classes(program: d.Program) -> list[str]:
    """Returns the classes of all batch norms that are not Keras's own."""
    norms = _norms(program)
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


def class_of(program: d.Program, network: d.Network, node: d.Node) -> str:
    """Returns the class of a batch norm.

    Args:
      program: what is written; network: that holds it.
      node: the batch norm.
    """
    if is_own(program, network, node):
        return "layers.BatchNormalization"
    kind = "FusedBatchNorm" if node.settings["fused"] else "BatchNorm"
    return f"{kind}OfSets" if sets(node) > 1 else kind
