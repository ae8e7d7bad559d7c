"""What a TF1 program's imports give: the facade of each package that has changed."""

import types
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np
import tensorflow as tf2
import tensorflow.compat.v1 as tf

from dcgan_v1.migration.programs import stand_ins
from dcgan_v1.migration.programs.facade import Facade
from dcgan_v1.migration.programs.families import (
    downloads,
    estimator,
    flags,
    inner_paths,
    keras2,
    mnist_paths,
    mnist_tutorial,
    old_names,
    variable_scopes,
)
from dcgan_v1.migration.programs.families.contrib import package as contrib
from dcgan_v1.migration.programs.families.packages import (
    h5py_names,
    matplotlib_names,
    numpy_names,
    pillow,
    scipy_names,
    sklearn_names,
)
from dcgan_v1.migration.programs.families.python import standard_library

VERSION = "1.15.5"  # what programs that look are told


def supply() -> dict[str, types.ModuleType | Callable[[], types.ModuleType]]:
    """Returns name of a package -> module that a program's files get for it, or what makes it."""
    lenient_dimensions()
    old_names.slots_under_reuse()
    inner_paths.give_old_names()
    keras = keras2.modules()
    tensorflow = _tensorflow(keras)
    return {
        **stand_ins.modules(),
        **standard_library.modules(),
        **mnist_paths.modules(),
        **downloads.modules(),
        "h5py": h5py_names.module,
        "matplotlib": matplotlib_names.module,
        "mpl_toolkits": matplotlib_names.toolkits,
        "tensorflow": tensorflow,
        "keras": keras,
        "numpy": numpy_names.module(),
        "scipy": scipy_names.module(),
        **({"sklearn": sklearn_names.module} if find_spec("sklearn") else {}),
        "PIL": pillow.modules(),
    }


def _tensorflow(package: Facade) -> Facade:
    """The facade of TensorFlow; `package` is that of Keras, whose layers and optimisers took other
    arguments."""
    of_flags, app = flags.modules()
    own = {"layers": keras2.layers_module("tf.keras.layers", {}), "optimizers": tf.keras.optimizers}
    keras = Facade("tf.keras", (package,), own)
    gfile, of_estimator = mnist_paths.gfile(), estimator.module()
    nn = Facade("tf.nn", (tf.nn,), old_names.NN)
    train = Facade("tf.train", (tf.train,), old_names.TRAIN)
    tensorflow = Facade(
        "tf",
        (_VERSION, tf),
        {
            **old_names.TOP,
            **variable_scopes.names(),
            "nn": nn,
            "train": train,
            "image": Facade("tf.image", (tf.image,), old_names.IMAGE),
            "contrib": contrib.modules(),
            "estimator": of_estimator,
            "pywrap_tensorflow": inner_paths.pywrap_tensorflow(),
            "examples": mnist_tutorial.modules(),
            "gfile": gfile,
            "data": mnist_paths.data(),
            "python": inner_paths.python(gfile, keras, of_estimator),
            "flags": of_flags,
            "app": app,
            "keras": keras,
            "models": Facade(
                "tf.models",
                (),
                {  # where recurrent cells were before 0.7
                    "rnn": Facade("tf.models.rnn", (), {"rnn": nn, "rnn_cell": tf.nn.rnn_cell})
                },
            ),
        },
    )
    # in 1.15 this is TensorFlow itself
    tensorflow.supply("compat", Facade("tf.compat", (tf2.compat,), {"v1": tensorflow}))
    return tensorflow


_VERSION = types.SimpleNamespace(__version__=VERSION, VERSION=VERSION)


def lenient_dimensions() -> None:
    """TF1 took 7.0 for a dimension, which `n / 2` is in Python 3."""
    from tensorflow.python.framework import tensor_shape

    plain = tensor_shape.Dimension.__init__

    def init(self: Any, value: Any) -> None:
        is_whole = isinstance(value, float | np.floating) and value == int(value)
        plain(self, int(value) if is_whole else value)

    tensor_shape.Dimension.__init__ = init
