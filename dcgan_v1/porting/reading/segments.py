"""Finds each call of a network among the pieces.

By the weights it holds and by what lies between them. A network that a program built three times
is one, called three times."""

from dataclasses import dataclass, field
from typing import Any

from dcgan_v1.porting.description import Constant, Weight
from dcgan_v1.porting.reading.flow import Operand, Out, Piece

AFTER = (  # what may follow a network's last weights and still belong to it
    *("relu", "relu6", "leaky_relu", "elu", "selu", "tanh", "sigmoid", "softplus", "softsign"),
    *("softmax", "reshape", "flatten", "dropout", "batch_norm", "layer_norm"),
)
BEFORE = ("reshape", "flatten", "concat", "dropout")
BEFORE_OPS = ("Tile", "ExpandDims", "OneHot")  # what is done to labels
KERNELS = ("MatMul", "Conv2D", "Conv2DBackpropInput")
OUTSIDE = ("gradient", "input", "draw")
DYNAMIC = ("by", "draw", "shape")  # settings in which two calls of a network may differ


@dataclass(eq=False, repr=False)
class Call:
    """One call of a network: its pieces, each after what it needs."""

    network: str
    pieces: list[Piece]
    flow: int
    inputs: list[Operand] = field(default_factory=list)
    outputs: list[Out] = field(default_factory=list)


def calls(flows: list[list[Piece]], network_of: dict[str, str]) -> list[Call]:
    """Returns the calls of all networks in all flows.

    Args:
      flows: pieces of each run, in their order.
      network_of: variable -> network.
    """
    found: list[Call] = []
    for number, pieces in enumerate(flows):
        found += _components(pieces, network_of, number)
    for call in found:
        _bound(call)
    for name in dict.fromkeys(call.network for call in found):
        own = [call for call in found if call.network == name]
        others = {p for call in found if call.network != name for p in call.pieces}
        while _grown_after(own, flows, others):
            pass
        while _grown_before(own, others):
            pass
        for call in own:
            _bound(call)
    return found


def _owner(piece: Piece, network_of: dict[str, str]) -> str:
    names = [*piece.variables.values()]
    names += [x.variable for x in piece.inputs if isinstance(x, Weight)]
    owners = [network_of[n] for n in names if n in network_of]
    return owners[0] if owners else ""


def _components(pieces: list[Piece], network_of: dict[str, str], flow: int) -> list[Call]:
    fed: set[Piece] = set()
    own: dict[Piece, str] = {}
    up: dict[Piece, set[str]] = {}
    of_weights: dict[Piece, str] = {}  # whose weights a piece is made of
    for p in pieces:
        sources = [x.piece for x in p.inputs if isinstance(x, Out)]
        if p.kind in ("input", "draw") or any(s in fed for s in sources):
            fed.add(p)
        of_weights[p] = _owner(p, network_of) or next(
            (of_weights[s] for s in sources if s not in fed and of_weights[s]), ""
        )
        is_kernel_op = p.kind == "op" and p.settings["type"] in KERNELS
        owner = of_weights[p] if is_kernel_op else _owner(p, network_of)
        own[p] = owner if p in fed and p.kind not in OUTSIDE else ""
        above = set().union(*(up[s] for s in sources)) if sources else set()
        up[p] = {own[p]} if own[p] else set() if p.kind in OUTSIDE else above
    down: dict[Piece, set[str]] = {}
    for p in reversed(pieces):
        below = set().union(*(down[u] for u in p.users if u in down)) if p.users else set()
        down[p] = {own[p]} if own[p] else set() if p.kind in OUTSIDE else below
    member = {p: own[p] or next(iter(sorted(up[p] & down[p])), "") for p in pieces}
    root: dict[Piece, Piece] = {p: p for p in pieces}

    def find(p: Piece) -> Piece:
        while root[p] is not p:
            p = root[p]
        return p

    for p in pieces:
        for x in p.inputs:
            if isinstance(x, Out) and member[p] and member[x.piece] == member[p]:
                root[find(p)] = find(x.piece)
    for p in reversed(pieces):  # what is made of weights alone, for one call
        users = {find(u) for u in p.users}
        if p.kind not in OUTSIDE and p not in fed and len(users) == 1 and p.users:
            (call,) = users
            if member[call]:
                member[p], root[p] = member[call], call
    grouped: dict[Piece, list[Piece]] = {}
    for p in pieces:
        if member[p]:
            grouped.setdefault(find(p), []).append(p)
    return [Call(member[ps[0]], ps, flow) for ps in grouped.values()]


def _bound(call: Call) -> None:
    """Works out a call's inputs and outputs, and brings its pieces into an order of their own."""
    inside = set(call.pieces)
    ends = [p for p in call.pieces if not p.users or any(u not in inside for u in p.users)]
    ordered: list[Piece] = []

    def visit(p: Piece) -> None:
        if p in inside and p not in ordered:
            for x in p.inputs:
                if isinstance(x, Out):
                    visit(x.piece)
            ordered.append(p)

    for p in ends:
        visit(p)
    call.pieces = ordered
    call.inputs, call.outputs = [], []
    for p in ordered:
        for x in p.inputs:
            if isinstance(x, Out) and x.piece not in inside and x not in call.inputs:
                call.inputs.append(x)
    for p in ends:
        used = {
            x.index
            for u in p.users
            if u not in inside
            for x in u.inputs
            if isinstance(x, Out) and x.piece is p
        }
        call.outputs += [Out(p, i) for i in sorted(used or {0})]


def _grown_after(own: list[Call], flows: list[list[Piece]], others: set[Piece]) -> bool:
    """Takes in an activation that follows every call, and is no other network's."""
    following = []
    for call in own:
        _bound(call)
        if len(call.outputs) != 1:
            return False
        users = [u for u in call.outputs[0].piece.users if u in set(flows[call.flow])]
        if len(set(users)) != 1 or users[0].kind not in AFTER or users[0].variables:
            return False
        if users[0] in others:
            return False
        following.append(users[0])
    if len({_key(p) for p in following}) != 1:
        return False
    for call, piece in zip(own, following, strict=True):
        call.pieces.append(piece)
    return True


def _grown_before(own: list[Call], others: set[Piece]) -> bool:
    """Takes in a reshape or the like before every call, that is no other network's."""
    for call in own:
        _bound(call)
    if len({len(call.inputs) for call in own}) != 1:
        return False
    for i in range(len(own[0].inputs)):
        leading = [x.piece for call in own for x in [call.inputs[i]] if isinstance(x, Out)]
        if len(leading) < len(own) or len({_key(p) for p in leading}) != 1:
            continue
        is_leading = leading[0].kind in BEFORE or leading[0].settings.get("type") in BEFORE_OPS
        if not is_leading or others & set(leading):
            continue
        if all(
            len(set(p.users) - set(call.pieces)) == 0 for p, call in zip(leading, own, strict=True)
        ):
            for call, piece in zip(own, leading, strict=True):
                call.pieces.insert(0, piece)
            return True
    return False


def _key(piece: Piece) -> str:
    settings = {k: v for k, v in piece.settings.items() if k not in DYNAMIC}
    return f"{piece.kind} {sorted(settings.items(), key=str)} {len(piece.inputs)}"


def signature(call: Call) -> tuple[Any, ...]:
    """Returns what two calls of one function have alike."""
    place = {p: i for i, p in enumerate(call.pieces)}

    def operand(x: Operand) -> object:
        if isinstance(x, Constant):
            return x
        if isinstance(x, Weight):
            return x.variable
        if x.piece in place:
            return place[x.piece], x.index
        return "input", call.inputs.index(x)

    rows = []
    for p in call.pieces:
        weights = {k: v for k, v in p.variables.items() if k not in ("mean", "variance")}
        inputs = tuple(operand(x) for x in p.inputs)
        rows.append((_key(p), tuple(sorted(weights.items())), inputs))
    return tuple(rows)


def makers(calls: list[Call]) -> list[tuple[str, set[str]]]:
    """Returns each call's network, with the networks that made what the call is given."""
    of_piece = {p: call.network for call in calls for p in call.pieces}
    given = [{x.piece for x in call.inputs if isinstance(x, Out)} for call in calls]
    return [
        (call.network, {of_piece[p] for p in pieces if p in of_piece})
        for call, pieces in zip(calls, given, strict=True)
    ]


def output_places(call: Call) -> list[tuple[int, int]]:
    """Returns (number of the piece, of its output) for each output of a call."""
    place = {p: i for i, p in enumerate(call.pieces)}
    return [(place[x.piece], x.index) for x in call.outputs]
