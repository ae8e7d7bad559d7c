"""Settings of optimisers and of layers beside each other, read from the running sides."""

from collections.abc import Iterator, Mapping

import numpy as np

from dcgan_v1.migration.comparison.differences import Difference
from dcgan_v1.migration.comparison.evidence import AVERAGE, STATE, Aligned
from dcgan_v1.migration.comparison.pipeline import Comparison
from dcgan_v1.migration.records import Setting, Settings


def sides(comparison: Comparison) -> list[dict[str, object]]:
    """Returns rows {setting, tf1, other, differs}: judged by effect. What is set to other numbers
    and gives the same is not set differently."""
    evidence = comparison.evidence
    rows: list[dict[str, object]] = []
    if evidence.first is not None:
        moved = {evidence.owner(d.key.name) for d in comparison.differences if _is_moved(d)}
        for i, update in enumerate(evidence.old.updates):
            new = evidence.matching.optimizers.get(update.optimizer)
            if new is None:
                continue
            pair = [
                o.settings.get(name, {})
                for o, name in zip(evidence.first, (update.optimizer, new), strict=True)
            ]
            rows += _rows(new, pair[0], pair[1], acts_alike=i not in moved)
    paths: set[str] = set()
    for aligned in evidence.aligned.values():
        for a in aligned:
            path = a.new.name.partition("#")[0]
            if a.old is not None and path not in paths:
                paths.add(path)
                rows += _rows(path, _own(a), a.new.settings, acts_alike=a.by == "value")
    return [dict(row) for row in dict.fromkeys(tuple(r.items()) for r in rows)]


def _is_moved(difference: Difference) -> bool:
    """Whether an update left something else: a state after the first step."""
    key = difference.key
    return key.kind == STATE and key.step == 1 and key.part != AVERAGE and difference.is_over


def _own(a: Aligned) -> Settings:
    assert a.old is not None
    return a.old.settings


def _rows(
    name: str, ours: Mapping[str, Setting], theirs: Mapping[str, Setting], *, acts_alike: bool
) -> Iterator[dict[str, object]]:
    """Yields rows of the settings that both sides have.

    Args:
      name: of a layer or an optimiser of the port's.
      acts_alike: whether what comes of them is the same.
    """
    for setting, value in ours.items():
        other = theirs.get(setting)
        # text against a number: the frameworks say it in different ways
        if other is None or isinstance(value, str) != isinstance(other, str):
            continue
        differs = value != other
        if isinstance(value, float) and not isinstance(other, bool | str):
            differs = not np.isclose(value, other, rtol=1e-6, atol=0)
        yield {
            "setting": f"{name}: {setting}",
            "tf1": _text(value),
            "other": _text(other),
            "differs": bool(differs and not acts_alike),
            "acts alike": bool(differs and acts_alike),
        }


def _text(value: Setting) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
