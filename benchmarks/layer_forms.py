"""Each convolution of the five systems by every form it could have, beside a plain product.

A convolution of N maps, k x k taps, C channels and F filters is used in three ways: forwards,
for the gradient of its input (also a transposed convolution forwards), for that of its weights.
Each has the library's op and others that compute the same. All are timed in alternation, on one
thread by default; the rate of a matrix product with the same three dimensions is what the
library could reach. The last column names the quickest form where it saves a tenth.
"""

import argparse
import json
import statistics
import sys
import time
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.train_step import machine
from dcgan_v1 import runtime
from dcgan_v1.systems import SYSTEMS


class Conv(NamedTuple):
    """A convolution on square maps, SAME: `side` of the larger map, which has `channels`. G's are
    the same ones, used the other way round."""

    side: int
    size: int
    stride: int
    channels: int
    filters: int


def celeba64(w=128):
    down = [Conv(64, 5, 2, 3, w), Conv(32, 5, 2, w, 2 * w), Conv(16, 5, 2, 2 * w, 4 * w)]
    down.append(Conv(8, 5, 2, 4 * w, 8 * w))
    return down


def images96(w=64):
    down = [Conv(96, 5, 3, 3, w), Conv(32, 4, 2, w, 2 * w), Conv(16, 4, 2, 2 * w, 4 * w)]
    return [*down, Conv(8, 4, 2, 4 * w, 8 * w)]


DIGITS = [Conv(28, 5, 2, 1, 64), Conv(14, 5, 2, 64, 128)]
LAYERS = {
    "celeba64": celeba64(),
    "images96": images96(),
    "mnist_beginners": [Conv(28, 5, 1, 1, 32), Conv(14, 5, 1, 32, 64)],
    "mnist_keras": [
        *DIGITS,
        Conv(7, 5, 1, 128, 256),
        Conv(14, 5, 2, 64, 128),
        Conv(28, 5, 2, 32, 64),
        Conv(28, 5, 1, 1, 32),
    ],
    "mnist_tutorial": [*DIGITS, Conv(7, 5, 1, 128, 256), Conv(14, 5, 2, 64, 128)],
}


def forms(tf, conv, n):
    """Returns way -> form -> scalar tensor that needs all of the result; and the products'.

    Args:
      conv: the layer; n: of how many maps.
    """
    from dcgan_v1.nn import columns, fast_ops, subpixel

    small = -(-conv.side // conv.stride)
    x = variable(tf, [n, conv.side, conv.side, conv.channels])
    w = variable(tf, [conv.size, conv.size, conv.channels, conv.filters])
    dy = variable(tf, [n, small, small, conv.filters])
    strides, padding = [1, conv.stride, conv.stride, 1], "SAME"
    rows, taps = n * small * small, conv.size**2 * conv.channels
    a, b = variable(tf, [rows, taps]), variable(tf, [taps, conv.filters])
    c = variable(tf, [rows, conv.filters])
    ways = {
        "forwards": {
            "product": tf.matmul(a, b),
            "library": tf.nn.conv2d(x, w, strides, padding),
            "patches": fast_ops._product_of_patches(x, w, conv.stride, padding),
        },
        "by x": {
            "product": tf.matmul(c, b, transpose_b=True),
            "library": tf.nn.conv2d_backprop_input(tf.shape(x), w, dy, strides, padding),
        },
        "by w": {
            "product": tf.matmul(a, c, transpose_a=True),
            "library": tf.nn.conv2d_backprop_filter(x, w.shape, dy, strides, padding),
            "patches": fast_ops._product_of_patches_gradient(x, w, dy, conv.stride, padding),
        },
    }
    if conv.stride == 1 and conv.size % 2:
        turned = tf.transpose(tf.reverse(w, [0, 1]), [0, 1, 3, 2])
        ways["by x"]["turned"] = tf.nn.conv2d(dy, turned, 1, padding)
        ways["by x"]["turned patches"] = fast_ops._product_of_patches(dy, turned, 1, padding)
    if conv.stride > 1 and conv.side % conv.stride == 0:
        small = subpixel.small_kernel(w, conv.stride)
        ways["by x"]["columns"] = columns.conv2d_transpose(dy, w, conv.stride)
        by_patches = fast_ops._product_of_patches(dy, small, 1, padding)
        ways["by x"]["subpixel"] = subpixel.up(dy, w, conv.stride)
        ways["by x"]["subpixel patches"] = tf.nn.depth_to_space(by_patches, conv.stride)
    return ways


def variable(tf, shape):
    return tf.Variable(tf.random.normal(shape, seed=1)).read_value()


def measure(conv, n, rounds, threads):
    """Returns way -> form -> median milliseconds."""
    import tensorflow.compat.v1 as tf

    with tf.Graph().as_default():
        ways = forms(tf, conv, n)
        config, _ = runtime.session_config("cpu")
        config.intra_op_parallelism_threads = threads
        config.inter_op_parallelism_threads = 1
        # the fetched op runs, and nothing of its result is copied out
        with tf.Session(config=config) as session:
            session.run(tf.global_variables_initializer())
            _check(session, ways)
            times = {way: {form: [] for form in found} for way, found in ways.items()}
            for round_number in range(rounds + 2):
                for way, found in ways.items():
                    for form, y in found.items():
                        started = time.perf_counter()
                        session.run(y.op)
                        if round_number >= 2:
                            seconds = time.perf_counter() - started
                            times[way][form].append(1e3 * seconds)
    return {
        way: {form: statistics.median(values) for form, values in found.items()}
        for way, found in times.items()
    }


def _check(session, ways):
    """All forms but the bare product give the library's numbers."""
    import numpy as np

    for way, found in ways.items():
        expected = session.run(found["library"])
        for form, y in found.items():
            if form != "product":
                off = np.abs(session.run(y) - expected).max() / np.abs(expected).max()
                if off > 1e-4:
                    sys.exit(f"error: {way} by {form} is {off:.1e} off the library's")


def line(model, conv, n, way, times, operations):
    quickest = min((form for form in times if form != "product"), key=times.__getitem__)
    saved = 1 - times[quickest] / times["library"]
    cells = [model, f"{n} x {conv.side}x{conv.side}x{conv.channels}, {conv.size}x{conv.size}"]
    cells[1] += f" to {conv.filters}, stride {conv.stride}"
    cells += [way, f"{operations / times['product'] / 1e6:.0f}"]
    cells.append(f"{times['product'] / times['library']:.0%}")
    others = [form for form in times if form not in ("product", "library")]
    cells.append(", ".join(f"{form} {times['library'] / times[form]:.2f}" for form in others))
    cells.append(quickest if saved >= 0.1 else "")
    return "| " + " | ".join(cells) + " |"


HEADING = (
    "system",
    "layer",
    "way",
    "product, GFLOP/s",
    "library, of it",
    "others' speed / library",
)
HEADING += ("quicker by a tenth",)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--systems", nargs="+", choices=SYSTEMS, default=list(SYSTEMS))
    parser.add_argument("--batch-size", type=int, help="of all (default: each system's own)")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--threads", type=int, default=1, help="0: as many as there are cores")
    parser.add_argument("--json", type=Path, help="write all times there, too")
    args = parser.parse_args()
    runtime.prepare(keras=False)
    print(f"{machine()}, {args.threads or 'all'} threads\n")
    print("| " + " | ".join(HEADING) + " |\n" + "|---" * len(HEADING) + "|", flush=True)
    rows = []
    for model in args.systems:
        n = args.batch_size or SYSTEMS[model].config().batch_size
        for conv in LAYERS[model]:
            small = -(-conv.side // conv.stride)
            operations = 2 * n * small**2 * conv.size**2 * conv.channels * conv.filters
            for way, times in measure(conv, n, args.rounds, args.threads).items():
                print(line(model, conv, n, way, times, operations), flush=True)
                rows.append({"model": model, **conv._asdict(), "n": n, "way": way, "ms": times})
    if args.json:
        args.json.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
