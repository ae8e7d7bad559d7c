"""A GAN of bare tensors and functions; numpy draws its batches."""

import numpy as np
import torch
import torch.nn.functional as nn
import torch.optim as optim
from torch.autograd import Variable

mb_size, Z_dim, X_dim, h_dim = 8, 3, 4, 6


def xavier_init(size):
    return Variable(torch.randn(*size) / np.sqrt(size[0] / 2.0), requires_grad=True)


Wzh = xavier_init(size=[Z_dim, h_dim])
bzh = Variable(torch.zeros(h_dim), requires_grad=True)
Whx = xavier_init(size=[h_dim, X_dim])
bhx = Variable(torch.zeros(X_dim), requires_grad=True)


def G(z):
    h = nn.relu(z @ Wzh + bzh.repeat(z.size(0), 1))
    return torch.tanh(h @ Whx + bhx.repeat(h.size(0), 1))


Wxh = xavier_init(size=[X_dim, 5])
bxh = Variable(torch.zeros(5), requires_grad=True)
Why = xavier_init(size=[5, 1])
bhy = Variable(torch.zeros(1), requires_grad=True)


def D(X):
    h = nn.leaky_relu(X @ Wxh + bxh.repeat(X.size(0), 1), 0.2)
    return torch.sigmoid(h @ Why + bhy.repeat(h.size(0), 1))


G_params = [Wzh, bzh, Whx, bhx]
D_params = [Wxh, bxh, Why, bhy]
params = G_params + D_params


def reset_grad():
    for p in params:
        if p.grad is not None:
            p.grad = Variable(p.grad.data.new().resize_as_(p.grad.data).zero_())


G_solver = optim.Adam(G_params, lr=0.02, betas=(0.5, 0.999))
D_solver = optim.Adam(D_params, lr=0.01, betas=(0.5, 0.999))
ones_label = Variable(torch.ones(mb_size, 1))
zeros_label = Variable(torch.zeros(mb_size, 1))

for it in range(100):
    z = Variable(torch.randn(mb_size, Z_dim))
    X = np.random.uniform(size=(mb_size, X_dim)).astype("float32")
    X = Variable(torch.from_numpy(X))
    D_real = D(X)
    D_fake = D(G(z))
    D_loss_real = nn.binary_cross_entropy(D_real, ones_label)
    D_loss_fake = nn.binary_cross_entropy(D_fake, zeros_label)
    D_loss = D_loss_real + D_loss_fake
    D_loss.backward()
    D_solver.step()
    reset_grad()
    z = Variable(torch.randn(mb_size, Z_dim))
    G_loss = nn.binary_cross_entropy(D(G(z)), ones_label)
    G_loss.backward()
    G_solver.step()
    reset_grad()
