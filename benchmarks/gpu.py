"""Runs what must be measured on a GPU, in pieces of under ten minutes.

    python benchmarks/gpu.py --json gpu.json                    # all pieces, 40 minutes at most
    python benchmarks/gpu.py --json gpu.json --pieces steps     # one; the file keeps the others
    python benchmarks/gpu.py --json gpu.json --pieces --page    # only the page of what is there

The figures go into the JSON after every piece, so that what broke off is not lost. `--dry-run`
does the same on the CPU, as small and short as it can be, to show that everything runs.
"""

import argparse
import itertools
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks import gpu_page, kill_resume, train_step
from dcgan_v1.nn import fast_ops
from dcgan_v1.systems import SYSTEMS

BATCHES = {"mnist_beginners": 256, "mnist_keras": 256, "mnist_tutorial": 256}
BATCHES |= {"celeba64": 64, "images96": 128}  # that fill a GPU; each system's own is timed, too
FORMS = tuple(sorted(fast_ops.FORMS["CPU"]))
PRECISIONS = ("float32", "mixed", "mixed_float16")


class Sitting:
    """What the pieces share: how long they measure, and where."""

    def __init__(self, dry_run, systems):
        self.dry_run, self.systems = dry_run, systems
        self.rounds, self.steps = (1, 1) if dry_run else (5, 20)
        self.device = "cpu" if dry_run else "gpu"

    def batches(self, model):
        own = SYSTEMS[model].config().batch_size
        return [2] if self.dry_run else sorted({own, BATCHES[model]})

    def variants(self, model, batch_size, variants):
        """Times ours with several settings in alternation.

        Args:
          variants: name -> settings; the first is what the others are divided by.

        Returns:
          name -> its ms and ratio, each [median, least, most], and GPU memory in bytes.
        """
        running = {
            name: train_step.Contender("ours", model, batch_size, settings=settings)
            for name, settings in variants.items()
        }
        train_step.alternate(running, self.rounds, self.steps)
        first = next(iter(running.values())).milliseconds()
        return {
            name: {
                "ms": train_step.spread(contender.milliseconds()),
                "ratio": train_step.spread(
                    [a / b for a, b in zip(contender.milliseconds(), first, strict=True)]
                ),
                "gpu_bytes": contender.rounds[-1]["gpu_bytes"],
            }
            for name, contender in running.items()
        }

    def cases(self):
        for model in self.systems:
            for batch_size in self.batches(model):
                yield model, batch_size


def machine(sitting):
    code = "import json, tensorflow as tf; gpus = tf.config.list_physical_devices('GPU'); "
    code += "print(json.dumps([tf.__version__, dict(tf.sysconfig.get_build_info()), "
    code += "[tf.config.experimental.get_device_details(g) for g in gpus]], default=str))"
    version, build, gpus = json.loads(run([sys.executable, "-c", code])["out"].splitlines()[-1])
    smi = run(
        ["nvidia-smi", "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"]
    )
    if not (gpus or sitting.dry_run):
        sys.exit("error: TensorFlow sees no GPU here; --dry-run does without")
    cuda = {k: build.get(k) for k in ("cuda_version", "cudnn_version")}
    return {
        "processor": train_step.machine(),
        "tensorflow": version,
        "built_for": cuda,
        "gpus": gpus,
        "driver": smi["out"].strip(),
        "when": time.strftime("%Y-%m-%d"),
    }


def steps(sitting):
    """Each system against TF2 and its own framework."""
    records = []
    for model, batch_size in sitting.cases():
        names = [n for n in ("tf2", "keras", "torch") if n in train_step.against(model)]
        product, rows = train_step.measure(model, batch_size, names, sitting.rounds, sitting.steps)
        records.append({"model": model, "batch_size": batch_size, "product": product, "rows": rows})
    return records


def layout(sitting):
    """Convolutions with both gradients, channels last and channels first."""
    words = [sys.executable, ROOT / "benchmarks/layouts.py", "--rounds", sitting.rounds]
    words += ["--layers", "1"] if sitting.dry_run else []
    return [json.loads(line) for line in run(words)["out"].splitlines() if line.startswith("{")]


def forms(sitting):
    """Which of the CPU's special forms help or hurt here: each alone against TensorFlow's ops."""
    variants = {"TensorFlow's ops": {"forms": []}}
    variants |= {name: {"forms": [name]} for name in FORMS}
    return [
        {"model": m, "batch_size": n, "variants": sitting.variants(m, n, variants)}
        for m, n in sitting.cases()
    ]


def xla(sitting):
    variants = {"without XLA": {}, "with XLA": {"xla": True}}
    return [
        {"model": m, "batch_size": n, "variants": sitting.variants(m, n, variants)}
        for m, n in sitting.cases()
    ]


def precision(sitting):
    variants = {name: {"precision": name} for name in PRECISIONS}
    return [
        {"model": m, "batch_size": n, "variants": sitting.variants(m, n, variants)}
        for m, n in sitting.cases()
    ]


def determinism(sitting):
    """Two runs each, with --deterministic and without: are all variables the same bits?"""
    import numpy as np

    rows = []
    for model, flags in itertools.product(sitting.systems, (["--deterministic"], [])):
        with tempfile.TemporaryDirectory() as folder:
            runs = [Path(folder, name) for name in "ab"]
            ends = [run([*training(model, sitting, where), *flags]) for where in runs]
            if any(end["code"] for end in ends):
                rows.append({"model": model, "flags": flags, "failed": ends[-1]["err"][-300:]})
                continue
            a, b = map(variables, runs)
            apart = [name for name in a if not np.array_equal(a[name], b[name])]
            rows.append({"model": model, "flags": flags, "variables": len(a), "apart": len(apart)})
    return rows


def workers(sitting):
    """Two workers, one GPU each where there are two: does it run, and how fast?"""
    with tempfile.TemporaryDirectory() as folder:
        words = training(sitting.systems[0], sitting, Path(folder, "run"))
        done = run([*words, "--workers", "2"])
    speeds = re.findall(r"([\d.]+) images/s", done["out"])
    return {"code": done["code"], "images_per_second": speeds[-1:], "end": done["err"][-500:]}


def comparison(sitting):
    """TF1 against Keras, both on the device, in float64: is the verdict the CPU's?"""
    model = sitting.systems[0]
    words = [sys.executable, ROOT / "scripts/compare.py", "--system", model, "--against", "tf2"]
    words += ["--dtype", "float64", "--timing-steps", "0", "--device", sitting.device, "--quiet"]
    words += ["--steps", "1", "--batch-size", "2"] if sitting.dry_run else []
    done = run(words)
    return {"code": done["code"], "end": (done["out"] + done["err"])[-1000:]}


PIECES = {
    piece.__name__: piece
    for piece in (machine, steps, layout, forms, xla, precision, determinism, workers, comparison)
}


def training(model, sitting, where):
    """The command line of a short training."""
    words = kill_resume.command(model, 3 if sitting.dry_run else 50, where)
    words[words.index("--device") + 1] = sitting.device
    return words


def variables(run_dir):
    import tensorflow as tf

    reader = tf.train.load_checkpoint(tf.train.latest_checkpoint(str(run_dir / "checkpoints")))
    return {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}


def run(words):
    """Runs a command. Returns its code (127 where there is none such), out and err."""
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    try:
        done = subprocess.run(
            list(map(str, words)), env=environment, capture_output=True, text=True, check=False
        )
    except FileNotFoundError as error:
        return {"code": 127, "out": "", "err": str(error)}
    return {"code": done.returncode, "out": done.stdout, "err": done.stderr}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", type=Path, default=Path("gpu.json"), help="default %(default)s")
    parser.add_argument("--pieces", nargs="*", choices=PIECES, default=list(PIECES))
    parser.add_argument("--systems", nargs="+", choices=SYSTEMS, default=list(SYSTEMS))
    parser.add_argument("--page", action="store_true", help="print the page of all that is there")
    parser.add_argument("--dry-run", action="store_true", help="on the CPU, as short as can be")
    args = parser.parse_args()
    if args.dry_run:
        os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    figures = json.loads(args.json.read_text()) if args.json.exists() else {}
    sitting = Sitting(args.dry_run, args.systems)
    for name in args.pieces:
        started = time.monotonic()
        figures[name] = PIECES[name](sitting)
        seconds = time.monotonic() - started
        figures.setdefault("seconds", {})[name] = round(seconds)
        args.json.write_text(json.dumps(figures, indent=1) + "\n")
        print(f"{name}: {seconds:.0f} s", flush=True)
    if args.page:
        print(gpu_page.text(figures))


if __name__ == "__main__":
    main()
