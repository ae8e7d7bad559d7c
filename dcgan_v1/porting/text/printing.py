"""Values, weights and constants as they stand in a line of a port, for every framework."""

import itertools
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence

import numpy as np

from dcgan_v1.porting import description as d

ACTIVATIONS = (  # kinds of nodes that are a function of one value
    *("relu", "relu6", "elu", "selu", "tanh", "sigmoid", "softplus", "softsign", "softmax"),
    "log_softmax",
)
LARGEST_LITERAL = 2000  # elements of a constant that stands in the code
ZERO = "0.0"
SIZES = ("Shape", "Size")  # ops that give what Python holds as numbers
INNER = (*ACTIVATIONS, "op", "leaky_relu")
DEEPEST, MOST = 3, 4  # calls within each other, and expressions in all, on a line


class Names(ABC):
    """What values and weights are called.

    Args:
      values: value -> Python name.
      weight: TF1 variable -> expression.

    Attributes:
      waiting: value -> the expression that stands for it.
      refused: what has no expression in the framework.
    """

    def __init__(self, values: dict[str, str], weight: Callable[[str], str]) -> None:
        self.values, self.weight = values, weight
        self.waiting: dict[str, str] = {}
        self.refused: list[str] = []

    def made(self, node: d.Node) -> str:
        """Returns the left side of a node's line."""
        return ", ".join(self.values[v.name] for v in node.values)

    def operand(self, x: d.Operand) -> str:
        """Returns an operand as it is held."""
        if isinstance(x, d.Value):
            return self.waiting.get(x.name) or self.values[x.name]
        return self.weight(x.variable) if isinstance(x, d.Weight) else self.constant(x)

    def constant(self, x: d.Constant) -> str:
        """Returns a constant."""
        return literal(x)

    def expression(self, node: d.Node) -> str:
        """Returns the right side of a node's line; what has none is added to `refused`."""
        try:
            return self.of_kind(node)
        except d.Refused as error:
            self.refused.append(f"{error} ({', '.join(node.ops)})")
            return "..."

    @abstractmethod
    def of_kind(self, node: d.Node) -> str:
        """Returns the right side of a node's line, as the framework says it.

        Raises:
          Refused: it has no words for it.
        """


def literal(x: d.Constant) -> str:
    """Returns a constant as Python's number, or as lists of numbers.

    Raises:
      Refused: it is too large, or not finite.
    """
    if x.array.size > LARGEST_LITERAL:
        raise d.Refused(f"a constant of shape {list(x.array.shape)}: too large for a line")
    if x.array.dtype.kind == "f" and not np.isfinite(x.array).all():
        raise d.Refused("a constant that is not finite")
    return str(x.array.tolist()) if x.shape else repr(x.number)


def number_throughout(x: d.Constant) -> float | None:
    """Returns the number that all elements of an array of floats are, None where there is none."""
    number = x.number if x.shape and x.array.dtype.kind == "f" else None
    return number if number is not None and np.isfinite(number) else None


def square(sides: Sequence[int]) -> str:
    """Returns the sides of a window as one number where they are alike, else as a tuple."""
    return str(sides[0]) if len(set(sides)) == 1 else str(tuple(sides))


def rank_of(x: d.Operand) -> int:
    """Returns the number of an operand's axes, 0 where it is not known."""
    return len(x.shape or ())


def constants(x: d.Operand) -> list[int] | None:
    """Returns the whole numbers of a constant, else None."""
    if not isinstance(x, d.Constant):
        return None
    return [int(n) for n in np.reshape(x.array, -1)]


def in_brackets(x: str) -> str:
    """Returns an expression as an operand: in brackets where it is a sum or the like."""
    depth = 0
    for character in x:
        depth += (character in "([{") - (character in ")]}")
        if character == " " and not depth:
            return f"({x})"
    return f"({x})" if x.startswith("-") else x


OPERATORS = {  # that all targets spell alike
    **{"Add": "+", "AddV2": "+", "Sub": "-", "Mul": "*", "RealDiv": "/", "Div": "/", "Pow": "**"},
    **{"Greater": ">", "GreaterEqual": ">=", "Less": "<", "LessEqual": "<="},
}


def binary(a: str, sign: str, b: str) -> str:
    """Returns two expressions with an operator between, in brackets where they need them.

    Args:
      a, b: the expressions.
      sign: the operator.
    """
    if sign in ("+", "-") and ZERO in (b, a if sign == "+" else ""):
        return a if b == ZERO else b  # a number: it widens nothing
    if sign not in ("+", "-"):
        is_number = sign in ("*", "/") and a.startswith("-") and in_brackets(a[1:]) == a[1:]
        return f"{a if is_number else in_brackets(a)} {sign} {in_brackets(b)}"
    if sign == "+" and b.startswith("-") and _signs(b) <= {"*", "/"}:
        return binary(a, "-", b[1:])
    left = a if _signs(a) <= {"+", "-", "*", "/", "**"} else in_brackets(a)
    right = b if _signs(b) <= {"*", "/", "**"} and not b.startswith("-") else in_brackets(b)
    return f"{left} {sign} {right}"


def _signs(x: str) -> set[str]:
    """The operators of an expression outside of its brackets."""
    depth, outside = 0, ""
    for character in x:
        depth -= character in ")]}"
        outside += character if not depth else "_"
        depth += character in "([{"
    return {word for word in outside.split(" ")[1:] if not word.strip("+-*/<>=!&|@")}


def inlined(
    nodes: Sequence[d.Node], kept: Collection[str] = (), kinds: Collection[str] = INNER
) -> set[str]:
    """Returns the values that stand within a later line instead of on one of their own: what one
    node alone uses, with no line between, and what is known of shapes.

    Args:
      nodes: of a body, in order.
      kept: values that have a line of their own.
      kinds: of nodes that may stand within others.
    """
    uses, within = uses_of(nodes), of_shapes(nodes)
    sizes: dict[str, tuple[int, int]] = {}  # expressions of a line, and how deep its calls are
    waiting: list[str] = []  # values that no line stands behind
    for node in nodes:
        name = node.value.name
        if name in within:
            continue
        own = {x.name for x in node.inputs if isinstance(x, d.Value)}
        count, depth = 1, 1
        while waiting and waiting[-1] in own and node.kind in INNER and not _says_twice(node):
            more, deeper = sizes[waiting[-1]]
            if count + more > MOST or deeper >= DEEPEST:
                break
            is_call = node.kind != "op" or node.settings["type"] not in OPERATORS
            count, depth = count + more, max(depth, deeper + is_call)
            within.add(waiting.pop())
        if waiting and waiting[-1] in own:
            waiting = []  # it has a line, and all before it
        is_alone = node.kind in kinds and len(node.values) == 1 and uses[name] == 1
        waiting = [*waiting, name] if is_alone and name not in kept else []
        sizes[name] = count, depth
    return within


def _says_twice(node: d.Node) -> bool:
    """Whether what a node is given stands in its expression twice."""
    return node.kind == "op" and node.settings["type"] == "DivNoNan"


def uses_of(nodes: Sequence[d.Node]) -> Counter[str]:
    """Returns value -> how often nodes, and those inside of them, are given it."""
    every = d.walk(tuple(nodes))
    return Counter(x.name for node in every for x in node.inputs if isinstance(x, d.Value))


def used_next(nodes: Sequence[d.Node]) -> Iterator[tuple[str, d.Node, d.Node]]:
    """Yields each node with the one after it, and its value's name where that alone uses it."""
    uses = uses_of(nodes)
    for node, following in itertools.pairwise(nodes):
        name = node.value.name
        is_used = any(isinstance(x, d.Value) and x.name == name for x in following.inputs)
        is_alone = len(node.values) == 1 and uses[name] == 1
        yield (name if is_used and is_alone else ""), node, following


def of_shapes(nodes: Sequence[d.Node]) -> set[str]:
    """Returns the values that come of shapes alone: tf.shape(x)[0], [tf.shape(x)[0], 1]."""
    every = list(d.walk(tuple(nodes)))
    otherwise = {
        x.name
        for node in every
        for i, x in enumerate(node.inputs)
        if isinstance(x, d.Value) and not _takes_size(node, i)
    }
    names: set[str] = set()
    for node in every:
        if node.kind != "op" or len(node.values) != 1:
            continue
        type_, name = node.settings["type"], node.value.name
        parts = [x.name in names for x in node.inputs if isinstance(x, d.Value)]
        is_side = type_ == "StridedSlice" or (type_ == "Pack" and name not in otherwise)
        if type_ in SIZES or (is_side and parts and all(parts)):
            names.add(name)
    return names


def _takes_size(node: d.Node, place: int) -> bool:
    """Whether an input of a node is the size of something."""
    sized = {"Reshape": 1, "Tile": 1, "BroadcastTo": 1, "Fill": 0, "Conv2DBackpropInput": 0}
    type_ = node.settings.get("type", "") if node.kind == "op" else ""
    return (node.kind == "draw" and not place) or sized.get(type_) == place


def comment(value: d.Value, channels_first: bool = False) -> str:
    """Returns the comment that gives a value's shape.

    Args:
      value: whose shape it is.
      channels_first: whether maps are [N, C, H, W] in the port.
    """
    shape = value.shape
    if shape is None:
        return ""
    if channels_first and len(shape) == 4:
        shape = tuple(shape[i] for i in (0, 3, 1, 2))
    return f"  # [{', '.join('N' if n is None else str(n) for n in shape)}]"
