"""scipy 1.1: functions that moved between its modules or went, numpy's names at its top."""

import importlib
import types
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np

from dcgan_v1.migration.programs import amending
from dcgan_v1.migration.programs.facade import Facade, Lazy
from dcgan_v1.migration.programs.families.packages import scipy_misc

VERSION = "1.1.0"  # what programs that compare versions are given
ROUNDS = "Pillow has come to round a grey level otherwise here and there"
NO_PICTURE = "a picture that scipy carried; scipy.datasets downloads it"


def module() -> Facade:
    """Returns the facade of scipy, which has its `misc` without scipy, too."""
    gone = dict.fromkeys(("face", "ascent", "lena", "electrocardiogram"), NO_PICTURE)
    misc = Facade("scipy.misc", (), scipy_misc.NAMES, {"imresize": ROUNDS}, gone)
    misc.supply("pilutil", misc)
    misc.supply("common", misc)
    if find_spec("scipy") is None:
        return Facade("scipy", (), {"misc": misc}, hints={"": "pip install scipy"})
    import scipy

    parts = {name: Lazy(make) for name, make in PARTS.items()}
    random = types.SimpleNamespace(rand=np.random.rand, randn=np.random.randn)
    return Facade("scipy", (scipy, random, np), {"misc": misc, "__version__": VERSION, **parts})


def _part(name: str, supply: Callable[[Any], dict[str, Any]]) -> Callable[[], Facade]:
    def make() -> Facade:
        plain = importlib.import_module(f"scipy.{name}")
        return Facade(f"scipy.{name}", (plain,), supply(plain))

    return make


def _signal(signal: Any) -> dict[str, Any]:
    names = signal.windows.__all__
    windows = {n: getattr(signal.windows, n) for n in names if not hasattr(signal, n)}
    splines = {"bspline": bspline, "cubic": lambda x: bspline(x, 3)}
    return {**windows, "hanning": signal.windows.hann, **splines}


def bspline(x: Any, n: int) -> Any:
    """The B-spline of order n around 0."""
    from scipy.interpolate import BSpline

    knots = np.arange(n + 2) - (n + 1) / 2
    return np.nan_to_num(BSpline.basis_element(knots, extrapolate=False)(np.asarray(x, float)))


def _integrate(integrate: Any) -> dict[str, Any]:
    def simps(y: Any, x: Any = None, dx: float = 1.0, axis: int = -1, even: str = "avg") -> Any:
        """Simpson's rule; over an even number of points the mean of what the trapezoid at either
        end gives."""
        y = np.moveaxis(np.asarray(y, float), axis, -1)
        places = np.arange(y.shape[-1]) * dx if x is None else np.asarray(x, float)

        def rule(part: slice) -> Any:
            return integrate.simpson(y[..., part], x=places[..., part])

        if y.shape[-1] % 2:
            return rule(slice(None))
        width = np.diff(places)
        first = rule(slice(None, -1)) + width[..., -1] * (y[..., -1] + y[..., -2]) / 2
        last = rule(slice(1, None)) + width[..., 0] * (y[..., 0] + y[..., 1]) / 2
        return {"first": first, "last": last}.get(even, (first + last) / 2)

    def quadrature(func: Any, a: float, b: float, args: Any = (), **_: Any) -> tuple[float, float]:
        return integrate.quad(func, a, b, args)

    return {
        "simps": simps,
        "trapz": np.trapezoid,
        "cumtrapz": integrate.cumulative_trapezoid,
        "quadrature": quadrature,
        "romberg": lambda function, a, b, args=(), **_: integrate.quad(function, a, b, args)[0],
    }


def _interpolate(interpolate: Any) -> dict[str, Any]:
    class Interp2d:
        """`interp2d` of a grid: columns at x, rows at y."""

        def __init__(self, x: Any, y: Any, z: Any, kind: str = "linear", **_: Any) -> None:
            order = {"linear": 1, "cubic": 3, "quintic": 5}[kind]
            x, y = np.unique(x), np.unique(y)
            grid = np.reshape(np.asarray(z, float), (len(y), len(x)))
            self._spline = interpolate.RectBivariateSpline(x, y, grid.T, kx=order, ky=order, s=0)

        def __call__(self, x: Any, y: Any) -> np.ndarray:
            found = self._spline(np.sort(np.atleast_1d(x)), np.sort(np.atleast_1d(y))).T
            return found[0] if len(found) == 1 else found

    def spline(xk: Any, yk: Any, xnew: Any, order: int = 3, *_: Any) -> np.ndarray:
        return interpolate.make_interp_spline(xk, yk, order)(xnew)

    return {"interp2d": Interp2d, "spline": spline}


def _stats(stats: Any) -> dict[str, Any]:
    def binom_test(x: Any, n: Any = None, p: float = 0.5, alternative: str = "two-sided") -> Any:
        successes, trials = (x, n) if n is not None else (x[0], sum(x))
        return stats.binomtest(successes, trials, p, alternative).pvalue

    def itemfreq(a: Any) -> np.ndarray:
        return np.array(np.unique(a, return_counts=True)).T

    def mode(a: Any, axis: int | None = 0, **options: Any) -> Any:
        return stats.mode(a, axis, **{"keepdims": True, **options})

    def chisqprob(chisq: Any, df: Any) -> Any:
        return stats.chi2.sf(chisq, df)

    found = {"binom_test": binom_test, "itemfreq": itemfreq, "mode": mode, "chisqprob": chisqprob}
    return {**found, "gilbrat": stats.gibrat, "trapz": stats.trapezoid}


def _linalg(linalg: Any) -> dict[str, Any]:
    def tri(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> np.ndarray:
        return np.tri(N, M, k, bool if dtype is None else dtype)

    return {"pinv2": linalg.pinv, "tri": tri, "tril": np.tril, "triu": np.triu}


def _sparse(sparse: Any) -> dict[str, Any]:
    base = type(sparse.csr_matrix((1, 1))).__mro__
    names = {
        "A": property(lambda matrix: matrix.toarray()),
        "H": property(lambda matrix: matrix.conj().T),
    }
    spmatrix = next(kind for kind in base if kind.__name__ == "spmatrix")
    amending.add_names(spmatrix, names, "scipy.sparse")
    return {}


def _spatial(spatial: Any) -> dict[str, Any]:
    distance = spatial.distance

    def wminkowski(u: Any, v: Any, p: float, w: Any) -> float:
        return float(np.sum(np.abs(np.multiply(w, np.subtract(u, v))) ** p) ** (1.0 / p))

    def query(plain: Any, tree: Any, *arguments: Any, **options: Any) -> Any:
        options = {{"n_jobs": "workers"}.get(name, name): x for name, x in options.items()}
        return plain(tree, *arguments, **options)

    class CKDTree(spatial.cKDTree):
        """Of `n_jobs`, which is `workers`."""

        def query(self, *arguments: Any, **options: Any) -> Any:
            return query(spatial.cKDTree.query, self, *arguments, **options)

        def query_ball_point(self, *arguments: Any, **options: Any) -> Any:
            return query(spatial.cKDTree.query_ball_point, self, *arguments, **options)

    names = {"wminkowski": wminkowski, "matching": distance.hamming}
    old = {"distance": Facade("scipy.spatial.distance", (distance,), names), "cKDTree": CKDTree}
    return {**old, "ckdtree": Facade("scipy.spatial.ckdtree", (), {"cKDTree": CKDTree})}


def _ndimage(ndimage: Any) -> dict[str, Any]:
    return {
        "imread": scipy_misc.imread,
        **dict.fromkeys(("interpolation", "filters", "measurements", "morphology"), ndimage),
        "fourier": ndimage,
    }


PARTS: dict[str, Callable[[], Facade]] = {
    "signal": _part("signal", _signal),
    "integrate": _part("integrate", _integrate),
    "interpolate": _part("interpolate", _interpolate),
    "stats": _part("stats", _stats),
    "linalg": _part("linalg", _linalg),
    "sparse": _part("sparse", _sparse),
    "ndimage": _part("ndimage", _ndimage),
    "spatial": _part("spatial", _spatial),
}
