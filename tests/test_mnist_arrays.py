"""MNIST as arrays of numpy's: shapes, types and names, or refused by them."""

import io

import numpy as np
import pytest
from mnist_folder import IMAGES, LABELS, write

from dcgan_v1.data import mnist, mnist_forms
from dcgan_v1.errors import UserError

pytestmark = pytest.mark.unit


FLOATS = IMAGES.astype(np.float32)
SHAPES = {
    "with a channel": IMAGES[..., None],
    "channel first": IMAGES[:, None],
    "flat": IMAGES.reshape(20, 784),
    "0 to 1": IMAGES / 255,
    "0 to 1, flat": (FLOATS / 255).reshape(20, 784),
    "-1 to 1, with a channel": FLOATS[..., None] / 127.5 - 1,
    "0 to 255": FLOATS,
    "integers": IMAGES.astype(np.int64),
    "big-endian": IMAGES.astype(">u2")[:, None],
}


@pytest.mark.parametrize("form", SHAPES)
def test_arrays_of_other_shapes_and_types_are_the_same_images(tmp_path, form):
    np.savez(tmp_path / "a.npz", x_train=SHAPES[form], y_train=LABELS)
    said = []
    found = mnist.load(str(tmp_path / "a.npz"), say=said.append)
    np.testing.assert_array_equal(found.images[..., 0], IMAGES)
    np.testing.assert_array_equal(found.labels, LABELS)
    assert found.sha256 == mnist.load(str(write(tmp_path / "plain"))).sha256
    if form in ("0 to 1", "-1 to 1, with a channel", "0 to 255"):
        assert "is taken for black and" in said[0]


def test_true_and_false_are_white_and_black(tmp_path):
    np.savez(tmp_path / "a.npz", x_train=IMAGES > 99, y_train=LABELS)
    found = mnist.load(str(tmp_path / "a.npz"))
    np.testing.assert_array_equal(found.images[..., 0], np.where(IMAGES > 99, 255, 0))


@pytest.mark.parametrize(
    "names",
    [
        ("x_train", "y_train", "x_test", "y_test"),
        ("X_train", "Y_train", "X_test", "Y_test"),
        ("train_images", "train_labels", "test_images", "test_labels"),
        ("training_images", "training_labels", "test_images", "test_labels"),
        ("images", "labels", "images_test", "labels_test"),
        ("data", "target", "test_data", "test_target"),
        ("arr_0", "arr_1", "arr_2", "arr_3"),
        ("a", "b", "c", "d"),
        ("train/x", "train/y", "t10k/x", "t10k/y"),
    ],
)
def test_arrays_of_other_names_are_known_by_them_or_by_their_shapes(tmp_path, names):
    one_hot = np.eye(10)[LABELS]
    arrays = (IMAGES[..., None], LABELS[:, None] if "y" in names[1] else LABELS)
    arrays += (IMAGES[::-1], one_hot[::-1] if "label" in names[3] else LABELS[::-1])
    np.savez(tmp_path / "a.npz", **dict(zip(names, arrays, strict=True)))
    for part, step in (("train", 1), ("t10k", -1)):
        found = mnist.load(str(tmp_path / "a.npz"), part=part)
        np.testing.assert_array_equal(found.images[..., 0], IMAGES[::step])
        np.testing.assert_array_equal(found.labels, LABELS[::step])


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.zeros((9, 28, 28, 3)), r"x_train has the shape \(9, 28, 28, 3\); \(N, 28, 28\), "),
        (np.zeros((9, 32, 32)), "train images are 32x32; 28x28 is needed"),
        (np.full((9, 28, 28), np.nan), "x_train holds NaN"),
        (np.full((9, 28, 28), "a"), "not numbers"),
    ],
)
def test_arrays_that_are_no_such_images_are_refused_by_shape_or_type(tmp_path, array, said):
    np.savez(tmp_path / "a.npz", x_train=array, y_train=np.arange(9))
    with pytest.raises(UserError, match=said):
        mnist.load(str(tmp_path / "a.npz"))


def test_bad_npz_files_are_refused(tmp_path):
    buffer = io.BytesIO()
    np.savez(buffer, x_train=IMAGES, y_train=LABELS)
    sound = buffer.getvalue()
    for bad in (b"", b"\x93NUMPY", sound[:200], sound[:40] + b"\xff" * 9 + sound[49:], b"<html>"):
        (tmp_path / "mnist.npz").write_bytes(bad)
        with pytest.raises(UserError):
            mnist.load(str(tmp_path / "mnist.npz"))


def test_a_pointer_of_git_lfs_called_mnist_npz_says_how_to_get_the_file(tmp_path):
    path = tmp_path / "mnist.npz"
    path.write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 11\n")
    for place in (path, tmp_path):
        with pytest.raises(UserError, match=r"mnist\.npz is a pointer of Git LFS; git lfs pull"):
            mnist_forms.find_files(place)
