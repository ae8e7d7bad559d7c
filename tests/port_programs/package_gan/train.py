"""A package with relative imports."""

import argparse

import torch
from torch.nn.functional import binary_cross_entropy_with_logits as bce

from .networks import discriminator, generator


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=1)
    epochs = parser.parse_args().epochs
    G, D = generator(), discriminator()
    opt = {
        "g": torch.optim.Adam(G.parameters(), lr=0.02, betas=(0.5, 0.999)),
        "d": torch.optim.Adam(D.parameters(), lr=0.01, betas=(0.5, 0.999)),
    }
    data = torch.rand(64 * epochs, 4)
    for i in range(8 * epochs):
        real, noise = data[i * 8 : i * 8 + 8], torch.randn(8, 3)
        fake = G(noise)
        # two backward passes, as DCGAN's example has them
        D.zero_grad()
        on_real = D(real)
        errD_real = bce(on_real, torch.ones_like(on_real))
        errD_real.backward()
        on_fake = D(fake.detach())
        errD_fake = bce(on_fake, torch.zeros_like(on_fake))
        errD_fake.backward()
        opt["d"].step()
        G.zero_grad()
        on_fake = D(fake)
        errG = bce(on_fake, torch.ones_like(on_fake))
        errG.backward()
        opt["g"].step()


if __name__ == "__main__":
    main()
