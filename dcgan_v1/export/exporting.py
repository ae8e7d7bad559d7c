"""Writes a checkpoint in another format; keeps it only if it is the same function."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow.compat.v1 as tf

from dcgan_v1 import export as formats
from dcgan_v1 import image_files
from dcgan_v1.checkpoints.checkpoint import Checkpoint
from dcgan_v1.errors import UserError, how_to_install, reason
from dcgan_v1.export import layers, round_trip
from dcgan_v1.export.networks import INPUTS, OUTPUTS, Network, open_network
from dcgan_v1.sample import draw_noise, open_sampler
from dcgan_v1.systems import System

DRAWS = 64
# Batch statistics magnify rounding: by them mnist_beginners' session is 1.1e-4 from
# float64, the exported module 7e-6 from it.
BY_BATCH = 5e-4
ALONE = 1e-5  # how far an image may depend on its company, of the range
SECONDS = 600  # a check may take
ENVIRONMENT = {"CUDA_VISIBLE_DEVICES": "", "PYTHONDONTWRITEBYTECODE": "1"}


class RoundTrip(NamedTuple):
    """What loading one exported file as its card says gave.

    Attributes:
      file: its name in the folder.
      network: 'generator' or 'discriminator'.
      recipe: the lines that load it.
      difference: from the session, the largest of 64 draws: of images as a share of
        their range, of logits as a share of the largest, or of 1.
      levels: the same of images, in levels of 255.
      alone: between a batch of 64 and batches of 1; None where batch norm is by batch.
      bound: what the difference may be at most; None for anything finite.
      y: its output of the 64 draws.
    """

    file: str
    network: str
    recipe: str
    difference: float
    levels: int | None
    alone: float | None
    bound: float | None
    y: np.ndarray


def check_packages(to: str) -> None:
    """Raises UserError where a package is missing that a format needs."""
    missing = [name for name in formats.get(to).NEEDS if find_spec(name) is None]
    if missing:
        extra = "torch" if to == "torch" else "export"
        raise UserError(f"--to {to} needs {' and '.join(missing)}: {how_to_install(extra)}")


def export(
    checkpoint: Checkpoint,
    to: str,
    folder: Path,
    *,
    bn: str = "ema",
    discriminator: bool = False,
    latest: bool = False,
    say: Callable[[str], None] = print,
) -> tuple[System, list[RoundTrip]]:
    """Fills a folder with a model in another format. Returns its system and
    the round trip of each file.

    Args:
      checkpoint: see `open_checkpoint`.
      to: one of `export.FORMATS`.
      folder: an empty one.
      bn: batch norm by its averages, 'ema', or by the 'batch'.
      discriminator: the discriminator, too.
      latest: G's weights as they are, also where there are averages of them.
      say: gets a line for each step.

    Raises:
      UserError: the format cannot hold it, or what was written is another function.
    """
    with open_sampler(checkpoint, bn, "cpu", latest) as sampler:
        system = sampler.system
        say(f"restored {sampler.restored}")
        if discriminator and not sampler.has_discriminator:
            raise UserError(
                f"{checkpoint.prefix} holds the generator alone; leave out --discriminator"
            )
        z = draw_noise(system.noise, DRAWS, system.z_dim, seed=0).astype(np.float32)
        images, logits = sampler.arrays(z)
    references = {"z": z, "images": images, "logits": logits[:, None]}
    checks: list[RoundTrip] = []
    for name in INPUTS if discriminator else ("generator",):
        with open_network(checkpoint, name, bn, latest) as network:
            recipes = _write(network, to, folder)
            by_batch = bn == "batch" and network.has_batch_norm()
        for file, (lines, bound) in recipes.items():
            if by_batch and bound is not None:
                bound = BY_BATCH
            recipe = lines.format(name=name, file=file, x=INPUTS[name], y=OUTPUTS[name])
            check = _round_trip(folder, file, name, recipe, references, system, by_batch, bound)
            say(_line(check))
            refuse_another_function(check)
            checks.append(check)
    return system, checks


def _write(network: Network, to: str, folder: Path) -> formats.Recipes:
    try:
        return formats.get(to).write(network, folder)
    except layers.UnknownLayer as error:
        raise UserError(f"--to {to}: {error}; --to savedmodel can") from error
    except tf.errors.OpError as error:
        raise UserError(f"cannot write --to {to}: {reason(error)}") from error


def _round_trip(
    folder: Path,
    file: str,
    name: str,
    recipe: str,
    references: Mapping[str, np.ndarray],
    system: System,
    by_batch: bool,
    bound: float | None,
) -> RoundTrip:
    """Loads a file as its card says, and compares what it gives with the session's.

    Args:
      references: what goes in and comes out, by name.
      by_batch: batch norm is by the batch, so that an image depends on the others.
      folder, file, name, recipe, bound: see RoundTrip.
    """
    x_name, y_name = INPUTS[name], OUTPUTS[name]
    few = 0 if by_batch else 2
    together, alone = _outcome(folder, file, recipe, (x_name, y_name), references[x_name], few)
    if together.shape != references[y_name].shape:
        raise UserError(
            f"{file} computes another function: it gives {together.shape}, not "
            f"{references[y_name].shape}; nothing was written, try another --to"
        )
    of_images = y_name == "images"
    low, high = system.image_range
    unit = high - low if of_images else max(1, np.abs(references[y_name]).max())
    pixels = [image_files.to_uint8(a, (low, high)) for a in (together, references[y_name])]
    return RoundTrip(
        file,
        name,
        recipe,
        float(np.abs(together - references[y_name]).max() / unit),
        levels_apart(*pixels) if of_images else None,
        None if by_batch else float(np.abs(alone - together[:few]).max() / unit),
        bound,
        together,
    )


def _outcome(
    folder: Path, file: str, recipe: str, names: tuple[str, str], x: np.ndarray, few: int
) -> tuple[np.ndarray, np.ndarray]:
    """Returns what a file gives, in a process of its own: (for all of x at once, for
    the first few in batches of 1)."""
    with tempfile.TemporaryDirectory() as scratch:
        text, inputs, out = (Path(scratch) / n for n in ("recipe", "x.npy", "y.npz"))
        text.write_text(f"{' '.join(names)}\n{recipe}")
        np.save(inputs, x)
        try:
            process = subprocess.run(
                [sys.executable, round_trip.__file__, text, inputs, out, str(few)],
                cwd=folder,
                env={**os.environ, **ENVIRONMENT},
                capture_output=True,
                text=True,
                timeout=SECONDS,
            )
        except subprocess.TimeoutExpired as error:
            raise UserError(
                f"{file} returned nothing within {SECONDS} s; nothing was written, try "
                "again when the machine is less busy"
            ) from error
        if process.returncode:
            last = (process.stderr.strip().splitlines() or ["it says nothing"])[-1]
            raise UserError(
                f"{file} cannot be loaded as its card says; nothing was written, try "
                f"another --to: {last[:200]}"
            )
        outputs = np.load(out)
        return outputs["together"], outputs["alone"]


def levels_apart(a: np.ndarray, b: np.ndarray) -> int:
    """Returns the largest difference between uint8 images."""
    return int(np.abs(a.astype(int) - b).max())


def _line(check: RoundTrip) -> str:
    if check.levels is None:
        what = "of the largest logit (or of 1)"
    else:
        what = f"of the range ({check.levels} of 255)"
    return f"{check.file}: {DRAWS} draws, at most {check.difference:.2g} {what} off"


def refuse_another_function(check: RoundTrip) -> None:
    """Raises UserError where a RoundTrip is off by more than it may be."""
    if not np.isfinite(check.y).all():
        raise UserError(
            f"{check.file} gives NaN or infinity: the run diverged (take an earlier "
            "checkpoint), or the format's numbers are too small for it (try another "
            "--to); nothing was written"
        )
    if check.bound is not None and not check.difference <= check.bound:
        raise UserError(
            f"{check.file} computes another function: {check.difference:.2g} off, allowed is "
            f"{check.bound:g}; nothing was written, try another --to"
        )
    if check.alone is not None and not check.alone <= ALONE:
        raise UserError(
            f"{check.file} gives other images in other batches: {check.alone:.2g} off, "
            f"allowed is {ALONE:g}; nothing was written, try another --to"
        )
