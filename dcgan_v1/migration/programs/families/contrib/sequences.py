"""tf.contrib.seq2seq and legacy_seq2seq as far as losses of sequences and plain decoders go."""

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow.compat.v1 as tf

from dcgan_v1.migration.programs.facade import Facade

HINT = {"": "it has no equal in today's TensorFlow"}
SMALL = 1e-12  # what the sum of weights cannot be less than


def sequence_loss(
    logits: tf.Tensor,
    targets: tf.Tensor,
    weights: tf.Tensor,
    average_across_timesteps: bool = True,
    average_across_batch: bool = True,
    sum_over_timesteps: bool = False,
    sum_over_batch: bool = False,
    softmax_loss_function: Callable[..., tf.Tensor] | None = None,
    name: str | None = None,
) -> tf.Tensor:
    """Cross entropy of sequences.

    Args:
      logits: [N, T, classes].
      targets: [N, T] of classes.
      weights: [N, T].
      average_across_timesteps: whether to divide by the weights of all steps.
      average_across_batch: whether to divide by the weights of all sequences.
      sum_over_timesteps: whether to sum over steps instead.
      sum_over_batch: whether to sum over sequences instead.
      softmax_loss_function: takes `labels` and `logits`; the sparse cross entropy where None.
      name: of the scope.
    """
    with tf.name_scope(name, "sequence_loss", [logits, targets, weights]):
        classes = tf.shape(logits)[2]
        loss_of = softmax_loss_function or tf.nn.sparse_softmax_cross_entropy_with_logits
        flat = loss_of(
            labels=tf.reshape(targets, [-1]), logits=tf.reshape(logits, [-1, classes])
        ) * tf.reshape(weights, [-1])
        if average_across_timesteps and average_across_batch:
            return tf.reduce_sum(flat) / (tf.reduce_sum(weights) + SMALL)
        losses = tf.reshape(flat, tf.shape(logits)[:2])
        for axis, summed, averaged in (
            (1, sum_over_timesteps, average_across_timesteps),
            (0, sum_over_batch, average_across_batch),
        ):
            if summed or averaged:
                total = tf.reduce_sum(losses, axis=axis)
                losses = total / (tf.reduce_sum(weights, axis=axis) + SMALL) if averaged else total
                weights = tf.reduce_sum(weights, axis=axis)
        return losses


def hardmax(logits: Any, name: str | None = None) -> tf.Tensor:
    """One at the largest of the last axis, zero elsewhere."""
    with tf.name_scope(name, "Hardmax", [logits]):
        logits = tf.convert_to_tensor(logits)
        depth = logits.shape[-1].value or tf.shape(logits)[-1]
        return tf.one_hot(tf.argmax(logits, -1), depth, dtype=logits.dtype)


def tile_batch(t: Any, multiplier: int, name: str | None = None) -> Any:
    """Each row `multiplier` times, one after the other."""

    def tiled(rows: tf.Tensor) -> tf.Tensor:
        rows = tf.convert_to_tensor(rows)
        repeated = tf.tile(rows[:, None], [1, multiplier] + [1] * (rows.shape.ndims - 1))
        return tf.reshape(repeated, tf.concat([[-1], tf.shape(rows)[1:]], 0))

    with tf.name_scope(name, "tile_batch"):
        return tf.nest.map_structure(tiled, t)


def safe_cumprod(x: Any, *arguments: Any, **options: Any) -> tf.Tensor:
    """A cumulative product by logarithms, of numbers in 0..1."""
    with tf.name_scope(None, "SafeCumprod", [x]):
        x = tf.convert_to_tensor(x)
        tiny = {"float16": 6.104e-05, "float32": 1.1754944e-38}.get(x.dtype.name, 2.2e-308)
        return tf.exp(tf.cumsum(tf.log(tf.clip_by_value(x, tiny, 1)), *arguments, **options))


def sequence_loss_by_example(
    logits: Sequence[tf.Tensor],
    targets: Sequence[tf.Tensor],
    weights: Sequence[tf.Tensor],
    average_across_timesteps: bool = True,
    softmax_loss_function: Callable[..., tf.Tensor] | None = None,
    name: str | None = None,
) -> tf.Tensor:
    """[N] cross entropies of lists, one element a step: logits [N, classes], targets and weights
    [N]."""
    with tf.name_scope(name, "sequence_loss_by_example", [*logits, *targets, *weights]):
        loss_of = softmax_loss_function or tf.nn.sparse_softmax_cross_entropy_with_logits
        steps = [
            loss_of(labels=tf.reshape(y, [-1]), logits=x) * w
            for x, y, w in zip(logits, targets, weights, strict=True)
        ]
        total = tf.add_n(steps)
        return total / (tf.add_n(list(weights)) + SMALL) if average_across_timesteps else total


def legacy_sequence_loss(
    logits: Sequence[tf.Tensor],
    targets: Sequence[tf.Tensor],
    weights: Sequence[tf.Tensor],
    average_across_timesteps: bool = True,
    average_across_batch: bool = True,
    softmax_loss_function: Callable[..., tf.Tensor] | None = None,
    name: str | None = None,
) -> tf.Tensor:
    """The sum of `sequence_loss_by_example`, or its mean."""
    with tf.name_scope(name, "sequence_loss", [*logits, *targets, *weights]):
        losses = sequence_loss_by_example(
            logits, targets, weights, average_across_timesteps, softmax_loss_function
        )
        total = tf.reduce_sum(losses)
        return (
            total / tf.cast(tf.shape(targets[0])[0], total.dtype) if average_across_batch else total
        )


def rnn_decoder(
    decoder_inputs: Sequence[tf.Tensor],
    initial_state: Any,
    cell: Any,
    loop_function: Callable[[tf.Tensor, int], tf.Tensor] | None = None,
    scope: Any = None,
) -> tuple[list[tf.Tensor], Any]:
    """A cell over a list of inputs; `loop_function(output, i)` makes the next one of an output."""
    with tf.variable_scope(scope or "rnn_decoder"):
        state, outputs, last = initial_state, [], None
        for i, given in enumerate(decoder_inputs):
            if loop_function is not None and last is not None:
                with tf.variable_scope("loop_function", reuse=True):
                    given = loop_function(last, i)
            if i > 0:
                tf.get_variable_scope().reuse_variables()
            output, state = cell(given, state)
            outputs.append(output)
            last = output if loop_function is not None else None
        return outputs, state


def modules() -> dict[str, Facade]:
    """Returns name below tf.contrib -> facade."""
    names = (sequence_loss, hardmax, tile_batch, safe_cumprod)
    legacy = {
        "sequence_loss": legacy_sequence_loss,
        "sequence_loss_by_example": sequence_loss_by_example,
        "rnn_decoder": rnn_decoder,
    }
    found = {each.__name__: each for each in names}
    return {
        "seq2seq": Facade("tf.contrib.seq2seq", (), found, hints=HINT),
        "legacy_seq2seq": Facade("tf.contrib.legacy_seq2seq", (), legacy, hints=HINT),
    }
