"""MNIST and its relatives in all the forms in which people have them on their disks."""

import gzip
import io
import shutil
import zipfile

import numpy as np
import pytest
from idx_files import idx_bytes
from mnist_folder import IMAGES, LABELS, write
from script_runs import call, refusal

from dcgan_v1.data import mnist
from dcgan_v1.errors import UserError

pytestmark = pytest.mark.unit


def plain(folder):
    return write(folder)


def capitals(folder):
    return write(folder, lambda name: name.upper() + ".GZ", gzip.compress)


def dots(folder):
    return write(folder, lambda name: name.replace("-idx", ".idx"))


def no_idx(folder):
    return write(folder, lambda name: name.replace("-idx3-ubyte", "").replace("-idx1-ubyte", ""))


def torchvision(folder):
    return write(folder / "MNIST" / "raw") and folder


def torchvision_itself(folder):
    write(folder / "MNIST" / "raw")
    return folder / "MNIST"


def kaggle(folder):
    return write(folder, lambda name: f"{name}/{name}")


def gzip_without_gz(folder):
    return write(folder, pack=gzip.compress)


def plain_under_gz(folder):
    return write(folder, lambda name: f"{name}.gz")


def junk_behind_gzip(folder):
    return write(
        folder, lambda name: f"{name}.gz", lambda data: gzip.compress(data) + b"\0" * 100 + b"junk"
    )


def zip_of_four(folder):
    write(folder / "x" / "files", lambda name: f"{name}.gz", gzip.compress)
    shutil.make_archive(str(folder / "mnist"), "zip", folder / "x")
    shutil.rmtree(folder / "x")
    return folder / "mnist.zip"


def folder_of_zip(folder):
    return zip_of_four(folder).parent


def keras_npz(folder):
    folder.mkdir(exist_ok=True)
    arrays = {"x_train": IMAGES, "y_train": LABELS}
    arrays |= {"x_test": IMAGES[::-1], "y_test": LABELS[::-1]}
    np.savez(folder / "mnist.npz", **arrays)
    return folder / "mnist.npz"


def folder_of_npz(folder):
    return keras_npz(folder).parent


def truncated_plain_beside_gz(folder):
    write(folder, lambda name: f"{name}.gz", gzip.compress)
    (folder / "train-images-idx3-ubyte").write_bytes(idx_bytes(IMAGES)[:-7])
    return folder


FORMS = (plain, capitals, dots, no_idx, torchvision, torchvision_itself, kaggle)
FORMS += (gzip_without_gz, plain_under_gz, junk_behind_gzip, zip_of_four)
FORMS += (folder_of_zip, keras_npz, folder_of_npz, truncated_plain_beside_gz)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_every_form_is_read_to_the_same_images_labels_and_checksum(tmp_path, form):
    place = form(tmp_path / "data")
    expected = mnist.load(write(tmp_path / "plain"))
    said = []
    found = mnist.load(str(place), say=said.append)
    np.testing.assert_array_equal(found.images[..., 0], IMAGES)
    np.testing.assert_array_equal(found.labels, LABELS)
    assert found.sha256 == expected.sha256  # so a run can go on from another form
    test = mnist.load(str(place), part="t10k")
    np.testing.assert_array_equal(test.images[..., 0], IMAGES[::-1])
    np.testing.assert_array_equal(test.labels, LABELS[::-1])
    if form is not plain:
        assert said[-1].startswith("train images: ")
    if form in (gzip_without_gz, junk_behind_gzip):
        assert said[-1].endswith("gzipped")
    if form is truncated_plain_beside_gz:
        assert "is truncated" in said[0] and "skipped" in said[0]


def emnist(folder, *splits):
    """EMNIST's names; its images are stored column by column."""
    folder.mkdir()
    for i, split in enumerate(splits):
        for part in ("train", "test"):
            stem = folder / f"emnist-{split}-{part}"
            images = np.ascontiguousarray((IMAGES + i).transpose(0, 2, 1))
            for kind, array in (("images-idx3", images), ("labels-idx1", LABELS)):
                data = gzip.compress(idx_bytes(array))
                stem.with_name(f"{stem.name}-{kind}-ubyte.gz").write_bytes(data)
        (folder / f"emnist-{split}-mapping.txt").write_text("0 48\n")
    return folder


def test_emnist_is_set_upright_and_that_is_said(tmp_path):
    said = []
    found = mnist.load(str(emnist(tmp_path / "e", "letters")), say=said.append)
    np.testing.assert_array_equal(found.images[..., 0], IMAGES)
    assert "set upright (EMNIST's lie on their side)" in said[0]


def test_of_several_splits_one_is_asked_for(tmp_path):
    folder = str(emnist(tmp_path / "e", "balanced", "byclass", "letters"))
    with pytest.raises(UserError, match=r"several data sets .*emnist-byclass.*--split"):
        mnist.load(folder)
    found = mnist.load(folder, "ByClass")
    np.testing.assert_array_equal(found.images[..., 0], IMAGES + 1)
    found = mnist.load(folder, "emnist-letters", part="t10k")
    np.testing.assert_array_equal(found.images[..., 0], IMAGES + 2)
    with pytest.raises(UserError, match=r"--split digits: .* has the data sets emnist-b"):
        mnist.load(folder, "digits")


def test_files_with_no_name_of_a_set_are_meant_where_others_lie_beside(tmp_path):
    write(tmp_path)
    write(tmp_path, lambda name: f"old-{name}", lambda data: data[:-9])
    np.testing.assert_array_equal(mnist.load(str(tmp_path)).labels, LABELS)
    with pytest.raises(UserError, match="is truncated"):
        mnist.load(str(tmp_path), "old")


def test_of_torchvisions_sets_one_is_asked_for(tmp_path):
    for i, name in enumerate(("FashionMNIST", "MNIST")):
        folder = write(tmp_path / name / "raw")
        images = idx_bytes(IMAGES + i)
        (folder / "train-images-idx3-ubyte").write_bytes(images)
    with pytest.raises(UserError, match=r"several data sets \(fashionmnist, mnist"):
        mnist.load(str(tmp_path))
    found = mnist.load(str(tmp_path), "mnist")
    np.testing.assert_array_equal(found.images[..., 0], IMAGES + 1)


def test_gzip_of_several_streams_is_read_as_one(tmp_path):
    def in_parts(data):
        parts = (data[:300], data[300:5000], data[5000:])
        return b"".join(map(gzip.compress, parts)) + b"junk"

    found = mnist.load(str(write(tmp_path, lambda name: f"{name}.gz", in_parts)))
    np.testing.assert_array_equal(found.images[..., 0], IMAGES)


@pytest.mark.cli
def test_labels_are_needed_only_where_something_needs_them(tmp_path):
    folder = write(tmp_path / "d")
    for path in folder.glob("*labels*"):
        path.unlink()
    assert mnist.load(str(folder), labels=False).labels.size == 0
    with pytest.raises(UserError, match="no train-labels-idx1-ubyte"):
        mnist.load(str(folder))
    args = ("--data-dir", folder, "--validation", 0, "--batch-size", 4, "--steps", 1)
    args += ("--pretrain-steps", 0, "--device", "cpu", "--run-dir", tmp_path / "r")
    done = call("train_mnist.py", *args)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda p: p.write_bytes(b"<!DOCTYPE html><html>"), "is a page of HTML"),
        (lambda p: p.write_bytes(b"\n <html>403"), "is a page of HTML"),
        (lambda p: p.write_bytes(b"version https://git-lfs.github.com/"), "git lfs pull gets"),
        (lambda p: p.write_bytes(gzip.compress(b"x" * 99)), "is not an IDX file"),
        (lambda p: p.write_bytes(gzip.compress(idx_bytes(IMAGES))[:-40]), "cannot read"),
        (lambda p: p.unlink(), "this one holds t10k-images-idx3-ubyte.gz, t10k-labels"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_true_cause(tmp_path, spoil, said):
    folder = write(tmp_path / "d", lambda name: f"{name}.gz", gzip.compress)
    spoil(folder / "train-images-idx3-ubyte.gz")
    args = ("--data-dir", folder, "--run-dir", tmp_path / "r")
    assert said in refusal("train_mnist.py", *args)
    assert not (tmp_path / "r").exists()


def test_archives_that_are_none_and_arrays_of_other_types_are_refused(tmp_path):
    path = tmp_path / "mnist.zip"
    path.write_bytes(b"not a zip")
    with pytest.raises(UserError, match="is not a valid archive"):
        mnist.load(str(path))
    np.save(tmp_path / "a.npy", IMAGES)
    with pytest.raises(UserError, match=r"is an array of numpy's; --data-dir takes a folder"):
        mnist.load(str(tmp_path / "a.npy"))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "nothing here")
    with pytest.raises(UserError, match="no train-images-idx3-ubyte"):
        mnist.load(str(path))
    buffer = io.BytesIO()
    np.savez(buffer, x_train=IMAGES, y_train=LABELS)
    np.savez(tmp_path / "mnist.npz", x_train=np.full((20, 28, 28), None), y_train=LABELS)
    with pytest.raises(UserError, match=r"cannot read .*x_train: .*pickle"):
        mnist.load(str(tmp_path / "mnist.npz"))  # pickled: not read
    np.savez(tmp_path / "mnist.npz", weights=np.zeros((3, 4)))
    with pytest.raises(
        UserError, match=r"it holds weights \(3, 4\); images have the shape \(N, 28"
    ):
        mnist.load(str(tmp_path / "mnist.npz"))
    for kind, data in (("a tar archive", bytes(257) + b"ustar"), ("a gzip file", b"\x1f\x8b")):
        path.write_bytes(data)
        with pytest.raises(UserError, match=f"is {kind}: unpack it, and give the folder"):
            mnist.load(str(path))
    with pytest.raises(UserError, match="/dev/zero is a device or a pipe"):
        mnist.load("/dev/zero")
