"""tf_slim, which carries tf.contrib.layers and slim, on today's TensorFlow."""

import importlib
import sys
from typing import Any

import tensorflow.compat.v1 as tf


def load() -> Any:
    """Returns the package, after giving back the names it was written for."""
    from tensorflow.python.framework import indexed_slices, ops
    from tensorflow.python.framework import tensor as tensors
    from tensorflow.python.ops import array_ops, control_flow_ops, variable_scope

    moved = (
        (ops, {"Tensor": tensors.Tensor, "IndexedSlices": indexed_slices.IndexedSlices}),
        (
            control_flow_ops,
            {"cond": tf.cond, "while_loop": tf.while_loop, "case": tf.case, "Assert": tf.Assert},
        ),
        (array_ops, {"stack": tf.stack, "unstack": tf.unstack}),
        (variable_scope, {"variable": tf.Variable}),
    )
    for module, names in moved:
        for name, value in names.items():
            if not hasattr(module, name):
                setattr(module, name, value)
    _old_layers()
    return importlib.import_module("tf_slim")


def _old_layers() -> None:
    """tf_slim makes its layers of those that Keras keeps as legacy_tf_layers."""
    import tf_keras
    import tf_keras.src.legacy_tf_layers as layers

    for name in ("base", "convolutional", "core", "normalization", "pooling"):
        module = importlib.import_module(f"{layers.__name__}.{name}")
        sys.modules[f"tf_keras.legacy_tf_layers.{name}"] = module
    sys.modules["tf_keras.legacy_tf_layers"] = layers
    tf_keras.legacy_tf_layers = layers
