"""Layers of a Keras port: their constructors, and the settings that several of them share."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from dcgan_v1.porting import description as d
from dcgan_v1.porting.keras import layer_norms
from dcgan_v1.porting.keras import norms as keras_norms
from dcgan_v1.porting.keras.initializers import initializer, of_part
from dcgan_v1.porting.text.printing import square

KINDS = {"dense": "layers.Dense", "conv": "layers.Conv2D", "deconv": "layers.Conv2DTranspose"}
SHORT = {"layers.Conv2D": "conv", "layers.Conv2DTranspose": "deconv", "layers.LSTM": "lstm"}
SHARED = 3  # so many layers of the same settings have a name for these, or two that say more
OTHER = 2  # so many settings of its own has a layer beside what it shares, if that saves words
SAVED = 5  # characters, more than these


USUAL = {"strides": "1", "padding": '"valid"', "use_bias": "True", "dilation_rate": "1"}


@dataclass(frozen=True)
class Layer:
    """A layer, as its constructor says it.

    Attributes:
      kind: its class.
      counts: what stands first: units, filters, a rate.
      settings: by name; layers may share them.
      starts: initialisers by name.
    """

    kind: str
    counts: tuple[str, ...] = ()
    settings: dict[str, str] = field(default_factory=dict)
    starts: dict[str, str] = field(default_factory=dict)

    @property
    def common(self) -> "Common":
        """What layers share that differ in counts and initialisers alone."""
        return self.kind, tuple(self.settings.items())

    def line(self, name: str, known: "dict[Common, str]") -> str:
        """Returns the constructor with the layer's name, which weights files and the map go by.

        Args:
          name: of the layer.
          known: what layers share -> its name.
        """
        last = [*_words(self.starts), f'name="{name}"']
        settings = dict(self.settings)
        size = [settings.pop("kernel_size")] if "kernel_size" in settings else []
        whole = f"{self.kind}({', '.join([*self.counts, *size, *_words(settings), *last])})"
        others = {word: self._other(common) for common, word in known.items()}
        for word, other in sorted(others.items(), key=lambda pair: len(pair[1] or {})):
            if other is not None and len(other) <= OTHER:
                short = f"{word}({', '.join([*self.counts, *_words(other), *last])})"
                if len(other) < OTHER or len(short) + SAVED < len(whole):
                    return short
        return whole

    def _other(self, common: "Common") -> dict[str, str] | None:
        """The settings that are not what layers share, None where that cannot be said."""
        kind, shared = common[0], dict(common[1])
        own = {k: USUAL[k] for k in shared if k in USUAL} | self.settings
        if kind != self.kind or shared.keys() - own.keys():
            return None
        return {name: value for name, value in own.items() if shared.get(name) != value}


Common = tuple[str, tuple[tuple[str, str], ...]]  # a class, and settings of it


def _words(named: dict[str, str]) -> list[str]:
    return [f"{name}={value}" for name, value in named.items()]


def shared(layers: Iterable[Layer]) -> dict[Common, str]:
    """Returns what several layers share -> a name for it."""
    counts: Counter[Common] = Counter()
    words: dict[Common, int] = {}
    for layer in (layer for layer in layers if len(layer.settings) > 1):
        counts[layer.common] += 1
        said = len(layer.settings) + len(layer.starts)
        words[layer.common] = max(said, words.get(layer.common, 0))
    names: dict[Common, str] = {}
    for common, count in counts.items():
        if count >= SHARED or (count > 1 and words[common] > SHARED):
            name = SHORT.get(common[0], "norm")
            number = 1 + sum(other.rstrip("_0123456789") == name for other in names.values())
            names[common] = name if number == 1 else f"{name}_{number}"
    return names


def definitions(known: dict[Common, str]) -> list[str]:
    """Returns the lines that give names to what layers share."""
    return [
        f"{name} = partial({', '.join([kind, *_words(dict(settings))])})"
        for (kind, settings), name in known.items()
    ]


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
    if node.kind == "layer_norm":
        kind, counts = layer_norms.class_of(program, network, node)
        return Layer(kind, counts, {"epsilon": str(s["epsilon"])}, _norm_starts(program, node))
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
    momentum = s["momentum"] if s["momentum"] is not None else 0.99
    settings = {"momentum": str(momentum), "epsilon": str(s["epsilon"])}
    settings |= {} if "gamma" in v else {"scale": "False"}
    settings |= {} if "beta" in v else {"center": "False"}
    kind = keras_norms.class_of(program, network, node)
    return Layer(kind, (), settings, _norm_starts(program, node))


def _norm_starts(program: d.Program, node: d.Node) -> dict[str, str]:
    v = node.variables
    parts = {part: usual for part, usual in (("gamma", "ones"), ("beta", "zeros")) if part in v}
    return _known(
        {f"{p}_initializer": initializer(program, v[p], usual) for p, usual in parts.items()}
    )


def _lstm(program: d.Program, node: d.Node) -> Layer:
    settings = {"return_sequences": "True"}
    settings |= {} if node.settings["forget"] == 1 else {"unit_forget_bias": "False"}
    kernel = of_part(program, node.variables["kernel"])
    starts = {"kernel_initializer": kernel, "recurrent_initializer": kernel}
    return Layer("layers.LSTM", (str(node.settings["units"]),), settings, _known(starts))
