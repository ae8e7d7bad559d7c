"""Kills a training again and again, restores it, and compares its end with an unkilled run's.

Compared are every variable, metrics.csv, every picture, TensorBoard's scalars. With
--workers it kills one of several workers, and the launcher starts all of them again."""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tqdm import tqdm

from dcgan_v1.systems import SYSTEMS

STEPS_A_KILL = 12  # of the run, on average
WRITING = ("--save-every", "5", "--sample-every", "4", "--summary-every", "1")
SMALL = ("--batch-size", "4", "--device", "cpu", "--ema-decay", "0.9", *WRITING)
FACES = ("--data", "synthetic", "--limit", "40", "--width", "8")
FACES += ("--augment", "all", "--flip")  # whatever is drawn at random


def command(model, steps, run_dir, workers=1):
    """Returns the command line of a small training of a system."""
    data = () if SYSTEMS[model].data == "digits" else FACES
    where = ["--steps", str(steps), "--run-dir", str(run_dir)]
    if workers > 1:
        where += ["--workers", str(workers)]
    if (Path(run_dir) / "config.json").exists():  # else it would begin from pretrained/
        where.append("--restore")
    script = str(ROOT / "scripts" / "train.py")
    return [sys.executable, script, "--model", model, *data, *SMALL, *where]


def left_alone(model, steps, run_dir, workers=1):
    """Trains without a kill. Returns the seconds its steps took."""
    process = subprocess.Popen(
        command(model, steps, run_dir, workers), stdout=subprocess.PIPE, text=True
    )
    started = None
    for line in process.stdout:
        if line.startswith("starting at step"):
            started = time.monotonic()
    if process.wait() or started is None:
        sys.exit(f"error: the training of {model} failed")
    return time.monotonic() - started


def killed(model, steps, run_dir, kills, seconds, rng):
    """Trains with `kills` kills at random moments, one in five of them at start-up.

    Returns how many there were: fewer where the training came to its end before.
    """
    for count in tqdm(range(kills), unit="kill", desc=model):
        process = subprocess.Popen(
            command(model, steps, run_dir), stdout=subprocess.PIPE, text=True
        )
        if rng.random() < 0.2:
            time.sleep(rng.uniform(0, 5))
        else:
            for line in process.stdout:
                if line.startswith(("starting at step", "resumed at step")):
                    break
            time.sleep(rng.uniform(0, 1.6 * seconds / kills))
        ended = process.poll() is not None
        process.kill()
        process.communicate()
        if ended and process.returncode:
            sys.exit(f"error: a restored training of {model} failed")
        if ended:
            return count
    subprocess.run(command(model, steps, run_dir), check=True, stdout=subprocess.DEVNULL)
    return kills


def worker_killed(model, steps, run_dir, workers, kills, seconds, rng):
    """Trains with several workers, and `kills` times kills one of them.

    Returns how many kills there were.
    """
    done, bar = 0, tqdm(total=kills, unit="kill", desc=model)
    while True:
        process = subprocess.Popen(
            command(model, steps, run_dir, workers), stdout=subprocess.PIPE, text=True
        )
        before = done
        for line in process.stdout:
            begins = line.startswith(("starting at step", "resumed at step"))
            if done == kills or not (begins or line.startswith("TensorFlow ")):
                continue
            if not begins and rng.random() >= 0.2:
                continue  # one in five falls before the first step
            time.sleep(rng.uniform(0, 1.6 * seconds / kills if begins else 5))
            if pids := workers_of(process.pid):
                os.kill(rng.choice(pids), signal.SIGKILL)
                done += 1
                bar.update()
        # 1: given up after kills in a row
        if process.wait() not in (0, 1 if done > before else 0):
            sys.exit(f"error: a restored training of {model} failed")
        if process.returncode == 0:
            return done


def workers_of(launcher):
    """Returns the process numbers of a launcher's workers, the chief's first."""
    found = subprocess.run(["pgrep", "--parent", str(launcher)], capture_output=True, text=True)
    return sorted(map(int, found.stdout.split()))


def compare(a, b, step):
    """Returns what differs between two run directories, as a list of names."""
    from dcgan_v1.checkpoints import reading

    ours, theirs = (reading.tensors(str(run / "checkpoints" / f"model-{step}")) for run in (a, b))
    differing = [
        name
        for name in ours.keys() | theirs.keys()
        if name not in ours or name not in theirs or ours[name].tobytes() != theirs[name].tobytes()
    ]
    files = [sorted(p.relative_to(run) for p in run.glob("samples/*.png")) for run in (a, b)]
    if files[0] != files[1]:
        differing.append("which samples there are")
    for name in ("metrics.csv", "training.gif", *files[0]):
        if not (b / name).exists() or (a / name).read_bytes() != (b / name).read_bytes():
            differing.append(str(name))
    if _events(a) != _events(b):
        differing.append("TensorBoard's scalars")
    return differing


def _events(run_dir):
    """Returns tag -> [(step, value)] as TensorBoard shows them."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(run_dir / "tensorboard"), size_guidance={"scalars": 0})
    events.Reload()
    return {
        tag: [(event.step, event.value) for event in events.Scalars(tag)]
        for tag in events.Tags()["scalars"]
        if not tag.endswith("images_per_second")
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=SYSTEMS, default="mnist_beginners")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seed", type=int, help="of the moments (default: drawn)")
    args = parser.parse_args()
    seed = random.randrange(2**31) if args.seed is None else args.seed
    rng = random.Random(seed)
    steps = max(24, STEPS_A_KILL * args.kills)
    with tempfile.TemporaryDirectory() as folder:
        alone, restored = Path(folder) / "alone", Path(folder) / "restored"
        seconds = left_alone(args.model, steps, alone, args.workers)
        if args.workers > 1:
            kills = worker_killed(
                args.model, steps, restored, args.workers, args.kills, seconds, rng
            )
        else:
            kills = killed(args.model, steps, restored, args.kills, seconds, rng)
        last = steps + SYSTEMS[args.model].config().pretrain_steps
        differing = compare(alone, restored, last)
    verdict = f"different: {', '.join(differing[:5])}" if differing else "identical"
    workers = f" with {args.workers} workers" if args.workers > 1 else ""
    print(f"{args.model}{workers}: {kills} kills in {last} steps (seed {seed}): {verdict}")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
