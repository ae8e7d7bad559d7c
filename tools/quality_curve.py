"""Measures every checkpoint of a run: a curve to choose the best one by."""

import argparse
import contextlib
import csv
import io
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from dcgan_v1 import files, plotting, runtime, systems
from dcgan_v1.commands import cli, metric_options, options
from dcgan_v1.config.config_json import saved_config
from dcgan_v1.errors import UserError
from dcgan_v1.training.rundir import RunDirectory

Row = tuple[int, float]
Distance = Callable[[np.ndarray], float]


def main(args: argparse.Namespace) -> None:
    metric_options.check(args)
    table, picture = (Path(f"{args.out}.{ending}") for ending in ("csv", "png"))
    files.refuse_unwritable(table, picture)
    directory = RunDirectory(args.run_dir)
    if not directory.holds_run():
        raise UserError(f"{args.run_dir} holds no run; give --run-dir")
    config = saved_config(directory.path)
    assert config is not None  # since it holds a run
    runtime.prepare()
    from dcgan_v1.checkpoints import finding
    from dcgan_v1.metrics import image_metrics, real_images

    prefixes = finding.list_all(directory.checkpoints)
    if not prefixes:
        raise UserError(f"{args.run_dir} holds no checkpoint")
    where = (args.data, args.n, args.seed, args.split)
    reference, real, _ = real_images.load(config, *where)
    extractor = (config.model, reference, args.classifier, args.device)
    with open_distance(*extractor) as distance:
        floor = distance(real)
        rows = measure(prefixes, distance, len(real), args)
    best = min(rows, key=lambda row: row[1])
    print(f"best: step {best[0]} with {best[1]:.4g}; the floor is {floor:.4g}")
    count = len(real)
    if systems.get(config.model).features != "classifier":
        count = min(count, image_metrics.SWD_IMAGES)
    how = ", latest weights" if args.latest else ""
    how += f", batch norm by {args.bn}" if args.bn else ""
    measured = f"{distance_of(config.model)} of {count} samples{how}"
    files.write(
        {table: csv_bytes(rows, measured, floor), picture: plot_bytes(rows, measured, floor)}
    )
    print(f"wrote {table} and {picture}")


def distance_of(model: str) -> str:
    """Returns what `open_distance` measures, in words."""
    of_digits = systems.get(model).features == "classifier"
    return "Frechet distance" if of_digits else "sliced Wasserstein distance"


@contextlib.contextmanager
def open_distance(
    model: str, reference: np.ndarray, classifier: Path | None, device: str
) -> Iterator[Distance]:
    """Yields a function from images to their distance from the reference.

    Of digits it is the classifier's Fréchet distance, of other images the mean sliced
    Wasserstein distance: features of random weights take blurred faces for the better.

    Args:
      model: the system's name.
      reference: uint8 [N, H, W, C].
      classifier: path of a checkpoint in the place of the one that ships.
      device: 'auto', 'cpu' or 'gpu'.
    """
    from dcgan_v1.metrics import features, frechet, image_metrics

    if systems.get(model).features != "classifier":
        yield lambda images: image_metrics.wasserstein(images, reference)["SWD, mean"]
        return
    with features.open_extractor(model, classifier, device) as extract:
        expected = extract(reference)[0]
        yield lambda images: frechet.distance(extract(images)[0], expected)


def measure(
    prefixes: Sequence[str], distance: Distance, count: int, args: argparse.Namespace
) -> list[Row]:
    """Returns (step, distance) of each checkpoint that is still there.

    Args:
      prefixes: of the checkpoints.
      distance: of samples uint8 [count, H, W, C] from real images.
      count: of samples.
      args: the tool's.
    """
    from dcgan_v1.metrics import model_evaluation
    from dcgan_v1.sample import open_sampler

    rows = []
    for prefix in tqdm(prefixes, unit="checkpoint"):
        if not Path(f"{prefix}.index").exists():  # the run goes on, and tidies up
            tqdm.write(f"{prefix} is gone: left out")
            continue
        opened = open_sampler(prefix, args.bn, args.device, args.latest)
        samples = model_evaluation.draw(opened, count, args.seed)
        rows.append((int(prefix.rpartition("-")[2]), distance(samples)))
        tqdm.write(f"step {rows[-1][0]}: {rows[-1][1]:.4g}")
    return rows


def csv_bytes(rows: Sequence[Row], measured: str, floor: float) -> bytes:
    """Returns the table; its last row is the floor.

    Args:
      rows: (step, distance).
      measured: what the distance is of.
      floor: the distance of other real images.
    """
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerows([("step", measured), *rows, ("other real images", floor)])
    return table.getvalue().encode()


def plot_bytes(rows: Sequence[Row], measured: str, floor: float) -> bytes:
    """Returns the plot of what `csv_bytes` is given."""
    figure = plotting.figure(6, 3)
    axes = figure.subplots()
    axes.plot(*zip(*rows, strict=True), marker=".")
    axes.axhline(floor, linestyle="--", color="grey", label="other real images")
    axes.set(xlabel="step", ylabel=measured, yscale="log")
    axes.legend()
    return plotting.png(figure)


def make_parser() -> cli.Parser:
    parser = cli.parser(__doc__)
    add = parser.add_argument
    add("--run-dir", required=True, metavar="DIR", help="the run")
    add(
        "--out",
        type=cli.path,
        required=True,
        metavar="PATH",
        help="the curve, as PATH.csv and PATH.png",
    )
    options.add_drawing_options(parser)
    metric_options.add(parser, n=5000)
    metric_options.add_classifier(parser)
    return parser


if __name__ == "__main__":
    runtime.ignore_foreign_settings()
    cli.main(main, make_parser())
