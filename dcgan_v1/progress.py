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
        self._started = self._said = time.monotonic()
        self._first = step
        self._bar = None
        if not quiet and sys.stderr.isatty():
            self._bar = tqdm(
                total=total, initial=step, unit="step", dynamic_ncols=True, leave=True
            )

    def update(self, step, scalars):
        """Reports that `step` steps are done. scalars: name -> float."""
        if self._bar is not None:
            rate = self._bar.format_dict["rate"] or 0.0
            values = {name: f"{value:.3f}" for name, value in scalars.items()}
            values = {"images/s": f"{rate * self._batch_size:.0f}", **values}
            self._bar.set_postfix(values, refresh=False)
            self._bar.update(step - self._bar.n)
        elif not self._quiet:
            now = time.monotonic()
            if now - self._said >= LINE_SECONDS or step == self._total:
                self._said = now
                print(self._line(step, scalars, now), flush=True)

    def _line(self, step, scalars, now):
        rate = (step - self._first) / max(now - self._started, 1e-9)
        left = tqdm.format_interval((self._total - step) / rate) if rate else "?"
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
