"""A training at one step: what has been computed, and how the next step is taken."""

import contextlib
import time

from dcgan_v1.errors import reason


class Run:
    """A restored training, ready for its next step.

    Attributes:
      session, graph: the session, and the `graph.TrainGraph` in it.
      config: in steps, see `Config.in_steps`.
      data: the training set, see `data.pipeline`; directory: its `rundir.RunDirectory`.
      step: steps done so far.
      resumed: whether they were done by an earlier process, up to a checkpoint.
      say: function that prints a line.
      scalars, norms, summary: of the last step; the summary is None in most.
      seconds: how long the last step took.
      d_mean_sample: D's estimate of the last sample grid, None before the first.
      is_stopped: whether a worker has asked all to stop after the last step.
    """

    def __init__(self, session, graph, config, data, directory, step, resumed, say):
        self.session, self.graph, self.config = session, graph, config
        self.data, self.directory, self.step = data, directory, step
        self.resumed, self.say = resumed, say
        self.scalars, self.norms, self.summary, self.seconds = {}, {}, None, 0.0
        self.d_mean_sample, self.is_stopped = None, False
        self._not_written = set()  # what has been warned of

    def take_step(self, stop=False):
        """Runs the next step. stop: ask all workers to make it the last."""
        config, graph = self.config, self.graph
        phase = graph.pretrain if self.step < config.pretrain_steps else graph.train
        self.step += 1
        fetches = {"op": phase.op, "scalars": phase.scalars, "norms": phase.norms}
        fetches["stop"] = graph.stop
        if self.is_due(config.summary_every):
            fetches["summary"] = phase.summary
        started = time.perf_counter()
        fetched = self.session.run(fetches, {graph.stop_ph: float(stop)})
        self.is_stopped = fetched["stop"] > 0
        self.seconds = time.perf_counter() - started
        self.scalars, self.norms = fetched["scalars"], fetched["norms"]
        self.summary = fetched.get("summary")

    def is_due(self, every):
        """Whether what comes once in so many steps comes now."""
        return self.step % every == 0

    def is_over(self):
        return self.step >= self.config.total_steps

    def facts(self):
        """What tells the last step from all others, for diagnosis.json."""
        epoch, image = self.data.where(self.step - 1, self.config.batch_size)
        return {
            "seed": self.config.seed,
            "batch": f"epoch {epoch}, from image {image}",
            "last_checkpoint": self.directory.latest_step(),
        }

    @contextlib.contextmanager
    def tolerated(self, what):
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
