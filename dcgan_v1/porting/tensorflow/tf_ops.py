"""Writes nodes as expressions of TensorFlow's functions.

Those that have a name of their own, and any other op as `tf.raw_ops` has it: the same op."""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from dcgan_v1.porting import description as d
from dcgan_v1.porting.text.printing import (
    OPERATORS,
    Names,
    binary,
    constants,
    in_brackets,
    number_throughout,
    rank_of,
    square,
)
from dcgan_v1.porting.text.slicing import index_of

FUNCTIONS = {
    **{"Square": "tf.square", "Sqrt": "tf.sqrt", "Rsqrt": "tf.math.rsqrt", "Exp": "tf.exp"},
    **{"Log": "tf.math.log", "Log1p": "tf.math.log1p", "Abs": "tf.abs", "Tanh": "tf.tanh"},
    **{"Sigmoid": "tf.sigmoid", "Relu": "tf.nn.relu", "OnesLike": "tf.ones_like"},
    **{"ZerosLike": "tf.zeros_like", "Maximum": "tf.maximum", "Minimum": "tf.minimum"},
    **{"L2Loss": "tf.nn.l2_loss", "StopGradient": "tf.stop_gradient"},
    **{"Floor": "tf.floor", "SelectV2": "tf.where", "Fill": "tf.fill"},
    **{
        "ExpandDims": "tf.expand_dims",
        "MatMul": "tf.matmul",
        "Reshape": "tf.reshape",
        "Shape": "tf.shape",
        "Tile": "tf.tile",
    },
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
OWN = {  # functions of the port's: forms of a leaky ReLU, rows beside maps
    "leaky_max": '''\
def leaky_max(x, slope):
    """Leaky ReLU whose derivative at 0 is 1, as TF1's maximum has it, and not the slope."""
    return tf.maximum(x, slope * x)
''',
    "leaky_abs": '''\
def leaky_abs(x, slope):
    """Leaky ReLU whose derivative at 0 is halfway, as TF1's sum with |x| has it."""
    return (1 + slope) / 2 * x + (1 - slope) / 2 * tf.abs(x)
''',
    "leaky_min": '''\
def leaky_min(x, slope):
    """Leaky ReLU whose derivative at 0 is 0, as TF1's minimum with 0 has it, and not the slope."""
    return tf.maximum(tf.minimum(tf.zeros_like(x), slope * x), x)
''',
    "beside_pixels": '''\
def beside_pixels(maps, rows):
    """Puts rows, [N, k], beside each pixel of maps, [N, H, W, C]."""
    rows = tf.tile(rows[:, None, None], [1, *maps.shape[1:3], 1])
    return tf.concat([maps, rows], -1)
''',
}
RESIZES = {  # as TF1 has them: where pixels have their centres is not as tf.image.resize has it
    **{"ResizeBilinear": "resize_bilinear", "ResizeBicubic": "resize_bicubic"},
    "ResizeNearestNeighbor": "resize_nearest_neighbor",
}
TYPES = {"float32", "float64"}
# attributes that say what raw_ops works out itself
WORKED_OUT = {"T", "N", "type", "_output_shapes", "Tidx", "Tshape", "Tdim", "Tpaddings", "Tperm"}
WORKED_OUT |= {"Tindices", "Tparams", "Taxis", "Index", "Tlen", "num", "Tmultiples", "Tlabels"}
WORKED_OUT |= {"SrcT", "index_type", "Tcond", "TI", "T1", "T2", "Treal", "explicit_paddings"}


class Printer(Names):
    """Prints nodes.

    Args:
      values: value -> Python name.
      weight: TF1 variable -> expression.
      floats: expression of the dtype that the port computes in.
    """

    def __init__(self, values: dict[str, str], weight: Callable[[str], str], floats: str) -> None:
        super().__init__(values, weight)
        self.floats = floats

    def constant(self, x: d.Constant) -> str:
        """Returns a constant; an array of one number as such."""
        number = number_throughout(x)
        if number is None:
            return super().constant(x)
        return f"tf.constant({number}, {self.floats}, {list(x.shape)})"

    def of_kind(self, node: d.Node) -> str:
        """See `Names`."""
        kind, s = node.kind, node.settings
        xs = [self.operand(x) for x in node.inputs]
        if kind == "op":
            untyped = _untyped(node)
            xs[:untyped] = [self._typed(*x) for x in zip(node.inputs[:untyped], xs, strict=False)]
        if kind in UNARY:
            return f"{UNARY[kind]}({xs[0]})"
        if kind == "leaky_relu":
            return f"{s.get('form', 'tf.nn.leaky_relu')}({xs[0]}, {s['slope']})"
        if kind in ("flatten", "reshape"):
            inner = ", ".join(map(str, s["shape"]))
            return f"tf.reshape({xs[0]}, [-1, {inner}])"
        if kind == "beside_pixels":
            return f"beside_pixels({xs[0]}, {xs[1]})"
        if kind == "concat":
            return f"tf.concat([{', '.join(xs)}], {s['axis']})"
        if kind in ("max_pool", "avg_pool"):
            words = f'{square(s["size"])}, {square(s["strides"])}, "{s["padding"].upper()}"'
            return f"tf.nn.{kind}2d({xs[0]}, {words})"
        if kind == "op":
            return self._op(node, xs)
        raise d.Refused(kind)

    def _typed(self, x: d.Operand, said: str) -> str:
        """Numbers with the dtype that the port computes in."""
        is_bare = isinstance(x, d.Constant) and x.array.dtype.kind == "f"
        is_bare = is_bare and not said.startswith("tf.constant(")
        return f"tf.constant({said}, {self.floats})" if is_bare else said

    def _op(self, node: d.Node, xs: list[str]) -> str:
        s = node.settings
        type_ = s["type"]
        if type_ in OPERATORS and len(xs) == 2:
            return binary(xs[0], OPERATORS[type_], xs[1])
        if type_ == "Neg":
            return f"-{in_brackets(xs[0])}"
        if type_ in REDUCTIONS:
            flat, rank = constants(node.inputs[1]), rank_of(node.inputs[0])
            is_all = flat is not None and rank and len(flat) == rank
            keep = ", keepdims=True" if s.get("keep_dims") else ""
            axis = "" if is_all else f", {flat if flat is not None else xs[1]}"
            return f"{REDUCTIONS[type_]}({xs[0]}{axis}{keep})"
        if type_ in FUNCTIONS and not (s.get("transpose_a") or s.get("transpose_b")):
            return f"{FUNCTIONS[type_]}({', '.join(xs)})"
        if type_ == "Squeeze":
            axes = list(s.get("squeeze_dims") or ())
            return f"tf.squeeze({xs[0]}{f', {axes}' if axes else ''})"
        if type_ == "AddN":
            return binary(xs[0], "+", xs[1]) if len(xs) == 2 else f"tf.add_n([{', '.join(xs)}])"
        if type_ == "Pack":
            sizes = [not isinstance(x, d.Value) or x.name in self.waiting for x in node.inputs]
            if all(sizes) and node.value.dtype.startswith("int"):
                return f"[{', '.join(xs)}]"
            return f"tf.stack([{', '.join(xs)}], {s.get('axis', 0)})"
        if type_ == "Cast":
            to = self.floats if s["DstT"] in TYPES else f'"{s["DstT"]}"'
            return f"tf.cast({xs[0]}, {to})"
        if type_ in ("Slice", "StridedSlice") and (index := index_of(node)) is not None:
            return f"{in_brackets(xs[0])}[{index}]"
        if type_ == "ResizeNearestNeighbor" and _repeats_pixels(node):
            return f'tf.image.resize({xs[0]}, {xs[1]}, "nearest")'
        if type_ in RESIZES:
            told = [
                f", {name}=True" for name in ("align_corners", "half_pixel_centers") if s.get(name)
            ]
            return f"tf.compat.v1.image.{RESIZES[type_]}({xs[0]}, {xs[1]}{''.join(told)})"
        return self._raw(node, xs)

    def _raw(self, node: d.Node, xs: list[str]) -> str:
        import tensorflow as tf

        type_ = node.settings["type"]
        from tensorflow.python.framework import op_def_registry

        definition = op_def_registry.get(type_)
        assert hasattr(tf.raw_ops, type_), type_
        named = list(inspect.signature(getattr(tf.raw_ops, type_)).parameters)
        words: list[str] = []
        rest = list(xs)
        if any(argument.type_list_attr for argument in definition.input_arg):
            raise d.Refused(type_)
        for i, argument in enumerate(definition.input_arg):
            name = argument.name if argument.name in named else named[i]  # ExpandDims' 'dim': axis
            if argument.number_attr:
                more = len(definition.input_arg) - len(words) - 1
                taken, rest = rest[: len(rest) - more], rest[len(rest) - more :]
                words.append(f"{name}=[{', '.join(taken)}]")
            else:
                words.append(f"{name}={rest.pop(0)}")
        usual = _attributes(definition)
        for name, value in node.settings.items():
            if name in usual and name not in WORKED_OUT and not name.startswith("_"):
                said = _literal(value)
                words += [f"{name}={said}"] if said != _literal(usual[name]) else []
        return f"tf.raw_ops.{type_}({', '.join(words)})"


def _untyped(node: d.Node) -> int:
    """How many operands of an op, from the first, TensorFlow would take for float32 where they are
    Python's numbers: those before the first tensor of floats, and all of a list. An operator asks
    the tensor on either side."""
    typed = [i for i, x in enumerate(node.inputs) if _has_own_dtype(x)]
    type_, count = node.settings["type"], len(node.inputs)
    if not typed or (type_ == "AddN" and count > 2):
        return count
    return 0 if type_ in (*OPERATORS, "AddN") else typed[0]


def _has_own_dtype(x: d.Operand) -> bool:
    """Whether an operand is a tensor of floats."""
    return isinstance(x, d.Weight) or (isinstance(x, d.Value) and x.dtype.startswith("float"))


def _repeats_pixels(node: d.Node) -> bool:
    """Whether a resizing makes so many of each pixel: where pixels have their centres is all one
    then, and tf.image.resize has them elsewhere than TF1."""
    before, after = node.inputs[0].shape, constants(node.inputs[1])
    if before is None or len(before) != 4 or after is None or node.settings.get("align_corners"):
        return False
    return all(n and m % n == 0 for n, m in zip(before[1:3], after, strict=True))


def _attributes(definition: Any) -> dict[str, Any]:
    """An op's attributes that its inputs do not settle -> their defaults, None for none."""
    from dcgan_v1.porting.graphs.opening import value_of

    settled = {a.type_attr for a in definition.input_arg}
    settled |= {a.number_attr for a in definition.input_arg}
    return {a.name: value_of(a.default_value) for a in definition.attr if a.name not in settled}


def _literal(value: Any) -> str:
    return repr(value.tolist() if isinstance(value, np.ndarray) else value)
