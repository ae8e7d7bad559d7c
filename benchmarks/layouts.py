"""Times convolutions with both gradients, channels last (NHWC) and channels first (NCHW).

Prints a line of JSON for each layer: its numbers, and milliseconds or TensorFlow's error by layout.
"""

import argparse
import json
import statistics
import time

# (batch, height, channels, size, filters, stride) of celeba64's four, of images96 and mnist_keras
LAYERS = ((64, 64, 3, 5, 128, 2), (64, 32, 128, 5, 256, 2), (64, 16, 256, 5, 512, 2))
LAYERS += ((64, 8, 512, 5, 1024, 2), (128, 32, 64, 4, 128, 2), (256, 28, 1, 5, 64, 2))


def milliseconds(layer, layout, rounds):
    """Returns the median time of y and the gradients of both x and w, read back as sums.

    Args:
      layer: as in LAYERS.
      layout: 'NHWC' or 'NCHW'.
      rounds: how many count, after two that do not.
    """
    import tensorflow as tf

    n, side, channels, size, filters, stride = layer
    w = tf.random.normal([size, size, channels, filters])
    channels_last = layout == "NHWC"
    x = tf.random.normal([n, side, side, channels] if channels_last else [n, channels, side, side])
    strides = [1, stride, stride, 1] if channels_last else [1, 1, stride, stride]

    @tf.function
    def sums(x, w):
        with tf.GradientTape() as tape:
            tape.watch([x, w])
            y = tf.nn.conv2d(x, w, strides, "SAME", data_format=layout)
        dx, dw = tape.gradient(y, [x, w], output_gradients=y)
        return tf.reduce_sum(dx) + tf.reduce_sum(dw)

    times = []
    for _ in range(rounds + 2):
        started = time.perf_counter()
        sums(x, w).numpy()
        times.append(1e3 * (time.perf_counter() - started))
    return statistics.median(times[2:])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--layers", type=int, default=len(LAYERS), help="how many, from the last")
    args = parser.parse_args()
    import tensorflow as tf

    for layer in LAYERS[-args.layers :]:
        times = {}
        for layout in ("NHWC", "NCHW"):
            try:
                times[layout] = milliseconds(layer, layout, args.rounds)
            except (tf.errors.OpError, ValueError) as error:  # a CPU may have no NCHW
                times[layout] = str(error).splitlines()[0][:200]
        print(json.dumps({"layer": layer, "ms": times}), flush=True)


if __name__ == "__main__":
    main()
