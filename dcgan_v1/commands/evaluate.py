"""Measures how good a model's samples are, beside real images and an untrained generator.

What real images get is the floor, what the untrained generator gets the ceiling. Needs no
network."""

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from dcgan_v1 import files, image_files, runtime, systems
from dcgan_v1.commands import cli, metric_options, options
from dcgan_v1.config.config_json import saved_config

SHOWN = 10  # samples in the picture of neighbours, each with as many training images


def main(args: argparse.Namespace) -> None:
    metric_options.check(args)
    files.refuse_unwritable(args.json, args.neighbours)
    evaluate(options.model_path(args), args)


def evaluate(path: Path, args: argparse.Namespace) -> None:
    """Measures the model at `path` as the arguments say, prints and writes."""
    runtime.prepare(keras=False)
    from dcgan_v1.checkpoints.checkpoint import open_checkpoint
    from dcgan_v1.metrics import image_metrics, model_evaluation, real_images
    from dcgan_v1.sample import open_sampler

    checkpoint = open_checkpoint(path, print)
    config = checkpoint.config
    saved = saved_config(path)
    if saved and saved.model == config.model:  # not one that lies there by chance
        config = saved
    model_evaluation.check_extractors(config.model, args.classifier, args.inception)
    if systems.get(config.model).features != "classifier" and not args.inception:
        print(
            "no Frechet Inception Distance without --inception PATH, the file "
            "classify_image_graph_def.pb of inception-2015-12-05.tgz"
        )
    real = real_images.load(config, args.data, args.n, args.seed, args.split)
    choices = (config.model, args.classifier, args.inception, args.device)
    with model_evaluation.open_extractors(*choices) as extractors:
        sampler = open_sampler(checkpoint, args.bn, args.device, args.latest)
        figures, samples = model_evaluation.evaluate(
            config, sampler, extractors, real, device=args.device, seed=args.seed
        )
    show(figures, config.model, len(samples))
    contents: dict[Path, bytes] = {}
    if args.json:
        about: dict[str, Any] = {"model": config.model, "n": len(samples), "seed": args.seed}
        about["training_images"] = len(real.training)
        about["swd_images"] = min(len(samples), image_metrics.SWD_IMAGES)
        text = json.dumps({**about, "figures": figures}, indent=2) + "\n"
        contents[args.json] = text.encode()
    if args.neighbours:
        picture = neighbour_picture(samples, real.training, getattr(config, "flip", False))
        contents[args.neighbours] = image_files.png_bytes(picture)
    files.write(contents)
    for file in contents:
        print(f"wrote {file}")


def show(figures: Mapping[str, Mapping[str, Any]], model: str, count: int) -> None:
    """Prints the table.

    Args:
      figures: of samples, real images and untrained samples, by name.
      model: the system's name.
      count: of samples.
    """
    from rich.console import Console
    from rich.table import Table

    from dcgan_v1.metrics import image_metrics

    swd = min(count, image_metrics.SWD_IMAGES)
    title = f"{model}: {count} samples against {count} real images (SWD: {swd})"
    table = Table(title=title)
    table.add_column("figure")
    for name in ("samples", "floor: other real images", "ceiling: untrained"):
        table.add_column(name, justify="right")
    for name in figures["samples"]:
        values = [figures[kind][name] for kind in ("samples", "real", "untrained")]
        table.add_row(name, *map(image_metrics.shown, values))
    Console(width=None if sys.stdout.isatty() else 160).print(table)


def neighbour_picture(samples: np.ndarray, training: np.ndarray, mirrored: bool) -> np.ndarray:
    """Returns a grid: in each row a sample and its nearest training images.

    Args:
      samples, training: uint8 [N, H, W, C].
      mirrored: show each sample mirrored, too.
    """
    from dcgan_v1.metrics import neighbours

    queries = samples[:SHOWN]
    if mirrored:
        queries = np.stack([queries, queries[:, :, ::-1]], 1)[: SHOWN // 2]
        queries = queries.reshape(-1, *samples.shape[1:])
    indices, _ = neighbours.nearest(queries, training, k=SHOWN - 1)
    rows = [[sample, *training[near]] for sample, near in zip(queries, indices, strict=True)]
    return image_files.grid(np.concatenate(rows), columns=SHOWN)


def make_parser() -> cli.Parser:
    parser = cli.parser(__doc__)
    options.add_model_options(parser)
    options.add_drawing_options(parser)
    metric_options.add(parser, n=10_000)
    metric_options.add_classifier(parser)
    add = parser.add_argument
    add("--json", type=cli.path, metavar="FILE", help="write the figures to this file")
    add(
        "--neighbours",
        type=cli.path,
        metavar="FILE",
        help=f"write a picture: {SHOWN} samples, each before its nearest training "
        "images; after --flip five, each also mirrored",
    )
    add(
        "--inception",
        type=cli.path,
        metavar="PATH",
        help="classify_image_graph_def.pb, for the Frechet Inception Distance",
    )
    return parser
