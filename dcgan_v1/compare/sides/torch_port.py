"""The new side where it is made of torch.nn.Modules. Maps leave it as [N, H, W, C]."""

import contextlib
import math

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from dcgan_v1.compare.sides import port

CONVOLUTIONS = {1: "torch conv1d", 2: "torch conv", 3: "torch conv3d"}
DECONVOLUTIONS = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
KINDS = (
    (DECONVOLUTIONS, "deconv"), ((nn.Conv1d, nn.Conv2d, nn.Conv3d), "conv"),
    (nn.Linear, "dense"), (nn.modules.batchnorm._BatchNorm, "norm"),
    ((nn.LayerNorm, nn.GroupNorm), "norm"),
    ((nn.LeakyReLU, nn.ReLU, nn.ELU, nn.PReLU, nn.Tanh, nn.Sigmoid, nn.Softplus,
      nn.Softmax, nn.SELU, nn.ReLU6), "activation"),
    ((nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d), "pool"),
    ((nn.Upsample,), "resize"), ((nn.Dropout, nn.Dropout2d), "dropout"),
    ((nn.RNNBase, nn.LSTMCell, nn.GRUCell, nn.RNNCell), "recurrent"),
)  # fmt: skip
NO_LAYERS = (nn.Flatten, nn.Unflatten, nn.Identity, nn.Sequential, nn.ModuleList,
             nn.ModuleDict)  # fmt: skip
PARTS = {
    "weight": "kernel", "bias": "bias", "running_mean": "mean",
    "running_var": "variance", "weight_ih": "kernel", "weight_hh": "recurrent",
}  # fmt: skip
NORM_PARTS = {"weight": "gamma", "bias": "beta"}
SLOTS = {  # optimiser -> what TF1 calls a slot -> key of its state
    "Adam": {"m": "exp_avg", "v": "exp_avg_sq"},
    "RMSprop": {"ms": "square_avg", "mom": "momentum_buffer", "mg": "grad_avg"},
    "SGD": {"accum": "momentum_buffer"},
    "Adagrad": {"accum": "sum"},
}
TF1_KINDS = {"SGD": "GradientDescent", "RMSprop": "RMSProp"}
LAYER_SETTINGS = {
    "negative_slope": "slope", "eps": "epsilon", "p": "rate", "stride": "strides",
    "padding": "padding", "scale_factor": "scale", "mode": "mode",
    "align_corners": "align_corners", "unbiased": "unbiased",
}  # fmt: skip


class TorchSide:
    """See `worker` for what a side does."""

    def __init__(self, made, dtype):
        del dtype
        self.altered = []
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
            if not list(module.children()) and not isinstance(module, NO_LAYERS):
                self.layers[id(module)] = (place, module)
            own = [*module.named_parameters(recurse=False),
                   *module.named_buffers(recurse=False)]  # fmt: skip
            for attribute, tensor in own:
                if not tensor.is_floating_point():
                    continue  # it only counts
                if any(tensor is v for v in self.variables.values()):
                    continue
                name = f"{place}/{attribute}"
                self.variables[name] = tensor
                self.described[name] = self._describe(place, module, attribute, tensor)

    def _describe(self, place, module, attribute, tensor):
        kind = _kind(module)
        layout, part = "plain", attribute.removesuffix("_l0")
        if attribute == "weight" and kind in ("conv", "deconv"):
            layout = CONVOLUTIONS[tensor.ndim - 2]
        elif tensor.ndim == 2 and kind in ("dense", "recurrent"):
            layout = "torch dense"
        weight = getattr(module, "weight", None)  # of one axis: no kernel
        scales = kind == "norm" or getattr(weight, "ndim", 0) == 1
        named = NORM_PARTS if scales else {}
        is_lstm = isinstance(module, nn.LSTM | nn.LSTMCell)
        return {
            "shape": list(tensor.shape),
            "dtype": str(tensor.dtype).removeprefix("torch."),
            "trainable": tensor.requires_grad,
            "layout": layout,
            "part": named.get(part) or PARTS.get(part, _ending(part)),
            "layer": place,
            "gates": "ifjo" if is_lstm else "",
        }

    # ---- what a side does ----

    def describe(self):
        step = self.step_function
        names, optional, rest = port.arguments(step) if step else ([], [], False)
        return {
            "kind": "Torch",
            "framework": f"PyTorch {torch.__version__}",
            "variables": self.described,
            "dtypes": sorted({d["dtype"] for d in self.described.values()}),
            "optimizers": self.hyper(),
            "step": names if step else None,
            "optional": optional,
            "step takes more": rest,
            "altered": self.altered,
            "models": list(self.models),
            "dropouts": sum(_kind(m) == "dropout" for _, m in self.layers.values()),
        }

    def state(self):
        # a module may put another tensor in a buffer's place
        found = {
            name: self._now(name).numpy(force=True).copy() for name in self.variables
        }
        for name, optimizer in self.optimizers.items():
            slots = SLOTS.get(_optimizer_kind(optimizer), {})
            updates = 0
            for of in _parameters(optimizer):
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
            slots = SLOTS.get(_optimizer_kind(optimizer), {})
            updates = arrays.get(f"updates:{name}")
            if updates is not None and hasattr(optimizer, "updates"):
                optimizer.updates = int(updates)  # a subclass's own count
            for of in _parameters(optimizer):
                held = optimizer.state[of]
                for slot, key in slots.items():
                    where = f"{self.names.get(id(of), '')}|{name}|{slot}"
                    if where in arrays:
                        held[key] = torch.from_numpy(np.array(arrays[where]))
                if held and len(slots) > 1:  # all but plain gradient descent count
                    count = held.get("step", 0) if updates is None else updates
                    held["step"] = torch.tensor(float(count))

    def hyper(self):
        found = {}
        for name, optimizer in self.optimizers.items():
            group = optimizer.param_groups[0]
            kind = _optimizer_kind(optimizer)
            settings = {"learning rate": float(group["lr"])}
            if "betas" in group:
                settings["beta1"], settings["beta2"] = map(float, group["betas"])
            if "eps" in group:
                settings["epsilon"] = float(getattr(optimizer, "epsilon", group["eps"]))
            if "alpha" in group:
                settings["rho"] = float(group["alpha"])
            if group.get("momentum"):
                settings["momentum"] = float(group["momentum"])
                kind = "Momentum" if kind == "SGD" else kind
            found[name] = {
                "kind": TF1_KINDS.get(kind, kind),
                "nesterov": bool(group.get("nesterov", False)),
                **settings,
            }
        return found

    def step(self, batch, look=False):
        """Does one training step; returns what `GraphSide.step` does, in own names."""
        batch, drawn = batch
        for model in self.models.values():
            model.train()
        gradients, layers, self.applied = {}, [], 0
        with contextlib.ExitStack() as stack:
            self.draws.fill(drawn)
            if drawn:
                stack.enter_context(self._drawing())
            if look:
                stack.enter_context(self._recording_gradients(gradients))
                stack.enter_context(self._recording(layers))
                stack.enter_context(self._noting_inputs(batch))
            arguments = {n: _tensor(a) for n, a in batch.items()}
            returned = self.step_function(**arguments)
        return port.scalars(returned, _number), gradients, layers

    def inference(self, batch, choice=0):
        """See `KerasSide.inference`."""
        layers, self.applied = [], 0
        for name, model in self.models.items():
            choices = self.forward.get(name) or [[]]
            inputs = choices[min(choice, len(choices) - 1)]
            if not inputs or any(n not in batch for n in inputs):
                continue
            model.eval()
            with torch.no_grad(), self._recording(layers):
                y = model(*(_tensor(batch[n]) for n in inputs))
            model.train()
            if isinstance(y, torch.Tensor):
                layers.append((f"{name}: output", "model", _array(y), None, {}))
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

    # ---- looking inside ----

    @contextlib.contextmanager
    def _recording_gradients(self, gradients):
        plain = {k: o.step for k, o in self.optimizers.items()}

        def recorded(name, optimizer):
            def step(*args, **kwargs):
                self.applied += 1
                for parameter in _parameters(optimizer):
                    if parameter.grad is not None:
                        of = self.names.get(id(parameter), "")
                        key = f"{self.applied - 1}|{name}|{of}"
                        gradients[key] = parameter.grad.numpy(force=True).copy()
                return plain[name](*args, **kwargs)

            return step

        for name, optimizer in self.optimizers.items():
            optimizer.step = recorded(name, optimizer)
        try:
            yield
        finally:
            for name, optimizer in self.optimizers.items():
                optimizer.step = plain[name]

    @contextlib.contextmanager
    def _recording(self, found):
        calls, outputs, kept, flat = {}, set(), [], []

        def hook(module, args, y):
            path, _ = self.layers[id(module)]
            y = y[0] if isinstance(y, tuple) else y
            if not isinstance(y, torch.Tensor):
                return
            self._note_pixels(path, args[0] if args else None, y, flat)
            calls[path] = calls.get(path, 0) + 1
            name = path if calls[path] == 1 else f"{path}#{calls[path]}"
            x = args[0] if args and isinstance(args[0], torch.Tensor) else None
            fresh = x is not None and id(x) not in outputs
            outputs.add(id(y))
            kept.append((x, y))
            row = (name, _kind(module), _array(y), _array(x) if fresh else None)
            found.append((*row, {**_settings(module), "applied": self.applied}))

        hooks = [m.register_forward_hook(hook) for _, m in self.layers.values()]
        try:
            yield
        finally:
            for handle in hooks:
                handle.remove()

    def _note_pixels(self, path, x, y, flat):
        """Notes where a layer without pixels follows feature maps, or makes them.

        Args:
          flat: [shape of the last maps, paths of layers whose outputs may become maps,
            number of their features]; kept from call to call.
        """
        if not (isinstance(x, torch.Tensor) and isinstance(y, torch.Tensor)):
            return
        flat.extend([None, [], 0][len(flat) :])
        if x.ndim == 4:
            if flat[1] and math.prod(x.shape[1:]) == flat[2] and pixels(x.shape):
                for earlier in flat[1]:
                    self.maps.setdefault(earlier, {})["columns"] = pixels(x.shape)
            flat[1] = []
        if x.ndim == 2 and y.ndim == 2:
            last = flat[0]
            if last and math.prod(last[1:]) == x.shape[1] and pixels(last):
                self.maps.setdefault(path, {})["rows"] = pixels(last)
            flat[1] = flat[1] if y.shape[1] == flat[2] else []
            flat[1], flat[2], flat[0] = [*flat[1], path], y.shape[1], None
        if y.ndim == 4:
            flat[0] = tuple(y.shape)

    @contextlib.contextmanager
    def _drawing(self):
        """Dropout layers take the old program's uniform numbers."""
        found = [m for _, m in self.layers.values() if _kind(m) == "dropout"]

        def forward(layer):
            def call(x):
                if not layer.training or not layer.p:
                    return x
                shape = _array(x).shape
                drawn = _tensor(self.draws.take(shape))
                return x * (drawn >= layer.p).to(x.dtype) / (1 - layer.p)

            return call

        for layer in found:
            layer.forward = forward(layer)
        try:
            yield
        finally:
            for layer in found:
                del layer.forward

    @contextlib.contextmanager
    def _noting_inputs(self, batch):
        handles = []

        def noting(name):
            def hook(module, args):
                tensors = [x for x in args if isinstance(x, torch.Tensor)]
                names = port.inputs_of(tensors, batch, _array)
                known = self.forward.setdefault(name, [])
                if names and names not in known:
                    known.append(names)

            return hook

        for name, model in self.models.items():
            if name not in self.port.forward:
                handles.append(model.register_forward_pre_hook(noting(name)))
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()


def _ending(part):
    """fake_running_mean -> 'mean'."""
    return next((p for ending, p in PARTS.items() if part.endswith(f"_{ending}")), "")


def _kind(module):
    known = next((kind for cls, kind in KINDS if isinstance(module, cls)), None)
    if known:
        return known
    averages = any(b.is_floating_point() for b in module.buffers(recurse=False))
    scales = getattr(getattr(module, "weight", None), "ndim", 0) == 1
    return "norm" if averages and scales else "other"


def _optimizer_kind(optimizer):
    """The name of torch's own class that an optimiser is, or is derived from."""
    names = [cls.__name__ for cls in type(optimizer).__mro__]
    return next((n for n in names if n in SLOTS), names[0])


def _parameters(optimizer):
    return [p for group in optimizer.param_groups for p in group["params"]]


def _settings(module):
    found = {"class": type(module).__name__}
    for attribute, name in LAYER_SETTINGS.items():
        value = getattr(module, attribute, None)
        if isinstance(value, bool | str):
            found[name] = value
        elif isinstance(value, int | float):
            found[name] = float(f"{value:.6g}")
        elif isinstance(value, tuple) and all(isinstance(v, int) for v in value):
            found[name] = "x".join(map(str, value))
    momentum = getattr(module, "momentum", None)
    if isinstance(momentum, float):
        found["decay"] = float(f"{1 - momentum:.6g}")
    return found


def _number(value):
    return value.numpy(force=True) if isinstance(value, torch.Tensor) else value


def _tensor(array):
    """numpy [N, H, W, C] or [N, K] -> torch [N, C, H, W] or [N, K]."""
    if array.ndim == 4:
        array = array.transpose(0, 3, 1, 2)
    return torch.from_numpy(np.ascontiguousarray(array))


def _array(tensor):
    """torch [N, C, H, W] or [N, K] -> numpy [N, H, W, C] or [N, K]."""
    array = tensor.numpy(force=True)
    return array.transpose(0, 2, 3, 1).copy() if array.ndim == 4 else array.copy()


def pixels(shape):
    """(C, H, W) of a map's shape, where it is one that can be flattened."""
    return tuple(shape[1:]) if len(shape) == 4 and math.prod(shape[2:]) > 1 else None
