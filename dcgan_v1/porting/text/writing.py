"""Writes a port into a folder: text of all files first, then the folder as a whole."""

import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from dcgan_v1.errors import UserError
from dcgan_v1.migration.matching.map_file import Map
from dcgan_v1.porting import description as d
from dcgan_v1.porting.folder import readme, sides, train_program
from dcgan_v1.porting.reading import corrections, feeding
from dcgan_v1.porting.targets import TARGETS
from dcgan_v1.porting.text import own_layers_file

if TYPE_CHECKING:
    from dcgan_v1.migration.runners.tf1.runner import GraphRunner
    from dcgan_v1.porting.originals import Original


STYLE = """\
line-length = 100
extend-exclude = ["*.md"]

[format]
skip-magic-trailing-comma = true

[lint.isort]
split-on-trailing-comma = false
"""  # ruff.toml of a port: what formats it again changes nothing


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
            _format(inner)
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
            lacking=own_layers_file.names(self.texts.get("own_layers.py", "")),
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
      to: one of TARGETS.
      without: patterns that are left out.
      map_: what was put right, and the path of its file.

    Raises:
      UserError: the program holds what no port is written for, or the map names what is not there.
    """
    from dcgan_v1.porting.reading.reader import read

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
        left_out = (*program.left_out, *feeding.notes(feeds), *frozen(program, runner))
        program = replace(program, left_out=left_out)
    has_values = bool(runner.program.values) or runner.program.frozen
    return Port(program, to, original, texts, has_values)


def frozen(program: d.Program, runner: "GraphRunner") -> tuple[str, ...]:
    """Returns what a recording was fed and a port has as a constant, a sentence each."""
    recording = runner.program.recording
    modes = recording.modes() if recording else {}
    inputs = {n.ops[0] for n in program.inputs}
    return tuple(
        f"`{name}`: fed, {value.item()} in every recorded run, a constant here"
        for name, value in modes.items()
        if name not in inputs
        and value.dtype != bool
        and value == runner.spec.training.get(name, value)
    )


def files(program: d.Program, old: str, to: str) -> dict[str, str]:
    """Returns name -> text of a port's code.

    Args:
      program: what is written.
      old: the call of `Tf1` that opens the original.
      to: one of TARGETS.
    """
    target = TARGETS[to]
    wanted = {"networks.py": target.networks}
    if program.stages:
        wanted["training.py"] = target.training
    texts, refused = {}, []
    for name, print_ in wanted.items():
        try:
            texts[name] = print_(program)
        except d.Refused as error:
            refused += str(error).split("; ")
    if refused:
        reasons = "; ".join(dict.fromkeys(refused))
        raise d.Refused(f"{program.source} holds what no port to {to} is written for: {reasons}")
    own, framework = target.own_layers(program), readme.FRAMEWORKS[to]
    if lacking := own_layers_file.text(own, list(texts.values()), framework):
        texts["own_layers.py"] = lacking
    texts["port.py"] = sides.text(program, old, target)
    for name, text in texts.items():
        compile(text, name, "exec")  # a port that Python cannot read is none
    return {**texts, "map.toml": sides.map_text(program, target), "ruff.toml": STYLE}


def _format(folder: Path) -> None:
    """Puts imports in order and wraps long lines; without ruff they stay as they are."""
    if find_spec("ruff") is None:
        print("note: ruff is not installed, and the port's long lines are not wrapped")
        return
    for words in (["check", "--select", "I", "--fix"], ["format"]):
        command = [sys.executable, "-m", "ruff", *words, "--quiet", "--no-cache", "."]
        subprocess.run(command, cwd=folder, check=False)
