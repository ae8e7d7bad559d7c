"""Recordings of the programs in port_programs, with or without a fault planted in them."""

import json
import shutil
from pathlib import Path

from compare_once import compared

from dcgan_v1.commands.record_port import record

PROGRAMS = Path(__file__).with_name("port_programs")
ACCEPTED = ["adam-epsilon-place", "port-only-averages"]


def recorded(name, folder, replace=("", ""), steps=3, arguments=""):
    """The recording of a program, whose folder stays as it was. A notebook is made of the script
    of its name."""
    folder.mkdir(exist_ok=True)
    copies = folder / "programs"
    shutil.copytree(PROGRAMS, copies)
    path = copies / name
    source = path.with_suffix(".py")
    if replace[0]:
        text = source.read_text()
        assert replace[0] in text
        source.write_text(text.replace(*replace))
    if path.suffix == ".ipynb":
        path.write_text(json.dumps({"cells": cells_of(source.read_text())}))
        source.unlink()
    kept = {p: p.read_bytes() for p in copies.rglob("*") if p.is_file()}
    found = record(path, arguments, steps=steps, work=folder / "work", recording=folder / "rec")
    assert {p: p.read_bytes() for p in copies.rglob("*") if p.is_file()} == kept
    return found


def cells_of(text):
    """A script as cells of a notebook, magics among them."""
    first, loop = text[: text.index("for step")], text[text.index("for step") :]
    return [
        {"cell_type": "markdown", "source": ["A notebook"]},
        {"cell_type": "code", "source": ["%matplotlib inline\n", "!ls\n", first]},
        {"cell_type": "code", "source": loop},
    ]


def against(old, port):
    """What comes of comparing a graph of port_programs/tf1_graphs.py with a recording."""
    return compared(f"{PROGRAMS / 'tf1_graphs.py'}:{old}", port, accept=ACCEPTED)
