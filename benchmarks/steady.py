"""Whether a long training stays as it began: memory, operations, open files, step time.

Watches `--steps` steps of a system from within its own loop, writes and all, and
compares what it sees after step 500, and in the second and the last fifth.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from dcgan_v1 import runtime
from dcgan_v1.data import mnist
from dcgan_v1.systems import SYSTEMS

SETTLED = 500  # steps after which memory may grow no more
GROWTH = 20.0  # MB
SLOWER = 1.10  # the last fifth's step time over the second's


class Row(NamedTuple):
    """What is seen after one step."""

    seconds: float
    memory: float  # MB resident
    operations: int
    open_files: int


def watched(config, images, run_dir):
    """Trains and returns a Row for each step."""
    runtime.prepare()
    from dcgan_v1.data.pipeline import InMemory
    from dcgan_v1.training.rundir import RunDirectory
    from dcgan_v1.training.train import train

    rows, before = [], [time.perf_counter()]

    def note(run):
        now = time.perf_counter()
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        rows.append(
            Row(
                now - before[0],
                pages * os.sysconf("SC_PAGE_SIZE") / 1e6,
                len(run.session.graph.get_operations()),
                len(list(Path("/proc/self/fd").iterdir())),
            )
        )
        before[0] = time.perf_counter()

    train(config, InMemory(images), RunDirectory(run_dir), after_step=[note])
    return rows


def verdict(rows):
    """Returns lines of (what, figures, whether it stayed within bounds)."""
    fifth = len(rows) // 5
    later = rows[SETTLED:]
    growth = max(row.memory for row in later) - rows[SETTLED - 1].memory
    early, late = (
        statistics.median(row.seconds for row in part)
        for part in (rows[fifth : 2 * fifth], rows[-fifth:])
    )
    counts = [
        sorted({getattr(row, name) for row in later}) for name in ("operations", "open_files")
    ]
    return [
        (f"memory after step {SETTLED}", f"+{growth:.1f} MB", growth < GROWTH),
        ("operations in the graph", counts[0], len(counts[0]) == 1),
        ("open files after a step", counts[1], len(counts[1]) == 1),
        (
            "step time, last fifth over second",
            f"{late * 1e3:.2f} / {early * 1e3:.2f} ms = {late / early:.3f}",
            late / early < SLOWER,
        ),
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    models = [name for name, system in SYSTEMS.items() if system.data == "digits"]
    parser.add_argument("--model", choices=models, default="mnist_tutorial")
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--batch-size", type=int, default=8)
    args = parser.parse_args()
    if args.steps <= 2 * SETTLED:
        parser.error(f"--steps must be more than {2 * SETTLED}: before, memory settles")
    config = SYSTEMS[args.model].config(
        batch_size=args.batch_size, steps=args.steps, sample_every=100, save_every=250, device="cpu"
    )
    with tempfile.TemporaryDirectory() as folder:
        rows = watched(config, mnist.load().images, Path(folder) / "run")
    lines = verdict(rows)
    print(f"{args.model}, batch {args.batch_size}, {len(rows)} steps")
    for what, figures, within in lines:
        print(f"| {what} | {figures} | {'flat' if within else 'NOT FLAT'} |")
    return 0 if all(within for *_, within in lines) else 1


if __name__ == "__main__":
    sys.exit(main())
