"""Layer norms of a tf.Module port: with tf.nn's moments where they are the same function."""

from dcgan_v1.porting import description as d
from dcgan_v1.porting.keras import layer_norms

NORM = '''\
class {name}(tf.Module):
    """Layer norm over all axes but the batch{more}."""

    def __init__(self, features, epsilon, dtype):
        super().__init__()
        self.epsilon = epsilon
        self.gamma = tf.Variable(tf.ones([features], dtype))
        self.beta = tf.Variable(tf.zeros([features], dtype))

    def __call__(self, x):
        axes = list(range(1, len(x.shape)))
{moments}
        return tf.nn.batch_normalization(x, mean, variance, self.beta, self.gamma, self.epsilon)
'''
CLASSES = {  # class -> how its docstring goes on, and its moments
    "LayerNorm": ("", "        mean, variance = tf.nn.moments(x, axes, keepdims=True)"),
    "PlainLayerNorm": (
        "; no gradient is held back, as tf.nn.moments does",
        """\
        mean = tf.reduce_mean(x, axes, keepdims=True)
        variance = tf.reduce_mean(tf.square(x - mean), axes, keepdims=True)""",
    ),
}


def constructor(program: d.Program, network: d.Network, node: d.Node) -> str:
    """Returns the expression that makes a layer norm: tf.nn.moments hold a gradient back, which
    counts where it is differentiated twice.

    Args:
      program: whose steps call it; network: that holds it.
      node: the layer norm.
    """
    name = "LayerNorm" if layer_norms.is_own(program, network, node) else "PlainLayerNorm"
    return f"{name}({(node.value.shape or (0,))[-1]}, {node.settings['epsilon']}, dtype)"


def classes() -> dict[str, str]:
    """Returns name -> class of all layer norms."""
    return {
        name: NORM.format(name=name, more=more, moments=moments)
        for name, (more, moments) in CLASSES.items()
    }
