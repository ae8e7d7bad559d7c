"""What vanished since TensorFlow 1 is supplied as real 1.15.5 had it.

The same names, first values, outputs, gradients, averages and keys (tests/legacy/families.py)."""

from pathlib import Path

import numpy as np
import pytest
from rounding import two_orders
from script_runs import call

pytestmark = [pytest.mark.cli, pytest.mark.numerical]

LEGACY = Path(__file__).parent / "legacy"
RECORDED = LEGACY / "data" / "families.npz"
# the longest chain: a kernel's gradient is summed over 6 images of 8x8 pixels, of values
# that went through up to three convolutions of 5x5x4 products and back
CLOSE = two_orders(6 * 8 * 8 + 6 * 5 * 5 * 4)
FAMILIES = (
    "averages",
    "contrib",
    "digits",
    "keras",
    "layers",
    "losses",
    "norms",
    "old_names",
    "pictures",
    "recurrent",
    "slim_scopes",
    "transposed",
    "turned",
)
UNSEEDED = ("recurrent:first/", "transposed:first/")  # drawn by the count of ops


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """Arrays of 1.15 and of the substitutes: '<family>:<name>' -> array."""
    made = tmp_path_factory.mktemp("families")
    done = call(
        "run_legacy.py",
        "--run-dir",
        made / "run",
        LEGACY / "families.py",
        made / "here.npz",
        LEGACY / "data",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    with np.load(RECORDED) as real, np.load(made / "here.npz") as here:
        return (
            {key: real[key] for key in real.files},
            {key: here[key] for key in here.files},
            done.stdout,
        )


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_gives_what_it_gave_in_1_15(both, family):
    real, here = (
        {k: a for k, a in side.items() if k.startswith(f"{family}:")} for side in both[:2]
    )
    assert real, family
    assert real.keys() == here.keys()
    slopes = [np.max(np.abs(a)) for k, a in real.items() if ":gradient/" in k]
    for key, expected in real.items():
        array = here[key]
        assert array.shape == expected.shape, key
        if expected.dtype.kind in "US":  # names of variables, keys of a checkpoint
            assert array.tolist() == expected.tolist(), key
        elif key.startswith(UNSEEDED):
            assert np.all(expected == 0) == np.all(array == 0), key
        elif key == "pictures:floats":  # Pillow 8.4 itself rounds some pixels otherwise
            assert np.abs(array.astype(int) - expected).max() <= 1
        else:
            # a bias before a batch norm has a gradient of rounding alone
            size = max(slopes) if ":gradient/" in key else np.max(np.abs(expected))
            off = np.max(np.abs(array.astype(np.float64) - expected), initial=0.0)
            assert off <= CLOSE * max(size, 1e-30), (key, off, size)


def test_every_family_that_was_recorded_is_looked_at(both):
    assert {key.partition(":")[0] for key in both[0]} == set(FAMILIES)


def test_at_the_end_it_says_what_was_supplied(both):
    for name in ("tf.contrib.layers.batch_norm", "scipy.misc.imresize", "tf.concat"):
        assert name in both[2]


def test_distributions_of_first_values_are_those_of_1_15(both):
    """Unseeded draws differ; their spread does not, as far as their number tells."""
    for key, expected in both[0].items():
        if key.startswith(UNSEEDED) and expected.size >= 12 and np.ptp(expected):
            array = both[1][key]
            assert 0.6 < np.std(array) / np.std(expected) < 1.6, key
