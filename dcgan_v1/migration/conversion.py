"""Converts a TF1 checkpoint into one of a port's own, and back, bit for bit.

Weights, averages, slots of optimisers and how often each was applied.

The converted checkpoint is a folder: the framework's own files, and `tf1_only.npz` with what only
TF1 has (the step, averages of weights), so that the way back gives it all.
"""

import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from dcgan_v1.errors import UserError
from dcgan_v1.migration.arrays import read_npz, save_npz
from dcgan_v1.migration.matching import map_file
from dcgan_v1.migration.matching.identify import identify
from dcgan_v1.migration.matching.map_file import Map
from dcgan_v1.migration.matching.matching import Matching
from dcgan_v1.migration.records import Arrays, PortInfo, SlotKey, State, Tf1Info
from dcgan_v1.migration.runners.process import RemotePort, RemoteTf1
from dcgan_v1.migration.sources import Source
from dcgan_v1.runtime import cores

FORMATS = {  # --to -> the frameworks that have it
    "keras": "Keras",
    "tf2": "Keras",
    "torch": "Torch",
    "safetensors": "Torch",
}
REST, NOTE = "tf1_only.npz", "conversion.json"


class Converter:
    """A TF1 program and a port, open in float32, whose variables are paired by a map."""

    def __init__(self, old: RemoteTf1, new: RemotePort, map_: Map) -> None:
        self.old, self.new = old, new
        self.info: Tf1Info = old.describe()
        self.port: PortInfo = new.describe()
        self.matching = _matched(self.info, self.port, map_)
        self.start = old.initial()

    def over(self, to: str, out: Path) -> int:
        """Writes TF1's state in a format of the port's; returns how many arrays went over."""
        if FORMATS[to] != self.port.kind:
            raise UserError(
                f"--to {to} is for a port of {FORMATS[to]}, this one is of {self.port.kind}"
            )
        self.new.load(self.matching.to_port(self.start))
        start, arrays = self._named(self.start), self._named(self._back_from_port())
        arrays = {name: array for name, array in arrays.items() if name in start}
        shifted = {row.old for row in self.matching.rows if row.layout.forget}
        for name, array in list(arrays.items()):
            if np.array_equal(start[name], array):
                continue
            if name in shifted and _same_but_for_a_shift(start[name], array):
                arrays.pop(name)  # kept beside: x + 1 - 1 is not always x
            else:
                raise UserError(f"{name} does not go over bit for bit; check its layout")
        out.mkdir(parents=True)
        self.new.save(str(out.absolute()), to)
        save_npz(out / REST, {n: a for n, a in start.items() if n not in arrays})
        note = {"to": to, "source": self.info.source, "updates": self.start.updates}
        (out / NOTE).write_text(json.dumps(note, indent=2) + "\n")
        return len(arrays)

    def back(self, source: Path, out: Path) -> int:
        """Writes as a TF1 checkpoint what `over` wrote; returns how many arrays came back."""
        try:
            note = json.loads((source / NOTE).read_text())
            to = note["to"]
            rest = read_npz(source / REST)
        except (OSError, ValueError, KeyError, UserError) as error:
            raise UserError(f"{source} is not a folder that this command wrote") from error
        # slots must be there before they can be read
        self.new.load(self.matching.to_port(self.start))
        self.new.restore(str(source.absolute()), to)
        start, arrays = self._named(self.start), self._named(self._back_from_port())
        arrays = {name: array for name, array in arrays.items() if name in start}
        for name in arrays.keys() & rest.keys():
            if _same_but_for_a_shift(rest[name], arrays[name]):
                arrays[name] = rest[name]
        steps = self._steps({**start, **rest}, arrays, note.get("updates", {}))
        self.old.load(self._state({**start, **rest, **arrays, **steps}))
        self.old.save(str(out.absolute()))
        return len(arrays)

    def _steps(self, before: Arrays, now: Arrays, updates: dict[str, int]) -> Arrays:
        """What counts an optimiser's updates, raised by those that the port has done.

        Args:
          before: TF1's arrays when they went over; updates: of each optimiser then.
          now: those that came back.
        """
        done = {
            name: int(now[f"updates:{optimizer}"]) - updates[optimizer]
            for optimizer, name in self.info.step_counts.items()
            if f"updates:{optimizer}" in now and optimizer in updates
        }
        return {name: before[name] + before[name].dtype.type(n) for name, n in done.items()}

    def _back_from_port(self) -> State:
        return self.matching.to_tf1(self.new.state(), self.info)

    def _named(self, state: State) -> Arrays:
        """A state as TF1's names -> arrays; numbers of updates as 'updates:<optimiser>'."""
        names: dict[SlotKey, str] = {key: name for name, key in self.info.slots.items()}
        slots = {names[key]: array for key, array in state.slots.items() if key in names}
        updates = {f"updates:{o}": np.asarray(count) for o, count in state.updates.items()}
        return {**state.variables, **slots, **updates}

    def _state(self, arrays: Arrays) -> State:
        """The inverse of `_named`."""
        updates = {
            name.removeprefix("updates:"): int(array)
            for name, array in arrays.items()
            if name.startswith("updates:")
        }
        slots = {key: arrays[name] for name, key in self.info.slots.items() if name in arrays}
        own = {n: a for n, a in arrays.items() if n not in self.info.slots and ":" not in n}
        return State(own, slots, updates)


def convert(
    old: Source, new: Source, map_path: str | Path, to: str, out: str | Path, source: str = ""
) -> int:
    """Converts a TF1 program's checkpoint for a port, or back.

    Args:
      old, new: where the programs are.
      map_path: of the map that pairs all variables, as `--write-map` writes it.
      to: one of FORMATS; or 'tf1', to go back.
      out: path of the new folder; for 'tf1' a prefix.
      source: for 'tf1', the folder to go back from.

    Returns:
      number of arrays that went over.

    Raises:
      UserError: variables are not paired, or the framework has no such format.
    """
    known = map_file.read(map_path)
    options: dict[str, Any] = {"dtype": "float32", "threads": cores()}
    with tempfile.TemporaryDirectory(prefix="convert_") as place:
        folder = Path(place)
        with (
            RemoteTf1("TF1", old, folder, **options) as tf1,
            RemotePort("port", new, folder, **options) as port,
        ):
            tf1.wait_until_open()
            port.wait_until_open()
            converter = Converter(tf1, port, known)
            if to == "tf1":
                return converter.back(Path(source), Path(out))
            return converter.over(to, Path(out))


def _matched(ours: Tf1Info, theirs: PortInfo, map_: Map) -> Matching:
    matching, _ = identify(ours, theirs, map_.variables, None, map_.optimizers)
    guessed = [row.old for row in matching.rows if row.by not in ("map", "shape")]
    if matching.new_only or guessed:
        name = (matching.new_only or guessed)[0]
        raise UserError(
            f"the map does not pair {name}: let scripts/compare.py --write-map write one"
        )
    if map_.optimizers or not (ours.updates and theirs.optimizers):
        return matching
    own = {u.optimizer for u in ours.updates}
    if len(own) == len(theirs.optimizers) == 1:
        optimizers = {ours.updates[0].optimizer: next(iter(theirs.optimizers))}
        return Matching(matching.rows, matching.old_only, matching.new_only, optimizers)
    raise UserError("the map has no [optimizers]; --write-map writes them, too")


def _same_but_for_a_shift(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two arrays are equal up to the rounding of a + 1 - 1 in float32: a forget bias that
    a port keeps in its variable, and TF1 adds as it runs."""
    return bool(np.allclose(a, b, rtol=0, atol=2 * np.finfo(np.float32).eps))
