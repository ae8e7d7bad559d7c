"""Finds the ops that are gradients of another, of any order, by what they take, not by names."""

from collections.abc import Iterable
from typing import NamedTuple

from tensorflow.core.framework.node_def_pb2 import NodeDef

from dcgan_v1.errors import UserError

Nodes = dict[str, NodeDef]
IDENTITY = "Identity"


class Gradient(NamedTuple):
    """The op of an activation's gradient.

    Attributes:
      op: its type; above: which of its inputs comes from above.
      takes_input: whether the other one is the activation's input, and not its output.
    """

    op: str
    above: int = 0
    takes_input: bool = False


GRADIENTS = {  # activations that can take each other's place -> the op of their gradient
    "Relu": Gradient("ReluGrad"),
    "Relu6": Gradient("Relu6Grad"),
    "LeakyRelu": Gradient("LeakyReluGrad", takes_input=True),
    "Elu": Gradient("EluGrad"),
    "Softplus": Gradient("SoftplusGrad", takes_input=True),
    "Sigmoid": Gradient("SigmoidGrad", above=1),
    "Tanh": Gradient("TanhGrad", above=1),
    IDENTITY: Gradient(IDENTITY),
}
ROLES = {  # convolutions -> the places of what is folded, of the kernel, of what comes from above
    "Conv2D": {"x": 0, "kernel": 1},
    "Conv2DBackpropInput": {"kernel": 1, "above": 2},
    "Conv2DBackpropFilter": {"x": 0, "above": 2},
}


def of_activation(nodes: Nodes, node: NodeDef) -> list[NodeDef]:
    """Returns the ops of an activation's gradients.

    Args:
      nodes: of a graph by name.
      node: the activation.

    Raises:
      UserError: another of its kind has the same input, and gradients go by the input.
    """
    kind, x = GRADIENTS[node.op], plain(node.input[0])
    by_input = kind.takes_input or node.op == "Relu6"  # that of early versions takes its input
    own = {*([x] if by_input else []), *([] if kind.takes_input else [node.name])}
    place = 1 - kind.above
    found = [o for o in nodes.values() if o.op == kind.op and plain(o.input[place]) in own]
    alike = [o for o in nodes.values() if o.op == node.op and plain(o.input[0]) == x]
    if len(alike) > 1 and any(plain(o.input[place]) == x for o in found):
        raise UserError(f"{node.name} is not the only {node.op} of {x}: gradients tell no one")
    return found


def have_gradients(nodes: Nodes, gradients: Iterable[NodeDef], activation: str) -> bool:
    """Whether there is a gradient of an activation's gradients: one is made of another, or what
    comes to one from above is multiplied, as it is where the second derivative is not 0.

    Args:
      nodes: of a graph by name.
      gradients: see `of_activation`; activation: its type.
    """
    by_name = {g.name: g for g in gradients}
    kind = GRADIENTS[activation]
    coming = {plain(g.input[kind.above]) for g in by_name.values()}
    if any(n.op == "Mul" and coming & set(map(plain, n.input)) for n in nodes.values()):
        return True
    return any(_above(nodes, g) & (by_name.keys() - {g.name}) for g in by_name.values())


def of_convolution(nodes: Nodes, node: NodeDef) -> list[NodeDef]:
    """Returns a convolution and the ops of its gradients, of any order. All that fold by one kernel
    are among them; a kernel's gradient takes the images of one, and what comes to it from above.

    Args:
      nodes: of a graph by name.
      node: the convolution, or a transposed one.
    """
    convolutions = [n for n in nodes.values() if n.op in ROLES]
    kernel = plain(node.input[ROLES[node.op]["kernel"]])
    own = [n for n in convolutions if _role(n, "kernel") == kernel]
    found = list(own)
    for other in convolutions:
        if "kernel" in ROLES[other.op]:
            continue
        shared = [any(_role(n, r) == _role(other, r) for n in own) for r in ("x", "above")]
        lone = [
            not any(_role(n, r) == _role(other, r) for n in convolutions if n not in (*own, other))
            for r in ("x", "above")
        ]
        if all(shared) or (any(shared) and all(s or o for s, o in zip(shared, lone, strict=True))):
            found.append(other)
    return found


def _role(node: NodeDef, role: str) -> str | None:
    place = ROLES[node.op].get(role)
    return None if place is None else plain(node.input[place])


def _above(nodes: Nodes, node: NodeDef) -> set[str]:
    """Names of all that a node is made of."""
    seen: set[str] = set()
    waiting = [node.name]
    while waiting:
        for tensor in nodes[waiting.pop()].input:
            name = tensor.partition(":")[0]
            if not name.startswith("^") and name in nodes and name not in seen:
                seen.add(name)
                waiting.append(name)
    return seen


def plain(tensor: str) -> str:
    """Returns a tensor's name, that of an op's first output without ':0'."""
    return tensor.removesuffix(":0")


def is_inside(name: str, op: str) -> bool:
    """Whether a name is of an op that TensorFlow made for the gradient of another, in whichever
    scope both were imported.

    Args:
      name, op: of both.
    """
    scopes = op.split("/")
    for number in range(len(scopes)):
        scope, own = "/".join(scopes[:number]), "/".join(scopes[number:])
        inner = name.removeprefix(f"{scope}/") if scope else name
        if (not scope or inner != name) and f"/{own}_grad/" in f"/{inner}":
            return True
    return False
