"""A PyTorch program: its calls of modules, its loaders, its gradients and updates."""

import platform
import sys
import types
from itertools import zip_longest

import numpy as np

from dcgan_v1.migration.recordings.port_recorder.draws import patched
from dcgan_v1.migration.recordings.port_recorder.places import held_names
from dcgan_v1.migration.recordings.port_recorder.recorder import Refused
from dcgan_v1.migration.recordings.port_recorder.torch_casts import TorchCasts
from dcgan_v1.migration.recordings.port_recorder.torch_draws import TorchDraws, unseen_tensors
from dcgan_v1.migration.recordings.port_recorder.torch_functions import TorchFunctions
from dcgan_v1.migration.recordings.port_recorder.torch_layers import TorchLayers, flat, mapped
from dcgan_v1.migration.recordings.port_recorder.torch_names import TorchNames


class Torch:
    """PyTorch: modules, bare tensors and optimisers of a program.

    Args:
      recorder: is told of everything.
      dtype: 'float64' or 'float32'.
      sources: (name, text) of the program's files.
    """

    name = "torch"

    def __init__(self, recorder, dtype, sources):
        import torch

        self.torch, self.recorder, self.dtype = torch, recorder, dtype
        self.names = TorchNames(torch)
        self.casts = TorchCasts(torch, recorder)
        self.draws = TorchDraws(torch, recorder, self.names.array)
        self.layers = TorchLayers(torch, recorder, self.draws, self.names.array)
        self.optimizers = []
        self.functions = TorchFunctions(torch, recorder, self.layers, self.optimizers)
        self.draws.called = self.functions.called
        for sentence in unseen_tensors(sources):
            recorder.note(sentence)

    def install(self):
        """Has everything of PyTorch's that is noted pass here."""
        torch = self.torch
        if self.dtype == "float64":
            self.casts.raise_all()
        self.casts.stay_on_the_cpu()
        self.casts.switch_off()
        self.draws.install()
        self.layers.install()
        self.functions.install()
        patched(torch.optim.Optimizer, "__init__", self._optimizing)
        patched(torch.Tensor, "backward", self._backward)
        patched(torch.autograd, "backward", self._backward)
        self._loaders()
        torch.manual_seed(0)

    def made_on(self):
        return {
            "torch": self.torch.__version__,
            "python": platform.python_version(),
            "numpy": np.__version__,
            "machine": platform.machine(),
        }

    def name_everything(self):
        pairs = held_names(self.recorder.places.frames(), vars(sys.modules["__main__"]))
        self.names.name_everything(list(pairs), self.layers.roots, self.optimizers)

    def start(self):
        return self.names.start(self.layers.first_values, self.layers.inference)

    def unseen(self):
        """Why there was no update."""
        if self.optimizers:
            return "the program ended before any update of its optimiser"
        return (
            "the program ended and made no optimiser of PyTorch's; if it trains with TensorFlow: "
            "--framework tensorflow (of compare.py: --port-framework)"
        )

    # ---- what it is given ----

    def _loaders(self):
        """Notes batches as they come out of a DataLoader."""
        from torch.utils.data import dataloader

        recorder = self.recorder

        def giving(plain):
            def give(this):
                if not recorder.sees():
                    return plain(this)
                batch = plain(this)
                self.draws.forget()
                if self.dtype == "float64":
                    batch = mapped(self.casts.raised, batch)
                for tensor in flat(batch):
                    if isinstance(tensor, self.torch.Tensor):
                        recorder.item("batch", "batch", self.names.array(tensor))
                if not recorder.kinds:
                    self.layers.first_values.clear()  # what came before was no step
                return batch

            return give

        patched(dataloader._BaseDataLoaderIter, "__next__", giving)
        dataloader._BaseDataLoaderIter.next = dataloader._BaseDataLoaderIter.__next__

    # ---- updates ----

    def _backward(self, plain):
        recorder = self.recorder

        def backward(tensor, *args, **kwargs):
            if not recorder.sees():
                return plain(tensor, *args, **kwargs)
            gradient = args[0] if args else kwargs.get("gradient", kwargs.get("grad_tensors"))
            both = (x if isinstance(x, (list, tuple)) else [x] for x in (tensor, gradient))
            for one, weight in zip_longest(*both):
                if one.numel() == 1:
                    recorder.loss(one.item(), one, 1.0 if weight is None else float(weight))
            recorder.is_busy = True
            try:
                return plain(tensor, *args, **kwargs)
            finally:
                recorder.is_busy = False

        return backward

    def _optimizing(self, plain):
        def init(optimizer, *args, **kwargs):
            plain(optimizer, *args, **kwargs)
            if "step" not in vars(optimizer):
                self.optimizers.append(optimizer)
                # a method, which schedules wrap once more
                optimizer.step = types.MethodType(self._step(type(optimizer).step), optimizer)

        return init

    def _step(self, plain):
        recorder = self.recorder

        def step(optimizer, *args, **kwargs):
            if recorder.done and recorder.is_here():
                recorder.insist()
            if not recorder.sees():
                return plain(optimizer, *args, **kwargs)
            recorder.begin_update(optimizer)
            closure = args[0] if args else kwargs.get("closure")
            noted = []

            def note():
                if not noted:
                    noted.append(True)
                    self._follow(optimizer)

            def once():
                self.functions.is_updating = False
                loss = closure()
                note()
                self.functions.is_updating = True
                return loss

            if not callable(closure):
                note()
            elif args:
                args = (once,) + args[1:]
            else:
                kwargs["closure"] = once
            self.functions.is_updating = True
            try:
                value = plain(optimizer, *args, **kwargs)
            finally:
                self.functions.is_updating = False
            recorder.end_update()
            return value

        return step

    def _follow(self, optimizer):
        settings = self.names.settings(optimizer)
        others = [key for key in settings if " of group " in key]
        if others:
            self.recorder.note("groups of an optimiser differ: %s" % ", ".join(sorted(others)))
        if all(group.get("maximize") for group in optimizer.param_groups):
            self.recorder.turn_losses()
        self.recorder.follow(self._gradients(optimizer), settings)

    def _gradients(self, optimizer):
        """What the update follows: with an L2 that it adds itself."""
        gradients = []
        for group in optimizer.param_groups:
            decay = group.get("weight_decay", 0)
            if type(optimizer).__name__ == "AdamW" or group.get("decoupled_weight_decay"):
                decay = 0
            for parameter in group["params"]:
                if parameter.grad is not None:
                    if parameter.grad.is_sparse:
                        raise Refused("gradients are sparse: make the embedding with sparse=False")
                    array = self.names.array(parameter.grad)
                    if group.get("maximize"):
                        array = -array
                    if decay:
                        array = array + decay * self.names.array(parameter)
                    gradients.append((parameter, array))
        return gradients
