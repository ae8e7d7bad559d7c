"""Ports of `tf1_programs` in PyTorch: its blocks in several ways, and what may go wrong in each."""

import torch
from torch import nn
from torch.nn import functional as F

from dcgan_v1.compare import Torch

ACTIVATIONS = {
    "leaky_relu": lambda x: F.leaky_relu(x, 0.2),
    "module": nn.LeakyReLU(0.2),
    "slope 0.3": nn.LeakyReLU(0.3),
    "slope 0.01": nn.LeakyReLU(),
    "maximum": lambda x: torch.maximum(x, 0.2 * x),
    "relu": F.relu,
    "relu6": F.relu6,
    "elu": F.elu,
    "elu of alpha 0.5": lambda x: F.elu(x, 0.5),
    "elu by hand": lambda x: torch.where(x > 0, x, torch.expm1(torch.clamp(x, max=0))),
    "two relus": lambda x: F.relu(x) - 0.2 * F.relu(-x),
    "silu": F.silu,
    "softplus": F.softplus,
    "tanh": torch.tanh,
    "none": lambda x: x,
}


def _of_probability(loss):
    return lambda logits, label: loss(torch.sigmoid(logits), torch.full_like(logits, label))


def _by_hand(p, labels):
    return -(labels * torch.log(p) + (1 - labels) * torch.log(1 - p))


LOSSES = {
    "logits": lambda x, label: F.binary_cross_entropy_with_logits(
        x, torch.full_like(x, label), reduction="none"
    ),
    "probability": _of_probability(lambda p, y: F.binary_cross_entropy(p, y, reduction="none")),
    "by hand": _of_probability(_by_hand),
    "1 - sigmoid(-x)": lambda x, label: _by_hand(1 - torch.sigmoid(-x), label),
    "softplus": lambda x, label: F.softplus(x) - label * x,
    "two logits": lambda x, label: F.cross_entropy(
        torch.cat([torch.zeros_like(x), x], 1), torch.full((len(x),), int(label)), reduction="none"
    ),
    "squares": lambda x, label: (x - label) ** 2,
    "wasserstein": lambda x, label: (1 - 2 * label) * x,
    "hinge": lambda x, label: torch.clamp(1 - (2 * label - 1) * x, min=0),
    "hinge of margin 2": lambda x, label: torch.clamp(2 - (2 * label - 1) * x, min=0),
}


def optimizer(name, parameters, rate):
    """Torch's own, by TF1's name; words after it are a fault."""
    kind, _, fault = name.partition(" ")
    if kind == "sgd":
        return torch.optim.SGD(parameters, rate, weight_decay=0.05 if fault else 0)
    if kind == "momentum":
        momentum = 0.8 if fault == "0.8" else 0.9
        dampening = 0.5 if fault == "dampening" else 0
        return torch.optim.SGD(parameters, rate, momentum, dampening, nesterov=fault == "nesterov")
    if kind == "rmsprop":
        rho = 0.99 if fault else 0.9
        return torch.optim.RMSprop(parameters, rate, rho, eps=1e-3)
    betas = {"beta1": (0.9, 0.999), "0 0.9": (0.0, 0.9)}.get(fault, (0.5, 0.999))
    eps = 1e-4 if fault == "epsilon" else 1e-8
    return torch.optim.Adam(parameters, rate, betas, eps)


class Norm(nn.BatchNorm2d):
    """Torch's, with averages of the biased variance, as tf.layers' unfused one has them."""

    def forward(self, x):  # [N, C, H, W]
        before = self.running_var.clone()
        y = super().forward(x)
        if self.training:
            variance = x.detach().var((0, 2, 3), correction=0)
            self.running_var.copy_((1 - self.momentum) * before + self.momentum * variance)
        return y


class LayerNorm(nn.Module):
    """Of each image by itself, its scale and shift of each channel."""

    def __init__(self, epsilon):
        super().__init__()
        self.epsilon = epsilon
        self.gamma, self.beta = nn.Parameter(torch.ones(3)), nn.Parameter(torch.zeros(3))

    def forward(self, x):  # [N, C, H, W]
        y = F.layer_norm(x, x.shape[1:], eps=self.epsilon)
        return y * self.gamma[:, None, None] + self.beta[:, None, None]


def norm(kind, epsilon, decay):
    if kind == "layer":
        return LayerNorm(epsilon)
    if kind == "instance":
        return nn.InstanceNorm2d(3, epsilon, affine=True)
    if kind == "moments":
        return Norm(3, epsilon, 1 - decay)
    return nn.BatchNorm2d(3, epsilon, 1 - decay, track_running_stats=kind != "no averages")


class Discriminator(nn.Module):
    """[N, 1, 8, 8] -> [N, 1] logits, or probabilities."""

    def __init__(
        self,
        kind="",
        *,
        epsilon=1e-3,
        decay=0.9,
        bias=True,
        activation="leaky_relu",
        flatten="channels first",
        ends_in="logits",
        padding=1,
        swapped=False,
        pool="",
    ):
        super().__init__()
        self.pool = {"avg": F.avg_pool2d, "max": F.max_pool2d}.get(pool)
        self.conv = nn.Conv2d(1, 3, 4, 2, padding, bias=bias)
        self.norm = norm(kind, epsilon, decay) if kind else nn.Identity()
        self.activation = ACTIVATIONS[activation]
        self.fc = nn.Linear(48, 1)
        self.flatten, self.ends_in, self.padding = flatten, ends_in, padding
        self.swapped = swapped

    def forward(self, x):
        if self.padding == 0:  # all of it after the image
            x = F.pad(x, (0, 2, 0, 2))
        h = self.conv(x)  # [N, 3, 4, 4]
        h = self.norm(self.activation(h)) if self.swapped else self.activation(self.norm(h))
        if self.pool:
            h = F.interpolate(self.pool(h, 2), scale_factor=2)
        if self.flatten == "pixels last":
            h = h.permute(0, 2, 3, 1)
        logits = self.fc(h.reshape(len(h), 48))
        return torch.sigmoid(logits) if self.ends_in == "probability" else logits


class Leaf(nn.Module):
    """The same with parameters of its own and no layers."""

    def __init__(self):
        super().__init__()
        self.k = nn.Parameter(torch.randn(3, 1, 4, 4))
        self.kb, self.w = nn.Parameter(torch.zeros(3)), nn.Parameter(torch.randn(48, 1))
        self.b = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        return functional(x, self.k, self.kb, self.w, self.b)


def functional(x, k, kb, w, b, slope=0.2):
    h = F.leaky_relu(F.conv2d(x, k, kb, 2, 1), slope).permute(0, 2, 3, 1)
    return h.reshape(-1, 48) @ w + b


class Generator(nn.Module):
    """[N, 5] -> [N, 1, 8, 8]."""

    def __init__(self, kind="", bias=True, ends_in="tanh"):
        super().__init__()
        self.fc, self.deconv = nn.Linear(5, 48), nn.ConvTranspose2d(3, 1, 4, 2, 1, bias=bias)
        self.norm = norm(kind, 1e-3, 0.9) if kind else nn.Identity()
        self.ends_in = ends_in

    def forward(self, z):
        h = self.fc(z).view(-1, 4, 4, 3).permute(0, 3, 1, 2)  # [N, 3, 4, 4]
        y = self.deconv(F.relu(self.norm(h)))
        return torch.tanh(y) if self.ends_in == "tanh" else torch.sigmoid(y)


# ---- ports ----


def classifier(
    *,
    loss="logits",
    label=1.0,
    reduction="mean",
    optimizer_name="sgd",
    rate=0.1,
    l2=0.0,
    flat=False,
    form="modules",
    scale=1.0,
    shift=0.0,
    weight=1.0,
    slope=0.2,
    evaluates=False,
    clips="",
    decays=False,
    **network,
):
    """D alone.

    Args:
      form: of `modules`, a 'leaf' or 'tensors'.
      slope: of bare tensors.
      evaluates: its batch norm goes by its averages.
      clips: gradients, by 'value' or by 'norm' together.
      decays: whether the rate halves in every update.
    """
    bare = None
    if form == "tensors":
        bare = [torch.randn(3, 1, 4, 4), torch.zeros(3), torch.randn(48, 1), torch.zeros(1)]
        parameters = [t.requires_grad_() for t in bare]
        model = lambda x: functional(x, *bare, slope)  # noqa: E731
    else:
        model = Leaf() if form == "leaf" else Discriminator(**network)
        parameters = list(model.parameters())
    made = optimizer(optimizer_name, parameters, rate)
    schedule = torch.optim.lr_scheduler.ExponentialLR(made, 0.5) if decays else None
    end = "probability" if network.get("ends_in") == "probability" else ""

    def step(x):
        if evaluates:
            model.eval()
        y = model((x.view(-1, 1, 8, 8) if flat else x) * scale + shift)
        labels = torch.full_like(y, label)
        if end:
            terms = F.binary_cross_entropy(y, labels, reduction="none")
        else:
            terms = LOSSES[loss](y, label)
        value = weight * (terms.sum() if reduction == "sum" else terms.mean())
        if l2:
            value = value + l2 / 2 * sum((p**2).sum() for p in parameters)
        made.zero_grad()
        value.backward()
        if clips == "norm":
            norm_of = sum((p.grad**2).sum() for p in parameters).sqrt()
            for p in parameters:
                p.grad *= 0.05 / torch.clamp(norm_of, min=0.05)
        elif clips:
            nn.utils.clip_grad_value_(parameters, 0.02 if clips == "value" else float(clips))
        made.step()
        if schedule:
            schedule.step()
        return {"loss": value.item()}

    return Torch({"D": model if bare is None else bare}, {"sgd": made}, step)


def gan(
    *,
    loss="logits",
    labels=(1.0, 0.0),
    g_label=None,
    calls="two",
    optimizer_name="sgd",
    g_optimizer=None,
    rate=0.1,
    g_rate=None,
    order="d first",
    averaged=False,
    backwards=1,
    detaches=True,
    weights=(1.0, 1.0),
    noise="once",
    clip=0.0,
    g_kind="",
    ends_in="tanh",
    **network,
):
    """D and G in turn.

    Args:
      order: 'd first', 'g first', or 'at once': of gradients taken before either update.
      backwards: how often D's loss goes backwards: as a whole, or either half by itself.
      detaches: whether D's loss is cut off from G.
      noise: 'once' of a step, or G's update draws it 'again' by itself.
      clip: of D's weights after an update.
    """
    d, g = Discriminator(**network), Generator(g_kind, ends_in=ends_in)
    d_opt = optimizer(optimizer_name, d.parameters(), rate)
    g_opt = optimizer(g_optimizer or optimizer_name, g.parameters(), g_rate or rate)
    terms = LOSSES[loss]

    def d_halves(x, fake):
        fake = fake.detach() if detaches else fake
        on_real, on_fake = (d(x), d(fake)) if calls == "two" else d(torch.cat([x, fake])).chunk(2)
        halves = [
            w * terms(y, k).mean()
            for y, k, w in zip((on_real, on_fake), labels, weights, strict=True)
        ]
        return [half * (0.5 if averaged else 1) for half in halves]

    def d_backward(x, fake):
        halves = d_halves(x, fake)
        d_opt.zero_grad()
        if backwards == 2:
            for half in halves:
                half.backward()
        else:
            sum(halves).backward(retain_graph=not detaches)
        return sum(halves)

    def g_backward(fake, zeroes=True):
        value = terms(d(fake), labels[0] if g_label is None else g_label).mean()
        if zeroes:
            g_opt.zero_grad()
        value.backward()
        return value

    def step(x, z):
        if order == "g first":
            g_loss = g_backward(g(z))
            g_opt.step()
            d_loss = d_backward(x, g(z))
            d_opt.step()
        elif order == "at once":
            d_loss = d_backward(x, g(z))
            kept = [p.grad.clone() for p in d.parameters()]
            g_loss = g_backward(g(z))
            for p, gradient in zip(d.parameters(), kept, strict=True):
                p.grad = gradient
            d_opt.step()
            g_opt.step()
        else:
            fake = g(z)
            g_opt.zero_grad()
            d_loss = d_backward(x, fake)
            d_opt.step()
            if clip:
                with torch.no_grad():
                    for p in d.parameters():
                        p.clamp_(-clip, clip)
            fake = g(torch.randn_like(z) if noise == "again" else z)
            g_loss = g_backward(fake, zeroes=detaches)
            g_opt.step()
        return {"d_loss": d_loss.item(), "g_loss": g_loss.item()}

    return Torch({"D": d, "G": g}, {"d": d_opt, "g": g_opt}, step)


def two_networks():
    first, second = nn.Linear(6, 4), nn.Linear(6, 3)
    optimizers = {
        "second": torch.optim.SGD(second.parameters(), 0.1),
        "first": torch.optim.SGD(first.parameters(), 0.1),
    }

    def step(x):
        losses = {}
        for name, net in (("second", second), ("first", first)):
            loss = ((net(x) - 1) ** 2).mean()
            optimizers[name].zero_grad()
            loss.backward()
            optimizers[name].step()
            losses[name] = loss.item()
        return losses

    return Torch({"first": first, "second": second}, optimizers, step)
