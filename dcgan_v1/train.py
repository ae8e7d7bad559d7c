"""The session loop: restore, step, summaries, samples, checkpoints."""

import contextlib
import time

import tensorflow.compat.v1 as tf

from dcgan_v1 import checkpoints, health, images, models, runtime, saving, summaries
from dcgan_v1.errors import UserError, reason
from dcgan_v1.graph import build_train_graph
from dcgan_v1.interruption import Interruption
from dcgan_v1.progress import Progress
from dcgan_v1.rundir import write_atomically


def train(
    config, data, directory, *, resume=False, restart=False, quiet=False, note=""
):
    """Trains a run to its last step, or until a signal stops it.

    Nothing in the run directory is touched before the data, the graph, the device and
    the checkpoint have all been found sound.

    Args:
      config: the system's config; `config.start` names a checkpoint to begin from.
      data: the training set, see `data.pipeline`.
      directory: a `rundir.RunDirectory`.
      resume: continue the run in it from its newest checkpoint.
      restart: move the run in it aside first.
      quiet: print nothing.
      note: a line to print after the one that names the device.

    Returns:
      The exit code: 0, or 128 + the signal's number.
    """
    as_given = config  # with epochs where the user counts in them
    config = config.in_steps(data.epoch_steps(config.batch_size))
    if config.batch_size > data.size:
        raise UserError(
            f"--batch-size {config.batch_size} is larger than the data: "
            f"{data.size} training images"
        )
    say = (lambda text: None) if quiet else (lambda text: print(text, flush=True))
    session_config, device_line = runtime.session_config(
        config.device, config.deterministic
    )
    say(f"{device_line}\n{note}".strip())
    with contextlib.ExitStack() as stack:
        is_there = directory.holds_run()  # being continued, or about to be moved aside
        if is_there:
            stack.enter_context(directory.locked())
        stack.enter_context(tf.Graph().as_default())
        session = stack.enter_context(tf.Session(config=session_config))
        graph = build_train_graph(config, data)
        session.run(graph.initialize)
        # a run that died before its first checkpoint begins where it began
        newest = saving.newest_sound(directory.checkpoints, say) if resume else None
        if newest:
            saving.check_settings(newest, config, directory.config)
        source = newest or config.start
        if source:
            _restore(session, graph, config, source, say)
        step = int(session.run(graph.step))
        if step > config.total_steps:
            raise UserError(
                f"{source} is at step {step}, past the {config.total_steps} that "
                f"--steps {config.steps} makes; ask for more"
            )
        epoch, image = data.where(step, config.batch_size)
        say(
            f"{'resumed' if source else 'starting'} at step {step} of "
            f"{config.total_steps} (epoch {epoch}, image {image} of {data.size})"
        )
        # which checkpoints are kept is for `saving` to say
        saver = tf.train.Saver(graph.saved, max_to_keep=None)
        graph.start_data(session, step)
        real_spread = _spread_of_real(session, graph)  # takes a batch
        graph.start_data(session, step)
        tf.get_default_graph().finalize()

        if restart and is_there:
            say(f"moved the old run to {directory.move_aside()}")
        if not (resume and is_there):
            stack.enter_context(directory.locked())
            directory.refuse_if_used()  # by a process that was quicker
        directory.create(as_given)
        trainer = Trainer(
            session,
            graph,
            config,
            directory,
            saver,
            step,
            data,
            resumed=bool(newest),
            real_spread=real_spread,
        )
        return trainer.run(Progress(step, config.total_steps, config.batch_size, quiet))


def _spread_of_real(session, graph):
    try:
        return health.spread(session.run(graph.real))
    except tf.errors.OpError as error:  # an image file that vanished
        raise UserError(f"cannot read a batch: {reason(error, 300)}") from error


def _restore(session, graph, config, source, say):
    plan = checkpoints.plan_sound(source, config.model, graph.saved)
    checkpoints.restore(session, plan)
    if not plan.has_averages:
        session.run(graph.restart_averages)
    say(f"restored {plan.prefix}" + (f" ({plan.note})" if plan.note else ""))
    if plan.is_legacy:  # it counts no steps, but its pre-training lies behind it
        session.run(tf.assign(graph.step, config.pretrain_steps))


class Trainer:
    """One pass through the loop, and the files it writes."""

    def __init__(
        self, session, graph, config, directory, saver, step, data, resumed, real_spread
    ):
        self.session, self.graph, self.config = session, graph, config
        self.directory, self.saver = directory, saver
        self.step, self.data = step, data  # steps done; the training set
        self.resumed = resumed
        self.sampled_at = step if resumed else None  # what a killed run drew is void
        self.is_saved = directory.latest_step() == step > 0
        self.saved_at = time.monotonic()
        self.d_mean_sample = None  # D's estimate of the last sample grid
        self.say = print  # until there is a bar not to be torn
        self.not_written = set()  # what has been warned of
        self.health = health.Health(
            directory.diagnosis, real_spread, self.warn, smoothed=config.label_smoothing
        )
        self.seconds = self.timed_steps = 0  # since the last summary
        self.metrics = summaries.MetricsFile(
            directory.metrics, step, graph.train.scalars
        )
        for number, path in directory.samples_by_step().items():
            if number > step:
                path.unlink()
        # a run without a checkpoint begins anew, whatever a killed one wrote
        self.events = summaries.EventWriter(
            directory.tensorboard, session.graph, step + 1 if resumed else step
        )

    def run(self, progress):
        """Steps to the config's last step. Returns the exit code."""
        self.say = progress.say
        try:
            with Interruption() as interruption:
                if not self.resumed:  # else they were drawn before the checkpoint
                    self.sample()
                while self.step < self.config.total_steps and not interruption.signal:
                    scalars = self.train_step()
                    progress.update(self.step, scalars)
                stopped_by = interruption.signal
                if not stopped_by and not self.is_sampled():
                    self.sample()
                if not self.is_saved:
                    self.save()
                if not stopped_by:
                    self.draw(progress.say)
        except tf.errors.OpError as error:  # an image file that vanished, a full disk
            raise UserError(
                f"stopped at step {self.step}: {reason(error, 300)}; the run "
                f"can be continued from step {self.directory.latest_step()}"
            ) from error
        finally:
            progress.close()
        if stopped_by:
            progress.say(
                f"stopped at step {self.step}; to continue, add --restore "
                f"--run-dir {self.directory.path}"
            )
            return 128 + stopped_by
        return 0

    def train_step(self):
        """Runs one step and what is due after it. Returns its scalars."""
        config, graph = self.config, self.graph
        phase = graph.pretrain if self.step < config.pretrain_steps else graph.train
        self.step += 1
        self.is_saved = False
        fetches = {"op": phase.op, "scalars": phase.scalars, "norms": phase.norms}
        if self.step % config.summary_every == 0:
            fetches["summary"] = phase.summary
        started = time.perf_counter()
        fetched = self.session.run(fetches)
        self.seconds += time.perf_counter() - started
        self.timed_steps += 1
        self.health.check(self.step, fetched["scalars"], fetched["norms"], self.facts())
        if "summary" in fetched:
            self.summarize(fetched["summary"], fetched["scalars"])
            self.health.watch_losses(fetched["scalars"])
        if self.step % config.sample_every == 0 or self.step == config.total_steps:
            self.sample()  # before the checkpoint, which says that it is there
        minutes = (time.monotonic() - self.saved_at) / 60
        if self.step % config.save_every == 0 or 0 < config.save_minutes <= minutes:
            self.save()
        return {**fetched["scalars"], "d_mean_sample": self.d_mean_sample}

    @contextlib.contextmanager
    def tolerated(self, what):
        """Lets training go on where something it can do without cannot be written."""
        try:
            yield
        except OSError as error:
            if what not in self.not_written:
                self.not_written.add(what)
                self.say(
                    f"warning: step {self.step}: cannot write {what}: "
                    f"{error.strerror or reason(error)}; training goes on without it"
                )

    def facts(self):
        """What tells a step from all others, for diagnosis.json."""
        epoch, image = self.data.where(self.step - 1, self.config.batch_size)
        return {
            "seed": self.config.seed,
            "batch": f"epoch {epoch}, from image {image}",
            "last_checkpoint": self.directory.latest_step(),
        }

    def warn(self, name, text):
        """Says what is wrong once, in the log and in TensorBoard."""
        self.say(f"warning: step {self.step}: {text}")
        with self.tolerated("TensorBoard's events"):
            self.events.add_text(f"warnings/{name}", text, self.step)

    def summarize(self, summary, scalars):
        """Writes a step's scalars to TensorBoard and metrics.csv."""
        epoch, _ = self.data.where(self.step, self.config.batch_size)
        with self.tolerated("metrics.csv"):
            self.metrics.write(self.step, epoch, scalars)
        rate = self.timed_steps * self.config.batch_size / self.seconds
        with self.tolerated("TensorBoard's events"):
            self.events.add(summary, self.step)
            self.events.add_scalar("images_per_second", rate, self.step)
        self.seconds = self.timed_steps = 0

    def sample(self):
        """Draws the fixed noise's images as PNG and for TensorBoard."""
        samples, self.d_mean_sample = self.session.run(
            [self.graph.samples, self.graph.d_mean_sample]
        )
        self.sampled_at = self.step
        self.health.watch_samples(self.step, samples)
        image_range = models.get(self.config.model).IMAGE_RANGE
        picture = images.grid(images.to_uint8(samples, image_range))
        png = images.png_bytes(picture)
        with self.tolerated("a sample"):
            write_atomically(self.directory.sample_path(self.step), png)
        with self.tolerated("TensorBoard's events"):
            self.events.add_png("samples", png, picture.shape, self.step)
            self.events.add_scalar("d_mean_sample", self.d_mean_sample, self.step)
            if self.config.histograms:
                histograms = self.session.run(self.graph.histogram_summary)
                self.events.add(histograms, self.step)

    def save(self):
        config = self.config
        about = {
            "model": config.model,
            "config_sha256": config.fixed_sha256(),
            "settings": config.fixed(),
        }
        folder = self.directory.checkpoints
        saving.save(self.saver, self.session, folder, self.step, about, config.keep)
        self.is_saved, self.saved_at = True, time.monotonic()

    def is_sampled(self):
        """Whether this step's samples are in the folder and in TensorBoard."""
        path = self.directory.sample_path(self.step)
        return self.sampled_at == self.step and path.exists()

    def draw(self, say):
        """Makes the pictures of the finished run: curves and GIF."""
        with self.tolerated("curves.png or training.gif"):
            summaries.draw_curves(self.directory.metrics, self.directory.curves)
            if paths := self.directory.sample_paths():
                images.write_gif(self.directory.gif, paths)
                last = f"{paths[-1]}, {self.directory.gif}, "
                say(f"done: {last}{self.directory.curves}")
