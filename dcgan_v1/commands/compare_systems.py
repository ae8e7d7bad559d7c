"""`compare --system`: one of the project's systems against its counterpart."""

import argparse
import dataclasses
from pathlib import Path
from typing import Any

import numpy as np

from dcgan_v1 import pretrained, runtime, systems
from dcgan_v1.commands import cli, compare
from dcgan_v1.config import config_json
from dcgan_v1.errors import UserError

NETWORK_SETTINGS = ("batch_size", "width", "seed")
MODULE = "dcgan_v1.ports.comparison"


def main(args: argparse.Namespace) -> int:
    against = systems.get(args.system).counterparts
    if args.against not in against:
        raise UserError(
            f"{args.system} has no counterpart in {args.against}; it has in {', '.join(against)}"
        )
    if args.against == "torch":
        cli.require_torch()
    compare.refuse_unwritable(args)
    settings = _settings(args)
    runtime.prepare()
    from dcgan_v1.ports import inputs

    start, facts, origin = None, {}, {}
    if args.checkpoint:
        start, settings = _start(args, settings)
        facts["started from"] = args.checkpoint
        origin = {"trained": start, "trained_by": args.checkpoint}
    elif args.report:
        origin = _pretrained(args.system)
    config = systems.get(args.system).config(**settings)
    network = {k: v for k, v in settings.items() if k != "batch_size"}
    return compare.run(
        args,
        f"{MODULE}:old",
        f"{MODULE}:new",
        old_options={"model": args.system, **network},
        new_options={"model": args.system, "against": args.against, **network},
        inputs=inputs.make(config, args.steps),
        start=start,
        title=(args.system, args.against),
        notes=facts,
        **origin,
    )


def _start(
    args: argparse.Namespace, settings: dict[str, Any]
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Returns the checkpoint's arrays in TF1's names, and the settings with its width."""
    from dcgan_v1.checkpoints import restoring
    from dcgan_v1.checkpoints.checkpoint import open_checkpoint

    checkpoint = open_checkpoint(args.checkpoint, print)
    if checkpoint.config.model != args.system:
        raise UserError(f"{args.checkpoint} is of {checkpoint.model}, not {args.system}")
    if checkpoint.width:
        settings = {**settings, "width": checkpoint.width}
    return restoring.arrays(checkpoint), settings


def _pretrained(system: str) -> dict[str, Any]:
    """Returns the weights of the system's pretrained model, for pictures, where there is one."""
    from dcgan_v1.checkpoints import restoring
    from dcgan_v1.checkpoints.checkpoint import open_checkpoint

    try:
        folder = pretrained.path_of(system)
        arrays = restoring.arrays(open_checkpoint(folder))
    except UserError:
        return {}
    return {"trained": arrays, "trained_by": f"pretrained/{folder.name}"}


def _settings(args: argparse.Namespace) -> dict[str, Any]:
    """Returns the settings given, with the batch size of the run that is started from."""
    settings = {}
    if args.checkpoint:
        path = Path(args.checkpoint)
        run = path if path.is_dir() else path.parent.parent
        config = run / "config.json"
        if config.is_file() and (run / "checkpoints").is_dir():
            settings["batch_size"] = config_json.from_json(config.read_bytes(), config).batch_size
    for name in NETWORK_SETTINGS:
        if (value := getattr(args, name)) is not None:
            settings[name] = value
    names = {f.name for f in dataclasses.fields(systems.get(args.system).config)}
    if set(settings) - names:
        raise UserError(f"{args.system} has no --width; leave it out")
    return settings
