"""One frozen config: JSON in and out, nothing unknown, nothing changed unnoticed."""

import dataclasses
import json

import pytest

from dcgan_v1.config import config_json
from dcgan_v1.config.config_json import continued
from dcgan_v1.errors import UserError
from dcgan_v1.systems import MnistBeginnersConfig as Config
from dcgan_v1.systems import MnistTutorialConfig

pytestmark = pytest.mark.unit


def test_json_round_trip():
    config = Config(seed=7, steps=12, data_sha256="ab", histograms=True)
    assert config_json.from_json(config.to_json(), "c") == config


def test_a_config_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Config().seed = 1


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('{"model": "mnist_beginners", "seeed": 1}', "seeed"),
        ('{"model": "mnist_beginners", "width": 8}', "width"),
        ('{"model": "mnist_beginners", "seed": "1"}', "seed must be a int"),
        ('{"model": "mnist_beginners", "seed": true}', "seed must be a int"),
        ('{"model": "mnist_beginners", "steps": -5}', "--steps must be at least 1"),
        ('{"model": "resnet"}', "model is one of"),
        ('{"model": ["celeba64"]}', "model is one of"),
        ("{}", "model is one of"),
        ("[]", "object"),
        ("{", "not JSON"),
        ("", "not JSON"),
    ],
)
def test_bad_json_is_refused_by_name(text, complaint):
    with pytest.raises(UserError, match=complaint):
        config_json.from_json(text, "config.json")


@pytest.mark.parametrize(
    "setting",
    [
        {"steps": 0},
        {"steps": -1},
        {"batch_size": 0},
        {"keep": 0},
        {"seed": -1},
        {"seed": 2**31},
        {"save_every": 0},
        {"sample_bn": "none"},
    ],
)
def test_values_out_of_range_are_refused(setting):
    with pytest.raises(UserError):
        Config(**setting)


def test_a_restored_run_may_change_its_length_but_not_its_numbers():
    saved = Config(steps=100, seed=1)
    assert config_json.continued(saved, {"steps": 200, "seed": 1}).steps == 200
    with pytest.raises(UserError) as error:
        config_json.continued(saved, {"seed": 2, "batch_size": 8, "steps": 200})
    for part in ("--seed is 1", "2 was asked", "--batch-size is 50", "--restart"):
        assert part in str(error.value)


def test_json_holds_every_setting():
    names = {f.name for f in dataclasses.fields(Config)}
    assert set(json.loads(Config().to_json())) == names


def test_epochs_become_steps_unless_steps_are_given():
    config = MnistTutorialConfig(epochs=3, save_epochs=2, sample_every=7)
    config = config.in_steps(235)
    assert (config.steps, config.save_every, config.sample_every) == (705, 470, 7)
    assert MnistTutorialConfig(steps=4).in_steps(235).steps == 4
    with pytest.raises(UserError, match="--steps must be at least 1"):
        Config(steps=0)


def test_what_is_asked_for_last_counts_in_a_restored_run():
    saved = MnistTutorialConfig(steps=4, sample_every=2)
    later = continued(saved, {"epochs": 2}).in_steps(10)
    assert (later.steps, later.sample_every) == (20, 2)
    assert continued(saved, {"epochs": 2, "steps": 9}).in_steps(10).steps == 9
