"""Training steps of celeba64 and images96 as a PyTorch user would write them.

images96 is as its counterpart in `dcgan_v1.ports` has it, which is that loop.

The same networks and the system's own update order: D first, then G with the same fakes
against the updated D.
"""

import torch
from torch import nn

from dcgan_v1.ports import torch_images96

WIDTH = 128


def make_step(model, batch_size):
    torch.set_default_device("cuda" if torch.cuda.is_available() else "cpu")
    if model == "images96":
        return images96(batch_size)
    generator, discriminator = make_generator(), make_discriminator()
    for network in (generator, discriminator):
        network.apply(_initialize)
    g_adam, d_adam = (
        torch.optim.Adam(network.parameters(), lr=2e-4, betas=(0.5, 0.999))
        for network in (generator, discriminator)
    )
    criterion = nn.BCEWithLogitsLoss()
    pixels = torch.rand(512, 3, 64, 64) * 2 - 1
    ones, zeros = torch.ones(batch_size, 1), torch.zeros(batch_size, 1)

    def step():
        real = pixels[torch.randint(len(pixels), [batch_size])]
        fake = generator(torch.rand(batch_size, 100) * 2 - 1)
        d_adam.zero_grad()
        d_loss = criterion(discriminator(real), ones)
        d_loss = d_loss + criterion(discriminator(fake.detach()), zeros)
        d_loss.backward()
        d_adam.step()
        g_adam.zero_grad()
        g_loss = criterion(discriminator(fake), ones)
        g_loss.backward()
        g_adam.step()
        return d_loss.item(), g_loss.item()

    return step


def images96(batch_size):
    gan = torch_images96.Gan()
    pixels = torch.rand(512, 3, 96, 96) * 2 - 1

    def step():
        real = pixels[torch.randint(len(pixels), [batch_size])]
        return gan.train_step(real, torch.randn(batch_size, 100))

    return step


def _initialize(layer):
    if isinstance(layer, nn.BatchNorm2d):
        nn.init.normal_(layer.weight, 1.0, 0.02)
    elif hasattr(layer, "weight"):
        nn.init.normal_(layer.weight, 0.0, 0.02)


def _norm(channels):
    return nn.BatchNorm2d(channels, eps=1e-5, momentum=0.1)


def make_generator():
    layers = [
        nn.Linear(100, 16 * 8 * WIDTH, bias=False),
        nn.Unflatten(1, (8 * WIDTH, 4, 4)),
        _norm(8 * WIDTH),
        nn.ReLU(inplace=True),
    ]
    # padding 2, output_padding 1: doubles the side, as SAME with stride 2 does
    options = {"stride": 2, "padding": 2, "output_padding": 1, "bias": False}
    for above, below in ((8, 4), (4, 2), (2, 1)):
        layers += [
            nn.ConvTranspose2d(above * WIDTH, below * WIDTH, 5, **options),
            _norm(below * WIDTH),
            nn.ReLU(inplace=True),
        ]
    return nn.Sequential(*layers, nn.ConvTranspose2d(WIDTH, 3, 5, **options), nn.Tanh())


def make_discriminator():
    layers, below = [], 3
    for above in (WIDTH, 2 * WIDTH, 4 * WIDTH, 8 * WIDTH):
        layers += [
            nn.Conv2d(below, above, 5, stride=2, padding=2, bias=False),
            _norm(above),
            nn.LeakyReLU(0.2, inplace=True),
        ]
        below = above
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(16 * below, 1, bias=False))
