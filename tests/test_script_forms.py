"""A pair of the heaps as a script: recorded as it is, it gets the verdict that its adapter gets."""

from pathlib import Path

import pytest
from heaps.pairs import DIFFERENT, EQUAL

from dcgan_v1.commands.port_programs import record
from dcgan_v1.compare import compare

TESTS = Path(__file__).resolve().parent
SCRIPT = """import sys

sys.path[:0] = [{tests!r}, {root!r}]
import {framework}
from heaps.pairs import DIFFERENT, EQUAL

(pair,) = [p for p in (*EQUAL, *DIFFERENT) if p.name == {name!r}]
port = pair.new()
for step in range(8):
    x = {x}
    z = {z}
    losses = port.step(x, z) if "gan" in {function!r} else port.step(x)
"""
MAKES = {
    "PyTorch": ("torch", "torch.rand(6, 1, 8, 8)", "torch.randn(6, 5)"),
    "Keras": ("keras", "keras.random.uniform((6, 8, 8, 1))", "keras.random.normal((6, 5))"),
}
NAMES = (  # a handful by kind: losses, layers, batches, orders of updates, optimisers, clips
    "a GAN, D's loss cut off by detach",
    "a concatenated batch in TF1, two calls of D in the port",
    "both updates at once, of gradients taken before either",
    "a GAN in Keras",
    "the label",
    "batch norm's decay",
    "the momentum",
    "D's weights clipped",
    "gradients taken at once, TF1's one after the other",
    "Adam's beta1",
    "D not frozen in G's update",
)
PAIRS = [p for p in (*EQUAL, *DIFFERENT) if p.name in NAMES]


@pytest.mark.compare
@pytest.mark.torch
@pytest.mark.release
@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_a_script_gets_the_verdict_that_its_adapter_gets(pair, tmp_path):
    framework, x, z = MAKES[pair.port]
    words = {"tests": str(TESTS), "root": str(TESTS.parent), "name": pair.name}
    words |= {"framework": framework, "x": x, "z": z, "function": pair.new.function}
    folder = tmp_path / "program"
    folder.mkdir()
    (folder / "train.py").write_text(SCRIPT.format(**words))
    paths = {"work": tmp_path / "work", "recording": tmp_path / "rec"}
    port = record(folder / "train.py", "", steps=3, **paths)
    old = f"{TESTS / 'heaps' / 'sides.py'}:old"
    result = compare(old, port, old_options={"name": pair.name}, accept=pair.accept)
    assert bool(result) == (not pair.causes), result.verdict
    for cause in pair.causes:
        assert cause in result.verdict, result.verdict
