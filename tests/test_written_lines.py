"""Lines of written Keras networks: one holds a layer with its norm, activation and labels."""

from dataclasses import replace

import numpy as np
import pytest

from dcgan_v1.migration.matching import map_file
from dcgan_v1.porting import description as d
from dcgan_v1.porting import originals
from dcgan_v1.porting.keras import networks as keras_networks
from dcgan_v1.porting.reading import rows_beside
from dcgan_v1.porting.text import writing
from dcgan_v1.ports import comparison

pytestmark = pytest.mark.unit
MOMENTUM, EPSILON = 0.75, 0.5


def chain_program():
    """A reshape, a convolution with norm and activation, a reshape, a dense layer."""
    values = [d.Value(f"h.{i}", (None, 4, 4, 3)) for i in range(1, 6)]
    x, flat, y = d.Value("z.0", (None, 48)), d.Value("h.8", (None, 48)), d.Value("h.9", (None, 2))
    square = {"padding": "same", "dilations": (1, 1), "strides": (1, 1)}
    norm = {"epsilon": EPSILON, "fused": False, "averages": (("m", "v"),), "momentum": MOMENTUM}
    nodes = (
        d.Node("reshape", (values[0],), (x,), {"shape": (4, 4, 3)}),
        d.Node(
            *("conv", (values[1],), (values[0],), {"filters": 3, "size": (3, 3), **square}),
            {"kernel": "n/conv/w"},
        ),
        d.Node("batch_norm", (values[2],), (values[1],), norm, {"gamma": "n/bn/g"}, ops=("n",)),
        d.Node("relu", (values[3],), (values[2],)),
        d.Node("flatten", (flat,), (values[3],), {"shape": (48,)}),
        d.Node("dense", (y,), (flat,), {"units": 2}, {"kernel": "n/fc/w"}),
    )
    shapes = {"n/conv/w": (3, 3, 3, 3), "n/bn/g": (3,), "n/fc/w": (48, 2)}
    variables = {n: d.Variable(n, s, "float32", True) for n, s in shapes.items()}
    function = d.Function("call", (x,), nodes, (y,), True)
    network = d.Network("n", "n", (function,), tuple(variables))
    return d.Program("", variables, (network,), (), (), (), (), {})


def test_a_line_holds_one_layer_with_its_norm_and_activation_and_the_shape_it_makes():
    lines = keras_networks.text(chain_program()).splitlines()
    call = [line.strip() for line in lines[lines.index("    def call(self, z):") + 1 :]]
    assert call == [
        "h = tf.nn.relu(self.bn(self.conv(tf.reshape(z, [-1, 4, 4, 3]))))  # [N, 4, 4, 3]",
        "return self.fc(tf.reshape(h, [-1, 48]))  # [N, 2]",
    ]


def conditional_program(units):
    """Labels as a map beside pictures before a convolution, and beside its features after it."""
    shapes = {"pictures": (8, 8, 1), "y": (10,), "a": (1, 1, 10), "b": (8, 8, 10), "c": (8, 8, 11)}
    shapes |= {"h": (8, 8, units), "r": (8, 8, units), "f": (64 * units,), "g": (64 * units + 10,)}
    words = {n: n if n in ("pictures", "y") else "h" for n in shapes}
    values = {n: d.Value(f"{words[n]}.{i}", (None, *s)) for i, (n, s) in enumerate(shapes.items())}
    square = {"size": (3, 3), "padding": "same", "dilations": (1, 1), "strides": (1, 1)}
    tile = {"type": "Tile"}
    times = d.Constant(np.asarray([1, 8, 8, 1], np.int32))

    def node(kind, made, *inputs, settings=(), variables=()):
        operands = tuple(values[x] if isinstance(x, str) else x for x in inputs)
        return d.Node(kind, (values[made],), operands, dict(settings), dict(variables))

    conv = {"settings": {"filters": units, **square}, "variables": {"kernel": "n/conv/w"}}
    nodes = (
        node("reshape", "a", "y", settings={"shape": (1, 1, 10)}),
        node("op", "b", "a", times, settings=tile),
        node("concat", "c", "pictures", "b", settings={"axis": -1}),
        node("conv", "h", "c", **conv),
        node("relu", "r", "h"),
        node("flatten", "f", "r", settings={"shape": (64 * units,)}),
        node("concat", "g", "f", "y", settings={"axis": -1}),
        replace(node("dense", "g", "g"), values=(d.Value("out.99", (None, 1)),)),
    )
    last = replace(nodes[-1], settings={"units": 1}, variables={"kernel": "n/fc/w"})
    known = {"n/conv/w": (3, 3, 11, units), "n/fc/w": (64 * units + 10, 1)}
    variables = {n: d.Variable(n, s, "float32", True) for n, s in known.items()}
    inputs = values["pictures"], values["y"]
    function = d.Function("call", inputs, (*nodes[:-1], last), (last.value,))
    function = replace(function, nodes=rows_beside.folded(list(function.nodes), function.outputs))
    return d.Program(
        "", variables, (d.Network("n", "n", (function,), tuple(known)),), *[()] * 5, {}
    )


def test_labels_stand_beside_what_a_layer_takes_on_its_line():
    lines = keras_networks.text(conditional_program(4)).splitlines()
    assert [line.strip() for line in lines[-2:]] == [
        "h = tf.nn.relu(self.conv(beside_pixels(pictures, y)))  # [N, 8, 8, 4]",
        "return self.fc(tf.concat([tf.reshape(h, [-1, 256]), y], -1))  # [N, 1]",
    ]


def test_a_shape_that_stays_is_said_once():
    x, h, y = (d.Value(f"{name}.{i}", (None, 3)) for i, name in enumerate("xhy"))
    nodes = d.Node("tanh", (h,), (x,)), d.Node("sigmoid", (y,), (h,))
    network = d.Network("n", "n", (d.Function("call", (x,), nodes, (y,)),), ())
    lines = keras_networks.text(d.Program("", {}, (network,), (), (), (), (), {})).splitlines()
    assert [x.strip() for x in lines[-2:]] == ["h = tf.tanh(x)  # [N, 3]", "return tf.sigmoid(h)"]


@pytest.mark.graph
@pytest.mark.parametrize(
    ("system", "most"), [("images96", 62), pytest.param("celeba64", 64, marks=pytest.mark.release)]
)
def test_networks_of_the_dcgan_family_have_at_most_four_lines_a_layer(system, most, tmp_path):
    known = map_file.Map()
    side = comparison.old(system, batch_size=4, width=8)
    runner, original = originals.open_original(side, known, system)
    port = writing.port_of(runner, original, to="keras", without=frozenset(), map_=(known, None))
    layers = [n for w in port.program.networks for n in w.functions[0].nodes if n.kind in d.LAYERS]
    assert len(layers) == 18
    port.write(tmp_path / "port")
    lines = (tmp_path / "port" / "networks.py").read_text().splitlines()
    assert len(lines) <= most
    assert max(map(len, lines)) <= 100
