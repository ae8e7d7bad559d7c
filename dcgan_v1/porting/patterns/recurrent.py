"""How recurrent layers look in a TF1 graph: the loop of tf.nn.dynamic_rnn; see `patterns`."""

from dcgan_v1.porting.graphs.graph import Op, Tensor, through, variable_of
from dcgan_v1.porting.graphs.matching import ADD, Match, Number, match, number_of


def lstm(y: Tensor) -> Match | None:
    """BasicLSTMCell or LSTMCell in tf.nn.dynamic_rnn, all its outputs: [N, T, units]."""
    h = _written(_untransposed(y))
    gates = _gates(h) if h is not None else None
    if h is None or gates is None:
        return None
    split, forget = gates
    linear = match(through(split.inputs[1]), ("BiasAdd", ("MatMul", "xh", "kernel"), "bias"))
    if linear is None or linear["xh"].op.type != "ConcatV2":
        return None
    step, before = (through(t) for t in linear["xh"].op.inputs[:2])
    x = _untransposed(_scattered(step))
    kernel, bias = variable_of(linear["kernel"]), variable_of(linear["bias"])
    if x is None or kernel is None or bias is None or not _begins_with_zeros(before, h):
        return None
    settings = {"units": (y.shape or (0,))[-1], "forget": forget}
    return Match("lstm", [x], settings, {"kernel": kernel, "bias": bias})


def _untransposed(y: Tensor | None) -> Tensor | None:
    """What [T, N, ...] was made of, or makes, as [N, T, ...]."""
    op = through(y).op if y is not None else None
    perm = op.inputs[1].array if op is not None and op.type == "Transpose" else None
    if op is None or perm is None or list(perm) != [1, 0, 2]:
        return None
    return through(op.inputs[0])


def _written(y: Tensor | None) -> Tensor | None:
    """What a loop writes, at each turn, into the array that a tensor gathers."""
    if y is None or y.op.type != "TensorArrayGatherV3":
        return None
    write = _round(through(y.op.inputs[2]))
    return through(write.inputs[2]) if write and write.type == "TensorArrayWriteV3" else None


def _round(leaving: Tensor) -> Op | None:
    """The op whose result a loop leaves with: Exit of Switch of Merge of what comes round."""
    op = leaving.op
    for type_ in ("Exit", "Switch", "Merge"):
        if op.type != type_ or op.inputs[0] is None:
            return None
        op = op if type_ == "Merge" else op.inputs[0].op
    following = _following(op)
    return following.op if following is not None else None


def _following(merge: Op) -> Tensor | None:
    """What a Merge of a loop is given at the next turn."""
    for t in merge.inputs:
        if t is not None and t.op.type == "NextIteration":
            return through(t.op.inputs[0])
    return None


def _gates(h: Tensor) -> tuple[Op, float] | None:
    """The Split into i, j, f, o that h is made of, and what is added to f."""
    outer = match(h, ("Mul", ("Tanh", "c"), ("Sigmoid", "o")))
    inner = outer and match(
        outer["c"],
        (
            ADD,
            ("Mul", "before", ("Sigmoid", (ADD, "f", Number("forget")))),
            ("Mul", ("Sigmoid", "i"), ("Tanh", "j")),
        ),
    )
    if not outer or not inner:
        return None
    parts = [inner["i"], inner["j"], inner["f"], outer["o"]]
    split = parts[0].op
    if split.type != "Split" or any(t.op is not split for t in parts):
        return None
    if [t.index for t in parts] != [0, 1, 2, 3] or not _begins_with_zeros(
        inner["before"], outer["c"]
    ):
        return None
    return split, inner["forget"]


def _scattered(step: Tensor) -> Tensor | None:
    """The array [T, N, ...] of which a turn reads a row."""
    if step.op.type != "TensorArrayReadV3":
        return None
    scatter = through(step.op.inputs[2]).op
    while scatter.type == "Enter":
        scatter = through(scatter.inputs[0]).op
    return through(scatter.inputs[2]) if scatter.type == "TensorArrayScatterV3" else None


def _begins_with_zeros(state: Tensor, after: Tensor) -> bool:
    """Whether a state of a loop begins with zeros, and becomes `after` at every turn."""
    switch = through(state).op
    merge = switch.inputs[0].op if switch.type == "Switch" else switch
    if merge.type != "Merge" or _following(merge) is not after:
        return False
    starts = [t for t in merge.inputs if t is not None and t.op.type == "Enter"]
    return len(starts) == 1 and number_of(starts[0].op.inputs[0]) == 0
