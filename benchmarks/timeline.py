"""Where a training step of ours spends its time: TensorFlow's own trace, op by op.

By default with one thread and one operation at a time, where the times of operations do not
overlap and add up to the step. The figures are medians over `--steps` steps.
"""

import argparse
import collections
import json
import statistics
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.train_step import START, machine
from dcgan_v1.systems import SYSTEMS


def traces(model, batch_size, threads, steps):
    """Returns for each step a dict (op type, op name) -> microseconds."""
    from benchmarks.contenders import ours

    session, fetches = ours.open_session(model, batch_size, threads, inter_op=threads)
    import tensorflow.compat.v1 as tf

    for _ in range(START):
        session.run(fetches)
    options = tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE)
    taken = []
    for _ in range(steps):
        metadata = tf.RunMetadata()
        session.run(fetches, options=options, run_metadata=metadata)
        times = collections.Counter()
        for device in metadata.step_stats.dev_stats:
            for node in device.node_stats:
                # "name = Type(inputs)", and for transfers "[...] name"
                label = node.timeline_label.partition(" = ")[2].partition("(")[0]
                span = node.op_end_rel_micros - node.op_start_rel_micros
                times[label or "other", node.node_name] += span
        taken.append(times)
    return taken


def medians(taken):
    """Returns a dict key -> median over the steps."""
    return {key: statistics.median(times[key] for times in taken) for key in taken[-1]}


def tables(times, top):
    """Returns the lines of two Markdown tables: op types, then the slowest ops."""
    total = sum(times.values())
    types, counts = collections.Counter(), collections.Counter()
    for (kind, _), span in times.items():
        types[kind] += span
        counts[kind] += 1
    lines = ["| type | ops | ms | of all |", "|---|---|---|---|"]
    for kind, span in types.most_common(top):
        lines.append(f"| {kind} | {counts[kind]} | {span / 1e3:.2f} | {span / total:.1%} |")
    lines += ["", "| op | type | ms | of all |", "|---|---|---|---|"]
    for (kind, name), span in collections.Counter(times).most_common(top):
        lines.append(f"| {name} | {kind} | {span / 1e3:.2f} | {span / total:.1%} |")
    return [f"all ops together: {total / 1e3:.1f} ms", "", *lines]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=SYSTEMS, default="mnist_tutorial")
    parser.add_argument("--batch-size", type=int, help="by default the system's own")
    parser.add_argument("--threads", type=int, default=1, help="0: as many as there are cores")
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--top", type=int, default=12, help="lines of each table")
    parser.add_argument("--json", type=Path, help="write all ops there, too")
    args = parser.parse_args()
    batch_size = args.batch_size or SYSTEMS[args.model].config().batch_size
    times = medians(traces(args.model, batch_size, args.threads, args.steps))
    print(f"{args.model}, batch {batch_size}, {args.threads or 'all'} threads, {machine()}")
    print("\n".join(tables(times, args.top)))
    if args.json:
        rows = [{"type": kind, "op": name, "us": span} for (kind, name), span in times.items()]
        args.json.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
