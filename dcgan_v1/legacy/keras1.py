"""Keras 2 for programs that import `keras` or use `tf.keras` and `tf.layers`: tf_keras.

Keras 3 is not what a TF1 program knows; tf_keras has the same layers and variable
names, and `tf.layers` behind them.
"""

import tf_keras

from dcgan_v1.legacy import mnist_tutorial
from dcgan_v1.legacy.facade import Facade


def _load_mnist(path="mnist.npz"):
    """-> ((images [N, 28, 28], labels [N]), the same for testing), uint8."""
    del path
    x, y, x_test, y_test = (
        mnist_tutorial._find(name, mnist_tutorial.folders)
        for name in mnist_tutorial.FILES
    )
    return (x[..., 0], y), (x_test[..., 0], y_test)


def modules():
    """Returns the facade of `keras` and of `tf.keras`."""
    mnist = Facade("keras.datasets.mnist", (tf_keras.datasets.mnist,),
                   {"load_data": _load_mnist})  # fmt: skip
    datasets = Facade("keras.datasets", (tf_keras.datasets,), {"mnist": mnist})
    layers = Facade("keras.layers", (tf_keras.layers,), {
        "advanced_activations": tf_keras.layers, "convolutional": tf_keras.layers,
        "core": tf_keras.layers, "normalization": tf_keras.layers,
        "merge": tf_keras.layers, "pooling": tf_keras.layers,
        "noise": tf_keras.layers, "embeddings": tf_keras.layers,
        "recurrent": tf_keras.layers, "local": tf_keras.layers,
    })  # fmt: skip
    return Facade("keras", (tf_keras,), {"datasets": datasets, "layers": layers})
