"""How many samples are digits: what the end of `make mnist` says."""

import re

import numpy as np
import pytest
from PIL import Image
from script_runs import call

from dcgan_v1 import image_files
from dcgan_v1.data import mnist
from dcgan_v1.metrics import classifier_confidence, features
from dcgan_v1.training.rundir import RunDirectory

pytestmark = pytest.mark.cli


def test_real_digits_are_digits_and_noise_and_halves_of_two_are_not(rng):
    digits = mnist.load(part="t10k").images[:1000]
    noise = rng.integers(0, 256, digits.shape, np.uint8)
    mixed = digits.copy()
    mixed[:, 14:] = digits[::-1, 14:]
    with features.open_classifier() as look:
        of_real = classifier_confidence.confident_share(digits, look)
        assert of_real > 0.98
        assert classifier_confidence.confident_share(mixed, look) < of_real - 0.2
        # noise may pass for some digit, but not for all of them
        _, probabilities = look(noise)
        assert len(np.unique(probabilities.argmax(1))) < 10


def test_the_line_counts_the_images_of_the_last_grid(tmp_path):
    test = mnist.load(part="t10k").images
    mixed = np.concatenate([test[:500, :14], test[500:1000, 14:]], axis=1)
    with features.open_classifier() as look:
        sure, unsure = (look(x)[1].max(1) > classifier_confidence.SURE for x in (test, mixed))
    digits = np.concatenate([test[sure][:60], mixed[~unsure][:4]])
    directory = RunDirectory(tmp_path)
    directory.samples.mkdir()
    for step, shown in ((1, digits[::-1] * 0), (2, digits)):
        png = image_files.png_bytes(image_files.grid(shown))
        directory.sample_path(step).write_bytes(png)
    line = classifier_confidence.of_grid(directory.sample_paths()[-1])
    count = int(re.search(r"step_0000002.png: (\d+) of 64 samples are digits", line)[1])
    assert count == 60
    assert "of real digits 99%" in line


def test_classifier_says_it_at_the_end_of_a_training(tmp_path):
    done = call(
        "train_mnist.py",
        "--model",
        "mnist_keras",
        "--steps",
        1,
        "--batch-size",
        4,
        "--samples",
        9,
        "--device",
        "cpu",
        "--classifier",
        "--run-dir",
        tmp_path / "r",
    )
    assert done.returncode == 0, done.stderr
    last = done.stdout.splitlines()[-1]
    assert re.search(r"step_0000001.png: \d of 9 samples are digits", last), last
    with Image.open(tmp_path / "r" / "samples" / "step_0000001.png") as image:
        assert image.size == (88, 88)
