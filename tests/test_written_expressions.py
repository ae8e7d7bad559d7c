"""Arithmetic that a port spells out: several expressions on a line, none of them too many."""

import ast

import numpy as np
import pytest

from dcgan_v1.porting import description as d
from dcgan_v1.porting.text import names as naming
from dcgan_v1.porting.text import printing, step

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.unit

from dcgan_v1.porting.torch.ops import Printer  # noqa: E402

OPS = {  # TF1's op -> what it computes
    **{"AddV2": np.add, "Sub": np.subtract, "Mul": np.multiply},
    **{"Neg": np.negative, "Exp": np.exp, "Square": np.square, "Tanh": np.tanh},
}
SHAPE = (3, 4)


def node(type_, name, *inputs):
    value = d.Value(name, SHAPE, "float64")
    return d.Node("op", (value,), inputs, {"type": type_}, ops=(name,))


def drawn(rng, length):
    """Nodes in TF1's order, each of values before it, of constants and of the input."""
    values = [d.Value("x", SHAPE, "float64")]
    nodes = []
    for i in range(length):
        type_ = rng.choice([*OPS])
        count = OPS[type_].nin
        near = values[-3:]  # so that chains come about
        inputs = [near[rng.integers(len(near))] for _ in range(count)]
        if count == 2 and rng.random() < 0.3:
            inputs[rng.integers(2)] = d.Constant(np.float64(rng.integers(-3, 4) / 4))
        nodes.append(node(type_, f"h.{i}", *inputs))
        values.append(nodes[-1].value)
    return tuple(nodes)


def computed(nodes, x):
    """Value -> array, by numpy, one op after the other."""
    known = {"x": x}
    with np.errstate(over="ignore", invalid="ignore"):
        for n in nodes:
            given = [v.array if isinstance(v, d.Constant) else known[v.name] for v in n.inputs]
            known[n.value.name] = OPS[n.settings["type"]](*given)
    return known


def lines_of(nodes, kept):
    names = naming.allocate(nodes, {"x": "x"}, kept)
    printer = Printer(names, str, {n.value.name: n for n in nodes})

    def line(n):
        return [f"{printer.made(n)} = {printer.expression(n)}"]

    return names, step.body(nodes, printer, set(kept), line)


def test_lines_of_several_expressions_compute_what_tf1s_ops_do_one_by_one(rng):
    for _ in range(40):
        nodes = drawn(rng, 12)
        kept = {nodes[-1].value.name, nodes[int(rng.integers(12))].value.name}
        uses = printing.uses_of(nodes)
        kept |= {n.value.name for n in nodes if not uses[n.value.name]}
        names, lines = lines_of(nodes, kept)
        x = rng.uniform(-0.2, 0.2, SHAPE)
        here = {"torch": torch, "x": torch.from_numpy(x)}
        for line in lines:
            exec(line, here)
        for name in kept:
            expected = computed(nodes, x)[name]
            np.testing.assert_allclose(here[names[name]], expected, 1e-9, err_msg="\n".join(lines))


def test_a_line_holds_four_expressions_at_most(rng):
    for _ in range(40):
        body = drawn(rng, 12)
        _, lines = lines_of(body, {body[-1].value.name})
        for line in lines:
            said = [n for n in ast.walk(ast.parse(line)) if isinstance(n, ast.Call | ast.BinOp)]
            assert len(said) <= printing.MOST, line


def test_what_two_lines_need_is_said_once():
    """h is a sum that two ops take: it stands on a line of its own."""
    x = d.Value("x", SHAPE, "float64")
    total = node("AddV2", "h.0", x, x)
    nodes = (
        total,
        node("Exp", "h.1", total.value),
        node("Square", "h.2", total.value),
        node("Sub", "h.3", d.Value("h.1", SHAPE), d.Value("h.2", SHAPE)),
    )
    assert lines_of(nodes, {"h.3"})[1] == ["h = x + x", "h = torch.exp(h) - torch.square(h)"]


def test_what_others_than_a_body_need_has_its_line(rng):
    """A value of a penalty's inner gradient that its outer loss takes, too."""
    x = d.Value("x", SHAPE, "float64")
    nodes = (node("Exp", "h.0", x), node("Square", "h.1", d.Value("h.0", SHAPE)))
    assert lines_of(nodes, {"h.1"})[1] == ["h = torch.square(torch.exp(x))"]
    assert lines_of(nodes, {"h.0", "h.1"})[1] == ["h = torch.exp(x)", "h2 = torch.square(h)"]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("-0.5", "*", "h"), "-0.5 * h"),
        (("-f(a)", "/", "h"), "-f(a) / h"),
        (("-a + b", "*", "h"), "(-a + b) * h"),
        (("-2.0", "**", "h"), "(-2.0) ** h"),
        (("a", "-", "h ** 2.0"), "a - h ** 2.0"),
        (("h", "*", "-0.5"), "h * (-0.5)"),
        (("a", "+", "-0.5 * h"), "a - 0.5 * h"),
        (("a", "-", "-0.5 * h"), "a - (-0.5 * h)"),
        (("h ** 2.0", "*", "b"), "(h ** 2.0) * b"),
    ],
)
def test_brackets_are_left_out_where_python_needs_none(words, text):
    assert printing.binary(*words) == text
    numbers = {"a": 1.5, "b": 0.25, "h": 3.0, "f": np.sin}
    left, sign, right = words
    assert eval(text, {}, numbers) == eval(f"({left}) {sign} ({right})", {}, numbers)
