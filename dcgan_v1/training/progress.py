"""What a training run says while it runs."""

import contextlib
import errno
import sys
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from tqdm import tqdm

if TYPE_CHECKING:
    from dcgan_v1.training.run import Run

LINE_SECONDS = 10  # between two plain lines, where the output is no terminal
FIRST_SECONDS = 5  # of steps, after which a run says how long it will take
LONG = 120  # seconds from which on it says so
HOURS = 7200  # seconds from which on it counts in hours


class Progress:
    """A bar on a terminal, a plain line every so often elsewhere, or nothing.

    Either shows steps and images per second, the losses and the time left.
    """

    def __init__(self, total: int, batch_size: int, quiet: bool) -> None:
        """
        Args:
          total: steps of the whole run.
          batch_size: images per step.
          quiet: show nothing.
        """
        self._total, self._batch_size, self._quiet = total, batch_size, quiet
        self._bar: tqdm | None = None
        self._first: tuple[float, int] | None = None  # when the first step was done, and which
        self._has_said_how_long = quiet

    def start(self, step: int) -> None:
        """Begins at a step; before, there are only lines."""
        self._printed_at, self._printed_step = time.monotonic(), step
        if not self._quiet and sys.stderr.isatty():
            self._bar = tqdm(
                total=self._total, initial=step, unit="step", dynamic_ncols=True, leave=True
            )

    def __call__(self, run: "Run") -> None:
        """Reports the last step of a `run.Run`."""
        with _unless_gone():
            self._report(run)

    def _report(self, run: "Run") -> None:
        self._say_how_long(run)
        scalars = dict(run.scalars)
        if run.d_mean_sample is not None:
            scalars["d_mean_sample"] = run.d_mean_sample
        if self._bar is not None:
            rate = self._bar.format_dict["rate"] or 0.0
            values = {name: f"{value:.3f}" for name, value in scalars.items()}
            values = {"images/s": f"{rate * self._batch_size:.0f}", **values}
            self._bar.set_postfix(values, refresh=False)
            self._bar.update(run.step - self._bar.n)
        elif not self._quiet:
            now = time.monotonic()
            if now - self._printed_at >= LINE_SECONDS or run.step == self._total:
                print(self._line(run.step, scalars, now), flush=True)
                self._printed_at, self._printed_step = now, run.step

    def _line(self, step: int, scalars: Mapping[str, float], now: float) -> str:
        rate = (step - self._printed_step) / max(now - self._printed_at, 1e-9)
        left = tqdm.format_interval((self._total - step) / rate)
        values = "  ".join(f"{name} {value:.3f}" for name, value in scalars.items())
        return (
            f"step {step}/{self._total}  {rate:.2f} step/s  "
            f"{rate * self._batch_size:.0f} images/s  left {left}  {values}"
        )

    def _say_how_long(self, run: "Run") -> None:
        """Says once how long the run will take on this machine, after its first steps; the
        very first one is slower and does not count."""
        if self._has_said_how_long:
            return
        now, step = time.monotonic(), run.step
        if self._first is None:
            self._first = now, step
            return
        since, first = self._first
        if now - since >= FIRST_SECONDS:
            self._has_said_how_long = True
            rate = (step - first) / (now - since)
            left = (self._total - step) / rate
            if left >= LONG:
                time_left = (
                    f"{left / 60:.0f} minutes" if left < HOURS else f"{left / 3600:.0f} hours"
                )
                self.say(
                    f"about {time_left} on this machine for the {self._total - step} steps left, "
                    f"at {rate:.1f} a second; pictures: {run.directory.sample_path(step).parent}"
                )

    def say(self, text: str) -> None:
        """Prints a line without tearing the bar."""
        if not self._quiet:
            with _unless_gone():
                tqdm.write(text)
                sys.stdout.flush()

    def close(self) -> None:
        if self._bar is not None:
            with _unless_gone():
                self._bar.close()


@contextlib.contextmanager
def _unless_gone() -> Iterator[None]:
    """Passes over a terminal that was closed; SIGHUP, on its way, stops the run."""
    try:
        yield
    except OSError as error:
        if error.errno != errno.EIO:
            raise
