"""Session runs that repeat with other batches and noise: a loop in training.py."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
import written_files
from test_written_forms import dense

from dcgan_v1.migration.matching.map_file import Map
from dcgan_v1.migration.runners.tf1 import describing
from dcgan_v1.migration.specs import Tf1
from dcgan_v1.porting import description as d
from dcgan_v1.porting import originals
from dcgan_v1.porting.keras import training as keras_training
from dcgan_v1.porting.text import repeats
from dcgan_v1.porting.torch import networks as torch_networks
from dcgan_v1.porting.torch import training as torch_training

pytestmark = [pytest.mark.unit, pytest.mark.torch]

torch = pytest.importorskip("torch")
RNG = np.random.default_rng(0)
AXES = d.Constant(np.array([0, 1]))


@pytest.fixture(scope="module", autouse=True)
def loaded():
    """With its first optimiser torch loads what takes more than the second of a unit test."""
    torch.optim.SGD([torch.zeros(1, requires_grad=True)])


def critic_program(inputs=("x", "x_2", "x_3"), kinds=("Square",) * 3):
    """As many updates of a critic by squares of what it says of the inputs, one a session run."""
    w = {"d/w": d.Variable("d/w", (2, 2), "float32", True)}
    x, y = d.Value("x.0", (None, 2)), d.Value("h.0", (None, 2))
    layer = d.Node("dense", (y,), (x,), {"units": 2}, {"kernel": "d/w"})
    network = d.Network("d", "d", (d.Function("call", (x,), (layer,), (y,)),), ("d/w",))
    given = {n: d.Value(f"{n}.1", (None, 2)) for n in dict.fromkeys(inputs)}
    stages, losses = [], {}
    for run, (name, kind) in enumerate(zip(inputs, kinds, strict=True)):
        on, made, loss = (d.Value(f"{n}.{9 * run + 2}", (None, 2)) for n in ("on", "h", "loss"))
        loss = replace(loss, shape=())
        words = {
            "network": "d",
            "function": "call",
            "training": False,
            "moves": False,
            "averages": 0,
        }
        nodes = (
            d.Node("call", (on,), (given[name],), words),
            d.Node("op", (made,), (on,), {"type": kind}),
            d.Node("op", (loss,), (made, AXES), {"type": "Sum"}),
        )
        stages.append(d.Stage(run, nodes, (d.Effect("update", "u", ("d/w",), "sgd", (loss,)),)))
        losses["d_loss" if not run else f"d_loss_{run + 1}"] = loss
    sgd = d.Optimizer("sgd", "u", "GradientDescent", {"learning rate": 0.1}, ("d/w",))
    fed = tuple(d.Node("input", (v,), ops=(n,)) for n, v in given.items())
    return d.Program("", w, (network,), (sgd,), fed, (), tuple(stages), losses)


def test_updates_that_repeat_with_other_batches_are_a_loop_and_each_loss_is_returned():
    text = keras_training.text(critic_program())
    assert "runs = (x, x_2, x_3)" in text and "for x in runs:" in text
    assert text.count(".gradient(") == 1 and "d_losses.append(d_loss)" in text
    assert 'return {**{f"d_loss_{i}": loss for i, loss in enumerate(d_losses, 1)}}' in text


def test_what_is_left_out_is_said_in_comments_of_the_width_of_the_code():
    said = (
        "the clips of 20 variables of optimisers, " + "a/scope/of/its/own/" * 4 + "w/RMSProp first"
    )
    lines = keras_training.text(replace(critic_program(), left_out=(said,))).splitlines()
    notes = [line for line in lines if line.startswith("# ")]
    assert " ".join(note[2:] for note in notes) == f"Not as in TF1: {said}."
    assert max(map(len, lines)) <= 98


def test_a_loop_of_updates_moves_weights_as_one_after_the_other_does():
    program, names = critic_program(), {}
    texts = torch_networks.text(program), torch_training.text(program)
    assert "for x in runs:" in texts[1]
    exec(written_files.as_one(torch_networks.own_layers(program), *texts), names)
    training, w = names["Training"](), RNG.normal(size=(2, 2))
    training.d.dense.weight.data = torch.tensor(w.T)
    batches = RNG.normal(size=(3, 4, 2))
    losses = training.train_step(*map(torch.tensor, batches))
    for i, x in enumerate(batches, 1):
        assert float(losses[f"d_loss_{i}"]) == pytest.approx(np.square(x @ w).sum())
        w = w - 0.1 * 2 * x.T @ (x @ w)
    np.testing.assert_allclose(training.d.dense.weight.detach().numpy().T, w, atol=1e-12)


@pytest.mark.parametrize(
    ("inputs", "kinds", "rounds"),
    [
        (("x", "x_2", "x_3"), ("Square", "Square", "Abs"), [2, 1]),
        (("x", "x_2", "x_3"), ("Square", "Abs", "Square"), [1, 1, 1]),
        (("x", "x_2", "x"), ("Square", "Square", "Abs"), [1, 1, 1]),  # x is needed afterwards
        (("x", "x"), ("Square", "Square"), [2]),  # nothing is given anew
        (("x", "x", "x_2"), ("Square", "Square", "Square"), [3]),
        (("x", "x", "x_2"), ("Square", "Square", "Abs"), [2, 1]),
    ],
)
def test_runs_are_a_loop_only_where_they_are_the_same_and_nothing_else_needs_the_first_batch(
    inputs, kinds, rounds
):
    assert [1 + len(r.others) for r in repeats.of(critic_program(inputs, kinds))] == rounds


@pytest.mark.parametrize(
    ("runs", "loops"),  # c: a clip in a run of its own; G: another update
    [
        ("DcDcDcG", [(2, 3), (1, 1)]),
        ("DcDcDGc", [(2, 2), (1, 1), (1, 1), (1, 1)]),
        ("DDcDDcG", [(3, 2), (1, 1)]),
        ("DDDcG", [(1, 3), (1, 1), (1, 1)]),
        ("GDcDcG", [(1, 1), (2, 2), (1, 1)]),
    ],
)
def test_an_update_and_its_clip_in_runs_of_their_own_are_a_loop_together(runs, loops):
    names = [f"x_{i}" for i in range(len(runs))]
    kinds = {"D": "Square", "G": "Abs", "c": "Square"}
    program = critic_program(tuple(names), tuple(kinds[run] for run in runs))
    clip = d.Effect("clip", "clip", ("d/w",), settings={"low": -1.0, "high": 1.0})
    stages = [
        d.Stage(i, (), (clip,)) if run == "c" else stage
        for i, (run, stage) in enumerate(zip(runs, program.stages, strict=True))
    ]
    found = repeats.of(replace(program, stages=tuple(stages)))
    assert [(len(r.stages), 1 + len(r.others)) for r in found] == loops


def test_updates_that_repeat_with_the_same_batch_are_a_loop_that_moves_weights_as_often():
    program, names = critic_program(("x", "x"), ("Square",) * 2), {}
    texts = torch_networks.text(program), torch_training.text(program)
    assert "for _ in range(2):" in texts[1] and texts[1].count(".backward(") == 1
    exec(written_files.as_one(torch_networks.own_layers(program), *texts), names)
    training, w, x = names["Training"](), RNG.normal(size=(2, 2)), RNG.normal(size=(4, 2))
    training.d.dense.weight.data = torch.tensor(w.T)
    losses = training.train_step(torch.tensor(x))
    for i in (1, 2):
        assert float(losses[f"d_loss_{i}"]) == pytest.approx(np.square(x @ w).sum())
        w = w - 0.1 * 2 * x.T @ (x @ w)
    np.testing.assert_allclose(training.d.dense.weight.detach().numpy().T, w, atol=1e-12)


def test_two_loops_of_a_step_gather_their_own_losses():
    text = keras_training.text(critic_program(tuple("abcd"), ("Square", "Square", "Abs", "Abs")))
    assert text.count("d_losses = []") == 1 and text.count("d_losses_2 = []") == 1
    assert 'f"d_loss_{i}": loss for i, loss in enumerate(d_losses, 1)' in text
    assert 'f"d_loss_{i}": loss for i, loss in enumerate(d_losses_2, 3)' in text
    assert "for a in runs:" in text and "for c in runs:" in text


def test_losses_of_a_loop_that_others_stand_between_are_counted_apart():
    program = critic_program()
    named = zip((2, 5, 9), program.losses.values(), strict=True)
    text = keras_training.text(replace(program, losses={f"d_loss_{n}": v for n, v in named}))
    assert 'f"d_loss_2_{i}": loss for i, loss in enumerate(d_losses, 1)' in text


@pytest.mark.graph
def test_what_a_later_run_is_given_for_a_summary_alone_is_no_input_of_the_step():
    def build():
        x, z = (tf.placeholder(tf.float32, [4, 2], n) for n in "xz")
        critic = tf.reduce_mean(dense(x, 1, "critic"))
        loss = tf.reduce_mean(dense(z, 1, "maker"))
        sgd = tf.train.GradientDescentOptimizer(0.1)
        for name, of in (("critic", critic), ("maker", loss)):
            sgd.minimize(
                of,
                var_list=tf.get_collection("trainable_variables", f"{name}/"),
                name=f"{name}_step",
            )

    runner, _ = originals.open_original(
        Tf1(function=build, runs=[["critic_step"], ["maker_step"]]), Map(), "program"
    )
    fed = {n: np.zeros((1, 4, 2), "f4") for n in ("x", "z", "x@2", "z@2")}
    recording = type("Recording", (), {"fed": fed})()
    runner.program = runner.program._replace(recording=recording)
    names = describing.describe(runner).inputs
    assert "z@2" in names and "x@2" not in names  # its update is not made of x
