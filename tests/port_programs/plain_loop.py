"""A GAN in PyTorch as people write one: a plain loop."""

import torch
from torch import nn, optim

torch.manual_seed(0)
G = nn.Sequential(nn.Linear(3, 6), nn.ReLU(), nn.Linear(6, 4), nn.Tanh())
D = nn.Sequential(nn.Linear(4, 5), nn.LeakyReLU(0.2), nn.Dropout(0.5), nn.Linear(5, 1))
criterion = nn.BCEWithLogitsLoss()
d_optimizer = optim.Adam(D.parameters(), lr=0.01, betas=(0.5, 0.999))
g_optimizer = optim.Adam(G.parameters(), lr=0.02, betas=(0.5, 0.999))
data = torch.rand(64, 4)
fixed_noise = torch.randn(8, 3)

for step in range(8):
    real = data[step * 8 : step * 8 + 8]
    z = torch.randn(8, 3)
    d_optimizer.zero_grad()
    d_loss = criterion(D(real), torch.ones(8, 1)) + criterion(D(G(z).detach()), torch.zeros(8, 1))
    d_loss.backward()
    d_optimizer.step()
    z = torch.randn(8, 3)
    g_optimizer.zero_grad()
    g_loss = criterion(D(G(z)), torch.ones(8, 1))
    g_loss.backward()
    g_optimizer.step()
    print(step, d_loss.item(), g_loss.item())
