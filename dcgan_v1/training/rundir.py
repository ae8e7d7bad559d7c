"""A run directory holds a run: config, metrics, checkpoints, TensorBoard, samples."""

import contextlib
import errno
import os
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from dcgan_v1.config import Config, config_json
from dcgan_v1.errors import UserError
from dcgan_v1.files import write_atomically
from dcgan_v1.training import run_lock

# What a run leaves that was killed before its config.json was there.
LEFT_BEHIND = re.compile(r"\.(lock|owner\.json|\.owner\.json\.\d+|config\.json\.\d+)")
ASIDE = re.compile(r".*\.\d{8}-\d{6}(-\d+)?")  # the folder of a run moved aside
CANNOT_RENAME = (errno.EBUSY, errno.EXDEV, errno.EACCES, errno.EPERM, errno.EROFS)


class RunDirectory:
    """Paths of a run, and the rules for starting in a directory that holds one."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.config = self.path / "config.json"
        self.metrics = self.path / "metrics.csv"
        self.checkpoints = self.path / "checkpoints"
        self.tensorboard = self.path / "tensorboard"
        self.samples = self.path / "samples"
        self.gif = self.path / "training.gif"
        self.curves = self.path / "curves.png"
        self.diagnosis = self.path / "diagnosis.json"

    def holds_run(self) -> bool:
        return self.config.exists()

    @contextlib.contextmanager
    def locked(self, say: Callable[[str], None] = lambda text: None) -> Iterator[None]:
        """Keeps every other process out while entered, and makes the directory.

        Args:
          say: function that prints a line, see `run_lock`.

        Raises:
          UserError: another process is writing here, which is named, or nobody can.
        """
        with contextlib.ExitStack() as stack:
            try:
                self._make()
                stack.enter_context(run_lock.locked(self.path, say))
            except OSError as error:
                raise self._cannot_write(error) from error
            yield

    def load_config(self, model: str) -> Config:
        """Reads config.json and checks that the run is one of `model`."""
        saved = config_json.from_json(self.config.read_bytes(), self.config)
        if saved.model != model:
            raise UserError(
                f"{self.path} holds a run of {saved.model}, not of {model}; "
                "choose another --run-dir"
            )
        return saved

    def refuse_if_used(self) -> None:
        """Raises UserError where something that is not ours to overwrite lies here."""
        if self.holds_run():
            raise UserError(
                f"{self.path} already holds a run at step {self.latest_step()}; "
                "use --restore to continue it or --restart to move it aside"
            )
        if self.path.exists() and not self.path.is_dir():
            raise UserError(f"--run-dir {self.path} is a file, not a directory")
        above = next(filter(_is_there, self.path.resolve().parents), Path("/"))
        may_write = above.is_dir() and os.access(above, os.W_OK | os.X_OK)
        if not self.path.exists() and not may_write:
            raise self._cannot_write(PermissionError(errno.EACCES, os.strerror(errno.EACCES)))
        if self.path.is_dir() and not all(map(_is_ours, self.path.iterdir())):
            raise UserError(
                f"--run-dir {self.path} is not empty and holds no run; "
                "choose an empty or a new directory"
            )

    def move_aside(self) -> Path:
        """Renames the directory to <name>.<date>-<time> and returns that path.

        Where it cannot be renamed, being a mount or another's, its contents go into a
        folder of that name within. A link to it stays and leads to the new directory.
        """
        path = self.path.resolve()
        name = f"{path.name}.{time.strftime('%Y%m%d-%H%M%S')}"
        try:
            aside = _free(path.with_name(name))
            try:
                path.rename(aside)
            except OSError as error:
                if error.errno not in CANNOT_RENAME:
                    raise
                aside = _free(path / name)
                aside.mkdir()
                # config.json first: what is without it is no run, if we are killed
                for inside in [path / "config.json", *path.iterdir()]:
                    if inside.exists() and not ASIDE.fullmatch(inside.name):
                        inside.rename(aside / inside.name)
        except OSError as error:
            raise UserError(
                f"cannot move {path} aside: {error.strerror}; choose another --run-dir"
            ) from error
        return aside

    def cache(self) -> Path:
        """Returns the folder for decoded images: beside the run, for others to share;
        within it where nothing may be written beside."""
        beside = self.path.parent / "cache"
        above = next(folder for folder in beside.absolute().parents if folder.exists())
        mine = self.path.is_dir() and not os.access(above, os.W_OK)
        return self.path / ".cache" if mine and not beside.exists() else beside

    def _make(self) -> None:
        """Makes the directory, at the end of the link that leads to it, if any."""
        self.path.resolve().mkdir(parents=True, exist_ok=True)

    def create(self, config: Config) -> None:
        """Makes the directory, writes config.json first, then the folders."""
        try:
            self._make()
            write_atomically(self.config, config.to_json().encode())
            for path in (self.checkpoints, self.tensorboard, self.samples):
                path.mkdir(exist_ok=True)
            for folder in (self.path, self.samples):  # files a kill left half-written
                for path in folder.glob(".*.*.[0-9]*"):
                    path.unlink()
        except OSError as error:
            raise self._cannot_write(error) from error

    def _cannot_write(self, error: OSError) -> UserError:
        """Says why nothing can be written here, and which folder above is to blame."""
        path = self.path.resolve()
        if path.is_dir():
            return UserError(f"cannot write to --run-dir {self.path}: {error.strerror}")
        above = next((folder for folder in path.parents if _is_there(folder)), path)
        what = "is not a folder" if not above.is_dir() else f"cannot be written ({error.strerror})"
        return UserError(
            f"cannot write to --run-dir {self.path}: its parent {above} {what}; choose another "
            "--run-dir"
        )

    def latest_step(self) -> int:
        """Returns the newest checkpoint's step, 0 if there is none."""
        steps = [
            int(match[1])
            for path in self.checkpoints.glob("model-*.index")
            if (match := re.fullmatch(r"model-(\d+)\.index", path.name))
        ]
        return max(steps, default=0)

    def sample_path(self, step: int) -> Path:
        return self.samples / f"step_{step:07d}.png"

    def sample_paths(self) -> list[Path]:
        return list(self.samples_by_step().values())

    def samples_by_step(self) -> dict[int, Path]:
        """Returns step -> path of the sample grids there are, in order."""
        paths = {
            int(match[1]): path
            for path in self.samples.glob("step_*.png")
            if (match := re.fullmatch(r"step_(\d+)\.png", path.name))
        }
        return dict(sorted(paths.items()))


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # nobody may look
        return False


def _is_ours(path: Path) -> bool:
    """Whether what lies in a directory without a run is what a run leaves there."""
    return bool(
        LEFT_BEHIND.fullmatch(path.name)
        or (ASIDE.fullmatch(path.name) and (path / "config.json").exists())
        or path.name in (".cache", "lost+found")  # see `cache`; of a disk of its own
    )


def _free(path: Path) -> Path:
    """Returns a path that nothing lies at: `path`, or with a number after it."""
    number, free = 1, path
    while free.exists():
        number += 1
        free = path.with_name(f"{path.name}-{number}")
    return free
