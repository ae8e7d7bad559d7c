"""Writes a checkpoint in another format; keeps it only if it is the same function."""

import os
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow.compat.v1 as tf

from dcgan_v1 import export as formats
from dcgan_v1 import image_files
from dcgan_v1.errors import UserError, how_to_install, reason
from dcgan_v1.export import layers, networks, round_trip
from dcgan_v1.sample import draw_noise, open_sampler

DRAWS = 64
# Batch statistics magnify rounding: by them mnist_beginners' session is 1.1e-4 from
# float64, the exported module 7e-6 from it.
BY_BATCH = 5e-4
ALONE = 1e-5  # how far an image may depend on its company, of the range
SECONDS = 600  # a check may take
ENVIRONMENT = {"CUDA_VISIBLE_DEVICES": "", "PYTHONDONTWRITEBYTECODE": "1"}


class RoundTrip(NamedTuple):
    """What came of loading one file as its card says.

    Attributes:
      file: its name in the folder.
      network: 'generator' or 'discriminator'.
      recipe: the lines that load it.
      difference: from the session, the largest of 64 draws: of images as a share of
        their range, of logits as a share of the largest, or of 1.
      levels: the same of images, in levels of 255.
      alone: between a batch of 64 and batches of 1; None where batch norm is by batch.
      bound: what the difference may be at most; None for anything finite.
      y: what it gave.
    """

    file: str
    network: str
    recipe: str
    difference: float
    levels: int | None
    alone: float | None
    bound: float | None
    y: np.ndarray


def check_packages(to):
    """Raises UserError where a package is missing that a format needs."""
    missing = [name for name in formats.get(to).NEEDS if find_spec(name) is None]
    if missing:
        extra = "torch" if to == "torch" else "export"
        raise UserError(f"--to {to} needs {' and '.join(missing)}: {how_to_install(extra)}")


def export(checkpoint, to, folder, *, bn="ema", discriminator=False, latest=False, say=print):
    """Fills a folder with a model in another format. Returns (system, [RoundTrip]).

    Args:
      checkpoint: see `open_checkpoint`.
      to: one of `export.FORMATS`.
      folder: Path, empty.
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
    expected = {"z": z, "images": images, "logits": logits[:, None]}
    checks = []
    for name in networks.INPUTS if discriminator else ("generator",):
        with networks.open_network(checkpoint, name, bn, latest) as network:
            recipes = _written(network, to, folder)
            by_batch = bn == "batch" and network.has_batch_norm()
        for file, (lines, bound) in recipes.items():
            if by_batch and bound is not None:
                bound = BY_BATCH
            checks.append(_try(folder, file, name, lines, expected, system, by_batch, bound))
            say(_line(checks[-1]))
            refuse_another_function(checks[-1])
    return system, checks


def _written(network, to, folder):
    """Writes a network and returns its recipes, see `export.get`."""
    try:
        return formats.get(to).write(network, folder)
    except layers.UnknownLayer as error:
        raise UserError(f"--to {to}: {error}; --to savedmodel can") from error
    except tf.errors.OpError as error:
        raise UserError(f"cannot write --to {to}: {reason(error)}") from error


def _try(folder, file, name, lines, expected, system, by_batch, bound):
    """Loads a file as its card says, and compares what it gives."""
    x_name, y_name = networks.INPUTS[name], networks.OUTPUTS[name]
    recipe = lines.format(name=name, file=file, x=x_name, y=y_name)
    x, few = expected[x_name], 0 if by_batch else 2
    together, alone = _outcome(folder, file, recipe, x_name, y_name, x, few)
    if together.shape != expected[y_name].shape:
        raise UserError(
            f"{file} is another function: it gives {together.shape}, not "
            f"{expected[y_name].shape}; nothing was written, try another --to"
        )
    of_images = y_name == "images"
    low, high = system.image_range
    unit = high - low if of_images else max(1, np.abs(expected[y_name]).max())
    pixels = [image_files.to_uint8(a, (low, high)) for a in (together, expected[y_name])]
    return RoundTrip(
        file,
        name,
        recipe,
        float(np.abs(together - expected[y_name]).max() / unit),
        levels_apart(*pixels) if of_images else None,
        None if by_batch else float(np.abs(alone - together[:few]).max() / unit),
        bound,
        together,
    )


def _outcome(folder, file, recipe, x_name, y_name, x, few):
    """Returns what a file gives, in a process of its own: (for all of x at once, for
    the first few in batches of 1)."""
    with tempfile.TemporaryDirectory() as scratch:
        text, given, out = (Path(scratch) / n for n in ("recipe", "x.npy", "y.npz"))
        text.write_text(f"{x_name} {y_name}\n{recipe}")
        np.save(given, x)
        try:
            done = subprocess.run(
                [sys.executable, round_trip.__file__, text, given, out, str(few)],
                cwd=folder,
                env={**os.environ, **ENVIRONMENT},
                capture_output=True,
                text=True,
                timeout=SECONDS,
            )
        except subprocess.TimeoutExpired as error:
            raise UserError(
                f"{file} gave nothing within {SECONDS} s; nothing was written, try "
                "again beside less other work"
            ) from error
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["it says nothing"])[-1]
            raise UserError(
                f"{file} cannot be loaded as its card says; nothing was written, try "
                f"another --to: {last[:200]}"
            )
        found = np.load(out)
        return found["together"], found["alone"]


def levels_apart(a, b):
    """Returns the largest difference between uint8 images."""
    return int(np.abs(a.astype(int) - b).max())


def _line(check):
    if check.levels is None:
        what = "of the largest logit (or of 1)"
    else:
        what = f"of the range ({check.levels} of 255)"
    return f"{check.file}: {DRAWS} draws, at most {check.difference:.2g} {what} off"


def refuse_another_function(check):
    """Raises UserError where a RoundTrip is off by more than it may be."""
    if not np.isfinite(check.y).all():
        raise UserError(
            f"{check.file} gives what is not finite: the run diverged (take an earlier "
            "checkpoint), or the format's numbers are too small for it (try another "
            "--to); nothing was written"
        )
    if check.bound is not None and not check.difference <= check.bound:
        raise UserError(
            f"{check.file} is another function: {check.difference:.2g} off, allowed is "
            f"{check.bound:g}; nothing was written, try another --to"
        )
    if check.alone is not None and not check.alone <= ALONE:
        raise UserError(
            f"{check.file} gives other images in other batches: {check.alone:.2g} off, "
            f"allowed is {ALONE:g}; nothing was written, try another --to"
        )
