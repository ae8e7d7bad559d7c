"""Sums of terms of one weight each, as an L1 of kernels is, in training.py."""

from dataclasses import replace

import numpy as np
import pytest
import written_files
from test_written_loops import AXES, critic_program

from dcgan_v1.porting import description as d
from dcgan_v1.porting.keras import training as keras_training
from dcgan_v1.porting.text import alike
from dcgan_v1.porting.torch import networks as torch_networks
from dcgan_v1.porting.torch import ops
from dcgan_v1.porting.torch import training as torch_training

pytestmark = [pytest.mark.unit, pytest.mark.torch]

torch = pytest.importorskip("torch")
RNG = np.random.default_rng(0)


@pytest.fixture(scope="module", autouse=True)
def loaded():
    """With its first optimiser torch loads what takes more than the second of a unit test."""
    torch.optim.SGD([torch.zeros(1, requires_grad=True)])


def penalised(kinds, factors=(0.5,) * 3):
    """A critic's update, whose loss has terms of three weights beside it: the kernel of its layer,
    and two that it holds as they are."""
    program = critic_program(("x",), ("Square",))
    (stage,), (network,) = program.stages, program.networks
    (function,) = network.functions
    names = ("d/w", "d/u", "d/v")
    weights = [d.Weight(name, (2, 2)) for name in names]
    used = d.Node("op", (d.Value("y.1", (None, 2)),), (function.outputs[0], weights[1]), MATMUL)
    last = d.Node("op", (d.Value("y.2", (None, 2)),), (used.value, weights[2]), MATMUL)
    function = replace(function, nodes=(*function.nodes, used, last), outputs=last.values)
    nodes, terms = [*stage.nodes], []
    for i, (weight, kind, factor) in enumerate(zip(weights, kinds, factors, strict=True)):
        shapes = ((2, 2), (), ())
        size, total, scaled = (d.Value(f"h.{100 + 10 * i + j}", s) for j, s in enumerate(shapes))
        factor = d.Constant(np.float32(factor))
        nodes.append(d.Node("op", (size,), (weight,), {"type": kind}))
        nodes.append(d.Node("op", (total,), (size, AXES), {"type": "Sum"}))
        nodes.append(d.Node("op", (scaled,), (factor, total), {"type": "Mul"}))
        terms.append(scaled)
    penalty, loss = d.Value("h.200", ()), d.Value("loss.201", ())
    nodes.append(d.Node("op", (penalty,), tuple(terms), {"type": "AddN"}))
    nodes.append(d.Node("op", (loss,), (stage.effects[0].losses[0], penalty), {"type": "Add"}))
    effect = replace(stage.effects[0], variables=names, losses=(loss,))
    return replace(
        program,
        variables={n: d.Variable(n, (2, 2), "float32", True) for n in names},
        networks=(replace(network, functions=(function,), variables=names),),
        optimizers=tuple(replace(o, variables=names) for o in program.optimizers),
        stages=(d.Stage(0, tuple(nodes), (effect,)),),
        losses={"d_loss": loss},
    )


MATMUL = {"type": "MatMul"}


def test_terms_that_are_alike_but_for_their_weight_are_one_line():
    text = keras_training.text(penalised(("Abs",) * 3))
    weights = "(self.d.dense.kernel, self.d.u, self.d.v)"
    assert f"sum(0.5 * tf.reduce_sum(tf.abs(w)) for w in {weights})" in text
    assert text.count("tf.abs") == 1


@pytest.mark.parametrize(
    ("kinds", "factors"), [(("Abs", "Abs", "Square"), (0.5,) * 3), (("Abs",) * 3, (0.5, 0.5, 0.25))]
)
def test_terms_that_differ_in_more_have_lines_of_their_own(kinds, factors):
    text = keras_training.text(penalised(kinds, factors))
    assert " for w in " not in text and text.count("0.5 *") == factors.count(0.5)


@pytest.mark.parametrize("axes", [[0, 1, 2], [3], [0, 3], [0, 1], [0, 1, 2, 3]])
def test_terms_of_kernels_are_summed_over_their_own_axes(axes):
    """In PyTorch, which holds a kernel as [out, in, H, W]."""
    kernels = {name: RNG.normal(size=(3, 5, 2, 4)) for name in "abc"}  # TF1's
    of_each = {name: np.square(w).sum(tuple(axes)) for name, w in kernels.items()}
    nodes, terms = [], []
    for name, w in kernels.items():
        size, total = d.Value(f"{name}.1", w.shape), d.Value(f"{name}.2", of_each[name].shape)
        nodes.append(d.Node("op", (size,), (d.Weight(name, w.shape),), {"type": "Square"}))
        words = (size, d.Constant(np.array(axes)))
        nodes.append(d.Node("op", (total,), words, {"type": "Sum"}))
        terms.append(total)
    whole = d.Value("whole.3", terms[0].shape)
    nodes.append(d.Node("op", (whole,), tuple(terms), {"type": "AddN"}))
    printer = ops.Printer({"x.4": "w"}, lambda name: f"{name}.permute(2, 3, 1, 0)", {})
    found, parts = alike.said(tuple(nodes), printer, {"whole.3"})
    known = {name: torch.tensor(w.transpose(3, 2, 0, 1)) for name, w in kernels.items()}
    result = eval(found["whole.3"], {"torch": torch, **known})
    np.testing.assert_allclose(result.numpy(), sum(of_each.values()), rtol=1e-12)
    assert len(parts) == 6 and "for w_2 in" in found["whole.3"]  # w is taken


@pytest.mark.parametrize("kinds", [("Abs",) * 3, ("Abs", "Square", "Abs")])
def test_a_sum_of_terms_of_weights_is_what_they_add_up_to(kinds):
    program, names = penalised(kinds), {}
    texts = torch_networks.text(program), torch_training.text(program)
    assert (" for w in " in texts[1]) == (len(set(kinds)) == 1)
    exec(written_files.as_one(torch_networks.own_layers(program), *texts), names)
    training, weights, x = names["Training"](), RNG.normal(size=(3, 2, 2)), RNG.normal(size=(4, 2))
    for weight, value in zip(
        (training.d.dense.weight, training.d.u, training.d.v), weights, strict=True
    ):
        weight.data = torch.tensor(value if weight is not training.d.dense.weight else value.T)
    loss = training.train_step(torch.tensor(x))["d_loss"]
    of = {"Abs": np.abs, "Square": np.square}
    wanted = np.square(x @ weights[0] @ weights[1] @ weights[2]).sum()
    wanted += sum(0.5 * of[k](w).sum() for k, w in zip(kinds, weights, strict=True))
    assert float(loss) == pytest.approx(wanted, rel=1e-12)
