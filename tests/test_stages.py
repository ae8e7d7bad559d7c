"""The stages of a comparison on committed evidence: no process and no framework.

See `evidence_of_pairs`."""

from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest

from dcgan_v1.errors import UserError
from dcgan_v1.migration.comparison import evidence as evidence_file
from dcgan_v1.migration.comparison.differences import between
from dcgan_v1.migration.comparison.evidence import FORWARD, GRADIENT, STATE
from dcgan_v1.migration.comparison.runs.experiments import Experiments
from dcgan_v1.migration.explanation.explain import explain
from dcgan_v1.migration.matching.identify import identify

pytestmark = pytest.mark.unit
FOLDER = Path(__file__).parent / "evidence"


@pytest.fixture
def same():
    return evidence_file.load(FOLDER / "same.npz")


@pytest.fixture
def faulty():
    return evidence_file.load(FOLDER / "three_faults.npz")


def nothing_can_be_run():
    refuse = UserError("there is no process")
    names = [name for name in vars(Experiments) if not name.startswith("_")]
    return Mock(spec=Experiments, **{f"{name}.side_effect": refuse for name in names})


def test_evidence_is_the_same_after_it_was_written_and_read(same, tmp_path):
    same.save(tmp_path / "again.npz")
    again = evidence_file.load(tmp_path / "again.npz")
    assert again.old == same.old
    assert again.matching == same.matching
    assert again.ours.keys() == same.ours.keys()
    for key, array in same.ours.items():
        assert again.ours[key].tobytes() == array.tobytes()


def test_no_difference_is_beyond_rounding_where_the_programs_are_the_same(same):
    differences = between(same.ours, same.theirs)
    assert {d.key.kind for d in differences} == {"forward", "loss", "gradient", "state"}
    assert not [d for d in differences if d.key.counts and d.is_over]
    assert explain(same, differences, nothing_can_be_run()) == []


def test_gradients_and_weights_part_where_faults_were_planted(faulty):
    over = {d.key for d in between(faulty.ours, faulty.theirs) if d.is_over}
    assert {key.kind for key in over} >= {GRADIENT, STATE}
    layers = {key.name for key in over if key.kind == FORWARD}
    assert {"discriminator/leaky_re_lu", "discriminator/dense_3"} <= layers
    assert "discriminator/dense_2" not in layers  # ahead of the slope
    assert not any(name.startswith("generator/") for name in layers)


def test_where_nothing_can_be_run_again_the_difference_is_said_all_the_same(faulty):
    differences = between(faulty.ours, faulty.theirs)
    (finding,) = explain(faulty, differences, nothing_can_be_run())
    assert "differs by" in finding.cause
    assert "there is no process" in finding.cause


def test_what_shapes_tell_is_told_by_shapes_alone(same):
    """The rest is matched by running both programs."""
    matching, certificate = identify(same.old, same.new, [])
    right = {row.new: row.old for row in same.matching.rows}
    by_shape = [row for row in matching.rows if row.by == "shape"]
    assert len(by_shape) >= 8
    assert all(right[row.new] == row.old for row in by_shape)
    assert certificate.loss is None


def test_an_array_that_one_side_moves_otherwise_is_over_and_no_other(same, rng):
    key = next(key for key in same.ours if key.kind == STATE and key.step)
    theirs = {**same.theirs, key: same.theirs[key] + 1e-3}
    over = [d.key for d in between(same.ours, theirs) if d.is_over and d.key.counts]
    assert over == [key]
    assert np.isfinite(same.ours[key]).all()
