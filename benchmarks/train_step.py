"""Times one training step of the project beside others, in alternation.

Each contender lives in a process of its own and is asked in turn for a round of steps
(A B A B ...), so that the machine's moods fall on all alike. The ratio to ours is taken
round by round; the table gives its median and range.
"""

import argparse
import json
import os
import platform
import re
import resource
import shutil
import statistics
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks import contenders, flops
from dcgan_v1 import runtime
from dcgan_v1.systems import SYSTEMS

CONTENDERS = {  # name -> (module in contenders/, TF_ENABLE_ONEDNN_OPTS or None)
    "ours": ("ours", None),  # sets it itself
    "ours_no_onednn": ("ours", "0"),
    "source_loop": ("source_loop", None),
    "source_loop_onednn": ("source_loop", "1"),
    "source_loop_no_onednn": ("source_loop", "0"),
    "tf2": ("tf2", "1"),
    "tf2_default": ("tf2", None),
    "tf2_no_onednn": ("tf2", "0"),
    "keras": ("keras_loop", "1"),
    "torch": ("torch_loop", None),
}
PRODUCT = "product"  # asked in every round, too
ISA = "ONEDNN_MAX_CPU_ISA"  # AVX2: without AVX-512, as most processors are
START = 5  # steps before the first that counts


def work(module, model, batch_size, settings):
    """The process of one contender: times as many steps as each input line asks for."""
    contender = import_module(f"benchmarks.contenders.{module}")
    step = contender.make_step(model, batch_size, **settings)
    for _ in range(START):
        step()
    print("ready", flush=True)
    for line in sys.stdin:
        count = int(line)
        started = time.perf_counter()
        for _ in range(count):
            step()
        seconds = (time.perf_counter() - started) / count
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        row = {"seconds": seconds, "peak_bytes": peak, "gpu_bytes": gpu_bytes()}
        if module == PRODUCT:
            row["rate"] = contender.operations() / seconds
        print(json.dumps(row), flush=True)


def gpu_bytes():
    """Returns what this process holds of the GPUs' memory, None without any."""
    query = ["nvidia-smi", "--query-compute-apps=pid,used_memory", "--format=csv,noheader,nounits"]
    if shutil.which(query[0]) is None:
        return None
    rows = subprocess.run(query, capture_output=True, text=True).stdout.splitlines()
    held = [m.groups() for m in map(re.compile(r"(\d+), (\d+)").fullmatch, rows) if m]
    own = [int(size) * 2**20 for pid, size in held if int(pid) == os.getpid()]
    return sum(own) if own else None  # a container's list may have the host's numbers


class Contender:
    """A running process of one contender."""

    def __init__(self, name, model, batch_size, isa="", settings=None):
        """
        Args:
          name: of CONTENDERS, or PRODUCT.
          isa: the newest instructions that oneDNN may use, '' for all there are.
          settings: of ours, see `contenders.ours.open_session`.
        """
        module, onednn = CONTENDERS.get(name, (PRODUCT, "1"))
        environment = {k: v for k, v in os.environ.items() if "ONEDNN" not in k}
        environment |= {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_FORCE_GPU_ALLOW_GROWTH": "true"}
        if onednn is not None:
            environment["TF_ENABLE_ONEDNN_OPTS"] = onednn
        if isa:
            environment[ISA] = isa
        command = [sys.executable, __file__, "--work", module]
        command += ["--model", model, "--batch-size", str(batch_size)]
        command += ["--settings", json.dumps(settings or {})]
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

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def refusal(model, names):
    """Returns why a system cannot be timed against contenders, or nothing."""
    for name in names:
        if name not in CONTENDERS:
            return f"there is no contender {name!r}; there are {', '.join(CONTENDERS)}"
        if model not in contenders.MODELS[CONTENDERS[name][0]]:
            source = contenders.SOURCES.get(model)
            hint = f"; its source's loop is {source!r} here" if "source" in name else ""
            return f"{model} has no contender {name!r}{hint}; it has {', '.join(against(model))}"
    return ""


def against(model):
    """Returns the names of a system's contenders, ours left out."""
    return [
        name
        for name, (module, _) in CONTENDERS.items()
        if model in contenders.MODELS[module] and module != "ours"
    ]


def measure(model, batch_size, names, rounds, steps, isa=""):
    """Times steps of contenders in alternation, ours among them.

    Args:
      names: of the others.
      rounds: how often each is asked; steps: how many steps each time.
      isa: see `Contender`.

    Returns:
      The rate of a matrix product in operations/s, and a dict for each contender: its name,
      ms, images/s and the ratio to ours as [median, least, most], bytes at the peak, and the
      part of the product's rate, the median of what each round gave.
    """
    names = [PRODUCT, "ours", *names]
    running = {name: Contender(name, model, batch_size, isa) for name in names}
    alternate(running, rounds, steps)
    ours = running["ours"].milliseconds()
    products = [r["rate"] for r in running.pop(PRODUCT).rounds]
    operations = flops.of_step(model) * batch_size
    rows = []
    for name, contender in running.items():
        times = contender.milliseconds()
        rates = [operations / ms * 1e3 for ms in times]
        rows.append(
            {
                "contender": name,
                "ms": spread(times),
                "images_per_second": spread([batch_size / t * 1e3 for t in times]),
                "ratio": spread([t / o for t, o in zip(times, ours, strict=True)]),
                "peak_bytes": contender.rounds[-1]["peak_bytes"],
                "gpu_bytes": contender.rounds[-1]["gpu_bytes"],
                "of_product": statistics.median(
                    rate / most for rate, most in zip(rates, products, strict=True)
                ),
            }
        )
    return statistics.median(products), rows


def alternate(running, rounds, steps):
    """Asks each contender in turn for its steps, round after round, and ends them."""
    for _ in range(rounds):
        for contender in running.values():
            contender.round(steps)
    for contender in running.values():
        contender.close()


def spread(values):
    return [statistics.median(values), min(values), max(values)]


def compare(model, batch_size, names, rounds, steps):
    rate, rows = measure(model, batch_size, names, rounds, steps, os.environ.get(ISA, ""))
    print(f"{model}, batch {batch_size}, {rounds} rounds of {steps} steps, {machine()}")
    print(f"float32 matrix product in TensorFlow: {rate / 1e9:.0f} GFLOP/s")
    print(
        "| contender | ms/step: median (min-max) | images/s | time / ours, round by "
        "round | peak RSS | of the product's rate |"
    )
    print("|---|---|---|---|---|---|")
    for row in rows:
        ms, ratio = row["ms"], row["ratio"]
        print(
            f"| {row['contender']} | {ms[0]:.1f} ({ms[1]:.1f}-{ms[2]:.1f}) "
            f"| {row['images_per_second'][0]:.1f} "
            f"| {ratio[0]:.2f} ({ratio[1]:.2f}-{ratio[2]:.2f}) "
            f"| {row['peak_bytes'] / 1e9:.2f} GB | {row['of_product']:.0%} |"
        )


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
    return f"{runtime.processor()}, {cores} cores, {avx}, {vnni}, Python {python}{_limited()}"


def _limited():
    isa = os.environ.get(ISA)
    return f", oneDNN limited to {isa}" if isa else ""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=SYSTEMS, default="mnist_beginners")
    parser.add_argument("--batch-size", type=int, help="by default the system's own")
    parser.add_argument(
        "--against",
        help="comma-separated, of: " + ", ".join(list(CONTENDERS)[1:]) + " (default: all that "
        "the system has)",
    )
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--steps", type=int, default=20, help="in a round")
    parser.add_argument("--work", help=argparse.SUPPRESS)
    parser.add_argument("--settings", type=json.loads, default={}, help=argparse.SUPPRESS)
    args = parser.parse_args()
    batch_size = args.batch_size or SYSTEMS[args.model].config().batch_size
    if args.work:
        work(args.work, args.model, batch_size, args.settings)
        return
    names = args.against.split(",") if args.against else against(args.model)
    if error := refusal(args.model, names):
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    compare(args.model, batch_size, names, args.rounds, args.steps)


if __name__ == "__main__":
    main()
