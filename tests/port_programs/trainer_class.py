"""A class with train(), a DataLoader with workers, weights clipped after the critic's update."""

import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset


class Critic(nn.Module):
    def __init__(self):
        super(Critic, self).__init__()
        self.fc1 = nn.Linear(4, 5)
        self.fc2 = nn.Linear(5, 1)
        self.act = nn.LeakyReLU(0.2)

    def forward(self, x):
        return self.fc2(self.act(self.fc1(x)))


class Generator(nn.Module):
    def __init__(self):
        super(Generator, self).__init__()
        self.fc2 = nn.Linear(6, 4)
        self.fc1 = nn.Linear(3, 6)

    def forward(self, z):
        return torch.tanh(self.fc2(torch.relu(self.fc1(z))))


class WGAN(object):
    def __init__(self, clip=0.05):
        self.clip = clip
        self.D, self.G = Critic(), Generator()
        self.d_optim = torch.optim.SGD(self.D.parameters(), lr=0.05)
        self.g_optim = torch.optim.SGD(self.G.parameters(), lr=0.05)
        data = TensorDataset(torch.rand(80, 4))
        self.loader = DataLoader(data, batch_size=8, shuffle=True, num_workers=2)

    def train(self, epochs=1):
        self.D.train()
        for epoch in range(epochs):
            for iteration, (x_,) in enumerate(self.loader):
                z_ = torch.rand((8, 3))
                self.d_optim.zero_grad()
                d_loss = -torch.mean(self.D(x_)) + torch.mean(self.D(self.G(z_)))
                d_loss.backward()
                self.d_optim.step()
                for p in self.D.parameters():
                    p.data.clamp_(-self.clip, self.clip)
                self.g_optim.zero_grad()
                g_loss = -torch.mean(self.D(self.G(z_)))
                g_loss.backward()
                self.g_optim.step()
                print(iteration, d_loss.item(), g_loss.item())


torch.manual_seed(1)
WGAN().train()
