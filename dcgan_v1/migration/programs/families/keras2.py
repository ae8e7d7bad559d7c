"""Keras 2 (tf_keras) for programs that import `keras` or use `tf.keras`.

Keras 3 is not what a TF1 program knows; tf_keras has the same layers and variable
names, and `tf.layers` behind them.
"""

import types
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow.compat.v1 as tf

from dcgan_v1.migration.programs import mnist_files
from dcgan_v1.migration.programs.facade import Facade
from dcgan_v1.migration.programs.families import downloads, keras_arguments, keras_updates

Arrays = tuple[np.ndarray, np.ndarray]


def _load_mnist(path: str = "mnist.npz") -> tuple[Arrays, Arrays]:
    """-> ((images [N, 28, 28], labels [N]), the same for testing), uint8."""
    del path
    x, y, x_test, y_test = (mnist_files.read(name) for name in mnist_files.NAMES)
    return (x, y), (x_test, y_test)


MODULES_OF_LAYERS = (
    *("advanced_activations", "convolutional", "core", "normalization", "merge", "pooling"),
    *("noise", "embeddings", "recurrent", "local", "wrappers"),
)


def layers_module(name: str, own: Mapping[str, Any]) -> Facade:
    """Returns the facade of all layers, with some of its own, also as one of each kind's."""
    layers = Facade(name, (types.SimpleNamespace(**own), tf.keras.layers))
    for part in MODULES_OF_LAYERS:
        layers.supply(part, layers)
    return layers


def modules() -> Facade:
    """Returns the facade of `keras`."""
    keras = tf.keras  # tf_keras's version for TF1: its initialisers are TF1's
    keras_arguments.accept(keras)
    mnist = Facade("keras.datasets.mnist", (keras.datasets.mnist,), {"load_data": _load_mnist})
    datasets = Facade("keras.datasets", (keras.datasets,), {"mnist": mnist})
    layers = layers_module("keras.layers", keras_arguments.layers(keras.layers))
    get_file = types.SimpleNamespace(get_file=downloads.get_file(keras.utils.get_file))
    utils = Facade("keras.utils", (get_file, keras.utils))
    for name in ("np_utils", "generic_utils", "vis_utils", "data_utils"):
        utils.supply(name, utils)
    engine = Facade(
        "keras.engine",
        (layers, keras.models),
        {"topology": layers, "base_layer": layers, "training": keras.models},
    )
    return Facade(
        "keras",
        (keras,),
        {
            "datasets": datasets,
            "layers": layers,
            "utils": utils,
            "engine": engine,
            "optimizers": Facade(
                "keras.optimizers", (keras.optimizers,), keras_updates.names(keras.optimizers)
            ),
            "legacy": Facade("keras.legacy", (), hints={"": "of Keras 1; not supplied"}),
            "backend": Facade(
                "keras.backend", (keras.backend,), {"tensorflow_backend": keras.backend}
            ),
            "constraints": Facade(
                "keras.constraints",
                (keras.constraints,),
                {
                    "maxnorm": keras.constraints.MaxNorm,
                    "nonneg": keras.constraints.NonNeg,
                    "unitnorm": keras.constraints.UnitNorm,
                },
            ),
            "__version__": "2.3.1",
        },
    )
