"""Numbers that a recorded port keeps itself and multiplies terms of its losses by."""

from types import SimpleNamespace

import numpy as np
import pytest
from port_texts import run_recorder

from dcgan_v1.migration.comparison.runs import recorded_inputs
from dcgan_v1.migration.recordings.port_recording import PortRecording
from dcgan_v1.migration.records import Input, Tf1Info

BALANCED = """import torch
torch.manual_seed(0)
D, G = torch.nn.Linear(4, 4), torch.nn.Linear(3, 4)
d_sgd, g_sgd = (torch.optim.SGD(net.parameters(), lr=0.1) for net in (D, G))
k = 0.25
for step in range(5):
    x, z = torch.rand(8, 4), torch.randn(8, 3)
    fake = G(z)
    real, made = (D(x) - x).abs().mean(), (D(fake.detach()) - fake.detach()).abs().mean()
    d_sgd.zero_grad()
    (2.0 * real - k * made).backward()
    d_sgd.step()
    print(0.5 * real)
    with torch.no_grad():
        G.bias.clamp_(-0.1, 0.1)
    g_sgd.zero_grad()
    (D(fake) - fake).abs().mean().backward()
    g_sgd.step()
    k = k + 0.125
"""


@pytest.mark.cli
@pytest.mark.torch
def test_a_number_that_a_term_is_multiplied_by_is_recorded_in_each_step(tmp_path):
    done = run_recorder(BALANCED, tmp_path, "--dtype", "float64", "--steps", "3")
    assert done.returncode == 0, done.stderr
    recording = PortRecording(tmp_path / "rec")
    assert [recording.numbers(step)["k"] for step in range(3)] == [0.25, 0.375, 0.5]
    constant = {n: v for n, v in recording.numbers(0).items() if n != "k"}
    assert list(constant.values()) == [2.0]  # what is printed behind a step is no term
    assert not any(item.array.ndim == 0 for item in recording.items(0))
    # and does not end the update: what comes behind it is still the step's
    bias = recording.update(0)["state/G/bias"]
    assert np.all(np.abs(bias) <= 0.1)


@pytest.mark.cli
@pytest.mark.torch
@pytest.mark.parametrize("other", ["gamma", "total"])
def test_a_number_keeps_its_name_where_another_variable_begins_as_the_same_object(tmp_path, other):
    text = BALANCED.replace("k = 0.25\n", f"{other} = 0.25\nk = 0.25\n")
    done = run_recorder(text, tmp_path, "--dtype", "float64", "--steps", "3")
    assert done.returncode == 0, done.stderr
    recording = PortRecording(tmp_path / "rec")
    assert [recording.numbers(step)["k"] for step in range(3)] == [0.25, 0.375, 0.5]


def bound(of_port, rates=(), **fed):
    """What TF1's numbers are bound to, of a port with the same or other numbers in three steps."""
    old = Tf1Info(inputs={name: Input([], "float32") for name in fed})
    numbers = [{n: values[step] for n, values in of_port.items()} for step in range(3)]
    port = SimpleNamespace(recording=SimpleNamespace(numbers=numbers.__getitem__))
    arrays = {name: np.array(values, np.float32) for name, values in fed.items()}
    return recorded_inputs.numbers_of(old, port, arrays, 3, rates)


@pytest.mark.unit
def test_a_number_that_goes_on_from_the_same_start_is_tf1s_number(rng):
    start, ours, theirs = rng.random(), rng.random(2), rng.random(2)
    port = {"k": [start, *theirs], "weight": [start] * 3, "other": [start + 1, *ours]}
    found, notes = bound(port, kt=[start, *ours])
    assert found == {"kt": "k"}
    (note,) = notes
    assert "kt" in note and "is not compared" in note


@pytest.mark.unit
def test_a_number_that_begins_elsewhere_is_not_taken_and_said(rng):
    ours, theirs = rng.random(3), rng.random(3)
    found, notes = bound({"k": list(theirs)}, k=list(ours))
    assert not found
    assert len(notes) == 1 and "fed as its own program fed it" in notes[0]
    assert bound({"k": list(theirs)}, rate=[0.1] * 3) == ({}, [])  # what stays is no such number


@pytest.mark.unit
def test_a_number_is_taken_once_and_unnamed_only_where_it_alone_fits(rng):
    start, one, two, of_port = rng.random(), *rng.random((3, 2))
    k = [start, *of_port]
    found, notes = bound({"k": k}, k_t=[start, *one], alpha=[start, *two])
    assert not found
    assert all("which of the port's numbers it is, nothing tells (k)" in note for note in notes)
    assert bound({"k": k}, a_k=[start, *one], k=[start, *two])[0] == {"k": "k"}
    assert not bound({"a": k, "b": [start, *one]}, k_t=[start, *two])[0]
    assert bound({"number": k, "number#2": k}, k_t=[start, *two])[0] == {"k_t": "number"}


@pytest.mark.unit
def test_what_may_be_a_learning_rate_is_given_no_number_of_a_loss(rng):
    start, rate, k = rng.random(), np.sort(rng.random(2)), rng.random(2)
    found, notes = bound({"k": [start, *k]}, (start,), learning_rate=[start, *rate])
    assert not found
    assert "fed as its own program fed it" in notes[0]
    assert bound({"k": [start, *k]}, (start + 1,), k_t=[start, *rate])[0] == {"k_t": "k"}
