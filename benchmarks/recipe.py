"""Measures what each option for better samples does to faces.

Trains celeba64 on few images, one option at a time, and measures samples against images that were
not trained on."""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

OPTIONS = {
    "none": (),
    "--label-smoothing 0.1": ("--label-smoothing", "0.1"),
    "--d-learning-rate 4e-4": ("--d-learning-rate", "4e-4"),
    "--flip": ("--flip",),
    "--augment all": ("--augment", "all"),
}
EMA_DECAY = "0.999"  # in every run: it changes nothing in the training
UNSEEN = 2048  # images to measure against


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, help="images, as train_celeba.py's")
    parser.add_argument("--limit", type=int, default=500, help="images to train on")
    parser.add_argument("--steps", type=int, default=2500)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--width", type=int, default=32)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    measure = measurement(args)
    print("| option | weights | SWD | precision | recall | nearest-neighbour ratio |")
    print("|---|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, option) in enumerate(OPTIONS.items()):
            run = Path(folder) / str(number)
            train(run, option, args)
            for weights, extra in (("averaged", ()), ("latest", ("--latest",))):
                figures = measure(draw(run, extra), "--flip" in option)
                row = " | ".join(f"{figure:.3g}" for figure in figures)
                print(f"| {name} | {weights} | {row} |", flush=True)


def train(run, option, args):
    names = ("data", "limit", "steps", "batch_size", "width", "seed")
    given = [("--" + n.replace("_", "-"), str(getattr(args, n))) for n in names]
    words = [word for pair in given for word in pair]
    script("train_celeba.py", *words, *option, "--ema-decay", EMA_DECAY, run=run)


def draw(run, extra):
    """Returns uint8 [UNSEEN, 64, 64, 3] of a run's newest generator."""
    import numpy as np

    out = run / f"samples{len(extra)}.npz"
    script("sample.py", "--n", str(UNSEEN), "--npz", str(out), *extra, run=run)
    return np.load(out)["images"]


def script(name, *words, run):
    command = [sys.executable, str(ROOT / "scripts" / name), *words]
    command += ["--run-dir", str(run)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def measurement(args):
    """Returns a function from (samples, whether mirrored) to the table's figures."""
    from dcgan_v1 import runtime

    runtime.prepare()
    import numpy as np

    from dcgan_v1.data import image_dataset
    from dcgan_v1.metrics import features, neighbours, precision_recall
    from dcgan_v1.metrics import sliced_wasserstein as swd
    from dcgan_v1.systems import Celeba64Config

    config = Celeba64Config(data=args.data, seed=args.seed)
    read, count, _ = image_dataset.load(config, ROOT / "runs" / "cache", size=64)
    if count < args.limit + UNSEEN:
        sys.exit(f"error: --data must have {UNSEEN} images more than --limit")
    order = np.random.default_rng(0).permutation(np.arange(args.limit, count))
    training, unseen = read(np.arange(args.limit)), read(order[:UNSEEN])

    def measure(samples, mirrored):
        with features.open_extractor("celeba64") as look:
            found, expected = look(samples)[0], look(unseen)[0]
        own = neighbours.own_distance(training, len(training), mirrored)
        return (
            np.mean(list(swd.distances(samples, unseen).values())),
            *precision_recall.precision_recall(expected, found),
            neighbours.distance_ratio(samples, training, own, mirrored),
        )

    return measure


if __name__ == "__main__":
    main()
