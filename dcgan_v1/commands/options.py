"""The options that commands share, most of them from the settings of the configs."""

import argparse
import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dcgan_v1 import distributed, pretrained
from dcgan_v1.config import COUNTED_TWICE, Config, ImageSettings
from dcgan_v1.config.setting import option
from dcgan_v1.systems import SYSTEMS

Group = argparse.ArgumentParser | argparse._ArgumentGroup
METAVARS = {int: "N", float: "X"}
RECIPE = (  # settings beyond the sources, for better samples (docs/explanation/quality.md)
    "d_learning_rate",
    "g_learning_rate",
    "beta1",
    "label_smoothing",
    "ema_decay",
)


def add_settings(group: Group, configs: Sequence[type[Config]], *names: str) -> None:
    """Adds options for settings of configs; one not given is absent from the args.

    Args:
      configs: config classes; a setting that none of them has is left out.
    """
    for name in names:
        fields = {}
        for config in configs:
            by_name = {f.name: f for f in dataclasses.fields(config)}
            if name in by_name:
                fields[config().model] = by_name[name]
        if not fields:
            continue
        first = next(iter(fields.values()))
        options: dict[str, Any] = {"default": argparse.SUPPRESS}
        if isinstance(first.default, bool):
            options.update(action="store_true")
        elif first.metadata["choices"]:
            options.update(choices=first.metadata["choices"])
        else:
            metavar = METAVARS.get(type(first.default)) or name.rpartition("_")[2]
            options.update(type=type(first.default), metavar=metavar.upper())
        help = first.metadata["help"] + _default(fields, everywhere=len(configs))
        group.add_argument(option(name), help=help, **options)


def field_of(config: type, name: str) -> dataclasses.Field[Any]:
    """Returns the field of a config class that declares a setting."""
    return next(f for f in dataclasses.fields(config) if f.name == name)


def _default(fields: dict[str, dataclasses.Field[Any]], everywhere: int) -> str:
    """Returns what a setting is where it is not given, by system where they differ."""
    defaults: dict[str, Any] = {}
    for model, field in fields.items():
        value = field.default
        defaults[model] = value
        if isinstance(value, bool):
            defaults[model] = "on" if value else "off"
        elif field.name in COUNTED_TWICE.values() and field.metadata["least"] == 0:
            defaults[model] = "by epochs"
    if len(set(defaults.values())) > 1 or len(defaults) < everywhere:
        text = ", ".join(f"{model}: {value}" for model, value in defaults.items() if value != "")
    else:
        text = next(iter(defaults.values()))
    return "" if text == "" else f" (default {text})"


def add_run_options(group: Group, configs: Sequence[type[Config]], default_dir: str | None) -> None:
    """Adds where a run lies, how one that is there is treated, and what it writes.

    Args:
      configs: config classes of the systems that can be trained.
      default_dir: where the run lies by default; None: in runs/, by the system's name.
    """
    group.add_argument(
        "--run-dir",
        metavar="DIR",
        help="everything the run writes goes here (default "
        f"{default_dir or 'runs/ and the name of the system'})",
    )
    group.add_argument(
        "--restore",
        nargs="?",
        const=True,
        default=None,
        metavar="PATH",
        help="continue the run in --run-dir, with the settings it was made with; without "
        "--run-dir, and with no run where it is by default, begin from pretrained/ if it has "
        "this system; with PATH begin a new run from that checkpoint, ours or the original "
        "script's (default: a new run)",
    )
    add_settings(group, configs, "networks_only")
    group.add_argument(
        "--restart",
        action="store_true",
        help="move a run that is in --run-dir aside and start again (default: refuse)",
    )
    group.add_argument("--quiet", action="store_true", help="print errors only (default off)")
    add_worker_options(group, configs)
    names = ("save_every", "save_minutes", "keep", "sample_every", "summary_every", "sample_bn")
    add_settings(group, configs, *names, "samples", "histograms")


def add_worker_options(group: Group, configs: Sequence[type[Config]]) -> None:
    """Adds how many processes train together, and how they treat each other."""
    group.add_argument(
        "--workers",
        type=int,
        metavar="N",
        help="processes on this machine that train together, each on its share of "
        "every batch; for several machines see docs/guides/workers.md (default 1)",
    )
    group.add_argument(
        "--worker-timeout",
        type=float,
        default=distributed.TIMEOUT,
        metavar="SECONDS",
        help="give up a worker that keeps the others waiting so long; then all start "
        "again from the last checkpoint (default %(default)g)",
    )
    group.add_argument(
        "--trust-network",
        action="store_true",
        help="allow workers on other machines: whoever can reach their ports can "
        "execute arbitrary code there (default off)",
    )
    add_settings(group, configs, "bn")


def add_no_cache(group: Group) -> None:
    group.add_argument(
        "--no-cache",
        dest="cache",
        action="store_false",
        default=argparse.SUPPRESS,
        help=f"{field_of(ImageSettings, 'cache').metadata['help']} (default off)",
    )


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Adds which trained model is meant, and how it is run."""
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--run-dir", metavar="DIR", help="a run: its newest checkpoint")
    which.add_argument(
        "--checkpoint", metavar="PATH", help="any checkpoint, ours or an original script's"
    )
    which.add_argument("--pretrained", metavar="NAME", help="a model from pretrained/")
    which.add_argument("--model", choices=SYSTEMS, help="the run in runs/ of this name")


def model_path(args: argparse.Namespace) -> Path:
    """Returns where the model lies that the options of `add_model_options` name."""
    if args.model:
        return Path("runs") / args.model
    if args.pretrained:
        return pretrained.path_of(args.pretrained)
    return Path(args.run_dir or args.checkpoint)


def add_device_option(parser: argparse.ArgumentParser) -> None:
    device = field_of(Config, "device")
    parser.add_argument(
        "--device",
        choices=device.metadata["choices"],
        default=device.default,
        help=f"{device.metadata['help']} (default %(default)s)",
    )


def add_drawing_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--bn",
        choices=field_of(Config, "sample_bn").metadata["choices"],
        help="batch norm by its averages or by the batch (default: the system's)",
    )
    add_latest_option(parser)
    add_device_option(parser)


def add_latest_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--latest",
        action="store_true",
        help="G's weights as they are, also where the run kept averages of them (default off)",
    )
