"""What of a recorded port is worked out from its recording."""

from types import SimpleNamespace

import pytest

from dcgan_v1.migration.comparison.evidence import AVERAGE, GRADIENT, STATE, Key
from dcgan_v1.migration.comparison.runs import recorded_experiments
from dcgan_v1.migration.comparison.runs.recorded_experiments import RecordedExperiments
from dcgan_v1.migration.records import GradientKey, State
from dcgan_v1.migration.runners.recorded_port import RecordedPort

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


class Port(RecordedPort):
    """Of which the gradients of two steps were recorded."""

    def __init__(self, gradients):
        self.gradients, self.position = gradients, 0

    def step(self, batch, *, is_observed=False):
        self.position += 1
        return SimpleNamespace(gradients=self.gradients[self.position - 1])

    def weights_before_updates(self, batch):
        return {0: {}}


@pytest.fixture
def of_steps(monkeypatch):
    """Gives experiments of what a port's gradients were in two steps, and TF1's own in the second;
    and the steps that TF1 is asked for."""
    monkeypatch.setattr(recorded_experiments, "state_of", lambda *args: State())

    def experiments(first, second, own):
        asked = []

        def still_step(batch, *, is_observed):
            asked.append(batch)
            return SimpleNamespace(gradients=keyed(own), scalars={})

        def keyed(arrays):
            return {GradientKey(0, "sgd", name): array for name, array in arrays.items()}

        old = SimpleNamespace(load=lambda s: None, still_step=still_step)
        port = Port([keyed(first), keyed(second)])
        programs = SimpleNamespace(old=old, new=port, change_tf1=lambda changes: None)
        matching = SimpleNamespace(
            updates={}, gradients=lambda g, old: (g, []), to_tf1=lambda state, old: state
        )
        evidence = SimpleNamespace(
            old=SimpleNamespace(updates=[]), dtype="float64", losses={}, matching=matching
        )
        prepared = SimpleNamespace(
            batches=[{}, {}], start=State(), tf1_batch=lambda number, dtype: number
        )
        return RecordedExperiments(programs, prepared, evidence, None), asked

    return experiments


@pytest.mark.parametrize("size", [1.0, 1e-8, 1e-10, 1e-12])
def test_gradients_are_kept_where_they_are_no_longer_a_steps_own(rng, of_steps, size):
    first, own = ({n: rng.normal(size=9) * s for n in "ab"} for s in (size, 1))
    added = {n: first[n] + own[n] for n in own}
    keys = {Key(GRADIENT, n, "", 0, 0) for n in own} if size > 1e-9 else set()
    assert of_steps(first, added, own)[0].unrepeated()[1] == keys
    assert not of_steps(first, own, own)[0].unrepeated()[1]
    assert not of_steps(first, {**added, "a": own["a"] * 1.5}, own)[0].unrepeated()[1]


def test_tf1_is_asked_once_whether_gradients_are_kept_until_it_is_changed(rng, of_steps):
    first, own = ({"a": rng.normal(size=9)} for _ in range(2))
    experiments, asked = of_steps(first, {"a": first["a"] + own["a"]}, own)
    assert experiments.unrepeated()[0]
    assert experiments.adds_gradients()
    assert asked == [1]  # the second step
    experiments.take_back()
    assert experiments.unrepeated()[0]
    assert asked == [1, 1]
