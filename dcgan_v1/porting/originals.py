"""Where the original of a port is: opened here, and opened again by the port's `port.py`."""

import dataclasses
import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from dcgan_v1.errors import UserError
from dcgan_v1.migration.matching.map_file import Map
from dcgan_v1.migration.specs import Tf1

if TYPE_CHECKING:
    from dcgan_v1.migration.runners.tf1.runner import GraphRunner

GRAPH, RECORDING = "original.meta", "original"  # in a port's folder
PLACES = ("meta", "saved_model", "frozen", "recording", "checkpoint")


@dataclass(frozen=True)
class Original:
    """The TF1 side of a port.

    Attributes:
      name: for messages and the port's README.
      tf1: where it is; what lies in the port's folder is named by what it is called there.
      inside: fields of `tf1` that name something in the port's folder.
      copies: name in that folder -> what is copied there.
      graph: bytes of GRAPH, where the graph has no file of its own.
    """

    name: str
    tf1: Tf1
    inside: tuple[str, ...] = ()
    copies: dict[str, Path] = field(default_factory=dict)
    graph: bytes = b""

    def side(self, port: Path) -> Tf1:
        """Returns where it is, seen from here, once the port lies in a folder."""
        places = {name: str(port.resolve() / getattr(self.tf1, name)) for name in self.inside}
        return dataclasses.replace(self.tf1, **places)  # type: ignore[arg-type]  # its own fields

    def text(self) -> str:
        """Returns the call of `Tf1` that opens it from the port's folder, HERE."""
        words = []
        for f in dataclasses.fields(Tf1):
            value = getattr(self.tf1, f.name)
            if f.name in self.inside:
                words.append(f'{f.name}=f"{{HERE}}/{value}"')
            elif value:
                words.append(f"{f.name}={_literal(value)}")
        return f"Tf1({', '.join(words)})"

    def graph_path(self, port: str) -> str:
        """Returns the path of its graph, for the command that goes back to TF1; '' for none."""
        if self.tf1.recording:
            within = f"{port}/" if "recording" in self.inside else ""
            return f"{within}{self.tf1.recording}/graph.meta"
        return f"{port}/{GRAPH}" if self.graph else self.tf1.meta or ""

    def lay(self, folder: Path) -> None:
        """Puts what belongs to it into the port's folder."""
        if self.graph:
            (folder / GRAPH).write_bytes(self.graph)
        for name, source in self.copies.items():
            shutil.copytree(source, folder / name)


def _literal(value: object) -> str:
    if isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_literal(k)}: {_literal(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(_literal, value))}]"
    if isinstance(value, tuple):
        return f"({''.join(f'{_literal(v)}, ' for v in value)})"
    return repr(value.item() if hasattr(value, "item") else value)


def absolute(tf1: Tf1) -> Tf1:
    """Returns the same with absolute paths: a port may be opened from anywhere."""
    places = {n: str(Path(str(v)).resolve()) for n in PLACES if (v := getattr(tf1, n)) is not None}
    libraries = tuple(str(Path(p).resolve()) for p in tf1.libraries)
    return dataclasses.replace(tf1, **places, libraries=libraries)  # type: ignore[arg-type]


def open_original(tf1: Tf1, known: Map, name: str = "") -> "tuple[GraphRunner, Original]":
    """Opens a program in float32.

    Args:
      tf1: where it is.
      known: a map, whose modes and session runs count.
      name: of the original; by default what `tf1` names.

    Raises:
      UserError: it cannot be opened.
    """
    from dcgan_v1.migration.runners.tf1.runner import GraphRunner

    tf1 = absolute(tf1)
    tf1.runs = known.runs or tf1.runs
    tf1.training = {**tf1.training, **known.training}
    tf1.inference = {**tf1.inference, **known.inference}
    told = dataclasses.replace(tf1, training=dict(tf1.training), inference=dict(tf1.inference))
    runner = GraphRunner(tf1, "float32", 1)
    name = name or runner.program.source
    if tf1.function is None:
        return runner, Original(name, told)
    graph = runner.program.meta.SerializeToString()
    inside = dataclasses.replace(told, function=None, meta=GRAPH)
    return runner, Original(name, inside, ("meta",), graph=graph)


def of_function(target: str) -> Tf1:
    """Returns what 'file.py:function' says: it returns a `Tf1`, or builds the program itself.

    Raises:
      UserError: there is no such function, or it fails.
    """
    import tensorflow.compat.v1 as tf

    from dcgan_v1.migration.runners import targets

    function = targets.find(target)
    with tf.Graph().as_default() as graph:
        answer = targets.call(function, target)
        is_builder = bool(graph.get_operations())
    if isinstance(answer, Tf1):
        return answer
    if not is_builder:
        raise UserError(f"{target} neither returns a Tf1(…) nor builds a graph")
    return Tf1(function=function)


def with_recording(original: Original, recording: Path) -> Original:
    """Returns an original whose recording lies in the port's folder."""
    tf1 = dataclasses.replace(original.tf1, recording=RECORDING)
    return dataclasses.replace(
        original, tf1=tf1, inside=("recording",), copies={RECORDING: recording}
    )
