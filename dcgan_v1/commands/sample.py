"""Draws images from a trained generator: grids, files, arrays, interpolations."""

import argparse
import io
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dcgan_v1 import files, image_files, runtime
from dcgan_v1.commands import cli, latents, options
from dcgan_v1.errors import UserError

if TYPE_CHECKING:
    from dcgan_v1.sample import Sampler

# the options that decide the noise, and their defaults
NOISE = {"n": 64, "seed": 0, "truncation": None, "interpolate": None}


def main(args: argparse.Namespace) -> None:
    check(args)
    path = options.model_path(args)
    saved = latents.read(args.latents) if args.latents else None
    runtime.prepare(keras=False)
    from dcgan_v1.sample import draw_noise, open_sampler

    bn = args.bn or (saved.bn if saved else None)
    with open_sampler(path, bn, args.device, args.latest) as sampler:
        print(f"restored {sampler.restored}")
        if saved:
            latents.check(saved, sampler.system, args.latents)
        if not sampler.has_discriminator and (args.scores or args.min_score is not None):
            raise UserError(
                f"{path} holds the generator alone: --scores and --min-score ask a "
                "discriminator; leave them out"
            )
        if args.interpolate:
            write_interpolation(sampler, args)
        elif saved:
            # alone, as they were drawn where they were saved: the same bits
            images, scores = zip(*[sampler(row[None]) for row in saved.z], strict=True)
            write_samples(np.concatenate(images), np.concatenate(scores), args)
        else:
            noise, z_dim = sampler.system.noise, sampler.system.z_dim
            z = draw_noise(noise, args.n, z_dim, args.seed, args.truncation)
            write_samples(*sampler(z), args)


def check(args: argparse.Namespace) -> None:
    """Refuses values that mean nothing, alone or together."""
    for name, least in (("n", 1), ("frames", 2), ("seed", 0)):
        if getattr(args, name) < least:
            raise UserError(f"--{name} must be at least {least}, not {getattr(args, name)}")
    if args.truncation is not None and not args.truncation >= 0.01:
        raise UserError(f"--truncation must be at least 0.01, not {args.truncation}")
    others = ("npz", "scores", "min_score", "individual", "grid")
    if args.interpolate and any(getattr(args, name) for name in others):
        raise UserError("--interpolate writes a strip and a GIF and nothing else")
    if args.interpolate and min(args.interpolate) < 0:
        raise UserError("--interpolate takes two seeds, neither below 0")
    if args.latents and any(getattr(args, name) != NOISE[name] for name in NOISE):
        names = ", ".join(f"--{name}" for name in NOISE)
        raise UserError(f"--latents says what is drawn: leave out {names}")


def write_samples(images: np.ndarray, scores: np.ndarray, args: argparse.Namespace) -> None:
    """Writes samples in the forms that were asked for.

    Args:
      images: uint8 [n, H, W, C].
      scores: D's probability [n] of each.
      args: the command's.
    """
    numbers = np.arange(len(images))
    if args.min_score is not None:
        numbers = numbers[scores > args.min_score]
        print(f"{len(numbers)} of {len(images)} samples score above {args.min_score}")
        if not len(numbers):
            raise UserError(
                f"no sample scores above {args.min_score}: the best has "
                f"{scores.max():.3g}; lower --min-score or draw more"
            )
    contents: dict[Path, bytes] = {}
    if args.scores:
        for number in numbers:
            print(f"sample {number}: D gives {scores[number]:.6f}")
        rows = [f"{number},{scores[number]:.9g}" for number in numbers]
        table = "\n".join(["sample,probability", *rows, ""])
        contents[args.out / "scores.csv"] = table.encode()
    if args.npz:
        buffer = io.BytesIO()
        np.savez_compressed(buffer, images=images[numbers])
        contents[args.npz] = buffer.getvalue()
    if args.individual:
        for number in numbers:
            path = args.out / f"sample_{number:05d}.png"
            contents[path] = image_files.png_bytes(images[number])
    if args.grid or not (args.npz or args.individual):
        contents[args.out / "grid.png"] = image_files.png_bytes(image_files.grid(images[numbers]))
    write(contents)


def write_interpolation(sampler: "Sampler", args: argparse.Namespace) -> None:
    """Writes a strip and a GIF of the way from one seed's first sample to another's."""
    from dcgan_v1.sample import draw_noise, interpolate

    system = sampler.system
    a, b = (
        draw_noise(system.noise, 1, system.z_dim, seed, args.truncation)[0]
        for seed in args.interpolate
    )
    images, _ = sampler(interpolate(a, b, args.frames))
    strip = image_files.grid(images, columns=args.frames, gap=0)
    there_and_back = [*images, *images[-2:0:-1]]
    write(
        {
            args.out / "interpolation.png": image_files.png_bytes(strip),
            args.out / "interpolation.gif": image_files.gif_bytes(there_and_back),
        }
    )


def write(contents: Mapping[Path, bytes]) -> None:
    files.write(contents)
    first, *more = contents
    print(f"wrote {first}" + (f" and {len(more)} more files" if more else ""))


def make_parser() -> cli.Parser:
    parser = cli.parser(__doc__)
    options.add_model_options(parser)
    options.add_drawing_options(parser)
    add = parser.add_argument
    add("--n", type=int, default=NOISE["n"], help="how many (default %(default)s)")
    add("--seed", type=int, default=NOISE["seed"], help="of the noise (default %(default)s)")
    add(
        "--out",
        type=cli.path,
        default=Path("samples"),
        metavar="DIR",
        help="folder to write to (default %(default)s)",
    )
    add("--grid", action="store_true", help="one picture of all (the default)")
    add("--individual", action="store_true", help="a PNG each")
    add("--npz", type=cli.path, metavar="FILE", help="an array file: `images`, uint8 [n, H, W, C]")
    add(
        "--latents",
        type=cli.path,
        metavar="FILE",
        help="draw what a page of explore.py saved, instead of --n of --seed",
    )
    add(
        "--truncation",
        type=float,
        metavar="T",
        help="keep the noise within T: less variety, fewer odd samples",
    )
    add(
        "--interpolate",
        type=int,
        nargs=2,
        metavar=("A", "B"),
        help="go from seed A's first sample to seed B's: a strip and a GIF",
    )
    add("--frames", type=int, default=16, help="of it (default %(default)s)")
    add("--scores", action="store_true", help="print D's probability of each sample")
    add(
        "--min-score",
        type=float,
        metavar="P",
        help="keep samples that D gives more than P (the celeba64 source: 0.001)",
    )
    return parser
