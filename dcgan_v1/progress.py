"""What a training run says while it runs."""

import sys
import time

from tqdm import tqdm

LINE_SECONDS = 10  # between two plain lines, where the output is no terminal


class Progress:
    """A bar on a terminal, a plain line every so often elsewhere, or nothing.

    Either shows steps and images per second, the losses and the time left.
    """

    def __init__(self, step, total, batch_size, quiet):
        self._batch_size = batch_size
        self._total = total
        self._quiet = quiet
        self._said_at = time.monotonic()
        self._said_step = step
        self._bar = None
        if not quiet and sys.stderr.isatty():
            self._bar = tqdm(
                total=total, initial=step, unit="step", dynamic_ncols=True, leave=True
            )

    def update(self, step, scalars):
        """Reports that `step` steps are done. scalars: name -> float."""
        scalars = {k: v for k, v in scalars.items() if v is not None}
        if self._bar is not None:
            rate = self._bar.format_dict["rate"] or 0.0
            values = {name: f"{value:.3f}" for name, value in scalars.items()}
            values = {"images/s": f"{rate * self._batch_size:.0f}", **values}
            self._bar.set_postfix(values, refresh=False)
            self._bar.update(step - self._bar.n)
        elif not self._quiet:
            now = time.monotonic()
            if now - self._said_at >= LINE_SECONDS or step == self._total:
                print(self._line(step, scalars, now), flush=True)
                self._said_at, self._said_step = now, step

    def _line(self, step, scalars, now):
        rate = (step - self._said_step) / max(now - self._said_at, 1e-9)
        left = tqdm.format_interval((self._total - step) / rate)
        values = "  ".join(f"{name} {value:.3f}" for name, value in scalars.items())
        return (
            f"step {step}/{self._total}  {rate:.2f} step/s  "
            f"{rate * self._batch_size:.0f} images/s  left {left}  {values}"
        )

    def say(self, text):
        """Prints a line without tearing the bar."""
        if not self._quiet:
            tqdm.write(text)
            sys.stdout.flush()

    def close(self):
        if self._bar is not None:
            self._bar.close()
