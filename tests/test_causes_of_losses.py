"""Why losses differ, told from arrays alone: energies of autoencoders, penalties, kinds of loss."""

from dataclasses import replace

import numpy as np
import pytest
from plain_evidence import case, made

from dcgan_v1.migration.comparison.evidence import LOSS, Aligned, Key
from dcgan_v1.migration.explanation import losses
from dcgan_v1.migration.records import LayerOutput, Observation

pytestmark = pytest.mark.unit
D_LOSS = Key(LOSS, "D_loss")


def layer(name, output):
    return LayerOutput(name, "dense", {}, output)


def told(ours, theirs, rows=(), batch=(), ops=(), scalars=()):
    """Causes of a loss, of what the port's layers and TF1's gave."""
    aligned = {"training": [Aligned(n, o, "value", 0.0, 0.0) for n, o in rows]}
    evidence = made(
        {D_LOSS: ours}, {D_LOSS: theirs}, {}, aligned=aligned, layers={"training": list(ops)}
    )
    first = Observation(scalars=dict(scalars)), evidence.first[1]
    return losses.told(case(replace(evidence, batch=dict(batch), first=first)))


def autoencoder(rng, n=4):
    """(images, fakes, what D leaves its end of for both, rows of the port's layers)."""
    images, fakes, real, fake = (rng.normal(size=(n, 3, 3, 1)) for _ in range(4))
    seen = [layer("G: output", fakes), layer("D: output", real), layer("D: output#2", fake)]
    return images, fakes, real, fake, [(y, y) for y in seen]


def sigmoid(y):
    return 1 / (1 + np.exp(-y))


def test_an_energy_of_another_form_and_of_another_end_is_told_from_its_losses(rng):
    images, fakes, real, fake, rows = autoencoder(rng)
    ours = np.linalg.norm(sigmoid(real) - images) / 4  # of hwalsuklee's EBGAN
    ours += max(20 - np.linalg.norm(sigmoid(fake) - fakes) / 4, 0)
    theirs = np.mean((real - images) ** 2) + max(20 - np.mean((fake - fakes) ** 2), 0)
    loss, end = told(ours, theirs, rows, {"x": images})
    assert "takes of what D leaves of its image the mean of its squares, TF1's the norm of all" in (
        loss.text
    )
    assert "over the batch's size, with sigmoid behind it" in loss.text
    assert end.where == "D" and end.values == ("no activation", "sigmoid")


def test_an_end_is_told_where_outputs_are_so_near_0_that_a_tanh_nearly_gives_them(rng):
    images, _, real, _, _ = autoencoder(rng)
    images, end = rng.uniform(0.5, 1, images.shape), layer("D: output", 1e-4 * np.abs(real))
    losses = (np.linalg.norm(sigmoid(end.output) - images) / 4, np.mean(images - end.output))
    told_of = told(*losses, [(end, end)], {"x": images})
    assert told_of[0].text.startswith(
        "takes of what D leaves of its image the mean of its absolute values, TF1's"
    )
    assert told_of[1].values == ("no activation", "sigmoid")


def test_an_energy_of_squares_for_absolute_values_names_no_other_end(rng):
    images, _, real, _, rows = autoencoder(rng)
    off = (real - images).reshape(4, -1)
    (loss,) = told(np.sum(off**2, 1).mean(), np.abs(off).sum(1).mean(), rows, {"x": images})
    assert "the mean over images of the sums of its absolute values, TF1's the mean over" in (
        loss.text
    )


def test_a_pull_away_term_of_another_form_is_told_beside_its_energy(rng):
    _, fakes, _, fake, rows = autoencoder(rng)
    code = layer("D/code", rng.normal(size=(4, 5)))
    unit = code.output / np.linalg.norm(code.output, axis=1)[:, None]
    all_over = code.output / np.abs(code.output).sum()  # of znxlwm's EBGAN
    pulls = [
        (np.sum(similar) - 4) / 12 for similar in (unit @ unit.T, (all_over @ all_over.T) ** 2)
    ]
    ours = np.linalg.norm(sigmoid(fake) - fakes) / 4 + 0.1 * pulls[0]
    theirs = np.mean((fake - fakes) ** 2) + 0.1 * pulls[1]
    loss, _ = told(ours, theirs, [(code, code), *rows])
    assert "and the mean square of the similarity of codes over the sum of all absolute values" in (
        loss.text
    )
    assert loss.text.endswith("TF1's the mean similarity of codes of length 1")


def test_a_loss_that_differs_by_another_number_than_an_energys_forms_has_no_such_cause(rng):
    images, _, real, _, rows = autoencoder(rng)
    ours = np.mean((real - images) ** 2)
    theirs = np.mean(np.abs(real - images)) + rng.uniform(0.001, 0.002)
    assert not told(ours, theirs, rows, {"x": images})


@pytest.mark.parametrize("shape", [(1, 3, 3, 1), (6, 1)])
def test_energies_of_one_image_or_of_a_column_of_labels_are_not_told(rng, shape):
    """Of one image, or of one number for each, several forms have the same value."""
    images, real = rng.normal(size=(2, *shape))
    off = (real - images).reshape(shape[0], -1)
    ours, theirs = np.linalg.norm(off) / shape[0], np.mean(off**2) / 2
    end = layer("D: output", real)
    for pair in ((ours, np.mean(off**2)), (ours, theirs), (np.mean(off**2), theirs)):
        assert "leaves of its image" not in str(told(*pair, [(end, end)], {"x": images}))


def test_forms_of_an_energy_that_have_one_value_are_all_named(rng):
    images, real = rng.normal(size=(2, 4, 2))
    end, off = layer("D: output", real), real - images
    (loss,) = told(np.mean(np.abs(off)), np.mean(off**2), [(end, end)], {"x": images})
    assert loss.text == (
        "takes of what D leaves of its image the mean of its squares or half the mean over images "
        "of the sums of its squares, TF1's the mean of its absolute values"
    )


def test_the_weights_of_two_forms_of_a_penalty_are_told_where_the_loss_without_it_is_known(rng):
    gradient, rest = rng.normal(size=(5, 4, 4, 1)), rng.uniform(-1, 1)
    gradient[0] /= 100  # a norm below 1
    of_rows = np.mean((np.sqrt(np.sum(gradient**2, 1)) - 1) ** 2)  # of hwalsuklee's WGAN_GP
    of_images = np.mean((np.sqrt(np.sum(gradient**2, (1, 2, 3))) - 1) ** 2)
    (cause,) = told(
        rest + 0.25 * of_rows,
        rest + 10 * of_images,
        ops=[layer("gradients/D_grad/back", gradient)],
        scalars={"sub": rest},
    )
    assert "has 10 times the mean of squares of how far norms are from 1 as its penalty" in (
        cause.text
    )
    assert "TF1's 0.25 times that of squares of how far norms over an image's rows" in cause.text


GRADIENTS = {  # where forms of a penalty have one value
    "some norms below 1": lambda rng: rng.normal(size=(5, 4)) * [[0.2]] * rng.uniform(1, 5, (5, 1)),
    "all norms above 1": lambda rng: rng.uniform(1, 2, size=(5, 4)),
    "a batch of one": lambda rng: rng.normal(size=(1, 4)),
    "a column": lambda rng: rng.normal(size=(5, 4, 1)),
}


@pytest.mark.parametrize("drawn", GRADIENTS)
@pytest.mark.parametrize("form", [lambda n: (n - 1) ** 2, np.square, lambda n: np.abs(n - 1)])
def test_another_weight_of_one_form_of_a_penalty_is_that_of_a_term(rng, drawn, form):
    gradient, rest = GRADIENTS[drawn](rng), rng.uniform(-1, 1)
    penalty = np.mean(form(np.linalg.norm(gradient.reshape(len(gradient), -1), axis=1)))
    ops, scalars = [layer("gradients/mul", gradient)], {"sub": rest, "term": 10 * penalty}
    (cause,) = told(rest + 10 * penalty, rest + 0.1 * penalty, ops=ops, scalars=scalars)
    assert cause.text == "is TF1's with its term term 0.01 times"
    assert not told(rest + 10 * penalty, rest + 5 * penalty, ops=ops, scalars={"sub": rest})


@pytest.mark.parametrize("gradient", [np.zeros((5, 4)), np.ones((5, 1)), np.ones((5, 4))])
@pytest.mark.parametrize("apart", [0.25, 0.5, -1.0, 3.0])
def test_losses_that_are_apart_by_a_constant_have_no_other_penalty(rng, gradient, apart):
    ours, ops = rng.uniform(1, 2), [layer("gradients/mul", gradient)]
    assert not told(ours, ours + apart, ops=ops, scalars={"sub": ours - 1.5})


def test_a_term_that_is_left_out_may_be_of_norms_above_1_where_it_is_of_norms_alone(rng):
    gradient, rest, other = rng.uniform(0, 0.4, size=(5, 4)), *rng.uniform(0.5, 1, 2)
    penalty = 10 * np.mean((np.linalg.norm(gradient, axis=1) - 1) ** 2)
    for of, ends in ((penalty, "none is here)"), (other, "its term term")):
        ops = [layer("gradients/zeros", np.zeros((5, 4))), layer("gradients/mul", gradient)]
        (cause,) = told(rest + of, rest, ops=ops, scalars={"term": of})
        assert cause.text.startswith("is TF1's without its term term") and cause.text.endswith(ends)


def test_forms_of_a_penalty_that_have_one_value_are_all_named(rng):
    gradient, rest = rng.uniform(1, 2, size=(5, 4)), rng.uniform(-1, 1)
    norms = np.linalg.norm(gradient, axis=1)
    losses = rest + 10 * np.mean((norms - 1) ** 2), rest + 10 * np.mean(norms**2)
    (cause,) = told(*losses, ops=[layer("gradients/mul", gradient)])
    assert cause.text.startswith(
        "has 10 times the mean of squares of norms as its penalty, TF1's that of squares of how "
        "far norms are from 1 or of squares of how far norms are above 1"
    )


def test_the_loss_without_its_penalty_may_be_one_of_this_field(rng):
    gradient, (real, fake) = rng.normal(size=(5, 4)), rng.normal(size=(2, 5, 1))
    rows = [(y, y) for y in (layer("D", real), layer("D#2", fake))]
    rest, penalty = np.mean(fake) - np.mean(real), np.mean((np.linalg.norm(gradient, axis=1)) ** 2)
    from_1 = np.mean((np.linalg.norm(gradient, axis=1) - 1) ** 2)
    ops = [layer("gradients/mul", gradient)]
    (cause,) = told(rest + 10 * from_1, rest + 0.5 * penalty, rows, ops=ops)
    assert "has 0.5 times the mean of squares of norms as its penalty, TF1's 10 times" in cause.text


def test_a_number_added_in_logarithms_is_told(rng):
    real, fake = rng.normal(size=(2, 8, 1))
    rows = [(y, y) for y in (layer("D", real), layer("D#2", fake))]
    ours = np.mean(-np.log(sigmoid(real) + 0.01) - np.log(1 - sigmoid(fake) + 0.01))
    theirs = np.mean(-np.log(sigmoid(real)) - np.log(1 - sigmoid(fake)))
    (cause,) = told(ours, theirs, rows)
    assert cause.text == (
        "is the cross entropy with labels 1 and 0, TF1's the cross entropy, 0.01 added in its "
        "logarithms, with 1 and 0"
    )


@pytest.mark.parametrize(
    ("of_real", "of_fake", "name"),
    [
        (lambda y: np.tanh(y) / 2, lambda y: np.tanh(y) / 2, "total variation"),
        (lambda y: y, lambda y: np.exp(y - 1), "KL divergence"),
        (lambda y: -np.exp(y), lambda y: -1 - y, "reverse KL divergence"),
        (lambda y: y, lambda y: 0.25 * y**2 + y, "Pearson divergence"),
        (lambda y: 1 - np.exp(y), lambda y: (1 - np.exp(y)) / np.exp(y), "squared Hellinger"),
    ],
)
def test_divergences_of_f_gan_are_told(rng, of_real, of_fake, name):
    real, fake = rng.normal(size=(2, 8, 1))
    rows = [(y, y) for y in (layer("D", real), layer("D#2", fake))]
    theirs = -(np.mean(of_real(real)) - np.mean(of_fake(fake)))
    ours = np.mean(real**2) / 2 + np.mean((fake - 1) ** 2) / 2
    (cause,) = told(ours, theirs, rows)
    assert cause.text.startswith(f"is f-GAN's {name}")
    assert "with labels 1 and 0, TF1's half of least squares with 0 and 1" in cause.text


def test_a_value_that_several_kinds_have_is_of_the_kind_that_the_other_side_is_of(rng):
    fake = rng.uniform(-0.5, 0.5, size=(8, 1))  # above -1, where the hinge loss is 1 + y, too
    end = layer("D", fake)
    ours, theirs = -np.mean(0.25 * fake**2 + fake), -np.mean(-1 - fake)
    (cause,) = told(ours, theirs, [(end, end)])
    assert cause.text == (
        "is minus f-GAN's reverse KL divergence with labels 0, TF1's minus f-GAN's Pearson "
        "divergence with 0"
    )


@pytest.mark.parametrize("alike", [0.0, 1.0, 0.5])
def test_ends_whose_numbers_are_all_alike_tell_no_kind_of_loss(alike):
    end = layer("D", np.full((6, 1), alike))
    squares, hinge = np.mean((end.output - 1) ** 2), np.mean(np.maximum(1 - end.output, 0))
    for ours, theirs in ((squares, hinge + 0.25), (0.25, 0.5), (0.5, 1.0), (1.0, 0.0)):
        assert not told(ours, theirs, [(end, end)])


def test_a_critics_loss_is_told_from_the_hinge_loss_by_both_names_that_it_may_have(rng):
    end = layer("D", rng.uniform(-0.5, 0.5, size=(8, 1)))
    (cause,) = told(np.mean(end.output), np.mean(1 + end.output), [(end, end)])
    assert cause.text.startswith("is the hinge loss with labels 0 or minus f-GAN's reverse KL")
    assert "TF1's a critic's loss with 0 or " in cause.text
