"""Ports of `tf1_parts` in PyTorch, and what may go wrong in them."""

import torch
from torch import nn
from torch.nn import functional as F

from dcgan_v1.compare import Torch
from heaps.torch_blocks import Network, _cross_entropy, _draw, _judge, _trained


class Attention(nn.Module):
    def __init__(self, scale, axis, adds):
        super().__init__()
        self.conv, self.fc = nn.Conv2d(1, 4, 4, 2, 1), nn.Linear(64, 1)
        self.f, self.g, self.v = nn.Conv2d(4, 2, 1), nn.Conv2d(4, 2, 1), nn.Conv2d(4, 4, 1)
        self.gamma = nn.Parameter(torch.zeros(1))
        self.scale, self.axis, self.adds = scale, axis, adds

    def forward(self, x):
        h = F.leaky_relu(self.conv(x), 0.2)
        f, g, v = (layer(h).flatten(2) for layer in (self.f, self.g, self.v))  # [N, C, 16]
        shares = torch.softmax(self.scale * torch.bmm(g.transpose(1, 2), f), self.axis)
        seen = self.gamma * torch.bmm(v, shares.transpose(1, 2)).view_as(h)
        return self.fc((h + seen if self.adds else seen).flatten(1))


def attention(scale=1.0, axis=-1, adds=True):
    return _judge(Attention(scale, axis, adds))


class Equalised(nn.Module):
    """Its gains are of the convolution and of the dense layer."""

    def __init__(self, gains):
        super().__init__()
        self.k, self.kb = nn.Parameter(torch.randn(3, 1, 4, 4)), nn.Parameter(torch.zeros(3))
        self.w, self.b = nn.Parameter(torch.randn(1, 48)), nn.Parameter(torch.zeros(1))
        self.scales = [(g / n) ** 0.5 for g, n in zip(gains, (16, 48), strict=True)]

    def forward(self, x):
        h = F.leaky_relu(F.conv2d(x, self.k * self.scales[0], self.kb, 2, 1), 0.2)
        return F.linear(h.flatten(1), self.w * self.scales[1], self.b)


def equalised(gains=(2, 2)):
    return _judge(Equalised(gains))


class Kernel(nn.Module):
    """A convolution by a kernel that is turned first."""

    def __init__(self, turn):
        super().__init__()
        self.k, self.kb = nn.Parameter(torch.randn(3, 1, 4, 4)), nn.Parameter(torch.zeros(3))
        self.fc, self.turn = nn.Linear(48, 1), turn

    def forward(self, x):
        k = torch.flip(self.k, (2, 3)) if self.turn == "flipped" else self.k.transpose(2, 3)
        h = F.leaky_relu(F.conv2d(x, k, self.kb, 2, 1), 0.2)
        return self.fc(h.permute(0, 2, 3, 1).flatten(1))


def kernel(turn):
    return _judge(Kernel(turn))


class Spread(nn.Module):
    def __init__(self, correction):
        super().__init__()
        self.conv, self.fc, self.correction = nn.Conv2d(1, 3, 4, 2, 1), nn.Linear(64, 1), correction

    def forward(self, x):
        h = F.leaky_relu(self.conv(x), 0.2)
        apart = torch.sqrt(h.var(0, correction=self.correction) + 1e-8).mean()
        return self.fc(torch.cat([h, apart.expand(len(h), 1, 4, 4)], 1).flatten(1))


def spread(correction=0):
    return _judge(Spread(correction))


class Drawn(nn.Module):
    """[N, 5] -> [N, 1, 8, 8] or [N, 1, 4, 4]: what `then` makes of maps [N, 3, 4, 4]."""

    def __init__(self, last, then):
        super().__init__()
        self.fc, self.last, self.then = nn.Linear(5, 48), last, then

    def forward(self, z):
        h = self.fc(z).view(-1, 4, 4, 3).permute(0, 3, 1, 2)
        return torch.tanh(self.then(self.last, h))


def pixel_norm(normalises=True):
    def then(last, h):
        h = F.leaky_relu(h, 0.2)
        return last(h / torch.sqrt((h**2).mean(1, True) + 1e-8) if normalises else h)

    return _draw(Drawn(nn.Conv2d(3, 1, 3, 1, 1), then))


def deconvolved(padding=0):
    """`padding`: of both sides, and a row more at the end; 0: cut by hand."""
    last = nn.ConvTranspose2d(3, 1, 5, 2, padding, 1 if padding else 0)
    cut = (lambda y: y) if padding else (lambda y: y[:, :, 1:9, 1:9])
    return _draw(Drawn(last, lambda last, h: cut(last(F.relu(h)))))


class UNet(nn.Module):
    def __init__(self, is_swapped):
        super().__init__()
        self.first, self.second = nn.Conv2d(1, 3, 4, 2, 1), nn.Conv2d(3, 4, 4, 2, 1)
        self.third, self.out = nn.Conv2d(7, 3, 3, 1, 1), nn.Conv2d(4, 1, 3, 1, 1)
        self.is_swapped = is_swapped

    def forward(self, x):
        first = F.leaky_relu(self.first(x), 0.2)
        h = F.interpolate(F.relu(self.second(first)), scale_factor=2)
        h = F.relu(self.third(torch.cat([first, h] if self.is_swapped else [h, first], 1)))
        return torch.tanh(self.out(torch.cat([F.interpolate(h, scale_factor=2), x], 1)))


def unet(is_swapped=False, weight=1.0):
    model = UNet(is_swapped)
    made = torch.optim.SGD(model.parameters(), 0.1)
    step = lambda x: {"loss": _trained(made, weight * F.l1_loss(model(x), x))}  # noqa: E731
    return Torch({"G": model}, {"optimizer": made}, step)


class Discriminated(nn.Module):
    def __init__(self, leaves_out):
        super().__init__()
        self.h, self.o = nn.Linear(6, 8), nn.Linear(12, 1)
        self.features, self.leaves_out = nn.Parameter(torch.randn(8, 12)), leaves_out

    def forward(self, x):
        h = F.leaky_relu(self.h(x), 0.2)
        m = (h @ self.features).view(-1, 4, 3)
        near = torch.exp(-(m[None] - m[:, None]).abs().sum(3)).sum(1)
        return self.o(torch.cat([h, near - 1 if self.leaves_out else near], 1))


def discriminated(leaves_out=False):
    """`leaves_out`: a row itself among those that it is near."""
    return _judge(Discriminated(leaves_out))


def kept():
    """No gradient is set to zero between steps."""
    model = Network(nn.LeakyReLU(0.2))
    made = torch.optim.SGD(model.parameters(), 0.1)

    def step(x):
        loss = _cross_entropy(model(x))
        loss.backward()
        made.step()
        return {"loss": loss.item()}

    return Torch({"D": model}, {"optimizer": made}, step)


def dropped(order="real fake", slope=0.2):
    """`order`: in which D judges."""
    leaky = (nn.LeakyReLU(slope), nn.Dropout(0.3))
    d = nn.Sequential(nn.Linear(6, 8), *leaky, nn.Linear(8, 8), nn.LeakyReLU(0.2), leaky[1])
    d.append(nn.Linear(8, 1))
    g = nn.Sequential(nn.Linear(3, 6), nn.Tanh())
    d_opt, g_opt = (torch.optim.SGD(net.parameters(), 0.1) for net in (d, g))

    def step(x, z):
        rows = {"real": (x, 1.0), "fake": (g(z).detach(), 0.0)}
        losses = [_cross_entropy(d(rows[name][0]), rows[name][1]) for name in order.split()]
        d_loss = _trained(d_opt, losses[0] + losses[1])
        return {"d_loss": d_loss, "g_loss": _trained(g_opt, _cross_entropy(d(g(z))))}

    return Torch({"D": d, "G": g}, {"d": d_opt, "g": g_opt}, step)
