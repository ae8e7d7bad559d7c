"""Times a step of the Keras port that write_port writes beside one written by hand.

The other one is the system's port in `ports/`: processor time, in turns."""

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from dcgan_v1 import systems

BY_HAND = {"mnist_keras": "keras"}  # the others' is tf2's, of Keras's layers, too


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", choices=list(systems.SYSTEMS))
    parser.add_argument("--width", type=int, help="of the networks, where the system has one")
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--steps", type=int, default=5, help="of a round")
    args = parser.parse_args()
    settings = {"batch_size": args.batch_size}
    settings |= {"width": args.width} if args.width else {}
    with tempfile.TemporaryDirectory() as folder:
        written = written_port(args.model, settings, Path(folder, "port"))
        by_hand = port_by_hand(args.model, settings)
        batch = inputs(args.model, settings)
        for port in (written, by_hand):  # traced, and out of the count
            port.train_step(**batch)
        times = {"written": [], "by hand": []}
        for _ in range(args.rounds):
            times["written"].append(seconds(written, batch, args.steps))
            times["by hand"].append(seconds(by_hand, batch, args.steps))
    for name, rows in times.items():
        low, high = (1e3 * f(rows) for f in (min, max))
        print(f"{name}: {1e3 * statistics.median(rows):.1f} ms of processor a step")
        print(f"  {args.rounds} rounds of {args.steps}: {low:.1f} to {high:.1f} ms")
    pairs = zip(times["written"], times["by hand"], strict=True)
    ratios = [a / b for a, b in pairs]
    print(
        f"written / by hand: {statistics.median(ratios):.2f}, by round {min(ratios):.2f} to", end=""
    )
    print(f" {max(ratios):.2f}")


def written_port(model, settings, folder):
    """Writes the port of a system's graph; returns what has its step."""
    from dcgan_v1.migration.matching.map_file import Map
    from dcgan_v1.porting import originals
    from dcgan_v1.porting.text import writing
    from dcgan_v1.ports import comparison

    known = Map()
    runner, original = originals.open_original(comparison.old(model, **settings), known, model)
    port = writing.port_of(runner, original, to="keras", without=frozenset(), map_=(known, None))
    port.write(folder)
    sys.path.insert(0, str(folder))
    from training import Training

    return Training()


def port_by_hand(model, settings):
    from dcgan_v1 import ports

    width = {"width": settings["width"]} if "width" in settings else {}
    return ports.get(model, BY_HAND.get(model, "tf2")).Gan(**width)


def inputs(model, settings):
    """One batch, as tensors that both are given."""
    import tensorflow as tf

    from dcgan_v1.ports import inputs

    arrays = inputs.make(systems.get(model).config(**settings), 1)
    as_fed = {n: a[0] if a.dtype == bool else a[0].astype("float32") for n, a in arrays.items()}
    return {name: tf.constant(array) for name, array in as_fed.items()}


def seconds(port, batch, count):
    """Returns processor time of a port's step, of all threads."""
    start = time.process_time()
    for _ in range(count):
        losses = port.train_step(**batch)
    float(next(iter(losses.values())))
    return (time.process_time() - start) / count


if __name__ == "__main__":
    main()
