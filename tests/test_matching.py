"""Matching of variables and layouts on plain numpy: no TensorFlow is asked."""

import numpy as np
import pytest

from dcgan_v1.migration.matching import candidates, fingerprints, identify
from dcgan_v1.migration.matching.layouts import Layout
from dcgan_v1.migration.matching.map_file import VariableRow
from dcgan_v1.migration.matching.matching import Matching, Row
from dcgan_v1.migration.records import (
    GradientKey,
    PortInfo,
    SlotKey,
    State,
    Tf1Info,
    Update,
    Variable,
)

pytestmark = pytest.mark.compare


def variable(*shape, part="", layer="", layout="plain", trainable=True):
    return Variable(list(shape), "float64", trainable, part, layer, layout)


class Net:
    """tanh(x A0) A1 ... with vectors that scale: its loss, and gradients by central
    differences. `order`: which of its variables is used where."""

    def __init__(self, names, depth=3, slope=0.0):
        self.names, self.depth, self.slope = names, depth, slope

    def loss(self, values, x):
        h = x
        for i in range(self.depth):
            h = np.tanh(h @ values[self.names[f"w{i}"]]) * values[self.names[f"s{i}"]]
            h = h + self.slope * h**2
        return float(np.sum(h**3))

    def run(self, values, x):
        gradients = {}
        for name, value in values.items():
            g = np.zeros_like(value)
            for place in np.ndindex(value.shape):
                moved = []
                for sign in (1, -1):
                    changed = {**values, name: value.copy()}
                    changed[name][place] += sign * 1e-5
                    moved.append(self.loss(changed, x))
                g[place] = (moved[0] - moved[1]) / 2e-5
            gradients[name] = g
        return {"loss": self.loss(values, x)}, gradients


def found(rng, slope=0.0, rows=()):
    """The matching of two nets whose variables have unlike names and another order."""
    ours = {k: f"net/{k}" for k in ("w0", "w1", "w2", "s0", "s1", "s2")}
    shuffled = dict(zip(ours, rng.permutation([f"v{i}" for i in range(6)]), strict=True))
    shapes = {k: (4, 4) if k[0] == "w" else (4,) for k in ours}
    x = rng.normal(size=(5, 4))
    a, b = Net(ours), Net(shuffled, slope=slope)
    old = Tf1Info(
        variables={ours[k]: variable(*shapes[k]) for k in ours},
        updates=[Update("u", "o", variables=list(ours.values()))],
    )
    new = PortInfo(variables={shuffled[k]: variable(*shapes[k]) for k in sorted(ours)})

    def run_equal(old_values, new_values):
        runs = []
        for net, values, optimizer in ((a, old_values, "o"), (b, new_values, "opt")):
            scalars, gradients = net.run(values, x)
            named = {GradientKey(0, optimizer, n): g for n, g in gradients.items()}
            runs.append(fingerprints.EqualRun(scalars, named, values))
        return runs

    updates = [identify.PortUpdate("opt", list(shuffled.values()))]
    probe = identify.GradientProbe(updates, {}, run_equal)
    result, certificate = identify.identify(old, new, [VariableRow(*r) for r in rows], probe)
    right = {ours[k]: shuffled[k] for k in ours}
    return result, certificate, right


def test_variables_of_one_shape_are_told_apart_by_gradients(rng):
    result, certificate, right = found(rng)
    assert {row.old: row.new for row in result.rows} == right
    assert {row.by for row in result.rows} == {"gradients"}
    assert certificate.loss < 1e-9  # an equal loss proves the architecture
    assert all(row.distance < 1e-6 < row.runner_up for row in result.rows)
    assert not result.old_only
    assert not result.new_only


def test_another_function_does_not_pass_for_the_same(rng):
    _, certificate, _ = found(rng, slope=0.3)
    assert certificate.loss > 1e-3


def test_a_users_row_wins(rng):
    state = rng.bit_generator.state
    _, _, right = found(rng)
    wrong = ("net/w0", right["net/w1"], "")
    rng.bit_generator.state = state
    result, _, _ = found(rng, rows=[wrong])
    (row,) = [row for row in result.rows if row.old == "net/w0"]
    assert (row.new, row.by) == (right["net/w1"], "map")


def test_what_fits_nothing_is_left_over_and_the_nearest_named():
    old = Tf1Info(variables={"a/w": variable(3, 4), "a/b": variable(4)})
    new = PortInfo(variables={"a/kernel": variable(3, 5), "a/bias": variable(4)})
    result, _ = identify.identify(old, new, [])
    assert [(row.old, row.new, row.by) for row in result.rows] == [("a/b", "a/bias", "shape")]
    assert (result.old_only, result.new_only) == (["a/w"], ["a/kernel"])
    assert candidates.nearest("a/kernel", ["z/q", "a/w"])[0] == "a/w"


def test_averages_follow_the_layer_of_their_scales():
    names = [f"bn{i}/{part}" for i in range(2) for part in ("gamma", "moving_mean")]
    old = Tf1Info(variables={n: variable(3, trainable="gamma" in n) for n in names})
    new = PortInfo(
        variables={
            f"norm_{i}/{part}": variable(3, part=kind, layer=f"norm_{i}", trainable=part == "gamma")
            for i in range(2)
            for part, kind in (("gamma", "gamma"), ("mean", "mean"))
        }
    )
    rows = [VariableRow("bn0/gamma", "norm_1/gamma"), VariableRow("bn1/gamma", "norm_0/gamma")]
    result, _ = identify.identify(old, new, rows)
    pairs = {row.old: row.new for row in result.rows}
    assert pairs["bn0/moving_mean"] == "norm_1/mean"
    assert pairs["bn1/moving_mean"] == "norm_0/mean"


def test_averages_stay_beside_their_scales_where_another_decay_moves_them_otherwise(rng):
    """Two batch norms of one size in two networks. By how far they move, each average of the port's
    is nearer to that of the other network."""
    olds = [f"{net}/bn/{part}" for net in "GD" for part in ("gamma", "moving_mean")]
    news = [f"{net}/norm/{part}" for net in "GD" for part in ("weight", "running_mean")]
    kinds = ["gamma", "mean"] * 2
    old = Tf1Info(
        variables={
            n: variable(3, part=k, trainable=k == "gamma") for n, k in zip(olds, kinds, strict=True)
        },
        updates=[Update("u", "o", variables=[olds[0], olds[2]])],
    )
    new = PortInfo(
        variables={
            n: variable(3, part=k, layer=n.rpartition("/")[0], trainable=k == "gamma")
            for n, k in zip(news, kinds, strict=True)
        }
    )
    gradients = rng.normal(size=(2, 3))
    moves = {"G/bn": 0.01, "D/bn": 0.03, "G/norm": 0.03, "D/norm": 0.09}

    def run(names, optimizer, values):
        trained = [n for n, k in zip(names, kinds, strict=True) if k == "gamma"]
        by = {GradientKey(0, optimizer, n): g for n, g in zip(trained, gradients, strict=True)}
        moved = {n: values[n] + moves.get(n.rpartition("/")[0], 0) for n in names}
        return fingerprints.EqualRun({"loss": 1.0}, by, moved)

    probe = identify.GradientProbe(
        [identify.PortUpdate("opt", [news[0], news[2]])],
        {},
        lambda ours, theirs: (run(olds, "o", ours), run(news, "opt", theirs)),
    )
    result, _ = identify.identify(old, new, [], probe)
    assert {r.old: r.new for r in result.rows} == dict(zip(olds, news, strict=True))


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("d/conv1/w", "kernel"),
        ("fc/weights", "kernel"),
        ("h0/Matrix", "kernel"),
        ("d/b", "bias"),
        ("fc/biases", "bias"),
        ("bn/beta", "beta"),
        ("bn/gamma", "gamma"),
        ("bn/moving_mean", "mean"),
        ("bn/pop_var", "variance"),
        ("d_h1_w", "kernel"),
        ("D/D/moments/Squeeze_1/ExponentialMovingAverage", "variance"),
        ("D/D/moments/Squeeze/ExponentialMovingAverage", "mean"),
        ("alpha", ""),
    ],
)
def test_the_part_that_a_name_tells(name, part):
    assert candidates.part_of(name) == part


def test_a_state_goes_to_the_port_and_back_with_its_slots(rng):
    rows = [Row("w", "m/kernel", Layout("torch dense"), "shape")]
    pairs = Matching(rows, optimizers={"Adam": "d"})
    slots = {"w/Adam": SlotKey("w", "Adam", "m"), "w/Adam_1": SlotKey("w", "Adam", "v")}
    info = Tf1Info(variables={"w": variable(3, 2)}, slots=slots)
    draw = rng.normal
    state = State(
        {"w": draw(size=(3, 2))}, {k: draw(size=(3, 2)) for k in slots.values()}, {"Adam": 7}
    )
    there = pairs.to_port(state)
    assert set(there.variables) == {"m/kernel"}
    assert set(there.slots) == {SlotKey("m/kernel", "d", "m"), SlotKey("m/kernel", "d", "v")}
    assert there.updates == {"d": 7}
    assert there.slots[SlotKey("m/kernel", "d", "v")].shape == (2, 3)
    back = pairs.to_tf1(there, info)
    assert back.updates == state.updates
    for ours, theirs in ((state.variables, back.variables), (state.slots, back.slots)):
        assert ours.keys() == theirs.keys()
        assert all(np.array_equal(ours[name], theirs[name]) for name in ours)


def test_pairs_that_gradients_do_not_prove_give_way_to_names():
    """Of two programs that differ, heads of one shape: another is nearly as near, and has the
    name."""
    plain = Layout()
    rows = [
        Row("spread/w", "vae/mean/weight", plain, "gradients", 0.375, 0.404),
        Row("h/b", "vae/h/bias", plain, "gradients", 1e-16, 0.68),  # proved
        Row("out/w", "vae/last/weight", plain, "gradients", 0.3, 0.9),  # no other is near
    ]
    options = {
        "vae/mean/weight": [("mean/w", plain), ("spread/w", plain)],
        "vae/h/bias": [("h/b", plain)],
        "vae/last/weight": [("out/w", plain), ("last/w", plain)],
    }
    identify._free_unproved(rows, options)
    assert [row.old for row in rows] == ["h/b", "out/w"]


def test_lengths_of_columns_are_matched_beside_a_kernel_of_one_column():
    """Weight norm in PyTorch has them as [N, 1]; the kernel [N, 1] is another's."""
    old = {n: Variable(s, "float64", True) for n, s in (("g", [4]), ("out/w", [4, 1]))}
    shapes = {"original0": [4, 1], "out": [4, 1]}
    new = {name: Variable(shape, "float64", True) for name, shape in shapes.items()}
    options = candidates.by_shape(old, new)
    assert {"g", "out/w"} == {c[0] for c in options["original0"]}


def test_a_column_is_a_kernel_before_it_is_a_bias_of_another_shape():
    shapes = {"D_b1": [8], "D_W2": [8, 1]}
    old = {name: Variable(shape, "float64", True) for name, shape in shapes.items()}
    new = {
        name: Variable(shapes[of], "float64", True)
        for name, of in (("Why", "D_W2"), ("bxh", "D_b1"))
    }
    options = candidates.by_shape(old, new)
    assert {name: [c[0] for c in choices] for name, choices in options.items()} == {
        "Why": ["D_W2"],
        "bxh": ["D_b1"],
    }
