"""Times one training step of the project beside others, in alternation.

Each contender lives in a process of its own and is asked in turn for a round of steps
(A B A B ...), so that the machine's moods fall on all alike. The ratio to ours is taken
round by round; the table gives its median and range.
"""

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks import flops
from dcgan_v1 import runtime

CONTENDERS = {  # name -> (module in contenders/, TF_ENABLE_ONEDNN_OPTS or None)
    "ours": ("ours", None),  # sets it itself
    "ours_no_onednn": ("ours", "0"),
    "source_loop": ("source_loop", None),
    "source_loop_onednn": ("source_loop", "1"),
    "source_loop_no_onednn": ("source_loop", "0"),
    "tf2": ("tf2", "1"),
    "tf2_default": ("tf2", None),
    "tf2_no_onednn": ("tf2", "0"),
    "torch": ("torch_twin", None),
}


def work(module, model, batch_size):
    """The process of one contender: times as many steps as each input line asks for."""
    step = import_module(f"benchmarks.contenders.{module}").make_step(model, batch_size)
    for _ in range(5):
        step()
    print("ready", flush=True)
    for line in sys.stdin:
        count = int(line)
        started = time.perf_counter()
        for _ in range(count):
            step()
        seconds = (time.perf_counter() - started) / count
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        print(json.dumps({"seconds": seconds, "peak_bytes": peak}), flush=True)


class Contender:
    """A running process of one contender."""

    def __init__(self, name, model, batch_size):
        module, onednn = CONTENDERS[name]
        environment = {k: v for k, v in os.environ.items() if "ONEDNN" not in k}
        environment["TF_CPP_MIN_LOG_LEVEL"] = "3"
        if onednn is not None:
            environment["TF_ENABLE_ONEDNN_OPTS"] = onednn
        command = [sys.executable, __file__, "--work", module]
        command += ["--model", model, "--batch-size", str(batch_size)]
        self.process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        if self.process.stdout.readline().strip() != "ready":
            sys.exit(f"error: contender {name} did not start; run {' '.join(command)}")
        self.rounds = []

    def round(self, steps):
        self.process.stdin.write(f"{steps}\n")
        self.process.stdin.flush()
        self.rounds.append(json.loads(self.process.stdout.readline()))

    def milliseconds(self):
        return [1e3 * r["seconds"] for r in self.rounds]


def compare(model, batch_size, against, rounds, steps):
    names = ["ours", *against]
    contenders = {name: Contender(name, model, batch_size) for name in names}
    for _ in range(rounds):
        for contender in contenders.values():
            contender.round(steps)
    for contender in contenders.values():
        contender.process.stdin.close()
        contender.process.wait()
    ours = contenders["ours"].milliseconds()
    peak = matrix_product_rate()
    print(f"{model}, batch {batch_size}, {rounds} rounds of {steps} steps, {machine()}")
    print(f"float32 matrix product in TensorFlow: {peak / 1e9:.0f} GFLOP/s")
    print(
        "| contender | ms/step: median (min-max) | images/s | time / ours, round by "
        "round | peak RSS | of the product's rate |"
    )
    print("|---|---|---|---|---|---|")
    for name, contender in contenders.items():
        times = contender.milliseconds()
        ratios = [t / o for t, o in zip(times, ours, strict=True)]
        median = statistics.median(times)
        print(
            f"| {name} | {median:.1f} ({min(times):.1f}-{max(times):.1f}) "
            f"| {batch_size / median * 1e3:.1f} "
            f"| {statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f}) "
            f"| {contender.rounds[-1]['peak_bytes'] / 1e9:.2f} GB "
            f"| {share(model, batch_size, median, peak)} |"
        )


def share(model, batch_size, milliseconds, peak):
    """Returns what part of the matrix product's rate a step reaches, as text."""
    if model != "celeba64":
        return "-"
    operations = flops.sequential_step() * batch_size
    return f"{operations / (milliseconds / 1e3) / peak:.0%}"


def matrix_product_rate(side=2048, rounds=9):
    """Returns the median rate of a float32 product in TensorFlow, in operations/s."""
    code = f"""
import os, time, statistics
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "1"
import tensorflow as tf
a = tf.random.normal([{side}, {side}])
times = []
for _ in range({rounds} + 3):
    started = time.perf_counter()
    tf.matmul(a, a).numpy()
    times.append(time.perf_counter() - started)
print(2 * {side} ** 3 / statistics.median(times[3:]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    return float(done.stdout)


def machine():
    """Names the processor, its cores, and what decides oneDNN's default."""
    cpu = Path("/proc/cpuinfo").read_text()
    fields = dict(
        line.split(":", 1) for line in cpu.splitlines() if ":" in line
    )  # of the last core
    fields = {key.strip(): value.strip() for key, value in fields.items()}
    flags = fields.get("flags", "").split()
    vnni = "VNNI" if any("vnni" in flag for flag in flags) else "no VNNI"
    avx = "AVX-512" if "avx512f" in flags else "no AVX-512"
    cores = len(os.sched_getaffinity(0))
    python = platform.python_version()
    return f"{runtime.processor()}, {cores} cores, {avx}, {vnni}, Python {python}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="mnist_beginners")
    parser.add_argument("--batch-size", type=int, default=50)
    parser.add_argument(
        "--against",
        default="source_loop",
        help="comma-separated, of: " + ", ".join(list(CONTENDERS)[1:]),
    )
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--steps", type=int, default=20, help="in a round")
    parser.add_argument("--work", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.work:
        work(args.work, args.model, args.batch_size)
        return
    against = args.against.split(",")
    unknown = set(against) - set(CONTENDERS)
    if unknown:
        parser.error(f"unknown contenders: {', '.join(sorted(unknown))}")
    compare(args.model, args.batch_size, against, args.rounds, args.steps)


if __name__ == "__main__":
    main()
