"""Warns when a training is no longer alive: NaN, a D that wins outright, samples all alike."""

import contextlib
import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from dcgan_v1.errors import UserError
from dcgan_v1.files import write_atomically

WON = 1e-3  # D's loss below it, for SUMMARIES_WON in a row: G learns nothing more
SUMMARIES_WON = 50
ALIKE = 0.05  # of the real images' spread; samples that vary less have collapsed
YOUNG = 500  # steps in which samples may be alike: an untrained G's are


class Health:
    """Watches one run. Warnings come once each."""

    def __init__(
        self,
        path: Path,
        real_spread: float,
        warn: Callable[[str, str], None],
        smoothed: float = 0.0,
    ) -> None:
        """
        Args:
          path: where diagnosis.json goes.
          real_spread: `spread` of real images.
          warn: function of (name, text).
          smoothed: by how much real labels are; D's loss on reals is then never near 0.
        """
        self._path, self._real_spread, self._warn = path, real_spread, warn
        self._warned: set[str] = set()
        self._won_in_a_row = 0
        self._prefix = "d_loss_fake" if smoothed else "d_loss_"

    def check(
        self,
        step: int,
        scalars: Mapping[str, float],
        norms: Mapping[str, float],
        facts: Mapping[str, Any],
    ) -> None:
        """Stops the run where a loss or a gradient's norm is not finite.

        Args:
          step: the run's.
          scalars, norms: of this step, by name.
          facts: what else a reader of diagnosis.json may want.

        Raises:
          UserError: after diagnosis.json has been written.
        """
        values = {**scalars, **norms}
        wrong = [name for name, x in values.items() if not math.isfinite(x)]
        if not wrong:
            return
        report = {
            "step": step,
            "not_finite": wrong,
            "scalars": {name: str(x) for name, x in scalars.items()},
            "gradient_norms": {name: str(x) for name, x in norms.items()},
            **facts,
        }
        with contextlib.suppress(OSError):  # a full disk: the line below says enough
            write_atomically(self._path, (json.dumps(report, indent=2) + "\n").encode())
        raise UserError(
            f"step {step}: {wrong[0]} is {values[wrong[0]]}; the last checkpoint is "
            f"kept, {self._path} says more; try another --seed or start again"
        )

    def watch_losses(self, scalars: Mapping[str, float]) -> None:
        """Warns where D has won: its losses are next to 0 for many summaries."""
        losses = [x for name, x in scalars.items() if name.startswith(self._prefix)]
        won = bool(losses) and max(losses) < WON
        self._won_in_a_row = self._won_in_a_row + 1 if won else 0
        if self._won_in_a_row == SUMMARIES_WON:
            self._once(
                "d_has_won",
                f"D's losses have been below {WON:g} in the last {SUMMARIES_WON} "
                "summaries: it recognises every fake, and G hardly learns any more",
            )

    def watch_samples(self, step: int, samples: np.ndarray) -> None:
        """Warns where the images of a sample grid have become all alike."""
        if len(samples) < 2 or step < YOUNG:
            return
        of_samples = spread(samples)
        if of_samples < ALIKE * self._real_spread:
            self._once(
                "samples_collapsed",
                f"the samples differ by {of_samples / self._real_spread:.1%} of what real "
                "images differ by: G has collapsed to nearly one image",
            )

    def _once(self, name: str, text: str) -> None:
        if name not in self._warned:
            self._warned.add(name)
            self._warn(name, text)


def spread(images: np.ndarray) -> float:
    """Returns the root mean square distance of two images of a batch [N, H, W, C].

    For independent pairs that is the root of twice the summed variance of the pixels.
    """
    return float(np.sqrt(2 * np.var(np.float64(images), axis=0).sum()))
