"""The PyTorch side of a comparison. Feature maps leave it as [N, H, W, C]."""

import numpy as np
import torch

from dcgan_v1 import ports, systems
from dcgan_v1.ports import names, torch_weights

# inference first: a pass in training moves the averages
MODES = (("inference", False), ("training", True))


class TorchSide:
    """See `worker` for what a side does."""

    def __init__(self, config, dtype, threads, against):
        if threads:
            torch.set_num_threads(threads)
        torch.set_default_dtype(getattr(torch, dtype))
        torch.manual_seed(config.seed)
        self.config, self.maps = config, systems.get(config.model).maps
        self.gan = ports.get(config.model, against).Gan(config.width)
        for layer in self.gan.discriminator.modules():
            if hasattr(layer, "negative_slope"):  # TensorFlow's op takes a float32
                layer.negative_slope = float(np.float32(layer.negative_slope))
        self.shapes = None  # of TF1's variables, known from what is loaded

    def describe(self):
        return {
            "framework": f"PyTorch {torch.__version__}",
            "settings": self._settings(),
            "variables": {
                name: {"shape": list(v.shape), "trainable": v.requires_grad}
                for name, v in self._variables().items()
            },
            "initial_std": {
                name: float(v.detach().std(correction=0))
                for name, v in self._variables().items()
                if name.endswith(("/w", "gamma"))
            },
        }

    def load(self, arrays):
        self.shapes = {name: array.shape for name, array in arrays.items()}
        torch_weights.load(self.gan, self.config.model, arrays)

    def state(self):
        return torch_weights.state(self.gan, self.config.model, self.shapes)

    def forward(self, batch):
        found = {}
        for mode, training in MODES:
            for net, x in (("generator", batch["z"]), ("discriminator", batch["real"])):
                network = getattr(self.gan, net).train(training)
                y, taps = _layer_by_layer(network, _tensor(x))
                network.train()
                for name in taps:
                    side = self.maps.get(f"{net}/{name}")
                    if side and net == "generator":  # maps channel by channel
                        maps = taps[name].reshape(len(x), -1, side, side)
                        taps[name] = maps.transpose(0, 2, 3, 1).reshape(len(x), -1)
                taps["images" if net == "generator" else "logits"] = y
                found |= {f"{mode}/{net}/{name}": y for name, y in taps.items()}
        return found

    def first_step(self, batch):
        """Returns (scalars, {'0/d_adam/<variable>': gradient, ...})."""
        tf1_names = {id(v): name for name, v in self._variables().items()}
        gradients, count = {}, 0
        plain_steps = {k: o.step for k, o in self.gan.optimizers.items()}
        for adam, optimizer in self.gan.optimizers.items():
            plain = plain_steps[adam]

            def recorded(adam=adam, optimizer=optimizer, plain=plain):
                nonlocal count
                for parameter in optimizer.param_groups[0]["params"]:
                    name = tf1_names[id(parameter)]
                    shape = self.shapes[name]
                    row = names.row(self.config.model, "torch", name, shape)
                    gradients[f"{count}/{adam}/{name}"] = row.to_tf1(
                        parameter.grad.numpy().copy()
                    )
                count += 1
                plain()

            optimizer.step = recorded
        try:
            scalars = self.train_step(batch)
        finally:
            for adam, optimizer in self.gan.optimizers.items():
                optimizer.step = plain_steps[adam]
        return scalars, gradients

    def train_step(self, batch):
        return self.gan.train_step(**{k: _tensor(v) for k, v in batch.items()})

    def samples(self, z):
        self.gan.generator.train(self.config.sample_bn == "batch")
        with torch.no_grad():
            images = _array(self.gan.generator(_tensor(z)))
        self.gan.generator.train()
        return images

    def _variables(self):
        return torch_weights.tf1_names(self.gan, self.config.model)

    def _settings(self):
        found = {}
        for net in ("generator", "discriminator"):
            for name, layer in getattr(self.gan, net).named_children():
                if hasattr(layer, "negative_slope"):
                    slope = float(f"{layer.negative_slope:.6g}")
                    found[f"{net}/{name}"] = {"slope": slope}
                elif hasattr(layer, "momentum"):
                    found[f"{net}/{name}"] = {
                        "decay": 1 - layer.momentum,
                        "epsilon": layer.eps,
                        "unbiased variance": getattr(layer, "unbiased", True),
                    }
        for adam, optimizer in self.gan.optimizers.items():
            (group,) = optimizer.param_groups
            found[adam] = {
                "learning rate": group["lr"],
                "beta1": group["betas"][0],
                "beta2": group["betas"][1],
                "epsilon": getattr(optimizer, "epsilon", group["eps"]),
            }
        return found


def _layer_by_layer(network, x):
    """Returns (output, {layer: its output}) as arrays."""
    taps = {}
    with torch.no_grad():
        for name, layer in network.named_children():
            x = layer(x)
            taps[name] = _array(x)
    return _array(x), taps


def _tensor(array):
    """numpy [N, H, W, C] or [N, K] -> torch [N, C, H, W] or [N, K]."""
    if array.ndim == 4:
        array = array.transpose(0, 3, 1, 2)
    return torch.from_numpy(np.ascontiguousarray(array))


def _array(tensor):
    """torch [N, C, H, W] or [N, K] -> numpy [N, H, W, C] or [N, K]."""
    array = tensor.detach().numpy()
    return array.transpose(0, 2, 3, 1).copy() if array.ndim == 4 else array.copy()
