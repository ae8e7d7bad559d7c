"""Makes a folder of pretrained/ from a checkpoint of a run.

The networks alone, the config, a grid, a GIF of the training, the figures and a card."""

import argparse
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from dcgan_v1 import files, image_files, pretrained, runtime, systems
from dcgan_v1.commands import cli, evaluate, export_checkpoint, metric_options
from dcgan_v1.config import Config
from dcgan_v1.config.config_json import saved_config
from dcgan_v1.errors import UserError
from dcgan_v1.explore import history
from dcgan_v1.training.rundir import RunDirectory
from tools import card

FRAMES = 24  # of the GIF
PAUSE = 120  # seconds between two summaries, from which on the run stood still
GRID = 64  # samples


def main(args: argparse.Namespace) -> None:
    metric_options.check(args)
    directory = RunDirectory(args.run_dir)
    prefix = directory.checkpoints / f"model-{args.step}"
    config = check(directory, prefix, args)
    out = args.out / config.model
    files.refuse_unwritable(out)
    args.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=args.out, prefix=".") as folder:
        make(Path(folder), directory, prefix, config, args)
        Path(folder).chmod(0o755)
        Path(folder).rename(out)
        Path(folder).mkdir()  # for the context to remove
    print(f"wrote {out}/README.md")


def check(directory: RunDirectory, prefix: Path, args: argparse.Namespace) -> Config:
    """Returns the run's config, once all that the folder is made of is there.

    Args:
      directory: the run's.
      prefix: of the checkpoint.
      args: the tool's.

    Raises:
      UserError: something is missing.
    """
    if not Path(f"{prefix}.index").exists():
        raise UserError(f"{args.run_dir} has no checkpoint of step {args.step}")
    for ending in ("csv", "png"):
        if not Path(f"{args.curve}.{ending}").exists():
            raise UserError(f"{args.curve}.{ending} does not exist; make it with quality_curve.py")
    config = saved_config(directory.path)
    if config is None or not grids(directory, args.step):
        raise UserError(
            f"{args.run_dir} has no config.json or no samples for a GIF; give the "
            "--run-dir of a whole run"
        )
    if f"\n{args.step}," not in Path(f"{args.curve}.csv").read_text():
        raise UserError(
            f"{args.curve}.csv has no step {args.step}; make it of this run with quality_curve.py"
        )
    if args.against_tf2 and config.model != "mnist_tutorial":
        raise UserError("--against-tf2 is about mnist_tutorial; leave it out")
    if args.against_tf2 and not args.against_tf2.is_file():
        raise UserError(
            f"--against-tf2 {args.against_tf2} is not a file; make it with "
            "benchmarks/tf2_quality.py --json"
        )
    return config


def make(
    folder: Path, directory: RunDirectory, prefix: Path, config: Config, args: argparse.Namespace
) -> None:
    """Fills a folder with all there is of a model, its card last.

    Args:
      folder: to fill.
      directory, prefix, config: the run's, its checkpoint's.
      args: the tool's.
    """
    side = systems.get(config.model).image_shape[0]
    write_gif(directory, args.step, side, folder / "training.gif")
    export_checkpoint.export(prefix, folder / "model")
    write_grid(folder / "model", folder / "grid.png")
    for ending in ("csv", "png"):
        shutil.copy(f"{args.curve}.{ending}", folder / f"curve.{ending}")
    shutil.copy(directory.config, folder / "config.json")
    measure(folder, args)
    if args.against_tf2:
        shutil.copy(args.against_tf2, folder / "against_tf2.json")
    if args.words:
        words = f"{args.words}\n{args.example or ''}\n"
        (folder / pretrained.WORDS).write_text(words, "utf-8")
    figures = json.loads((folder / "figures.json").read_text())
    config = card.published(config, figures["training_images"])
    files.write_atomically(folder / "config.json", config.to_json().encode())
    machine = f"at most {os.cpu_count()} cores of an {runtime.processor()}"
    time = f"{active_time(directory, args.step)} by the clock, on {machine}"
    text = card.text(folder, config, step=args.step, time=time)
    files.write_atomically(folder / "README.md", text.encode())


def write_grid(prefix: Path, path: Path) -> None:
    """Draws the grid that sample.py draws."""
    from dcgan_v1.metrics import model_evaluation
    from dcgan_v1.sample import open_sampler

    samples = model_evaluation.draw(open_sampler(prefix), GRID, seed=0)
    files.write_atomically(path, image_files.png_bytes(image_files.grid(samples)))


def measure(folder: Path, args: argparse.Namespace) -> None:
    """Writes figures.json, as evaluate.py does."""
    words = ["--run-dir", folder, "--n", args.n, "--seed", args.seed]
    words += ["--json", folder / "figures.json"]
    words += ["--data", args.data] if args.data else []
    words += ["--split", args.split] if args.split else []
    evaluate.main(evaluate.make_parser().parse_args(list(map(str, words))))


def grids(directory: RunDirectory, step: int) -> list[Path]:
    """Returns the paths of a run's sample grids up to a step."""
    return [p for p in directory.sample_paths() if int(p.stem.split("_")[1]) <= step]


def write_gif(directory: RunDirectory, step: int, side: int, path: Path) -> None:
    """Animates a corner of the sample grids, and writes the steps of its frames beside it.

    Args:
      directory: the run's.
      step: of the last grid.
      side: of an image, in pixels.
      path: of the GIF.
    """
    paths = grids(directory, step)
    keep = np.unique(np.linspace(0, len(paths) - 1, FRAMES).round().astype(int))
    frames = [image_files.corner(image_files.read(paths[i]), side) for i in keep]
    files.write_atomically(path, image_files.gif_bytes(frames, 200, hold=2000))
    steps = json.dumps({"steps": [int(paths[i].stem.split("_")[1]) for i in keep]})
    files.write_atomically(path.with_name(history.STEPS), f"{steps}\n".encode())


def active_time(directory: RunDirectory, step: int) -> str:
    """Returns how long a run took up to a step, in words, pauses left out."""
    tf = runtime.prepare()
    times = sorted(
        event.wall_time
        for path in directory.tensorboard.glob("events.*")
        for event in tf.train.summary_iterator(str(path))
        if event.step <= step
    )
    gaps = np.diff(times)
    minutes = round(gaps[gaps < PAUSE].sum() / 60)
    hours = f"{minutes // 60} h " if minutes >= 60 else ""
    return f"{hours}{minutes % 60} min"


def make_parser() -> cli.Parser:
    parser = cli.parser(__doc__)
    add = parser.add_argument
    add("--run-dir", required=True, metavar="DIR", help="the run")
    add("--step", required=True, type=int, metavar="N", help="the checkpoint's")
    add(
        "--curve",
        required=True,
        type=cli.path,
        metavar="PATH",
        help="what quality_curve.py wrote, without .csv or .png",
    )
    add(
        "--against-tf2",
        type=cli.path,
        metavar="FILE",
        help="what benchmarks/tf2_quality.py wrote, for the card",
    )
    add(
        "--words",
        metavar="TEXT",
        help="what the card says of the images and their licence, {count} standing for "
        "their number (default: the system's own)",
    )
    add(
        "--example",
        metavar="NAME",
        help="with --words: the --data of the card's commands (default: the system's)",
    )
    add(
        "--out",
        type=cli.path,
        default=pretrained.folder() or Path("pretrained"),
        metavar="DIR",
        help="where the model's folder goes (default pretrained/)",
    )
    metric_options.add(parser, n=10_000)
    return parser


if __name__ == "__main__":
    runtime.ignore_foreign_settings()
    cli.main(main, make_parser())
