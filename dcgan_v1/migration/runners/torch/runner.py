"""The new side where it is made of torch.nn.Modules. Maps leave it as [N, H, W, C]."""

import contextlib

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from dcgan_v1.migration.runners import port
from dcgan_v1.migration.runners.torch import instruments, torch_layers, torch_optimizers
from dcgan_v1.migration.runners.torch.instruments import array_of, tensor_of


class TorchSide:
    """See `worker` for what a side does."""

    def __init__(self, made, altered):
        self.altered = altered
        self.port = made
        self.models = self.port.models
        self.optimizers = dict(self.port.optimizers)
        self.layers, self.variables, self.described = {}, {}, {}
        for name, model in self.models.items():
            self._name_variables(name, model)
        self.names = {id(v): name for name, v in self.variables.items()}
        self.draws, self.maps = port.Draws(), {}
        self.forward = {k: [list(v)] for k, v in self.port.forward.items()}
        self.step_function = self.port.step

    def _name_variables(self, model_name, model):
        for path, module in model.named_modules():
            place = f"{model_name}/{path.replace('.', '/')}".rstrip("/")
            if not list(module.children()) and not isinstance(module, torch_layers.NO_LAYERS):
                self.layers[id(module)] = (place, module)
            own = [*module.named_parameters(recurse=False), *module.named_buffers(recurse=False)]
            for attribute, tensor in own:
                if not tensor.is_floating_point():
                    continue  # it only counts
                if any(tensor is v for v in self.variables.values()):
                    continue
                name = f"{place}/{attribute}"
                self.variables[name] = tensor
                self.described[name] = torch_layers.describe(place, module, attribute, tensor)

    # ---- what a side does ----

    def describe(self):
        kinds = [torch_layers.kind_of(m) for _, m in self.layers.values()]
        return port.describe(self) | {
            "kind": "Torch",
            "framework": f"PyTorch {torch.__version__}",
            "variables": self.described,
            "dropouts": kinds.count("dropout"),
        }

    def hyper(self):
        return {n: torch_optimizers.settings(o) for n, o in self.optimizers.items()}

    def state(self):
        # a module may put another tensor in a buffer's place
        found = {name: self._now(name).numpy(force=True).copy() for name in self.variables}
        for name, optimizer in self.optimizers.items():
            slots = torch_optimizers.slots(optimizer)
            updates = 0
            for of in torch_optimizers.parameters(optimizer):
                held = optimizer.state.get(of, {})
                updates = max(updates, int(held.get("step", 0)))
                for slot, key in slots.items():
                    if isinstance(held.get(key), torch.Tensor):
                        where = f"{self.names.get(id(of), '')}|{name}|{slot}"
                        found[where] = held[key].numpy(force=True).copy()
            found[f"updates:{name}"] = np.asarray(updates)
        return found

    def _now(self, name):
        path, _, attribute = name.rpartition("/")
        model, _, rest = path.partition("/")
        module = self.models[model]
        for part in rest.split("/") if rest else []:
            module = getattr(module, part)
        return getattr(module, attribute)

    def load(self, arrays):
        with torch.no_grad():
            for name in self.variables:
                if name in arrays:
                    self._now(name).copy_(torch.from_numpy(np.array(arrays[name])))
        for name, optimizer in self.optimizers.items():
            slots = torch_optimizers.slots(optimizer)
            updates = arrays.get(f"updates:{name}")
            if updates is not None and hasattr(optimizer, "updates"):
                optimizer.updates = int(updates)  # a subclass's own count
            for of in torch_optimizers.parameters(optimizer):
                held = optimizer.state[of]
                for slot, key in slots.items():
                    where = f"{self.names.get(id(of), '')}|{name}|{slot}"
                    if where in arrays:
                        held[key] = torch.from_numpy(np.array(arrays[where]))
                if held:
                    torch_optimizers.complete(optimizer, of, held)
                if held and len(slots) > 1:  # all but plain gradient descent count
                    count = held.get("step", 0) if updates is None else updates
                    held["step"] = torch.tensor(float(count))

    def step(self, batch, look=False):
        """Does one training step; returns what `GraphSide.step` does, in own names."""
        batch, drawn = batch
        gradients, layers, self.applied = {}, [], 0
        with contextlib.ExitStack() as stack:
            self.draws.fill(drawn)
            if drawn:
                stack.enter_context(instruments.drawing(self))
            if look:
                stack.enter_context(instruments.recording_gradients(self, gradients))
                stack.enter_context(instruments.recording(self, layers))
                stack.enter_context(instruments.noting_inputs(self, batch))
            arguments = {n: tensor_of(a) for n, a in batch.items()}
            returned = self.step_function(**arguments)
        return port.scalars(returned, _number), gradients, layers

    def inference(self, batch, choice=0):
        """See `KerasSide.inference`."""
        layers, self.applied = [], 0
        for name, model, inputs in port.passes(self, batch, choice):
            modes = {module: module.training for module in model.modules()}
            model.eval()
            with torch.no_grad(), instruments.recording(self, layers):
                y = model(*map(tensor_of, inputs))
            for module, training in modes.items():  # some may be frozen on purpose
                module.training = training
            if isinstance(y, torch.Tensor):
                layers.append((f"{name}: output", "model", array_of(y), None, {}))
        return layers

    def save(self, path, to):
        """Writes a folder: for 'torch' `checkpoint.pt`, state dicts by name; for
        'safetensors' the same tensors in `checkpoint.safetensors`."""
        if to == "torch":
            parts = {**self.models, **self.optimizers}
            states = {name: part.state_dict() for name, part in parts.items()}
            torch.save(states, f"{path}/checkpoint.pt")
        else:
            save_file(self._tensors(), f"{path}/checkpoint.safetensors")

    def restore(self, path, to):
        if to == "torch":
            states = torch.load(f"{path}/checkpoint.pt", weights_only=True)
            for name, part in {**self.models, **self.optimizers}.items():
                part.load_state_dict(states[name])
            return
        saved = load_file(f"{path}/checkpoint.safetensors")
        with torch.no_grad():
            for name, tensor in self._tensors().items():
                tensor.copy_(saved[name])

    def _tensors(self):
        """'<model>.<name>' and '<optimiser>.<slot>.<variable>' -> tensor."""
        found = {
            f"{name}.{key}": tensor
            for name, model in self.models.items()
            for key, tensor in model.state_dict().items()
        }
        for name, optimizer in self.optimizers.items():
            for of, state in optimizer.state.items():
                for slot, tensor in state.items():
                    if isinstance(tensor, torch.Tensor):
                        found[f"{name}.{slot}.{self.names[id(of)]}"] = tensor
        return found

    def time(self, batch, steps):
        for _ in range(steps):
            self.step(batch)


def _number(value):
    return value.numpy(force=True) if isinstance(value, torch.Tensor) else value
