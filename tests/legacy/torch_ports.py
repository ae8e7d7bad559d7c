"""Ports of the small TF1 programs in PyTorch, each with the faults that people really make."""

import torch
from torch import nn
from torch.nn import functional as F

from dcgan_v1.compare import Torch


def layers(fault=""):
    eps = 1e-5 if fault == "epsilon" else 1e-3

    class Flat(nn.Module):
        def forward(self, x):  # [N, C, H, W]
            return x.flatten(1)

    class Padded(nn.Conv2d):
        def forward(self, x):  # SAME, stride 2, 3x3 on an even side: after, not before
            pads = (1, 0, 1, 0) if fault == "padding" else (0, 1, 0, 1)
            return super().forward(F.pad(x, pads))

    model = nn.Sequential(
        nn.Conv2d(3, 6, 3, padding=1, bias=False),
        nn.BatchNorm2d(6, eps, momentum=0.1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        Padded(6, 8, 3, stride=2),
        nn.BatchNorm2d(8, 1e-3, momentum=0.01),
        nn.ELU(),
        Flat(),
        nn.Linear(72, 20),
        nn.ReLU(),
        nn.Dropout(0.0 if fault == "dropout" else 0.4),
        nn.Linear(20, 5),
    )
    sgd = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    schedule = torch.optim.lr_scheduler.StepLR(sgd, 2, 0.9)

    def step(images, labels):
        loss = F.cross_entropy(model(images), labels)
        sgd.zero_grad()
        loss.backward()
        sgd.step()
        schedule.step()
        return {"loss": loss.item()}

    return Torch({"model": model}, {"sgd": sgd}, step)


class EmaNorm(nn.Module):
    """Batch norm with two sets of averages of the biased variance, as the TF1 program's
    EMA makes them: one for each call of the network."""

    def __init__(self, channels, calls, fault):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.calls, self.fault, self.call = calls, fault, 0
        for i in range(calls):
            self.register_buffer(f"mean{i}", torch.zeros(channels))
            self.register_buffer(f"var{i}", torch.zeros(channels))

    def forward(self, x):  # [N, C, H, W]
        mean, var = (getattr(self, f"{n}{self.call}") for n in ("mean", "var"))
        if self.training:
            m, v = x.mean((0, 2, 3)), x.var((0, 2, 3), correction=0)
            if self.moves:
                with torch.no_grad():
                    mean.lerp_(m, 0.1)
                    var.lerp_(v, 0.1)
            mean, var = m, v
        mean, var, gamma, beta = (t[:, None, None] for t in (mean, var, self.weight, self.bias))
        if self.fault == "epsilon-outside":
            return (x - mean) / (var.sqrt() + 1e-5) * gamma + beta
        return (x - mean) / (var + 1e-5).sqrt() * gamma + beta


class SameConvTranspose2d(nn.ConvTranspose2d):
    def forward(self, x):
        return super().forward(x)[:, :, 1:-2, 1:-2]


class SameConv2d(nn.Conv2d):
    def forward(self, x):
        return super().forward(F.pad(x, (1, 2, 1, 2)))


def ema_batch_norm(fault=""):
    generator = nn.Sequential(
        nn.Linear(8, 96, bias=False),
        nn.Unflatten(1, (6, 4, 4)),
        EmaNorm(6, 1, fault),
        nn.ReLU(),
        SameConvTranspose2d(6, 3, 5, 2, bias=False),
        nn.Tanh(),
    )
    norm = EmaNorm(6, 2, fault)
    discriminator = nn.Sequential(
        SameConv2d(3, 6, 5, 2, bias=False),
        norm,
        nn.LeakyReLU(0.2),
        nn.Flatten(),
        nn.Linear(96, 1, bias=False),
    )
    eps = 1e-8

    class Adam(torch.optim.Adam):
        updates = 0

        def step(self):  # TF1 adds epsilon before the bias is corrected
            self.updates += 1
            self.param_groups[0]["eps"] = eps / (1 - 0.999**self.updates) ** 0.5
            super().step()

    d_adam = Adam(discriminator.parameters(), lr=2e-4, betas=(0.5, 0.999))
    g_adam = Adam(generator.parameters(), lr=2e-4, betas=(0.5, 0.999))
    criterion = nn.BCEWithLogitsLoss()

    def judge(x, call, moves):
        norm.call, norm.moves = call, moves
        return discriminator(x)

    def step(z, images):
        generator[2].moves = True
        fake = generator(z)
        generator[2].moves = True
        on_real, on_fake = judge(images, 0, True), judge(fake.detach(), 1, True)
        d_loss = criterion(on_real, torch.ones_like(on_real))
        d_loss = d_loss + criterion(on_fake, torch.zeros_like(on_fake))
        discriminator.zero_grad()
        d_loss.backward()
        d_adam.step()
        on_fake = judge(generator(z), 1, True)  # the second session call moves them again
        g_loss = criterion(on_fake, torch.ones_like(on_fake))
        generator.zero_grad()
        g_loss.backward()
        g_adam.step()
        norm.call = 0  # what inference reads
        return {"d_loss": d_loss.item(), "g_loss": g_loss.item()}

    generator[2].moves = norm.moves = True
    return Torch({"G": generator, "D": discriminator}, {"d": d_adam, "g": g_adam}, step)
