"""Writes a port into a folder: text of all files first, then the folder as a whole."""

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from dcgan_v1.errors import UserError
from dcgan_v1.migration.matching.map_file import Map
from dcgan_v1.porting import (
    corrections,
    feeding,
    keras_networks,
    keras_port,
    keras_training,
    readme,
    train_program,
)
from dcgan_v1.porting import description as d

if TYPE_CHECKING:
    from dcgan_v1.migration.runners.tf1.runner import GraphRunner
    from dcgan_v1.porting.originals import Original


class Writer(NamedTuple):
    """How a program is written in a framework.

    Attributes:
      networks, training: text of these files.
      port: text of port.py; its second argument opens the original.
      map: text of map.toml.
    """

    networks: Callable[[d.Program], str]
    training: Callable[[d.Program], str]
    port: Callable[[d.Program, str], str]
    map: Callable[[d.Program], str]


WRITERS = {
    "keras": Writer(keras_networks.text, keras_training.text, keras_port.text, keras_port.map_text)
}


@dataclass(frozen=True)
class Port:
    """A port, and what it is of.

    Attributes:
      program: what it was written from; to: the framework.
      original: where that is.
      texts: name -> text of its files.
      has_values: whether the original has values: of a checkpoint, a recording, a frozen graph.
    """

    program: d.Program
    to: str
    original: "Original"
    texts: dict[str, str]
    has_values: bool

    def write(self, out: Path) -> None:
        """Writes it into a new folder; where something fails, there is none."""
        refuse_used(out)
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}_") as place:
            inner = Path(place, "port")
            inner.mkdir()
            for name, text in self.texts.items():
                (inner / name).write_text(text, encoding="utf-8")
            self.original.lay(inner)
            if out.is_dir():
                out.rmdir()
            shutil.move(inner, out)

    def complete(self, out: Path, verdict: str) -> None:
        """Writes its README, the verdict on top."""
        text = readme.text(
            self.program,
            self.to,
            name=self.original.name,
            folder=out.name,
            verdict=verdict,
            weights=(out / "weights").is_dir(),
            meta=self.original.graph_path(out.name),
        )
        (out / "README.md").write_text(text, encoding="utf-8")


def refuse_used(out: Path) -> None:
    """Refuses a folder that holds something.

    Raises:
      UserError: it does, or is none.
    """
    if out.is_dir() and any(out.iterdir()):
        raise UserError(f"{out} is not empty: choose another --out")
    if out.exists() and not out.is_dir():
        raise UserError(f"{out} is no folder: choose another --out")


def port_of(
    runner: "GraphRunner",
    original: "Original",
    *,
    to: str,
    without: frozenset[str],
    map_: tuple[Map, str | None],
) -> Port:
    """Returns the port of a program.

    Args:
      runner: of the original, in float32.
      original: where it is.
      to: one of WRITERS.
      without: patterns that are left out.
      map_: what was put right, and the path of its file.

    Raises:
      UserError: the program holds what no port is written for, or the map names what is not there.
    """
    from dcgan_v1.porting.reader import read

    names = corrections.of(map_[0], runner.describe(), map_[1])
    program = read(runner, without, names)
    recording = runner.program.recording
    fed = recording.fed if recording else {}
    texts = files(program, original.text(), to)
    if program.stages:
        feeds = feeding.of(program, fed)
        drawn = feeding.sampler(program, feeds)
        batch = feeding.batch_size(program, fed)
        texts["train.py"] = train_program.text(program, to, feeds, drawn, batch)
        compile(texts["train.py"], "train.py", "exec")
    has_values = bool(runner.program.values) or runner.program.frozen
    return Port(program, to, original, texts, has_values)


def files(program: d.Program, old: str, to: str) -> dict[str, str]:
    """Returns name -> text of a port's code.

    Args:
      program: what is written.
      old: the call of `Tf1` that opens the original.
      to: one of WRITERS.
    """
    writer = WRITERS[to]
    made = {"networks.py": writer.networks(program)}
    if program.stages:
        made["training.py"] = writer.training(program)
    made["port.py"] = writer.port(program, old)
    for name in made:
        compile(made[name], name, "exec")  # a port that Python cannot read is none
    made["map.toml"] = writer.map(program)
    return made
