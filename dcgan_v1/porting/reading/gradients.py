"""The ops that tf.gradients made: under which scope, of which tensor, and by which."""

import re

from dcgan_v1.porting.graphs.graph import Graph, Op, Tensor, through

GRADIENTS = re.compile(r"^((?:.*/)?gradients(?:_\d+)?)/(.+)$")


def scope_of(op: Op, named: list[str]) -> str | None:
    """Returns the scope of gradients that an op is under, None for none.

    Args:
      op: of a graph.
      named: the graph's `scopes`.
    """
    match = GRADIENTS.match(op.name)
    if match:
        return match[1]
    return next((scope for scope in named if op.name.startswith(f"{scope}/")), None)


def scopes(graph: Graph) -> list[str]:
    """Returns the scopes that tf.gradients put its ops under, by a name that it was given: what
    such an op is called after lies outside of them."""
    found: dict[str, None] = {}
    for name in graph.ops:
        head, is_of, _ = name.partition("_grad/")
        if is_of and not GRADIENTS.match(name):
            words = head.split("/")
            places = (i for i in range(1, len(words)) if "/".join(words[i:]) in graph.ops)
            if (place := next(places, 0)) > 0:
                found["/".join(words[:place])] = None
    return sorted(found, key=len)


def of(graph: Graph, scope: str) -> Tensor | None:
    """Returns the tensor whose gradients `tf.gradients` put under a scope."""
    for name, op in graph.ops.items():
        if not name.startswith(f"{scope}/") or op.type not in ("Fill", "Const", "OnesLike"):
            continue
        if not name.rpartition("/")[2].startswith(("Fill", "grad_ys_", "Const", "ones_like")):
            continue
        for output in op.outputs:
            for user in output.users:
                inner = user.name.removeprefix(f"{scope}/")
                if "_grad/" in inner:
                    y = inner.partition("_grad/")[0]
                    if y in graph.ops and graph.ops[y].outputs:
                        return graph.ops[y].output
    return None


def taken_by(graph: Graph, tensor: Tensor, scope: str) -> Tensor | None:
    """Returns the tensor that a gradient is taken by: the input of the op it comes back from."""
    op = tensor.op
    parts = op.inputs if op.type == "AddN" else [tensor]
    candidates: list[set[Tensor]] = []
    for part in parts:
        inner = part.op.name.removeprefix(f"{scope}/")
        of = graph.ops.get(inner.partition("_grad/")[0])
        if of is None:
            return None
        number = re.search(r"control_dependency(?:_(\d+))?$", part.op.name)
        if number and len(of.inputs) > int(number[1] or 0):
            candidates.append({through(of.inputs[int(number[1] or 0)])})
        else:
            fitting = [t for t in of.inputs if t.shape == tensor.shape]
            candidates.append({through(t) for t in fitting or of.inputs[:1]})
    common = set.intersection(*candidates) if candidates else set()
    return next(iter(common)) if len(common) == 1 else None
