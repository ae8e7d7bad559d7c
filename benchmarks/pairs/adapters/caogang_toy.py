"""The classes of the program, which is of Python 2, and a step of its loop."""

import os
from pathlib import Path

import torch
from torch import nn, optim

from dcgan_v1.compare import Torch

text = Path(os.environ["PAIR_NEW"], "gan_toy.py").read_text("utf-8")
_, definitions, _ = text.split("# ==================Definition", 2)
names = {"nn": nn, "torch": torch, "DIM": 32, "FIXED_GENERATOR": False, "np": None}
exec("#" + definitions.partition("# custom weights")[0], names)


def penalty(discriminator, real, fake, alpha):
    mixed = (alpha * real + (1 - alpha) * fake).detach().requires_grad_()
    out = discriminator(mixed)
    (gradients,) = torch.autograd.grad(out, mixed, torch.ones(out.size()), create_graph=True)
    return ((gradients.norm(2, dim=1) - 1) ** 2).mean() * 0.1


def new():
    G, D = names["Generator"](), names["Discriminator"]()
    settings = {"lr": 1e-4, "betas": (0.5, 0.9)}
    optimizers = {
        "optimizerD": optim.Adam(D.parameters(), **settings),
        "optimizerG": optim.Adam(G.parameters(), **settings),
    }

    def step(Placeholder, random_normal, random_uniform, random_normal_2):
        real, noise, alpha, noise_2 = Placeholder, random_normal, random_uniform, random_normal_2
        D.zero_grad()
        fake = G(noise, real).detach()
        D_cost = D(fake).mean() - D(real).mean() + penalty(D, real, fake, alpha)
        D_cost.backward()
        optimizers["optimizerD"].step()
        G.zero_grad()
        G_cost = -D(G(noise_2, real)).mean()
        G_cost.backward()
        optimizers["optimizerG"].step()
        return {"D_cost": D_cost, "G_cost": G_cost}

    return Torch(models={"G": G, "D": D}, optimizers=optimizers, step=step)
