"""One backward pass through D for two losses of the same logits.

Where no layer of D mixes images, what flows back from an image's logit is the same for every
loss up to one factor, the loss's derivative by that logit. It is propagated once, from ones.
Each layer's weights and D's input get it times the factor of their loss: as exact as two
passes, for the work of one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import tensorflow.compat.v1 as tf

from dcgan_v1.nn.layer_registry import LAYERS, LayerCall

PER_IMAGE = ("linear", "conv2d", "leaky_relu")  # layers here that keep images apart


@contextmanager
def layer_calls() -> Iterator[Callable[[], list[LayerCall]]]:
    """Gives a function that returns the layers called since the context was entered."""
    start = len(tf.get_collection(LAYERS))
    yield lambda: tf.get_collection(LAYERS)[start:]


def is_possible(calls: Sequence[LayerCall], variables: Sequence[tf.Variable]) -> bool:
    """Whether these layers keep images apart and hold all the variables, which a discriminator
    that is written otherwise need not do.

    Args:
      calls: of D, once.
      variables: of D, to be trained.
    """
    if any(call.kind not in PER_IMAGE for call in calls):
        return False
    scopes = {call.scope for call in calls if call.kind != "leaky_relu"}
    return all(v.op.name.rpartition("/")[0] in scopes for v in variables)


def gradients(
    calls: Sequence[LayerCall],
    images: tf.Tensor,
    logits: tf.Tensor,
    d_loss: tf.Tensor,
    g_loss: tf.Tensor,
    variables: Sequence[tf.Variable],
) -> tuple[list[tf.Tensor], tf.Tensor]:
    """Returns d_loss's gradients by D's variables, and g_loss's by the images.

    Args:
      calls: D's layers, as called on the images.
      images: [N, H, W, C]; logits: [N, 1], of D on them.
      d_loss, g_loss: scalars of the logits, each of every row by itself.
      variables: D's.
    """
    layers = [call for call in calls if call.kind != "leaky_relu"]
    *flows, to_images = tf.gradients(
        logits, [call.y for call in layers] + [images], grad_ys=tf.ones_like(logits)
    )
    (d_factors,), (g_factors,) = (tf.gradients(loss, logits) for loss in (d_loss, g_loss))  # [N, 1]
    d_gradients = tf.gradients(
        [call.y for call in layers],
        variables,
        grad_ys=[_times(flow, d_factors) for flow in flows],
        stop_gradients=[call.x for call in layers],  # each layer's weights by themselves
    )
    return d_gradients, _times(to_images, g_factors)


def _times(x: tf.Tensor, factors: tf.Tensor) -> tf.Tensor:
    """x [N, ...] with each row times its factor of [N, 1]."""
    shape = [-1, *[1] * (x.shape.rank - 1)]
    return x * tf.cast(tf.reshape(factors, shape), x.dtype)
