"""The self-check of a graph in float64, against central differences."""

import numpy as np
import pytest

from dcgan_v1.errors import UserError
from dcgan_v1.migration.comparison import gradient_check
from dcgan_v1.migration.comparison.inputs import bindings
from dcgan_v1.migration.comparison.inputs.preparation import Prepared
from dcgan_v1.migration.records import Observation, State, Tf1Info

pytestmark = pytest.mark.unit


class OfTenRows:
    """A TF1 program whose labels have ten rows."""

    def load(self, state):
        pass

    def still_step(self, batch, *, is_observed=False):
        if len(batch.inputs["x"]) != 10:
            raise UserError("Incompatible shapes: [4,1] vs. [10,1]")
        return Observation()


def test_the_self_check_takes_the_whole_batch_where_labels_have_its_size():
    few, every = ({"x": np.zeros([rows, 3])} for rows in (4, 10))
    prepared = Prepared([every], few, bindings.Bindings(), State({}))
    assert gradient_check.check(OfTenRows(), Tf1Info(), prepared, 0) == ([], "")
    prepared = Prepared([few], few, bindings.Bindings(), State({}))
    _, why = gradient_check.check(OfTenRows(), Tf1Info(), prepared, 0)
    assert why == "the self-check of float64: Incompatible shapes: [4,1] vs. [10,1]"
