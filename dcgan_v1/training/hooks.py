"""Hooks: each is called with the `run.Run` after every step of it."""

import time
from collections.abc import Callable

import tensorflow.compat.v1 as tf

from dcgan_v1 import files, image_files, systems
from dcgan_v1.checkpoints import saving
from dcgan_v1.training.events import EventWriter
from dcgan_v1.training.health import Health
from dcgan_v1.training.metrics_file import MetricsFile
from dcgan_v1.training.run import Run


class Watching:
    """Stops a run whose numbers are NaN or infinite, warns of one that has failed."""

    def __init__(self, run: Run, events: EventWriter, real_spread: float) -> None:
        """
        Args:
          run: to watch.
          events: the run's.
          real_spread: how far two real images are apart, see `health.spread`.
        """
        self._run, self._events = run, events
        smoothed = run.config.label_smoothing
        self.health = Health(run.directory.diagnosis, real_spread, self._warn, smoothed=smoothed)

    def __call__(self, run: Run) -> None:
        self.health.check(run.step, run.scalars, run.norms, run.facts())
        if run.summary is not None:
            self.health.watch_losses(run.scalars)

    def _warn(self, name: str, text: str) -> None:
        """Reports what is wrong in the log and in TensorBoard."""
        run = self._run
        run.say(f"warning: step {run.step}: {text}")
        with run.tolerated("TensorBoard's events"):
            self._events.add_text(f"warnings/{name}", text, run.step)


class Metrics:
    """Writes a step's scalars to metrics.csv and TensorBoard."""

    def __init__(self, run: Run, events: EventWriter) -> None:
        self._events = events
        scalars = run.graph.train.scalars
        self._file = MetricsFile(run.directory.metrics, run.step, scalars)
        self._seconds, self._steps = 0.0, 0  # since the last line

    def __call__(self, run: Run) -> None:
        self._seconds += run.seconds
        self._steps += 1
        if run.summary is None:
            return
        epoch, _ = run.data.where(run.step, run.config.batch_size)
        with run.tolerated("metrics.csv"):
            self._file.write(run.step, epoch, run.scalars)
        rate = self._steps * run.config.batch_size / self._seconds
        with run.tolerated("TensorBoard's events"):
            self._events.add(run.summary, run.step)
            self._events.add_scalar("images_per_second", rate, run.step)
        self._seconds, self._steps = 0.0, 0


class Samples:
    """Draws the fixed noise's images as PNG and for TensorBoard.

    They come before the checkpoint of a step, which says that they are there.
    """

    def __init__(self, run: Run, events: EventWriter, health: Health) -> None:
        """
        Args:
          run: whose samples.
          events: the run's.
          health: is shown the samples.
        """
        self._events, self._health = events, health
        self._range = systems.get(run.config.model).image_range
        self._sampled_at = run.step if run.resumed else None  # a killed run's are void
        for number, path in run.directory.samples_by_step().items():
            if number > run.step:
                path.unlink()

    def __call__(self, run: Run) -> None:
        if run.is_due(run.config.sample_every) or run.is_over():
            self.draw(run)

    def draw(self, run: Run) -> None:
        samples, run.d_mean_sample = run.session.run([run.graph.samples, run.graph.d_mean_sample])
        self._sampled_at = run.step
        self._health.watch_samples(run.step, samples)
        picture = image_files.grid(image_files.to_uint8(samples, self._range))
        png = image_files.png_bytes(picture)
        with run.tolerated("a sample"):
            files.write_atomically(run.directory.sample_path(run.step), png)
        with run.tolerated("TensorBoard's events"):
            self._events.add_png("samples", png, picture.shape, run.step)
            self._events.add_scalar("d_mean_sample", run.d_mean_sample, run.step)
            if run.config.histograms:
                histograms = run.session.run(run.graph.histogram_summary)
                self._events.add(histograms, run.step)

    def are_drawn(self, run: Run) -> bool:
        """Whether this step's samples are in the folder and in TensorBoard."""
        path = run.directory.sample_path(run.step)
        return self._sampled_at == run.step and path.exists()


class Checkpoints:
    """Saves by steps and by the clock."""

    def __init__(
        self, run: Run, saver: tf.train.Saver, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """
        Args:
          run: to save.
          saver: one that keeps no count of its own.
          clock: function that returns the time in seconds.
        """
        self._saver, self._clock = saver, clock
        self._saved_step = run.directory.latest_step()
        self._saved_at = clock()

    def __call__(self, run: Run) -> None:
        minutes = (self._clock() - self._saved_at) / 60
        by_the_clock = 0 < run.config.save_minutes <= minutes
        if run.is_due(run.config.save_every) or by_the_clock:
            self.save(run)

    def save(self, run: Run) -> None:
        config = run.config
        about = {"model": config.model, "settings": config.fixed_settings()}
        folder = run.directory.checkpoints
        saving.save(self._saver, run.session, folder, run.step, about, config.keep)
        self._saved_step, self._saved_at = run.step, self._clock()

    def is_saved(self, run: Run) -> bool:
        return self._saved_step == run.step > 0


def open_events(run: Run) -> EventWriter:
    """Returns the run's EventWriter."""
    # a run without a checkpoint starts again, whatever a killed one wrote
    first = run.step + 1 if run.resumed else run.step
    return EventWriter(run.directory.tensorboard, run.session.graph, first)
