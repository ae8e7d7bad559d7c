"""What may not be exported, what is not kept, and how it is placed."""

import errno
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from exports import needs
from script_runs import call, fresh, refusal

from dcgan_v1 import files, models, pretrained
from dcgan_v1.checkpoints.checkpoint import open_checkpoint
from dcgan_v1.commands import export_model
from dcgan_v1.errors import UserError
from dcgan_v1.export import exporting, to_frozen, to_torch
from dcgan_v1.nn import fast_ops, ops

pytestmark = pytest.mark.cli


def export(to, folder):
    folder.mkdir()
    path = str(pretrained.path_of("mnist_tutorial"))
    return exporting.export(open_checkpoint(path), to, folder, say=lambda text: None)


def test_a_swapped_padding_is_caught(tmp_path, monkeypatch):
    needs("torch")
    real = to_torch._pad

    def swapped(totals):
        return [
            (text.replace("(-1, -2, -1, -2)", "(-2, -1, -2, -1)"), weights)
            for text, weights in real(totals)
        ]

    monkeypatch.setattr(to_torch, "_pad", swapped)
    with pytest.raises(UserError, match="another function"):
        export("torch", tmp_path / "out")


@pytest.mark.parametrize("to", ["savedmodel", "frozen"])
def test_a_map_that_is_one_pixel_off_is_caught(to, tmp_path, monkeypatch):
    real = tf.nn.conv2d_transpose

    def shifted(*args, **options):
        y = real(*args, **options)
        return tf.concat([y[:, -1:], y[:, :-1]], 1) if fast_ops.are_plain() else y

    monkeypatch.setattr(ops.tf.nn, "conv2d_transpose", shifted)
    with pytest.raises(UserError, match="another function"):
        export(to, tmp_path / "out")


def test_nothing_is_written_where_a_fault_is_caught(tmp_path, monkeypatch):
    real = to_frozen._of_old

    def shifted(graph_def):
        for node in graph_def.node:
            if node.name.endswith("generator/bn1/beta"):
                node.attr["value"].tensor.CopyFrom(
                    tf.make_tensor_proto(tf.make_ndarray(node.attr["value"].tensor) + 1)
                )
        return real(graph_def)

    monkeypatch.setattr(to_frozen, "_of_old", shifted)
    monkeypatch.setattr(export_model.runtime, "load", lambda: None)  # graph mode here
    args = ["--pretrained", "mnist_tutorial", "--to", "frozen"]
    args = export_model.make_parser().parse_args([*args, "--out", str(tmp_path / "a")])
    with pytest.raises(UserError, match=r"another function.*nothing was written"):
        export_model.main(args)
    assert not list(tmp_path.iterdir())


@pytest.mark.unit
@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({}, None),
        ({"difference": 2.01e-5}, "another function"),
        ({"difference": float("nan")}, "another function"),
        ({"difference": 0.5, "bound": None}, None),
        ({"alone": 1.1e-5}, "in other batches"),
        ({"alone": 1.1e-5, "bound": None}, "in other batches"),
        ({"alone": float("nan")}, "in other batches"),
        ({"alone": None}, None),
        ({"y": np.array([1, np.nan]), "bound": None}, "NaN or infinity"),
        ({"y": np.array([1, np.inf])}, "NaN or infinity"),
    ],
)
def test_what_a_trial_may_be_off(changes, complaint):
    check = exporting.RoundTrip(
        "a.onnx", "generator", "", 1.99e-5, 0, 0.99e-5, 2e-5, np.zeros(2)
    )._replace(**changes)
    if complaint is None:
        exporting.refuse_another_function(check)
    else:
        with pytest.raises(UserError, match=complaint):
            exporting.refuse_another_function(check)


def test_a_file_that_cannot_be_loaded_as_its_card_says_is_not_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(to_frozen, "LOAD", "import nothing_of_that_name\n")
    with pytest.raises(UserError, match=r"as its card says.*nothing_of_that_name"):
        export("frozen", tmp_path / "out")


@pytest.mark.parametrize("to", ["tflite", "onnx", "keras", "torch"])
def test_an_op_that_a_format_cannot_hold_is_named(to, tmp_path, monkeypatch):
    needs(to)
    module = models.get("mnist_tutorial")
    real = module.generator

    def odd(z, is_training):
        images, updates = real(z, is_training)
        half = tf.ones_like(images) / 2
        return tf.math.betainc(half, half, tf.nn.sigmoid(images)), updates

    monkeypatch.setattr(module, "generator", odd)
    with pytest.raises(UserError, match=r"Betainc.*--to savedmodel"):
        export(to, tmp_path / "out")


@pytest.mark.unit
@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--pretrained", "mnist_keras", "--to", "int8"), "invalid choice"),
        (("--pretrained", "nobody", "--to", "frozen"), "no pretrained model"),
        (("--to", "frozen"), "give a run or a checkpoint"),
        (("a", "--pretrained", "mnist_keras", "--to", "frozen"), "give a run or"),
        (("nowhere", "--to", "frozen"), "nowhere"),
    ],
)
def test_what_cannot_be_exported_is_refused_in_one_line(args, message, tmp_path):
    assert message in refusal("export_model.py", *args, "--out", tmp_path / "out")
    assert not list(tmp_path.iterdir())


@pytest.mark.unit
def test_a_folder_that_is_not_empty_is_left_alone(tmp_path):
    (tmp_path / "mine").write_text("mine")
    args = ("--pretrained", "mnist_keras", "--to", "frozen", "--out", tmp_path)
    assert "is not empty" in refusal("export_model.py", *args)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_an_empty_folder_is_taken(tmp_path):
    done = fresh(
        "export_model.py", "--pretrained", "mnist_tutorial", "--to", "frozen", "--out", tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"README.md", "draws.png", "generator.pb"}


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setattr(exporting, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"tf2onnx .*\[export\]"):
        exporting.check_packages("onnx")


def test_an_export_can_be_read_by_others(tmp_path):
    out = tmp_path / "out"
    done = call(
        "export_model.py", "--pretrained", "mnist_tutorial", "--to", "savedmodel", "--out", out
    )
    assert done.returncode == 0, done.stderr
    (tmp_path / "plain").mkdir()
    assert out.stat().st_mode == (tmp_path / "plain").stat().st_mode
    assert (out / "README.md").stat().st_mode & 0o444 == 0o444


@pytest.mark.unit
@pytest.mark.parametrize("there", [True, False])
def test_what_cannot_be_placed_leaves_nothing_and_what_is_others_alone(
    there, tmp_path, monkeypatch
):
    source, out = tmp_path / "source", tmp_path / "out"
    (source / "b").mkdir(parents=True)
    (source / "a").write_text("a")
    (source / "b" / "c").write_text("c")
    if there:  # it has come in the meantime
        out.mkdir()
        (out / "mine").write_text("mine")

    real = shutil.copyfile

    def full(path, *args, **options):
        if Path(path).parent.name == "b":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(path, *args, **options)

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(UserError, match=r"cannot write .*No space left"):
        files.place(source, out)
    assert out.exists() == there
    assert not there or [path.name for path in out.iterdir()] == ["mine"]
