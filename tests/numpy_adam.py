"""Adam in numpy, an oracle for the optimisers."""

import numpy as np


class NumpyAdam:
    """Adam as Kingma & Ba's algorithm 1 in TensorFlow's form, in float64."""

    def __init__(self, learning_rate, shapes, beta1=0.9, epsilon=1e-8):
        self.learning_rate, self.beta1, self.epsilon = learning_rate, beta1, epsilon
        self.t = 0
        self.m = [np.zeros(shape) for shape in shapes]
        self.v = [np.zeros(shape) for shape in shapes]

    def updates(self, gradients, beta2=0.999):
        self.t += 1
        beta1 = self.beta1
        rate = self.learning_rate * np.sqrt(1 - beta2**self.t) / (1 - beta1**self.t)
        for i, g in enumerate(np.float64(g) for g in gradients):
            self.m[i] = beta1 * self.m[i] + (1 - beta1) * g
            self.v[i] = beta2 * self.v[i] + (1 - beta2) * g * g
            yield -rate * self.m[i] / (np.sqrt(self.v[i]) + self.epsilon)
