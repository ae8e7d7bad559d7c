"""Measures every checkpoint of a run: a curve to choose the best one by."""

import contextlib
import csv
import io
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tqdm import tqdm

from dcgan_v1 import cli, options, outputs, runtime
from dcgan_v1.errors import UserError
from dcgan_v1.metrics import evaluation, real_images
from dcgan_v1.rundir import RunDirectory


def main(args):
    options.check_judging(args)
    table, picture = (Path(f"{args.out}.{ending}") for ending in ("csv", "png"))
    outputs.refuse_unwritable(table, picture)
    directory = RunDirectory(args.run_dir)
    if not directory.holds_run():
        raise UserError(f"{args.run_dir} holds no run; give --run-dir")
    config = real_images.saved_config(args.run_dir)
    runtime.prepare()
    from dcgan_v1 import saving

    prefixes = saving.list_all(directory.checkpoints)
    if not prefixes:
        raise UserError(f"{args.run_dir} holds no checkpoint")
    reference, real, _ = real_images.load(config, args.data, args.n, args.seed)
    rows = []
    with open_measure(config, args, reference) as measure:
        floor = measure(real)
        for prefix in tqdm(prefixes, unit="checkpoint"):
            if not Path(f"{prefix}.index").exists():  # the run goes on, and tidies up
                tqdm.write(f"{prefix} is gone: left out")
                continue
            samples = draw(prefix, len(real), args)
            rows.append((int(prefix.rpartition("-")[2]), measure(samples)))
            tqdm.write(f"step {rows[-1][0]}: {rows[-1][1]:.4g}")
    best = min(rows, key=lambda row: row[1])
    print(f"best: step {best[0]} with {best[1]:.4g}; the floor is {floor:.4g}")
    is_mnist = real_images.is_mnist(config.model)
    distance = "Frechet distance" if is_mnist else "sliced Wasserstein distance"
    count = len(real) if is_mnist else min(len(real), evaluation.SWD_IMAGES)
    how = ", latest weights" if args.latest else ""
    how += f", batch norm by {args.bn}" if args.bn else ""
    measured = f"{distance} of {count} samples{how}"
    outputs.write(
        {
            table: csv_bytes(rows, measured, floor),
            picture: plot_bytes(rows, measured, floor),
        }
    )
    print(f"wrote {table} and {picture}")


def draw(prefix, n, args):
    from dcgan_v1.sample import draw_noise, open_sampler

    with open_sampler(prefix, args.bn, args.device, args.latest) as sampler:
        model = sampler.model
        return sampler(draw_noise(model.NOISE, n, model.Z_DIM, args.seed))[0]


@contextlib.contextmanager
def open_measure(config, args, reference):
    """Yields a function from images to their distance from the reference: of digits the
    classifier's Fréchet distance, of other images the mean sliced Wasserstein distance,
    since features of random weights take blurred faces for the better ones."""
    from dcgan_v1.metrics import features, frechet

    if not real_images.is_mnist(config.model):
        yield lambda images: evaluation.wasserstein(images, reference)["SWD, mean"]
        return
    with features.open_judge(config.model, args.classifier, args.device) as look:
        expected = look(reference)[0]
        yield lambda images: frechet.distance(look(images)[0], expected)


def csv_bytes(rows, measured, floor):
    """Returns the table; its last row is the floor."""
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerows([("step", measured), *rows, ("other real images", floor)])
    return table.getvalue().encode()


def plot_bytes(rows, measured, floor):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 3), layout="constrained")
    axes = figure.subplots()
    axes.plot(*zip(*rows, strict=True), marker=".")
    axes.axhline(floor, linestyle="--", color="grey", label="other real images")
    axes.set(xlabel="step", ylabel=measured, yscale="log")
    axes.legend()
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=100)
    return picture.getvalue()


def make_parser():
    parser = cli.parser(__doc__)
    add = parser.add_argument
    add("--run-dir", required=True, metavar="DIR", help="the run")
    add(
        "--out",
        type=Path,
        required=True,
        metavar="PATH",
        help="the curve, as PATH.csv and PATH.png",
    )
    options.add_drawing_options(parser)
    options.add_judging_options(parser, n=5000)
    options.add_classifier_option(parser)
    return parser


if __name__ == "__main__":
    cli.main(main, make_parser())
