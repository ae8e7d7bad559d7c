"""What of a recorded port is worked out from its recording."""

from types import SimpleNamespace

import pytest

from dcgan_v1.migration.comparison.evidence import AVERAGE, STATE, Key
from dcgan_v1.migration.comparison.runs.recorded_experiments import RecordedExperiments
from dcgan_v1.migration.records import State

pytestmark = pytest.mark.unit

OF_TF1 = 0.99


class Tf1:
    """Keeps so much of each average in a step, and takes in the rest of a statistic."""

    def __init__(self, statistics):
        self.statistics, self.variables = statistics, {}

    def load(self, state):
        self.variables = state.variables

    def step(self, batch, *, is_observed):
        self.variables = {n: OF_TF1 * a + 0.01 * self.statistics[n] for n, a in self.before()}

    def before(self):
        return [(n, self.variables[n]) for n in self.statistics]

    def state(self):
        return State(self.variables, {}, {})


def kept(rng, of_port):
    """What a step of the port is said to keep of averages.

    Args:
      of_port: name -> (number of channels, what it keeps).
    """
    statistics = {name: rng.normal(size=size) for name, (size, _) in of_port.items()}
    start = State({name: rng.normal(size=size) for name, (size, _) in of_port.items()}, {}, {})
    tf1, keys = Tf1(statistics), {name: Key(STATE, name, AVERAGE, 1) for name in of_port}
    tf1.load(start)
    tf1.step(None, is_observed=True)
    evidence = SimpleNamespace(
        old=SimpleNamespace(variables=statistics),
        trained=(),
        dtype="float64",
        ours={key: tf1.variables[name] for name, key in keys.items()},
        theirs={
            keys[name]: part * start.variables[name] + (1 - part) * statistics[name]
            for name, (_, part) in of_port.items()
        },
    )
    prepared = SimpleNamespace(start=start, tf1_batch=lambda number, dtype: None)
    programs = SimpleNamespace(old=tf1)
    _, theirs = RecordedExperiments(programs, prepared, evidence, None).kept_of_averages()
    return theirs


def test_a_small_average_keeps_what_a_larger_one_does_where_that_is_its_step(rng):
    part = rng.uniform(0.5, 0.95)
    of_port = {"small": (1, part), "two": (2, part), "large": (5, part)}
    assert kept(rng, of_port) == pytest.approx(dict.fromkeys(of_port, part))


def test_a_small_average_that_keeps_another_part_than_all_larger_ones_is_said_nothing_of(rng):
    part = rng.uniform(0.5, 0.95)
    of_port = {"small": (1, part - 1e-3), "large": (5, part), "other": (4, part / 2)}
    assert kept(rng, of_port) == pytest.approx({"large": part, "other": part / 2})
    assert not kept(rng, {"small": (1, part)})  # one number has a share whatever it is made of
