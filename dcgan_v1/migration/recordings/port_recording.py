"""Reads what `port_recorder` wrote. No code of a program's is run."""

from collections import Counter
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from dcgan_v1.errors import UserError
from dcgan_v1.migration.arrays import read_npz
from dcgan_v1.migration.recordings import description
from dcgan_v1.migration.recordings.tf1_recorder.steps import whole_steps
from dcgan_v1.migration.records import Arrays

FORMAT = 1
TABLES = ("variables", "modules", "optimizers", "made on")
NUMBER = "number"  # kind of an item that no network is given
LISTS = ("updates", "inference", "notes")


class Item(NamedTuple):
    """Something that a step of a port is given.

    Attributes:
      name: what the program calls it, with '#2' behind it for the second of that name in a step.
      kind: 'number' that a term of a loss is multiplied by; 'batch' of a loader; 'tensor', an array
        that became one; 'argument' of the function that opens a tape; 'call', what a module was
        called with; 'draw'; 'raw', drawn by an op before anything is made of it; 'computed' of
        others and held against what networks give.
      function: that gave it; place: file and line.
      update: number of the update in the step that it comes before.
      array: in the port's own axes.
      law: what a draw is drawn from, {'low': 0.0, 'high': 1.0} or {'mean': ..., 'deviation': ...};
        {'other': 1.0} where nothing says it; empty of what is no draw.
      after: how many layers that the recording has were called before it since the last update.
    """

    name: str
    kind: str
    function: str
    place: str
    update: int
    array: np.ndarray
    law: Mapping[str, float] = {}
    after: int = 0


class PortRecording:
    """A recording of a port.

    Attributes:
      folder: where it is.
      told: what its `recording.json` holds.
      steps: numbers of the updates of each whole step, [[0, 1], [2, 3], ...].

    Raises:
      UserError: the folder holds none, or not all of one.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self.told = _contents(self.folder)
        kinds = [update["optimizer"] for update in self.told["updates"]]
        self.steps = whole_steps(kinds, bool(self.told.get("alone"))) or [list(range(len(kinds)))]

    @property
    def dtype(self) -> str:
        """'float64' or 'float32', in which the program was run."""
        return str(self.told["dtype"])

    def update(self, number: int) -> Arrays:
        """'item/0', 'layer/0', 'gradient/w', 'state/w', 'slot/o|w|m' -> array."""
        return read_npz(self._path(number))

    @cached_property
    def before(self) -> Arrays:
        """'state/w', 'slot/o|w|m' at the start, and 'model/layer/0' of inference."""
        return read_npz(self.folder / "before.npz")

    def state(self, step: int) -> Arrays:
        """'state/w' and 'slot/o|w|m' -> array after so many steps."""
        arrays = self.update(self.steps[step - 1][-1]) if step else self.before
        return {n: a for n, a in arrays.items() if n.startswith(("state/", "slot/"))}

    def items(self, step: int) -> list[Item]:
        """What a step was given, in order: what comes in every step, at the same place."""
        return [item for item in self._every(step) if item.kind != NUMBER]

    def numbers(self, step: int) -> dict[str, float]:
        """Name -> what a term of a step's loss was multiplied by."""
        return {i.name: float(i.array) for i in self._every(step) if i.kind == NUMBER}

    def _every(self, step: int) -> list[Item]:
        usual = set.intersection(*(set(self._keys(one)) for one in range(len(self.steps))))
        uses: dict[str, int] = {}
        items = []
        arrays = [self._arrays(number) for number in self.steps[step]]
        for key, (update, number) in self._keys(step).items():
            if key not in usual:
                continue
            item = self.told["updates"][self.steps[step][update]]["items"][number]
            name = self._number_names.get(key, item["name"])
            uses[name] = uses.get(name, 0) + 1
            if uses[name] > 1:
                name += f"#{uses[name]}"
            words = item["kind"], item["function"], item["place"]
            array = arrays[update][f"item/{number}"]
            law, after = item.get("law", {}), int(item.get("after", 0))
            items.append(Item(name, *words, update, array, law, after))
        return items

    @cached_property
    def calls_ahead(self) -> int:
        """How many calls of layers in the first update come ahead of the loop: those that the same
        update of the next step has not."""
        if len(self.steps) < 2:
            return 0
        first, again = (
            [(call["name"], call.get("function")) for call in update["layers"]]
            for update in (self.told["updates"][step[0]] for step in self.steps[:2])
        )
        more = len(first) - len(again)
        return more if more > 0 and again and first[more:] == again else 0

    @cached_property
    def _number_names(self) -> dict[tuple[object, ...], str]:
        """What tells a number -> its name in most steps, the latest of equals: a constant of the
        program's that is the same object may lend it another one in some."""
        names: dict[tuple[object, ...], Counter[str]] = {}
        for step in reversed(range(len(self.steps))):
            for key, (update, number) in self._keys(step).items():
                item = self.told["updates"][self.steps[step][update]]["items"][number]
                if item["kind"] == NUMBER:
                    names.setdefault(key, Counter())[item["name"]] += 1
        return {key: counts.most_common(1)[0][0] for key, counts in names.items()}

    def _arrays(self, number: int) -> Arrays:
        return read_npz(self._path(number), "item/")

    def _path(self, number: int) -> Path:
        return self.folder / f"update_{number:04d}.npz"

    def _keys(self, step: int) -> dict[tuple[object, ...], tuple[int, int]]:
        """What tells an item from others of its step -> (update in the step, number there).

        Equals are counted from the last one on: before the first step more may come, such as a
        batch that a network is built with.
        """
        keys: dict[tuple[object, ...], tuple[int, int]] = {}
        for update, number in enumerate(self.steps[step]):
            uses: dict[tuple[object, ...], int] = {}
            items = self.told["updates"][number]["items"]
            for i in reversed(range(len(items))):
                words = [items[i][key] for key in ("kind", "function", "place")]
                # a number's name is found by what holds it, and another object may hold the next
                name = items[i]["name"] if items[i]["kind"] != NUMBER else ""
                place = (update, *words, name)
                uses[place] = uses.get(place, 0) + 1
                keys[*place, uses[place]] = update, i
        return dict(sorted(keys.items(), key=lambda pair: pair[1]))


def _contents(folder: Path) -> dict[str, Any]:
    path = folder / "recording.json"
    contents = description.read(path, first_file="before.npz")
    if not isinstance(contents, dict) or contents.get("kind") != "port":
        raise UserError(f"{path} is no port's recording: see --recording for TF1's")
    if contents.get("format") != FORMAT:
        raise UserError(f"{path} is of another format than {FORMAT}: record again")
    sound = (
        all(isinstance(contents.get(name), dict) for name in TABLES)
        and all(isinstance(contents.get(name), list) for name in LISTS)
        and contents.get("dtype") in ("float64", "float32")
        and bool(contents["updates"])
        and all(_is_update(update, contents["optimizers"]) for update in contents["updates"])
    )
    if not sound:
        raise UserError(f"{path} is no recording: its updates and names do not fit")
    return contents


def _is_update(update: object, optimizers: dict[str, Any]) -> bool:
    return (
        isinstance(update, dict)
        and update.get("optimizer") in optimizers
        and all(isinstance(update.get(name), list) for name in ("items", "layers"))
        and all(isinstance(update.get(name), dict) for name in ("settings", "losses", "counts"))
        and all(
            isinstance(item, dict) and {"kind", "name", "place", "function"} <= item.keys()
            for item in update["items"]
        )
    )
