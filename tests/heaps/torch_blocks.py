"""Ports of `tf1_blocks` in PyTorch."""

import copy

import torch
from torch import nn
from torch.nn import functional as F

from dcgan_v1.compare import Torch
from heaps.tf1_blocks import DECAY, EMA_DECAY, RATE
from heaps.torch_ports import LOSSES


def _cross_entropy(logits, label=1.0):
    return LOSSES["logits"](logits, label).mean()


def _pixels_last(h):  # [N, C, H, W] -> [N, H * W * C]
    return h.permute(0, 2, 3, 1).flatten(1)


def _trained(optimizer, loss):
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


def _judge(model, optimizer=None):
    """A port that trains a network of images to say 1."""
    made = optimizer or torch.optim.SGD(model.parameters(), 0.1)
    step = lambda x: {"loss": _trained(made, _cross_entropy(model(x)))}  # noqa: E731
    return Torch({"D": model}, {"optimizer": made}, step)


def _draw(model):
    """A port that trains a network of noise to draw grey."""
    made = torch.optim.SGD(model.parameters(), 0.1)
    step = lambda z: {"loss": _trained(made, ((model(z) - 0.5) ** 2).mean())}  # noqa: E731
    return Torch({"G": model}, {"optimizer": made}, step)


def tied():
    w = torch.randn(12, 5, requires_grad=True)
    b, c = torch.zeros(5, requires_grad=True), torch.zeros(12, requires_grad=True)
    made = torch.optim.SGD([w, b, c], 0.1)

    def step(x):
        return {"loss": _trained(made, F.mse_loss(F.linear(torch.tanh(x @ w + b), w, c), x))}

    return Torch({"ae": {"w": w, "b": b, "c": c}}, {"optimizer": made}, step)


class SpectralNorm(nn.Module):
    def __init__(self, normalises):
        super().__init__()
        self.w, self.b = nn.Parameter(torch.randn(64, 7)), nn.Parameter(torch.zeros(7))
        self.register_buffer("u", torch.ones(1, 7))
        self.fc, self.normalises = nn.Linear(7, 1), normalises

    def forward(self, x):
        w = self.w
        if self.normalises:
            with torch.no_grad():
                v = F.normalize(self.u @ w.T)
                u = F.normalize(v @ w)
                if self.training:
                    self.u.copy_(u)
            w = w / (v @ w @ u.T)
        return self.fc(F.leaky_relu(_pixels_last(x) @ w + self.b, 0.2))


def spectral_norm(normalises=True):
    return _judge(SpectralNorm(normalises))


class PixelShuffle(nn.Module):
    """`permutes`: the channels to where TensorFlow's depth_to_space has them."""

    def __init__(self, permutes):
        super().__init__()
        self.fc, self.conv = nn.Linear(5, 48), nn.Conv2d(3, 8, 3, 1, 1)
        self.out, self.permutes = nn.Conv2d(2, 1, 3, 1, 1), permutes

    def forward(self, z):
        h = self.conv(F.relu(self.fc(z)).view(-1, 4, 4, 3).permute(0, 3, 1, 2))
        if self.permutes:  # [N, 2 * 2 * C, H, W] -> [N, C * 2 * 2, H, W]
            h = h.view(-1, 4, 2, 4, 4).transpose(1, 2).flatten(1, 2)
        return torch.tanh(self.out(F.pixel_shuffle(h, 2)))


def pixel_shuffle(permutes=True):
    return _draw(PixelShuffle(permutes))


class Upsampled(nn.Module):
    def __init__(self, mode):
        super().__init__()
        self.fc, self.out = nn.Linear(5, 48), nn.Conv2d(3, 1, 3, 1, 1)
        self.up = nn.Upsample(scale_factor=2, mode=mode)

    def forward(self, z):
        h = F.relu(self.fc(z)).view(-1, 4, 4, 3).permute(0, 3, 1, 2)
        return torch.tanh(self.out(self.up(h)))


def nearest(mode="nearest"):
    return _draw(Upsampled(mode))


class Grown(nn.Module):
    """A transposed convolution of one pixel makes maps."""

    def __init__(self):
        super().__init__()
        self.first, self.out = nn.ConvTranspose2d(5, 3, 4, bias=False), nn.Conv2d(3, 1, 3, 1, 1)

    def forward(self, z):
        return torch.tanh(self.out(F.relu(self.first(z.view(-1, 5, 1, 1)))))


def grown():
    return _draw(Grown())


class Network(nn.Module):
    """[N, 1, 8, 8] -> [N, 1], something between a convolution and a dense layer."""

    def __init__(self, *middle, channels=3):
        super().__init__()
        self.conv, self.middle = nn.Conv2d(1, channels, 4, 2, 1), nn.Sequential(*middle)
        self.fc = nn.Linear(16 * channels, 1)

    def forward(self, x):
        return self.fc(_pixels_last(self.middle(self.conv(x))))


class Convolutional(nn.Module):
    """Its last convolution takes whole maps."""

    def __init__(self):
        super().__init__()
        self.conv, self.out = nn.Conv2d(1, 3, 4, 2, 1), nn.Conv2d(3, 1, 4)

    def forward(self, x):
        return self.out(F.leaky_relu(self.conv(x), 0.2)).view(-1, 1)


def convolutional():
    return _judge(Convolutional())


def prelu():
    return _judge(Network(nn.PReLU(3)))


def group_norm(groups=2):
    return _judge(Network(nn.GroupNorm(groups, 4), nn.ReLU(), channels=4))


class Depthwise(nn.Module):
    """`is_function`: its kernel is a parameter of its own, given to a function."""

    def __init__(self, is_function):
        super().__init__()
        if is_function:
            self.w = nn.Parameter(torch.randn(3, 1, 3, 3))
        else:
            self.depth = nn.Conv2d(3, 3, 3, 1, 1, groups=3, bias=False)
        self.point, self.fc = nn.Conv2d(3, 4, 1), nn.Linear(4, 1)
        self.is_function = is_function

    def forward(self, x):
        h = F.conv2d(x, self.w, None, 1, 1, 1, 3) if self.is_function else self.depth(x)
        return self.fc(F.relu(self.point(h)).mean((2, 3)))


def depthwise(is_function=False):
    return _judge(Depthwise(is_function))


class Embedding(nn.Module):
    def __init__(self, scale, adds):
        super().__init__()
        self.rows, self.scale, self.adds = nn.Embedding(10, 5), scale, adds
        self.fc, self.out = nn.Linear(5, 12), nn.Linear(12, 20)

    def forward(self, z, y):
        e = self.scale * self.rows(y % 10)
        return self.out(F.relu(self.fc(z + e if self.adds else z * e)))


def embedding(scale=3, adds=False):
    model = Embedding(scale, adds)
    made = torch.optim.SGD(model.parameters(), 0.1)
    loss = lambda z, y: ((model(z, y.long()) - 0.5) ** 2).mean()  # noqa: E731
    step = lambda z, y: {"loss": _trained(made, loss(z, y))}  # noqa: E731
    return Torch({"G": model}, {"optimizer": made}, step)


def averaged_weights(decay=EMA_DECAY):
    model = Network(nn.LeakyReLU(0.2))
    average = copy.deepcopy(model).requires_grad_(False)
    made = torch.optim.SGD(model.parameters(), 0.1)

    @torch.no_grad()
    def follow():
        for a, p in zip(average.parameters(), model.parameters(), strict=True):
            a.mul_(decay).add_(p, alpha=1 - decay)

    def step(x):
        loss = _trained(made, _cross_entropy(model(x)))
        follow()
        return {"loss": loss}

    return Torch({"D": model, "average": average}, {"optimizer": made}, step)


def adam(kind="AdamW", decay=DECAY):
    model = Network(nn.LeakyReLU(0.2))
    made = getattr(torch.optim, kind)
    return _judge(model, made(model.parameters(), RATE, weight_decay=decay))


def maximised():
    model = Network(nn.LeakyReLU(0.2))
    made = torch.optim.SGD(model.parameters(), 0.1, maximize=True)
    step = lambda x: {"loss": -_trained(made, -_cross_entropy(model(x)))}  # noqa: E731
    return Torch({"D": model}, {"optimizer": made}, step)


def gan(times=1):
    """`times`: that D is trained in a step."""
    d, g = Network(nn.LeakyReLU(0.2)), nn.Sequential(nn.Linear(5, 64), nn.Tanh())
    d_opt, g_opt = (torch.optim.SGD(net.parameters(), 0.1) for net in (d, g))

    def step(x, z):
        for _ in range(times):
            fake = g(z).view(-1, 1, 8, 8).detach()
            d_loss = _trained(d_opt, _cross_entropy(d(x)) + _cross_entropy(d(fake), 0.0))
        g_loss = _trained(g_opt, _cross_entropy(d(g(z).view(-1, 1, 8, 8))))
        return {"d_loss": d_loss, "g_loss": g_loss}

    return Torch({"D": d, "G": g}, {"d": d_opt, "g": g_opt}, step)


class ChannelsFirst(nn.Module):
    def __init__(self, slope, padding):
        super().__init__()
        self.a, self.b = nn.Conv2d(1, 3, 5, 2), nn.Conv2d(3, 4, 5, 2)
        self.act, self.out = nn.LeakyReLU(slope), nn.Linear(16, 1)
        self.padding = padding

    def forward(self, x):
        h = x.view(-1, 1, 8, 8)
        for conv in (self.a, self.b):
            h = self.act(conv(F.pad(h, self.padding)))
        return self.out(h.flatten(1))


def channels_first(slope=0.2, before=1):
    """`before`: zeros ahead of an image."""
    return _judge(ChannelsFirst(slope, (before, 3 - before) * 2))


class DrawnChannelsFirst(nn.Module):
    def __init__(self, slope, channels):
        super().__init__()
        self.fc, self.act = nn.Linear(5, 16 * channels), nn.LeakyReLU(slope)
        self.conv = nn.Conv2d(channels, 2, 3, 1, 1, bias=False)

    def forward(self, z):
        h = self.fc(z)
        return torch.tanh(self.conv(self.act(h.view(len(h), -1, 4, 4))))


def drawn_channels_first(slope=0.2, channels=5):
    return _draw(DrawnChannelsFirst(slope, channels))
