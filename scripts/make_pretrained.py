"""Makes a folder of pretrained/ from a checkpoint of a run: the networks alone, the
config, a grid, a GIF of the training, the figures and a card."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np
from PIL import Image

from dcgan_v1 import card, cli, images
from dcgan_v1.errors import UserError
from dcgan_v1.metrics import real_images
from dcgan_v1.rundir import RunDirectory, write_atomically

FRAMES = 24  # of the GIF
CORNER = 262  # pixels of each frame that are kept: four faces, or all digits


def main(args):
    directory = RunDirectory(args.run_dir)
    prefix = directory.checkpoints / f"model-{args.step}"
    if not Path(f"{prefix}.index").exists():
        raise UserError(f"{args.run_dir} has no checkpoint of step {args.step}")
    for path in (args.curve.with_suffix(".csv"), args.curve.with_suffix(".png")):
        if not path.exists():
            raise UserError(f"{path} does not exist; make it with quality_curve.py")
    config = real_images.saved_config(args.run_dir)
    out = args.out / config.model
    if out.exists():
        raise UserError(f"{out} is there already; remove it first")
    script("export_checkpoint.py", prefix, "--out", out / "model")
    write_atomically(out / "config.json", card.published(config).to_json().encode())
    write_gif(directory, args.step, out / "training.gif")
    script("sample.py", "--checkpoint", out / "model", "--n", 64, "--out", out)
    for suffix in (".csv", ".png"):
        shutil.copy(args.curve.with_suffix(suffix), out / f"curve{suffix}")
    figures = out / "figures.json"
    data = ["--data", args.data] if args.data else []
    checkpoint = ("--checkpoint", out / "model")
    script("evaluate.py", *checkpoint, "--n", args.n, "--json", figures, *data)
    card.write(
        out / "README.md",
        config,
        step=args.step,
        found=json.loads(figures.read_text()),
        curve_table=out / "curve.csv",
        hours=duration(directory, prefix),
        megabytes=sum(p.stat().st_size for p in out.glob("model.*")) / 1e6,
        files={
            "grid": "grid.png",
            "gif": "training.gif",
            "curve": "curve.png",
            "curve_table": "curve.csv",
        },
    )
    print(f"wrote {out}/README.md")


def script(name, *args):
    command = [sys.executable, ROOT / "scripts" / name, *args]
    subprocess.run(list(map(str, command)), check=True)


def write_gif(directory, step, path):
    """Animates a corner of the sample grids up to a step."""
    paths = [p for p in directory.sample_paths() if int(p.stem.split("_")[1]) <= step]
    keep = np.unique(np.linspace(0, len(paths) - 1, FRAMES).round().astype(int))
    frames = []
    for i in keep:
        with Image.open(paths[i]) as image:
            pixels = np.asarray(image).reshape(image.height, image.width, -1)
            frames.append(pixels[:CORNER, :CORNER])
    write_atomically(path, images.gif_bytes(frames, 200, hold=2000))


def duration(directory, prefix):
    """Returns the time from the first sample to a checkpoint, in words."""
    first = directory.sample_path(0).stat().st_mtime
    minutes = round((Path(f"{prefix}.index").stat().st_mtime - first) / 60)
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
    add("--data", metavar="PATH", help="the training images (default: the run's)")
    add(
        "--n",
        type=int,
        default=10_000,
        metavar="N",
        help="samples to measure (default %(default)s)",
    )
    add(
        "--out",
        type=Path,
        default=cli.PRETRAINED,
        metavar="DIR",
        help="where the model's folder goes (default pretrained/)",
    )
    return parser


if __name__ == "__main__":
    cli.main(main, make_parser())
