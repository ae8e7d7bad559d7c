"""Records as bytes: JSON for what they say, numpy arrays for what they hold, in one .npz.

Only the classes of `records` and of `comparison.evidence` come back, and never code: a file may
be anybody's.
"""

import dataclasses
import json
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

import numpy as np

TEXT = "json"  # the entry of the .npz that holds the JSON
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
