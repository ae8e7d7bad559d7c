"""A run's own checkpoints: whole or absent, and each with a manifest.

A checkpoint is written into a folder beside the others and renamed file by file, its
`.index` last; without an `.index` there is no checkpoint.
"""

import json
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import tensorflow.compat.v1 as tf

from dcgan_v1.checkpoints.finding import list_all
from dcgan_v1.checkpoints.manifest import damage
from dcgan_v1.checkpoints.reading import files_of
from dcgan_v1.errors import UserError, reason
from dcgan_v1.files import checksum

PARTIAL = ".partial"


def save(
    saver: tf.train.Saver,
    session: tf.Session,
    folder: Path,
    step: int,
    about: dict[str, Any],
    keep: int,
) -> None:
    """Writes the checkpoint of `step`, then removes all but the newest `keep`.

    Args:
      saver: one that keeps no count of its own (max_to_keep=None).
      session: with the variables.
      folder: of the run's checkpoints.
      step: the run's.
      about: for the manifest, what the checkpoint is of.
      keep: how many of the run's checkpoints, at least 1.

    Raises:
      UserError: the disk does not take it; the older ones are as they were.
    """
    partial = folder / PARTIAL
    try:
        shutil.rmtree(partial, ignore_errors=True)  # of a run that was killed
        partial.mkdir()
        saver.save(
            session,
            str(partial / "model"),
            global_step=step,
            write_meta_graph=False,
            write_state=False,
        )
        files = sorted(path for path in partial.iterdir())
        manifest = {**about, "step": step, "files": {p.name: checksum(p) for p in files}}
        name = f"model-{step}"
        (partial / f"{name}.json").write_text(json.dumps(manifest, indent=2) + "\n")
        for path in partial.iterdir():
            _flush(path)
        _publish(partial, folder, f"{name}.index")
        prefixes = list_all(folder)
        _write_list(folder, prefixes[-keep:])  # it never names what is gone
        for prefix in prefixes[:-keep]:
            remove(prefix)
        _remove_orphans(folder)
    except (OSError, ValueError, tf.errors.OpError) as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise UserError(
            f"cannot write the checkpoint of step {step} to {folder}: "
            f"{reason(error, 200)}; make room and continue with --restore"
        ) from error


def _publish(partial: Path, folder: Path, index: str) -> None:
    """Renames a checkpoint's files into their folder, its index last."""
    (folder / index).unlink(missing_ok=True)  # one of that step, being replaced
    for path in partial.iterdir():
        if path.name != index:
            path.replace(folder / path.name)
    (partial / index).replace(folder / index)
    _flush(folder)
    partial.rmdir()


def _write_list(folder: Path, prefixes: Sequence[str]) -> None:
    """Writes TensorFlow's `checkpoint` file, which names checkpoints."""
    names = [Path(prefix).name for prefix in prefixes]
    # an absolute folder: TensorFlow takes bare names as relative to it
    tf.train.update_checkpoint_state(str(folder.resolve()), names[-1], names)


def _remove_orphans(folder: Path) -> None:
    """Deletes what a kill left of checkpoints that were never, or no longer, whole."""
    for path in [*folder.glob("model-*.data-?????-of-?????"), *folder.glob("model-*.json")]:
        if not (folder / f"{path.name.partition('.')[0]}.index").exists():
            path.unlink()


def remove(prefix: str) -> None:
    """Deletes a checkpoint, its index first."""
    for path in files_of(prefix):
        path.unlink(missing_ok=True)


def newest_intact(folder: Path, say: Callable[[str], None]) -> str | None:
    """Returns a run's newest checkpoint without damage, None if it never had any.

    Once one is found, damaged ones that are newer are reported and set aside as
    `<name>.damaged`. Before that nothing is touched.

    Raises:
      UserError: there are checkpoints, but none without damage, or there were.
    """
    damaged: dict[str, str] = {}  # prefix -> what is wrong with it
    prefixes = list_all(folder)
    if not prefixes and (folder / "checkpoint").exists():
        raise UserError(
            f"{folder} lists checkpoints, but they are gone; restore one, or use "
            "--restart to start again"
        )
    for prefix in reversed(prefixes):
        wrong = damage(prefix)
        if not Path(f"{prefix}.json").exists():  # every run of ours writes one
            wrong = "its manifest is missing"
        if not wrong:
            if damaged:
                _write_list(folder, prefixes[: prefixes.index(prefix) + 1])
            for worse, why in damaged.items():
                say(f"checkpoint {worse} is damaged ({why}): {prefix} is used instead")
                for path in files_of(worse):
                    path.replace(path.with_name(f"{path.name}.damaged"))
            return prefix
        damaged[prefix] = wrong
    if damaged:
        newest, why = next(iter(damaged.items()))
        raise UserError(
            f"every checkpoint in {folder} is damaged ({newest}: {why}); restore one, or "
            "use --restart to start again"
        )
    return None


def _flush(path: Path) -> None:
    """Brings a file or a folder to the disk: a rename must not outlive its content."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
