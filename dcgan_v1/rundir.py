"""A run directory holds a run: config, metrics, checkpoints, TensorBoard, samples."""

import os
import re
import time
from pathlib import Path

from dcgan_v1 import config as config_lib
from dcgan_v1.errors import UserError


class RunDirectory:
    """Paths of a run, and the rules for starting in a directory that holds one."""

    def __init__(self, path):
        self.path = Path(path)
        self.config = self.path / "config.json"
        self.metrics = self.path / "metrics.csv"
        self.checkpoints = self.path / "checkpoints"
        self.tensorboard = self.path / "tensorboard"
        self.samples = self.path / "samples"
        self.gif = self.path / "training.gif"
        self.curves = self.path / "curves.png"

    def holds_run(self):
        return self.config.exists()

    def load_config(self, model):
        """Reads config.json and checks that the run is one of `model`."""
        saved = config_lib.from_json(self.config.read_bytes(), self.config)
        if saved.model != model:
            raise UserError(
                f"{self.path} holds a run of {saved.model}, not of {model}; "
                "choose another --run-dir"
            )
        return saved

    def refuse_if_used(self):
        """Raises UserError where something that is not ours to overwrite lies here."""
        if self.holds_run():
            raise UserError(
                f"{self.path} already holds a run at step {self.latest_step()}; "
                "use --restore to continue it or --restart to move it aside"
            )
        if self.path.exists() and not self.path.is_dir():
            raise UserError(f"--run-dir {self.path} is a file, not a directory")
        if self.path.is_dir() and any(self.path.iterdir()):
            raise UserError(
                f"--run-dir {self.path} is not empty and holds no run; "
                "choose an empty or a new directory"
            )

    def move_aside(self):
        """Renames the directory to <name>.<date>-<time> and returns that path."""
        path = self.path.resolve()
        stamp = time.strftime("%Y%m%d-%H%M%S")
        aside = path.with_name(f"{path.name}.{stamp}")
        number = 1
        while aside.exists():
            number += 1
            aside = path.with_name(f"{path.name}.{stamp}-{number}")
        try:
            path.rename(aside)
        except OSError as error:
            raise UserError(
                f"cannot move {path} aside: {error.strerror}; choose another --run-dir"
            ) from error
        return aside

    def create(self, config):
        """Makes the directory, writes config.json first, then the folders."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            write_atomically(self.config, config.to_json().encode())
            for path in (self.checkpoints, self.tensorboard, self.samples):
                path.mkdir(exist_ok=True)
        except OSError as error:
            raise UserError(
                f"cannot write to --run-dir {self.path}: {error.strerror}"
            ) from error

    def all_checkpoints(self):
        """Returns the prefixes of the checkpoints on disk as str, oldest first."""
        steps = [
            int(match[1])
            for path in self.checkpoints.glob("model-*.index")
            if (match := re.fullmatch(r"model-(\d+)\.index", path.name))
        ]
        return [str(self.checkpoints / f"model-{step}") for step in sorted(steps)]

    def latest_checkpoint(self):
        """Returns the newest checkpoint's prefix, or None."""
        return (self.all_checkpoints() or [None])[-1]

    def latest_step(self):
        """Returns the newest checkpoint's step, 0 if there is none."""
        latest = self.latest_checkpoint()
        return int(latest.rpartition("-")[2]) if latest else 0

    def sample_path(self, step):
        return self.samples / f"step_{step:07d}.png"

    def sample_paths(self):
        return sorted(self.samples.glob("step_*.png"))


def write_atomically(path, data):
    """Writes bytes beside `path` and renames: readers see the old file or the new."""
    beside = Path(path).with_name(f".{Path(path).name}.{os.getpid()}")
    try:
        beside.write_bytes(data)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
