"""Ports of `tf1_models` in PyTorch, and what may go wrong in them."""

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils import parametrizations

from dcgan_v1.compare import Torch


def _stepping(made, loss, model, name="D"):
    """A port whose step lowers what `loss` makes of its arguments."""

    def step(*args):
        made.zero_grad()
        value = loss(*args)
        value.backward()
        made.step()
        return {"loss": value.item()}

    return step, lambda function: Torch({name: model}, {"optimizer": made}, function)


def _sgd(model, rate=0.1):
    return torch.optim.SGD(model.parameters(), rate)


class Heads(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.judged, self.told = (
            nn.Conv2d(1, 3, 4, 2, 1),
            nn.Linear(48, 1),
            nn.Linear(48, 4),
        )

    def forward(self, x):
        h = F.leaky_relu(self.conv(x), 0.2).flatten(1)
        return torch.sigmoid(self.judged(h)), F.log_softmax(self.told(h), 1)


def heads():
    model = Heads()

    def loss(x, y):
        judged, told = model(x)
        smooth = F.binary_cross_entropy(judged, torch.full_like(judged, 0.9))
        return smooth + F.nll_loss(told, y.long() % 4)

    step, port = _stepping(_sgd(model), loss, model)
    return port(lambda x, y: step(x, y))


def weight_norm():
    first = parametrizations.weight_norm(nn.Linear(6, 4))
    model = nn.Sequential(first, nn.ReLU(), nn.Linear(4, 1))
    step, port = _stepping(_sgd(model), lambda x: ((model(x) - 1) ** 2).mean(), model)
    return port(lambda x: step(x))


class Grown(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.fc, self.conv = nn.Linear(features, 48), nn.Conv2d(3, 1, 3, padding=1)

    def forward(self, h):
        return self.conv(F.interpolate(F.elu(self.fc(h).view(-1, 3, 4, 4)), scale_factor=2))


class Autoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.code, self.grown = nn.Conv2d(1, 3, 3, 2), nn.Linear(48, 6), Grown(6)

    def forward(self, x):
        h = F.elu(self.conv(F.pad(x, (0, 1, 0, 1))))
        return self.grown(self.code(h.flatten(1)))


def began(begin=0.125):
    d, g, k = Autoencoder(), Grown(5), torch.tensor(begin)
    d_opt, g_opt = _sgd(d), _sgd(g)

    def step(x, z):
        fake = g(z)
        real_loss, g_loss = F.l1_loss(d(x), x), F.l1_loss(d(fake), fake)
        d_loss = real_loss - k * g_loss
        for loss, net in ((d_loss, d), (g_loss, g)):
            own = list(net.parameters())
            gradients = torch.autograd.grad(loss, own, retain_graph=True)
            for p, gradient in zip(own, gradients, strict=True):
                p.grad = gradient
        losses = {"d_loss": d_loss.item(), "g_loss": g_loss.item()}
        d_opt.step()
        g_opt.step()
        with torch.no_grad():
            k.copy_((k + 0.01 * (0.5 * real_loss - g_loss)).clamp(0, 1))
        return losses

    return Torch({"D": d, "G": g, "k": {"k": k}}, {"d": d_opt, "g": g_opt}, step)


class Drops(nn.Module):
    def __init__(self, rate, corners):
        super().__init__()
        self.fc, self.drop, self.conv = nn.Linear(5, 48), nn.Dropout(rate), nn.Conv2d(3, 1, 3, 1, 1)
        self.options = {"align_corners": True} if corners else {"antialias": False}
        self.corners = corners

    def forward(self, z):
        h = self.drop(F.relu(self.fc(z))).view(-1, 4, 4, 3).permute(0, 3, 1, 2)
        if self.corners:
            h = F.interpolate(h, size=(8, 8), mode="bilinear", align_corners=True)
        else:  # as TF1: each pixel and the middle of it and the next, the last one twice
            for axis in (2, 3):
                last = h.narrow(axis, -1, 1)
                following = torch.cat([h.narrow(axis, 1, h.shape[axis] - 1), last], axis)
                h = torch.stack([h, (h + following) / 2], axis + 1).flatten(axis, axis + 1)
        return torch.tanh(self.conv(h))


def drops(rate=0.3, corners=False):
    model = Drops(rate, corners)
    step, port = _stepping(_sgd(model), lambda z: ((model(z) - 0.3) ** 2).mean(), model, "G")
    return port(lambda z: step(z))


class Vae(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoded, self.mean, self.spread = nn.Linear(20, 12), nn.Linear(12, 3), nn.Linear(12, 3)
        self.decoded, self.out = nn.Linear(3, 12), nn.Linear(12, 20)

    def forward(self, x, noise):
        h = F.relu(self.encoded(x))
        mean, spread = self.mean(h), self.spread(h)
        return self.out(F.relu(self.decoded(mean + torch.exp(spread / 2) * noise))), mean, spread


def vae(beta=1.0):
    model = Vae()

    def loss(x, noise):
        y, mean, spread = model(x, noise)
        kl = -0.5 * (1 + spread - mean**2 - spread.exp()).sum(1).mean()
        return ((y - x) ** 2).sum(1).mean() + beta * kl

    step, port = _stepping(_sgd(model, 0.01), loss, model, "vae")
    return port(lambda x, noise: step(x, noise))


class Critic(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.out = nn.Linear(6, 5), nn.Linear(5, 1)

    def forward(self, x):
        return self.out(torch.tanh(F.layer_norm(self.first(x), (5,), eps=1e-3)))


def critic(creates=True):
    """`creates`: the graph of the penalty's gradient, without which it is a number."""
    model = Critic()

    def loss(x, share):
        mixed = (share * x).requires_grad_()
        (slopes,) = torch.autograd.grad(model(mixed).sum(), mixed, create_graph=creates)
        return 10 * ((slopes.norm(2, 1) - 1) ** 2).mean() - model(x).mean()

    step, port = _stepping(_sgd(model), loss, model)
    return port(lambda x, share: step(x, share))


def clipped(clips="by hand", last=0.01):
    """`clips`: every gradient 'by hand', or 'each' or all 'together' by PyTorch's function; `last`:
    of the rates."""
    model = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 1))
    made = _sgd(model)
    of_step = lambda step: (1 - step / 10) * (1 - 10 * last) + 10 * last  # noqa: E731
    schedule = torch.optim.lr_scheduler.LambdaLR(made, of_step)

    def step(x):
        made.zero_grad()
        loss = ((model(x) - 1) ** 2).mean()
        loss.backward()
        groups = [list(model.parameters())] if clips == "together" else model.parameters()
        for group in groups:
            if clips == "by hand":
                group.grad *= 0.05 / torch.clamp(group.grad.norm(), min=0.05)
            else:
                nn.utils.clip_grad_norm_(group, 0.05)
        made.step()
        schedule.step()
        return {"loss": loss.item()}

    return Torch({"D": model}, {"optimizer": made}, step)


def _small(made):
    model = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 1))
    optimizer = made(model.parameters())
    step, port = _stepping(optimizer, lambda x: ((model(x) - 1) ** 2).mean(), model)
    return port(lambda x: step(x))


def rms(centered=True):
    return _small(lambda p: torch.optim.RMSprop(p, 0.01, 0.9, 1e-3, centered=centered))


def fading(amsgrad=False):
    return _small(lambda p: torch.optim.Adam(p, 0.1, (0.5, 0.5), amsgrad=amsgrad))


def far():
    model = nn.Linear(6, 1)
    step, port = _stepping(_sgd(model), lambda x: F.softplus(model(x) + 22.0).mean(), model)
    return port(lambda x: step(x))
