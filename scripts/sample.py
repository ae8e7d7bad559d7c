"""Draws images from a trained generator: grids, files, arrays, interpolations."""

import io
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from dcgan_v1 import cli, images, options, outputs, runtime
from dcgan_v1.errors import UserError


def main(args):
    if args.n < 1 or args.frames < 2 or args.seed < 0:
        raise UserError("--n must be at least 1, --frames 2 and --seed 0")
    if args.truncation is not None and not args.truncation >= 0.01:
        raise UserError(f"--truncation must be at least 0.01, not {args.truncation}")
    others = ("npz", "scores", "min_score", "individual", "grid")
    if args.interpolate and any(getattr(args, name) for name in others):
        raise UserError("--interpolate writes a strip and a GIF and nothing else")
    if args.interpolate and min(args.interpolate) < 0:
        raise UserError("--interpolate takes two seeds, neither below 0")
    path = cli.model_path(args)
    runtime.prepare()
    from dcgan_v1.sample import open_sampler

    with open_sampler(path, args.bn, args.device, args.latest) as sampler:
        if args.interpolate:
            write_interpolation(sampler, args)
        else:
            write_samples(sampler, args)


def write_samples(sampler, args):
    from dcgan_v1.sample import draw_noise

    model = sampler.model
    z = draw_noise(model.NOISE, args.n, model.Z_DIM, args.seed, args.truncation)
    drawn, scores = sampler(z)
    numbers = np.arange(args.n)
    if args.min_score is not None:
        numbers = numbers[scores > args.min_score]
        print(f"{len(numbers)} of {args.n} samples score above {args.min_score}")
        if not len(numbers):
            raise UserError(
                f"no sample scores above {args.min_score}: the best has "
                f"{scores.max():.3g}; lower --min-score or raise --n"
            )
    files = {}
    if args.scores:
        for number in numbers:
            print(f"sample {number}: D gives {scores[number]:.6f}")
        rows = [f"{number},{scores[number]:.9g}" for number in numbers]
        table = "\n".join(["sample,probability", *rows, ""])
        files[args.out / "scores.csv"] = table.encode()
    if args.npz:
        buffer = io.BytesIO()
        np.savez_compressed(buffer, images=drawn[numbers])
        files[args.npz] = buffer.getvalue()
    if args.individual:
        for number in numbers:
            path = args.out / f"sample_{number:05d}.png"
            files[path] = images.png_bytes(drawn[number])
    if args.grid or not (args.npz or args.individual):
        files[args.out / "grid.png"] = images.png_bytes(images.grid(drawn[numbers]))
    write(files)


def write_interpolation(sampler, args):
    """Writes a strip and a GIF of the way from one seed's first sample to another's."""
    from dcgan_v1.sample import draw_noise, interpolate

    model = sampler.model
    a, b = (
        draw_noise(model.NOISE, 1, model.Z_DIM, seed, args.truncation)[0]
        for seed in args.interpolate
    )
    drawn, _ = sampler(interpolate(a, b, args.frames))
    strip = images.grid(drawn, columns=args.frames, gap=0)
    there_and_back = [*drawn, *drawn[-2:0:-1]]
    write(
        {
            args.out / "interpolation.png": images.png_bytes(strip),
            args.out / "interpolation.gif": images.gif_bytes(there_and_back),
        }
    )


def write(files):
    outputs.write(files)
    first, *more = files
    print(f"wrote {first}" + (f" and {len(more)} more files" if more else ""))


def make_parser():
    parser = cli.parser(__doc__)
    options.add_model_options(parser)
    options.add_drawing_options(parser)
    add = parser.add_argument
    add("--n", type=int, default=64, help="how many (default %(default)s)")
    add("--seed", type=int, default=0, help="of the noise (default %(default)s)")
    add(
        "--out",
        type=Path,
        default=Path("samples"),
        metavar="DIR",
        help="folder to write to (default %(default)s)",
    )
    add("--grid", action="store_true", help="one picture of all (the default)")
    add("--individual", action="store_true", help="a PNG each")
    add(
        "--npz",
        type=Path,
        metavar="FILE",
        help="an array file: `images`, uint8 [n, H, W, C]",
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


if __name__ == "__main__":
    cli.main(main, make_parser())
