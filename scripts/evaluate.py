"""Says how good a model's samples are: figures beside what real images get (the floor)
and an untrained generator (the ceiling). Needs no network."""

import contextlib
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from tqdm import tqdm

from dcgan_v1 import cli, images, options, outputs, runtime
from dcgan_v1.errors import UserError
from dcgan_v1.metrics import evaluation, real_images

SHOWN = 10  # samples in the picture of neighbours, each with as many training images


def main(args):
    options.check_judging(args)
    outputs.refuse_unwritable(args.json, args.neighbours)
    path = cli.model_path(args)
    runtime.prepare()
    from dcgan_v1 import checkpoints

    config = checkpoints.identify(checkpoints.resolve(path))
    saved = real_images.saved_config(path)
    if saved and saved.model == config.model:  # not one that lies there by chance
        config = saved
    check_judges(config, args)
    reference, real, training = real_images.load(config, args.data, args.n, args.seed)
    found, samples = measure(config, path, args, reference, real, training)
    show(found, config.model, len(samples))
    files = {}
    if args.json:
        about = {"model": config.model, "n": len(samples), "seed": args.seed}
        about["training_images"] = len(training)
        about["swd_images"] = min(len(samples), evaluation.SWD_IMAGES)
        text = json.dumps({**about, "figures": found}, indent=2) + "\n"
        files[args.json] = text.encode()
    if args.neighbours:
        shown = samples[:SHOWN]
        if getattr(config, "flip", False):
            shown = np.stack([shown, shown[:, :, ::-1]], 1)[: SHOWN // 2]
            shown = shown.reshape(-1, *samples.shape[1:])
        picture = neighbour_picture(shown, training)
        files[args.neighbours] = images.png_bytes(picture)
    outputs.write(files)
    for file in files:
        print(f"wrote {file}")


def measure(config, path, args, reference, real, training):
    """Returns (what `evaluation.evaluate` does, the samples)."""
    from dcgan_v1.sample import draw_noise, open_sampler, open_untrained

    with contextlib.ExitStack() as stack:
        judges = open_judges(config, args, stack)
        stages = evaluation.stages(len(judges)) + 2
        bar = stack.enter_context(tqdm(total=stages, unit="part"))

        def stage(description):
            bar.update(bool(bar.desc))  # the part before is done
            bar.set_description(description)

        def draw(opened, description):
            stage(description)
            with opened as sampler:
                model = sampler.model
                z = draw_noise(model.NOISE, len(real), model.Z_DIM, args.seed)
                return sampler(z)[0]

        opened = open_sampler(path, args.bn, args.device, args.latest)
        samples = draw(opened, "drawing samples")
        untrained = draw(open_untrained(config, args.device), "untrained samples")
        sets = evaluation.Sets(
            samples,
            real,
            untrained,
            reference,
            training,
            real_is_new=real_images.is_mnist(config.model),
            mirrored=getattr(config, "flip", False),
        )
        found = evaluation.evaluate(sets, judges, stage)
        bar.update()
        return found, samples


def check_judges(config, args):
    is_mnist = real_images.is_mnist(config.model)
    if args.inception and is_mnist:
        raise UserError("--inception is for colour images; leave it out for MNIST")
    if args.inception and not args.inception.is_file():
        raise UserError(
            f"--inception {args.inception} is no file; it takes "
            "classify_image_graph_def.pb out of inception-2015-12-05.tgz"
        )
    if args.classifier and not is_mnist:
        raise UserError("--classifier is for MNIST; leave it out for other images")


def open_judges(config, args, stack):
    """Returns name -> function from images to features, see `metrics.features`."""
    from dcgan_v1.metrics import features

    is_mnist = real_images.is_mnist(config.model)
    opened = features.open_judge(config.model, args.classifier, args.device)
    name = "classifier" if is_mnist else "random features"
    judges = {name: stack.enter_context(opened)}
    if args.inception:
        opened = features.open_inception(args.inception, args.device)
        judges["Inception"] = stack.enter_context(opened)
    elif not is_mnist:
        print(
            "no Frechet Inception Distance without --inception PATH, the file "
            "classify_image_graph_def.pb of inception-2015-12-05.tgz"
        )
    return judges


def show(found, model, count):
    """Prints the table."""
    from rich.console import Console
    from rich.table import Table

    swd = min(count, evaluation.SWD_IMAGES)
    title = f"{model}: {count} samples against {count} real images (SWD: {swd})"
    table = Table(title=title)
    table.add_column("figure")
    for name in ("samples", "floor: other real images", "ceiling: untrained"):
        table.add_column(name, justify="right")
    for name in found["samples"]:
        values = [found[kind][name] for kind in ("samples", "real", "untrained")]
        table.add_row(name, *map(evaluation.shown, values))
    Console(width=None if sys.stdout.isatty() else 160).print(table)


def neighbour_picture(samples, training):
    """Returns a grid: in each row a sample and its nearest training images."""
    from dcgan_v1.metrics import neighbours

    indices, _ = neighbours.nearest(samples, training, k=SHOWN - 1)
    rows = [
        [sample, *training[near]] for sample, near in zip(samples, indices, strict=True)
    ]
    return images.grid(np.concatenate(rows), columns=SHOWN)


def make_parser():
    parser = cli.parser(__doc__)
    options.add_model_options(parser)
    options.add_drawing_options(parser)
    options.add_judging_options(parser, n=10_000)
    options.add_classifier_option(parser)
    add = parser.add_argument
    add("--json", type=Path, metavar="FILE", help="write the figures to this file")
    add(
        "--neighbours",
        type=Path,
        metavar="FILE",
        help=f"write a picture: {SHOWN} samples, each before its nearest training "
        "images; after --flip five, each also mirrored",
    )
    add(
        "--inception",
        type=Path,
        metavar="PATH",
        help="classify_image_graph_def.pb, for the Frechet Inception Distance",
    )
    return parser


if __name__ == "__main__":
    cli.main(main, make_parser())
