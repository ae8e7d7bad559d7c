"""What a PyTorch program draws, and arrays that become tensors."""

import ast
import functools

from dcgan_v1.migration.recordings.port_recorder.draws import RAW, drawing, patched
from dcgan_v1.migration.recordings.port_recorder.places import is_of_loader, place_of

TORCH_DRAWS = (
    "rand randn randint randperm normal bernoulli multinomial poisson binomial rand_like "
    "randn_like randint_like"
).split()
TENSOR_DRAWS = (
    "normal_ uniform_ bernoulli_ random_ exponential_ cauchy_ log_normal_ geometric_ bernoulli "
    "multinomial"
).split()
FROM_ARRAYS = "from_numpy tensor as_tensor".split()
CLASSES = {"Tensor", "FloatTensor", "DoubleTensor", "LongTensor", "IntTensor"}
SEEDS = "manual_seed seed set_rng_state".split()


class TorchDraws:
    """Notes draws, and says where one cannot be seen.

    Args:
      torch: the module.
      recorder: is told.
      to_array: of a tensor.
    """

    def __init__(self, torch, recorder, to_array):
        self.torch, self.recorder, self.to_array = torch, recorder, to_array
        self.called = lambda function, args, kwargs, y: None  # is told of a dropout
        self.state = None  # of the generator, after the last draw that was seen

    def install(self):
        """Has every draw pass here."""
        torch, recorder = self.torch, self.recorder
        for name in TORCH_DRAWS:
            self._noted(torch, name, "torch." + name)
        for name in TENSOR_DRAWS:
            self._noted(torch.Tensor, name, "Tensor." + name, is_method=True)
        for name in FROM_ARRAYS:
            make = drawing(recorder, "torch." + name, "tensor", self.to_array)
            patched(torch, name, make)
        functional = torch.nn.functional
        for name in ("dropout", "dropout1d", "dropout2d", "dropout3d"):
            patched(functional, name, functools.partial(self._dropout, name))
        for name in SEEDS:
            patched(torch, name, self._seeding)

    def _noted(self, holder, name, function, is_method=False):
        to_array = self.to_array

        def make(plain):
            noting = drawing(self.recorder, function, "draw", to_array, is_method)(plain)

            def call(*args, **kwargs):
                self.check()
                value = noting(*args, **kwargs)
                self.forget()
                return value

            return call

        patched(holder, name, make)

    def _seeding(self, plain):
        def seed(*args, **kwargs):
            value = plain(*args, **kwargs)
            self.forget()
            return value

        return seed

    def forget(self):
        """Takes the generator's state as it is now."""
        if self.recorder.is_here():
            self.state = self.torch.get_rng_state()

    def check(self, what=""):
        """Says where something has drawn that was not seen.

        Args:
          what: that drew; the program's line where it is ''.
        """
        recorder = self.recorder
        if not recorder.sees() or self.state is None or is_of_loader():
            return
        if not self.torch.equal(self.state, self.torch.get_rng_state()):
            self.forget()
            frames = recorder.places.frames()
            if recorder.kinds and frames:
                what = what or "something before it"
                recorder.note(
                    "%s: %s draws random numbers that are not recorded"
                    % (place_of(frames[0]), what)
                )

    def _dropout(self, name, plain):
        """Dropout by uniform numbers that are noted: what is at least p stays."""
        torch, recorder = self.torch, self.recorder

        def dropout(input, p=0.5, training=True, inplace=False):
            if not training or not p or not recorder.sees() or p >= 1:
                return plain(input, p, training, inplace)
            shape = list(input.shape)
            if name != "dropout":
                shape[2:] = [1] * len(shape[2:])
            self.check()
            recorder.is_busy = True
            uniform = torch.rand(shape, dtype=input.dtype)
            recorder.is_busy = False
            self.forget()
            recorder.item("draw", "dropout", self.to_array(uniform), law=RAW)
            mask = (uniform >= p).to(input.dtype)
            y = input.mul_(mask).div_(1 - p) if inplace else input * mask / (1 - p)
            self.called("dropout", (input, p), {}, y)
            return y

        return dropout


def unseen_tensors(files):
    """Yields a sentence for each `torch.Tensor(array)`: a class that cannot be watched.

    Args:
      files: (name of a file, its source).
    """
    for name, source in files:
        try:
            tree = ast.parse(source)
        except SyntaxError:
            continue
        parents = {child: n for n in ast.walk(tree) for child in ast.iter_child_nodes(n)}
        for node in parents:
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            numbers = all(type(a).__name__ in ("Num", "Constant") for a in node.args)
            is_array = node.func.attr in CLASSES and len(node.args) == 1 and not numbers
            if is_array and not _is_empty(parents[node]):
                yield (
                    "%s:%d: torch.%s(…) is not seen: torch.tensor is"
                    % (name, node.lineno, node.func.attr)
                )


def _is_empty(parent):
    """Whether a tensor of a size is made to be filled: `Parameter(torch.Tensor(n))`, or
    `torch.Tensor(n).uniform_()`."""
    name = getattr(parent, "attr", getattr(getattr(parent, "func", None), "attr", ""))
    return name == "Parameter" or name.endswith("_")
