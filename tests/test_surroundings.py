"""The surroundings of 2017 for a program: numpy, scipy, matplotlib, the standard library.

Their names give what they gave (tests/legacy/surroundings, whose right values were recorded with
TensorFlow 1.15 and the packages of its time)."""

import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from script_runs import fresh

pytestmark = pytest.mark.cli
LEGACY = Path(__file__).parent / "legacy"
RIGHT = json.loads((LEGACY / "data" / "surroundings.json").read_text())
IS_OPTIONAL = {"scipy_names": "scipy", "sklearn_names": "sklearn"}
# one-element arrays are no numbers for numpy 2.4: requirements.txt pins an earlier one
REFUSES_ONE_ELEMENT = np.lib.NumpyVersion(np.__version__) >= "2.4.0"
# probes that give something else here, and why
ELSE = {
    "contrib_names.crf": "not supplied",
    "contrib_names.factorization": "not supplied",
    "contrib_names.quantize": "not supplied",
    "contrib_names.inner_seq2seq": "decoders have no equal",
    "contrib_names.seq2seq_attention": "decoders have no equal",
    "contrib_names.seq2seq_greedy": "decoders have no equal",
    "contrib_names.seq2seq_training": "decoders have no equal",
    "numpy_names.maximum_sctype": "the name of the same type",
    "numpy_names.truth_of_empty": "of an object of C: numpy 2 raises",
    "scipy_names.misc_face": "a picture that scipy downloads now",
    "sklearn_names.metrics": "a float instead of a float64",
}


def probed(place, families):
    """Probe -> what it gives here."""
    main = LEGACY / "surroundings" / "main.py"
    done = fresh("run_legacy.py", "--run-dir", place / "run", main, place / "here.json", *families)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads((place / "here.json").read_text())


OF_TENSORFLOW = (
    "cell_names",
    "contrib_names",
    "distribution_names",
    "keras_names",
    "tensorflow_names",
    "tool_names",
)
FAMILIES = sorted({probe.partition(".")[0] for probe in RIGHT} - set(OF_TENSORFLOW))


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    families = [f for f in FAMILIES if find_spec(IS_OPTIONAL.get(f, "numpy"))]
    return probed(tmp_path_factory.mktemp("surroundings"), families)


def assert_right(here, family):
    probes = [probe for probe in RIGHT if probe.startswith(f"{family}.")]
    missing = {p for p in probes if p not in here}
    assert not missing
    wrong = {p: (RIGHT[p], here[p]) for p in probes if here[p] != RIGHT[p] and p not in ELSE}
    if not find_spec("seaborn"):
        wrong = {p: both for p, both in wrong.items() if "seaborn" not in p}
    if REFUSES_ONE_ELEMENT:
        wrong = {p: both for p, both in wrong.items() if "one_element" not in p}
    assert not wrong


@pytest.mark.parametrize("family", FAMILIES)
def test_names_of_2017_give_what_they_gave(here, family):
    if find_spec(IS_OPTIONAL.get(family, "numpy")) is None:
        pytest.skip(f"{IS_OPTIONAL[family]} is not installed")
    assert_right(here, family)


def test_corners_of_tensorflow_give_what_they_gave(tmp_path):
    here = probed(tmp_path, OF_TENSORFLOW)
    for family in OF_TENSORFLOW:
        assert_right(here, family)


def test_more_than_nine_of_ten_names_work(here):
    right = sum(here[probe] == RIGHT[probe] for probe in here)
    assert right > 0.9 * len(here), (right, len(here))
