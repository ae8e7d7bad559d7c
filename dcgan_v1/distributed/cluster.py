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

from dcgan_v1.errors import UserError

VARIABLE = "TF_CONFIG"
# what a server says first, whatever it is asked; a frozen one says nothing
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
PATIENCE = 3  # seconds for that


@dataclass(frozen=True)
class Cluster:
    """The workers of one training.

    Attributes:
      addresses: host:port of each, the chief's first.
      rank: which of them this process is.
    """

    addresses: tuple
    rank: int

    @property
    def count(self):
        return len(self.addresses)

    @property
    def is_local(self):
        """Whether all addresses are of the loopback device."""
        return all(_is_loopback(_host(address)) for address in self.addresses)

    def silent(self):
        """Returns the ranks of the other workers that do not answer, in words."""
        return [
            f"worker {rank} ({address})"
            for rank, address in enumerate(self.addresses)
            if rank != self.rank and not _answers(address)
        ]


def of_environment():
    """Returns the Cluster that TF_CONFIG makes this process a part of, None if none.

    Raises:
      UserError: it is no such thing, or has tasks that we have no use for.
    """
    text = os.environ.get(VARIABLE)
    if not text:
        return None
    try:
        found = json.loads(text)
        cluster, task = found.get("cluster", {}), found.get("task", {})
        jobs = {job: [*addresses] for job, addresses in cluster.items()}
        kind, index = str(task.get("type", "worker")), int(str(task.get("index", 0)))
    except (ValueError, TypeError, AttributeError) as error:
        raise UserError(
            f"{VARIABLE} is not what TensorFlow wants there ({error}); unset it, or "
            "see docs/guides/workers.md"
        ) from error
    unknown = sorted(set(jobs) - {"chief", "worker"})
    if unknown:
        raise UserError(f"{VARIABLE} has a job {unknown[0]!r}; here are only 'worker' and 'chief'")
    chiefs, workers = jobs.get("chief", []), jobs.get("worker", [])
    if len(chiefs) > 1:
        raise UserError(f"{VARIABLE} has {len(chiefs)} chiefs; one is needed")
    addresses = [*chiefs, *workers]
    if not addresses:
        return None
    for address in addresses:
        host, _, port = str(address).rpartition(":")
        if not (host and port.isdecimal() and 0 < int(port) < 2**16):
            raise UserError(f"{VARIABLE}: {address!r} is no address; host:port is")
    if len(set(addresses)) < len(addresses):
        raise UserError(f"{VARIABLE} names an address twice: {', '.join(addresses)}")
    if kind not in jobs or not 0 <= index < len(jobs[kind]):
        raise UserError(f"{VARIABLE} has no {kind} {index} in its cluster")
    rank = index if kind == "chief" else len(chiefs) + index
    return Cluster(tuple(addresses), rank)


def check_trusted(cluster, trusted):
    """Raises UserError where the network could reach the workers, and need not.

    TensorFlow's servers know no passwords: who can connect can run what he likes.
    """
    if not cluster.is_local and not trusted:
        raise UserError(
            f"{VARIABLE} names hosts beyond this machine; TensorFlow's servers take "
            "orders from whoever can connect. Give --trust-network if only your own "
            "machines can"
        )


def check_shares(batch_size, count, is_fixed=False):
    """Raises UserError where a batch cannot be split evenly over workers.

    Args:
      is_fixed: the run has that batch size already.
    """
    if batch_size % count and is_fixed:
        able = [n for n in range(1, batch_size + 1) if batch_size % n == 0]
        fewer, more = ([n for n in able if n < count], [n for n in able if n > count])
        near = [*fewer[-1:], *more[:1]]
        raise UserError(
            f"the run's --batch-size {batch_size} cannot be split over {count} "
            f"workers; it can be over {' or '.join(map(str, near))}"
        )
    if batch_size % count:
        below, above = batch_size // count * count, -(-batch_size // count) * count
        near = f"{below} or {above}" if below else f"{above}"
        raise UserError(
            f"--batch-size {batch_size} cannot be split over {count} workers; {near} can"
        )


def free_ports(count):
    """Returns ports of the loopback device that nobody listens at."""
    with_ports = [socket.socket() for _ in range(count)]
    try:
        for one in with_ports:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in with_ports]
    finally:
        for one in with_ports:
            one.close()


def _host(address):
    return address.rpartition(":")[0].strip("[]")


def _is_loopback(host):
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _answers(address):
    """Whether a worker's server says something to whoever connects."""
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), PATIENCE) as link:
            link.settimeout(PATIENCE)
            link.sendall(PREFACE)
            return bool(link.recv(1))
    except OSError:
        return False
