"""Runs a TF1 system and its TF2, Keras or PyTorch counterpart side by side and says
where, by how much and why they differ. Exits with 0 if they compute the same function,
with 1 if they differ, with 2 if they could not be compared."""

import dataclasses
from argparse import Namespace
from pathlib import Path
from typing import Any

from dcgan_v1 import runtime, systems
from dcgan_v1.commands import cli, compare
from dcgan_v1.config.config_json import from_json
from dcgan_v1.errors import UserError
from dcgan_v1.migration.records import Arrays

NETWORK_SETTINGS = ("batch_size", "width", "seed")
MODULE = "dcgan_v1.ports.comparison"


def main(args: Namespace) -> int:
    against = systems.get(args.model).counterparts
    if args.against not in against:
        raise UserError(
            f"{args.model} has no counterpart in {args.against}; it has in {', '.join(against)}"
        )
    if args.against == "torch":
        cli.require_torch()
    compare.refuse_unwritable(args)
    settings = _settings(args)
    runtime.prepare()
    from dcgan_v1.ports import inputs

    start, notes = None, {}
    if args.checkpoint:
        start, settings = _start(args, settings)
        notes["started from"] = args.checkpoint
    given = {k: v for k, v in settings.items() if k != "batch_size"}
    config = systems.get(args.model).config(**settings)
    return compare.run(
        args,
        f"{MODULE}:old",
        f"{MODULE}:new",
        old_options={"model": args.model, **given},
        new_options={"model": args.model, "against": args.against, **given},
        inputs=inputs.make(config, args.steps),
        start=start,
        title=(args.model, args.against),
        notes=notes,
    )


def _start(args: Namespace, settings: dict[str, Any]) -> tuple[Arrays, dict[str, Any]]:
    """Returns the checkpoint's arrays in TF1's names, and the settings it brings."""
    from dcgan_v1.checkpoints import restoring
    from dcgan_v1.checkpoints.checkpoint import open_checkpoint

    checkpoint = open_checkpoint(args.checkpoint, print)
    if checkpoint.config.model != args.model:
        raise UserError(f"{args.checkpoint} is of {checkpoint.model}, not {args.model}")
    if checkpoint.width:
        settings = {**settings, "width": checkpoint.width}
    return restoring.arrays(checkpoint), settings


def _settings(args: Namespace) -> dict[str, Any]:
    """Returns the settings given, with the batch size of the run compared from."""
    settings = {}
    if args.checkpoint:
        path = Path(args.checkpoint)
        run = path if path.is_dir() else path.parent.parent
        config = run / "config.json"
        if config.is_file() and (run / "checkpoints").is_dir():
            settings["batch_size"] = from_json(config.read_bytes(), config).batch_size
    for name in NETWORK_SETTINGS:
        if (value := getattr(args, name)) is not None:
            settings[name] = value
    known = {f.name for f in dataclasses.fields(systems.get(args.model).config)}
    if set(settings) - known:
        raise UserError(f"{args.model} has no --width; leave it out")
    return settings


def make_parser() -> cli.Parser:
    parser = cli.parser(__doc__)
    add = parser.add_argument
    models = [name for name, s in systems.SYSTEMS.items() if s.counterparts]
    add("--model", choices=models, required=True, help="the TF1 system")
    add("--against", choices=systems.FRAMEWORKS, required=True, help="its counterpart")
    add(
        "--checkpoint",
        metavar="PATH",
        help="start from it: a run directory, a checkpoint of ours or of the original "
        "script's (default: TF1's initial values)",
    )
    add("--batch-size", type=int, metavar="N", help="(default: the system's)")
    add("--width", type=int, metavar="N", help="(default: the system's)")
    compare.add_common(parser, steps=10)
    return parser
