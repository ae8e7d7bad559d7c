"""Evaluates a checkpoint: draws its samples and sets their metrics beside those of real images."""

import contextlib

from tqdm import tqdm

from dcgan_v1 import systems
from dcgan_v1.errors import UserError
from dcgan_v1.metrics import features, frechet, image_metrics
from dcgan_v1.sample import draw_noise, open_sampler, open_untrained


def evaluate(config, checkpoint, extractors, real_images, drawing, seed):
    """Draws as many samples as there are real images and computes every figure.

    Args:
      config: of the run, or one that fits the checkpoint's networks.
      checkpoint: the checkpoint, or its path: see `open_checkpoint`.
      extractors: see `open_extractors`.
      real_images: what `real_images.load` returned.
      drawing: how samples are drawn, keyword arguments of `open_sampler`.
      seed: of the noise.

    Returns:
      (what `image_metrics.compute` does, the samples).
    """
    reference, real, training = real_images
    begun = []
    with tqdm(total=image_metrics.stages(len(extractors)) + 2, unit="part") as bar:

        def stage(description):
            bar.update(bool(begun))  # the part before is done
            begun.append(description)
            bar.set_description(description)

        stage("drawing samples")
        samples = draw(open_sampler(checkpoint, **drawing), len(real), seed)
        stage("untrained samples")
        untrained = open_untrained(config, drawing["device"])
        sets = image_metrics.Sets(
            samples,
            real,
            draw(untrained, len(real), seed),
            reference,
            training,
            real_is_new=systems.get(config.model).data == "digits",
            mirrored=getattr(config, "flip", False),
        )
        found = image_metrics.compute(sets, extractors, stage)
        bar.update()
    return found, samples


def draw(opened, count, seed):
    """Returns uint8 [count, H, W, C] of a sampler that is opened and closed here."""
    with opened as sampler:
        system = sampler.system
        return sampler(draw_noise(system.noise, count, system.z_dim, seed))[0]


def check_extractors(model, classifier, inception):
    """Raises UserError where a feature extractor does not go with a system."""
    of_digits = systems.get(model).features == "classifier"
    if inception and of_digits:
        raise UserError("--inception is for colour images; leave it out for MNIST")
    if inception and not inception.is_file():
        raise UserError(
            f"--inception {inception} is no file; it takes "
            "classify_image_graph_def.pb out of inception-2015-12-05.tgz"
        )
    if classifier and not of_digits:
        raise UserError("--classifier is for MNIST; leave it out for other images")


@contextlib.contextmanager
def open_extractors(model, classifier=None, inception=None, device="auto"):
    """Yields name -> function from images to features, see `features`."""
    with contextlib.ExitStack() as stack:
        opened = features.open_extractor(model, classifier, device)
        extractors = {systems.get(model).features: stack.enter_context(opened)}
        if inception:
            opened = features.open_inception(inception, device)
            extractors["Inception"] = stack.enter_context(opened)
        yield extractors


def distance_of(model):
    """Returns what `open_distance` measures, in words."""
    of_digits = systems.get(model).features == "classifier"
    return "Frechet distance" if of_digits else "sliced Wasserstein distance"


@contextlib.contextmanager
def open_distance(model, reference, classifier=None, device="auto"):
    """Yields a function from images to their distance from the reference.

    Of digits it is the classifier's Fréchet distance, of other images the mean sliced
    Wasserstein distance: features of random weights take blurred faces for the better.
    """
    if systems.get(model).features != "classifier":
        yield lambda images: image_metrics.wasserstein(images, reference)["SWD, mean"]
        return
    with features.open_extractor(model, classifier, device) as look:
        expected = look(reference)[0]
        yield lambda images: frechet.distance(look(images)[0], expected)
