"""Kernels that are made of a variable before a layer uses them: scaled, flipped, transposed."""

import weakref

import numpy as np

OF_KERNELS = (  # functions of PyTorch and ops of TensorFlow that leave a kernel's shape
    "mul __mul__ __rmul__ multiply div __truediv__ true_divide divide sub __sub__ subtract flip "
    "transpose Mul RealDiv Sub ReverseV2 Transpose"
).split()
IN_SPACE = ("transpose", "Transpose")  # of two axes, it is no other kernel: a layer turns it back
WITH_KERNELS = ("conv", "deconv", "dense")  # kinds of layers


def kernel_among(function, shapes, made):
    """Which of the arrays that a function is given is the kernel that it makes another one of: the
    only one of its shape. None where it makes none.

    Args:
      function: its name.
      shapes: of the arrays that it is given; made: the shape of what it gives.
    """
    if function not in OF_KERNELS or len(made) < 2 or (function in IN_SPACE and len(made) < 4):
        return None
    whole = [i for i, shape in enumerate(shapes) if tuple(shape) == tuple(made)]
    others = [shape for shape in shapes if tuple(shape) != tuple(made)]
    is_one = len(whole) == 1 and all(np.prod(s) < np.prod(made) for s in others)
    return whole[0] if is_one else None


class MadeKernels:
    """Knows what a tensor of PyTorch's was made of, as long as it lives."""

    def __init__(self):
        self._kernels = {}  # id of a tensor -> (reference to it, what it was made of)

    def of(self, tensor):
        """What a tensor was made of, or None."""
        return self._kernels.get(id(tensor), (None, None))[1]

    def add(self, function, args, y, kernel_of):
        """Takes a call that may make a kernel of another.

        Args:
          function: its name.
          args: what it is given; y: the tensor that it gives.
          kernel_of: gives what a tensor is or was made of, or None.
        """
        tensors = [x for x in args if hasattr(x, "shape")]
        place = kernel_among(function, [x.shape for x in tensors], y.shape)
        kernel = None if place is None else kernel_of(tensors[place])
        if kernel is not None:
            number = id(y)
            ended = weakref.ref(y, lambda _: self._kernels.pop(number, None))
            self._kernels[number] = ended, kernel


class OpKernels:
    """Knows what TensorFlow's tensors, which have numbers of their own, were made of.

    Args:
      reads: number of a tensor that was read of a variable -> what tells the variable.
    """

    def __init__(self, reads):
        self.reads, self._made = reads, {}

    def add(self, op, inputs, y):
        """Takes an op that may make a kernel of another."""
        place = kernel_among(op, [x.shape for x in inputs], y.shape)
        if place is not None:
            number = inputs[place]._id
            kernel = self.reads.get(number, self._made.get(number))
            if kernel is not None:
                self._made[y._id] = kernel

    def among(self, kind, inputs):
        """Place of an input -> the variable that it is or, of a layer's kernel, was made of."""
        own = {i: self.reads[t._id] for i, t in enumerate(inputs) if t._id in self.reads}
        if not own and kind in WITH_KERNELS:
            own = {i: self._made[t._id] for i, t in enumerate(inputs) if t._id in self._made}
        return own
