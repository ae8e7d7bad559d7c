"""What a training command is to do: begin, continue, from where, on which data."""

import dataclasses
import signal
from pathlib import Path

from dcgan_v1 import pretrained, runtime
from dcgan_v1.config import config_json
from dcgan_v1.config.setting import option
from dcgan_v1.distributed import cluster, launcher
from dcgan_v1.errors import UserError
from dcgan_v1.systems import SYSTEMS
from dcgan_v1.training.rundir import RunDirectory

OWN = ("data", "data_dir", "skip_bad", "cache")  # settings of one worker alone


def resolve(args, config_class):
    """Decides what a training script is to do, before anything is loaded or written.

    A worker that is not the chief waits for the chief to decide.

    Returns:
      (config, keyword arguments of `train`).
    """
    if args.restore is True and args.restart:
        raise UserError("--restore continues a run and --restart begins one: choose")
    launcher.check(args)
    directory = RunDirectory(args.run_dir)
    asked = _asked(args, config_class)
    together = _of_cluster(args)
    if together and together.rank:
        return _followed(args, asked, together, directory)
    config, keywords = _resolved(args, config_class, directory, asked)
    is_fixed = "resume" in keywords
    if launcher.is_wanted(args):
        cluster.check_shares(config.batch_size, args.workers, is_fixed)
    if together:
        cluster.check_shares(config.batch_size, together.count, is_fixed)
        keywords["worker"] = _membership(together, args)
    return config, keywords


def _of_cluster(args):
    """Returns the Cluster this process is a worker of, None where it is alone."""
    together = cluster.of_environment()
    if together is None or together.count == 1:
        return None
    cluster.check_trusted(together, args.trust_network)
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # until training waits for signals
    if launcher.is_launched():
        launcher.end_with_launcher(args.worker_timeout)
    return together


def _membership(together, args):
    runtime.prepare()
    from dcgan_v1.distributed.context import WorkerContext

    return WorkerContext(together, args.worker_timeout)


def _followed(args, asked, together, directory):
    """Returns what `resolve` does, as the chief decides it; but where the images lie
    and on what device to compute, each worker knows best."""
    vars(args).update(quiet=True, judge=False)  # the chief speaks for all
    worker = _membership(together, args)
    own = {name: asked[name] for name in OWN if name in asked}
    device = asked.get("device", "auto")
    deterministic = asked.get("deterministic", False)
    session_config, _ = runtime.session_config(device, deterministic)
    config = worker.agree(session_config)
    if config.deterministic != deterministic:
        raise UserError("--deterministic is for all workers or for none")
    config = dataclasses.replace(config, device=device, **own)
    keywords = {"directory": directory, "quiet": True, "worker": worker}
    return config, keywords


def _resolved(args, config_class, directory, asked):
    """Returns what `resolve` does, for whoever leads."""
    if launcher.is_again() and directory.holds_run():
        args.restore, args.restart = True, False
    options = {"directory": directory, "quiet": args.quiet}
    if args.restore is True and directory.holds_run():
        saved = directory.load_config(config_class().model)
        return config_json.continued(saved, asked), {**options, "resume": True}
    if not (args.restart and directory.holds_run()):
        directory.refuse_if_used()
    if asked.get("networks_only") and not isinstance(args.restore, str):
        raise UserError("--networks-only goes with --restore PATH: say from where")
    start, note = "", ""
    if isinstance(args.restore, str) and args.restore != "pretrained":
        start = str(Path(args.restore).absolute())
    elif args.restore:
        start, settings = _pretrained(config_class)
        if any(asked.get(name, value) != value for name, value in settings.items()):
            if args.restore == "pretrained":
                raise UserError(
                    f"the pretrained {config_class().model} has other settings than "
                    f"those given: {settings}; leave them out"
                )
            start, settings = "", {}  # other networks than those that ship
        asked = {**settings, **asked}
        if args.restore == "pretrained" and not start:
            raise UserError(f"there is no pretrained {config_class().model}")
        begin = f"beginning from {start}" if start else "starting one"
        note = f"no run in {args.run_dir} yet: {begin}"
    config = config_class(start=start, **asked)
    return config, {**options, "restart": args.restart, "note": note}


def _asked(args, config_class):
    """Returns the settings that were given, by name; refuses those of other systems."""
    names = {f.name for f in dataclasses.fields(config_class)}
    known = {f.name for s in SYSTEMS.values() for f in dataclasses.fields(s.config)}
    asked = {n: v for n, v in vars(args).items() if n in known and n != "model"}
    for name in sorted(set(asked) - names):
        raise UserError(f"{config_class().model} has no setting {option(name)}; leave it out")
    return asked


def system_of(args, systems, default):
    """Returns the name of the system to train: asked for, the run's, or the default."""
    model = args.model or model_of_run(args) or default
    if model not in systems:
        raise UserError(
            f"{args.run_dir} holds a run of {model}; this script trains {', '.join(systems)}"
        )
    return model


def model_of_run(args):
    """Returns the system of the run that --restore continues, None if it does not."""
    path = RunDirectory(args.run_dir).config
    if args.restore is not True or not path.exists():
        return None
    return config_json.from_json(path.read_bytes(), path).model


def _pretrained(config_class):
    """Returns (path, settings that its networks need) of what we ship, or ('', {})."""
    where = pretrained.folder()
    if where is None or not (where / config_class().model / "config.json").exists():
        return "", {}
    folder = (where / config_class().model).absolute()
    saved = config_json.from_json((folder / "config.json").read_text(), folder)
    return str(folder), {"width": saved.width} if hasattr(saved, "width") else {}


def check_same_data(config, sha256, keywords):
    """Returns the config with the data's checksum, which a resumed run must share, and
    so must all workers.

    Args:
      keywords: what `resolve` returned.
    """
    worker = keywords.get("worker")
    if worker and not worker.is_chief:
        if sha256 != config.data_sha256:
            raise UserError(
                f"worker {worker.cluster.rank} has other training images than the "
                "chief; give it the same, by --data or --data-dir"
            )
        return config
    if keywords.get("resume") and sha256 != config.data_sha256:
        raise UserError(
            "the training images are not those the run was made with; give them by "
            "the same option as then (what was passed over of them is said above), or "
            "use --restart to begin anew"
        )
    config = dataclasses.replace(config, data_sha256=sha256)
    if worker:
        session_config, _ = runtime.session_config(config.device, config.deterministic)
        worker.agree(session_config, config)
    return config


def train_on_images(config, keywords, data):
    """Opens a folder or zip of images and trains on it. Returns the exit code.

    Args:
      config, keywords: what `resolve` returned.
      data: where the images are, or 'synthetic'.
    """
    from dcgan_v1.data import image_dataset

    if data != "synthetic":
        data = str(Path(data).absolute())
    config = dataclasses.replace(config, data=data)
    read, count, checksum = image_dataset.load(
        config,
        keywords["directory"].cache(),
        size=SYSTEMS[config.model].image_shape[0],
        say=(lambda text: None) if keywords["quiet"] else print,
        quiet=keywords["quiet"],
    )
    config = check_same_data(config, checksum, keywords)

    runtime.prepare()
    from dcgan_v1.data.pipeline import Streamed
    from dcgan_v1.training.train import train

    return train(config, Streamed(read, count), **keywords)
