"""Layers of a Keras port: their constructors, and the settings that several of them share."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from dcgan_v1.porting import description as d
from dcgan_v1.porting.keras import norms as keras_norms
from dcgan_v1.porting.keras.starts import initializer
from dcgan_v1.porting.text.printing import square

KINDS = {"dense": "layers.Dense", "conv": "layers.Conv2D", "deconv": "layers.Conv2DTranspose"}
SHORT = {"layers.Conv2D": "conv", "layers.Conv2DTranspose": "deconv", "layers.LSTM": "lstm"}
SHARED = 3  # so many layers of the same two settings or more have a name for these


@dataclass(frozen=True)
class Layer:
    """A layer, as its constructor says it.

    Attributes:
      kind: its class.
      counts: what stands first: units, filters, a rate.
      settings: by name; layers may share them.
      starts: initialisers by name; of each layer its own, or they would draw the same numbers.
    """

    kind: str
    counts: tuple[str, ...] = ()
    settings: dict[str, str] = field(default_factory=dict)
    starts: dict[str, str] = field(default_factory=dict)

    @property
    def common(self) -> str:
        """What layers share that differ in counts and initialisers alone."""
        return ", ".join([self.kind, *_words(self.settings)])

    def line(self, name: str, known: dict[str, str]) -> str:
        """Returns the constructor with the layer's name, which weights files and the map go by.

        Args:
          name: of the layer.
          known: what layers share -> its name.
        """
        settings = dict(self.settings)
        size = [settings.pop("kernel_size")] if "kernel_size" in settings else []
        own = [*self.counts, *size, *_words(settings)]
        if self.common in known:
            own = [*self.counts]
        words = [*own, *_words(self.starts), f'name="{name}"']
        return f"{known.get(self.common, self.kind)}({', '.join(words)})"


def _words(named: dict[str, str]) -> list[str]:
    return [f"{name}={value}" for name, value in named.items()]


def shared(layers: Iterable[Layer]) -> dict[str, str]:
    """Returns what several layers share -> a name for it."""
    counts = Counter(layer.common for layer in layers if len(layer.settings) > 1)
    names: dict[str, str] = {}
    for common, count in counts.items():
        if count >= SHARED:
            name = SHORT.get(common.partition(",")[0], "norm")
            number = 1 + sum(other.rstrip("_0123456789") == name for other in names.values())
            names[common] = name if number == 1 else f"{name}_{number}"
    return names


def of(program: d.Program, network: d.Network, node: d.Node) -> Layer:
    """Returns a layer.

    Args:
      program: what is written; network: that holds it.
      node: a call of it.
    """
    s, v = node.settings, node.variables
    if node.kind == "dropout":
        return Layer("layers.Dropout", (str(s["rate"]),))
    if node.kind == "batch_norm":
        return _batch_norm(program, network, node)
    if node.kind == "lstm":
        return _lstm(program, node)
    starts = {"kernel_initializer": initializer(program, v["kernel"], "glorot_uniform")}
    settings = {} if node.kind == "dense" else _of_windows(s)
    if "bias" in v:
        starts = {"bias_initializer": initializer(program, v["bias"], "zeros"), **starts}
    else:
        settings["use_bias"] = "False"
    count = str(s["units"] if node.kind == "dense" else s["filters"])
    return Layer(KINDS[node.kind], (count,), settings, _known(starts))


def _of_windows(s: dict[str, object]) -> dict[str, str]:
    """The settings of a convolution that are not Keras's defaults."""
    sides = {"kernel_size": s["size"], "strides": s["strides"], "dilation_rate": s["dilations"]}
    words = {name: square(pair) for name, pair in sides.items()}  # type: ignore[arg-type]  # pairs
    usual = {"strides": "1", "dilation_rate": "1"}
    settings = {name: text for name, text in words.items() if usual.get(name) != text}
    padding = {} if s["padding"] == "valid" else {"padding": f'"{s["padding"]}"'}
    return {**settings, **padding}


def _known(starts: dict[str, str]) -> dict[str, str]:
    return {name: text for name, text in starts.items() if text}


def _batch_norm(program: d.Program, network: d.Network, node: d.Node) -> Layer:
    s, v = node.settings, node.variables
    several = keras_norms.sets(node)
    settings = {"sets": str(several)} if several > 1 else {}
    settings["momentum"] = str(s["momentum"] if s["momentum"] is not None else 0.99)
    settings["epsilon"] = str(s["epsilon"])
    settings |= {} if "gamma" in v else {"scale": "False"}
    settings |= {} if "beta" in v else {"center": "False"}
    parts = {part: usual for part, usual in (("gamma", "ones"), ("beta", "zeros")) if part in v}
    starts = {f"{p}_initializer": initializer(program, v[p], usual) for p, usual in parts.items()}
    return Layer(keras_norms.class_of(program, network, node), (), settings, _known(starts))


def _lstm(program: d.Program, node: d.Node) -> Layer:
    settings = {"return_sequences": "True"}
    settings |= {} if node.settings["forget"] == 1 else {"unit_forget_bias": "False"}
    kernel = initializer(program, node.variables["kernel"], "")
    starts = {"kernel_initializer": kernel, "recurrent_initializer": kernel}
    return Layer("layers.LSTM", (str(node.settings["units"]),), settings, _known(starts))
