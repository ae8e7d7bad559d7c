"""Layer norms of a PyTorch port: its own where they are the same function, or a few lines."""

from dcgan_v1.porting import description as d
from dcgan_v1.porting.text import contents

NORM = '''\
class LayerNorm(nn.Module):
    """Layer norm over all axes but the batch; a penalty that differentiates it twice finds the
    mean within the variance held back, as TF1's moments have it."""

    def __init__(self, features, eps):
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(features))
        self.bias = nn.Parameter(torch.zeros(features))

    def forward(self, x):
        axes = list(range(1, x.ndim))
        mean = x.mean(axes, keepdim=True)
        variance = (x - mean.detach()).square().mean(axes, keepdim=True)
        weight, bias = (p.reshape(-1, *[1] * (x.ndim - 2)) for p in (self.weight, self.bias))
        return (x - mean) * torch.rsqrt(variance + self.eps) * weight + bias
'''


def is_own(program: d.Program, network: d.Network, node: d.Node) -> bool:
    """Whether a layer of torch's is the same function: it holds no gradient back, as tf.nn.moments
    does, which counts where it is differentiated twice.

    Args:
      program: whose steps call it; network: that holds it.
      node: the layer norm.
    """
    return not node.settings["held"] or not contents.is_penalised(program, network)


def constructor(program: d.Program, network: d.Network, node: d.Node) -> str:
    """Returns the expression that makes a layer norm.

    Args:
      program: what is written; network: that holds it.
      node: the layer norm.
    """
    shape = node.value.shape or (0,)
    words = f"{shape[-1]}, eps={node.settings['epsilon']}"
    if not is_own(program, network, node):
        return f"LayerNorm({words})"
    return f"nn.GroupNorm(1, {words})" if len(shape) > 2 else f"nn.LayerNorm({words})"
