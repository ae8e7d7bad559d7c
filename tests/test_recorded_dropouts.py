"""Which of TF1's numbers the dropouts of a recorded port take, and what a user's map says of it."""

from types import SimpleNamespace

import pytest

from dcgan_v1.errors import UserError
from dcgan_v1.migration.comparison.inputs.feeding import Feeding, fitted
from dcgan_v1.migration.comparison.runs import recorded_dropouts
from dcgan_v1.migration.matching.map_file import Map
from dcgan_v1.migration.records import Input

pytestmark = pytest.mark.unit

SHAPE, RATE = (3, 4, 5, 2), 0.4  # [N, H, W, C]
FORMS = {"first": (0, 3, 1, 2), "last": (0, 1, 2, 3)}  # where TF1 has its channels


@pytest.fixture
def settled(rng):
    """Gives what dropouts of a port are given that calls them in another order than TF1."""
    maps = {name: rng.normal(size=SHAPE) for name in "abc"}

    def of(order, map_, channels="last"):
        draws = {item: rng.random(SHAPE) for item in ("p", "q", "r")}
        called = dict(zip(draws, order, strict=True))
        port = SimpleNamespace(
            dropped_out=lambda step: {i: maps[called[i]] * (u >= RATE) for i, u in draws.items()}
        )
        axes = FORMS[channels]
        v = Input([SHAPE[axis] for axis in axes], "float64")

        def batch(given):
            return {name: fitted(draws[item], v, name) for name, item in given.items.items()}

        def layers(fed):
            ys = [maps[name].transpose(axes) * (u >= RATE) for name, u in fed.items()]
            return [SimpleNamespace(output=y) for y in ys]

        given = Feeding(dict(zip("abc", draws, strict=True)))
        return recorded_dropouts.settled(port, given, map_, batch, layers)

    return of


@pytest.mark.parametrize("channels", FORMS)
def test_a_recorded_dropout_takes_the_numbers_of_what_it_multiplies_in_tf1s_axes(settled, channels):
    for order in ("abc", "cab", "bca", "cba"):
        items = settled(order, Map(), channels).items
        assert items == dict(zip(order, "pqr", strict=True))


def test_what_a_map_pairs_of_a_recorded_ports_dropouts_stays(settled):
    right = settled("cba", Map(inputs={"q": "b"}))
    assert right.items == {"c": "p", "b": "q", "a": "r"}
    paired = settled("cba", Map(inputs={"p": "a"}))
    assert paired.items["a"] == "p"
    ordered = settled("cba", Map(dropouts=["b", "a"]))
    assert ordered.items == {"b": "p", "a": "q", "c": "r"}
    assert "port's p -> TF1's b (by the map)" in ordered.lines
    with pytest.raises(UserError, match=r"dropouts has d, which no dropout .* given a, b, c"):
        settled("abc", Map(dropouts=["d"]))
