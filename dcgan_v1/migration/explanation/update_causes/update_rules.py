"""What an optimiser makes of a gradient, by hand: TF1's rules, and where others put epsilon.

Sources: the kernels of TensorFlow's training ops (ApplyGradientDescent, ApplyMomentum, ApplyAdam,
ApplyRMSProp, ApplyAdagrad), and PyTorch's documentation of torch.optim.
"""

from dataclasses import dataclass

import numpy as np

from dcgan_v1.migration.records import DECAY_APART, Arrays, Settings

AFTER = "after the bias correction"  # PyTorch's place of Adam's epsilon
OUTSIDE = "outside the root"  # PyTorch's place of RMSProp's epsilon
# where it is not TF1's
PLACES = {"Adam": AFTER, "RMSProp": OUTSIDE, "CenteredRMSProp": OUTSIDE}


@dataclass(frozen=True)
class Rule:
    """An optimiser with its settings.

    Attributes:
      kind: 'GradientDescent', 'Momentum', 'Adam', 'RMSProp', 'CenteredRMSProp' or 'Adagrad'.
      settings: 'learning rate', 'beta1', 'beta2', 'epsilon', 'rho', 'momentum', 'nesterov',
        'dampening'.
      place: of epsilon: '' for TF1's, else one of PLACES.
    """

    kind: str
    settings: Settings
    place: str = ""

    def number(self, name: str, default: float = 0.0) -> float:
        """Returns a setting."""
        return float(self.settings.get(name, default))

    def apply(
        self, weight: np.ndarray, gradient: np.ndarray, slots: Arrays, updates: int
    ) -> tuple[np.ndarray, Arrays] | None:
        """Does one update.

        Args:
          weight, gradient: of one variable, in float64.
          slots: its slots as TF1 calls them, before.
          updates: how often the optimiser was applied before.

        Returns:
          (weight, slots) after it; None where the rule is not known.
        """
        rate = self.number("learning rate")
        if self.kind == "GradientDescent":
            return weight - rate * gradient, {}
        if self.kind == "Momentum":
            return self._momentum(weight, gradient, slots, rate)
        if self.kind == "Adam":
            return self._adam(weight, gradient, slots, updates)
        if self.kind in ("RMSProp", "CenteredRMSProp"):
            return self._rmsprop(weight, gradient, slots)
        if self.kind == "Adagrad":
            accum = slots.get("accum", np.zeros_like(weight)) + gradient**2
            return weight - rate * gradient / np.sqrt(accum), {"accum": accum}
        return None

    def _momentum(
        self, weight: np.ndarray, gradient: np.ndarray, slots: Arrays, rate: float
    ) -> tuple[np.ndarray, Arrays]:
        momentum = self.number("momentum")
        taken = (1 - self.number("dampening")) * gradient
        accum = momentum * slots.get("accum", np.zeros_like(weight)) + taken
        step = gradient + momentum * accum if self.settings.get("nesterov") else accum
        return weight - rate * step, {"accum": accum}

    def _adam(
        self, weight: np.ndarray, gradient: np.ndarray, slots: Arrays, updates: int
    ) -> tuple[np.ndarray, Arrays]:
        beta1, beta2 = self.number("beta1", 0.9), self.number("beta2", 0.999)
        epsilon = self.number("epsilon", 1e-8)
        zeros = np.zeros_like(weight)
        m = beta1 * slots.get("m", zeros) + (1 - beta1) * gradient
        v = beta2 * slots.get("v", zeros) + (1 - beta2) * gradient**2
        correction = np.sqrt(1 - beta2 ** (updates + 1))
        if self.place == AFTER:  # sqrt(v / correction^2) + epsilon, both times the correction
            epsilon *= correction
        rate = self.number("learning rate") * correction / (1 - beta1 ** (updates + 1))
        weight = weight * (1 - self.number("learning rate") * self.number(DECAY_APART))
        return weight - rate * m / (np.sqrt(v) + epsilon), {"m": m, "v": v}

    def _rmsprop(
        self, weight: np.ndarray, gradient: np.ndarray, slots: Arrays
    ) -> tuple[np.ndarray, Arrays]:
        rho, epsilon = self.number("rho", 0.9), self.number("epsilon", 1e-10)
        ms = rho * slots.get("ms", np.ones_like(weight)) + (1 - rho) * gradient**2
        made = {"ms": ms}
        spread = ms
        if self.kind == "CenteredRMSProp":
            made["mg"] = rho * slots.get("mg", np.zeros_like(weight)) + (1 - rho) * gradient
            spread = ms - made["mg"] ** 2
        root = np.sqrt(spread) + epsilon if self.place == OUTSIDE else np.sqrt(spread + epsilon)
        mom = self.number("momentum") * slots.get("mom", np.zeros_like(weight))
        mom = mom + self.number("learning rate") * gradient / root
        return weight - mom, made | {"mom": mom}
