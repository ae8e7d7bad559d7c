"""Plans what a training command does: begin or continue a run, from where, with which workers.

Decided before anything is loaded or written."""

import argparse
import dataclasses
import difflib
import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dcgan_v1 import distributed, pretrained
from dcgan_v1.config import Config, config_json
from dcgan_v1.config.setting import option
from dcgan_v1.errors import UserError
from dcgan_v1.systems import SYSTEMS, System
from dcgan_v1.training.rundir import RunDirectory

if TYPE_CHECKING:
    from dcgan_v1.distributed.context import WorkerContext


@dataclass(frozen=True)
class RunPlan:
    """What a training command is to do.

    Attributes:
      config: of the run; `config.start` names a checkpoint to begin from.
      directory: where the run lies or will lie.
      resume: continue the run that is there; restart: move it aside first.
      note: a line on where the run begins.
      workers_to_start: how many processes train in place of this one, 0 for none.
      worker: this process's context among several workers, None where it is alone.
    """

    config: Config
    directory: RunDirectory
    resume: bool = False
    restart: bool = False
    quiet: bool = False
    note: str = ""
    workers_to_start: int = 0
    worker: "WorkerContext | None" = None

    @property
    def is_chief(self) -> bool:
        return self.worker is None or self.worker.is_chief

    def say(self, text: str) -> None:
        """Prints a line, unless the run is quiet."""
        if not self.quiet:
            print(text)

    def with_data(self, sha256: str) -> "RunPlan":
        """Returns the plan with the checksum of the training images, which a resumed run
        must share, and so must all workers.

        Raises:
          UserError: they are other images.
        """
        if self.resume and sha256 != self.config.data_sha256:
            raise UserError(
                "the training images are not those the run was made with; give them by "
                "the same option as then (what was left out of them is printed above), or "
                "use --restart to start again"
            )
        if self.worker:
            config = self.worker.with_data(self.config, sha256)
        else:
            config = dataclasses.replace(self.config, data_sha256=sha256)
        return dataclasses.replace(self, config=config)


def decide(args: argparse.Namespace, system: System) -> RunPlan:
    """Returns the plan of a training command.

    A worker that is not the chief waits for the chief to decide.

    Args:
      args: of a parser that has `options.add_run_options`.
      system: the one to train.

    Raises:
      UserError: the options contradict each other, or the run that is there.
    """
    if args.restore is True and args.restart:
        raise UserError("--restore continues a run and --restart begins one: choose")
    directory = RunDirectory(args.run_dir)
    options = _settings(args, system)
    if not distributed.is_wanted(args):
        return _plan(args, system, directory, options)
    return _plan_with_workers(args, system, directory, options)


def refuse_nothing_to_restore(args: argparse.Namespace) -> None:
    """Raises UserError where --restore is to continue the run in a --run-dir that is given,
    and there is none. It names the nearest; to begin one unasked would cost days.

    Args:
      args: of a training command, `run_dir` None where it is not given.
    """
    restores = args.restore is True and args.run_dir and not args.restart
    if not restores or RunDirectory(args.run_dir).holds_run():
        return
    if distributed.is_worker():
        from dcgan_v1.distributed import cluster, launcher

        workers = cluster.of_environment()
        if launcher.is_launched() or (workers and workers.rank):
            return  # who started it, or the chief, has looked
    near = nearest_run(Path(args.run_dir))
    there = f"the nearest is {near}" if near else "there is none near it"
    raise UserError(
        f"--run-dir {args.run_dir} holds no run that --restore could continue: {there}; to "
        "begin one, leave --restore out"
    )


def nearest_run(path: Path) -> Path | None:
    """Returns the run whose path is most like `path`: within it, beside it, or in runs/."""
    above = next((folder for folder in path.absolute().parents if folder.is_dir()), Path())
    places = [path, above, Path("runs")]
    runs = {
        config.parent.resolve(): config.parent
        for place in places
        for config in (*place.glob("config.json"), *place.glob("*/config.json"))
    }
    text = str(path.resolve())
    alike = {run: difflib.SequenceMatcher(None, text, str(run)).ratio() for run in runs}
    best = max(alike, key=lambda run: alike[run], default=None)
    return best and Path(os.path.relpath(best) if _is_here(best) else best)


def _is_here(path: Path) -> bool:
    return path.is_relative_to(Path.cwd().resolve())


def _plan_with_workers(
    args: argparse.Namespace, system: System, directory: RunDirectory, options: dict[str, Any]
) -> RunPlan:
    """The plan of a process that starts workers, or is one of them."""
    from dcgan_v1.distributed import cluster, launcher

    launcher.check(args)
    workers = launcher.cluster_of(args)
    if workers and workers.rank:
        follower = _context(workers, args)
        return RunPlan(follower.follow(options), directory, quiet=True, worker=follower)
    if launcher.is_again() and directory.holds_run():
        args.restore, args.restart = True, False
    plan = _plan(args, system, directory, options)
    to_start = launcher.count_to_start(args)
    if count := workers.count if workers else to_start:
        cluster.check_shares(plan.config.batch_size, count, is_fixed=plan.resume)
    worker = _context(workers, args) if workers else None
    return dataclasses.replace(plan, workers_to_start=to_start, worker=worker)


def _context(workers: Any, args: argparse.Namespace) -> "WorkerContext":
    from dcgan_v1 import runtime

    runtime.prepare(keras=False)
    from dcgan_v1.distributed import launcher
    from dcgan_v1.distributed.context import WorkerContext

    say = partial(print, flush=True)  # at once: it is said before a wait
    quiet = args.quiet or launcher.is_launched()
    return WorkerContext(workers, args.worker_timeout, (lambda text: None) if quiet else say)


def _plan(
    args: argparse.Namespace, system: System, directory: RunDirectory, options: dict[str, Any]
) -> RunPlan:
    """The plan of a process that trains alone, or leads."""
    if args.restore is True and directory.holds_run():
        config = config_json.continued(directory.load_config(system.name), options)
        return RunPlan(config, directory, resume=True, quiet=args.quiet)
    if not (args.restart and directory.holds_run()):
        directory.refuse_if_used()
    if options.get("networks_only") and not isinstance(args.restore, str):
        raise UserError("--networks-only goes with --restore PATH: say from where")
    start, note = "", ""
    if isinstance(args.restore, str) and args.restore != "pretrained":
        start = str(Path(args.restore).absolute())
    elif args.restore:
        start, options = _from_pretrained(system, options, must=args.restore == "pretrained")
        begin = f"beginning from {start}" if start else "starting one"
        note = f"no run in {directory.path} yet: {begin}"
    config = system.config(start=start, **options)
    return RunPlan(config, directory, restart=args.restart, quiet=args.quiet, note=note)


def _from_pretrained(
    system: System, options: dict[str, Any], must: bool
) -> tuple[str, dict[str, Any]]:
    """Returns (path of the pretrained model, settings with those of its networks), or
    ('', settings) where there is none, or one of other networks.

    Args:
      must: refuse instead.
    """
    folder = pretrained.folder()
    if folder is None or not (folder / system.name / "config.json").exists():
        if must:
            raise UserError(f"there is no pretrained {system.name}")
        return "", options
    path = (folder / system.name).absolute()
    saved = config_json.from_json((path / "config.json").read_text(), path)
    fixed = {"width": saved.width} if hasattr(saved, "width") else {}
    if any(options.get(name, value) != value for name, value in fixed.items()):
        if must:
            raise UserError(
                f"the pretrained {system.name} has other settings than "
                f"those given: {fixed}; leave them out"
            )
        return "", options
    return str(path), {**fixed, **options}


def _settings(args: argparse.Namespace, system: System) -> dict[str, Any]:
    """Returns the settings that were given, by name; refuses those of other systems."""
    own = {f.name for f in dataclasses.fields(system.config)}
    every = {f.name for s in SYSTEMS.values() for f in dataclasses.fields(s.config)}
    options = {n: v for n, v in vars(args).items() if n in every and n != "model"}
    for name in sorted(set(options) - own):
        raise UserError(f"{system.name} has no setting {option(name)}; leave it out")
    return options
