"""Layer norms of a Keras port: its own where they are the same function, or a few lines."""

from dcgan_v1.porting import description as d
from dcgan_v1.porting.text import contents

NORM = '''\
class LayerNorm(layers.LayerNormalization):
    """Layer norm over all axes but the batch, which may be differentiated twice: Keras's own holds
    a gradient back."""

    def call(self, x):
        axes = list(range(1, len(x.shape)))
        mean = tf.reduce_mean(x, axes, keepdims=True)
        variance = tf.reduce_mean(tf.square(x - mean), axes, keepdims=True)
        return tf.nn.batch_normalization(x, mean, variance, self.beta, self.gamma, self.epsilon)
'''


def is_own(program: d.Program, network: d.Network, node: d.Node) -> bool:
    """Whether a layer of Keras's is the same function: it holds a gradient back, as tf.nn.moments
    does, which counts where it is differentiated twice.

    Args:
      program: whose steps call it; network: that holds it.
      node: the layer norm.
    """
    return bool(node.settings["held"]) or not contents.is_penalised(program, network)


def class_of(program: d.Program, network: d.Network, node: d.Node) -> tuple[str, tuple[str, ...]]:
    """Returns the class of a layer norm, and what stands first in its constructor.

    Args:
      program: what is written; network: that holds it.
      node: the layer norm.
    """
    if not is_own(program, network, node):
        return "LayerNorm", ()
    is_map = len(node.value.shape or ()) > 2  # gamma is one number a channel
    return ("layers.GroupNormalization", ("1",)) if is_map else ("layers.LayerNormalization", ())
