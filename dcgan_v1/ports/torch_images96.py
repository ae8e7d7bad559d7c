"""images96 in PyTorch, its home: nn.Sequential, BCE on logits, two Adams."""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import nn


class Gan:
    """Both networks, their optimisers, and one training step."""

    def __init__(self, width: int = 64) -> None:
        self.generator = make_generator(width)
        self.discriminator = make_discriminator(width)
        self.optimizers = {
            name: torch.optim.Adam(network.parameters(), lr=2e-4, betas=(0.5, 0.999))
            for name, network in (("d_adam", self.discriminator), ("g_adam", self.generator))
        }
        self.criterion = nn.BCEWithLogitsLoss()

    def train_step(self, real: torch.Tensor, z: torch.Tensor) -> dict[str, float]:
        """Updates D, then G with the same fakes against it. Returns the losses, by name.

        Args:
          real: [N, 3, 96, 96] in [-1, 1].
          z: [N, 100], the noise of both updates.
        """
        for optimizer in self.optimizers.values():
            optimizer.zero_grad()
        real_logits = self.discriminator(real)
        d_loss_real = self.criterion(real_logits, torch.ones_like(real_logits))
        d_loss_real.backward()
        fake = self.generator(z)
        fake_logits = self.discriminator(fake.detach())
        d_loss_fake = self.criterion(fake_logits, torch.zeros_like(fake_logits))
        d_loss_fake.backward()
        self.optimizers["d_adam"].step()

        new_logits = self.discriminator(fake)  # the updated D
        g_loss = self.criterion(new_logits, torch.ones_like(new_logits))
        g_loss.backward()
        self.optimizers["g_adam"].step()
        return {
            "d_loss": (d_loss_real + d_loss_fake).item(),
            "d_loss_real": d_loss_real.item(),
            "d_loss_fake": d_loss_fake.item(),
            "g_loss": g_loss.item(),
        }


def make_generator(width: int) -> nn.Sequential:
    """[N, 100] -> [N, 3, 96, 96] in (-1, 1)."""
    layers: list[tuple[str, nn.Module]] = [("reshape", nn.Unflatten(1, (100, 1, 1)))]
    channels = 100
    for i, (wide, stride, padding) in enumerate(
        ((8, 1, 0), (4, 2, 1), (2, 2, 1), (1, 2, 1)), start=1
    ):
        filters = wide * width
        deconv = nn.ConvTranspose2d(channels, filters, 4, stride, padding, bias=False)
        layers += [
            (f"deconv{i}", deconv),
            (f"bn{i}", nn.BatchNorm2d(filters)),
            (f"relu{i}", nn.ReLU(inplace=True)),
        ]
        channels = filters
    layers += [
        ("deconv5", nn.ConvTranspose2d(channels, 3, 5, 3, 1, bias=False)),
        ("tanh", nn.Tanh()),
    ]
    return nn.Sequential(OrderedDict(layers))


def make_discriminator(width: int) -> nn.Sequential:
    """[N, 3, 96, 96] -> logits [N, 1]."""
    layers: list[tuple[str, nn.Module]] = []
    channels = 3
    for i, (wide, size, stride) in enumerate(((1, 5, 3), (2, 4, 2), (4, 4, 2), (8, 4, 2)), start=1):
        filters = wide * width
        layers += [
            (f"conv{i}", nn.Conv2d(channels, filters, size, stride, 1, bias=False)),
            (f"bn{i}", nn.BatchNorm2d(filters)),
            (f"lrelu{i}", nn.LeakyReLU(0.2)),
        ]
        channels = filters
    layers += [("conv5", nn.Conv2d(channels, 1, 4, bias=False)), ("flatten", nn.Flatten())]
    return nn.Sequential(OrderedDict(layers))
