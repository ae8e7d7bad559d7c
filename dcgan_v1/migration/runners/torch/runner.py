"""Runs a port made of torch.nn.Modules, or of bare tensors. Maps leave it as [N, H, W, C]."""

import contextlib
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from dcgan_v1.errors import UserError
from dcgan_v1.migration.records import (
    Arrays,
    Batch,
    GradientKey,
    LayerOutput,
    Observation,
    PortInfo,
    Settings,
    SlotKey,
    State,
    Variable,
)
from dcgan_v1.migration.runners import ports
from dcgan_v1.migration.runners.flattening import pixels_of
from dcgan_v1.migration.runners.torch import classes, instruments, torch_layers, torch_optimizers
from dcgan_v1.migration.runners.torch.instruments import array_of, tensor_of
from dcgan_v1.migration.specs import Torch


class Tensors(torch.nn.Module):
    """A model that its owner keeps as bare tensors: it has names for them, and no layers."""

    def __init__(self, tensors: dict[str, torch.Tensor]) -> None:
        super().__init__()
        for name, tensor in tensors.items():
            self.register_buffer(name, tensor)


class TorchRunner:
    """See `protocol.PortRunner`.

    Args:
      altered: list of what was changed in the framework.
    """

    def __init__(self, spec: Torch, altered: list[str]) -> None:
        self.altered = altered
        self.models = {name: _module(name, model) for name, model in spec.models.items()}
        self.optimizers: dict[str, torch.optim.Optimizer] = dict(spec.optimizers)
        self.layers: dict[int, tuple[str, torch.nn.Module]] = {}
        self.variables: dict[str, torch.Tensor] = {}
        self.records: dict[str, Variable] = {}
        for name, model in self.models.items():
            self._name_variables(name, model)
        self.names = {id(v): name for name, v in self.variables.items()}
        places = {name: v.layer for name, v in self.records.items()}
        self.parts = instruments.Parts(self.models, self.layers, self.names, places)
        self.draws = ports.Draws()
        self.forward = {k: [list(v)] for k, v in spec.forward.items()}
        self.step_function = spec.step
        self._before_update: Callable[[int], object] = _nothing

    def _name_variables(self, model_name: str, model: torch.nn.Module) -> None:
        modules = {
            f"{model_name}/{path.replace('.', '/')}".rstrip("/"): module
            for path, module in model.named_modules()
        }
        for place, module in modules.items():
            owner = classes.owner_of(place)
            is_layer = owner == place and torch_layers.is_leaf(module)
            if is_layer and not isinstance(module, (*torch_layers.NO_LAYERS, Tensors)):
                self.layers[id(module)] = (place, module)
            own = [*module.named_parameters(recurse=False), *module.named_buffers(recurse=False)]
            for attribute, tensor in own:
                if not tensor.is_floating_point() or torch_layers.follows(module, attribute):
                    continue  # it only counts, or comes of others
                if any(tensor is v for v in self.variables.values()):
                    continue
                name = f"{place}/{attribute}"
                self.variables[name] = tensor
                variable = torch_layers.describe(owner, modules[owner], attribute, tensor)
                self.records[name] = variable

    # ---- what a runner does ----

    def describe(self) -> PortInfo:
        step = self.step_function
        names, optional, takes_more = ports.arguments(step) if step else ([], [], False)
        kinds = [torch_layers.kind_of(m) for _, m in self.layers.values()]
        return PortInfo(
            kind="Torch",
            framework=f"PyTorch {torch.__version__}",
            variables=self.records,
            models=list(self.models),
            optimizers=self._settings(),
            arguments=names if step else None,
            optional=optional,
            takes_more=takes_more,
            dropouts=kinds.count("dropout"),
            forward=self.forward,
            altered=self.altered,
            bare=[name for name, model in self.models.items() if isinstance(model, Tensors)],
        )

    def _settings(self) -> dict[str, Settings]:
        return {n: torch_optimizers.settings(o) for n, o in self.optimizers.items()}

    def state(self) -> State:
        # a module may put another tensor in a buffer's place
        variables = {name: self._now(name).numpy(force=True).copy() for name in self.variables}
        slots: dict[SlotKey, np.ndarray] = {}
        updates: dict[str, int] = {}
        for name, optimizer in self.optimizers.items():
            count = torch_optimizers.own_count(optimizer)
            if count is not None or torch_optimizers.counts(optimizer):
                updates[name] = count or 0
            for of in torch_optimizers.parameters(optimizer):
                entries = optimizer.state.get(of, {})
                if "step" in entries:
                    updates[name] = max(updates.get(name, 0), int(entries["step"]))
                for slot, key in torch_optimizers.slots(optimizer).items():
                    if isinstance(entries.get(key), torch.Tensor):
                        owner = self.names.get(id(of), "")
                        slots[SlotKey(owner, name, slot)] = entries[key].numpy(force=True).copy()
        return State(variables, slots, updates)

    def _now(self, name: str) -> torch.Tensor:
        path, _, attribute = name.rpartition("/")
        model, _, rest = path.partition("/")
        module: Any = self.models[model]
        for part in rest.split("/") if rest else []:
            module = getattr(module, part)
        return getattr(module, attribute)

    def load(self, state: State) -> None:
        with torch.no_grad():
            for name, array in state.variables.items():
                if name in self.variables:
                    self._now(name).copy_(torch.from_numpy(np.array(array)))
            for model in self.models.values():
                torch_layers.let_follow(model)
        for name, optimizer in self.optimizers.items():
            slots = torch_optimizers.slots(optimizer)
            updates = state.updates.get(name)
            if updates is not None:
                torch_optimizers.set_own_count(optimizer, updates)
            for of in torch_optimizers.parameters(optimizer):
                entries = optimizer.state[of]
                for slot, key in slots.items():
                    where = SlotKey(self.names.get(id(of), ""), name, slot)
                    if where in state.slots:
                        entries[key] = torch.from_numpy(np.array(state.slots[where]))
                if entries:
                    torch_optimizers.complete(optimizer, of, entries)
                if entries and torch_optimizers.counts(optimizer):
                    count = entries.get("step", 0) if updates is None else updates
                    entries["step"] = torch.tensor(float(count))

    def step(self, batch: Batch, *, is_observed: bool = False) -> Observation:
        gradients: dict[GradientKey, np.ndarray] = {}
        layers: list[LayerOutput] = []
        layouts: dict[str, str] = {}
        settings: dict[str, Settings] = {}
        assert self.step_function is not None
        with contextlib.ExitStack() as stack:
            self.draws.fill(batch.draws)
            if batch.draws:
                stack.enter_context(instruments.drawing(self.layers, self.draws))
            if is_observed:
                applied = stack.enter_context(
                    instruments.recording_gradients(
                        self.optimizers, self.names, gradients, self._before_update, settings
                    )
                )
                recorder = instruments.Recorder(self.parts, applied, layers, layouts)
                stack.enter_context(instruments.recording_layers(recorder))
                stack.enter_context(
                    instruments.noting_inputs(self.models, self.forward, batch.inputs)
                )
            values = self.step_function(**{n: tensor_of(a) for n, a in batch.inputs.items()})
        scalars = ports.scalars(values, _number)
        if not is_observed:
            return Observation(scalars)
        return Observation(
            scalars,
            layers,
            gradients,
            self._settings() | settings,
            pixels_of(layers, self.parts.places, batch.inputs.values()),
            self.forward,
            layouts,
            [name for name, _ in self.draws.waiting],
            self.altered,
        )

    def weights_before_updates(self, batch: Batch) -> dict[int, Arrays]:
        weights: dict[int, Arrays] = {}
        self._before_update = lambda number: weights.setdefault(number, self.state().variables)
        try:
            self.step(batch, is_observed=True)
        finally:
            self._before_update = _nothing
        return weights

    def still_step(self, batch: Batch) -> Observation:
        groups = [group for o in self.optimizers.values() for group in o.param_groups]
        rates = [group["lr"] for group in groups]
        try:
            for group in groups:
                group["lr"] = 0.0
            return self.step(batch, is_observed=True)
        finally:
            for group, rate in zip(groups, rates, strict=True):
                group["lr"] = rate

    def inference(self, batch: Batch, forward: dict[str, list[str]]) -> Observation:
        layers: list[LayerOutput] = []
        for name, model, inputs in ports.calls(self.models, batch.inputs, forward):
            if isinstance(model, Tensors):
                continue
            modes = {module: module.training for module in model.modules()}
            model.eval()
            recorder = instruments.Recorder(self.parts, instruments.Applied(), layers)
            with torch.no_grad(), instruments.recording_layers(recorder):
                y = model(*map(tensor_of, inputs))
            for module, training in modes.items():  # some may be frozen on purpose
                module.training = training
            if isinstance(y, torch.Tensor):
                layers.append(LayerOutput(f"{name}: output", "model", {}, array_of(y)))
        pixels = pixels_of(layers, self.parts.places, batch.inputs.values())
        return Observation(layers=layers, pixels=pixels, altered=self.altered)

    # ---- files ----

    def save(self, path: str, to: str) -> None:
        """Writes a folder: for 'torch' `checkpoint.pt`, state dicts by name; for 'safetensors'
        the same tensors in `checkpoint.safetensors`."""
        if to == "torch":
            parts: dict[str, Any] = {**self.models, **self.optimizers}
            states = {name: part.state_dict() for name, part in parts.items()}
            torch.save(states, f"{path}/checkpoint.pt")
        else:
            save_file(self._tensors(), f"{path}/checkpoint.safetensors")

    def restore(self, path: str, to: str) -> None:
        parts: dict[str, Any] = {**self.models, **self.optimizers}
        if to == "torch":
            states = torch.load(f"{path}/checkpoint.pt", weights_only=True)
            for name, part in parts.items():
                part.load_state_dict(states[name])
            return
        saved = load_file(f"{path}/checkpoint.safetensors")
        with torch.no_grad():
            for name, tensor in self._tensors().items():
                tensor.copy_(saved[name])

    def _tensors(self) -> dict[str, torch.Tensor]:
        """'<model>.<name>' and '<optimiser>.<slot>.<variable>' -> tensor."""
        tensors = {
            f"{name}.{key}": tensor
            for name, model in self.models.items()
            for key, tensor in model.state_dict().items()
        }
        for name, optimizer in self.optimizers.items():
            for of, state in optimizer.state.items():
                for slot, tensor in state.items():
                    if isinstance(tensor, torch.Tensor):
                        tensors[f"{name}.{slot}.{self.names[id(of)]}"] = tensor
        return tensors


def _nothing(_: int) -> None:
    """What is done before an update unless its weights are asked for."""


def _module(name: str, model: object) -> torch.nn.Module:
    """A model as a module: bare tensors, in a list, a dict or alone, get one of their own.

    Raises:
      UserError: it is none of these.
    """
    if isinstance(model, torch.nn.Module):
        return model
    if isinstance(model, torch.Tensor):
        return Tensors({"0": model})
    if isinstance(model, list | tuple):
        model = {str(i): tensor for i, tensor in enumerate(model)}
    if isinstance(model, dict) and all(isinstance(t, torch.Tensor) for t in model.values()):
        return Tensors({str(key).replace(".", "_"): t for key, t in model.items()})
    raise UserError(
        f"the model {name} is of {type(model).__name__}: give an nn.Module, or its tensors in a "
        "list or a dict"
    )


def _number(value: Any) -> object:
    return value.numpy(force=True) if isinstance(value, torch.Tensor) else value
