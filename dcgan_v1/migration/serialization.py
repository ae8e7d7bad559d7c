"""Records as bytes: JSON for what they say, numpy arrays for what they hold.

`dump` and `load` have them in one .npz, to be kept. `pass_on` and `mapped` have them in a file that
another process maps: weights of a hundred megabytes go through it at the cost of one copy.

Only the classes of `records` and of `comparison.evidence` come back, and never code: a file may
be anybody's.
"""

import dataclasses
import json
import math
import mmap
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

import numpy as np

TEXT = "json"  # the entry of the .npz that holds the JSON
SMALL = 2**16  # bytes of an array that is not worth a whole file kept for it
PLACE = 64  # arrays begin at multiples of it
_CLASSES: dict[str, type] = {}


def register(classes: Iterable[type]) -> None:
    """Makes dataclasses and NamedTuples known by their names."""
    _CLASSES.update({cls.__name__: cls for cls in classes})


def dump(file: str | Path | IO[bytes], value: object) -> None:
    """Writes a value made of records, dicts, lists, tuples, numbers, text and arrays."""
    arrays: list[np.ndarray] = []
    text = json.dumps(_encoded(value, arrays))
    named = {f"a{i}": array for i, array in enumerate(arrays)}
    entries: dict[str, Any] = {TEXT: np.frombuffer(text.encode(), np.uint8), **named}
    np.savez(file, **entries)


def load(file: str | Path | IO[bytes]) -> object:
    """Returns what `dump` wrote.

    Raises:
      ValueError: the file holds something else.
    """
    with np.load(file, allow_pickle=False) as entries:
        if TEXT not in entries.files:
            raise ValueError("no records in it")
        arrays = {name: entries[name] for name in entries.files if name != TEXT}
        return _decoded(json.loads(entries[TEXT].tobytes().decode()), arrays)


def pass_on(path: str | Path, value: object) -> None:
    """Writes a value for `mapped`: the length of a JSON text, that text, and the arrays' bytes. Of
    zeros alone, as the slots of a start are, there are none."""
    arrays: list[np.ndarray] = []
    encoded, end = _encoded(value, arrays), 0
    starts: list[int | None] = []
    for array in arrays:
        if array.dtype.hasobject:
            raise TypeError("an array of objects cannot be written as a record")
        start = None if _is_zero(array) else _next_place(end)
        starts.append(start)
        end = end if start is None else start + array.nbytes
    table = [[a.dtype.str, a.shape, place] for a, place in zip(arrays, starts, strict=True)]
    head = json.dumps([table, encoded]).encode()
    with Path(path).open("wb") as file:
        file.write(len(head).to_bytes(8, "little") + head)
        base = _next_place(file.tell())
        for array, place in zip(arrays, starts, strict=True):
            if place is not None:
                file.seek(base + place)
                file.write(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)


def mapped(path: str | Path) -> object:
    """Returns what `pass_on` wrote. Its arrays are the file's memory, which outlives its name; what
    is written to them stays here."""
    with Path(path).open("rb") as file:
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    stop = 8 + int.from_bytes(data[:8], "little")
    table, encoded = json.loads(data[8:stop])
    base = _next_place(stop)
    arrays: dict[str, np.ndarray] = {}
    for number, (dtype, shape, start) in enumerate(table):
        if start is None:
            arrays[f"a{number}"] = np.zeros(shape, dtype)
            continue
        array = np.frombuffer(data, dtype, math.prod(shape), base + start).reshape(shape)
        arrays[f"a{number}"] = array.copy() if array.nbytes < SMALL else array
    return _decoded(encoded, arrays)


def _is_zero(array: np.ndarray) -> bool:
    """Whether all bits are 0; of a -0.0 one is not."""
    if not array.size:
        return True
    if array.dtype.kind not in "fiub" or array.any():
        return False
    return array.dtype.kind != "f" or not np.signbit(array).any()


def _next_place(offset: int) -> int:
    return -(-offset // PLACE) * PLACE


def _encoded(value: object, arrays: list[np.ndarray]) -> object:
    if isinstance(value, np.ndarray | np.generic):  # a single number of numpy's stays one
        arrays.append(np.asarray(value))
        return {"array": f"a{len(arrays) - 1}"}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    name = type(value).__name__
    if name in _CLASSES and type(value) is _CLASSES[name]:
        if isinstance(value, tuple):
            fields = list(value._fields)  # type: ignore[attr-defined]  # a NamedTuple: registered
        else:
            fields = [f.name for f in dataclasses.fields(value)]  # type: ignore[arg-type]  # likewise
        return {"record": name, "of": {f: _encoded(getattr(value, f), arrays) for f in fields}}
    if isinstance(value, dict):
        rows = [[_encoded(k, arrays), _encoded(v, arrays)] for k, v in value.items()]
        return {"dict": rows}
    if isinstance(value, tuple):
        return {"tuple": [_encoded(v, arrays) for v in value]}
    if isinstance(value, list):
        return [_encoded(v, arrays) for v in value]
    raise TypeError(f"{type(value).__name__} cannot be written as a record")


def _decoded(value: object, arrays: dict[str, np.ndarray]) -> object:
    if isinstance(value, list):
        return [_decoded(v, arrays) for v in value]
    if not isinstance(value, dict):
        return value
    if "array" in value:
        return arrays[value["array"]]
    if "record" in value:
        fields = {f: _decoded(v, arrays) for f, v in value["of"].items()}
        return _CLASSES[value["record"]](**fields)
    if "dict" in value:
        return {_decoded(k, arrays): _decoded(v, arrays) for k, v in value["dict"]}
    return tuple(_decoded(v, arrays) for v in value["tuple"])
