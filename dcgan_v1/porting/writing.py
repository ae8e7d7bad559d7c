"""Writes a port into a folder: text of all files first, then the folder as a whole."""

import shutil
import tempfile
from pathlib import Path

from dcgan_v1.errors import UserError
from dcgan_v1.porting import description as d
from dcgan_v1.porting import keras_networks, keras_port, keras_training


def refuse_used(out: Path) -> None:
    """Refuses a folder that holds something.

    Raises:
      UserError: it does, or is none.
    """
    if out.is_dir() and any(out.iterdir()):
        raise UserError(f"{out} is not empty: choose another --out")
    if out.exists() and not out.is_dir():
        raise UserError(f"{out} is no folder: choose another --out")


def files(program: d.Program, old: str) -> dict[str, str]:
    """Returns name -> text of a Keras port.

    Args:
      program: what is written.
      old: the call of `Tf1` that opens the original.
    """
    made = {"networks.py": keras_networks.text(program)}
    made["training.py"] = keras_training.text(program)
    made["port.py"] = keras_port.text(program, old)
    for name in made:
        compile(made[name], name, "exec")  # a port that Python cannot read is none
    made["map.toml"] = keras_port.map_text(program)
    return made


def write(texts: dict[str, str], out: Path) -> None:
    """Writes files into a new folder; where something fails, there is none."""
    refuse_used(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}_") as place:
        inner = Path(place, "port")
        inner.mkdir()
        for name, text in texts.items():
            (inner / name).write_text(text, encoding="utf-8")
        if out.is_dir():
            out.rmdir()
        shutil.move(inner, out)
