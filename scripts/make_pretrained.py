"""Makes a folder of pretrained/ from a checkpoint of a run: the networks alone, the
config, a grid, a GIF of the training, the figures and a card."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np
from PIL import Image

from dcgan_v1 import card, cli, images, options, outputs, runtime
from dcgan_v1.errors import UserError
from dcgan_v1.metrics import real_images
from dcgan_v1.rundir import RunDirectory, write_atomically

FRAMES = 24  # of the GIF
PAUSE = 120  # seconds between two summaries, from which on the run stood still
CORNER = 262  # pixels of each frame that are kept: four faces, or all digits


def main(args):
    options.check_judging(args)
    directory = RunDirectory(args.run_dir)
    prefix = directory.checkpoints / f"model-{args.step}"
    if not Path(f"{prefix}.index").exists():
        raise UserError(f"{args.run_dir} has no checkpoint of step {args.step}")
    for ending in ("csv", "png"):
        if not Path(f"{args.curve}.{ending}").exists():
            raise UserError(
                f"{args.curve}.{ending} does not exist; make it with quality_curve.py"
            )
    config = real_images.saved_config(args.run_dir)
    if config is None or not grids(directory, args.step):
        raise UserError(
            f"{args.run_dir} has no config.json or no samples for a GIF; give the "
            "--run-dir of a whole run"
        )
    if f"\n{args.step}," not in Path(f"{args.curve}.csv").read_text():
        raise UserError(
            f"{args.curve}.csv has no step {args.step}; make it of this run with "
            "quality_curve.py"
        )
    if args.against_tf2 and config.model != "mnist_tutorial":
        raise UserError("--against-tf2 is about mnist_tutorial; leave it out")
    if args.against_tf2 and not args.against_tf2.is_file():
        raise UserError(
            f"--against-tf2 {args.against_tf2} is no file; make it with "
            "benchmarks/tf2_quality.py --json"
        )
    card.check_described(config.model)
    out = args.out / config.model
    outputs.refuse_unwritable(out)
    args.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=args.out, prefix=".") as folder:
        make(Path(folder), directory, prefix, config, args)
        Path(folder).chmod(0o755)
        Path(folder).rename(out)
        Path(folder).mkdir()  # for the context to remove
    print(f"wrote {out}/README.md")


def make(folder, directory, prefix, config, args):
    """Fills a folder with all there is of a model, its card last."""
    data = ["--data", args.data] if args.data else []
    write_gif(directory, args.step, folder / "training.gif")
    script("export_checkpoint.py", prefix, "--out", folder / "model")
    script("sample.py", "--checkpoint", folder / "model", "--n", 64, "--out", folder)
    for ending in ("csv", "png"):
        shutil.copy(f"{args.curve}.{ending}", folder / f"curve.{ending}")
    shutil.copy(directory.config, folder / "config.json")
    counts = ["--n", args.n, "--seed", args.seed]
    figures = folder / "figures.json"
    script("evaluate.py", "--run-dir", folder, *counts, "--json", figures, *data)
    if args.against_tf2:
        shutil.copy(args.against_tf2, folder / "against_tf2.json")
    found = json.loads(figures.read_text())
    config = card.published(config, found["training_images"])
    write_atomically(folder / "config.json", config.to_json().encode())
    machine = f"at most {os.cpu_count()} cores of an {runtime.processor()}"
    time = f"{active_time(directory, args.step)} by the clock, on {machine}"
    text = card.text(folder, config, step=args.step, time=time)
    write_atomically(folder / "README.md", text.encode())


def script(name, *args):
    command = [sys.executable, ROOT / "scripts" / name, *args]
    done = subprocess.run(list(map(str, command)))
    if done.returncode:
        raise UserError(f"{name} failed, see above; nothing was written")


def grids(directory, step):
    """Returns the paths of a run's sample grids up to a step."""
    return [p for p in directory.sample_paths() if int(p.stem.split("_")[1]) <= step]


def write_gif(directory, step, path):
    """Animates a corner of the sample grids up to a step."""
    paths = grids(directory, step)
    keep = np.unique(np.linspace(0, len(paths) - 1, FRAMES).round().astype(int))
    frames = []
    for i in keep:
        with Image.open(paths[i]) as image:
            pixels = np.asarray(image).reshape(image.height, image.width, -1)
            frames.append(pixels[:CORNER, :CORNER])
    write_atomically(path, images.gif_bytes(frames, 200, hold=2000))


def active_time(directory, step):
    """Returns how long a run took up to a step, in words, pauses left out."""
    runtime.prepare()
    import tensorflow.compat.v1 as tf

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


def make_parser():
    parser = cli.parser(__doc__)
    add = parser.add_argument
    add("--run-dir", required=True, metavar="DIR", help="the run")
    add("--step", required=True, type=int, metavar="N", help="the checkpoint's")
    add(
        "--curve",
        required=True,
        type=Path,
        metavar="PATH",
        help="what quality_curve.py wrote, without .csv or .png",
    )
    add(
        "--against-tf2",
        type=Path,
        metavar="FILE",
        help="what benchmarks/tf2_quality.py wrote, for the card",
    )
    add(
        "--out",
        type=Path,
        default=cli.PRETRAINED,
        metavar="DIR",
        help="where the model's folder goes (default pretrained/)",
    )
    options.add_judging_options(parser, n=10_000)
    return parser


if __name__ == "__main__":
    cli.main(main, make_parser())
