"""The graph of a training: its data, its noise, a step, the samples it draws.

Name scopes sort its ops into the boxes that TensorBoard shows. Variables have their names from
variable scopes, which name scopes do not touch: checkpoints keep their keys.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import tensorflow.compat.v1 as tf

from dcgan_v1 import models, systems
from dcgan_v1.config import Config
from dcgan_v1.data.pipeline import Start, TrainingData
from dcgan_v1.distributed import collectives
from dcgan_v1.nn import augmentation, loss_scaling, precision, randomness
from dcgan_v1.nn.averaging import Averages
from dcgan_v1.nn.optimizers import is_optimizer_variable
from dcgan_v1.nn.training_steps import Network, Output, Step
from dcgan_v1.systems import System
from dcgan_v1.training import scalars


class Phase(NamedTuple):
    """What one kind of step runs and gives.

    Attributes:
      op: the step, the global step's count included.
      scalars: name -> scalar of that step. g_loss is of the D just updated: asking
        for it runs D's update.
      norms: name -> norm of the gradients of one update.
      summary: the scalars, serialised for TensorBoard.
    """

    op: tf.Operation
    scalars: dict[str, tf.Tensor]
    norms: dict[str, tf.Tensor]
    summary: tf.Tensor


class TrainGraph(NamedTuple):
    """What the session loop needs of a training graph.

    Attributes:
      initialize: gives every saved variable its initial value.
      start_data: start_data(session, step) makes the images ready for that step.
      step: the global step, int64; counts pre-training steps too.
      real: [N, H, W, C] images of this step. Can be fed.
      noise: latents [N, z_dim] and masks of dropouts by purpose. Can be fed.
      pretrain: a step of D alone; train: a step of D, then of G.
      restart_averages: sets the averages of G's weights, if any, to those weights.
      samples: [config.samples, H, W, C] images of one fixed noise.
      d_mean_sample: D's mean probability of those being real.
      histogram_summary: serialised summary of every trainable variable.
      saved: the variables a checkpoint holds, all but the data.
      copy_chief: gives them the values of the chief's, where there are other workers.
      stop_ph: feed a number above 0 to stop all workers; stop: whether one did.
    """

    initialize: tf.Operation
    start_data: Start
    step: tf.Variable
    real: tf.Tensor
    noise: dict[str, tf.Tensor]
    pretrain: Phase
    train: Phase
    restart_averages: tf.Operation
    samples: tf.Tensor
    d_mean_sample: tf.Tensor
    histogram_summary: tf.Tensor
    saved: list[tf.Variable]
    copy_chief: tf.Operation
    stop_ph: tf.Tensor
    stop: tf.Tensor


def build_train_graph(config: Config, data: TrainingData) -> TrainGraph:
    """Builds a training step, with its data and noise drawn inside the graph.

    Within `collectives.joined` it is one worker's part of a step.

    Args:
      config: a system's config.
      data: the training set.
    """
    system, model = systems.get(config.model), models.get(config.model)
    generator, discriminator = map(_in_box, ("generator", "discriminator"), model.networks(config))
    tf.set_random_seed(config.seed)  # of the initial values
    step = tf.train.get_or_create_global_step()
    # Read once. Whatever depends on `now` sees the step as it was before the increment.
    with tf.name_scope("global_step/"):
        now = tf.identity(step.read_value(), name="now")

    with tf.name_scope("data/"):
        batch, start_data = data.build(config, now)  # [N, H, W, C] uint8
        low, high = system.image_range
        real = tf.cast(batch, tf.float32) / 255.0 * (high - low) + low
        real = tf.ensure_shape(real, [None, *system.image_shape], name="real")
    with tf.name_scope("noise/"):
        noise = _noise(config, system, collectives.sum_of_counts(tf.shape(real)[0]), now)

    halves = [precision.in_half(net, config.precision) for net in (generator, discriminator)]
    with loss_scaling.switched_on(config.precision == "mixed_float16"):
        step_ops = model.training_step(config, *halves, real, **noise)
    with tf.name_scope("updates/"):
        stop_ph = tf.placeholder_with_default(tf.constant(0.0), [], name="stop_ph")
        step_ops, stop = _with_whole_scalars(step_ops, stop_ph)
    averages = Averages(config.ema_decay, _generator_variables(config.model), now)
    d_and_g_op = averages.update_after(step_ops.d_and_g_op)
    with tf.name_scope("summaries/"):
        summaries = {name: _scalar_summary(name, x) for name, x in step_ops.scalars.items()}

    d_norms = {k: norm for k, norm in step_ops.norms.items() if k.startswith("d_")}

    samples, sample_logits = _samples(config, system, generator, discriminator, averages)
    with tf.name_scope("summaries/"):
        d_mean_sample = tf.reduce_mean(tf.sigmoid(sample_logits))
    saved = tf.global_variables()
    with tf.name_scope("checkpoint/"):
        initialize, copy_chief = tf.variables_initializer(saved), collectives.broadcast(saved)
    return TrainGraph(
        initialize=initialize,
        start_data=start_data,
        step=step,
        real=real,
        noise=noise,
        pretrain=_phase(step, step_ops.d_op, step_ops.d_scalars, d_norms, summaries),
        train=_phase(step, d_and_g_op, step_ops.scalars, step_ops.norms, summaries),
        restart_averages=averages.restart(),
        samples=samples,
        d_mean_sample=d_mean_sample,
        histogram_summary=_histogram_summary(tf.trainable_variables()),
        saved=saved,
        copy_chief=copy_chief,
        stop_ph=stop_ph,
        stop=stop,
    )


def _in_box(box: str, network: Network) -> Network:
    """Returns a network whose calls all stand in one box of TensorBoard's."""

    def call(*args: Any, **options: Any) -> Output:
        with tf.name_scope(f"{box}/"):
            return network(*args, **options)

    return call


def _scalar_summary(name: str, value: tf.Tensor) -> tf.Tensor:
    # `tf.summary.scalar` would take the tag from the name scope
    return tf.raw_ops.ScalarSummary(tags=scalars.tag_of(name), values=value, name=name)


def _histogram_summary(variables: list[tf.Variable]) -> tf.Tensor:
    with tf.name_scope("summaries/"):
        return tf.summary.merge(
            [
                tf.raw_ops.HistogramSummary(
                    tag=f"weights/{v.op.name}", values=v, name=v.op.name.replace("/", "_")
                )
                for v in variables
            ]
        )


def _samples(
    config: Config, system: System, generator: Network, discriminator: Network, averages: Averages
) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns images [samples, H, W, C] of one fixed noise, and D's logits [samples, 1]."""
    shape = [config.samples, system.z_dim]
    with tf.name_scope("noise/"):
        z = randomness.noise(system.noise, shape, config.seed, "z_samples", 0)
        z = tf.identity(z, name="sample_z")
    by_batch = config.sample_bn == "batch"
    with collectives.joined(None):  # one worker draws them all
        with averages.in_use():
            samples, _ = generator(z, by_batch)
        logits, _ = discriminator(samples, by_batch)
    return samples, logits


def _with_whole_scalars(step_ops: Step, stop: tf.Tensor) -> tuple[Step, tf.Tensor]:
    """Returns a Step whose scalars are those of all workers, and the sum of `stop`."""
    stop, *d_values = collectives.all_reduce([stop, *step_ops.d_scalars.values()])
    d_scalars = dict(zip(step_ops.d_scalars, d_values, strict=True))
    of_g = {k: x for k, x in step_ops.scalars.items() if k not in d_scalars}
    g_scalars = dict(zip(of_g, collectives.all_reduce([*of_g.values()]), strict=True))
    both = {**d_scalars, **g_scalars}
    return step_ops._replace(d_scalars=d_scalars, scalars=both), stop


def _generator_variables(name: str) -> list[tf.Variable]:
    """Returns a generator's weights and batch norm's averages, without any slots."""
    return [
        v
        for v in tf.global_variables()
        if v.op.name.startswith(f"{name}/generator/") and not is_optimizer_variable(v.op.name)
    ]


def _noise(
    config: Config, system: System, real_count: tf.Tensor, now: tf.Tensor
) -> dict[str, tf.Tensor]:
    """Returns what a system's step wants drawn, name -> tensor that can be fed.

    All of it is drawn, and each worker takes its share: as one worker would see it.

    Args:
      real_count: real images of this step, of all workers.
      now: the step, int64.
    """
    count = real_count if system.noise_follows_batch else config.batch_size
    streams: dict[str, tuple[tf.Tensor, list[int | None]]] = {}
    for stream in system.streams:
        z = randomness.noise(system.noise, [count, system.z_dim], config.seed, stream, now)
        streams[stream] = z, [None, system.z_dim]
    for stream, shape in system.masks.items():
        images = real_count if stream.startswith("keep_real") else count
        keep = randomness.keep([images, *shape], system.dropout, config.seed, stream, now)
        streams[stream] = keep, [None, *shape]
    if getattr(config, "augment", "none") != "none":
        for stream in ("augment_real", "augment_fake"):
            fractions = [count, augmentation.NUMBERS]
            numbers = randomness.fractions(fractions, config.seed, stream, now)
            streams[stream] = numbers, [None, augmentation.NUMBERS]
    return {
        name: tf.placeholder_with_default(collectives.share(tensor), shape, name=name)
        for name, (tensor, shape) in streams.items()
    }


def _phase(
    step: tf.Variable,
    op: tf.Operation,
    values: dict[str, tf.Tensor],
    norms: dict[str, tf.Tensor],
    summaries: Mapping[str, tf.Tensor],
) -> Phase:
    """Returns the Phase that does `op`, then adds one to the step."""
    after = [op, *values.values(), *norms.values()]
    with tf.control_dependencies(after), tf.name_scope("global_step/"):
        increment = tf.assign_add(step, 1).op
    with tf.name_scope("summaries/"):
        summary = tf.summary.merge([summaries[name] for name in values])
    return Phase(increment, values, norms, summary)
