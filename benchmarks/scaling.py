"""Times a training step on one worker and on two, and the all-reduces between them.

One thread each, and one worker of two threads, in alternation; what the all-reduces carry and take;
and what follows from it, on paper, for more workers."""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tqdm import tqdm

from dcgan_v1 import runtime, systems
from dcgan_v1.distributed import cluster

CONTENDERS = {"1 worker, 1 thread": (1, 1), "1 worker, 2 threads": (1, 2)}
CONTENDERS |= {"2 workers, 1 thread each": (2, 1)}
PLANS = (  # name, workers, bytes a second of one link, seconds of latency: assumed
    ("8 GPUs of one machine, gRPC over loopback", 8, 2e9, 1e-4),
    ("4 machines, 10 Gbit/s", 4, 1.25e9, 2e-4),
    ("4 machines, 100 Gbit/s", 4, 12.5e9, 1e-4),
)
IMAGES = 512


def work(model, batch_size, width):
    """The process of one worker: times as many steps ('s n') or all-reduces ('c n') as
    each line asks for."""
    import numpy as np

    tf = runtime.prepare()
    from dcgan_v1.data.pipeline import InMemory
    from dcgan_v1.distributed import collectives
    from dcgan_v1.distributed.context import WorkerContext
    from dcgan_v1.training.graph import build_train_graph

    system = systems.get(model)
    options = {"width": width} if system.width_of else {}
    config = system.config(batch_size=batch_size, **options)
    images = np.random.default_rng(0).integers(0, 256, (IMAGES, *system.image_shape))
    session_config, _ = runtime.session_config("cpu")
    together = cluster.of_environment()
    alone = together.count == 1
    worker = WorkerContext(together, 120.0)
    with tf.Graph().as_default() as graph:
        if alone:
            built = build_train_graph(config, InMemory(np.uint8(images)))
            session, sizes, reduces = tf.Session(config=session_config), [], tf.no_op()
        else:
            with worker.joined():
                built = build_train_graph(config, InMemory(np.uint8(images)))
                copied = collectives.START  # the timeout of what is not in a step
                sizes = [
                    op.inputs[0].shape.num_elements()
                    for op in graph.get_operations()
                    if op.type == "CollectiveReduceV2" and op.get_attr("timeout_seconds") != copied
                ]
                reduces = tf.no_op()
                for size in sizes:  # one after the other
                    with tf.control_dependencies([reduces]):
                        reduces = collectives.all_reduce([tf.zeros([size])])[0].op
            session = worker.session(session_config)
        session.run(built.initialize)
        built.start_data(session, 0)
        ops = {"s": built.train.op, "c": reduces}
        for _ in range(3):
            session.run([built.train.op, reduces])
        print(json.dumps(sizes), flush=True)
        for line in sys.stdin:
            what, count = line.split()
            started = time.perf_counter()
            for _ in range(int(count)):
                session.run(ops[what])
            print((time.perf_counter() - started) / int(count), flush=True)
    os._exit(0)


class Contender:
    """The processes of one way to train."""

    def __init__(self, workers, threads, args):
        addresses = [f"127.0.0.1:{port}" for port in cluster.free_ports(workers)]
        self.processes = []
        for rank in range(workers):
            task = {"type": "worker", "index": rank}
            config = json.dumps({"cluster": {"worker": addresses}, "task": task})
            environment = {**os.environ, "TF_CONFIG": config}
            environment["TF_NUM_INTRAOP_THREADS"] = str(threads)
            environment["TF_NUM_INTEROP_THREADS"] = str(threads)
            words = [sys.executable, __file__, "--work", "--model", args.model]
            words += ["--batch-size", str(args.batch_size), "--width", str(args.width)]
            self.processes.append(
                subprocess.Popen(
                    words, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
                )
            )
        said = [json.loads(p.stdout.readline() or "[]") for p in self.processes]
        self.sizes = said[0]

    def seconds(self, what, count):
        for process in self.processes:
            process.stdin.write(f"{what} {count}\n")
            process.stdin.flush()
        return max(float(process.stdout.readline()) for process in self.processes)

    def close(self):
        for process in self.processes:
            process.kill()


def median(values):
    return f"{statistics.median(values):.4g} ({min(values):.4g}-{max(values):.4g})"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=systems.SYSTEMS, default="mnist_tutorial")
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--width", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=5, help="of a round")
    parser.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.work:
        work(args.model, args.batch_size, args.width)
        return
    contenders = {name: Contender(*how, args) for name, how in tqdm(CONTENDERS.items())}
    joined = contenders["2 workers, 1 thread each"]
    times, reduces = {name: [] for name in contenders}, []
    try:
        for _ in tqdm(range(args.rounds), unit="round"):
            for name, contender in contenders.items():
                times[name].append(contender.seconds("s", args.steps))
            reduces.append(joined.seconds("c", args.steps))
    finally:
        for contender in contenders.values():
            contender.close()
    report(args, times, reduces, joined.sizes)


def report(args, times, reduces, sizes):
    print(f"{args.model}, batch {args.batch_size}; {runtime.processor()}")
    base = times["1 worker, 1 thread"]
    for name, seconds in times.items():
        ratios = [b / s for b, s in zip(base, seconds, strict=True)]
        rate = [args.batch_size / s for s in seconds]
        milliseconds = [1000 * s for s in seconds]
        print(
            f"| {name} | {median(milliseconds)} ms | {median(rate)} images/s | "
            f"{median(ratios)} times |"
        )
    size = 4 * sum(sizes)  # float32, and int32 counts
    share = [r / s for r, s in zip(reduces, times["2 workers, 1 thread each"], strict=True)]
    print(
        f"all-reduces of a step: {len(sizes)}, {size / 1e6:.2f} MB, alone "
        f"{median([1000 * s for s in reduces])} ms, {median(share)} of the step"
    )
    print("computed, not measured:")
    image = statistics.median(base) / args.batch_size
    for name, workers, bandwidth, latency in PLANS:
        hops = 2 * (workers - 1)
        seconds = hops / workers * size / bandwidth + hops * latency * len(sizes)
        pays = seconds / (image * (1 - 1 / workers))
        gpu = seconds / (image / 100 * (1 - 1 / workers))
        print(
            f"| {name} | {1000 * seconds:.1f} ms of all-reduces | pays from batch "
            f"{pays:.0f} at this processor's speed, {gpu:.0f} at 100 times that |"
        )


if __name__ == "__main__":
    main()
