"""A run's own checkpoints: whole or absent, and each with a manifest.

A checkpoint is written into a folder beside the others and renamed file by file, its
`.index` last; without an `.index` there is no checkpoint. `model-<step>.json`, the
manifest, says what it is of and holds the SHA-256 of every file.
"""

import glob
import json
import os
import re
import shutil
from pathlib import Path

import tensorflow.compat.v1 as tf

from dcgan_v1.errors import UserError, reason
from dcgan_v1.files import checksum

PARTIAL = ".partial"
SHARD = re.compile(r"-\d{5}-of-\d{5}$")
# the last eight bytes of a table, which a V1 checkpoint is as a whole, and the .index
# of a V2 checkpoint
TABLE = bytes.fromhex("57fb808b247547db")


def save(saver, session, folder, step, about, keep):
    """Writes the checkpoint of `step`, then removes all but the newest `keep`.

    Args:
      saver: a `tf.train.Saver` that keeps no count of its own (max_to_keep=None).
      folder: Path of the checkpoints.
      about: dict for the manifest: what the checkpoint is of.

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


def _publish(partial, folder, index):
    """Renames a checkpoint's files into their folder, its index last."""
    (folder / index).unlink(missing_ok=True)  # one of that step, being replaced
    for path in partial.iterdir():
        if path.name != index:
            path.replace(folder / path.name)
    (partial / index).replace(folder / index)
    _flush(folder)
    partial.rmdir()


def _write_list(folder, prefixes):
    """Writes TensorFlow's `checkpoint` file, which names checkpoints."""
    names = [Path(prefix).name for prefix in prefixes]
    # an absolute folder: TensorFlow takes bare names as relative to it
    tf.train.update_checkpoint_state(str(folder.resolve()), names[-1], names)


def _remove_orphans(folder):
    """Deletes what a kill left of checkpoints that were never, or no longer, whole."""
    for path in [*folder.glob("model-*.data-?????-of-?????"), *folder.glob("model-*.json")]:
        if not (folder / f"{path.name.partition('.')[0]}.index").exists():
            path.unlink()


def list_all(folder):
    """Returns the prefixes of the checkpoints in a folder as str, oldest first."""
    steps = [
        int(path.stem.rpartition("-")[2])
        for path in folder.glob("model-*.index")
        if path.stem.rpartition("-")[2].isdecimal()
    ]
    return [str(folder / f"model-{step}") for step in sorted(steps)]


def remove(prefix):
    """Deletes a checkpoint, its index first."""
    for path in files_of(prefix):
        path.unlink(missing_ok=True)


def files_of(prefix):
    """Returns the Paths of a checkpoint's files that are there, the index first."""
    prefix = Path(prefix)
    name = glob.escape(prefix.name)
    found = [prefix.with_name(f"{prefix.name}.index")]
    found += sorted(prefix.parent.glob(f"{name}.data-?????-of-?????"))
    found.append(prefix.with_name(f"{prefix.name}.json"))
    return [path for path in found if path.exists()] or v1_files(prefix)


def v1_files(prefix):
    """Returns the Paths of a V1 checkpoint, TensorFlow's until 0.12: one, or shards."""
    prefix = Path(prefix)
    shards = sorted(prefix.parent.glob(f"{glob.escape(prefix.name)}-?????-of-?????"))
    found = [prefix] if prefix.suffix != ".index" else []  # a table, too, of V2
    return [path for path in (*found, *shards) if is_table(path)]


def is_table(path):
    """Whether a file is one of TensorFlow's tables, by its last bytes."""
    try:
        if not path.is_file() or path.stat().st_size < len(TABLE):
            return False
        with path.open("rb") as file:
            file.seek(-len(TABLE), os.SEEK_END)
            return file.read() == TABLE
    except OSError:  # a name too long, a file that is not ours to read
        return False


def manifest_of(prefix):
    """Returns a checkpoint's manifest as a dict, None where it has none.

    Raises:
      UserError: it is no manifest.
    """
    path = Path(f"{prefix}.json")
    if not path.exists():
        return None
    try:
        manifest = json.loads(path.read_text())
        files, step = manifest["files"], manifest["step"]
        name = Path(prefix).name
        sound = (
            f"{name}.index" in files
            and any(key.startswith(f"{name}.data-") for key in files)
            and all(
                isinstance(sha256, str) and Path(key).name == key and key.startswith(f"{name}.")
                for key, sha256 in files.items()
            )
            and isinstance(step, int)
            and name.endswith(f"-{step}")
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        sound = False
    if not sound:
        raise UserError(f"{path} is no manifest of this checkpoint")
    return manifest


def check_settings(prefix, config, path):
    """Raises UserError where a checkpoint was made with other settings than its run's
    config.json names."""
    made, now = manifest_of(prefix).get("settings", {}), config.fixed_settings()
    differing = [
        f"{name} is {now[name]!r} there, {made[name]!r} in the checkpoint"
        for name in now
        if name in made and made[name] != now[name]
    ]
    if differing:
        raise UserError(
            f"{path} does not fit {prefix}: {'; '.join(differing)}; mend it, or use "
            "--restart to begin anew"
        )


def damage(prefix):
    """Returns in a few words what is wrong with a checkpoint, '' if it is sound.

    With a manifest every file is read and its SHA-256 compared; without one, as the
    original scripts leave it, there is nothing to compare with here.
    """
    try:
        manifest = manifest_of(prefix)
        if manifest is None:
            return ""
        for name, sha256 in manifest["files"].items():
            path = Path(prefix).with_name(name)
            if not path.is_file():  # a pipe would block for ever
                return f"{name} is missing"
            if checksum(path) != sha256:
                return f"{name} is not what was written: its SHA-256 differs"
    except UserError as error:
        return reason(error)
    return ""


def newest_sound(folder, say):
    """Returns a run's newest checkpoint without damage, None if it never had any.

    Once one is found, damaged ones that are newer are reported and set aside as
    `<name>.damaged`. Before that nothing is touched.

    Raises:
      UserError: there are checkpoints, but none is sound, or there were.
    """
    damaged, prefixes = {}, list_all(folder)
    if not prefixes and (folder / "checkpoint").exists():
        raise UserError(
            f"{folder} lists checkpoints, but they are gone; bring one back, or use "
            "--restart to begin anew"
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
            f"no checkpoint in {folder} is sound ({newest}: {why}); bring one back, or "
            "use --restart to begin anew"
        )
    return None


def _flush(path):
    """Brings a file or a folder to the disk: a rename must not outlive its content."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
