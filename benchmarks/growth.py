"""How the cost of celeba64's step grows with the batch, the width and the threads.

Each setting runs in a process of its own: five steps to warm up, then the median of
`--steps`.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import flops
from benchmarks.train_step import machine

BASE = {"batch_size": 16, "width": 128, "threads": 2}
GRID = [{"batch_size": n} for n in (4, 8, 16, 32, 64)]
GRID += [{"width": n} for n in (32, 64, 96)]
GRID += [{"threads": 1}]


def work(batch_size, width, threads, steps):
    """The process of one setting."""
    from benchmarks.contenders import ours

    step = ours.make_step("celeba64", batch_size, threads=threads, width=width)
    for _ in range(5):
        step()
    times = []
    for _ in range(steps):
        started = time.perf_counter()
        step()
        times.append(time.perf_counter() - started)
    print(json.dumps(statistics.median(times)))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--work", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.work:
        work(**json.loads(args.work), steps=args.steps)
        return
    print(f"celeba64, one step, {machine()}")
    print("| batch | width | threads within an op | ms/step | images/s | GFLOP/s |")
    print("|---|---|---|---|---|---|")
    for change in GRID:
        setting = {**BASE, **change}
        command = [sys.executable, __file__, "--steps", str(args.steps)]
        done = subprocess.run(
            [*command, "--work", json.dumps(setting)],
            env={k: v for k, v in os.environ.items() if "ONEDNN" not in k},
            capture_output=True,
            text=True,
        )
        seconds = json.loads(done.stdout.splitlines()[-1])
        rate = flops.of_step("celeba64", width=setting["width"]) * setting["batch_size"] / seconds
        row = (*setting.values(), f"{seconds * 1e3:.0f}")
        row += (f"{setting['batch_size'] / seconds:.1f}", f"{rate / 1e9:.0f}")
        print("| " + " | ".join(map(str, row)) + " |", flush=True)


if __name__ == "__main__":
    main()
