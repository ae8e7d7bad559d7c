"""Nodes as expressions of TensorFlow's functions: those that have a name of their own, and any
other op as `tf.raw_ops` has it, which is the same op."""

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from dcgan_v1.porting import description as d

BINARY = {
    **{"Add": "+", "AddV2": "+", "Sub": "-", "Mul": "*", "RealDiv": "/", "Div": "/"},
    **{"Greater": ">", "GreaterEqual": ">=", "Less": "<", "LessEqual": "<="},
}
FUNCTIONS = {
    **{"Square": "tf.square", "Sqrt": "tf.sqrt", "Rsqrt": "tf.math.rsqrt", "Exp": "tf.exp"},
    **{"Log": "tf.math.log", "Log1p": "tf.math.log1p", "Abs": "tf.abs", "Tanh": "tf.tanh"},
    **{"Sigmoid": "tf.sigmoid", "Relu": "tf.nn.relu", "OnesLike": "tf.ones_like"},
    **{"ZerosLike": "tf.zeros_like", "Maximum": "tf.maximum", "Minimum": "tf.minimum"},
    **{"Pow": "tf.pow", "L2Loss": "tf.nn.l2_loss", "StopGradient": "tf.stop_gradient"},
    **{"Floor": "tf.floor", "SelectV2": "tf.where", "Fill": "tf.fill"},
    **{"MatMul": "tf.matmul", "Reshape": "tf.reshape", "Shape": "tf.shape", "Tile": "tf.tile"},
    **{"SquaredDifference": "tf.math.squared_difference", "Softplus": "tf.nn.softplus"},
}
REDUCTIONS = {"Mean": "tf.reduce_mean", "Sum": "tf.reduce_sum", "Max": "tf.reduce_max"}
REDUCTIONS |= {"Min": "tf.reduce_min", "Prod": "tf.reduce_prod"}
UNARY = {
    **{"relu": "tf.nn.relu", "relu6": "tf.nn.relu6", "elu": "tf.nn.elu", "selu": "tf.nn.selu"},
    **{"tanh": "tf.tanh", "sigmoid": "tf.sigmoid", "softplus": "tf.nn.softplus"},
    **{"softsign": "tf.nn.softsign", "softmax": "tf.nn.softmax"},
    **{"log_softmax": "tf.nn.log_softmax"},
}
LARGEST_LITERAL = 2000  # elements of a constant that stands in the code
TYPES = {"float32", "float64"}
# attributes that say what raw_ops works out itself
WORKED_OUT = {"T", "N", "type", "_output_shapes", "Tidx", "Tshape", "Tdim", "Tpaddings", "Tperm"}
WORKED_OUT |= {"Tindices", "Tparams", "Taxis", "Index", "Tlen", "num", "Tmultiples", "Tlabels"}
WORKED_OUT |= {"SrcT", "index_type", "Tcond", "TI", "T1", "T2", "Treal", "explicit_paddings"}


class Printer:
    """Prints nodes.

    Args:
      values: value -> Python name.
      weight: TF1 variable -> expression.
    """

    def __init__(self, values: dict[str, str], weight: Callable[[str], str]) -> None:
        self.values, self.weight = values, weight
        self.waiting: dict[str, str] = {}  # value -> the expression that stands for it

    def made(self, node: d.Node) -> str:
        """Returns the left side of a node's line."""
        return ", ".join(self.values[v.name] for v in node.values)

    def operand(self, x: d.Operand) -> str:
        """Returns an operand."""
        if isinstance(x, d.Value):
            return self.waiting.get(x.name) or self.values[x.name]
        if isinstance(x, d.Weight):
            return self.weight(x.variable)
        if x.array.size > LARGEST_LITERAL:
            raise d.Refused(f"a constant of shape {list(x.array.shape)}: too large for a line")
        if x.array.dtype.kind == "f" and not np.isfinite(x.array).all():
            raise d.Refused("a constant that is not finite")
        number = x.number
        if number is not None and (not x.array.shape or x.array.dtype.kind == "f"):
            return repr(number)
        return str(x.array.tolist())

    def expression(self, node: d.Node) -> str:
        """Returns the right side of a node's line."""
        kind, s = node.kind, node.settings
        xs = [self.operand(x) for x in node.inputs]
        if kind in UNARY:
            return f"{UNARY[kind]}({xs[0]})"
        if kind == "leaky_relu":
            return f"tf.nn.leaky_relu({xs[0]}, {s['slope']})"
        if kind in ("flatten", "reshape"):
            inner = ", ".join(map(str, s["shape"]))
            return f"tf.reshape({xs[0]}, [-1, {inner}])"
        if kind == "concat":
            return f"tf.concat([{', '.join(xs)}], {s['axis']})"
        if kind in ("max_pool", "avg_pool"):
            words = f'{list(s["size"])}, {list(s["strides"])}, "{s["padding"].upper()}"'
            return f"tf.nn.{kind}2d({xs[0]}, {words})"
        if kind == "op":
            return self._op(node, xs)
        raise d.Refused(f"{kind} ({', '.join(node.ops)})")

    def _op(self, node: d.Node, xs: list[str]) -> str:
        s = node.settings
        type_ = s["type"]
        if type_ in BINARY and len(xs) == 2:
            return f"{_grouped(xs[0])} {BINARY[type_]} {_grouped(xs[1])}"
        if type_ == "Neg":
            return f"-{_grouped(xs[0])}"
        if type_ in REDUCTIONS:
            axes = node.inputs[1]
            rank = len(node.inputs[0].shape or ()) if isinstance(node.inputs[0], d.Value) else 0
            flat = (
                list(map(int, np.reshape(axes.array, -1))) if isinstance(axes, d.Constant) else None
            )
            is_all = flat is not None and rank and len(flat) == rank
            keep = ", keepdims=True" if s.get("keep_dims") else ""
            axis = "" if is_all else f", {flat if flat is not None else xs[1]}"
            return f"{REDUCTIONS[type_]}({xs[0]}{axis}{keep})"
        if type_ == "Select" and _shape_of(node.inputs[0]) == _shape_of(node.inputs[1]):
            return f"tf.where({', '.join(xs)})"  # a vector's condition would broadcast otherwise
        if type_ in FUNCTIONS and not (s.get("transpose_a") or s.get("transpose_b")):
            return f"{FUNCTIONS[type_]}({', '.join(xs)})"
        if type_ == "AddN":
            return f"tf.add_n([{', '.join(xs)}])"
        if type_ == "Pack":
            return f"tf.stack([{', '.join(xs)}], {s.get('axis', 0)})"
        if type_ == "Cast":
            to = "keras.config.floatx()" if s["DstT"] in TYPES else f'"{s["DstT"]}"'
            return f"tf.cast({xs[0]}, {to})"
        if (
            type_ == "StridedSlice"
            and xs[1:4] == ["[0]", "[1]", "[1]"]
            and s["shrink_axis_mask"] == 1
        ):
            return f"{_grouped(xs[0])}[0]"
        if (
            type_ == "StridedSlice"
            and [s["shrink_axis_mask"]] == [1]
            and isinstance(node.inputs[1], d.Constant)
            and node.inputs[1].array.size == 1
        ):
            return f"{_grouped(xs[0])}[{int(node.inputs[1].array.reshape(-1)[0])}]"
        return self._raw(node, xs)

    def _raw(self, node: d.Node, xs: list[str]) -> str:
        import tensorflow as tf

        type_ = node.settings["type"]
        from tensorflow.python.framework import op_def_registry

        definition = op_def_registry.get(type_)
        words: list[str] = []
        rest = list(xs)
        if any(argument.type_list_attr for argument in definition.input_arg):
            raise d.Refused(f"{type_} ({', '.join(node.ops)})")
        for argument in definition.input_arg:
            if argument.number_attr:
                more = len(definition.input_arg) - len(words) - 1
                taken, rest = rest[: len(rest) - more], rest[len(rest) - more :]
                words.append(f"{argument.name}=[{', '.join(taken)}]")
            else:
                words.append(f"{argument.name}={rest.pop(0)}")
        for name, value in node.settings.items():
            if (
                name not in WORKED_OUT
                and not name.startswith("_")
                and name in _attributes(definition)
            ):
                words.append(f"{name}={_literal(value)}")
        assert hasattr(tf.raw_ops, type_), type_
        return f"tf.raw_ops.{type_}({', '.join(words)})"


def _shape_of(x: d.Operand) -> tuple[int | None, ...] | None:
    return x.array.shape if isinstance(x, d.Constant) else x.shape


def _attributes(definition: Any) -> set[str]:
    types = {a.type_attr for a in definition.input_arg} | {
        a.number_attr for a in definition.input_arg
    }
    return {a.name for a in definition.attr} - types


def _literal(value: Any) -> str:
    return repr(value.tolist() if isinstance(value, np.ndarray) else value)


def _grouped(x: str) -> str:
    """Returns an expression as an operand: in brackets where it is a sum or the like."""
    depth = 0
    for character in x:
        depth += (character in "([{") - (character in ")]}")
        if character == " " and not depth:
            return f"({x})"
    return f"({x})" if x.startswith("-") else x


INNER = (*UNARY, "op", "leaky_relu")
DEEPEST = 3  # expressions within each other on a line


def inlined(nodes: Sequence[d.Node], layers: bool = False) -> set[str]:
    """Returns the values that stand within the next line instead of on one of their own: what
    the next node alone uses.

    Args:
      nodes: of a body.
      layers: whether they are of a network: an activation stands on its layer's line.
    """
    uses: dict[str, int] = {}
    for node in d.walk(tuple(nodes)):
        for x in node.inputs:
            if isinstance(x, d.Value):
                uses[x.name] = uses.get(x.name, 0) + 1
    found: set[str] = set()
    depth = 0
    for node, following in itertools.pairwise(nodes):
        name = node.value.name
        is_used = any(isinstance(x, d.Value) and x.name == name for x in following.inputs)
        fits = len(node.values) == 1 and uses.get(name) == 1 and is_used and depth < DEEPEST - 1
        if layers:
            fits = fits and bool(node.variables) and following.kind in (*UNARY, "leaky_relu")
        else:
            fits = fits and node.kind in INNER and following.kind in INNER
        depth = depth + 1 if fits else 0
        if fits:
            found.add(name)
    return found
