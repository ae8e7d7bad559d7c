"""A training at one step: what has been computed, and how the next step is taken."""

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any

import tensorflow.compat.v1 as tf

from dcgan_v1.config import Config
from dcgan_v1.data.pipeline import TrainingData
from dcgan_v1.errors import reason
from dcgan_v1.training.graph import TrainGraph
from dcgan_v1.training.rundir import RunDirectory


class Run:
    """A restored training, ready for its next step.

    Attributes:
      session, graph: the session, and the graph in it.
      config: in steps, see `Config.in_steps`.
      data: the training set; directory: what the run is written to.
      step: steps done so far.
      resumed: whether they were done by an earlier process, up to a checkpoint.
      say: function that prints a line.
      scalars, norms, summary: of the last step; the summary is None in most.
      seconds: how long the last step took.
      d_mean_sample: D's estimate of the last sample grid, None before the first.
      is_stopped: whether a worker has asked all to stop after the last step.
    """

    def __init__(
        self,
        session: tf.Session,
        graph: TrainGraph,
        config: Config,
        data: TrainingData,
        directory: RunDirectory,
        step: int,
        resumed: bool,
        say: Callable[[str], None],
    ) -> None:
        """See the attributes."""
        self.session, self.graph, self.config = session, graph, config
        self.data, self.directory, self.step = data, directory, step
        self.resumed, self.say = resumed, say
        self.scalars: dict[str, float] = {}
        self.norms: dict[str, float] = {}
        self.summary: bytes | None = None
        self.seconds = 0.0
        self.d_mean_sample: float | None = None
        self.is_stopped = False
        self._not_written: set[str] = set()  # what has been warned of

    def take_step(self, stop: bool = False) -> None:
        """Runs the next step. stop: ask all workers to make it the last."""
        config, graph = self.config, self.graph
        phase = graph.pretrain if self.step < config.pretrain_steps else graph.train
        self.step += 1
        fetches: dict[str, Any] = {"op": phase.op, "scalars": phase.scalars, "norms": phase.norms}
        fetches["stop"] = graph.stop
        if self.is_due(config.summary_every):
            fetches["summary"] = phase.summary
        started = time.perf_counter()
        fetched = self.session.run(fetches, {graph.stop_ph: float(stop)})
        self.is_stopped = fetched["stop"] > 0
        self.seconds = time.perf_counter() - started
        self.scalars, self.norms = fetched["scalars"], fetched["norms"]
        self.summary = fetched.get("summary")

    def is_due(self, every: int) -> bool:
        """Whether what comes once in so many steps comes now."""
        return self.step % every == 0

    def is_over(self) -> bool:
        return self.step >= self.config.total_steps

    def facts(self) -> dict[str, Any]:
        """What tells the last step from all others, for diagnosis.json."""
        epoch, image = self.data.where(self.step - 1, self.config.batch_size)
        return {
            "seed": self.config.seed,
            "batch": f"epoch {epoch}, from image {image}",
            "last_checkpoint": self.directory.latest_step(),
        }

    @contextlib.contextmanager
    def tolerated(self, what: str) -> Iterator[None]:
        """Lets training go on where something it can do without cannot be written."""
        try:
            yield
        except OSError as error:
            if what not in self._not_written:
                self._not_written.add(what)
                self.say(
                    f"warning: step {self.step}: cannot write {what}: "
                    f"{error.strerror or reason(error)}; training goes on without it"
                )
