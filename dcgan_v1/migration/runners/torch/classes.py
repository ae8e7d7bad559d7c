"""Kinds, settings and kernel layouts of torch.nn's layers, by the names of their classes alone.

Of a recorded port there is no PyTorch to ask."""

from collections.abc import Collection, Mapping, Sequence

from dcgan_v1.migration.records import SECOND_BIAS, Settings, Variable

CONVOLUTIONS = {1: "torch conv1d", 2: "torch conv", 3: "torch conv3d"}
KINDS = {
    "deconv": {"ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"},
    "conv": {"Conv1d", "Conv2d", "Conv3d"},
    "dense": {"Linear"},
    "norm": {"_BatchNorm", "_InstanceNorm", "LayerNorm", "GroupNorm"},
    "activation": {
        "LeakyReLU",
        "ReLU",
        "ELU",
        "PReLU",
        "Tanh",
        "Sigmoid",
        "Softplus",
        "Softmax",
        "SELU",
        "ReLU6",
    },
    "pool": {"MaxPool2d", "AvgPool2d", "AdaptiveAvgPool2d"},
    "resize": {"Upsample"},
    "dropout": {"Dropout", "Dropout2d"},
    "recurrent": {"RNNBase", "LSTMCell", "GRUCell", "RNNCell"},
}
NO_LAYERS = {"Flatten", "Unflatten", "Identity", "Sequential", "ModuleList", "ModuleDict"}
PARTS = {
    "weight": "kernel",
    "bias": "bias",
    "running_mean": "mean",
    "running_var": "variance",
    "weight_ih": "kernel",
    "weight_hh": "recurrent",
    SECOND_BIAS: SECOND_BIAS,
}
BIASES = {"bias_ih": "bias", "bias_hh": SECOND_BIAS}  # of cells that add both
ADDING = {"LSTM", "LSTMCell", "RNN", "RNNCell"}  # such cells
KERNELS = {"weight", "weight_orig", "weight_v", "original", "original1"}  # rewritten ones, too
SIZES = {"weight_g", "original0"}  # of a kernel's rows, where its weight norm has them apart
WITHOUT_PIXELS = ("activation", "dropout")  # kinds that give vectors as they are given them
PARAMETRIZATIONS = "parametrizations"  # where a module holds what its weights are made of
NORM_PARTS = {"weight": "gamma", "bias": "beta"}
LAYER_SETTINGS = {
    "negative_slope": "slope",
    "eps": "epsilon",
    "p": "rate",
    "stride": "strides",
    "padding": "padding",
    "scale_factor": "scale",
    "mode": "mode",
    "align_corners": "align_corners",
    "unbiased": "unbiased",
}


def kind_of(classes: Collection[str], *, averages: bool, scales: bool) -> str:
    """Returns one of `records.LAYER_KINDS`.

    Args:
      classes: names of a module's class and of those that it is derived from.
      averages: whether it keeps buffers of floating point.
      scales: whether its weight has one axis.
    """
    kind_by_class = next((kind for kind, names in KINDS.items() if names & set(classes)), None)
    return kind_by_class or ("norm" if averages and scales else "other")


def convolution_layout(shape: Sequence[int], groups: float = 1) -> str:
    """Returns how a convolution has its kernel, one of `matching.layouts.AXES`.

    Args:
      shape: of the kernel.
      groups: in which channels are taken.
    """
    is_depthwise = groups > 1 and shape[0] % groups == 0 and shape[1] == 1 and len(shape) == 4
    return "torch depthwise" if is_depthwise else CONVOLUTIONS[len(shape) - 2]


def variable(
    place: str,
    attribute: str,
    shape: Sequence[int],
    *,
    dtype: str,
    trainable: bool,
    classes: Collection[str],
    averages: bool = False,
    scales: bool = False,
    groups: int = 1,
) -> Variable:
    """Describes a parameter or a buffer.

    Args:
      place: path of the module that holds it, as `attribute`.
      shape, dtype, trainable: see `records.Variable`.
      classes, averages, scales: of the module, see `kind_of`; groups: of a convolution.
    """
    kind = kind_of(classes, averages=averages, scales=scales)
    layout, part = "plain", attribute.removesuffix("_l0")
    if ADDING & set(classes):
        part = BIASES.get(part, part)
    is_kernel = attribute in KERNELS and len(shape) > 1 and (attribute != "weight_v" or trainable)
    if is_kernel and kind in ("conv", "deconv"):
        layout = convolution_layout(shape, groups)
    elif len(shape) == 2 and (kind == "recurrent" or (kind == "dense" and attribute not in SIZES)):
        layout = "torch dense"
    part = "weight" if is_kernel else part
    parts = NORM_PARTS if kind == "norm" or scales else {}  # a weight of one axis is no kernel
    return Variable(
        shape=list(shape),
        dtype=dtype,
        trainable=trainable,
        part=parts.get(part) or PARTS.get(part, _ending(part)),
        layer=place,
        layout=layout,
        gates="ifjo" if {"LSTM", "LSTMCell"} & set(classes) else "",
        layer_kind=kind,
    )


def owner_of(place: str) -> str:
    """Returns the path of the module whose weight is made of what a path holds: the path itself
    but for what stands in 'fc/parametrizations/weight'."""
    return place.partition(f"/{PARAMETRIZATIONS}/")[0]


def _ending(part: str) -> str:
    """fake_running_mean -> 'mean'."""
    return next((p for ending, p in PARTS.items() if part.endswith(f"_{ending}")), "")


def settings(name: str, attributes: Mapping[str, object]) -> Settings:
    """Returns what a TF1 program must have alike.

    Args:
      name: of the module's class.
      attributes: those of LAYER_SETTINGS that it has, and 'momentum'.
    """
    values: Settings = {"class": name}
    for attribute, text in LAYER_SETTINGS.items():
        value = attributes.get(attribute)
        if isinstance(value, bool | str):
            values[text] = value
        elif isinstance(value, int | float):
            values[text] = float(f"{value:.6g}")
        elif isinstance(value, tuple | list) and all(isinstance(v, int) for v in value):
            values[text] = "x".join(map(str, value))
    momentum = attributes.get("momentum")
    if isinstance(momentum, float):
        values["decay"] = float(f"{1 - momentum:.6g}")
    return values
