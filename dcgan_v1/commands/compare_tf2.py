"""Runs a TF1 system and its TF2, Keras or PyTorch counterpart side by side and says
where, by how much and why they differ. Exits with 0 if they compute the same function,
with 1 if they differ, with 2 if they could not be compared."""

import dataclasses
import sys
from pathlib import Path

from tqdm import tqdm

from dcgan_v1 import runtime, systems
from dcgan_v1.commands import cli
from dcgan_v1.compare.breaks import BREAKS
from dcgan_v1.config_file import from_json
from dcgan_v1.errors import UserError, reason

NETWORK_SETTINGS = ("batch_size", "width", "seed")


def main(args):
    against = systems.get(args.model).counterparts
    if args.against not in against:
        raise UserError(
            f"{args.model} has no counterpart in {args.against}; it has in "
            f"{', '.join(against)}"
        )
    if args.against == "torch":
        cli.require_torch()
    if args.steps < 1 or args.timing_steps < 0:
        raise UserError("--steps must be at least 1, --timing-steps at least 0")
    if args.report:
        for name in ("report.json", "report.html"):
            if (args.report / name).exists():
                raise UserError(
                    f"{args.report / name} is there: choose another --report"
                )
        args.report.mkdir(parents=True, exist_ok=True)
    settings = _settings(args)
    runtime.prepare()
    try:
        return _compare(args, settings)
    except UserError:
        raise
    except Exception as error:  # exit code 1 would mean that they differ
        raise UserError(
            f"the comparison broke off ({type(error).__name__}: {reason(error, 300)}); "
            "--debug shows where"
        ) from error


def _compare(args, settings):
    from dcgan_v1.checkpoints import finding, restoring
    from dcgan_v1.compare import report
    from dcgan_v1.compare.run import Job

    if args.checkpoint:
        found = restoring.identify(finding.resolve(args.checkpoint, print))
        if found.model != args.model:
            raise UserError(f"{args.checkpoint} is of {found.model}, not {args.model}")
        if hasattr(found, "width"):
            settings = {**settings, "width": found.width}
    job = Job(
        systems.get(args.model).config(**settings),
        settings,
        args.against,
        steps=args.steps,
        planted=args.planted or "",
        timing_steps=args.timing_steps,
        checkpoint=args.checkpoint,
    )
    dtypes = ["float32", "float64"] if args.dtype == "float32" else ["float64"]
    quiet = args.quiet or None  # None: no bar where there is no terminal
    with tqdm(total=job.stages(dtypes), desc="comparing", disable=quiet) as bar:
        pairs = job.run(dtypes, bar.update)
    found = report.build(job, pairs)
    report.show(found, width=None if sys.stdout.isatty() else 160)
    if args.report:
        report.write(found, pairs, args.report)
        print(f"wrote {args.report / 'report.html'} and report.json")
    return 0 if found["same"] else 1


def _settings(args):
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


def make_parser():
    parser = cli.parser(__doc__)
    add = parser.add_argument
    models = [name for name, s in systems.SYSTEMS.items() if s.counterparts]
    add("--model", choices=models, required=True, help="the TF1 system")
    add("--against", choices=systems.FRAMEWORKS, required=True, help="its counterpart")
    add(
        "--steps",
        type=int,
        default=10,
        metavar="K",
        help="training steps; looked at after 1, 3, 10 and K (default %(default)s)",
    )
    add(
        "--dtype",
        choices=("float32", "float64"),
        default="float32",
        help="float32 runs both, with TF1's own noise as the measure in float32; "
        "float64 runs that alone and is the quickest (default %(default)s)",
    )
    add(
        "--report",
        type=cli.path,
        metavar="DIR",
        help="folder for report.json and report.html (default: the terminal only)",
    )
    add(
        "--checkpoint",
        metavar="PATH",
        help="start from it: a run directory, a checkpoint of ours or of the original "
        "script's (default: TF1's initial values)",
    )
    add(
        "--break",
        dest="planted",
        choices=BREAKS,
        help="plant a known difference in the counterpart, to see it found: "
        + "; ".join(f"{name}: {text}" for name, text in BREAKS.items()),
    )
    add("--batch-size", type=int, metavar="N", help="(default: the system's)")
    add("--width", type=int, metavar="N", help="(default: the system's)")
    add("--seed", type=int, metavar="N", help="of all that is drawn (default 0)")
    add(
        "--timing-steps",
        type=int,
        default=3,
        metavar="N",
        help="steps in each of 6 rounds of timing, 0 for none (default %(default)s)",
    )
    add("--quiet", action="store_true", help="no progress bar (default off)")
    return parser
