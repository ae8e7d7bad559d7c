"""Floating-point operations of a training step, counted from the layers' shapes.

A multiplication and an addition are two. Only products count: linear layers and
convolutions, forwards and backwards, every tap of a kernel also where it reads padding. What
depends on the element (batch norm, activations, Adam) is left out.
"""

from typing import NamedTuple


class Network(NamedTuple):
    """Operations of a network per image: of its first layer forwards, and of all others.

    Each gradient of a layer, by its weights or by its input, costs as much as the layer.
    """

    first: int
    later: int

    @property
    def forward(self):
        """Also what the gradient of its input alone costs."""
        return self.first + self.later

    @property
    def trained(self):
        """Forwards, and the gradients of its weights; that of its input is not needed."""
        return 2 * self.forward + self.later


def linear(inputs, units):
    return 2 * inputs * units


def conv(side, kernel, channels, filters):
    """A convolution, or its transpose, with `side` x `side` pixels in its smaller map."""
    return 2 * side * side * kernel * kernel * channels * filters


def network(*layers):
    return Network(layers[0], sum(layers[1:]))


def celeba64(width=128):
    w = width
    shared = [conv(4, 5, 8 * w, 4 * w), conv(8, 5, 4 * w, 2 * w), conv(16, 5, 2 * w, w)]
    shared.append(conv(32, 5, w, 3))
    return network(linear(100, 128 * w), *shared), network(*shared[::-1], linear(128 * w, 1))


def images96(width=64):
    w = width
    shared = [conv(4, 4, 8 * w, 4 * w), conv(8, 4, 4 * w, 2 * w), conv(16, 4, 2 * w, w)]
    shared.append(conv(32, 5, w, 3))
    return network(conv(1, 4, 100, 8 * w), *shared), network(*shared[::-1], conv(1, 4, 8 * w, 1))


def mnist_beginners():
    """G's resize and 3x3 convolution count as what they come to, 2x2 taps on the small map
    (`nn.resizing`); the 1x1 convolution as read from there."""
    g = network(linear(100, 3136), conv(28, 3, 1, 50), conv(28, 2, 50, 25), conv(28, 1, 25, 1))
    d = network(conv(28, 5, 1, 32), conv(14, 5, 32, 64), linear(3136, 1024), linear(1024, 1))
    return g, d


def mnist_keras():
    g = network(
        linear(100, 12544),
        conv(7, 5, 256, 128),
        conv(7, 5, 128, 64),
        conv(14, 5, 64, 32),
        conv(28, 5, 32, 1),
    )
    return g, _digits_discriminator()


def mnist_tutorial():
    g = network(linear(100, 12544), conv(7, 5, 256, 128), conv(7, 5, 128, 64), conv(14, 5, 64, 1))
    return g, _digits_discriminator()


def _digits_discriminator():
    return network(conv(14, 5, 1, 64), conv(7, 5, 64, 128), linear(6272, 1))


def sequential(g, d):
    """D on reals and on fakes; G with the same fakes against the updated D."""
    return 2 * d.trained + g.trained + 2 * d.forward


def simultaneous(g, d):
    """D on reals and on fakes; back from there to G, by the gradient that D has as well."""
    return 2 * d.trained + d.first + g.trained


def separate(g, d):
    """D on reals, and on fakes that nothing goes back through; G with fakes of its own."""
    return g.forward + 2 * d.trained + g.trained + 2 * d.forward


MODELS = {  # system -> its networks, and what a step does with them
    "mnist_beginners": (mnist_beginners, separate),
    "celeba64": (celeba64, sequential),
    "mnist_keras": (mnist_keras, separate),
    "mnist_tutorial": (mnist_tutorial, simultaneous),
    "images96": (images96, sequential),
}


def of_step(model, **width):
    """Returns the operations of one training step, per image of the batch.

    Args:
      width: `width=` of the systems that have that setting, by default their own.
    """
    networks, passes = MODELS[model]
    return passes(*networks(**width))
