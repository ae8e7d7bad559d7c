"""Measures whether the port to TF1 costs quality, beside the TF2 counterpart.

Trains mnist_tutorial and the counterpart for as many steps, with several seeds, and measures both
by the same classifier."""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from dcgan_v1 import files

MODEL = "mnist_tutorial"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--n", type=int, default=10_000)
    parser.add_argument("--json", type=Path, help="write the distances to this file")
    parser.add_argument("--work", nargs=3, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.seeds < 2:
        parser.error("--seeds must be at least 2: one has no spread")
    if args.work:
        side, seed, out = args.work
        {"tf1": tf1, "tf2": tf2}[side](int(seed), args, Path(out))
        return
    files.refuse_unwritable(args.json)
    found = {"tf1": [], "tf2": []}
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(args.seeds):
            for side, distances in found.items():
                out = Path(folder) / f"{side}_{seed}"
                work = ["--work", side, str(seed), str(out)]
                command = [sys.executable, __file__, *sys.argv[1:], *work]
                subprocess.run(command, check=True)
                distances.append(distance_of(out.with_suffix(".npy"), args.n))
                print(f"{side}, seed {seed}: {distances[-1]:.2f}", flush=True)
    for side, distances in found.items():
        mean, spread = statistics.mean(distances), statistics.stdev(distances)
        print(f"{side}: {mean:.1f} +- {spread:.1f} after {args.steps} steps")
    if args.json:
        counts = {name: getattr(args, name) for name in ("steps", "batch_size", "n")}
        files.write({args.json: (json.dumps({**counts, **found}) + "\n").encode()})


def tf1(seed, args, out):
    """Trains ours as the script does and writes n samples as uint8."""
    script = [sys.executable, str(ROOT / "scripts" / "train_mnist.py")]
    counts = ["--steps", str(args.steps), "--batch-size", str(args.batch_size)]
    options = ["--model", MODEL, "--seed", str(seed), "--quiet", "--run-dir", str(out)]
    subprocess.run([*script, *options, *counts], check=True)
    drawn = [sys.executable, str(ROOT / "scripts" / "sample.py"), "--run-dir", str(out)]
    rest = ["--n", str(args.n), "--seed", "12345", "--npz", str(out.with_suffix(".npz"))]
    subprocess.run([*drawn, *rest], check=True, stdout=subprocess.DEVNULL)

    import numpy as np

    np.save(out.with_suffix(".npy"), np.load(out.with_suffix(".npz"))["images"])


def tf2(seed, args, out):
    """Trains the counterpart as its users would and writes n samples as uint8."""
    from dcgan_v1 import runtime

    runtime.load()
    import numpy as np
    import tensorflow as tf

    from dcgan_v1.data import mnist
    from dcgan_v1.ports import tf2_mnist_tutorial

    size, n = args.batch_size, args.n
    tf.keras.utils.set_random_seed(seed)
    images = mnist.load().images.astype("float32") / 127.5 - 1.0
    data = tf.data.Dataset.from_tensor_slices(images)
    data = data.shuffle(60_000, seed=seed).batch(size).repeat()
    gan = tf2_mnist_tutorial.Gan()
    for batch in data.take(args.steps):
        z = tf.random.normal([size, 100])
        keep = [
            tf.random.uniform([count, *shape]) >= 0.3
            for count in (len(batch), size)
            for shape in ((14, 14, 64), (7, 7, 128))
        ]
        gan.train_step(batch, z, *keep)
    parts = []
    for start in range(0, n, 500):
        z = tf.random.normal([min(500, n - start), 100])
        parts.append(gan.generator(z, training=False).numpy())
    pixels = np.clip(np.rint((np.concatenate(parts) + 1) * 127.5), 0, 255)
    np.save(out.with_suffix(".npy"), pixels.astype(np.uint8))


def distance_of(path, n):
    """Returns the Frechet distance of samples in a file from n training images."""
    from dcgan_v1 import runtime

    runtime.prepare()
    import numpy as np

    from dcgan_v1.metrics import features, frechet, real_images
    from dcgan_v1.systems import MnistTutorialConfig

    reference, _, _ = real_images.load(MnistTutorialConfig(), None, n, seed=0)
    with features.open_extractor(MODEL) as look:
        found, expected = look(np.load(path))[0], look(reference)[0]
    return frechet.distance(found, expected)


if __name__ == "__main__":
    main()
