"""h5py 2: `Dataset.value`, the mode 'a' by default, texts as str."""

import types
from typing import Any

import numpy as np

from dcgan_v1.migration.programs import amending
from dcgan_v1.migration.programs.facade import USED, Facade


def module() -> Facade:
    """Returns the facade of h5py."""
    import h5py

    class File(h5py.File):
        """Opens to read and write where no mode is given, and makes a file that is not there."""

        def __init__(self, name: Any, mode: str | None = None, *rest: Any, **options: Any) -> None:
            try:
                super().__init__(name, mode or "a", *rest, **options)
            except OSError:
                if mode is not None:
                    raise
                super().__init__(name, "r", *rest, **options)  # one that cannot be written

    def value(dataset: Any) -> Any:
        USED.setdefault("h5py.Dataset.value", "")
        return dataset[()]

    def getitem(plain: Any, dataset: Any, *arguments: Any, **options: Any) -> Any:
        return _as_text(
            plain(dataset, *arguments, **options), h5py.check_string_dtype(dataset.dtype)
        )

    h5py.Dataset.value = property(value)
    amending.wrap(h5py.Dataset, "__getitem__", getitem)
    names = types.SimpleNamespace(File=File)
    highlevel = Facade("h5py.highlevel", (names, h5py))
    return Facade("h5py", (names, h5py), {"highlevel": highlevel})


def _as_text(data: Any, text_type: Any) -> Any:
    """Texts of no fixed length were str, not bytes."""
    if text_type is None or text_type.length is not None or text_type.encoding != "utf-8":
        return data
    if isinstance(data, bytes):
        return data.decode("utf-8", "surrogateescape")
    if isinstance(data, np.ndarray) and data.dtype.kind == "O":
        for place, each in enumerate(data.flat):
            if isinstance(each, bytes):
                data.flat[place] = each.decode("utf-8", "surrogateescape")
    return data
