"""Calls of PyTorch's modules."""

from dcgan_v1.migration.recordings.port_recorder.draws import patched
from dcgan_v1.migration.recordings.port_recorder.layer_calls import LayerCalls
from dcgan_v1.migration.recordings.port_recorder.torch_names import is_leaf, layer_settings

CONTAINERS = ("Module", "Sequential", "ModuleList", "ModuleDict")
TORCH_SETTINGS = (
    "negative_slope eps p stride padding scale_factor mode align_corners unbiased momentum training"
).split()


class TorchLayers(LayerCalls):
    """Notes what modules are given and give; variables are told by their ids.

    Args:
      torch: the module.
      recorder, array: see `LayerCalls`.
      draws: tells where a layer draws what is not seen.

    Attributes:
      root: the module that the program has called and that runs; buffers: ids of its own.
      calls: how many such calls there were.
      in_layers: how many of PyTorch's own layers run.
    """

    def __init__(self, torch, recorder, draws, array):
        LayerCalls.__init__(self, recorder, array)
        self.torch, self.draws = torch, draws
        self.root, self.calls, self.buffers = None, 0, set()
        self.in_layers = 0

    def install(self):
        """Has every call of a module pass here."""
        patched(self.torch.nn.Module, "__call__", self._calling)

    def _calling(self, plain):
        recorder = self.recorder

        def call(module, *args, **kwargs):
            if recorder.done and not self.depth:
                recorder.insist()
            is_noted = recorder.is_here() and not (recorder.done or recorder.is_busy)
            if not is_noted or type(module).__module__ == "torch.nn.modules.loss":
                return plain(module, *args, **kwargs)
            is_root, is_end = not self.depth, is_leaf(module)
            if is_root:
                self.buffers = {id(buffer) for buffer in module.buffers()}
                self._enter(module, plain, args, kwargs)
            if is_end:
                self.draws.check()
            y = self._called(module, lambda: plain(module, *args, **kwargs))
            if is_end:
                self.draws.check(type(module).__name__)
            if is_root or is_end:
                self.note(module, args[0] if args else None, y)
            return y

        return call

    def _called(self, module, call):
        """What a module's call gives."""
        is_root, is_own = not self.depth, is_layer(module)
        if is_root:
            self.root, self.calls = module, self.calls + 1
        self.in_layers += is_own
        try:
            return self.inside(call)
        finally:
            self.in_layers -= is_own
            if is_root:
                self.root = None

    def _enter(self, module, plain, args, kwargs):
        """A module that the program calls itself: what it is given, how it begins."""
        recorder = self.recorder
        recorder.event()
        arguments = list(args) + list(kwargs.values())
        tensors = [x for x in arguments if isinstance(x, self.torch.Tensor)]
        for x in tensors:
            if not x.requires_grad and not self.is_output(x) and recorder.sees():
                recorder.item("call", "input", self.array(x), x)
        if not any(module is other for other in self.roots):
            self.roots.append(module)
        if recorder.kinds:
            return
        for tensor in [*module.parameters(), *module.buffers()]:
            self.first_values.setdefault(id(tensor), self.array(tensor))
        if all(module is not other[0] for other in self.inference) and tensors:
            self._infer(module, plain, args, kwargs, tensors)

    def is_output(self, x):
        """Whether a tensor is what a module gave, detached."""
        return any(x.data_ptr() == output.data_ptr() for output in self.recorder.update.alive)

    def _infer(self, module, plain, args, kwargs, tensors):
        """See `infer`; modes and buffers are put back, too."""
        torch = self.torch
        modes = {part: part.training for part in module.modules()}
        generator = torch.get_rng_state()
        buffers = [(b, b.clone()) for b in module.buffers()]

        def call():
            module.eval()
            with torch.no_grad():
                return plain(module, *args, **kwargs)

        try:
            self.infer(module, tensors, lambda: self._called(module, call))
        finally:
            torch.set_rng_state(generator)
            for part, mode in modes.items():
                part.training = mode
            with torch.no_grad():
                for buffer, before in buffers:
                    buffer.copy_(before)

    def note(self, module, x, y):
        """Notes the call of a module that was given `x` first.

        Args:
          module: which was called.
          x: what it was given first.
          y: what it gave.
        """
        y = y[0] if isinstance(y, tuple) and y else y
        if isinstance(y, self.torch.Tensor):
            x = x if isinstance(x, self.torch.Tensor) else None
            settings = layer_settings(module, TORCH_SETTINGS)
            self.add((module, is_leaf(module), not self.depth), settings, x, y)


def is_layer(module):
    """Whether a module is one of PyTorch's own, or derived from one, and no container."""
    return any(
        cls.__module__.startswith("torch.nn.modules.") and cls.__name__ not in CONTAINERS
        for cls in type(module).__mro__
    )


def flat(batch):
    """Yields what is in a batch of lists and dicts."""
    if isinstance(batch, dict):
        batch = list(batch.values())
    if isinstance(batch, (list, tuple)):
        for one in batch:
            for inner in flat(one):
                yield inner
    else:
        yield batch


def mapped(function, batch):
    """A batch of lists and dicts with a function of everything in it."""
    if isinstance(batch, dict):
        return {key: mapped(function, value) for key, value in batch.items()}
    if isinstance(batch, tuple) and hasattr(batch, "_fields"):
        return type(batch)(*(mapped(function, one) for one in batch))
    if isinstance(batch, (list, tuple)):
        return type(batch)(mapped(function, one) for one in batch)
    return function(batch)
