"""What a comparison in a second dtype knows from the first."""

from types import SimpleNamespace

import pytest

from dcgan_v1.migration.comparison import pipeline
from dcgan_v1.migration.comparison.inputs.preparation import Request
from dcgan_v1.migration.comparison.pairs.pairing import Pairing
from dcgan_v1.migration.matching.fingerprints import Certificate
from dcgan_v1.migration.matching.matching import Matching
from dcgan_v1.migration.records import PortInfo, Tf1Info, Variable

pytestmark = pytest.mark.unit


def test_a_second_dtype_knows_what_no_step_of_the_ports_reads_and_its_order_of_dropouts(
    monkeypatch,
):
    matching = Matching([], new_only=["net/buffer"])

    def comparison(*args):
        return SimpleNamespace(evidence=SimpleNamespace(matching=matching))

    monkeypatch.setattr(pipeline, "_comparison", comparison)

    def info(dtype):
        return PortInfo(variables={"net/buffer": Variable([3], dtype)}, arguments=["x"])

    known = {"note": "a note", "unread": ["net/buffer"], "dropouts": ["b", "a"]}
    first = Pairing(Tf1Info(), info("float64"), matching, Certificate(None, 0), **known)
    assert first.is_whole
    before = pipeline.Outcome(first, SimpleNamespace(), {"float64": comparison()})
    programs = SimpleNamespace(
        old=SimpleNamespace(describe=Tf1Info),
        new=SimpleNamespace(describe=lambda: info("float32")),
        dtype="float32",
    )
    second = pipeline.compared(programs, Request(), before, pipeline.Listener(), False).pairing
    assert second.new == info("float32")
    assert second.is_whole
    assert {name: getattr(second, name) for name in known} == known
