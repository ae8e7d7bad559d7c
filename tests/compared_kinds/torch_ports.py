"""Ports in PyTorch of the TF1 programs in `programs.py`."""

import torch
from torch import nn

from dcgan_v1.compare import Torch


def decayed():
    m = nn.Sequential(nn.Linear(4, 3))
    o = torch.optim.SGD(m.parameters(), 0.1, weight_decay=0.2)

    def step(x):
        o.zero_grad()
        loss = m(x).square().mean()
        loss.backward()
        o.step()
        return {"without_l2": loss}

    return Torch({"m": m}, {"o": o}, step)


def squares():
    m = nn.Sequential(nn.Linear(4, 3))
    o = torch.optim.RMSprop(m.parameters(), 1e-4)

    def step(x):
        o.zero_grad()
        loss = m(x).square().mean()
        loss.backward()
        o.step()
        return {"loss": loss}

    return Torch({"m": m}, {"o": o}, step)


def awake():
    return asleep(wakes=True)


def asleep(wakes=False):
    """Its step forgets .train(), after something left it in .eval()."""
    m = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3, eps=1e-3))
    o = torch.optim.SGD(m.parameters(), 0.1)
    m.eval()

    def step(x):
        if wakes:
            m.train()
        o.zero_grad()
        loss = (m(x) - x[:, :3]).square().mean()
        loss.backward()
        o.step()
        return {"loss": loss}

    return Torch({"m": m}, {"o": o}, step)
