"""What gradients of energies leave out, and closing activations, told from arrays alone."""

from dataclasses import replace

import numpy as np
import pytest
from plain_evidence import case, made

from dcgan_v1.migration.comparison.evidence import GRADIENT, LOSS, Aligned, Key
from dcgan_v1.migration.explanation import energy_gradients, losses, reconstructions
from dcgan_v1.migration.explanation.layer_causes import closing_activations
from dcgan_v1.migration.records import LayerOutput, Observation

pytestmark = pytest.mark.unit


def layer(name, output, kind="dense", **more):
    return LayerOutput(name, kind, {}, output, **more)


@pytest.mark.parametrize("form", reconstructions.FORMS)
def test_the_derivative_of_each_form_of_an_energy_is_its_central_difference(rng, form):
    rest = rng.normal(size=(3, 4))
    place = 1, 2
    there = np.zeros_like(rest)
    there[place] = 1e-6
    forward, back = (reconstructions.FORMS[form](rest + sign * there) for sign in (1, -1))
    wanted = (forward - back) / 2e-6
    assert energy_gradients.derivative(form, rest)[place] == pytest.approx(wanted, rel=1e-6)


@pytest.mark.parametrize(
    ("leaves_out", "words"),
    [("", []), ("image", ["not taken through its image"]), ("output", ["through what D gives"])],
)
def test_a_constant_in_an_energy_is_told_by_the_gradient_that_it_leaves(rng, leaves_out, words):
    """G is z @ g, D is image @ d; TF1's energy has sums, the port's means, through all or less."""
    z, g, d = (rng.normal(size=shape) for shape in ((5, 3), (3, 6), (6, 6)))
    image, output = z @ g, z @ g @ d
    rest = image - output
    of_both = {"image": 2 * rest, "output": -2 * rest @ d.T}
    full = z.T @ (of_both["image"] + of_both["output"])
    left = {"": full, "image": z.T @ of_both["output"], "output": z.T @ of_both["image"]}
    names = layer("G: output", image), layer("D: output", output)
    rows = [Aligned(y, replace(y, name=n), "value", 0, 0) for y, n in zip(names, "gd", strict=True)]
    key, loss = Key(GRADIENT, "w", "", 0, 0), Key(LOSS, "g_loss")
    ours, theirs = np.sum(rest**2) / 5, np.mean(rest**2)
    evidence = made(
        {loss: ours, key: full / 5},
        {loss: theirs, key: left[leaves_out] / rest.size},
        {"w": g},
        aligned={"training": rows},
        losses={"g_loss": "loss"},
        layers={"training": []},
    )
    updates = [replace(u, losses=["loss"]) for u in evidence.old.updates]
    first = Observation(scalars={"loss": float(ours)}), evidence.first[1]
    evidence = replace(evidence, first=first, old=replace(evidence.old, updates=updates))

    def pulled_back(above, to, update):
        assert (to, update) == (["w"], 0)
        parts = [above[n] if n == "g" else above[n] @ d.T for n in above]
        return {"w": z.T @ sum(parts)}

    asked = case(evidence)
    asked.experiments.pulled_back = pulled_back
    found = losses.told(asked)
    assert "the mean of its squares, TF1's the mean over images" in found[0].text
    cut = [c.text for c in found[1:]]
    assert len(cut) == len(words) and all(w in t for w, t in zip(words, cut, strict=True))


@pytest.mark.parametrize("name", ["ELU", "softplus", "tanh"])
def test_a_closing_activation_is_named_where_tf1_has_none_of_its_own(rng, name):
    x = rng.normal(size=(4, 5))
    y = {"ELU": np.where(x > 0, x, np.expm1(x)), "softplus": np.logaddexp(0, x)}.get(name)
    y = np.tanh(x) if y is None else y
    end = layer("add", x, "add", reads=("w",))
    row = Aligned(layer("G: output", y, "model", reads=("w",)), end, "use", 1.0, 1.0)
    evidence = made({}, {}, {}, layers={"training": [end]}, aligned={"training": [row]})
    found = closing_activations.find(case(evidence), "training", row)
    assert found.text == f"the network ends in {name}, TF1's in none (add)"
    own = replace(evidence, layers={"training": [end, replace(end, kind="activation")]})
    assert closing_activations.find(case(own), "training", row) is None
    other = replace(row, new=replace(row.new, output=y + 1e-2 * x))
    assert closing_activations.find(case(evidence), "training", other) is None
