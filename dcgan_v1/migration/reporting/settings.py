"""What both sides say of their layers and optimisers, side by side, and whether that acts alike."""

from collections.abc import Iterator

import numpy as np

from dcgan_v1.migration.comparison.differences import Difference
from dcgan_v1.migration.comparison.evidence import AVERAGE, STATE
from dcgan_v1.migration.comparison.pipeline import Comparison
from dcgan_v1.migration.explanation.case import Finding, Named
from dcgan_v1.migration.records import Setting, Settings

ALIKE, UNKNOWN = "alike", "unknown"  # how an owner's settings act as a whole


def sides(comparison: Comparison) -> list[dict[str, object]]:
    """Returns rows {setting, tf1, other, differs, acts alike, not judged}: judged by effect. What
    is set to other numbers and gives the same is not set differently; what is set to the same
    number that acts in another place is."""
    evidence = comparison.evidence
    rows: list[dict[str, object]] = []
    if evidence.first is not None:
        moved = {evidence.owner(d.key.name) for d in comparison.differences if _is_moved(d)}
        for i, update in enumerate(evidence.old.updates):
            new = evidence.matching.optimizers.get(update.optimizer)
            if new is None:
                continue
            ours, theirs = (
                o.settings.get(name, {})
                for o, name in zip(evidence.first, (update.optimizer, new), strict=True)
            )
            places = _places_of(comparison.findings, new)
            rows += _rows(new, ours, theirs, places, "" if i in moved else ALIKE)
    paths: set[str] = set()
    for aligned in evidence.aligned.values():
        for a in aligned:
            path = a.new.name.partition("#")[0]
            if a.old is not None and path not in paths:
                paths.add(path)
                places = _places_of(comparison.findings, path)
                effect = ALIKE if a.by == "value" else UNKNOWN
                rows += _rows(path, a.old.settings, a.new.settings, places, effect)
    return [dict(row) for row in dict.fromkeys(tuple(r.items()) for r in rows)]


def _is_moved(difference: Difference) -> bool:
    """Whether an update left something else: a state after the first step."""
    key = difference.key
    return key.kind == STATE and key.step == 1 and key.part != AVERAGE and difference.is_over


def _places_of(findings: list[Finding], owner: str) -> dict[str, str]:
    """Setting -> place of an epsilon, or '': of what is named at a layer or an optimiser."""
    records: list[Named] = [f.named for f in findings if f.named and owner in f.named.owners]
    return {setting: record.place for record in records for setting in record.settings}


def _rows(
    owner: str, ours: Settings, theirs: Settings, places: dict[str, str], effect: str
) -> Iterator[dict[str, object]]:
    """Yields rows of the settings that both sides have, or that a cause is about.

    Args:
      owner: name of a layer or an optimiser of the port's.
      ours, theirs: what both sides say of it.
      places: the settings of it that a cause is about, see `_places_of`.
      effect: ALIKE where what comes of it is the same; UNKNOWN where what it is given differs.
    """
    for setting, value in ours.items():
        other = theirs.get(setting)
        # text against a number: the frameworks say it in different ways
        if other is None or isinstance(value, str) != isinstance(other, str):
            continue
        is_other = value != other
        if isinstance(value, float) and not isinstance(other, bool | str):
            is_other = not np.isclose(value, other, rtol=1e-6, atol=0)
        is_named = setting in places
        differs = is_named or (bool(is_other) and not effect and not places)
        is_alike = effect == ALIKE or (bool(places) and not is_named)
        place = places.get(setting, "")
        yield {
            "setting": f"{owner}: {setting}",
            "tf1": _text(value),
            "other": _text(other) + (f" {place}" if place else ""),
            "differs": differs,
            "acts alike": bool(is_other and not differs and is_alike),
            "not judged": bool(is_other and not differs and not is_alike),
        }
    for setting in places.keys() & (theirs.keys() - ours.keys()):
        yield {
            "setting": f"{owner}: {setting}",
            "tf1": "none",
            "other": _text(theirs[setting]),
            "differs": True,
            "acts alike": False,
            "not judged": False,
        }


def _text(value: Setting) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
