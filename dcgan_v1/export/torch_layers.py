"""The layers that PyTorch lacks. Their source becomes part of what is exported."""

import torch
from torch import nn


class Permute(nn.Module):
    """Brings the dimensions into another order."""

    def __init__(self, *order: int) -> None:
        super().__init__()
        self.order = order

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.permute(self.order)


class Grow(nn.Module):
    """TensorFlow 1's bilinear resize to twice the size: without half-pixel centres,
    row 2i is x[i] and row 2i + 1 the mean of x[i] and x[i + 1]. x: [N, C, H, W]."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for dim in (2, 3):
            size = x.shape[dim]
            last = x.narrow(dim, size - 1, 1)
            following = torch.cat([x.narrow(dim, 1, size - 1), last], dim)
            between = (x + following) / 2
            x = torch.stack([x, between], dim + 1).flatten(dim, dim + 1)
        return x
