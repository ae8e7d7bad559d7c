"""What the scripts share: what they are to do, error lines, exit codes. Loads no
TensorFlow."""

import argparse
import dataclasses
import os
import sys
import traceback
from importlib.util import find_spec
from pathlib import Path

from dcgan_v1 import config as config_lib
from dcgan_v1 import config_file, runtime
from dcgan_v1.config import CONFIGS
from dcgan_v1.errors import UserError, reason
from dcgan_v1.rundir import RunDirectory

IMAGE_SIDES = {"celeba64": 64, "images96": 96}
PRETRAINED = Path(__file__).resolve().parents[1] / "pretrained"


class Parser(argparse.ArgumentParser):
    """Says in one line what is wrong with the arguments."""

    def error(self, message):
        self.exit(2, f"error: {' '.join(message.split())} (see --help)\n")


def parser(description):
    made = Parser(description=description, allow_abbrev=False)
    made.add_argument(
        "--debug", action="store_true", help="show tracebacks of errors (default off)"
    )
    return made


def resolve(args, config_class):
    """Decides what a training script is to do, before anything is loaded or written.

    Returns:
      (config, keyword arguments of `train`).
    """
    if args.restore is True and args.restart:
        raise UserError("--restore continues a run and --restart begins one: choose")
    directory = RunDirectory(args.run_dir)
    names = {f.name for f in dataclasses.fields(config_class)}
    settings = {f.name for c in CONFIGS.values() for f in dataclasses.fields(c)}
    asked = {n: v for n, v in vars(args).items() if n in settings and n != "model"}
    for name in sorted(set(asked) - names):
        raise UserError(
            f"{config_class().model} has no setting {config_lib.option(name)}; "
            "leave it out"
        )
    options = {"directory": directory, "quiet": args.quiet}
    if args.restore is True and directory.holds_run():
        saved = directory.load_config(config_class().model)
        return config_file.continued(saved, asked), {**options, "resume": True}
    if not (args.restart and directory.holds_run()):
        directory.refuse_if_used()
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


def model_of_run(args):
    """Returns the system of the run that --restore continues, None if it does not."""
    path = RunDirectory(args.run_dir).config
    if args.restore is not True or not path.exists():
        return None
    return config_file.from_json(path.read_bytes(), path).model


def model_path(args):
    """Returns where the model lies that the options of `add_model_options` name."""
    if args.model:
        return Path("runs") / args.model
    if not args.pretrained:
        return args.run_dir or args.checkpoint
    names = sorted(path.parent.name for path in PRETRAINED.glob("*/config.json"))
    if args.pretrained not in names:
        raise UserError(
            f"no pretrained model {args.pretrained!r}; there "
            f"{'are ' + ', '.join(names) if names else 'is none yet'}"
        )
    return PRETRAINED / args.pretrained


def _pretrained(config_class):
    """Returns (path, settings that its networks need) of what we ship, or ('', {})."""
    folder = PRETRAINED / config_class().model
    if not (folder / "config.json").exists():
        return "", {}
    saved = config_file.from_json((folder / "config.json").read_text(), folder)
    return str(folder), {"width": saved.width} if hasattr(saved, "width") else {}


def check_same_data(config, sha256, resume=False):
    """Returns the config with the data's checksum, which a resumed run must share."""
    if resume and sha256 != config.data_sha256:
        raise UserError(
            "the training images are not those the run was made with; give them by "
            "the same option as then, or use --restart to begin anew"
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
        keywords["directory"].path.parent / "cache",
        size=IMAGE_SIDES[config.model],
        say=(lambda text: None) if keywords["quiet"] else print,
        quiet=keywords["quiet"],
    )
    config = check_same_data(config, checksum, keywords.get("resume"))

    runtime.prepare()
    from dcgan_v1.data.pipeline import Streamed
    from dcgan_v1.train import train

    return train(config, Streamed(read, count), **keywords)


def require_torch():
    """Raises UserError where PyTorch or its file format is not installed."""
    if not (find_spec("torch") and find_spec("safetensors")):
        raise UserError("this needs PyTorch: pip install -r requirements-torch.txt")


def main(run, made_parser, argv=None):
    """Parses, calls run(args) and exits with what it returns, 2 after a user's error.

    An OSError that nobody turned into a better sentence is one, too.
    """
    args = made_parser.parse_args(argv)
    try:
        for name, value in vars(args).items():
            if isinstance(value, str | Path):
                _refuse_unprintable(config_lib.option(name), str(value))
        sys.exit(run(args) or 0)
    except (UserError, OSError) as error:
        if isinstance(error, BrokenPipeError):  # the reader of our output has gone
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(141)
        if args.debug:
            traceback.print_exc()
        message = str(error)
        if isinstance(error, OSError):
            message = f"{error.strerror or reason(error)}: {error.filename}"
        print(f"error: {message}", file=sys.stderr)
        sys.exit(2)
    except MemoryError as error:
        if args.debug:
            traceback.print_exc()
        print(
            f"error: not enough memory ({reason(error)}); ask for less", file=sys.stderr
        )
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


def _refuse_unprintable(name, value):
    if not value.strip() or not value.isprintable():
        raise UserError(f"{name} {value!r} is no usable value; give another one")
