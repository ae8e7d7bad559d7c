"""What a training command is to do: begin, continue, from where, on which data."""

import dataclasses
from pathlib import Path

from dcgan_v1 import config_file, pretrained, runtime
from dcgan_v1.errors import UserError
from dcgan_v1.setting import option
from dcgan_v1.systems import SYSTEMS
from dcgan_v1.training.rundir import RunDirectory


def resolve(args, config_class):
    """Decides what a training script is to do, before anything is loaded or written.

    Returns:
      (config, keyword arguments of `train`).
    """
    if args.restore is True and args.restart:
        raise UserError("--restore continues a run and --restart begins one: choose")
    directory = RunDirectory(args.run_dir)
    asked = _asked(args, config_class)
    options = {"directory": directory, "quiet": args.quiet}
    if args.restore is True and directory.holds_run():
        saved = directory.load_config(config_class().model)
        return config_file.continued(saved, asked), {**options, "resume": True}
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
        raise UserError(
            f"{config_class().model} has no setting {option(name)}; leave it out"
        )
    return asked


def system_of(args, systems, default):
    """Returns the name of the system to train: asked for, the run's, or the default."""
    model = args.model or model_of_run(args) or default
    if model not in systems:
        raise UserError(
            f"{args.run_dir} holds a run of {model}; this script trains "
            f"{', '.join(systems)}"
        )
    return model


def model_of_run(args):
    """Returns the system of the run that --restore continues, None if it does not."""
    path = RunDirectory(args.run_dir).config
    if args.restore is not True or not path.exists():
        return None
    return config_file.from_json(path.read_bytes(), path).model


def _pretrained(config_class):
    """Returns (path, settings that its networks need) of what we ship, or ('', {})."""
    where = pretrained.folder()
    if where is None or not (where / config_class().model / "config.json").exists():
        return "", {}
    folder = (where / config_class().model).absolute()
    saved = config_file.from_json((folder / "config.json").read_text(), folder)
    return str(folder), {"width": saved.width} if hasattr(saved, "width") else {}


def check_same_data(config, sha256, resume=False):
    """Returns the config with the data's checksum, which a resumed run must share."""
    if resume and sha256 != config.data_sha256:
        raise UserError(
            "the training images are not those the run was made with; give them by "
            "the same option as then (what was passed over of them is said above), or "
            "use --restart to begin anew"
        )
    return dataclasses.replace(config, data_sha256=sha256)


def train_on_images(config, keywords, data):
    """Opens a folder or zip of images and trains on it. Returns the exit code.

    Args:
      config, keywords: what `resolve` returned.
      data: where the images are, or 'synthetic'.
    """
    from dcgan_v1.data import images

    if data != "synthetic":
        data = str(Path(data).absolute())
    config = dataclasses.replace(config, data=data)
    read, count, checksum = images.load(
        config,
        keywords["directory"].cache(),
        size=SYSTEMS[config.model].image_shape[0],
        say=(lambda text: None) if keywords["quiet"] else print,
        quiet=keywords["quiet"],
    )
    config = check_same_data(config, checksum, keywords.get("resume"))

    runtime.prepare()
    from dcgan_v1.data.pipeline import Streamed
    from dcgan_v1.training.train import train

    return train(config, Streamed(read, count), **keywords)
