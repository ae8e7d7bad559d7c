"""Pairs the arrays that a recorded port was given with TF1's inputs.

By the update that they come before, by shape, by range and by order. Pure numpy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from dcgan_v1.errors import UserError
from dcgan_v1.migration.recordings.port_recording import Item
from dcgan_v1.migration.records import Arrays, Input

# of equals, the first counts: what is drawn may be cast or scaled before it is used
KINDS = ("tensor", "batch", "argument", "call", "draw", "raw")
COMPUTED = "computed"  # of what else is given: it is taken where nothing else fits
CLASSES = 1000  # more than labels have
LARGER = 2  # times TF1's largest label, what is none


@dataclass(frozen=True)
class Feeding:
    """What TF1's step is given of the port's.

    Attributes:
      items: TF1's input, with '@2' behind it for the second run of a step -> the port's item.
      lines: the table, a line each.
    """

    items: dict[str, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)


def feed(
    wanted: Mapping[str, Input],
    items: Sequence[Item],
    windows: Sequence[set[int]],
    needs: Sequence[list[str]],
    fed: Arrays,
    of_map: Mapping[str, str],
) -> Feeding:
    """Binds every input of TF1's step, run by run.

    Args:
      wanted: TF1's inputs, and what it draws.
      items: of the port's first step.
      windows: for each of TF1's runs, which of the port's updates it does.
      needs: for each of them the names of the inputs that it reads.
      fed: TF1's input -> [steps, ...] where it was recorded, to compare ranges with.
      of_map: the port's item -> TF1's input, of a user's map.

    Raises:
      UserError: an input fits nothing.
    """
    names = {item.name for item in items}
    for name, target in of_map.items():
        if name not in names or target.partition("@")[0] not in wanted:
            known = ", ".join(names if name not in names else wanted)
            missing = name if name not in names else target
            raise UserError(f"the map's [inputs] has {missing}; there are {known or 'none'}")
    bound = {target: name for name, target in of_map.items()}
    seen: set[str] = set()
    for run, (updates, needed) in enumerate(zip(windows, needs, strict=True)):
        taken: set[str] = set()
        for name in (name for name in wanted if name in needed):
            v = wanted[name]
            key = f"{name}@{run + 1}" if name in seen else name
            seen.add(name)
            if key in bound:
                taken.add(bound[key])
                continue
            item = _choose(name, v, items, updates, taken, fed.get(name))
            if item is not None:
                bound[key] = item.name
                taken.add(item.name)
            elif key == name:
                raise UserError(_unfit(name, v, items))
    first = {name: bound[name] for name in wanted if name in bound}
    # a later run that is given the same needs no name of its own
    bound = {k: n for k, n in bound.items() if "@" not in k or first[k.partition("@")[0]] != n}
    by_name = {item.name: item for item in items}
    lines = [_line(key, by_name[name], wanted, fed) for key, name in bound.items()]
    return Feeding(bound, lines)


def _choose(
    name: str,
    v: Input,
    items: Sequence[Item],
    updates: set[int],
    taken: set[str],
    known: np.ndarray | None,
) -> Item | None:
    """The item that an input is: of the same update, else of the last one before, else any."""
    fitting = [item for item in items if fitted(item.array, v, name, item.law) is not None]
    before = [i for i in fitting if i.update < min(updates, default=0)]
    last = max((i.update for i in before), default=0)
    for pool in (
        [i for i in fitting if i.update in updates],
        [i for i in before if i.update == last],
        fitting,
    ):
        left = [i for i in pool if i.name not in taken] if pool is not fitting else pool
        if left:
            return min(left, key=lambda item: _rank(name, item, v, known, items))
    return None


def _rank(
    name: str, item: Item, v: Input, known: np.ndarray | None, items: Sequence[Item]
) -> tuple[float, ...]:
    is_dropout = "dropout" in name.lower()
    off = 0.0
    if known is not None and known.size and item.array.size and not v.dtype.startswith("int"):
        array = fitted(item.array, v, name, item.law)
        assert array is not None
        size = float(np.ptp(known)) or 1.0
        off = abs(float(array.min() - known.min())) + abs(float(array.max() - known.max()))
        off = float(off / size >= 0.5)  # drawn arrays have no sharp ends; 0..1 is no -1..1
    is_label = item.array.ndim == 1 and v.shape is not None and len(v.shape) == 2
    return (
        float(_is_order(item, v, known, items)),
        float(item.kind == COMPUTED),
        float(v.shape is not None and _repeated(item.array.shape, v.shape, name) is not None),
        float(is_label),  # may be one of many, and may be anything of as many columns
        float(is_dropout != (item.function == "dropout")),
        float(_is_drawn(name) and item.kind not in ("draw", "raw")),
        float(_is_drawn(name) and not _is_of_op(name, item)),
        off,
        float(item.name.partition("#")[0] != name.rpartition("/")[2]),
        float(KINDS.index(item.kind) if item.kind in KINDS else len(KINDS)),
        float(items.index(item)),
    )


def _is_order(item: Item, v: Input, known: np.ndarray | None, items: Sequence[Item]) -> bool:
    """Whether an array of whole numbers rather says which rows a batch has: there are more or fewer
    than rows of what else is given, or they are larger than all that TF1 is fed."""
    array = item.array
    if array.ndim != 1 or array.dtype.kind not in "iu" or not array.size:
        return False
    rows = {len(i.array) for i in items if i.array.ndim > 1}
    is_larger = known is not None and v.dtype.startswith(("int", "uint")) and known.size > 0
    return bool(rows and len(array) not in rows) or (
        is_larger and known is not None and int(array.max()) > LARGER * max(int(known.max()), 1)
    )


def _is_drawn(name: str) -> bool:
    return "random" in name.lower()


def _is_of_op(name: str, item: Item) -> bool:
    """Whether the same op drew it: 'random_normal/RandomStandardNormal'."""
    return name.rpartition("/")[2].rstrip("0123456789_") == item.function


def fitted(
    array: np.ndarray, v: Input, name: str = "", law: Mapping[str, float] | None = None
) -> np.ndarray | None:
    """Returns an array of the port's as TF1's input takes it, or None where it cannot be that.

    Maps come as [N, H, W, C]; one number may stand for several that TF1 draws; pixels may be
    flattened on either side; labels may be numbers on the port's, and one of many on TF1's.

    Args:
      array: the port's.
      v: TF1's input; `name`: its name, which tells what a random op draws.
      law: what the port's array was drawn from, see `Item`.
    """
    shape = v.shape
    if shape is None:
        return array
    forms = [array]
    if array.ndim == 4:
        forms += [array.reshape(len(array), -1), array.transpose(0, 3, 1, 2)]
    elif array.ndim in (2, 3):
        forms += [array.reshape(len(array), -1), array[..., None]]
        if len(shape) == 4 and all(isinstance(n, int) for n in shape[1:]):
            height, width, channels = (int(n) for n in shape[1:] if n is not None)
            if array[0].size == height * width * channels:
                split = array.reshape(len(array), channels, height, width)
                forms.append(split.transpose(0, 2, 3, 1))
    elif array.ndim == 1:
        forms.append(array[:, None])
    for form in forms:
        if _fits(form.shape, shape):
            return _as_drawn(form, name, law or {}) if _kinds_fit(form, v) else None
    if repeated := _repeated(array.shape, shape, name):
        return _as_drawn(np.broadcast_to(array, repeated), name, law or {})
    is_label = array.ndim == 1 and array.dtype.kind in "iu" and len(shape) == 2
    is_label = is_label and not _is_drawn(name)
    classes = shape[1] if len(shape) == 2 else None
    if is_label and classes and 1 < classes < CLASSES and array.size and array.max() < classes:
        return np.eye(classes)[array] if _fits((len(array), classes), shape) else None
    return None


def _repeated(
    shape: tuple[int, ...], wanted: list[int | None], name: str
) -> tuple[int, ...] | None:
    """The shape of what TF1 draws, where the port draws one number for several of them."""
    is_less = len(shape) == len(wanted) and any(
        n == 1 != m for n, m in zip(shape[1:], wanted[1:], strict=True)
    )
    if not is_less or not _is_drawn(name) or not _fits(shape[:1], wanted[:1]):
        return None
    whole = tuple(m or n for n, m in zip(shape, wanted, strict=True))
    return whole if all(n in (1, m) for n, m in zip(shape, whole, strict=True)) else None


def _kinds_fit(form: np.ndarray, v: Input) -> bool:
    wants_whole = v.dtype.startswith(("int", "uint"))
    return not wants_whole or form.dtype.kind in "iu" or bool(np.all(form == np.round(form)))


def _as_drawn(form: np.ndarray, name: str, law: Mapping[str, float]) -> np.ndarray | None:
    """What TF1's op drew: uniform numbers of [0, 1) or standard normal ones, whatever the graph
    makes of them. None where an array cannot be told to be such."""
    if form.dtype.kind != "f":
        return form
    if "RandomUniform" in name:
        low, high = law.get("low"), law.get("high")
        if low is None or high is None or not high > low:
            is_raw = bool(np.all((form >= 0) & (form < 1)))
            return form if is_raw and not law else None
        return form if (low, high) == (0, 1) else np.asarray((form - low) / (high - low))
    if "RandomStandardNormal" in name and law:
        mean, deviation = law.get("mean"), law.get("deviation")
        if mean is None or not deviation:
            return None
        return form if (mean, deviation) == (0, 1) else np.asarray((form - mean) / deviation)
    return form


def _fits(shape: tuple[int, ...], wanted: list[int | None]) -> bool:
    return len(shape) == len(wanted) and all(
        n is None or n == m for n, m in zip(wanted, shape, strict=True)
    )


def _unfit(name: str, v: Input, items: Sequence[Item]) -> str:
    there = ", ".join(f"{i.name} {list(i.array.shape)}" for i in items) or "nothing"
    rows = v.shape[0] if v.shape else None
    for item in items:
        free = Input([None, *v.shape[1:]], v.dtype) if v.shape else v
        if rows is not None and fitted(item.array, free, name, item.law) is not None:
            return (
                f"TF1's {name} takes {rows} rows, and the port's {item.name} has "
                f"{len(item.array)}: record the port with TF1's batch size (its own option, "
                "--port-arguments)"
            )
    return (
        f"TF1's {name} {v.shape} fits nothing that the port's step is given; it has {there}: "
        "pair them in the map's [inputs], or record the port on other data"
    )


def _line(key: str, item: Item, wanted: Mapping[str, Input], fed: Arrays) -> str:
    name, _, run = key.partition("@")
    array = np.asarray(item.array)
    where = (
        f"{item.kind} {item.function}, {item.place}"
        if item.function != item.kind
        else (f"{item.kind}, {item.place}")
    )
    words = f"port's {item.name} {list(array.shape)} ({where})"
    text = f"{words} -> TF1's {name} {wanted[name].shape}" + (f" in run {run}" if run else "")
    known = fed.get(name)
    if known is not None and known.size and array.size and known.dtype.kind == "f":
        ours, theirs = _range(known), _range(array)
        if ours != theirs:
            text += f"; values {theirs}, TF1's own {ours}"
    return text


def _range(array: np.ndarray) -> str:
    return f"{float(array.min()):.2g} to {float(array.max()):.2g}"
