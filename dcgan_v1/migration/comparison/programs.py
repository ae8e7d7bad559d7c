"""The processes of a comparison: TF1's, the port's, and in float32 a second one of TF1's."""

import contextlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from dcgan_v1.errors import UserError
from dcgan_v1.migration.runners.process import RemotePort, RemoteTf1
from dcgan_v1.migration.runners.recorded_port import RecordedPort
from dcgan_v1.migration.sources import Change, GraphChange, OptimizerChange, Source
from dcgan_v1.runtime import cores


@dataclass
class Programs:
    """Both programs in one dtype, each open in a process of its own.

    Attributes:
      old, new: TF1's and the port's.
      control: TF1's on one thread without oneDNN; in float32 only.
      changed_ops: what ops of TF1's were changed by.
    """

    old_source: Source
    new_source: Source
    dtype: str
    folder: Path
    old: RemoteTf1
    new: RemotePort | RecordedPort
    control: RemoteTf1 | None
    changed_ops: list[GraphChange] = field(default_factory=list)

    @classmethod
    def open(cls, old: Source, new: Source, dtype: str, folder: Path, device: str = "cpu") -> Self:
        """Opens all of them at the same time.

        Args:
          old, new: where they are.
          dtype: 'float64' or 'float32'.
          folder: for the files that pass between processes.
          device: 'cpu', or 'gpu' for TF1's program and a Keras port; the control stays on the CPU.

        Raises:
          NoDouble: TF1's cannot be float64.
          UserError: one cannot be opened.
        """
        folder.mkdir(exist_ok=True)
        programs = cls(
            old,
            new,
            dtype,
            folder,
            RemoteTf1("TF1", old, folder, dtype=dtype, threads=cores(), device=device),
            _port(new, folder, dtype, device),
            _control(old, folder, dtype),
        )
        try:
            programs._wait()
        except UserError:
            programs.close()
            raise
        return programs

    def in_dtype(self, dtype: str) -> Self:
        """Returns the programs in another dtype; these here are left. Their processes have loaded
        what they need.

        Raises:
          NoDouble, UserError: see `open`.
        """
        control = _control(self.old_source, self.folder, dtype)
        others = replace(self, dtype=dtype, control=control, changed_ops=[])
        try:
            self.old.open_again(self.old_source, dtype)
            if isinstance(self.new, RemotePort):
                self.new.open_again(self.new_source, dtype)
            others._wait()
        except (UserError, OSError):
            others.close()
            raise
        return others

    def _wait(self) -> None:
        for runner in self.runners():
            runner.wait_until_open()

    def runners(self) -> list[RemoteTf1 | RemotePort | RecordedPort]:
        """Returns all that are open."""
        return [r for r in (self.old, self.new, self.control) if r is not None]

    def close(self) -> None:
        """Ends the processes."""
        for runner in self.runners():
            runner.close()

    def reopen_port(self) -> None:
        """Starts the port anew: a schedule of its own may have counted steps, and a step that
        failed may have left anything behind."""
        if isinstance(self.new, RecordedPort):
            self.new = RecordedPort(self.new_source.recording)
        else:
            self.new.reopen(self.new_source)

    def change_tf1(self, changes: list[Change]) -> None:
        """Gives TF1's other numbers than its own: its optimisers as it runs, its ops in a graph
        that is built anew."""
        of_ops = [c for c in changes if isinstance(c, GraphChange)]
        if of_ops == self.changed_ops:
            with contextlib.suppress(UserError):  # else its process is gone
                self.old.change([c for c in changes if isinstance(c, OptimizerChange)])
                return
        self.changed_ops = of_ops
        self.old.reopen(replace(self.old_source, changes=changes))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _control(old: Source, folder: Path, dtype: str) -> RemoteTf1 | None:
    """TF1's on one thread without oneDNN; in float32 only."""
    if dtype != "float32":
        return None
    return RemoteTf1("control", old, folder, dtype=dtype, threads=1, onednn=False)


def _port(source: Source, folder: Path, dtype: str, device: str) -> RemotePort | RecordedPort:
    """The port in a process of its own, or what was recorded of it."""
    if source.recording:
        return RecordedPort(source.recording)
    return RemotePort("port", source, folder, dtype=dtype, threads=cores(), device=device)
