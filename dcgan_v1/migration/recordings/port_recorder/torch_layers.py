"""Calls of PyTorch's modules."""

from dcgan_v1.migration.recordings.port_recorder.draws import patched
from dcgan_v1.migration.recordings.port_recorder.torch_names import layer_settings

TORCH_SETTINGS = (
    "negative_slope eps p stride padding scale_factor mode align_corners unbiased momentum"
).split()


class TorchLayers:
    """Notes what modules are given and give.

    Args:
      torch: the module.
      recorder: is told.
      draws: tells where a layer draws what is not seen.
      array: makes an array of a tensor.

    Attributes:
      roots: modules that the program calls itself.
      first_values: id of a tensor -> array before the first step.
      inference: (module, arrays, layers) of what it gave.
    """

    def __init__(self, torch, recorder, draws, array):
        self.torch, self.recorder, self.draws, self.array = torch, recorder, draws, array
        self.roots, self.first_values, self.inference = [], {}, []
        self.depth = 0

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
            is_root, is_leaf = not self.depth, not list(module.children())
            if is_root:
                self._enter(module, plain, args, kwargs)
            if is_leaf:
                self.draws.check()
            self.depth += 1
            try:
                y = plain(module, *args, **kwargs)
            finally:
                self.depth -= 1
            if is_leaf:
                self.draws.check(type(module).__name__)
            if is_root or is_leaf:
                self._note_layer(module, args, y)
            return y

        return call

    def _enter(self, module, plain, args, kwargs):
        """A module that the program calls itself: what it is given, how it begins."""
        recorder = self.recorder
        recorder.event()
        given = list(args) + list(kwargs.values())
        tensors = [x for x in given if isinstance(x, self.torch.Tensor)]
        for x in tensors:
            if not x.requires_grad and not self._is_output(x) and recorder.sees():
                recorder.item("call", "input", self.array(x), x)
        if not any(module is known for known in self.roots):
            self.roots.append(module)
        if recorder.kinds:
            return
        for tensor in [*module.parameters(), *module.buffers()]:
            self.first_values.setdefault(id(tensor), self.array(tensor))
        if all(module is not known[0] for known in self.inference) and tensors:
            self._infer(module, plain, args, kwargs, tensors)

    def _is_output(self, x):
        """Whether a tensor is what a module gave, detached."""
        return any(x.data_ptr() == known.data_ptr() for known in self.recorder.update.alive)

    def _infer(self, module, plain, args, kwargs, tensors):
        """What its layers give in inference, before anything has moved. Nothing stays of it."""
        torch, recorder = self.torch, self.recorder
        modes = {part: part.training for part in module.modules()}
        layers, recorder.update.layers = recorder.update.layers, []
        states, generator = recorder.generator_states(), torch.get_rng_state()
        buffers = [(b, b.clone()) for b in module.buffers()]
        inference = module, [self.array(x) for x in tensors], []
        recorder.is_muted = True
        self.depth += 1
        try:
            module.eval()
            with torch.no_grad():
                y = plain(module, *args, **kwargs)
            self.depth -= 1
            self._note_layer(module, args, y)
            self.depth += 1
            inference[2].extend(recorder.update.layers)
            self.inference.append(inference)
        except Exception as error:
            recorder.note("a module was not called in inference: %s" % error)
        finally:
            self.depth -= 1
            recorder.is_muted = False
            recorder.update.layers = layers
            recorder.put_back(states)
            torch.set_rng_state(generator)
            for part, mode in modes.items():
                part.training = mode
            with torch.no_grad():
                for buffer, before in buffers:
                    buffer.copy_(before)

    def _note_layer(self, module, args, y):
        y = y[0] if isinstance(y, tuple) and y else y
        if not isinstance(y, self.torch.Tensor):
            return
        alive = self.recorder.update.alive
        x = args[0] if args and isinstance(args[0], self.torch.Tensor) else None
        is_new = x is not None and not any(x is known for known in alive)
        alive.append(y)
        self.recorder.update.layers.append(
            {
                "of": (module, not list(module.children()), not self.depth),
                "settings": layer_settings(module, TORCH_SETTINGS),
                "output": self.array(y),
                "input": self.array(x) if is_new else None,
                "given": list(x.shape) if x is not None else [],
            }
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
