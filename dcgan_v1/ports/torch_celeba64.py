"""celeba64 in PyTorch, with what TF1 does otherwise written out.

Where SAME pads, the biased variance in the averages, two sets of them in D, and where Adam adds its
epsilon."""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import nn
from torch.nn import functional


class Gan:
    """Both networks, their optimisers, and one training step."""

    def __init__(self, width: int = 128) -> None:
        self.generator = make_generator(width)
        self.discriminator = make_discriminator(width)
        self.optimizers = {
            name: TensorflowAdam(network.parameters(), lr=2e-4, betas=(0.5, 0.999))
            for name, network in (("d_adam", self.discriminator), ("g_adam", self.generator))
        }
        self.criterion = nn.BCEWithLogitsLoss()

    def train_step(self, real: torch.Tensor, z: torch.Tensor) -> dict[str, float]:
        """Updates D, then G with the same fakes against it. Returns the losses, by name.

        Args:
          real: [N, 3, 64, 64] in [-1, 1].
          z: [N, 100], the noise of both updates.
        """
        for optimizer in self.optimizers.values():
            optimizer.zero_grad()
        fake = self.generator(z)
        real_logits = self.logits(real, "real")
        fake_logits = self.logits(fake.detach(), "fake")
        d_loss_real = self.criterion(real_logits, torch.ones_like(real_logits))
        d_loss_fake = self.criterion(fake_logits, torch.zeros_like(fake_logits))
        d_loss = d_loss_real + d_loss_fake
        d_loss.backward()
        self.optimizers["d_adam"].step()

        new_logits = self.logits(fake, "fake")  # the updated D
        g_loss = self.criterion(new_logits, torch.ones_like(new_logits))
        g_loss.backward()
        self.optimizers["g_adam"].step()
        return {
            "d_loss": d_loss.item(),
            "d_loss_real": d_loss_real.item(),
            "d_loss_fake": d_loss_fake.item(),
            "g_loss": g_loss.item(),
        }

    def logits(self, images: torch.Tensor, averages: str) -> torch.Tensor:
        for layer in self.discriminator:
            if isinstance(layer, TensorflowBatchNorm2d):
                layer.averages = averages
        return self.discriminator(images)


class TensorflowAdam(torch.optim.Adam):
    """Adam with epsilon added before the bias correction of the second moment."""

    epsilon = 1e-8
    updates = 0

    def step(self) -> None:
        self.updates += 1
        for group in self.param_groups:
            correction = 1 - group["betas"][1] ** self.updates
            group["eps"] = self.epsilon / correction**0.5
        super().step()


class SameConv2d(nn.Conv2d):
    """5x5 convolution of stride 2: on even sides SAME pads 1 before and 2 after."""

    pads = (1, 2, 1, 2)

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, 5, stride=2, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(functional.pad(x, self.pads))


class SameConvTranspose2d(nn.ConvTranspose2d):
    """The gradient of `SameConv2d`."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, 5, stride=2, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x)[:, :, 1:-2, 1:-2]


class TensorflowBatchNorm2d(nn.Module):
    """Batch norm with sets of moving averages, of the mean and the biased variance."""

    momentum, eps, unbiased = 0.1, 1e-5, False

    def __init__(self, channels: int, *sets: str) -> None:
        super().__init__()
        self.sets = sets or ("",)
        self.averages = self.sets[0]  # the set that is read and moved
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        for name in self.sets:
            prefix = name and f"{name}_"
            self.register_buffer(f"{prefix}running_mean", torch.zeros(channels))
            self.register_buffer(f"{prefix}running_var", torch.zeros(channels))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        prefix = self.averages and f"{self.averages}_"
        mean = getattr(self, f"{prefix}running_mean")
        variance = getattr(self, f"{prefix}running_var")
        if self.training:
            with torch.no_grad():
                moved, batch_mean = torch.var_mean(x, dim=(0, 2, 3), unbiased=self.unbiased)
                mean.lerp_(batch_mean, self.momentum)
                variance.lerp_(moved, self.momentum)
            mean = variance = None
        return functional.batch_norm(
            x, mean, variance, self.weight, self.bias, self.training, 0.0, self.eps
        )


def make_generator(width: int) -> nn.Sequential:
    """[N, 100] -> [N, 3, 64, 64] in (-1, 1)."""
    channels = 8 * width
    layers: list[tuple[str, nn.Module]] = [
        ("linear0", nn.Linear(100, 4 * 4 * channels, bias=False)),
        ("reshape", nn.Unflatten(1, (channels, 4, 4))),
        ("bn0", TensorflowBatchNorm2d(channels)),
        ("relu0", nn.ReLU(inplace=True)),
    ]
    for i, filters in enumerate((4 * width, 2 * width, width), start=1):
        layers += [
            (f"deconv{i}", SameConvTranspose2d(channels, filters)),
            (f"bn{i}", TensorflowBatchNorm2d(filters)),
            (f"relu{i}", nn.ReLU(inplace=True)),
        ]
        channels = filters
    layers += [("deconv4", SameConvTranspose2d(channels, 3)), ("tanh", nn.Tanh())]
    network = nn.Sequential(OrderedDict(layers))
    network.apply(start_like_the_paper)
    return network


def make_discriminator(width: int) -> nn.Sequential:
    """[N, 3, 64, 64] -> logits [N, 1]."""
    layers: list[tuple[str, nn.Module]] = []
    channels = 3
    for i, filters in enumerate((width, 2 * width, 4 * width, 8 * width)):
        layers += [
            (f"conv{i}", SameConv2d(channels, filters)),
            (f"bn{i}", TensorflowBatchNorm2d(filters, "fake", "real")),
            (f"lrelu{i}", nn.LeakyReLU(0.2)),
        ]
        channels = filters
    layers += [("flatten", nn.Flatten()), ("linear4", nn.Linear(4 * 4 * channels, 1, bias=False))]
    network = nn.Sequential(OrderedDict(layers))
    network.apply(start_like_the_paper)
    return network


def start_like_the_paper(layer: nn.Module) -> None:
    if isinstance(layer, TensorflowBatchNorm2d):
        nn.init.normal_(layer.weight, 1.0, 0.02)
    elif isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
        nn.init.normal_(layer.weight, 0.0, 0.02)
