"""Which side of a mixture a number is the share of, told from what a network is given."""

from dataclasses import replace

import numpy as np
import pytest
from plain_evidence import case, made

from dcgan_v1.migration.comparison.evidence import FORWARD, LOSS, Aligned, Key
from dcgan_v1.migration.comparison.inputs.bindings import Bindings
from dcgan_v1.migration.comparison.inputs.preparation import Prepared
from dcgan_v1.migration.explanation import mixed_shares
from dcgan_v1.migration.explanation.case import MIXED_SHARES
from dcgan_v1.migration.records import LayerOutput, State
from dcgan_v1.migration.sources import ShareChange

pytestmark = pytest.mark.unit


def penalised(rng, ours, theirs, shape=(5, 12), low=0.0, first=None, per_row=True):
    """The case of a critic that TF1 gives one mixture of x and what G makes, the port another."""
    size = (shape[0], *[1] * (len(shape) - 1)) if per_row else shape
    share = rng.uniform(low, 1, size)
    share.flat[0] = share.flat[0] if first is None else first
    x, fake, other = (rng.normal(size=shape) for _ in range(3))  # both sides' G differ
    given = theirs(share, x, other)
    key = Key(FORWARD, "D/fc", "training")
    y = rng.normal(size=(shape[0], 1))
    ops = [
        LayerOutput(name, "add", {}, array)
        for name, array in (("G/Tanh", fake), ("mixed", ours(share, x, fake)), ("D/add", y))
    ]
    rows = [
        Aligned(LayerOutput("G: output", "model", {}, other), ops[0], "use", 1.0, 1.0),
        Aligned(LayerOutput("D/fc", "dense", {}, y + 1, input=given), ops[2], "use", 1.0, 1.0),
    ]
    outputs, losses = {key: y}, {Key(LOSS, "loss"): np.zeros(())}
    evidence = made(
        outputs | losses,
        {key: y + 1, Key(LOSS, "loss"): np.ones(())},
        {},
        aligned={"training": rows},
        layers={"training": ops},
    )
    batch = {"x": x.reshape(shape[0], -1), "share": share.reshape(shape[0], -1)}
    return case(replace(evidence, batch=batch))


def of_real(share, x, fake):
    return share * x + (1 - share) * fake


def of_fake(share, x, fake):
    return x + share * (fake - x)


@pytest.mark.parametrize("shape", [(5, 12), (3, 4, 4, 2)])
@pytest.mark.parametrize("per_row", [True, False])
@pytest.mark.parametrize(("ours", "theirs"), [(of_fake, of_real), (of_real, of_fake)])
def test_a_share_of_the_other_side_is_named_and_put_right_by_one_minus_it(
    ours, theirs, shape, per_row, rng
):
    (cause,) = mixed_shares.find(penalised(rng, ours, theirs, shape, per_row=per_row))
    of = "x" if theirs is of_real else "what x is mixed with"
    assert cause.where == "input share" and f"it is the share of {of} in what D" in cause.text
    assert cause.changes == (ShareChange("share"),) and cause.name == MIXED_SHARES


def test_rows_of_pixels_channel_by_channel_are_what_a_network_is_given_as_maps(rng):
    looked = penalised(rng, of_fake, of_real, (4, 3 * 5 * 6))
    rows = looked.evidence.aligned["training"]
    given = rows[1].new
    maps = given.input.reshape(4, 3, 5, 6).transpose(0, 2, 3, 1)  # [N, H, W, C]
    rows[1] = replace(rows[1], new=replace(given, input=maps))
    (cause,) = mixed_shares.find(looked)
    assert cause.where == "input share"


@pytest.mark.parametrize("form", [of_real, of_fake])
def test_a_share_of_the_same_side_is_no_cause(form, rng):
    assert not mixed_shares.find(penalised(rng, form, form))


def test_numbers_beyond_0_to_1_are_no_shares_that_may_be_accepted(rng):
    (cause,) = mixed_shares.find(penalised(rng, of_fake, of_real, low=-2.0, first=-2.0))
    assert not cause.name and "same law" not in cause.text


def test_tf1_alone_is_given_one_minus_the_share(rng):
    share = rng.uniform(size=(4, 1))
    reverse = frozenset(["share"])
    prepared = Prepared([{"share": share}], {}, Bindings({"a": "share"}), State({}), [], reverse)
    np.testing.assert_array_equal(prepared.tf1_batch(0, "float64").inputs["share"], 1 - share)
    np.testing.assert_array_equal(prepared.port_batch(0, "float64").inputs["a"], share)
