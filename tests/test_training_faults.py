"""What goes wrong within a training: it saves in time, stops, or goes on and warns."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from dcgan_v1 import files
from dcgan_v1.checkpoints import finding
from dcgan_v1.data.pipeline import InMemory
from dcgan_v1.errors import UserError
from dcgan_v1.systems import MnistTutorialConfig
from dcgan_v1.training import hooks
from dcgan_v1.training import train as train_lib
from dcgan_v1.training.rundir import RunDirectory

pytestmark = pytest.mark.graph


def train(tmp_path, **settings):
    config = MnistTutorialConfig(
        **{"batch_size": 4, "samples": 4, "device": "cpu", "summary_every": 1}
        | {"save_every": 1000, "sample_every": 1000, "steps": 4}
        | settings
    )
    rng = np.random.default_rng()
    data = InMemory(rng.integers(0, 256, (8, 28, 28, 1), np.uint8), "smaller")
    return train_lib.train(config, data, RunDirectory(tmp_path / "run"))


def test_a_checkpoint_comes_at_the_latest_after_save_minutes(tmp_path):
    saved, now = [], [0.0]

    class Noted(hooks.Checkpoints):
        def save(self, run):
            saved.append(run.step)
            self._saved_at = now[0]

    run = SimpleNamespace(
        config=MnistTutorialConfig(save_minutes=1, save_every=1000),
        directory=RunDirectory(tmp_path),
        step=0,
        is_due=lambda every: run.step % every == 0,
    )
    checkpoints = Noted(run, None, clock=lambda: now[0])
    for run.step in range(1, 13):
        now[0] += 20
        checkpoints(run)
    assert saved == [3, 6, 9, 12]


def test_a_loss_that_is_not_a_number_stops_the_run_and_says_where(tmp_path, monkeypatch):
    build = train_lib.build_train_graph

    def poisoned(config, data):
        graph = build(config, data)
        now = tf.get_default_graph().get_tensor_by_name("global_step/now:0")  # steps done before
        bad = tf.where_v2(now >= 2, np.float32("nan"), 1.0)
        scalars = {k: x * bad for k, x in graph.train.scalars.items()}
        return graph._replace(train=graph.train._replace(scalars=scalars))

    monkeypatch.setattr(train_lib, "build_train_graph", poisoned)
    with pytest.raises(UserError, match="step 3: d_loss is nan"):
        train(tmp_path, save_every=1)
    found = json.loads((tmp_path / "run" / "diagnosis.json").read_text())
    assert found["step"] == 3
    assert "g_loss" in found["not_finite"]
    assert set(found["gradient_norms"]) == {"d_gradient_norm", "g_gradient_norm"}
    assert found["last_checkpoint"] == 2
    assert found["batch"] == "epoch 1, from image 0"
    prefixes = finding.list_all(tmp_path / "run" / "checkpoints")
    assert prefixes[-1].endswith("model-2")  # the last good one


def test_training_goes_on_where_samples_and_metrics_cannot_be_written(
    tmp_path, monkeypatch, capsys
):
    write = files.write_atomically

    def full(path, data):
        if Path(path).suffix == ".png":
            raise OSError(28, "No space left on device")
        write(path, data)

    monkeypatch.setattr(files, "write_atomically", full)
    append, events = files.append, [0]

    def full_too(path, data):
        events[0] += "tfevents" in path.name
        if path.name == "metrics.csv" or events[0] > 3:  # after the file's beginning
            raise OSError(28, "No space left on device")
        append(path, data)

    monkeypatch.setattr(files, "append", full_too)
    train(tmp_path, sample_every=1)
    printed = capsys.readouterr().out
    for what in ("a sample", "metrics.csv", "TensorBoard's events"):
        warned = f"cannot write {what}: No space left on device; training goes on"
        assert printed.count(warned) == 1, printed
    assert finding.list_all(tmp_path / "run" / "checkpoints")
