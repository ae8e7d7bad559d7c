"""scikit-learn 0.17 to 0.20."""

import numpy as np
import sklearn


def probe_train_test_split():
    from sklearn.model_selection import train_test_split

    return [len(x) for x in train_test_split(list(range(10)), test_size=0.3)]


def probe_cross_validation():
    try:
        from sklearn.cross_validation import train_test_split
    except ImportError:  # gone in 0.20
        from sklearn.model_selection import train_test_split
    return len(train_test_split(list(range(10)), random_state=1)[0])


def probe_joblib():
    from sklearn.externals import joblib

    return callable(joblib.dump)


def probe_six():
    from sklearn.externals import six

    return six.PY3


def probe_imputer():
    from sklearn.preprocessing import Imputer

    return Imputer().fit_transform([[1.0], [np.nan], [3.0]])


def probe_linear_assignment():
    from sklearn.utils.linear_assignment_ import linear_assignment

    return linear_assignment(np.array([[1, 0], [0, 1]]))


def probe_fetch_mldata():
    from sklearn.datasets import fetch_mldata

    return callable(fetch_mldata)


def probe_samples_generator():
    from sklearn.datasets.samples_generator import make_blobs

    return make_blobs(4, random_state=1)[0].shape


def probe_t_sne():
    from sklearn.manifold.t_sne import TSNE

    return TSNE.__name__


def probe_tsne():
    from sklearn.manifold import TSNE

    x = np.random.RandomState(0).rand(12, 3)
    return TSNE(n_components=2, perplexity=3, n_iter=250).fit_transform(x).shape


def probe_one_hot():
    from sklearn.preprocessing import OneHotEncoder

    return OneHotEncoder(sparse=False, categories="auto").fit_transform([[0], [1]])


def probe_kmeans():
    from sklearn.cluster import KMeans

    return sorted(
        KMeans(2, n_jobs=1, random_state=0).fit([[0.0], [5.0]]).cluster_centers_.ravel().tolist()
    )


def probe_pca():
    from sklearn.decomposition import PCA

    return PCA(1).fit_transform(np.eye(2)).shape


def probe_metrics():
    from sklearn.metrics import accuracy_score, confusion_matrix

    return accuracy_score([1, 0], [1, 1]), confusion_matrix([1, 0], [1, 1])


def probe_scorer():
    from sklearn.metrics.scorer import make_scorer

    return callable(make_scorer)


def probe_shuffle():
    from sklearn.utils import shuffle

    return [len(x) for x in shuffle([1, 2], [3, 4])]


def probe_vectorizer():
    from sklearn.feature_extraction.text import CountVectorizer

    v = CountVectorizer()
    v.fit(["a cat", "a dog"])
    return v.get_feature_names()


def probe_load_digits():
    from sklearn.datasets import load_digits, load_iris

    return load_digits().data.shape, load_iris().data.shape


def probe_datasets_base():
    from sklearn.datasets.base import Bunch

    return Bunch(a=1).a


def probe_neighbors():
    from sklearn.neighbors.kde import KernelDensity

    return KernelDensity.__name__


def probe_version():
    return sklearn.__version__ < "0.21"
