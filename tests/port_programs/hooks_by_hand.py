"""Hooks as Lightning has them, by hand: a module that says what a step is, and a loop for any."""

import torch
from torch import nn


class Adversarial(nn.Module):
    def __init__(self):
        super().__init__()
        self.generator = nn.Sequential(nn.Linear(3, 6), nn.ReLU(), nn.Linear(6, 4), nn.Tanh())
        self.discriminator = nn.Sequential(nn.Linear(4, 5), nn.LeakyReLU(0.2), nn.Linear(5, 1))

    def forward(self, z):
        return self.generator(z)

    def configure_optimizers(self):
        d = torch.optim.Adam(self.discriminator.parameters(), lr=0.01, betas=(0.5, 0.999))
        g = torch.optim.Adam(self.generator.parameters(), lr=0.02, betas=(0.5, 0.999))
        return [d, g]

    def loss(self, logits, label):
        return nn.functional.binary_cross_entropy_with_logits(
            logits, torch.full_like(logits, label)
        )

    def training_step(self, batch, optimizer_idx):
        z = torch.randn(len(batch), 3)
        if optimizer_idx == 0:
            fake = self(z).detach()
            return self.loss(self.discriminator(batch), 1.0) + self.loss(
                self.discriminator(fake), 0.0
            )
        return self.loss(self.discriminator(self(z)), 1.0)

    def on_after_backward(self):
        pass


class Loop:
    def __init__(self, max_steps):
        self.max_steps = max_steps

    def fit(self, model, batches):
        optimizers = model.configure_optimizers()
        for _, batch in zip(range(self.max_steps), batches):
            for index, optimizer in enumerate(optimizers):

                def closure():
                    optimizer.zero_grad()
                    loss = model.training_step(batch, index)
                    loss.backward()
                    model.on_after_backward()
                    return loss

                optimizer.step(closure)


def batches():
    while True:
        yield torch.rand(8, 4)


if __name__ == "__main__":
    torch.manual_seed(3)
    Loop(max_steps=6).fit(Adversarial(), batches())
