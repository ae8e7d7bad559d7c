"""Prints graph nodes as PyTorch expressions; `layout` says how feature maps are held."""

from collections.abc import Callable
from typing import Any

from dcgan_v1.porting import description as d
from dcgan_v1.porting.patterns import activations as patterns
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
from dcgan_v1.porting.torch import functions as torch_functions
from dcgan_v1.porting.torch import layout
from dcgan_v1.porting.torch import shapes as torch_shapes

BINARY = {
    **OPERATORS,
    "FloorDiv": "//",
    **{"Equal": "==", "NotEqual": "!=", "LogicalAnd": "&", "LogicalOr": "|"},
}
UNARY = {
    **{"Square": "torch.square", "Sqrt": "torch.sqrt", "Rsqrt": "torch.rsqrt", "Exp": "torch.exp"},
    **{"Log": "torch.log", "Log1p": "torch.log1p", "Abs": "torch.abs", "Floor": "torch.floor"},
    **{"OnesLike": "torch.ones_like", "ZerosLike": "torch.zeros_like", "Sign": "torch.sign"},
    **{"Round": "torch.round", "Sin": "torch.sin", "Cos": "torch.cos", "Erf": "torch.erf"},
    **{"Reciprocal": "torch.reciprocal", "Inv": "torch.reciprocal", "Ceil": "torch.ceil"},
    **{"LogicalNot": "torch.logical_not", "IsNan": "torch.isnan", "Expm1": "torch.expm1"},
}
ACTIVATIONS = {
    **{"relu": "F.relu({})", "relu6": "F.relu6({})", "elu": "F.elu({})", "selu": "F.selu({})"},
    **{"tanh": "torch.tanh({})", "sigmoid": "torch.sigmoid({})", "softsign": "F.softsign({})"},
    "softplus": "F.softplus({}, threshold=40)",  # above it torch takes the line for the curve
}
LEAKY = "F.leaky_relu({}, {})"
REDUCTIONS = {"Mean": "mean", "Sum": "sum", "Max": "amax", "Min": "amin", "Prod": "prod"}
REDUCTIONS |= {"All": "all", "Any": "any"}
WHOLE = {"amax": "max", "amin": "min"}  # of all axes


class Printer(Names):
    """Prints nodes.

    Args:
      values: value -> Python name.
      weight: TF1 variable -> expression, in TF1's order of axes.
      nodes: value -> the node that makes it.
    """

    def __init__(
        self, values: dict[str, str], weight: Callable[[str], str], nodes: dict[str, d.Node]
    ) -> None:
        super().__init__(values, weight)
        self.nodes = nodes

    def made(self, node: d.Node) -> str:
        """Returns the left side of a node's line: of an op's outputs, the first."""
        is_first = node.kind == "op" and node.settings["type"] not in torch_shapes.PARTS
        return self.values[node.value.name] if is_first else super().made(node)

    def constant(self, x: d.Constant) -> str:
        """Returns a constant; arrays are tensors."""
        number = number_throughout(x)
        if number is not None:
            return f"torch.full({x.shape}, {number})"
        text = super().constant(x)
        return f"torch.tensor({text})" if x.shape else text

    def operand(self, x: d.Operand) -> str:
        """Returns an operand as it is held; what has four axes and is no value, brought there."""
        text = super().operand(x)
        return text if isinstance(x, d.Value) else layout.from_tf(text, x)

    def as_tf(self, x: d.Operand) -> str:
        """Returns an operand in TF1's order of axes."""
        return layout.as_tf(self.operand(x), x)

    def of_kind(self, node: d.Node) -> str:
        """See `Names`."""
        kind, s = node.kind, node.settings
        if kind in (*ACTIVATIONS, "softmax", "log_softmax"):
            return self._activation(kind, node)
        if kind == "leaky_relu":
            if "form" in s:
                return f"{s['form']}({self.operand(node.inputs[0])}, {s['slope']})"
            return LEAKY.format(self.operand(node.inputs[0]), s["slope"])
        if kind in ("flatten", "reshape"):
            return torch_shapes.reshape(self, node, (-1, *s["shape"]))
        if kind == "beside_pixels":
            return f"beside_pixels({', '.join(map(self.operand, node.inputs))})"
        if kind == "concat":
            return torch_shapes.concat(self, node, node.inputs, s["axis"])
        if kind in ("max_pool", "avg_pool"):
            return self.pool(node, kind, s)
        if kind == "op":
            return self._op(node, s["type"])
        raise d.Refused(kind)

    def _activation(self, kind: str, node: d.Node) -> str:
        x = node.inputs[0]
        if kind in ("softmax", "log_softmax"):
            return f"F.{kind}({self.operand(x)}, {1 if rank_of(x) == 4 else -1})"
        return ACTIVATIONS[kind].format(self.operand(x))

    def pool(self, node: d.Node, kind: str, s: dict[str, Any]) -> str:
        """Returns max_pool or avg_pool of settings as layers have them.

        Args:
          node: the pooling.
          kind: 'max_pool' or 'avg_pool'.
          s: its settings.
        """
        x = self.operand(node.inputs[0])
        pad = layout.pads(node.inputs[0].shape, s)
        size = square(s["size"])
        words = size if s["size"] == s["strides"] else f"{size}, {square(s['strides'])}"
        if kind == "max_pool":
            inside = layout.with_pads(x, pad, 'float("-inf")')
            return f"F.max_pool2d({inside}, {words})"
        whole = f"F.avg_pool2d({layout.with_pads(x, pad)}, {words})"
        if pad == ((0, 0), (0, 0)):
            return whole
        ones = layout.with_pads(f"torch.ones_like({x})", pad)
        return f"{whole} / F.avg_pool2d({ones}, {words})"  # what SAME adds is not counted

    # ---- ops ----

    def _op(self, node: d.Node, type_: str) -> str:
        rank, xs = rank_of(node.value), node.inputs
        if type_ in patterns.UNARY:
            return self._activation(patterns.UNARY[type_], node)
        if type_ in UNARY:
            return f"{UNARY[type_]}({self.operand(xs[0])})"
        if type_ in BINARY and len(xs) == 2:
            a, b = (layout.broadcast(self.operand(x), x, rank) for x in xs)
            return binary(a, BINARY[type_], b)
        if type_ in REDUCTIONS:
            return self._reduction(node, REDUCTIONS[type_])
        if type_ in torch_functions.OPS:
            return torch_functions.OPS[type_](self, node)
        moved = torch_shapes.of_op(self, node)
        if moved is None:
            raise d.Refused(f"{type_}, for which PyTorch has no rule here")
        return moved

    def _reduction(self, node: d.Node, function: str) -> str:
        x, axes = node.inputs[0], constants(node.inputs[1])
        rank, text = rank_of(x), in_brackets(self.operand(x))
        if x.shape == () and not axes:
            return text  # a number is its own sum
        if axes is None or not rank:
            raise d.Refused(f"{node.settings['type']} over axes that are no numbers")
        axes = [axis % rank for axis in axes]
        keep = ", keepdim=True" if node.settings.get("keep_dims") else ""
        if isinstance(x, d.Constant):
            raise d.Refused(f"{node.settings['type']} of a constant")
        if len(set(axes)) == rank and not keep:
            return f"{text}.{WHOLE.get(function, function)}()"
        if function in ("prod", "all", "any") and len(axes) > 1:
            raise d.Refused(f"{node.settings['type']} over several axes")
        is_map = rank == 4
        if is_map and not keep and 3 not in axes and {1, 2} - set(axes):
            text = layout.as_tf(text, x)  # what is left is in TF1's order
            is_map = False
        places = sorted(layout.AXIS[a] for a in axes) if is_map else axes
        inner = str(places[0]) if len(places) == 1 else str(tuple(places))
        return f"{text}.{function}({inner}{keep})"
