"""Names of TensorFlow's inner modules, `tensorflow.python...`, that these have no more.

And `tf.contrib.X.python...`, whose modules are found under the package's own name."""

import importlib
import types
from typing import Any

import tensorflow.compat.v1 as tf

from dcgan_v1.migration.programs.amending import add_names
from dcgan_v1.migration.programs.facade import Facade, Vanished


class Inner(Facade):
    """`tf.contrib.X.python.ops`: what is asked of it, or of a module below, is the package's."""

    def __init__(self, name: str, package: Facade) -> None:
        super().__init__(name, (package,))
        self._package = package

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:
            if name.startswith("__") or not name.islower():
                raise
            inner = Inner(f"{self.__name__}.{name}", self._package)
            self.supply(name, inner)
            return inner

    def __call__(self, *_: Any, **__: Any) -> Any:
        raise Vanished(f"{self.__name__}, as a function")


def package(facade: Facade) -> Facade:
    """Gives a package of tf.contrib the inner paths that it has not."""
    for name in ("python", "api"):
        if not facade.has(name):
            facade.supply(name, Inner(f"{facade.__name__}.{name}", facade))
    return facade


def pywrap_tensorflow() -> types.ModuleType:
    """Returns the module, with its reader of checkpoints."""
    module = importlib.import_module("tensorflow.python.pywrap_tensorflow")
    add_names(module, {"NewCheckpointReader": tf.train.NewCheckpointReader}, "pywrap_tensorflow")
    return module


def python(gfile: Facade, keras: Facade, estimator: Facade) -> Facade:
    """Returns the facade of tensorflow.python: TensorFlow's own, with TF1's files and Keras."""
    plain = importlib.import_module("tensorflow.python")
    platform = importlib.import_module("tensorflow.python.platform")
    of_platform = Facade("tensorflow.python.platform", (platform,), {"gfile": gfile})
    parts = {"platform": of_platform, "keras": keras}
    parts["estimator"] = Inner("tensorflow.python.estimator", estimator)
    return Facade("tensorflow.python", (plain,), parts)


def give_old_names() -> None:
    """Adds what other inner modules had."""
    from tensorflow.python.framework import graph_util

    names = ("convert_variables_to_constants", "remove_training_nodes")
    functions = {name: getattr(tf.graph_util, name) for name in names}
    add_names(graph_util, functions, "graph_util")
    functional_ops = importlib.import_module("tensorflow.python.ops.functional_ops")
    loops = {name: getattr(tf, name) for name in ("map_fn", "scan", "foldl", "foldr")}
    add_names(functional_ops, loops, "functional_ops")
    nest = importlib.import_module("tensorflow.python.util.nest")
    add_names(nest, {"is_sequence": nest.is_nested}, "nest")
    training = importlib.import_module("tensorflow.python.training")
    kernels = importlib.import_module("tensorflow.python.ops.gen_training_ops")
    add_names(training, {"training_ops": kernels}, "training")
    # the lines that made an op, which libraries shorten for their messages
    traceback = property(lambda _: [], lambda *_: None)
    add_names(tf.Operation, {"_traceback": traceback}, "tf.Operation")
