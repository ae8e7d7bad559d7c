"""Trains both programs of a pair on MNIST and measures what their generators draw:

python benchmarks/pairs/trained.py NAME --old CLONE --new CLONE --runs 3
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import numpy as np

from benchmarks.pairs import clones, table
from benchmarks.pairs.table import HERE, Edit, Pair, Side
from dcgan_v1.errors import UserError

SAMPLES = 2000
NAME = "pair_samples.npy"


def main(arguments: list[str] | None = None) -> int:
    """Trains, measures and writes trained/NAME.json. Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("name", help="a pair of pairs.toml with a table `trained`")
    parser.add_argument("--old", required=True, type=Path, metavar="CLONE")
    parser.add_argument("--new", required=True, type=Path, metavar="CLONE")
    parser.add_argument("--runs", type=int, default=3, help="of each side (default: 3)")
    args = parser.parse_args(arguments)
    try:
        pair = table.pair(args.name)
        if not pair.trained:
            raise UserError(f"{pair.name} has no table `trained`")
        clones.check(args.old, pair.old, "--old")
        clones.check(args.new, pair.new, "--new")
        drawn = {
            which: [draw(side, clone, pair, which) for _ in range(args.runs)]
            for which, side, clone in (("old", pair.old, args.old), ("new", pair.new, args.new))
        }
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    path = table.TRAINED / f"{pair.name}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(measure(drawn, pair), indent=1) + "\n", "utf-8")
    print(f"wrote {path.relative_to(ROOT)}")
    return 0


def draw(side: Side, clone: Path, pair: Pair, which: str) -> np.ndarray:
    """Trains one program for the pair's iterations. Returns what its generator draws then, uint8
    [SAMPLES, 28, 28, 1].

    Raises:
      UserError: the program cannot be run, or draws nothing.
    """
    code = str(pair.trained[which]).replace("COUNT", str(SAMPLES))
    loop = Edit("*.py", r"^for it in range\(\d+\)", f"for it in range({pair.trained['steps']})", "")
    save = Edit("*.py", r"\Z", f"\nnp.save('{NAME}', {code})\n", "")
    edits = (*(e for e in side.edits if e.why == "version"), loop, save)
    plain = Side(side.repository, side.commit, side.program, side.root, edits=edits)
    with tempfile.TemporaryDirectory(prefix="trained_") as folder:
        program = clones.copy(clone, plain, Path(folder, "program"))
        words = [sys.executable, program.name]
        environment = {**os.environ, "MPLBACKEND": "Agg"}
        if which == "old":
            words = [sys.executable, ROOT / "scripts" / "run_legacy.py"]
            words += ["--run-dir", Path(folder, "run"), program]
        else:
            stand_ins = HERE / "stand_ins" / side.stand_ins
            environment["PYTHONPATH"] = os.pathsep.join([str(stand_ins), str(ROOT)])
        command = [str(word) for word in words]
        done = subprocess.run(command, cwd=program.parent, env=environment, check=False)
        found = list(Path(folder).rglob(NAME))
        if done.returncode or not found:
            raise UserError(f"{side.program} ended with {done.returncode}, see above")
        pixels = np.load(found[0]).reshape(-1, 28, 28, 1)
        return (pixels.clip(0, 1) * 255).round().astype(np.uint8)


def measure(drawn: dict[str, list[np.ndarray]], pair: Pair) -> dict[str, object]:
    """Returns for each side and run the Fréchet distance to MNIST's test images by the project's
    classifier."""
    from dcgan_v1.data import mnist
    from dcgan_v1.metrics import features, frechet

    real = mnist.load(part="t10k").images[:SAMPLES]
    with features.open_classifier() as classify:
        of_real, _ = classify(real)
        figures: dict[str, object] = {"name": pair.name, "steps": pair.trained["steps"]}
        for which, runs in drawn.items():
            of_runs = [classify(images)[0] for images in runs]
            figures[which] = [{"frechet": frechet.distance(own, of_real)} for own in of_runs]
    return figures


if __name__ == "__main__":
    sys.exit(main())
