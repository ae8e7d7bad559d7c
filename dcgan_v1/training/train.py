"""The session loop: restore, then step after step, and what follows each."""

import contextlib
import signal
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import tensorflow.compat.v1 as tf

from dcgan_v1 import image_files, runtime
from dcgan_v1.checkpoints import manifest, restoring, saving
from dcgan_v1.checkpoints.checkpoint import open_checkpoint
from dcgan_v1.config import Config
from dcgan_v1.data.pipeline import TrainingData
from dcgan_v1.errors import UserError, reason
from dcgan_v1.nn import fast_ops
from dcgan_v1.training import curves, health, hooks
from dcgan_v1.training.graph import TrainGraph, build_train_graph
from dcgan_v1.training.progress import Progress
from dcgan_v1.training.run import Run
from dcgan_v1.training.rundir import RunDirectory
from dcgan_v1.training.signals import Interruption
from dcgan_v1.training.single_process import Context, SingleProcess

if TYPE_CHECKING:
    from dcgan_v1.distributed.context import WorkerContext

Hook = Callable[[Run], object]


def train(
    config: Config,
    data: TrainingData,
    directory: RunDirectory,
    *,
    resume: bool = False,
    restart: bool = False,
    quiet: bool = False,
    after_step: Sequence[Hook] = (),
    worker: "WorkerContext | None" = None,
) -> int:
    """Trains a run to its last step, or until a signal stops it.

    Nothing in the run directory is touched before the data, the graph, the device and
    the checkpoint have all been checked.

    Args:
      config: the system's config; `config.start` names a checkpoint to begin from.
      data: the training set, see `data.pipeline`.
      directory: where the run is written.
      resume: continue the run in it from its newest checkpoint.
      restart: move the run in it aside first.
      quiet: print nothing.
      after_step: functions of the `run.Run`, called after each step and all else that
        follows it.
      worker: this process's context where several train together. All but the chief
        only take the steps: they write nothing and print nothing.

    Returns:
      The exit code: 0, or 128 + the signal's number.
    """
    as_given = config  # with epochs where the user counts in them
    config = config.in_steps(data.epoch_steps(config.batch_size))
    if config.batch_size > data.size:
        raise UserError(
            f"--batch-size {config.batch_size} is larger than the data: {data.size} training images"
        )
    if worker and not worker.is_chief:
        return _follow(config, data, directory, worker)
    context: Context = worker or SingleProcess()
    progress = Progress(config.total_steps, config.batch_size, quiet)
    with contextlib.ExitStack() as stack:
        is_there = directory.holds_run()  # being continued, or about to be moved aside
        session_config, line = runtime.session_config(config.device, config.deterministic)
        progress.say(f"{line}{context.description}".strip())
        if is_there:
            stack.enter_context(directory.locked(progress.say))
        session = stack.enter_context(_opened(session_config, config, data, context))
        run = _restored(session, config, data, directory, resume, progress.say)
        real_spread = _spread_of_real(run)
        # which checkpoints are kept is for `saving` to say
        saver = tf.train.Saver(run.graph.saved, max_to_keep=None, name="checkpoint/save")
        run.graph.start_data(session, run.step)
        tf.get_default_graph().finalize()
        with context.noticing("before the first step"):
            session.run(run.graph.copy_chief)

        if restart and is_there:
            progress.say(f"moved the old run to {directory.move_aside()}")
        if not (resume and is_there):
            stack.enter_context(directory.locked(progress.say))
            directory.refuse_if_used()  # by a process that was quicker
        directory.create(as_given)
        return _loop(run, saver, real_spread, progress, after_step, context)


@contextlib.contextmanager
def _opened(
    session_config: tf.ConfigProto, config: Config, data: TrainingData, context: Context
) -> Iterator[tf.Session]:
    """Opens a graph to build in; gives a session of it."""
    smallest = data.smallest_batch(config.batch_size)
    with (
        tf.Graph().as_default(),
        fast_ops.forms(fast_ops.FORMS[runtime.device_of(session_config)]),
        context.joined(smallest_batch=smallest, local_moments=config.bn == "local"),
        context.session(session_config) as session,
    ):
        yield session


def _follow(
    config: Config, data: TrainingData, directory: RunDirectory, worker: "WorkerContext"
) -> int:
    """Takes a worker's part in every step that the chief leads. Returns the exit code.

    It touches no file: what there is to restore comes from the chief.
    """
    session_config, _ = runtime.session_config(config.device, config.deterministic)
    with _opened(session_config, config, data, worker) as session:
        graph = build_train_graph(config, data)
        session.run(graph.initialize)
        with worker.noticing("before the first step"):
            session.run(graph.copy_chief)
        step = int(session.run(graph.step))
        run = Run(session, graph, config, data, directory, step, bool(step), lambda text: None)
        graph.start_data(session, step)
        tf.get_default_graph().finalize()
        with Interruption() as interruption:
            while not (run.is_over() or run.is_stopped):
                with worker.noticing(f"step {run.step + 1}"):
                    run.take_step(stop=bool(interruption.signal))
    return 128 + (interruption.signal or signal.SIGTERM) if run.is_stopped else 0


def _loop(
    run: Run,
    saver: tf.train.Saver,
    real_spread: float,
    progress: Progress,
    after_step: Sequence[Hook],
    context: Context,
) -> int:
    """Steps to the last step. Returns the exit code."""
    events = hooks.open_events(run)
    watching = hooks.Watching(run, events, real_spread)
    metrics = hooks.Metrics(run, events)
    samples = hooks.Samples(run, events, watching.health)
    checkpoints = hooks.Checkpoints(run, saver)
    every_step: list[Hook] = [watching, metrics, samples, checkpoints, progress, *after_step]
    progress.start(run.step)
    try:
        with Interruption() as interruption:
            if not run.resumed:  # else they were drawn before the checkpoint
                samples.draw(run)
            while not (run.is_over() or context.is_stopped(run.is_stopped, interruption.signal)):
                with context.noticing(f"step {run.step + 1}"):
                    run.take_step(stop=bool(interruption.signal))
                for hook in every_step:
                    hook(run)
            stopped_by = interruption.signal
            if run.is_stopped and not stopped_by:
                stopped_by = signal.SIGTERM  # another worker's
            if not stopped_by and not samples.are_drawn(run):
                samples.draw(run)
            if not checkpoints.is_saved(run):
                checkpoints.save(run)
            if not stopped_by:
                _draw_the_end(run)
    except tf.errors.OpError as error:  # an image file that vanished, a full disk
        raise UserError(
            f"stopped at step {run.step}: {reason(error, 300)}; the run "
            f"can be continued from step {run.directory.latest_step()}"
        ) from error
    finally:
        progress.close()
    if not stopped_by:
        return 0
    where = run.directory.path
    run_dir = f"--run-dir={where}" if str(where).startswith("-") else f"--run-dir {where}"
    progress.say(f"stopped at step {run.step}; to continue, add --restore {run_dir}")
    return 128 + stopped_by


def _restored(
    session: tf.Session,
    config: Config,
    data: TrainingData,
    directory: RunDirectory,
    resume: bool,
    say: Callable[[str], None],
) -> Run:
    """Builds the graph and returns the Run at the step to go on from."""
    graph = build_train_graph(config, data)
    session.run(graph.initialize)
    # a run that died before its first checkpoint begins where it began
    newest = saving.newest_intact(directory.checkpoints, say) if resume else None
    if newest:
        manifest.check_settings(newest, config, directory.config)
    source = newest or config.start
    if source:
        _restore(session, graph, config, source, config.networks_only and not newest, say)
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
    return Run(session, graph, config, data, directory, step, bool(newest), say)


def _restore(
    session: tf.Session,
    graph: TrainGraph,
    config: Config,
    source: str,
    networks_only: bool,
    say: Callable[[str], None],
) -> None:
    checkpoint = open_checkpoint(source, say)
    plan = restoring.plan(checkpoint, config.model, graph.saved, networks_only)
    restoring.restore(session, plan)
    if not plan.has_averages:
        session.run(graph.restart_averages)
    say(f"restored {plan.prefix}" + (f" ({plan.note})" if plan.note else ""))
    if plan.counts_no_steps:  # but its pre-training lies behind it
        session.run(tf.assign(graph.step, config.pretrain_steps))


def _spread_of_real(run: Run) -> float:
    """Returns how far two real images are apart; takes a batch of the data."""
    run.graph.start_data(run.session, run.step)
    try:
        return health.spread(run.session.run(run.graph.real))
    except tf.errors.OpError as error:  # an image file that vanished
        raise UserError(f"cannot read a batch: {reason(error, 300)}") from error


def _draw_the_end(run: Run) -> None:
    """Makes the pictures of the finished run: curves and GIF."""
    directory = run.directory
    with run.tolerated("curves.png or training.gif"):
        curves.draw(directory.metrics, directory.curves)
        if paths := directory.sample_paths():
            image_files.write_gif(directory.gif, paths)
            run.say(f"done: {paths[-1]}, {directory.gif}, {directory.curves}")
