"""Which workers train together, by TensorFlow's own convention: TF_CONFIG.

    TF_CONFIG='{"cluster": {"worker": ["a:2222", "b:2222"]},
                "task": {"type": "worker", "index": 0}}'

Worker 0, or the task of type `chief` where there is one, leads: it alone reads and
writes the run. Nothing here loads TensorFlow.
"""

import ipaddress
import json
import os
import socket
from dataclasses import dataclass
from typing import Any

from dcgan_v1.distributed import VARIABLE
from dcgan_v1.errors import UserError

# what a server says first, whatever it is asked; a frozen one says nothing
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
PATIENCE = 3  # seconds for that
SEE = "unset it, or see docs/guides/workers.md"


@dataclass(frozen=True)
class Cluster:
    """The workers of one training.

    Attributes:
      addresses: host:port of each, the chief's first.
      rank: which of them this process is.
    """

    addresses: tuple[str, ...]
    rank: int

    @property
    def count(self) -> int:
        return len(self.addresses)

    @property
    def is_local(self) -> bool:
        """Whether all addresses are of the loopback device."""
        return all(_is_loopback(_host(address)) for address in self.addresses)

    def silent(self) -> list[str]:
        """Returns names of the other workers that do not answer."""
        return [
            f"worker {rank} ({address})"
            for rank, address in enumerate(self.addresses)
            if rank != self.rank and not _answers(address)
        ]


def of_environment() -> Cluster | None:
    """Returns the Cluster that TF_CONFIG makes this process a part of, None if none.

    Raises:
      UserError: TF_CONFIG cannot be read, or has jobs that are not used here.
    """
    text = os.environ.get(VARIABLE)
    if not text:
        return None
    try:
        settings = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UserError(
            f"{VARIABLE} is not what TensorFlow wants there: JSON ({error}); {SEE}"
        ) from (error)
    cluster, task = _object(settings, "cluster"), _object(settings, "task")
    jobs: dict[str, list[str]] = {}
    for job, addresses in cluster.items():
        if not isinstance(addresses, list):
            listing = json.dumps(addresses)
            parts = addresses.split(",") if isinstance(addresses, str) else ["HOST:PORT"]
            raise UserError(
                f"{VARIABLE}: the addresses of {job!r} must be a list, not {listing[:60]}; write "
                f"{json.dumps([part.strip() for part in parts])}"
            )
        jobs[job] = [str(address) for address in addresses]
    unknown = sorted(set(jobs) - {"chief", "worker"})
    if unknown:
        raise UserError(f"{VARIABLE} has a job {unknown[0]!r}; here are only 'worker' and 'chief'")
    chiefs, workers = jobs.get("chief", []), jobs.get("worker", [])
    if len(chiefs) > 1:
        raise UserError(f"{VARIABLE} has {len(chiefs)} chiefs; one is needed")
    addresses = [*chiefs, *workers]
    if not addresses:
        if task and jobs:  # lists that a script left empty
            raise UserError(f"{VARIABLE} has a task, and nobody in its cluster; {SEE}")
        return None
    for address in addresses:
        host, _, port = address.rpartition(":")
        if not (host and port.isdecimal() and 0 < int(port) < 2**16):
            raise UserError(f"{VARIABLE}: {address!r} is not an address; give host:port")
    if len(set(addresses)) < len(addresses):
        raise UserError(f"{VARIABLE} names an address twice: {', '.join(addresses)}")
    kind, index = _task(task, jobs)
    rank = index if kind == "chief" else len(chiefs) + index
    return Cluster(tuple(addresses), rank)


def _object(settings: Any, name: str) -> dict[str, Any]:
    """Returns a part of TF_CONFIG, {} where it is not there."""
    part = settings.get(name, {}) if isinstance(settings, dict) else None
    if not isinstance(part, dict):
        what = f"{name!r} is {json.dumps(part)[:60]}" if part is not None else "it is"
        raise UserError(
            f"{VARIABLE} is not what TensorFlow wants there: {what} no JSON object; {SEE}"
        )
    return part


def _task(task: dict[str, Any], jobs: dict[str, list[str]]) -> tuple[str, int]:
    """Returns which member of the cluster this process is: (job, index).

    Raises:
      UserError: it is not said; nobody is worker 0 by mistake, who writes the run.
    """
    kind, index = str(task.get("type", "worker")), task.get("index")
    members = sum(map(len, jobs.values()))
    if members == 1 and not task:
        return next(job for job in jobs if jobs[job]), 0
    if index is None and (kind not in jobs or len(jobs[kind]) > 1 or "type" not in task):
        missing = "no task" if not task else "a task without an index"
        raise UserError(
            f"{VARIABLE} has {missing}, so it cannot be told which of {members} workers this "
            'process is; add "task": {"type": "worker", "index": 0}, with another index on each'
        )
    try:
        number = int(str(index or 0))
    except ValueError as error:
        raise UserError(
            f"{VARIABLE} is not what TensorFlow wants there: the index {index!r} is no integer; "
            f"{SEE}"
        ) from error
    if kind not in jobs or not 0 <= number < len(jobs[kind]):
        there = "; ".join(
            f"{job} 0" + (f" to {len(addresses) - 1}" if addresses[1:] else "")
            for job, addresses in jobs.items()
            if addresses
        )
        raise UserError(f"{VARIABLE} has no {kind} {number} in its cluster; it has {there}")
    return kind, number


def check_trusted(cluster: Cluster, trusted: bool) -> None:
    """Raises UserError where the network can reach the workers and the user did not allow it.

    TensorFlow's servers know no passwords: who can connect can execute arbitrary code.
    """
    if not cluster.is_local and not trusted:
        raise UserError(
            f"{VARIABLE} names hosts beyond this machine; whoever can connect to "
            "TensorFlow's servers can execute arbitrary code there. Give --trust-network "
            "if only your own machines can"
        )


def check_shares(batch_size: int, count: int, is_fixed: bool = False) -> None:
    """Raises UserError where a batch cannot be split evenly over workers.

    Args:
      batch_size: images of all workers together.
      count: of workers.
      is_fixed: the run has that batch size already.
    """
    if batch_size % count and is_fixed:
        able = [n for n in range(1, batch_size + 1) if batch_size % n == 0]
        fewer, more = ([n for n in able if n < count], [n for n in able if n > count])
        nearest = [*fewer[-1:], *more[:1]]
        raise UserError(
            f"the run's --batch-size {batch_size} cannot be split over {count} "
            f"workers; it can be over {' or '.join(map(str, nearest))}"
        )
    if batch_size % count:
        below, above = batch_size // count * count, -(-batch_size // count) * count
        near = f"{below} or {above}" if below else f"{above}"
        raise UserError(
            f"--batch-size {batch_size} cannot be split over {count} workers; {near} can"
        )


def free_ports(count: int) -> list[int]:
    """Returns ports of the loopback device that nobody listens at."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


def _host(address: str) -> str:
    return address.rpartition(":")[0].strip("[]")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _answers(address: str) -> bool:
    """Whether a worker's server answers who connects."""
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), PATIENCE) as link:
            link.settimeout(PATIENCE)
            link.sendall(PREFACE)
            return bool(link.recv(1))
    except OSError:
        return False
