"""Images per second of the input alone: from JPEG files, from a zip, from the cache.

The files are faces drawn by the project, 178x218 like CelebA's, saved as JPEG. Batches
are pulled through the training graph's own stream, with nothing else running.
"""

import argparse
import io
import statistics
import sys
import tempfile
import time
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from PIL import Image

from benchmarks.train_step import machine
from dcgan_v1 import runtime
from dcgan_v1.data import image_dataset, synthetic
from dcgan_v1.systems import Celeba64Config


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=1500)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batches", type=int, default=150, help="in a round")
    args = parser.parse_args()
    tf = runtime.prepare()
    from dcgan_v1.data.pipeline import Streamed

    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        make_files(folder, args.images)
        rates = {}
        session = tf.Session()
        for name, data, cached in (
            ("JPEG files", folder / "faces", False),
            ("zip", folder / "faces.zip", False),
            ("cache", folder / "faces.zip", True),
        ):
            config = Celeba64Config(data=str(data))
            where = folder / "cache" if cached else None
            started = time.perf_counter()
            read, count, _ = image_dataset.load(
                config, where, size=64, say=lambda text: None, quiet=True
            )
            first = count / (time.perf_counter() - started)
            batch, start = Streamed(read, count).build(config, None)
            start(session, 0)
            rates[name] = (session, batch.op, first, [])
        for _ in range(args.rounds):
            for session, op, _, found in rates.values():
                for _ in range(8):  # what was prefetched while the others ran
                    session.run(op)
                started = time.perf_counter()
                for _ in range(args.batches):
                    session.run(op)
                seconds = time.perf_counter() - started
                found.append(args.batches * config.batch_size / seconds)
    print(f"{args.images} JPEGs of 178x218, {args.rounds} rounds, {machine()}")
    print("| from | first pass, images/s | stream, images/s: median (min-max) |")
    print("|---|---|---|")
    for name, (_, _, first, found) in rates.items():
        median = statistics.median(found)
        print(f"| {name} | {first:.0f} | {median:.0f} ({min(found):.0f}-{max(found):.0f}) |")


def make_files(folder, count):
    (folder / "faces").mkdir()
    with zipfile.ZipFile(folder / "faces.zip", "w") as archive:
        for i in range(count):
            # 100 different drawings are enough: each file is decoded all the same
            face = Image.open(io.BytesIO(synthetic.face_png(0, i % 100)))
            buffer = io.BytesIO()
            face.save(buffer, "JPEG", quality=90)
            (folder / "faces" / f"{i:06d}.jpg").write_bytes(buffer.getvalue())
            archive.writestr(f"img_align_celeba/{i:06d}.jpg", buffer.getvalue())


if __name__ == "__main__":
    main()
