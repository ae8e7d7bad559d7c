"""Trains one of the systems as a TF1-style graph: on MNIST's format, faces, or any images."""

import argparse
import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dcgan_v1 import pretrained, runtime
from dcgan_v1.commands import cli, options, run_plan
from dcgan_v1.commands.run_plan import RunPlan
from dcgan_v1.config import config_json
from dcgan_v1.errors import UserError
from dcgan_v1.systems import SYSTEMS, System
from dcgan_v1.training.rundir import RunDirectory

if TYPE_CHECKING:
    from dcgan_v1.data.pipeline import TrainingData
    from dcgan_v1.data.statistics import Statistics

TRAINING = ["steps", "epochs", "pretrain_steps", "batch_size", "width", "init", "seed"]
TRAINING += ["device", "deterministic", "precision", *options.RECIPE, "augment"]
IMAGES = [
    "data",
    "crop",
    "resize",
    "background",
    "value_range",
    "order",
    "flip",
    "limit",
    "skip_bad",
]


def main(args: argparse.Namespace) -> int:
    system = SYSTEMS[_model(args)]
    run_plan.refuse_nothing_to_restore(args)
    args.run_dir = args.run_dir or f"runs/{system.name}"
    _check(args, system)
    if getattr(args, "faithful", False):
        vars(args).update({**system.faithful, **vars(args)})
    plan = run_plan.decide(args, system)
    if system.data == "images" and not _data(plan):
        raise UserError("--data is needed: a folder or zip of images, or 'synthetic'")
    if plan.workers_to_start:
        from dcgan_v1.distributed import launcher

        return launcher.launch(args, plan.config, plan.directory)
    if plan.note:
        plan.say(plan.note)
    if system.data == "digits":
        return _train_on_digits(plan, system, getattr(args, "classifier", None))
    return _train_on_images(plan, system, getattr(args, "download", False))


def _model(args: argparse.Namespace) -> str:
    """Returns the name of the system: asked for, the run's, or the default."""
    name = args.model or _model_of_run(args) or args.default_model
    if not name:
        raise UserError(f"--model is needed: one of {', '.join(args.systems)}")
    if name not in args.systems:
        raise UserError(
            f"{args.run_dir} holds a run of {name}; this script trains {', '.join(args.systems)}"
        )
    return name


def _model_of_run(args: argparse.Namespace) -> str | None:
    """Returns the system of the run that --restore continues, None if it does not."""
    folder = args.run_dir or f"runs/{args.default_model}"
    path = RunDirectory(folder).config
    if args.restore is not True or not path.exists():
        return None
    return config_json.from_json(path.read_bytes(), path).model


def _check(args: argparse.Namespace, system: System) -> None:
    """Refuses options that mean nothing for the system, alone or together."""
    fitting = {
        "faithful": bool(system.faithful),
        "download": system.data == "faces",
        "classifier": system.data == "digits",
    }
    for name, fits in fitting.items():
        if getattr(args, name, None) and not fits:
            raise UserError(f"{system.name} has no --{name}; leave it out")
    if getattr(args, "download", False) and "data" in args:
        raise UserError("--download says where the data is; leave --data out")
    if getattr(args, "classifier", None) is True:
        pretrained.path_of(pretrained.CLASSIFIER)  # fails now, not after the training


def _train_on_digits(plan: RunPlan, system: System, classifier: bool | str | None) -> int:
    """Opens data in MNIST's format and trains on it. Returns the exit code.

    Args:
      classifier: says at the end how many samples are digits; its path, True for the
        project's own.
    """
    from dcgan_v1.data import mnist, statistics

    config: Any = plan.config  # with DigitSettings
    data = mnist.load(config.data_dir, config.split, labels=False, say=plan.say)
    plan = plan.with_data(data.sha256)
    left_out = getattr(config, "validation", 0)
    if len(data.images) <= left_out:
        raise UserError(
            f"--validation {left_out} leaves nothing of {len(data.images)} images to train on"
        )

    images = data.images[left_out:]
    if spread := statistics.of(images):
        plan.say(str(spread))
        _refuse_uniform(plan, f"--data-dir {config.data_dir}")(spread)

    runtime.prepare(keras=False)
    from dcgan_v1.data.pipeline import InMemory

    code = _train(plan, InMemory(images, system.last_batch))
    if classifier and code == 0 and plan.is_chief:
        from dcgan_v1.metrics import classifier_confidence

        path = None if classifier is True else classifier
        plan.say(classifier_confidence.of_grid(plan.directory.sample_paths()[-1], path))
    return code


def _data(plan: RunPlan) -> str:
    """Returns where the images are that the run was given."""
    config: Any = plan.config  # with ImageSettings
    return config.data


def _train_on_images(plan: RunPlan, system: System, download: bool) -> int:
    """Opens a folder or zip of images and trains on it. Returns the exit code."""
    from dcgan_v1.data import faces, image_dataset

    data = _data(plan) or (faces.download() if download else faces.find())
    if data != "synthetic":
        data = str(Path(data).absolute())
    config: Any = plan.config
    config = dataclasses.replace(config, data=data)
    plan = dataclasses.replace(plan, config=config)
    reader, count, checksum = image_dataset.load(
        config,
        plan.directory.cache(),
        size=system.image_shape[0],
        say=plan.say,
        quiet=plan.quiet,
        check=_refuse_uniform(plan, f"--data {data}"),
    )
    plan = plan.with_data(checksum)

    runtime.prepare(keras=False)
    from dcgan_v1.data.pipeline import Streamed

    return _train(plan, Streamed(reader, count))


def _refuse_uniform(plan: RunPlan, where: str) -> Callable[["Statistics"], None]:
    """Returns what refuses images with nothing to learn, unless the run is allowed them or
    has been begun with them; of several workers the chief decides."""
    config: Any = plan.config
    if config.allow_uniform or plan.resume or not plan.is_chief:
        return lambda statistics: None
    return lambda statistics: statistics.refuse_uniform(where)


def _train(plan: RunPlan, data: "TrainingData") -> int:
    from dcgan_v1.training.train import train

    return train(
        plan.config,
        data,
        plan.directory,
        resume=plan.resume,
        restart=plan.restart,
        quiet=plan.quiet,
        worker=plan.worker,
    )


def make_parser(
    description: str = __doc__ or "",
    systems: Mapping[str, System] = SYSTEMS,
    default: str | None = None,
) -> cli.Parser:
    """Returns the parser of this command, or of one that trains only some systems.

    Args:
      description: of that command.
      systems: those it trains, by name.
      default: the name of the one that it trains where none is named.
    """
    parser = cli.parser(description)
    parser.set_defaults(systems=systems, default_model=default)
    configs = [system.config for system in systems.values()]
    kinds = {system.data for system in systems.values()}
    group = parser.add_argument_group("training")
    text = f"{default}, or that of the run" if default else "that of the run"
    group.add_argument(
        "--model", choices=systems, help=f"the system (default {text} which --restore continues)"
    )
    options.add_settings(group, configs, *TRAINING)
    if any(system.faithful for system in systems.values()):
        _add_faithful(group, systems)

    group = parser.add_argument_group("data")
    options.add_settings(group, configs, "data_dir", "split", "validation", *IMAGES)
    options.add_settings(group, configs, "allow_uniform")
    if kinds & {"faces", "images"}:
        options.add_no_cache(group)
    if "faces" in kinds:
        group.add_argument(
            "--download",
            action="store_true",
            help="fetch CelebA to data/img_align_celeba.zip first, with the package gdown "
            "(default off)",
        )

    group = parser.add_argument_group("run")
    options.add_settings(group, configs, "sample_epochs", "save_epochs")
    options.add_run_options(group, configs, f"runs/{default}" if len(systems) == 1 else None)
    if "digits" in kinds:
        _add_classifier(group)
    return parser


def _add_faithful(group: argparse._ArgumentGroup, systems: Mapping[str, System]) -> None:
    settings = {
        name: " ".join(f"--{key} {value}" for key, value in system.faithful.items())
        for name, system in systems.items()
        if system.faithful
    }
    if len(systems) == 1:
        (text,) = settings.values()
    else:
        text = "; ".join(f"of {name} {words}" for name, words in settings.items())
    group.add_argument(
        "--faithful",
        action="store_true",
        help=f"the source's behaviour throughout: {text} (default off)",
    )


def _add_classifier(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--classifier",
        nargs="?",
        const=True,
        metavar="PATH",
        help="say at the end how many of the samples are digits, by a classifier: that of "
        "PATH, or the one that comes with the project (default off)",
    )
    group.add_argument(  # the option's old name
        "--judge", dest="classifier", action="store_const", const=True, help=argparse.SUPPRESS
    )
