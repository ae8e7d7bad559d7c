"""Kinds and settings of Keras's layers, by the names of their classes alone.

Of a recorded port there is no Keras to ask."""

from collections.abc import Collection, Mapping

import numpy as np

from dcgan_v1.migration.records import Settings

KINDS = {  # the first that fits: in Keras 2 a transposed convolution is a convolution, too
    "deconv": {"Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"},
    "conv": {"Conv1D", "Conv2D", "Conv3D", "DepthwiseConv2D", "SeparableConv2D"},
    "dense": {"Dense"},
    "norm": {"BatchNormalization", "LayerNormalization", "GroupNormalization"},
    "activation": {"LeakyReLU", "ReLU", "ELU", "PReLU", "Activation", "Softmax"},
    "pool": {"MaxPooling2D", "AveragePooling2D", "GlobalAveragePooling2D"},
    "resize": {"UpSampling2D", "Resizing"},
    "dropout": {"Dropout"},
    "recurrent": {"RNN"},
}
NO_LAYERS = {"Flatten", "Reshape", "InputLayer", "Permute", "Concatenate"}
PARTS = {
    "kernel": "kernel",
    "bias": "bias",
    "gamma": "gamma",
    "beta": "beta",
    "moving_mean": "mean",
    "moving_variance": "variance",
    "embeddings": "kernel",
    "recurrent_kernel": "recurrent",
}
LAYER_SETTINGS = {
    "negative_slope": "slope",
    "alpha": "slope",  # of Keras 2's LeakyReLU; an ELU has another
    "epsilon": "epsilon",
    "momentum": "decay",
    "rate": "rate",
    "strides": "strides",
    "padding": "padding",
    "unbiased": "unbiased",
}


def kind_of(classes: Collection[str]) -> str:
    """Returns one of `records.LAYER_KINDS`.

    Args:
      classes: names of a layer's class and of those that it is derived from.
    """
    return next((kind for kind, names in KINDS.items() if names & set(classes)), "other")


def settings(name: str, attributes: Mapping[str, object]) -> Settings:
    """Returns what a TF1 program must have alike.

    Args:
      name: of the layer's class.
      attributes: those of LAYER_SETTINGS that it has, and 'activation', a function's name.
    """
    values: Settings = {"class": name}
    for attribute, text in LAYER_SETTINGS.items():
        value = attributes.get(attribute)
        if attribute == "alpha" and "LeakyReLU" not in name:
            continue
        if isinstance(value, bool | str):
            values[text] = value
        elif isinstance(value, int | float | np.floating):
            values[text] = float(f"{float(value):.6g}")
        elif isinstance(value, tuple | list):
            values[text] = "x".join(map(str, value))
    padding = values.get("padding")
    if isinstance(padding, str):
        values["padding"] = padding.upper()
    function = attributes.get("activation")
    if isinstance(function, str):
        values["activation"] = function
    return values
