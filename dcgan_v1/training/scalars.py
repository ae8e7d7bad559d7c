"""What TensorBoard calls a training's numbers, and says of them: a group, a description."""

from __future__ import annotations

from typing import NamedTuple


class Scalar(NamedTuple):
    """How a number is shown.

    Attributes:
      group: the section of TensorBoard's page.
      text: what it is, in a sentence.
    """

    group: str
    text: str

    def tag(self, name: str) -> str:
        return f"{self.group}/{name}"


LOSSES, JUDGEMENT, SPEED = "losses", "D's judgement", "speed"
SCALARS = {
    "d_loss": Scalar(
        LOSSES,
        "What the discriminator minimises: the two terms below together. 2 ln 2 = 1.39 (in "
        "mnist_keras their mean, 0.69) where it cannot tell real images from generated ones.",
    ),
    "d_loss_real": Scalar(
        LOSSES,
        "Mean of -log D(x) over the real images of a step: small where D takes them for real.",
    ),
    "d_loss_fake": Scalar(
        LOSSES,
        "Mean of -log(1 - D(G(z))) over the generated images of a step: small where D sees "
        "through them.",
    ),
    "g_loss": Scalar(
        LOSSES,
        "What the generator minimises: the mean of -log D(G(z)), by the D just updated. Small "
        "where D takes generated images for real. It measures the contest, not the image quality.",
    ),
    "d_mean_real": Scalar(
        JUDGEMENT, "D's mean probability that a real image is real. 1: D is sure; 0.5: D guesses."
    ),
    "d_mean_fake": Scalar(
        JUDGEMENT,
        "D's mean probability that a generated image of this step is real. 0: D sees through all.",
    ),
    "d_accuracy": Scalar(
        JUDGEMENT, "Share of a step's images, real and generated, that D judges rightly."
    ),
    "d_mean_sample": Scalar(
        JUDGEMENT, "D's mean probability that an image of the sample grid is real."
    ),
    "images_per_second": Scalar(
        SPEED, "Real images trained on in a second, since the summary before."
    ),
}


def tag_of(name: str) -> str:
    """Returns a scalar's name in TensorBoard; one that is not described keeps its own."""
    return SCALARS[name].tag(name) if name in SCALARS else name
