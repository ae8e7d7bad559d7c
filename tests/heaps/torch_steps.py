"""Ports of `tf1_steps` in PyTorch, and what may go wrong in them."""

import copy

import torch
from torch import nn
from torch.nn import functional as F

from dcgan_v1.compare import Torch
from heaps.tf1_steps import KEPT, PENALTY, RATE
from heaps.torch_ports import LOSSES


def _cross_entropy(logits):
    return LOSSES["logits"](logits, 1.0).mean()


def _sgd(model, rate=RATE):
    return torch.optim.SGD(model.parameters(), rate)


def _trained(made, loss):
    made.zero_grad()
    loss.backward()
    made.step()
    return loss.item()


def _judge(model, rate=RATE):
    made = _sgd(model, rate)
    step = lambda x: {"loss": _trained(made, _cross_entropy(model(x)))}  # noqa: E731
    return Torch({"D": model}, {"optimizer": made}, step)


def averaged(follows="after"):
    """`follows`: the weights of before or after an update."""
    model = nn.Linear(6, 3)
    average, made = copy.deepcopy(model).requires_grad_(False), _sgd(model)

    @torch.no_grad()
    def follow():
        for a, p in zip(average.parameters(), model.parameters(), strict=True):
            a.mul_(KEPT).add_(p, alpha=1 - KEPT)

    def step(x):
        if follows == "before":
            follow()
        loss = _trained(made, ((model(x) - 1) ** 2).mean())
        if follows == "after":
            follow()
        return {"loss": loss}

    return Torch({"model": model, "average": average}, {"optimizer": made}, step)


class Judge(nn.Module):
    def __init__(self):
        super().__init__()
        self.h, self.o = nn.Linear(6, 8), nn.Linear(8, 1)

    def forward(self, x):
        return self.o(F.leaky_relu(self.h(x), 0.2))


class BareJudge(nn.Module):
    def __init__(self, slope):
        super().__init__()
        shapes = {"w": (6, 8), "b": (8,), "v": (8, 1), "c": (1,)}
        for name, shape in shapes.items():
            setattr(self, name, nn.Parameter(torch.randn(shape) * 0.1))
        self.slope = slope

    def forward(self, x):
        return F.leaky_relu(x @ self.w + self.b, self.slope) @ self.v + self.c


def gan(
    kind="logits",
    g_kind="",
    penalty="",
    weight=PENALTY,
    saturates=False,
    clip=0.0,
    of_real=False,
    slope=0.2,
    g_end="Tanh",
    is_bare=False,
):
    """Of vectors, D and G in turn.

    Args:
      kind, g_kind: of loss; penalty: 'both', 'one', or of the norm of 'all' rows together;
        weight: of it.
      saturates: G maximises D's loss on what it makes.
      clip: of D's weights, ahead of its update.
      of_real: the share is that of real rows in what the penalty is taken of.
      slope: of D; g_end: of G; is_bare: whether D is parameters of its own, without layers.
    """
    d = BareJudge(slope) if is_bare else Judge()
    g = nn.Sequential(nn.Linear(3, 6), getattr(nn, g_end)())
    d_opt, g_opt = _sgd(d), _sgd(g)

    def penalised(x, fake, share):
        x, fake = (fake, x) if of_real else (x, fake)
        mixed = (share * fake + (1 - share) * x).requires_grad_()
        (slopes,) = torch.autograd.grad(d(mixed).sum(), mixed, create_graph=True)
        apart = (slopes.norm() if penalty == "all" else slopes.norm(2, 1)) - 1
        return weight * ((F.relu(apart) if penalty == "one" else apart) ** 2).mean()

    def step(x, z, *share):
        fake = g(z).detach()
        d_loss = LOSSES[kind](d(x), 1.0).mean() + LOSSES[kind](d(fake), 0.0).mean()
        if penalty:
            d_loss = d_loss + penalised(x, fake, *share)
        d_opt.zero_grad()
        d_loss.backward()
        if clip:
            with torch.no_grad():
                for p in d.parameters():
                    p.clamp_(-clip, clip)
        d_opt.step()
        on_fake = d(g(z))
        g_loss = LOSSES[g_kind or kind](on_fake, 1.0).mean()
        if saturates:
            g_loss = -LOSSES[kind](on_fake, 0.0).mean()
        return {"d_loss": d_loss.item(), "g_loss": _trained(g_opt, g_loss)}

    with_share = lambda x, z, share: step(x, z, share)  # noqa: E731
    own = with_share if penalty else (lambda x, z: step(x, z))
    return Torch({"D": d, "G": g}, {"d": d_opt, "g": g_opt}, own)


class Conditioned(nn.Module):
    def __init__(self, ahead):
        super().__init__()
        self.ahead = ahead
        self.conv, self.fc = nn.Conv2d(5, 3, 4, 2, 1), nn.Linear(52, 1)

    def forward(self, x, y):
        maps = y.view(-1, 4, 1, 1).expand(-1, 4, 8, 8)
        h = F.leaky_relu(self.conv(torch.cat([x, maps], 1)), 0.2)
        parts = [h.flatten(1), y]  # channels first
        return self.fc(torch.cat(parts[::-1] if self.ahead else parts, 1))


def conditioned(ahead=False):
    model = Conditioned(ahead)
    made = _sgd(model)
    step = lambda x, y: {"loss": _trained(made, _cross_entropy(model(x, y)))}  # noqa: E731
    return Torch({"D": model}, {"optimizer": made}, step)


class Maps(nn.Module):
    """[N, 1, 8, 8] -> [N, 1], its maps flattened channels first."""

    def __init__(self, conv, *then):
        super().__init__()
        self.conv, self.then, self.fc = conv, nn.Sequential(*then), nn.Linear(48, 1)

    def forward(self, x):
        return self.fc(self.then(self.conv(x)).flatten(1))


def wide(padding=2, slope=0.0, rate=RATE):
    """`padding`: all around; 0 for TF1's by hand."""
    conv = nn.Conv2d(1, 3, 5, 2, padding)
    own = conv if padding else nn.Sequential(nn.ZeroPad2d((1, 2, 1, 2)), conv)
    return _judge(Maps(own, nn.LeakyReLU(slope) if slope else nn.ReLU()), rate)


def normed(epsilon=1e-5):
    norm = nn.InstanceNorm2d(3, eps=epsilon)
    return _judge(Maps(nn.Conv2d(1, 3, 4, 2, 1), norm, nn.ReLU()))


class Several(nn.Module):
    """`is_function`: its kernel is a parameter of its own, given to a function."""

    def __init__(self, number, is_function):
        super().__init__()
        self.depth = nn.Conv2d(2, 2 * number, 3, 1, 1, groups=2, bias=False)
        self.fc, self.is_function = nn.Linear(2 * number, 1), is_function

    def forward(self, x):
        h = F.conv2d(x, self.depth.weight, None, 1, 1, 1, 2) if self.is_function else self.depth(x)
        return self.fc(F.relu(h).mean((2, 3)))


def several(number=2, is_function=False):
    return _judge(Several(number, is_function))


def joined(padding=0):
    """Two calls of a network; `padding` as in `wide`."""
    conv = nn.Conv2d(1, 3, 5, 2, padding)
    own = conv if padding else nn.Sequential(nn.ZeroPad2d((1, 2, 1, 2)), conv)
    model = Maps(own, nn.ReLU())
    made = _sgd(model)

    def step(x, y):
        loss = LOSSES["logits"](model(x), 1.0).mean() + LOSSES["logits"](model(y), 0.0).mean()
        return {"loss": _trained(made, loss)}

    return Torch({"D": model}, {"optimizer": made}, step)


class Ended(nn.Module):
    """`end`: a function that is called at last, and no module."""

    def __init__(self, end):
        super().__init__()
        self.h, self.o, self.end = nn.Linear(3, 5), nn.Linear(5, 6), end

    def forward(self, z):
        y = self.o(torch.tanh(self.h(z)))
        return getattr(F, self.end)(y) if self.end else y


def drawn(end=""):
    model = Ended(end)
    made = _sgd(model)
    step = lambda z: {"loss": _trained(made, ((model(z) - 1) ** 2).mean())}  # noqa: E731
    return Torch({"G": model}, {"optimizer": made}, step)


def energies():
    g = nn.Sequential(nn.Linear(3, 6), nn.Tanh())
    d = nn.Sequential(nn.Linear(6, 4), nn.Tanh(), nn.Linear(4, 6))
    d_opt, g_opt = _sgd(d), _sgd(g)
    energy = lambda y: ((y - d(y)) ** 2).sum(1).mean()  # noqa: E731
    step = lambda x, z: {  # noqa: E731
        "d_loss": _trained(d_opt, energy(x)),
        "g_loss": _trained(g_opt, energy(g(z))),
    }
    return Torch({"D": d, "G": g}, {"d": d_opt, "g": g_opt}, step)
