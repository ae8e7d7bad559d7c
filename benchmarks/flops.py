"""Floating-point operations of a training step, counted from the layers' shapes.

A multiplication and an addition are two. Only products count: linear layers and
convolutions, forwards and backwards. What depends on the element (batch norm,
activations, Adam) is left out.
"""

# (height and width of the smaller map, kernel side, channels in, channels out): the
# products of a convolution and of its transpose are the same.


def celeba64(width=128):
    """Returns (G's forward pass, D's forward pass) in operations per image."""
    w = width
    shared = [(4, 5, 8 * w, 4 * w), (8, 5, 4 * w, 2 * w), (16, 5, 2 * w, w)]
    shared.append((32, 5, w, 3))
    convolutions = sum(2 * s * s * k * k * a * b for s, k, a, b in shared)
    return convolutions + 2 * 100 * 128 * w, convolutions + 2 * 128 * w


def sequential_step(width=128):
    """Operations per image of celeba64's step, the fakes computed once.

    A backward pass costs one forward for the weights' gradients and one for the
    inputs'. D's update: G forwards, D forwards twice, both gradients twice (the first
    layer's inputs need none, which is left in). G's update: D forwards and the gradient
    of its inputs, G's both: 1 + 2 + 4 + 2 + 2 passes.
    """
    g, d = celeba64(width)
    return 3 * g + 8 * d
