"""tf.contrib.training.HParams: a program's settings."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any


class ModeKeys:
    """tf.contrib.learn.ModeKeys."""

    TRAIN, EVAL, INFER = "train", "eval", "infer"


TRUTHS = {"true": True, "True": True, "1": True, "false": False, "False": False, "0": False}


class HParams:
    """Settings as attributes: `HParams(size=3).size`."""

    def __init__(self, **values: Any) -> None:
        vars(self).update(values)

    def add_hparam(self, name: str, value: Any) -> None:
        if hasattr(self, name):
            raise ValueError(f"Hyperparameter name is reserved: {name}")
        setattr(self, name, value)

    def set_hparam(self, name: str, value: Any) -> None:
        setattr(self, name, _of_kind(type(getattr(self, name)), value))

    def values(self) -> dict[str, Any]:
        return dict(vars(self))

    def get(self, key: str, default: Any = None) -> Any:
        return getattr(self, key, default)

    def __contains__(self, name: str) -> bool:
        return name in vars(self)

    def to_json(self, indent: Any = None, separators: Any = None, sort_keys: bool = False) -> str:
        values = self.values()
        return json.dumps(values, indent=indent, separators=separators, sort_keys=sort_keys)

    def parse_json(self, text: str) -> HParams:
        return self.override_from_dict(json.loads(text))

    def override_from_dict(self, values: Mapping[str, Any]) -> HParams:
        for name, value in values.items():
            self.set_hparam(name, value)
        return self

    def parse(self, text: str) -> HParams:
        """'size=3,rate=0.1,kinds=[1,2]'."""
        for name, many, one in re.findall(r"(\w+)\s*=\s*(?:\[([^\]]*)\]|([^,]*))", text):
            before = getattr(self, name)
            if isinstance(before, list | tuple):
                kind = type(before[0]) if before else str
                setattr(self, name, [_of_kind(kind, word.strip()) for word in many.split(",")])
            else:
                self.set_hparam(name, one.strip())
        return self


def _of_kind(kind: type, value: Any) -> Any:
    """A value as of a type; of a text, 'false' is False."""
    if kind is bool and isinstance(value, str):
        if value not in TRUTHS:
            raise ValueError(f"Could not parse hparam of type 'bool' with value {value!r}")
        return TRUTHS[value]
    return kind(value)
