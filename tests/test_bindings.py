"""Which of TF1's inputs a port's step is given, and in which order."""

from types import SimpleNamespace

import numpy as np
import pytest

from dcgan_v1.errors import UserError
from dcgan_v1.migration.comparison.inputs import bindings, input_order, preparation
from dcgan_v1.migration.comparison.inputs.preparation import Prepared
from dcgan_v1.migration.comparison.runs import recorded_run
from dcgan_v1.migration.matching.map_file import Map
from dcgan_v1.migration.records import Input, PortInfo, State, Tf1Info

pytestmark = pytest.mark.unit


def bound(arguments, inputs, optional=()):
    """The Bindings of a step that takes `arguments`, of a program that is fed `inputs`."""
    port = PortInfo(arguments=arguments, optional=list(optional))
    given = {name: Input([None, 3], "float32") for name in inputs}
    return bindings.bind(port, arguments, given, {}, {})


def test_what_a_later_run_has_of_its_own_tells_which_input_is_its_first():
    """Placeholders without names, the noise first; the step takes the images first."""
    inputs = ["Placeholder", "Placeholder_1", "Placeholder@2"]
    of_step = {"images": "Placeholder_1", "noise": "Placeholder", "noise_2": "Placeholder@2"}
    own = bound(["images", "noise", "noise_2"], inputs)
    assert own.arguments == of_step
    assert own.by_order == ["images"]
    assert bound(["images", "noise"], inputs, ["noise_2"]).arguments == of_step


def test_no_input_is_left_out_for_what_a_later_run_has():
    with pytest.raises(UserError, match="takes x, x_2, and the TF1 program has a, b, b@2 left"):
        bound(["x", "x_2"], ["a", "b", "b@2"])


class OfShapes:
    """Programs whose port takes arrays of some shapes alone."""

    dtype = "float64"

    def __init__(self, shapes):
        self.shapes, self.new, self.reopened = shapes, self, 0

    def step(self, batch, *, is_observed):
        if {n: a.shape[1:] for n, a in batch.inputs.items()} != self.shapes:
            raise UserError("the port side: ValueError")

    def reopen_port(self):
        self.reopened += 1


@pytest.mark.parametrize(
    ("shapes", "settled"),
    [
        ({"images": (8, 8), "noise": (5,), "more": (5,)}, ["b", "a", "c"]),
        ({"images": (5,), "noise": (8, 8), "more": (5,)}, None),  # as it is: another fault
        ({"images": (7,), "noise": (5,), "more": (5,)}, None),
    ],
)
def test_arguments_stand_in_the_one_order_that_the_step_takes(shapes, settled):
    every = {"a": [None, 5], "b": [None, 8, 8], "c": [None, 5]}
    inputs = {name: Input(shape, "float32") for name, shape in every.items()}
    port = PortInfo(arguments=["images", "noise", "more"])
    own = bindings.bind(port, ["images", "noise", "more"], inputs, {}, {})
    batch = {name: np.zeros([2, *shape[1:]]) for name, shape in every.items()}
    programs = OfShapes(shapes)
    found = input_order.settle(programs, Prepared([batch], batch, own, State({})), inputs)
    assert (found and list(found.bindings.arguments.values())) == settled
    assert programs.reopened


def test_in_inference_a_port_is_given_what_the_first_run_has_as_tf1_is():
    """One graph is fed once; the port has an argument for each run."""
    rng = np.random.default_rng(0)
    batch = {name: rng.normal(size=(4, 3)) for name in ("x", "x@2", "y", "z@3")}
    own = {"x": "x", "x_2": "x@2", "y": "y", "z": "z@3"}
    prepared = Prepared([batch], batch, bindings.Bindings(own), State({}))
    given = prepared.port_inference("float64").inputs
    expected = {"x": "x", "x_2": "x", "y": "y", "z": "z@3"}
    assert given.keys() == expected.keys()
    assert all(np.array_equal(given[a], batch[name]) for a, name in expected.items())
    of_step = prepared.port_batch(0, "float64").inputs
    assert np.array_equal(of_step["x_2"], batch["x@2"])


def test_what_a_recorded_port_was_called_with_in_a_later_run_is_not_compared_in_inference():
    rng = np.random.default_rng(0)
    batch = {name: rng.normal(size=(4, 3)) for name in ("x", "x@2")}
    prepared = Prepared([batch], batch, bindings.Bindings(), State({}))
    called = {"first": [batch["x"]], "later": [batch["x@2"]]}
    port = SimpleNamespace(
        inference_inputs=lambda: called, reads=SimpleNamespace(oriented=lambda array: array)
    )
    new = PortInfo(models=["first", "later"])
    assert recorded_run.forward_choices(port, prepared, new) == ["first"]


def test_a_maps_order_of_dropouts_is_refused_by_no_comparison_without_a_step():
    drawn = {n: Input([None, 4], "float32") for n in ("d/random_uniform", "d_1/random_uniform")}
    old = Tf1Info(inputs={"x": Input([None, 4], "float32")}, random=drawn, needs=[["x", *drawn]])
    map_ = Map(dropouts=["d_1/random_uniform"])
    in_training = PortInfo(arguments=["x"], dropouts=2)
    order = preparation.bind(old, in_training, map_, True).dropouts
    assert order == ["d_1/random_uniform", "d/random_uniform"]
    assert not preparation.bind(old, PortInfo(), map_, False).dropouts
    with pytest.raises(UserError, match=r"dropouts has q, which TF1 draws for no dropout"):
        preparation.bind(old, in_training, Map(dropouts=["q"]), True)
