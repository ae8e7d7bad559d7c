"""The pairs of pairs.txt: what is written otherwise, and what is planted."""

from ast import literal_eval
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

STATED = "? "  # ahead of words of a difference that is stated without a cause
BLACK = "black"  # images with rows of exact zeros
SIDES = {"torch": "torch_ports", "keras": "keras_ports"}
APART = ("blocks", "models", "parts", "steps")  # ahead of a function: "blocks tied"


@dataclass(frozen=True)
class Program:
    """A function of a module of this package, with its options: called where frameworks are
    loaded, for this module loads none."""

    module: str
    function: str
    options: dict[str, object] = field(default_factory=dict)

    def __call__(self):
        function = getattr(import_module(f"heaps.{self.module}"), self.function)
        return function(**self.options)


@dataclass(frozen=True)
class Pair:
    """A TF1 program and a port.

    Attributes:
      name: what sets them apart.
      old: builds the TF1 graph; new: makes the port.
      causes: for each planted fault, words of its finding; none where they are equal.
      is_explained: whether all have a cause; else a difference is stated and no more.
      accept: names of causes that are accepted.
      images: '' or BLACK.
    """

    name: str
    old: Program
    new: Program
    causes: tuple[str, ...] = ()
    accept: tuple[str, ...] = ()
    images: str = ""
    is_explained: bool = True

    @property
    def port(self) -> str:
        """The port's framework."""
        return "PyTorch" if self.new.module.startswith("torch") else "Keras"


def read(part):
    """Returns the pairs of a part of pairs.txt, 'equal' or 'different'."""
    lines = Path(__file__).with_name("pairs.txt").read_text().splitlines()
    start = lines.index(f"[{part}]") + 1
    stop = next((i for i in range(start, len(lines)) if lines[i].startswith("[")), len(lines))
    return [_pair(line) for line in lines[start:stop] if line and not line.startswith("#")]


def _pair(line):
    cells = [*map(str.strip, line.split("|")), "", "", ""]
    name, old, new, causes, accept, images = cells[:6]
    words = tuple(filter(None, map(str.strip, causes.split(";"))))
    is_explained = not any(word.startswith(STATED) for word in words)
    words = tuple(word.removeprefix(STATED) for word in words)
    return Pair(name, _old(old), _new(new), words, tuple(accept.split()), images, is_explained)


def _old(text):
    """'gan: order=at once; clip=0.1', or options of a classifier alone."""
    function, options = ("classifier", text) if "=" in text.partition(":")[0] else _parts(text)
    if function.startswith(APART):
        word, function = function.split()
        return Program(f"tf1_{word}", function, _options(options))
    return Program("tf1_programs", function or "classifier", _options(options))


def _new(text):
    """'torch gan: clip=0.1', or 'keras' for the classifier as it is."""
    head, options = _parts(text)
    side, _, function = head.partition(" ")
    if function.startswith(APART):
        word, function = function.split()
        return Program(f"torch_{word}", function, _options(options))
    return Program(SIDES[side], function or "classifier", _options(options))


def _parts(text):
    head, _, options = text.partition(":")
    return head.strip(), options


def _options(text):
    options = {}
    for option in filter(None, map(str.strip, text.split(";"))):
        key, _, value = option.partition("=")
        try:
            options[key] = literal_eval(value)
        except (SyntaxError, ValueError):
            options[key] = value  # a word: 'at once'
    return options


EQUAL, DIFFERENT = read("equal"), read("different")
