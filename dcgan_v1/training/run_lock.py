"""Keeps every other process out of a run directory, also where the file system has no locks.

With locks the kernel releases one when its process dies, however it dies. Without (mounts of
clusters, Colab's Drive) the file that names the owner is the lock: the owner renews it, and
it counts as long as that process lives here, or gives signs of life elsewhere.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import filelock

from dcgan_v1.errors import UserError
from dcgan_v1.files import write_atomically

NO_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)
RENEWED = 30  # seconds
GIVEN_UP = 300  # seconds without a sign of life, of a process that cannot be looked for
SETTLING = 0.2  # seconds in which the later of two that come at once is seen

Owner = dict[str, Any]  # pid, host, and since when; machine, start, path and alive, see `_ours`


@contextlib.contextmanager
def locked(folder: Path, say: Callable[[str], None]) -> Iterator[None]:
    """Keeps other processes out of a folder while entered.

    Args:
      folder: of the run; it must be there.
      say: function that prints a line, where a lock that was left behind is taken over.

    Raises:
      UserError: another process is writing there; it is named.
      OSError: nothing can be written there.
    """
    file = folder / ".owner.json"
    lock = filelock.FileLock(folder / ".lock", fallback_to_soft=False)
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout as error:
        raise UserError(
            f"{folder} is being written by {_words(_read(file))}; wait for it, stop it or choose "
            "another --run-dir"
        ) from error
    except (OSError, NotImplementedError) as error:
        if isinstance(error, OSError) and error.errno not in NO_LOCKS:
            raise
        with _owned(folder, file, say):
            yield
        return
    try:
        _write(file, _ours(folder))
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def _owned(folder: Path, file: Path, say: Callable[[str], None]) -> Iterator[None]:
    """The same, where there are no locks."""
    ours, other = _ours(folder), _read(file)
    if other and not _is_ours(other, ours):
        if _lives(other, ours):
            raise UserError(
                f"{folder} is being written by {_words(other)}; wait for it, stop it or choose "
                f"another --run-dir. This file system has no locks: if that process is dead, or "
                f"this is a copy, wait {GIVEN_UP // 60} minutes or delete {file}"
            )
        say(f"{folder} was locked by {_words(other)}, which writes here no more: going on")
    _write(file, ours)
    time.sleep(SETTLING)
    if not _is_ours(winner := _read(file), ours):
        raise UserError(f"{folder} is being written by {_words(winner)}, which began just now")
    ended = threading.Event()
    renewing = threading.Thread(target=_renew, args=(file, ours, ended), daemon=True)
    renewing.start()
    try:
        yield
    finally:
        ended.set()
        renewing.join()
        if _is_ours(_read(file), ours):
            file.unlink(missing_ok=True)


def _renew(file: Path, ours: Owner, ended: threading.Event) -> None:
    while not ended.wait(RENEWED):
        with contextlib.suppress(OSError):  # gone, or full: saving says so
            if _is_ours(_read(file), ours):
                _write(file, ours)


def _write(file: Path, owner: Owner) -> None:
    write_atomically(file, json.dumps({**owner, "alive": time.time()}).encode())


def _read(file: Path) -> Owner:
    """Returns what the file of an owner says, {} where it says nothing."""
    try:
        owner = json.loads(file.read_text())
    except (OSError, ValueError, RecursionError):
        return {}
    return owner if isinstance(owner, dict) else {}


def _ours(folder: Path) -> Owner:
    """Returns what tells this process from all others, here and elsewhere."""
    machine = ""
    with contextlib.suppress(OSError):  # a boot of a machine, and a container of it
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        machine = f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    return {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "machine": machine,
        "start": _start(os.getpid()),
        "path": str(folder.resolve()),
        "since": time.strftime("%Y-%m-%d %H:%M:%S"),
    }


def _start(pid: int) -> str:
    """Returns when a process started, in the kernel's count; '' where there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def _is_ours(owner: Owner, ours: Owner) -> bool:
    return all(owner.get(name) == ours[name] for name in ("pid", "host", "machine", "start"))


def _lives(owner: Owner, ours: Owner) -> bool:
    """Whether the owner of a lock may still write to this folder."""
    pid, alive = owner.get("pid"), owner.get("alive")
    if owner.get("host") == ours["host"] and owner.get("machine", "") in ("", ours["machine"]):
        start = _start(pid) if isinstance(pid, int) else ""
        is_there = bool(start) and owner.get("start", start) == start
        return is_there and owner.get("path", ours["path"]) == ours["path"]
    return isinstance(alive, int | float) and alive > time.time() - GIVEN_UP


def _words(owner: Owner) -> str:
    """Says whose a lock is, as far as its file tells."""
    if "pid" not in owner or "host" not in owner:
        return "another process"
    since = f" since {owner['since']}" if "since" in owner else ""
    return f"process {owner['pid']} on {owner['host']}{since}"
