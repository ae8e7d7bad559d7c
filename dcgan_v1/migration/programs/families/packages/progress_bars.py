"""tqdm and progressbar where they are not installed: they count, and draw nothing."""

from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from typing import Any, Self

from dcgan_v1.migration.programs.facade import Facade

NAMES = {"tqdm": ("tqdm", "tqdm_notebook", "tqdm_gui"), "progressbar": ("ProgressBar",)}


class Silent:
    """A bar that is not drawn; of an iterable, its elements."""

    def __init__(self, iterable: Iterable[Any] | None = None, *_: Any, **options: Any) -> None:
        self.iterable, self.n, self.total = iterable, 0, options.get("total")
        self.currval, self.maxval = 0, options.get("maxval", options.get("max_value"))

    def __call__(self, iterable: Iterable[Any]) -> Self:
        self.iterable = iterable
        return self

    def __iter__(self) -> Iterator[Any]:
        for element in () if self.iterable is None else self.iterable:
            self.n += 1
            yield element

    def __len__(self) -> int:
        return len(self.iterable)  # type: ignore[arg-type]  # fails as that of the iterable does

    def start(self, *_: Any, **__: Any) -> Self:
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def update(self, value: int = 1, *_: Any, **__: Any) -> None:
        self.currval = value

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._nothing  # finish, close, set_description, set_postfix, ...

    @staticmethod
    def write(text: str = "", *_: Any, **__: Any) -> None:
        print(text)

    @staticmethod
    def _nothing(*_: Any, **__: Any) -> None:
        pass


def _range(*numbers: int, **options: Any) -> Silent:
    return Silent(range(*numbers), **options)


class _Widgets(Facade):
    """The package: what is not its bar is a part of one."""

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:
            if name.startswith("__"):
                raise
            return Silent


def without_widgets() -> Facade | None:
    """Returns the installed tqdm, whose bars for notebooks are plain ones where no notebook is
    there to draw them; None where it is not installed."""
    if find_spec("tqdm") is None:
        return None
    import tqdm

    bars = {"tqdm": tqdm.tqdm, "trange": tqdm.trange}
    plain = {"tqdm_notebook": tqdm.tqdm, "tnrange": tqdm.trange}
    package = Facade("tqdm", (tqdm,), plain)
    for part in ("autonotebook", "notebook"):
        package.supply(part, Facade(f"tqdm.{part}", (), {**bars, **plain}))
    return package


def module(name: str) -> Facade:
    """Returns the facade of one of NAMES."""
    bars = dict.fromkeys(NAMES[name], Silent)
    package = _Widgets(name, (), {**bars, "trange": _range, "tnrange": _range})
    for part in ("auto", "notebook", "widgets"):
        package.supply(part, package)
    return package
