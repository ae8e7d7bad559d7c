"""scikit-learn 0.17 to 0.20: modules that became private or moved, arguments that were renamed."""

import importlib.util
import types
from functools import partial
from typing import Any

import numpy as np

from dcgan_v1.migration.programs import amending, mnist_files
from dcgan_v1.migration.programs.amending import without
from dcgan_v1.migration.programs.facade import Facade, Lazy

VERSION = "0.20.4"  # what programs that compare versions are given
MOVED = {
    "cross_validation": "model_selection",
    "grid_search": "model_selection",
    "learning_curve": "model_selection",
    "lda": "discriminant_analysis",
    "qda": "discriminant_analysis",
}
PARTS = [
    *("cluster", "datasets", "decomposition", "ensemble", "feature_extraction", "linear_model"),
    *("manifold", "metrics", "mixture", "neighbors", "preprocessing", "svm", "tree", "utils"),
]


class _Part(Facade):
    """A package of scikit-learn's, whose modules go by a name with an underscore now."""

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:
            if name.startswith("_"):
                raise
            inner = importlib.util.find_spec(f"{self.__name__}._{name.rstrip('_')}")
            if inner is None:
                raise
            made = Facade(f"{self.__name__}.{name}", (importlib.import_module(inner.name), self))
            self.supply(name, made)
            return made


def module() -> Facade:
    """Returns the facade of sklearn."""
    import joblib
    import sklearn

    _rename_arguments()
    externals = Facade("sklearn.externals", (), {"joblib": joblib, "six": _six()})
    parts = {name: Lazy(partial(_part, name)) for name in PARTS}
    moved = {
        old: Lazy(partial(importlib.import_module, f"sklearn.{new}")) for old, new in MOVED.items()
    }
    supplied = {"externals": externals, "__version__": VERSION, **parts, **moved}
    return Facade("sklearn", (sklearn,), supplied)


def _part(name: str) -> Facade:
    plain = importlib.import_module(f"sklearn.{name}")
    return _Part(f"sklearn.{name}", (plain,), NAMES.get(name, dict)())


def _six() -> types.ModuleType:
    return importlib.import_module("six")


def _rename_arguments() -> None:
    from sklearn import cluster, manifold, preprocessing
    from sklearn.feature_extraction import text

    amending.wrap(cluster.KMeans, "__init__", without("n_jobs", "precompute_distances"))
    amending.wrap(manifold.TSNE, "__init__", without(n_iter="max_iter"))
    amending.wrap(
        preprocessing.OneHotEncoder, "__init__", without("n_values", sparse="sparse_output")
    )
    names = {"get_feature_names": lambda vectorizer: vectorizer.get_feature_names_out().tolist()}
    amending.add_names(text.CountVectorizer, names, "CountVectorizer")


def _of_datasets() -> dict[str, Any]:
    from sklearn.utils import Bunch

    def fetch_mldata(dataname: str, *_: Any, **__: Any) -> Any:
        """'MNIST original': digits by class, those for training first."""
        if "mnist" not in dataname.lower():
            raise ValueError(f"mldata.org is gone, and {dataname} with it")
        parts = []
        for images, labels in (mnist_files.NAMES[:2], mnist_files.NAMES[2:]):
            x, y = mnist_files.read(images), mnist_files.read(labels)
            order = np.argsort(y, kind="stable")
            parts.append((x[order].reshape(len(x), -1), y[order].astype(np.float64)))
        data, target = (np.concatenate(each) for each in zip(*parts, strict=True))
        return Bunch(data=data, target=target, DESCR="mldata.org dataset: mnist-original")

    return {"fetch_mldata": fetch_mldata}


def _of_utils() -> dict[str, Any]:
    def linear_assignment(X: Any) -> np.ndarray:
        """Rows of [row, column]."""
        from scipy.optimize import linear_sum_assignment

        return np.array(linear_sum_assignment(X)).T

    name = "sklearn.utils.linear_assignment_"
    return {"linear_assignment_": Facade(name, (), {"linear_assignment": linear_assignment})}


def _of_preprocessing() -> dict[str, Any]:
    from sklearn.impute import SimpleImputer

    def imputer(missing_values: Any = "NaN", strategy: str = "mean", **_: Any) -> Any:
        missing = np.nan if missing_values == "NaN" else missing_values
        return SimpleImputer(missing_values=missing, strategy=strategy)

    return {"Imputer": imputer}


def _of_mixture() -> dict[str, Any]:
    from sklearn.mixture import GaussianMixture

    return {"GMM": GaussianMixture}


def _of_decomposition() -> dict[str, Any]:
    from sklearn.decomposition import PCA

    return {"RandomizedPCA": lambda *a, **o: PCA(*a, svd_solver="randomized", **o)}


NAMES = {
    "datasets": _of_datasets,
    "decomposition": _of_decomposition,
    "mixture": _of_mixture,
    "preprocessing": _of_preprocessing,
    "utils": _of_utils,
}
