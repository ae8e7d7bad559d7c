"""Names of inputs and networks that share a scope, or the beginning of their names."""

from types import SimpleNamespace

import numpy as np
import pytest
from described_programs import gan_program

from dcgan_v1.porting.reading import building, network_names
from dcgan_v1.porting.text import writing

pytestmark = pytest.mark.unit


def piece(name, *shapes):
    outputs = [(shape, "float32") for shape in shapes]
    return SimpleNamespace(kind="input", op=SimpleNamespace(name=name), outputs=outputs)


def words(*pieces):
    beside = building.unnamed_inputs(pieces)
    return [
        building.input_word(p.op.name + (f":{i}" if i else ""), p, i, beside)
        for p in pieces
        for i in range(len(p.outputs))
    ]


def test_a_scope_is_the_name_of_none_of_several_inputs_that_have_no_other():
    """khanrc's LSGAN: placeholders of pictures and of noise, both in the scope 'lsgan'."""
    x, z = piece("lsgan/Placeholder", (None, 64, 64, 3)), piece("lsgan/Placeholder_1", (None, 128))
    assert words(x, z) == ["images", "z"]
    assert words(x, x) == ["lsgan", "lsgan"]  # one, in two session runs
    assert words(x, piece("lsgan/noise", (None, 128))) == ["lsgan", "noise"]
    assert words(x, piece("other/Placeholder", (None, 128))) == ["lsgan", "other"]
    assert words(piece("data/IteratorGetNext", (None, 784), (None, 10))) == ["images", "y"]
    beside = building.unnamed_inputs([x, z])
    assert building.input_word("lsgan/Placeholder_1@2", z, 0, beside) == "z@2"


@pytest.mark.parametrize(
    ("scopes", "expected"),
    [
        (("G", "D"), ["generator", "discriminator"]),
        (("model/G", "model/D"), ["generator", "discriminator"]),
        (("generator", "d"), ["generator", "discriminator"]),
        (("g", "critic"), ["generator", "critic"]),
        (("E", "D"), ["e", "d"]),  # an auto-encoder's decoder
        (("encoder", "D"), ["encoder", "d"]),
        (("G", "F"), ["g", "f"]),
    ],
)
def test_a_lone_letter_stands_for_a_network_of_a_gan_only_where_both_are(scopes, expected):
    own = [[f"{scope}/{layer}/w" for layer in "ab"] for scope in scopes]
    order = [*own[0], *own[1]]
    assert list(network_names.groups(own, order, {})) == expected
    assert [network_names.name_of(names, order) for names in own] == expected
    if "/" not in scopes[0]:
        prefixed = [[f"{s}_w1", f"{s}_b1"] for s in scopes]
        assert list(network_names.groups(prefixed, [*prefixed[0], *prefixed[1]], {})) == expected


def test_a_lone_letter_beside_nothing_else_is_that_of_a_gan():
    own = ["D/a/w", "D/b/w"]
    assert network_names.name_of(own, own) == "discriminator"
    assert network_names.name_of(own, [*own, "enc/a/w"]) == "d"


def test_no_network_is_lost_where_two_scopes_have_one_word():
    names = [f"{scope}/{layer}/w" for scope in ("d", "disc", "g") for layer in "ab"]
    found = network_names.scopes(names, names, {})
    assert sorted(v for own in found.values() for v in own) == sorted(names)
    assert list(found) == ["discriminator", "discriminator_2", "generator"]


def test_a_fed_rate_that_every_run_had_is_said_to_be_a_constant_of_the_port():
    """hmi88's BEGAN: its rate is a placeholder, 1e-4 in all that was recorded."""
    modes = {"lr": np.asarray(1e-4), "is_training": np.asarray(True), "z": np.asarray(2.0)}
    recording = SimpleNamespace(modes=lambda: modes)
    runner = SimpleNamespace(
        program=SimpleNamespace(recording=recording), spec=SimpleNamespace(training=dict(modes))
    )
    said = writing.frozen(gan_program(), runner)  # z is an argument of its step
    assert said == ("`lr`: fed, 0.0001 in every recorded run, a constant here",)
    runner.spec.training["lr"] = 0.5  # a map says so
    assert not writing.frozen(gan_program(), runner)
    runner.program.recording = None
    assert not writing.frozen(gan_program(), runner)
