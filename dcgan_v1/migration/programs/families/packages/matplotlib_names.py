"""matplotlib 2 and 3.0: colour maps, styles, axes' and canvases' methods that went since."""

import importlib
import inspect
import math
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from dcgan_v1.migration.programs import amending
from dcgan_v1.migration.programs.amending import add_names, without
from dcgan_v1.migration.programs.facade import Facade

VERSION = "3.0.3"  # what programs that compare versions are given
EDGES = ("is_first_row", "is_last_row", "is_first_col", "is_last_col")  # of a grid of axes
SETTINGS_GONE = [
    *("savefig.frameon", "text.latex.unicode", "text.latex.preview", "examples.directory"),
    *("animation.avconv_path", "axes.color_cycle"),
]


def module() -> Facade:
    """Returns the facade of matplotlib, after giving its classes their old names."""
    import matplotlib
    import matplotlib.pyplot as plt

    _colour_maps()
    _styles()
    _figures()
    _axes()
    _small_modules()
    add_names(plt, {"hold": _nothing, "ishold": lambda: True, "plot_date": _plot_date}, "plt")
    amending.wrap(matplotlib.RcParams, "__setitem__", _set_if_there)
    return Facade("matplotlib", (matplotlib,), {"use": _nothing, "__version__": VERSION})


def toolkits() -> Facade:
    """Returns the facade of mpl_toolkits: Axes3D(figure) draws itself in the figure."""
    import mpl_toolkits
    from mpl_toolkits import axes_grid1, mplot3d

    class Axes3D(mplot3d.Axes3D):
        def __new__(cls, figure: Any, rect: Any = None, **options: Any) -> Any:
            axes = mplot3d.Axes3D(figure, rect, **options)
            figure.add_axes(axes)
            return axes

    names = {"w_xaxis": "xaxis", "w_yaxis": "yaxis", "w_zaxis": "zaxis"}
    axes3d = {old: _property_of(new) for old, new in names.items()}
    add_names(mplot3d.Axes3D, {**axes3d, "dist": 10}, "Axes3D")
    inner = Facade("mpl_toolkits.mplot3d.axes3d", (mplot3d.axes3d,), {"Axes3D": Axes3D})
    of_3d = Facade("mpl_toolkits.mplot3d", (mplot3d,), {"Axes3D": Axes3D, "axes3d": inner})
    amending.wrap(axes_grid1.ImageGrid, "__init__", without("add_all"))
    grid = Facade("mpl_toolkits.axes_grid", (axes_grid1, axes_grid1.axes_grid))
    for part in ("axes_grid", "axes_divider", "inset_locator", "anchored_artists"):
        grid.supply(part, importlib.import_module(f"mpl_toolkits.axes_grid1.{part}"))
    return Facade("mpl_toolkits", (mpl_toolkits,), {"mplot3d": of_3d, "axes_grid": grid})


def _nothing(*_: Any, **__: Any) -> None:
    """Of windows and of what is as it was asked for."""


def _property_of(name: str) -> property:
    return property(lambda self: getattr(self, name))


def _set_if_there(plain: Callable[..., Any], settings: Any, name: str, value: Any) -> None:
    if name not in SETTINGS_GONE:
        plain(settings, name, value)


def _colour_maps() -> None:
    import matplotlib
    import matplotlib.pyplot as plt
    from matplotlib import cm

    def get_cmap(name: Any = None, lut: int | None = None) -> Any:
        return plt.get_cmap(name, lut)

    def register_cmap(name: str | None = None, cmap: Any = None, **_: Any) -> None:
        matplotlib.colormaps.register(cmap, name=name, force=True)

    names = {"get_cmap": get_cmap, "register_cmap": register_cmap, "cmap_d": matplotlib.colormaps}
    add_names(cm, {**names, "spectral": matplotlib.colormaps["nipy_spectral"]}, "matplotlib.cm")
    add_names(plt, {"register_cmap": register_cmap, "spectral": _nothing}, "plt")


def _styles() -> None:
    """'seaborn-white' is 'seaborn-v0_8-white' since 3.6."""
    from matplotlib import style

    for name in list(style.library):
        if name.startswith("seaborn-v0_8"):
            old = name.replace("seaborn-v0_8", "seaborn")
            style.library.setdefault(old, style.library[name])
            if old not in style.available:
                style.available.append(old)


def _figures() -> None:
    import matplotlib.pyplot as plt
    from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
    from matplotlib.figure import Figure

    def tostring_rgb(canvas: Any) -> bytes:
        return np.ascontiguousarray(np.asarray(canvas.buffer_rgba())[..., :3]).tobytes()

    def tostring_argb(canvas: Any) -> bytes:
        return np.roll(np.asarray(canvas.buffer_rgba()), 1, axis=-1).tobytes()

    def gca(plain: Callable[..., Any], figure: Any, **options: Any) -> Any:
        if not options:
            return plain(figure)
        kind = options.get("projection", "polar" if options.get("polar") else "rectilinear")
        is_that = figure.axes and plain(figure).name == kind
        return plain(figure) if is_that else figure.add_subplot(**options)

    def gca_of_pyplot(plain: Callable[..., Any], **options: Any) -> Any:
        return plt.gcf().gca(**options) if options else plain()

    canvas = {"tostring_rgb": tostring_rgb, "tostring_argb": tostring_argb}
    add_names(FigureCanvasAgg, {**canvas, "set_window_title": _nothing}, "canvas")
    add_names(RendererAgg, canvas, "renderer")
    amending.wrap(Figure, "gca", gca)
    amending.wrap(plt, "gca", gca_of_pyplot)
    for owner in (Figure, plt):
        amending.wrap(owner, "savefig", without("frameon", "papertype"))
    amending.wrap(Figure, "add_subplot", without(axisbg="facecolor"))


def _axes() -> None:
    import matplotlib.pyplot as plt
    from matplotlib.axes import Axes
    from matplotlib.contour import ContourSet
    from matplotlib.legend import Legend

    for owner in (Axes, plt):
        amending.wrap(owner, "hist", without(normed="density"))
        amending.wrap(owner, "hist2d", without(normed="density"))
        amending.wrap(owner, "tick_params", _switched)
        amending.wrap(owner, "grid", _switched)
        amending.wrap(owner, "text", without("withdash"))
        amending.wrap(owner, "annotate", without(s="text"))
        amending.wrap(owner, "bar", without(left="x"))
    names = {
        "hold": _nothing,
        "ishold": lambda axes: True,
        "set_axis_bgcolor": lambda axes, colour: axes.set_facecolor(colour),
        "get_axis_bgcolor": lambda axes: axes.get_facecolor(),
        "set_color_cycle": lambda axes, colours: axes.set_prop_cycle(color=colours),
        "plot_date": _plot_dates_on,
        **{name: _of_subplot(name) for name in EDGES},
    }
    add_names(Axes, names, "Axes")
    _lists_of_artists(Axes)
    add_names(Legend, {"legendHandles": _property_of("legend_handles")}, "Legend")
    add_names(ContourSet, {"collections": property(lambda contours: [contours])}, "ContourSet")


def _of_subplot(name: str) -> Callable[[Any], Any]:
    return lambda axes: getattr(axes.get_subplotspec(), name)()


def _lists_of_artists(axes: Any) -> None:
    """`axes.lines.pop(0)`, `del axes.lines[:]`, `axes.lines = []`: what is taken from a list is
    no longer drawn."""

    def delete(artists: Any, place: Any) -> None:
        found = artists[place]
        for artist in found if isinstance(found, list | tuple) else [found]:
            artist.remove()

    def pop(artists: Any, place: int = -1) -> Any:
        artist = artists[place]
        artist.remove()
        return artist

    names = {"__delitem__": delete, "pop": pop, "remove": lambda artists, one: one.remove()}
    add_names(axes.ArtistList, names, "Axes.lines")
    for name in ("lines", "images", "patches", "collections", "texts", "artists"):
        setattr(axes, name, property(getattr(axes, name).fget, _keeping(name)))


def _keeping(name: str) -> Callable[[Any, Any], None]:
    def keep(axes: Any, artists: Any) -> None:
        for artist in [one for one in getattr(axes, name) if one not in list(artists)]:
            artist.remove()

    return keep


def _switched(plain: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """'on' and 'off' for True and False."""
    words = {"on": True, "off": False}

    def of(value: Any) -> Any:
        return words.get(value, value) if isinstance(value, str) else value

    return plain(*map(of, arguments), **{name: of(value) for name, value in options.items()})


def _plot_dates_on(axes: Any, x: Any, y: Any, fmt: str = "o", **options: Any) -> Any:
    axes.xaxis_date()
    return axes.plot(x, y, fmt, **options)


def _plot_date(x: Any, y: Any, fmt: str = "o", **options: Any) -> Any:
    import matplotlib.pyplot as plt

    return _plot_dates_on(plt.gca(), x, y, fmt, **options)


def normpdf(x: Any, mu: float, sigma: float) -> Any:
    """The normal distribution's density."""
    return np.exp(-((np.asarray(x) - mu) ** 2) / (2 * sigma**2)) / (math.sqrt(2 * math.pi) * sigma)


def bivariate_normal(
    X: Any,
    Y: Any,
    sigmax: float = 1.0,
    sigmay: float = 1.0,
    mux: float = 0.0,
    muy: float = 0.0,
    sigmaxy: float = 0.0,
) -> Any:
    """The density of two correlated normal variables; `sigmaxy` is their covariance."""
    x, y = (np.asarray(X) - mux) / sigmax, (np.asarray(Y) - muy) / sigmay
    rho = sigmaxy / (sigmax * sigmay)
    z = x**2 + y**2 - 2 * rho * x * y
    scale = 2 * math.pi * sigmax * sigmay * math.sqrt(1 - rho**2)
    return np.exp(-z / (2 * (1 - rho**2))) / scale


def _small_modules() -> None:
    from matplotlib import cbook, mlab

    add_names(mlab, {"normpdf": normpdf, "bivariate_normal": bivariate_normal}, "matplotlib.mlab")
    texts = {
        "iterable": np.iterable,
        "is_string_like": lambda x: isinstance(x, str),
        "is_numlike": lambda x: isinstance(x, int | float | complex | np.number),
        "is_scalar": np.isscalar,
        "dedent": inspect.cleandoc,
        "Bunch": types.SimpleNamespace,
    }
    add_names(cbook, texts, "matplotlib.cbook")
    shared = {"join": lambda view, *axes: view._grouper.join(*axes)}  # axes that are scaled as one
    add_names(cbook.GrouperView, shared, "GrouperView")
