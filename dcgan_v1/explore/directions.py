"""Directions in the latent space that change images most."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dcgan_v1.errors import UserError
from dcgan_v1.export.layers import Layer, UnknownLayer, scale_and_shift
from dcgan_v1.sample import Sampler, draw_noise

SHOWN = 6  # principal components
DRAWS = 1024
MIN_CORRELATION = 0.2  # below which no direction stands for D's score


def principal(layers: Sequence[Layer], count: int = SHOWN) -> np.ndarray:
    """Returns [count, z_dim] unit vectors: the principal components of the first
    layer's output, batch norm included, as the latents that move along them.

    The components of a linear layer's outputs, latents having no correlations, are
    those of its matrix (Härkönen et al. 2020, GANSpace, find them by samples).

    Args:
      layers: a generator's, see `layers.read_layers`.

    Raises:
      UserError: a weight is not finite.
      UnknownLayer: the first layer does not take a whole latent.
    """
    arrays = [array for layer in layers for array in layer.weights.values()]
    if not all(np.isfinite(array).all() for array in arrays):
        raise UserError(
            "the generator's weights are not finite: the run diverged; take an earlier "
            "checkpoint with --checkpoint"
        )
    first, follower, *_ = (layer for layer in layers if layer.kind != "reshape")
    if "w" not in first.weights or layers[0].input_shape != first.input_shape[-1:]:
        raise UnknownLayer(f"the first layer, {first.kind}, does not take a whole latent")
    w = first.weights["w"]
    if first.kind == "conv2d_transpose":  # of a map of one pixel
        w = w.transpose(3, 0, 1, 2)
    matrix = w.reshape(first.input_shape[-1], -1).astype(np.float64)
    if follower.kind == "batch_norm":
        scale, _ = scale_and_shift(follower)
        matrix *= np.resize(scale, matrix.shape[1])
    left, _, _ = np.linalg.svd(matrix, full_matrices=False)
    return left.T[:count]


def score(sampler: Sampler, seed: int = 0) -> np.ndarray | None:
    """Returns the unit vector [z_dim] along which D's logits rise most, by regression
    on draws, or None where it does not say what D says of draws left out."""
    system = sampler.system
    z = draw_noise(system.noise, DRAWS, system.z_dim, seed)
    _, logits = sampler.arrays(z)
    half = DRAWS // 2
    weights, *_ = np.linalg.lstsq(np.c_[z[:half], np.ones(half)], logits[:half], rcond=None)
    estimates = z[half:] @ weights[:-1]
    if not np.corrcoef(estimates, logits[half:])[0, 1] > MIN_CORRELATION:
        return None
    return weights[:-1] / np.linalg.norm(weights[:-1])
