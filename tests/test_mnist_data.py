"""Reading IDX files: what is right is read exactly, what is wrong is named."""

import gzip
import struct

import numpy as np
import pytest
from idx_files import idx_bytes, random_images, write_dataset

from dcgan_v1.data import mnist
from dcgan_v1.errors import UserError

pytestmark = pytest.mark.unit

IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"


@pytest.mark.graph  # for its time alone: it reads all of MNIST
def test_the_shipped_files_are_mnist():
    train, test = mnist.load(), mnist.load(part="t10k")
    assert train.images.shape == (60_000, 28, 28, 1)
    assert test.images.shape == (10_000, 28, 28, 1)
    assert list(train.labels[:10]) == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    # the mean and deviation that everyone quotes for the training images
    assert train.images.mean(dtype=np.float32) / 255 == pytest.approx(0.1307, abs=5e-5)
    assert train.images.std(dtype=np.float32) / 255 == pytest.approx(0.3081, abs=5e-5)


@pytest.mark.parametrize("compressed", [False, True])
def test_other_idx_files_are_read_exactly(tmp_path, compressed):
    images, labels = random_images(30), np.arange(30, dtype=np.uint8)
    write_dataset(tmp_path, images, labels, compressed)
    read = mnist.load(tmp_path)
    np.testing.assert_array_equal(read.images[..., 0], images)
    np.testing.assert_array_equal(read.labels, labels)


def test_compression_does_not_change_the_checksum(tmp_path):
    plain = write_dataset(tmp_path / "a", random_images(5))
    packed = write_dataset(tmp_path / "b", random_images(5), compressed=True)
    assert mnist.load(plain).sha256 == mnist.load(packed).sha256


def damage(folder, what):
    path = folder / IMAGES
    data = path.read_bytes()
    if what == "missing":
        path.unlink()
    elif what == "empty":
        path.write_bytes(b"")
    elif what == "truncated":
        path.write_bytes(data[:-1])
    elif what == "too long":
        path.write_bytes(data + b"\0")
    elif what == "wrong magic":
        path.write_bytes(b"\x89PNG" + data[4:])
    elif what == "labels as images":
        path.write_bytes((folder / LABELS).read_bytes())
    elif what == "huge header":
        path.write_bytes(struct.pack(">HBBIII", 0, 8, 3, 4_000_000_000, 28, 28))
    elif what == "counts differ":
        (folder / LABELS).write_bytes(idx_bytes(np.zeros(9, np.uint8)))
    elif what == "32x32":
        path.write_bytes(idx_bytes(random_images(10, size=32)))
    elif what == "broken gzip":
        path.unlink()
        packed = bytearray(gzip.compress(data))
        packed[len(packed) // 2] ^= 0xFF
        path.with_name(IMAGES + ".gz").write_bytes(packed)
    elif what == "truncated gzip":
        path.unlink()
        path.with_name(IMAGES + ".gz").write_bytes(gzip.compress(data)[:-20])
    elif what == "not gzip":
        path.unlink()
        path.with_name(IMAGES + ".gz").write_bytes(b"<html>quota exceeded</html>")


@pytest.mark.parametrize(
    ("what", "complaint"),
    [
        ("missing", f"no {IMAGES}"),
        ("empty", "no header"),
        ("truncated", "truncated"),
        ("too long", "too long"),
        ("wrong magic", "89504e47"),
        ("labels as images", "00000801"),
        ("huge header", "its header claims 3136000000000 bytes"),
        ("counts differ", "10 train images but 9 labels"),
        ("32x32", "32x32"),
        ("broken gzip", "cannot read"),
        ("truncated gzip", "cannot read"),
        ("not gzip", "is a page of HTML"),
    ],
)
def test_a_bad_file_is_named_in_one_line(tmp_path, what, complaint):
    write_dataset(tmp_path, random_images(10))
    damage(tmp_path, what)
    with pytest.raises(UserError, match=complaint) as error:
        mnist.load(tmp_path)
    assert str(tmp_path) in str(error.value)
    assert "\n" not in str(error.value)


def test_a_shipped_file_with_another_checksum_is_refused(tmp_path, monkeypatch):
    write_dataset(tmp_path, random_images(10))
    monkeypatch.setattr(mnist, "SHIPPED", tmp_path)
    with pytest.raises(UserError, match="SHA-256"):
        mnist.load()
